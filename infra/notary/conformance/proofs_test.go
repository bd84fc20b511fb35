package conformance

import (
	"math/rand/v2"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/merkle/testonly"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	ours "xinfang/domain/proof"
	"xinfang/infra/notary"
)

// A pair is a tree and a leaf of it, or a tree and an older one.
type pair struct{ small, size uint64 }

// pairs returns every pair of the small trees, the pairs at the edges of tiles, and
// many at random. The last size is that of the whole log; in between, only trees of
// whole tiles above can still be proven, those up to 65536.
func pairs(last uint64) (all []pair) {
	for size := uint64(1); size <= 70; size++ {
		for small := range size {
			all = append(all, pair{small, size})
		}
	}
	edges := []uint64{1, 2, 127, 128, 129, 255, 256, 257, 511, 512, 513, 999, 1000, 32768, 65279, 65280, 65535, 65536, last}
	for _, size := range edges {
		for _, edge := range append(edges, size+1) {
			for _, small := range []uint64{edge - 1, edge} {
				if small < size {
					all = append(all, pair{small, size})
				}
			}
		}
	}
	random := rand.New(rand.NewChaCha8([32]byte{2}))
	for range 1000 {
		size := 1 + random.Uint64N(65536)
		all = append(all, pair{random.Uint64N(size), size}, pair{random.Uint64N(last), last})
	}
	return all
}

// TestProofs compares the proofs that the notary makes from its tiles with those
// that merkle makes from the leaves, has merkle verify ours, and has neither accept
// one in which a bit was flipped.
func TestProofs(t *testing.T) {
	r := newRig(t)
	r.record(70574)
	n, _ := r.open()
	published := r.sign(n)
	theirs := testonly.New(rfc6962.DefaultHasher)
	theirs.AppendData(r.leaves()...)
	if root := ledger.Hash(theirs.Hash()); published.Root != root {
		t.Fatalf("our root is %v, theirs %v", published.Root, root)
	}
	// The notary checks the root before it proves anything in its tree.
	at := func(size uint64) ours.Checkpoint {
		return ours.Checkpoint{Origin: origin, Size: int64(size), Root: ledger.Hash(theirs.HashAt(size))}
	}
	all := pairs(theirs.Size())
	for i, p := range all {
		inclusion(t, n, theirs, p, at(p.size))
		if p.small > 0 {
			growth(t, n, theirs, p, at(p.size), at(p.small))
		}
		if t.Failed() {
			t.Fatalf("at leaf or size %d of %d, the %dth of %d pairs", p.small, p.size, i+1, len(all))
		}
	}
	t.Logf("%d pairs", len(all))
}

// inclusion checks the proofs that leaf p.small is in the tree at c.
func inclusion(t *testing.T, n *notary.Notary, theirs *testonly.Tree, p pair, c ours.Checkpoint) {
	t.Helper()
	made, err := n.Prove(c, int64(p.small))
	if err != nil {
		t.Error(err)
		return
	}
	want, err := theirs.InclusionProof(p.small, p.size)
	if err != nil || !same(made, want) {
		t.Errorf("our inclusion proof is %x, theirs %x (%v)", made, want, err)
	}
	leaf := theirs.LeafHash(p.small)
	verify := func(made tlog.RecordProof) error {
		return proof.VerifyInclusion(rfc6962.DefaultHasher, p.small, p.size, leaf, raw(made), c.Root[:])
	}
	if err := verify(made); err != nil {
		t.Errorf("they do not accept our inclusion proof: %v", err)
	}
	flip(made, func() {
		if verify(made) == nil || tlog.CheckRecord(made, c.Size, tlog.Hash(c.Root), int64(p.small), tlog.Hash(leaf)) == nil {
			t.Error("an inclusion proof with a flipped bit was accepted")
		}
	})
}

// growth checks the proofs that the tree at c continues the one at old.
func growth(t *testing.T, n *notary.Notary, theirs *testonly.Tree, p pair, c, old ours.Checkpoint) {
	t.Helper()
	made, err := n.ProveGrowth(c, old.Size)
	if err != nil {
		t.Error(err)
		return
	}
	want, err := theirs.ConsistencyProof(p.small, p.size)
	if err != nil || !same(made, want) {
		t.Errorf("our consistency proof is %x, theirs %x (%v)", made, want, err)
	}
	verify := func(made tlog.TreeProof) error {
		return proof.VerifyConsistency(rfc6962.DefaultHasher, p.small, p.size, raw(made), old.Root[:], c.Root[:])
	}
	if err := verify(made); err != nil {
		t.Errorf("they do not accept our consistency proof: %v", err)
	}
	if err := ours.CheckGrowth(made, c, old); err != nil {
		t.Errorf("we do not accept our consistency proof: %v", err)
	}
	flip(made, func() {
		if verify(made) == nil || ours.CheckGrowth(made, c, old) == nil {
			t.Error("a consistency proof with a flipped bit was accepted")
		}
	})
}

// flip has f look at the proof with one bit flipped in its first hash and in its
// last.
func flip[P ~[]tlog.Hash](p P, f func()) {
	for _, i := range []int{0, len(p) - 1} {
		if len(p) > 0 {
			p[i][i%tlog.HashSize] ^= 1
			f()
			p[i][i%tlog.HashSize] ^= 1
		}
	}
}
