package evidence

import (
	"bytes"
	"context"
	"crypto/ed25519"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// A sealer is a store that seals what it records with the key of that number.
type sealer struct {
	ledger.Store
	key byte
}

// Append implements [ledger.Store].
func (s sealer) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	for i := range records {
		records[i] = ledger.WithSeal(records[i], stream, expected+ledger.Version(i)+1, s.sign)
	}
	return s.Store.Append(ctx, stream, expected, records...)
}

func (s sealer) private() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{s.key}, ed25519.SeedSize))
}

func (s sealer) sign(text []byte) []byte { return ed25519.Sign(s.private(), text) }

// line returns the writer of the key of that number in a policy.
func (s sealer) line(leaves string) string {
	vkey, err := note.NewEd25519VerifierKey(origin+"/writer", s.private().Public().(ed25519.PublicKey))
	if err != nil {
		panic(err)
	}
	return vkey + " " + leaves
}

// sealed is a world of four events of ours that writer 21 has sealed. Then between may
// append more, and the heads are recorded by writer 21 again. Writers of the policy are
// those of lines.
func sealed(name string, want proof.Verdict, between func(w *world), lines ...string) attack {
	return attack{name, want, func(s *specimen) ([]byte, Options) {
		w := newWorld(s.t)
		w.writers = lines
		w.through = sealer{w.store, 21}
		w.append(ours, 4)
		between(w)
		w.through = sealer{w.store, 21}
		return w.specimen(w.size(), 1).bundle, Options{Policy: w.policy(1)}
	}}
}

// by has the key of that number, or none if it is 0, record another event of ours.
func by(key byte) func(w *world) {
	return func(w *world) {
		w.through = sealer{w.store, key}
		if key == 0 {
			w.through = nil
		}
		w.append(ours, 1)
	}
}

// again records the event at index of ours once more, after change.
func again(index int, change func(r *ledger.Record)) func(w *world) {
	return func(w *world) {
		var all []ledger.Envelope
		for env := range w.store.ReadStream(w.t.Context(), ours, 0) {
			all = append(all, env)
		}
		r := all[index].Record
		change(&r)
		envelopes, err := w.store.Append(w.t.Context(), ours, all[len(all)-1].Version, r)
		ok(w.t, err)
		w.take(envelopes)
	}
}

var sealer21, sealer22 = sealer{key: 21}.line("0 -"), sealer{key: 22}.line("0 -")

var sealAttacks = []attack{
	sealed("all is sealed", proof.OK, by(21), sealer21),
	sealed("A24 event appended with no writer seal", proof.Unsealed, by(0), sealer21),
	sealed("sealed by a key that nobody believes", proof.Unsealed, by(23), sealer21),
	sealed("sealed by another key of the policy", proof.OK, by(22), sealer21, sealer22),
	sealed("sealed by another key of the policy, before it may", proof.Unsealed, by(22), sealer21, sealer{key: 22}.line("5 -")),
	sealed("sealed by a key when it may no more", proof.Unsealed, by(21), sealer{key: 21}.line("0 3"), sealer22),
	sealed("without a seal, before the first that must have one", proof.OK, by(0), sealer{key: 21}.line("5 -")),
	sealed("without a seal, after the last that must have one", proof.OK, by(0), sealer{key: 21}.line("0 3")),
	sealed("without a seal, where no policy wants one", proof.OK, by(0)),
	sealed("a genuine event, a second time", proof.Unsealed, again(3, func(*ledger.Record) {}), sealer21),
	sealed("the seal of another event", proof.Unsealed, again(3, func(r *ledger.Record) { r.Data = []byte(`{"what":"other"}`) }), sealer21),
	sealed("a seal that is none", proof.Unsealed, again(3, func(r *ledger.Record) { r.Meta = bytes.Replace(r.Meta, []byte(`"seal":"`), []byte(`"seal":"*`), 1) }), sealer21),
	sealed("a seal and a space", proof.Unsealed, again(3, func(r *ledger.Record) { r.Meta = append(bytes.Clone(r.Meta), ' ') }), sealer21),
	sealed("no meta", proof.Unsealed, again(3, func(r *ledger.Record) { r.Meta = nil }), sealer21),
	{"heads with no writer seal", proof.Unsealed, func(s *specimen) ([]byte, Options) {
		w := newWorld(s.t)
		w.writers = []string{sealer21}
		w.through = sealer{w.store, 21}
		w.append(ours, 4)
		w.through = nil
		return w.specimen(w.size(), 1).bundle, Options{Policy: w.policy(1)}
	}},
	{"without a seal, and an event left out", proof.Incomplete, func(s *specimen) ([]byte, Options) {
		s.writers = []string{sealer21}
		s.drop(4)
		return s.pack(), Options{Policy: s.policy(1)}
	}},
	{"the writer signs a checkpoint", proof.UnknownKey, func(s *specimen) ([]byte, Options) {
		s.writers = []string{sealer21}
		var vkey string
		if s.note, vkey = logKey(s.t, origin+"/writer", 21); vkey+" 0 -" != sealer21 {
			s.t.Fatal("it is another key")
		}
		s.recheck(s.checkpoint(s.size(), 0))
		return s.pack(), Options{Policy: s.policy(1)}
	}},
}
