package evidence

import (
	"xinfang/domain/proof"
)

// growing is an attack on somebody who holds an older checkpoint: of size leaves, as
// held returns it.
func growing(name string, want proof.Verdict, size int64, held func(s *specimen) []byte) attack {
	return attack{name, want, func(s *specimen) ([]byte, Options) {
		s.source.Older = []Older{s.proveGrowth(s.size(), size)}
		s.write()
		return s.pack(), Options{Older: [][]byte{held(s)}}
	}}
}

// forked returns another world that is the same for the first size leaves, and goes
// on as that of s does, but for one event.
func (s *specimen) forked(size int64) *world {
	w := newWorld(s.t)
	for i := range 5 {
		w.append(theirs, 1)
		if int64(2*i+1) == size {
			w.append(theirs, 1)
			continue
		}
		w.append(ours, 1)
	}
	w.append(theirs, 3)
	return w
}

// receiptOf returns the receipt of the first leaf in the tree of size leaves.
func (s *specimen) receiptOf(size int64, checkpoint []byte) []byte {
	inclusion, err := s.prove(s.t.Context(), size, 0)
	ok(s.t, err)
	return Receipt(s.leaves[0], proof.FormatInclusion(0, inclusion, checkpoint))
}

var growthAttacks = []attack{
	growing("an older checkpoint", proof.OK, 9, func(s *specimen) []byte { return s.checkpoint(9, 0) }),
	growing("an older checkpoint of a power of two", proof.OK, 8, func(s *specimen) []byte { return s.checkpoint(8, 1) }),
	growing("an older receipt", proof.OK, 9, func(s *specimen) []byte { return s.receiptOf(9, s.checkpoint(9, 1)) }),
	growing("E15 receipt from before a fork", proof.Fork, 9, func(s *specimen) []byte { return s.receiptOf(9, s.forked(5).checkpoint(9, 1)) }),
	growing("the same checkpoint", proof.OK, 9, func(s *specimen) []byte { return s.source.Checkpoint }),
	growing("E15 note from before a fork", proof.Fork, 9, func(s *specimen) []byte { return s.forked(5).checkpoint(9, 1) }),
	growing("E15 note of the same size from another fork", proof.Fork, 9, func(s *specimen) []byte {
		w := s.forked(5)
		w.append(theirs, 3)
		return w.checkpoint(s.size(), 1)
	}),
	growing("an older checkpoint, and no proof of its size", proof.Incomplete, 9, func(s *specimen) []byte { return s.checkpoint(10, 0) }),
	growing("a later checkpoint", proof.Incomplete, 9, func(s *specimen) []byte {
		s.append(theirs, 2)
		return s.checkpoint(s.size(), 1)
	}),
	growing("an older checkpoint that nobody signed", proof.UnknownKey, 9, func(s *specimen) []byte {
		forger := newWorld(s.t)
		forger.note, forger.vkey = logKey(s.t, origin, 66)
		forger.append(ours, 9)
		return forger.checkpoint(9, 0)
	}),
	{"E15 proof of growth in another form", proof.Malformed, func(s *specimen) ([]byte, Options) {
		s.source.Older = []Older{s.proveGrowth(s.size(), 9)}
		s.write()
		s.files[fileGrowth(9, s.size())] = append(s.files[fileGrowth(9, s.size())], '\n')
		return s.pack(), Options{Older: [][]byte{s.checkpoint(9, 0)}}
	}},
	{"E15 proof of growth without its last line break", proof.Malformed, func(s *specimen) ([]byte, Options) {
		s.source.Older = []Older{s.proveGrowth(s.size(), 9)}
		s.write()
		name := fileGrowth(9, s.size())
		s.files[name] = s.files[name][:len(s.files[name])-1]
		return s.pack(), Options{Older: [][]byte{s.checkpoint(9, 0)}}
	}},
	packed("proof of growth of another checkpoint", proof.Malformed, func(s *specimen) { s.files[fileGrowth(9, 10)] = nil }),
	packed("proof of growth of sizes that cannot be", proof.Malformed, func(s *specimen) {
		s.files["consistency/9999999999999999999-9999999999999999999.txt"] = nil
	}),
}
