package proof_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm3"
	"golang.org/x/mod/sumdb/note"
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

// three is a world whose policy wants lines of all three kinds: of ML-DSA from 5 on, and
// of SM2 from 5 to 60.
type three struct {
	*world
	pq, gm note.Signer
}

func newThree(t testing.TB) three {
	t.Helper()
	w := three{world: newWorld(t, 7)}
	var pqV, gmV string
	w.pq, _, pqV = keyOf(t, proof.MLDSA44, origin, "log pq")
	w.gm, _, gmV = keyOf(t, proof.SM2, origin, "log gm")
	w.policy = mustParse(t, w.lines(2)+fmt.Sprintf("logkey %s 5 -\nlogkey %s 5 60\n", pqV, gmV))
	if again := mustParse(t, w.policy.String()); again.String() != w.policy.String() {
		t.Errorf("written and read again:\n%s\nthen\n%s", w.policy, again)
	}
	return w
}

// TestOpenKinds opens checkpoints of which the policy wants lines of several kinds.
func TestOpenKinds(t *testing.T) {
	w := newThree(t)
	text, other := w.at(t, 7).Text(), w.at(t, 6).Text()
	all := []note.Signer{w.a, w.pq, w.gm, w.w1, w.w2}
	good := string(sign(t, text, all...))
	alone := func(s note.Signer) string { return text + "\n" + lineOf(t, text, s) }
	altered := func(wrong note.Signer) string {
		out := text + "\n"
		for _, s := range all {
			if s == wrong {
				out += lineOf(t, other, s)
			} else {
				out += lineOf(t, text, s)
			}
		}
		return out
	}
	sized := func(size int64, signers ...note.Signer) string {
		c := w.at(t, 7)
		c.Size = size
		return string(sign(t, c.Text(), signers...))
	}
	for _, tt := range []struct {
		name, note string
		want       proof.Verdict
		names      string // in the finding
	}{
		{"honest", good, proof.OK, ""},
		{"no witness", string(sign(t, text, w.a, w.pq, w.gm)), proof.OK, ""},
		{"in another order", string(sign(t, text, w.gm, w.w1, w.pq, w.a)), proof.OK, ""},
		{"before further kinds count", sized(4, w.a), proof.OK, ""},
		{"before they count, and with them", sized(4, w.a, w.pq, w.gm), proof.OK, ""},
		{"after SM2 has ceased to count", sized(61, w.b, w.pq), proof.OK, ""},
		{"no ML-DSA line", string(sign(t, text, w.a, w.gm, w.w1, w.w2)), proof.UnknownKey, "ml-dsa-44"},
		{"no SM2 line", string(sign(t, text, w.a, w.pq, w.w1, w.w2)), proof.UnknownKey, "sm2"},
		{"C17 no Ed25519 line", string(sign(t, text, w.pq, w.gm, w.w1, w.w2)), proof.UnknownKey, "ed25519"},
		{"C17 SM2 line only", alone(w.gm), proof.UnknownKey, "ed25519"},
		{"C17 ML-DSA line only", alone(w.pq), proof.UnknownKey, "ed25519"},
		{"C13 Ed25519 line of a key that does not count yet", string(sign(t, text, w.b, w.pq, w.gm)), proof.KeyOutOfRange, "ed25519"},
		{"C12 Ed25519 line of a retired key", sized(61, w.a, w.pq), proof.KeyOutOfRange, "ed25519"},
		{"C1 Ed25519 line of another checkpoint", altered(w.a), proof.BadSignature, ""},
		{"C1 ML-DSA line of another checkpoint", altered(w.pq), proof.BadSignature, ""},
		{"C1 SM2 line of another checkpoint", altered(w.gm), proof.BadSignature, ""},
		{"C1 ML-DSA line that does not count, of another checkpoint", sized(4, w.a) + lineOf(t, text, w.pq), proof.BadSignature, ""},
		{"C1 size altered", strings.Replace(good, "\n7\n", "\n8\n", 1), proof.BadSignature, ""},
		{"C1 size altered, ML-DSA line only", strings.Replace(alone(w.pq), "\n7\n", "\n8\n", 1), proof.BadSignature, ""},
		{"C1 size altered, SM2 line only", strings.Replace(alone(w.gm), "\n7\n", "\n8\n", 1), proof.BadSignature, ""},
		{"C10 extension line under all", strings.Replace(good, "\n\n", "\nextension\n\n", 1), proof.Malformed, ""},
		{"C10 extension line under ML-DSA", strings.Replace(alone(w.pq), "\n\n", "\nextension\n\n", 1), proof.Malformed, ""},
		{"C10 size 0007 under ML-DSA", strings.Replace(alone(w.pq), "\n7\n", "\n0007\n", 1), proof.Malformed, ""},
		{"C10 size 0007 under all", strings.Replace(good, "\n7\n", "\n0007\n", 1), proof.Malformed, ""},
		{"the SM3 tree's", string(sign(t, w.atSM3(7).Text(), w.a, w.pq, w.gm)), proof.WrongOrigin, ""},
		{"with strangers of 8 KB", string(sign(t, text, w.a, line{"x", 1, make([]byte, 6000)}, w.pq, w.gm)), proof.OK, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := w.policy.Open([]byte(tt.note))
			mustFind(t, err, tt.want)
			if err != nil && !strings.Contains(err.Error(), tt.names) {
				t.Errorf("%v does not name %s", err, tt.names)
			}
			if (err == nil) == (s.Checkpoint == proof.Checkpoint{}) {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
}

// TestOpenHeadsKinds does the same for notes of heads. All of the note is under each line,
// its last line too.
func TestOpenHeadsKinds(t *testing.T) {
	w := newThree(t)
	n := mustHeads(t, headsOf(3)).Note(50)
	text := n.Text(origin)
	later := n
	later.Size = 51
	good := string(sign(t, text, w.a, w.pq, w.gm))
	for _, tt := range []struct {
		name, note string
		want       proof.Verdict
	}{
		{"honest", good, proof.OK},
		{"no ML-DSA line", string(sign(t, text, w.a, w.gm)), proof.UnknownKey},
		{"no SM2 line", string(sign(t, text, w.a, w.pq)), proof.UnknownKey},
		{"no Ed25519 line", string(sign(t, text, w.pq, w.gm)), proof.UnknownKey},
		{"size altered", strings.Replace(good, "size 50", "size 51", 1), proof.BadSignature},
		{"size altered, Ed25519 and SM2 made again", strings.Replace(string(sign(t, text, w.pq)), "size 50", "size 51", 1) + lineOf(t, later.Text(origin), w.a) + lineOf(t, later.Text(origin), w.gm), proof.BadSignature},
		{"size altered, SM2 line only", strings.Replace(string(sign(t, text, w.gm)), "size 50", "size 51", 1), proof.BadSignature},
		{"size altered, ML-DSA line only", strings.Replace(string(sign(t, text, w.pq)), "size 50", "size 51", 1), proof.BadSignature},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := w.policy.OpenHeads([]byte(tt.note))
			mustFind(t, err, tt.want)
			if err == nil && got != n {
				t.Errorf("%+v", got)
			}
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

// TestPolicyKinds has policies with log keys of further kinds that count for nothing.
func TestPolicyKinds(t *testing.T) {
	w := newThree(t)
	base := fmt.Sprintf("version 1\norigin %s\nquorum 0\nfilter %s\n", origin, proof.FilterHash())
	for _, kind := range kinds[1:] {
		_, _, vkey := keyOf(t, kind, origin, "key")
		mustNotParse(t, base+"logkey "+vkey+" 0 -\n", "no log key of the kind Ed25519")
		mustNotParse(t, base+"logkey "+w.aV+" 0 -\nlogkey "+vkey+" 0 5\nlogkey "+vkey+" 6 -\n", "twice")
		// The bits of its last character that mean nothing would make a second of one key.
		loose := vkey[:len(vkey)-2] + string(rune(vkey[len(vkey)-2]+1)) + "="
		mustNotParse(t, base+"logkey "+w.aV+" 0 -\nlogkey "+loose+" 0 -\n", "line 6 ")
		_, _, foreign := keyOf(t, kind, "other.example.gov.cn/petition", "key")
		mustNotParse(t, base+"logkey "+w.aV+" 0 -\nlogkey "+foreign+" 0 -\n", "other.example.gov.cn")
	}
}
