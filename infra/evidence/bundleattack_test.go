package evidence

import (
	"bytes"
	"fmt"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

var bundleAttacks = []attack{
	packed("nothing at all", proof.OK, func(*specimen) {}),
	{"E6 bundle of another log", proof.WrongOrigin, func(s *specimen) ([]byte, Options) {
		_, vkey := logKey(s.t, "ledger.example.gov.cn/other", 9)
		p, err := proof.ParsePolicy(fmt.Appendf(nil, "version 1\norigin ledger.example.gov.cn/other\nlogkey %s 0 -\nquorum 0\nfilter %s\n", vkey, proof.FilterHash()))
		ok(s.t, err)
		return s.bundle, Options{Policy: p}
	}},
	{"E7 bundle with its own policy", proof.UnknownKey, func(s *specimen) ([]byte, Options) {
		forger := newWorld(s.t)
		forger.note, forger.vkey = logKey(s.t, origin, 66)
		forger.witness = []*witness{newWitness(s.t, "inspection.example/w1", 67)}
		forger.append(ours, 5)
		return forger.specimen(5, 1).bundle, Options{}
	}},
	packed("E8 last event left out", proof.Incomplete, func(s *specimen) { s.drop(4) }),
	packed("E8 last two events left out", proof.Incomplete, func(s *specimen) { s.drop(3); s.drop(4) }),
	packed("E8 all events left out", proof.Incomplete, func(s *specimen) {
		for i := range 5 {
			s.drop(i)
		}
	}),
	packed("E9 middle event left out", proof.Incomplete, func(s *specimen) { s.drop(2) }),
	packed("E9 middle event left out, later ones renamed", proof.Incomplete, func(s *specimen) {
		s.drop(2)
		for i := 3; i < 5; i++ {
			s.event(fileEvent(i-1), int64(2*i+1))
		}
		s.drop(4)
	}),
	packed("E9 first event left out", proof.Incomplete, func(s *specimen) { s.drop(0) }),
	{"E10 old heads, newer events left out", proof.OK, oldHeads(0)},
	{"E10 old heads, newer events left out, and the reader minds", proof.Stale, oldHeads(23 * time.Hour)},
	{"events after the heads", proof.OK, func(s *specimen) ([]byte, Options) {
		s.append(ours, 2)
		s.source.Checkpoint = s.checkpoint(s.size(), 1)
		s.write()
		return s.bundle, Options{}
	}},
	packed("E11 event of another case put in", proof.Malformed, func(s *specimen) { s.event(fileEvent(5), 2) }),
	packed("E11 event of another case in the place of one", proof.Malformed, func(s *specimen) { s.event(fileEvent(2), 2) }),
	packed("E11 all of another case", proof.Malformed, func(s *specimen) {
		for i := range 5 {
			s.event(fileEvent(i), int64(2*i))
		}
	}),
	packed("manifest says another case", proof.Malformed, func(s *specimen) {
		s.files[fileManifest] = bytes.Replace(s.files[fileManifest], []byte(ours.String()), []byte(theirs.String()), 1)
	}),
	packed("manifest says another size", proof.Malformed, func(s *specimen) {
		s.files[fileManifest] = bytes.Replace(s.files[fileManifest], []byte(`"size": 16`), []byte(`"size": 17`), 1)
	}),
	packed("manifest says another ledger", proof.Malformed, func(s *specimen) {
		s.files[fileManifest] = bytes.Replace(s.files[fileManifest], []byte(origin), []byte("another"), 1)
	}),
	packed("event there twice", proof.Malformed, func(s *specimen) { s.event(fileEvent(5), 9) }),
	packed("two events swapped", proof.Malformed, func(s *specimen) {
		s.event(fileEvent(1), 5)
		s.event(fileEvent(2), 3)
	}),
	packed("data altered", proof.TamperedContent, func(s *specimen) { s.files[fileEvent(3)+".data"][2] ^= 1 }),
	packed("meta altered", proof.TamperedContent, func(s *specimen) { s.files[fileEvent(3)+".meta"][2] ^= 1 }),
	packed("a byte moved from data to meta", proof.TamperedContent, func(s *specimen) {
		data, meta := s.files[fileEvent(3)+".data"], s.files[fileEvent(3)+".meta"]
		s.files[fileEvent(3)+".data"], s.files[fileEvent(3)+".meta"] = data[:len(data)-1], append(data[len(data)-1:], meta...)
	}),
	packed("data altered, and the leaf", proof.BadProof, func(s *specimen) {
		s.files[fileEvent(3)+".data"] = []byte(`{"what":"nothing"}`)
		s.leaf(3, func(*ledger.Envelope) {})
	}),
	packed("data of the last event altered, and the leaf", proof.BadProof, func(s *specimen) {
		s.files[fileEvent(4)+".data"] = []byte(`{"what":"nothing"}`)
		s.leaf(4, func(*ledger.Envelope) {})
	}),
	packed("time altered in the leaf", proof.BadProof, func(s *specimen) { s.leaf(3, func(e *ledger.Envelope) { e.Recorded-- }) }),
	packed("event made up at the end", proof.BadProof, func(s *specimen) {
		for _, suffix := range suffixes(".leaf") {
			s.files[fileEvent(5)+suffix] = s.files[fileEvent(4)+suffix]
		}
		s.leaf(5, func(e *ledger.Envelope) { e.Version, e.Prev = 6, ledger.LeafHash(s.files[fileEvent(4)+".leaf"]) })
	}),
	{"an event put into the tree beside the one that later ones continue", proof.TamperedInserted, func(s *specimen) ([]byte, Options) {
		w := newWorld(s.t)
		w.append(ours, 3)
		e, data, meta, err := ledger.ParseLeaf(w.leaves[1])
		ok(s.t, err)
		e.Position, e.ID[0] = 4, 1
		w.grow(e.AppendLeaf(nil, data, meta))
		ok(s.t, w.store.Adopt(s.t.Context(), adopted(theirs))) // so that positions fit
		s2 := w.specimen(3, 1)
		content := [2][]byte{s2.files[fileEvent(1)+".data"], s2.files[fileEvent(1)+".meta"]}
		s2.event(fileEvent(1), 3)
		s2.files[fileEvent(1)+".data"], s2.files[fileEvent(1)+".meta"] = content[0], content[1]
		return s2.pack(), Options{}
	}},
	{"an event put into the tree before its predecessor", proof.TamperedOrder, func(s *specimen) ([]byte, Options) {
		w := newWorld(s.t)
		events := make([]ledger.Envelope, 2)
		for i := range events {
			events[i] = ledger.Envelope{Position: ledger.Position(2 - i), Stream: ours, Version: ledger.Version(i + 1), Recorded: ledger.TicksOf(epoch), Record: ledger.Record{Type: "Said"}}
		}
		events[0] = events[0].Seal()
		events[1].Prev = events[0].Leaf
		w.take([]ledger.Envelope{events[1].Seal(), events[0]})
		second := adopted(theirs)
		second.Version, second.Origin.Commit = 2, 1<<21
		ok(s.t, w.store.Adopt(s.t.Context(), adopted(theirs), second)) // so that positions fit
		w.log = fixedLog{all: events[:1]}
		s2 := w.specimen(2, 1)
		s2.event(fileEvent(1), 0)
		s2.files[fileEvent(1)+".data"], s2.files[fileEvent(1)+".meta"] = nil, nil
		return s2.pack(), Options{}
	}},
	{"a note of heads in an event of a case", proof.Malformed, func(s *specimen) ([]byte, Options) {
		record := s.source.Heads.Record
		envelopes, err := s.store.Append(s.t.Context(), theirs, 10, record)
		ok(s.t, err)
		s.take(envelopes)
		s.renew()
		s.write()
		s.putHeads(s.size() - 1)
		return s.pack(), Options{}
	}},
	packed("heads of another case", proof.Incomplete, func(s *specimen) {
		_, p := s.heads(theirs, 13)
		s.files[fileMapProof] = encode(s.t, p)
	}),
	packed("heads that are no event of the notary", proof.Malformed, func(s *specimen) { s.putHeads(15) }),
	{"B19 heads that somebody else signed", proof.UnknownKey, func(s *specimen) ([]byte, Options) {
		s.forge(func(w *world) { w.note, _ = logKey(s.t, origin, 66) })
		return s.pack(), Options{}
	}},
	{"C11 heads that only a witness signed", proof.UnknownKey, func(s *specimen) ([]byte, Options) {
		s.forge(func(w *world) { w.note = w.witness[0] })
		return s.pack(), Options{}
	}},
	{"heads of another ledger", proof.UnknownKey, func(s *specimen) ([]byte, Options) {
		s.forge(func(w *world) { w.note, _ = logKey(s.t, origin+"/other", 1) })
		return s.pack(), Options{}
	}},
	{"heads that speak of what comes after them", proof.Malformed, func(s *specimen) ([]byte, Options) {
		s.forge(func(w *world) { w.ahead = 100 })
		return s.pack(), Options{}
	}},
	{"heads with a bad signature", proof.BadSignature, func(s *specimen) ([]byte, Options) {
		s.forge(func(w *world) { w.garble = func(signed string) string { return broken(signed, 0) } })
		return s.pack(), Options{}
	}},
	{"heads from before the first event", proof.Incomplete, func(s *specimen) ([]byte, Options) {
		w := newWorld(s.t)
		w.append(theirs, 3)
		w.heads(theirs, 3)
		w.append(ours, 2)
		s2 := w.specimen(6, 1)
		s2.putHeads(3)
		return s2.pack(), Options{}
	}},
	packed("no data of the heads", proof.Malformed, func(s *specimen) { delete(s.files, fileHeads+".data") }),
	packed("proof of the head in another form", proof.Malformed, func(s *specimen) { s.files[fileMapProof] = append(s.files[fileMapProof], '\n') }),
	packed("place of the head out of the tree", proof.Malformed, func(s *specimen) {
		s.files[fileMapProof] = encode(s.t, proof.HeadProof{Place: 2, Proof: []ledger.Hash{{}}})
	}),
	packed("proof of the head with a hash too many", proof.Incomplete, func(s *specimen) {
		p, _ := parseMapProof(s.files[fileMapProof])
		p.Proof = append(p.Proof, ledger.Hash{})
		s.files[fileMapProof] = encode(s.t, p)
	}),
}

// putHeads puts the event at index of the tree in the place of the heads.
func (s *specimen) putHeads(index int64) {
	s.event("x", index)
	for from, to := range map[string]string{".leaf": ".bin", ".data": ".data", ".meta": ".meta", ".tlog-proof": ".tlog-proof"} {
		s.files[fileHeads+to] = s.files["x"+from]
		delete(s.files, "x"+from)
	}
}

// forge records another event of heads, in a world that is changed for it, and puts
// it in the bundle, under a new checkpoint that is genuine.
func (s *specimen) forge(change func(w *world)) {
	genuine := *s.world
	change(s.world)
	heads, _ := s.heads(ours, 13)
	s.note, s.ahead, s.garble = genuine.note, 0, nil
	s.source.Checkpoint = s.checkpoint(s.size(), 1)
	s.write()
	s.putHeads(int64(heads.Position) - 1)
}

// adopted returns an event that a replica takes as its next.
func adopted(stream ledger.Stream) ledger.Envelope {
	return ledger.Envelope{Stream: stream, Version: 1, Origin: ledger.Origin{Commit: 1 << 20}, Record: ledger.Record{Type: "Said"}}
}

// oldHeads takes a bundle of five events, and has two more recorded, which it leaves
// out under a fresh checkpoint.
func oldHeads(staleAfter time.Duration) func(s *specimen) ([]byte, Options) {
	return func(s *specimen) ([]byte, Options) {
		s.append(ours, 2)
		s.source.Checkpoint = s.checkpoint(s.size(), 1)
		s.write()
		s.drop(5)
		s.drop(6)
		return s.pack(), Options{StaleAfter: staleAfter}
	}
}

// leaf changes the leaf of the event of that index, which then fits its data and
// meta.
func (s *specimen) leaf(index int, change func(*ledger.Envelope)) {
	name := fileEvent(index)
	e, _, _, err := ledger.ParseLeaf(s.files[name+".leaf"])
	ok(s.t, err)
	change(&e)
	s.files[name+".leaf"] = e.AppendLeaf(nil, ledger.DigestOf(s.files[name+".data"]), ledger.DigestOf(s.files[name+".meta"]))
}
