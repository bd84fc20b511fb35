package proof_test

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm3"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

func c2spHash(name string, key []byte) []byte {
	sum := sha256.Sum256([]byte(name + "\n" + string(key)))
	return sum[:4]
}

// sm3Root, sm3Path and sm3Growth are MTH, PATH and PROOF of RFC 6962 §2.1 to the letter, with SM3.
func sm3Root(leaves [][]byte) (h tlog.Hash) {
	if len(leaves) == 1 {
		return sm3.Sum(append([]byte{0}, leaves[0]...))
	}
	k := split(len(leaves))
	l, r := sm3Root(leaves[:k]), sm3Root(leaves[k:])
	return sm3.Sum(append(append([]byte{1}, l[:]...), r[:]...))
}

func sm3Path(m int, leaves [][]byte) tlog.RecordProof {
	if len(leaves) == 1 {
		return nil
	}
	if k := split(len(leaves)); m < k {
		return append(sm3Path(m, leaves[:k]), sm3Root(leaves[k:]))
	} else {
		return append(sm3Path(m-k, leaves[k:]), sm3Root(leaves[:k]))
	}
}

func sm3Growth(m int, leaves [][]byte, whole bool) tlog.TreeProof {
	if m == len(leaves) && whole {
		return nil
	}
	if m == len(leaves) {
		return tlog.TreeProof{sm3Root(leaves)}
	}
	if k := split(len(leaves)); m <= k {
		return append(sm3Growth(m, leaves[:k], whole), sm3Root(leaves[k:]))
	} else {
		return append(sm3Growth(m-k, leaves[k:], false), sm3Root(leaves[:k]))
	}
}

// split returns the largest power of two that is smaller than n.
func split(n int) int {
	k := 1
	for 2*k < n {
		k *= 2
	}
	return k
}

func (w *world) atSM3(size int) proof.Checkpoint {
	return proof.Checkpoint{Origin: origin + "/sm3", Size: int64(size), Root: ledger.Hash(sm3Root(w.leaves[:size]))}
}

// TestSM3 checks the example of GB/T 32905-2016 A.1, all proofs of small trees, and what
// does not fit.
func TestSM3(t *testing.T) {
	sum := sm3.Sum([]byte("abc"))
	if got := hex.EncodeToString(sum[:]); got != "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0" {
		t.Fatalf("SM3(abc) = %s", got)
	}
	const n = 20
	w := newWorld(t, n)
	for size := 1; size <= n; size++ {
		c := w.atSM3(size)
		for i := range size {
			path := sm3Path(i, w.leaves[:size])
			mustFind(t, proof.CheckInclusionSM3(path, w.leaves[i], c), proof.OK)
			mustFind(t, proof.CheckInclusionSM3(append(path, tlog.Hash{}), w.leaves[i], c), proof.BadProof)
			if size > 1 {
				mustFind(t, proof.CheckInclusionSM3(path, w.leaves[(i+1)%size], c), proof.BadProof)
				mustFind(t, proof.CheckInclusionSM3(path[1:], w.leaves[i], c), proof.BadProof)
			}
		}
		for old := 1; old <= size; old++ {
			growth := sm3Growth(old, w.leaves[:size], true)
			mustFind(t, proof.CheckGrowthSM3(growth, c, w.atSM3(old)), proof.OK)
			forked := w.atSM3(old)
			forked.Root[0] ^= 1
			mustFind(t, proof.CheckGrowthSM3(growth, c, forked), proof.Fork)
			if old < size {
				mustFind(t, proof.CheckGrowthSM3(nil, c, w.atSM3(old)), proof.Fork)
				mustFind(t, proof.CheckGrowthSM3(growth, w.atSM3(old), c), proof.BadProof)
			}
		}
	}
	mustFind(t, proof.CheckInclusionSM3(nil, w.leaves[0], w.at(t, 1)), proof.BadProof) // the other tree
	mustFind(t, proof.CheckInclusionSM3(nil, []byte("no leaf"), w.atSM3(1)), proof.Malformed)
	mustFind(t, proof.CheckInclusionSM3(nil, w.leaves[1], w.atSM3(1)), proof.BadProof)
}

// TestSM3Bounds is D3 and D6 for the SM3 tree: everything would continue an empty one.
func TestSM3Bounds(t *testing.T) {
	w := newWorld(t, 3)
	empty := proof.Checkpoint{Origin: origin + "/sm3"}
	mustFind(t, proof.CheckGrowthSM3(nil, w.atSM3(3), empty), proof.Malformed)
	mustFind(t, proof.CheckGrowthSM3(nil, empty, empty), proof.Malformed)
	mustFind(t, proof.CheckGrowthSM3(nil, w.atSM3(3), proof.Checkpoint{Origin: origin, Size: 3}), proof.WrongOrigin)
	for _, size := range []int64{-1, proof.MaxSize + 1, 1<<62 + 1, math.MaxInt64} {
		atOnce(t, func() {
			big := proof.Checkpoint{Origin: origin + "/sm3", Size: size}
			mustFind(t, proof.CheckGrowthSM3(make(tlog.TreeProof, 64), big, w.atSM3(3)), proof.Malformed)
			mustFind(t, proof.CheckInclusionSM3(make(tlog.RecordProof, 64), w.leaves[0], big), proof.BadProof)
		})
	}
}

func TestOpenSM3(t *testing.T) {
	w := newThree(t)
	text := w.atSM3(7).Text()
	good := string(sign(t, text, w.gm))
	sized := func(size int64) string {
		c := w.atSM3(7)
		c.Size = size
		return string(sign(t, c.Text(), w.gm))
	}
	for _, tt := range []struct {
		name, note string
		want       proof.Verdict
	}{
		{"honest", good, proof.OK},
		{"with further lines", string(sign(t, text, w.a, w.gm, w.pq)), proof.OK},
		{"only Ed25519", string(sign(t, text, w.a)), proof.UnknownKey},
		{"only a witness", string(sign(t, text, w.w1)), proof.UnknownKey},
		{"before the key counts", sized(4), proof.KeyOutOfRange},
		{"after it has ceased to", sized(61), proof.KeyOutOfRange},
		{"altered", strings.Replace(good, "\n7\n", "\n8\n", 1), proof.BadSignature},
		{"the main tree's", string(sign(t, w.at(t, 7).Text(), w.gm)), proof.WrongOrigin},
		{"one line more", strings.Replace(good, "\n\n", "\nextension\n\n", 1), proof.Malformed},
		{"nothing", "", proof.Malformed},
		{"2 MB", good + strings.Repeat("— other AAAAAAAA\n", 110_000), proof.Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := w.policy.OpenSM3([]byte(tt.note))
			mustFind(t, err, tt.want)
			if err == nil && c != w.atSM3(7) || err != nil && c != (proof.Checkpoint{}) {
				t.Errorf("%+v", c)
			}
		})
	}
	if _, err := newWorld(t, 7).policy.OpenSM3([]byte(good)); proof.VerdictOf(err) != proof.UnknownKey {
		t.Errorf("by a policy without an SM2 key: %v", err)
	}
}
