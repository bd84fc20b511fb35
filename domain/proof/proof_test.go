package proof_test

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestInclusion proves every leaf of every tree up to 70 leaves, and checks that a
// proof holds for its leaf in its tree, and for no other.
func TestInclusion(t *testing.T) {
	w := newWorld(t, 70)
	for size := int64(1); size <= 70; size++ {
		at := w.at(t, size)
		signed := sign(t, at.Text(), w.a, w.b)
		for i := range size {
			file := proof.FormatInclusion(i, w.inclusion(t, size, i), signed)
			mustFind(t, proof.CheckInclusion(file, w.leaves[i], at, signed), proof.OK)
			if other := (i + 1) % size; other != i {
				mustFind(t, proof.CheckInclusion(file, w.leaves[other], at, signed), proof.Malformed) // of another place
			}
			if size < 70 {
				mustFind(t, proof.CheckInclusion(file, w.leaves[i], w.at(t, size+1), signed), proof.BadProof)
			}
		}
	}
}

// TestInclusionRows attacks the proof of leaf 4 of 7, a row of the catalogue at a time.
func TestInclusionRows(t *testing.T) {
	w := newWorld(t, 9)
	at := w.at(t, 7)
	signed := sign(t, at.Text(), w.a)
	p := w.inclusion(t, 7, 4)
	of := func(index int64, p tlog.RecordProof) string { return string(proof.FormatInclusion(index, p, signed)) }
	good := of(4, p)
	head := "c2sp.org/tlog-proof@v1\n"
	flipped := append(tlog.RecordProof(nil), p...)
	flipped[1][31] ^= 1
	b64 := p[0].String()
	loose := b64[:42] + string(rune(b64[42]+1)) + "="
	root := tlog.Hash(at.Root)
	node := append([]byte{1}, append(p[0][:], root[:]...)...)
	sized := func(size int64) proof.Checkpoint {
		return proof.Checkpoint{Origin: origin, Size: size, Root: at.Root}
	}
	beyond := w.leaves[8]
	last := bytes.Clone(w.leaves[4])
	for i := 25; i < 33; i++ { // seq
		last[i] = 0xff
	}
	last[25] = 0x7f // position 2^63, or index 2^63-1
	for _, tt := range []struct {
		name string
		file string
		leaf []byte
		at   proof.Checkpoint
		want proof.Verdict
	}{
		{"honest", good, w.leaves[4], at, proof.OK},
		{"D1 one hash too few", of(4, p[:len(p)-1]), w.leaves[4], at, proof.BadProof},
		{"D1 first hash left out", of(4, p[1:]), w.leaves[4], at, proof.BadProof},
		{"D1 no hash", of(4, nil), w.leaves[4], at, proof.BadProof},
		{"D1 one hash too many", of(4, append(p[:len(p):len(p)], tlog.Hash{})), w.leaves[4], at, proof.BadProof},
		{"D1 one hash twice", of(4, append(p[:1:1], p...)), w.leaves[4], at, proof.BadProof},
		{"D1 64 hashes", of(4, make(tlog.RecordProof, 64)), w.leaves[4], at, proof.BadProof},
		{"D1 65 hashes", of(4, make(tlog.RecordProof, 65)), w.leaves[4], at, proof.Malformed},
		{"one bit of a hash", of(4, flipped), w.leaves[4], at, proof.BadProof},
		{"two hashes swapped", of(4, tlog.RecordProof{p[1], p[0], p[2]}), w.leaves[4], at, proof.BadProof},
		{"D2 wrong index", of(5, p), w.leaves[4], at, proof.Malformed},
		{"D2 index beyond the size", of(8, w.inclusion(t, 9, 8)), beyond, at, proof.BadProof},
		{"D2 index of the size", of(7, w.inclusion(t, 9, 7)), w.leaves[7], at, proof.BadProof},
		{"D2 negative index", of(-4, p), w.leaves[4], at, proof.Malformed},
		{"D2 index 2^63-1", of(math.MaxInt64, p), last, at, proof.Malformed},
		{"D3 size 2^62+1", good, w.leaves[4], sized(1<<62 + 1), proof.BadProof},
		{"D3 size 2^63-1", good, w.leaves[4], sized(math.MaxInt64), proof.BadProof},
		{"D3 size just too large", good, w.leaves[4], sized(proof.MaxSize + 1), proof.BadProof},
		{"D3 largest size", good, w.leaves[4], sized(proof.MaxSize), proof.BadProof},
		{"D4 negative size", good, w.leaves[4], sized(-1), proof.BadProof},
		{"D5 interior node as leaf", good, node, at, proof.Malformed},
		{"D5 hashes of an interior node as leaf", good, node[1:], at, proof.Malformed},
		{"D5 hash of the leaf as leaf", good, root[:], at, proof.Malformed},
		{"D9 hashes of another leaf", of(4, w.inclusion(t, 7, 3)), w.leaves[4], at, proof.BadProof},
		{"D9 proof of another leaf", of(3, w.inclusion(t, 7, 3)), w.leaves[4], at, proof.Malformed},
		{"D9 a leaf in another's place", good, moved(w.leaves[3], 4), at, proof.BadProof},
		{"D9 one byte of the leaf", good, altered(w.leaves[4]), at, proof.BadProof},
		{"D10 CRLF", strings.ReplaceAll(good, "\n", "\r\n"), w.leaves[4], at, proof.Malformed},
		{"D10 CR after a hash", strings.Replace(good, b64, b64+"\r", 1), w.leaves[4], at, proof.Malformed},
		{"D10 @v2", strings.Replace(good, "@v1", "@v2", 1), w.leaves[4], at, proof.Malformed},
		{"D10 index 042", strings.Replace(good, "index 4", "index 04", 1), w.leaves[4], at, proof.Malformed},
		{"D10 index +4", strings.Replace(good, "index 4", "index +4", 1), w.leaves[4], at, proof.Malformed},
		{"D10 index -1", strings.Replace(good, "index 4", "index -1", 1), w.leaves[4], at, proof.Malformed},
		{"D10 no index", strings.Replace(good, "index 4\n", "", 1), w.leaves[4], at, proof.Malformed},
		{"D10 index twice", strings.Replace(good, "index 4\n", "index 4\nindex 4\n", 1), w.leaves[4], at, proof.Malformed},
		{"D10 trailing junk", good + "x", w.leaves[4], at, proof.Malformed},
		{"D10 trailing newline", good + "\n", w.leaves[4], at, proof.Malformed},
		{"D10 a signature more", good + "— other AAAAAAAA\n", w.leaves[4], at, proof.Malformed},
		{"D10 leading junk", " " + good, w.leaves[4], at, proof.Malformed},
		{"D10 blank line among the hashes", strings.Replace(good, b64+"\n", b64+"\n\n", 1), w.leaves[4], at, proof.Malformed},
		{"D10 loose base64", strings.Replace(good, b64, loose, 1), w.leaves[4], at, proof.Malformed},
		{"D10 no padding", strings.Replace(good, b64, strings.TrimSuffix(b64, "="), 1), w.leaves[4], at, proof.Malformed},
		{"D10 cut off", good[:len(good)-1], w.leaves[4], at, proof.Malformed},
		{"D10 empty", "", w.leaves[4], at, proof.Malformed},
		{"D11 extra line", strings.Replace(good, head, head+"extra ZmFjdA==\n", 1), w.leaves[4], at, proof.Malformed},
		{"D12 empty tree", good, w.leaves[4], sized(0), proof.BadProof},
		{"another checkpoint's note", string(proof.FormatInclusion(4, p, sign(t, w.at(t, 8).Text(), w.a))), w.leaves[4], at, proof.Malformed},
		{"the same checkpoint's other note", string(proof.FormatInclusion(4, p, sign(t, at.Text(), w.a, w.w1))), w.leaves[4], at, proof.Malformed},
		{"leaf cut off", good, w.leaves[4][:100], at, proof.Malformed},
		{"no leaf", good, nil, at, proof.Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			atOnce(t, func() { mustFind(t, proof.CheckInclusion([]byte(tt.file), tt.leaf, tt.at, signed), tt.want) })
		})
	}
}

// moved returns the leaf with another index.
func moved(leaf []byte, index byte) []byte {
	leaf = bytes.Clone(leaf)
	leaf[32] = index
	return leaf
}

// altered returns the leaf with another hash of its data.
func altered(leaf []byte) []byte {
	leaf = bytes.Clone(leaf)
	leaf[len(leaf)-73] ^= 1
	return leaf
}

// TestGrowth proves every tree of up to 40 leaves to continue every smaller one.
func TestGrowth(t *testing.T) {
	w := newWorld(t, 41)
	for later := int64(1); later <= 40; later++ {
		for earlier := int64(1); earlier <= later; earlier++ {
			p := w.growth(t, later, earlier)
			mustFind(t, proof.CheckGrowth(p, w.at(t, later), w.at(t, earlier)), proof.OK)
			if earlier == later {
				continue
			}
			for i := range p {
				wrong := append(tlog.TreeProof(nil), p...)
				wrong[i][0] ^= 1
				mustFind(t, proof.CheckGrowth(wrong, w.at(t, later), w.at(t, earlier)), proof.Fork)
			}
			mustFind(t, proof.CheckGrowth(append(p[:len(p):len(p)], tlog.Hash{}), w.at(t, later), w.at(t, earlier)), proof.Fork)
			mustFind(t, proof.CheckGrowth(p[1:], w.at(t, later), w.at(t, earlier)), proof.Fork)
			mustFind(t, proof.CheckGrowth(p, w.at(t, later+1), w.at(t, earlier)), proof.Fork)
		}
	}
}

func TestGrowthRows(t *testing.T) {
	w := newWorld(t, 12)
	five, twelve := w.at(t, 5), w.at(t, 12)
	p := w.growth(t, 12, 5)
	with := func(c proof.Checkpoint, size int64) proof.Checkpoint { c.Size = size; return c }
	garbage := proof.Checkpoint{Origin: origin, Size: 12, Root: ledger.Hash{1}}
	elsewhere := twelve
	elsewhere.Origin = "other.example.gov.cn/petition"
	for _, tt := range []struct {
		name           string
		proof          tlog.TreeProof
		later, earlier proof.Checkpoint
		want           proof.Verdict
	}{
		{"honest", p, twelve, five, proof.OK},
		{"the same checkpoint", nil, twelve, twelve, proof.OK},
		{"other ledger", p, elsewhere, five, proof.WrongOrigin},
		{"fork: other root later", p, garbage, five, proof.Fork},
		{"fork: other root earlier", p, twelve, with(garbage, 5), proof.Fork},
		{"D1 no proof", nil, twelve, five, proof.Fork},
		{"D3 later of 2^62+1", p, with(twelve, 1<<62+1), five, proof.Malformed},
		{"D3 later of 2^63-1", p, with(twelve, math.MaxInt64), five, proof.Malformed},
		{"D3 both beyond 2^62", p, with(twelve, 1<<62+7), with(five, 1<<62+1), proof.Malformed},
		{"D3 both equal beyond 2^62", nil, with(twelve, 1<<62+7), with(twelve, 1<<62+7), proof.Malformed},
		{"D3 just too large", p, with(twelve, proof.MaxSize+1), five, proof.Malformed},
		{"D3 largest", p, with(twelve, proof.MaxSize), five, proof.Fork},
		{"D4 negative later", p, with(twelve, -12), five, proof.Malformed},
		{"D4 negative earlier", p, twelve, with(five, math.MinInt64), proof.Malformed},
		{"D6 from size 0 with garbage roots", nil, garbage, proof.Checkpoint{Origin: origin, Root: ledger.Hash{2}}, proof.Malformed},
		{"D6 both of size 0", nil, proof.Checkpoint{Origin: origin}, proof.Checkpoint{Origin: origin}, proof.Malformed},
		{"D7 equal sizes, other root", nil, garbage, twelve, proof.Fork},
		{"D7 equal sizes, other root, a proof", p, garbage, twelve, proof.Fork},
		{"D8 swapped", p, five, twelve, proof.BadProof},
	} {
		t.Run(tt.name, func(t *testing.T) {
			atOnce(t, func() { mustFind(t, proof.CheckGrowth(tt.proof, tt.later, tt.earlier), tt.want) })
		})
	}
}

// TestVerdicts checks the order of severity, and that its words never change.
func TestVerdicts(t *testing.T) {
	order := strings.Fields(`OK OK_UNWITNESSED UNSEALED STALE INCOMPLETE TIME_VIOLATION ERASED_UNAUTHORISED MALFORMED WRONG_ORIGIN
		UNKNOWN_KEY KEY_OUT_OF_RANGE QUORUM_NOT_MET BAD_SIGNATURE BAD_PROOF TRUNCATED TAMPERED_MISSING TAMPERED_INSERTED
		TAMPERED_ORDER TAMPERED_CONTENT ROLLED_BACK FORK`)
	for i, v := range order {
		for j, w := range order {
			if got := proof.Verdict(v).Worse(proof.Verdict(w)); got != proof.Verdict(order[max(i, j)]) {
				t.Errorf("the worse of %s and %s is %s", v, w, got)
			}
		}
		if proof.Verdict("").Worse(proof.Verdict(v)) != proof.Verdict(v) || proof.Verdict(v).Holds() != (i < 2) {
			t.Errorf("%s: Holds is %t", v, proof.Verdict(v).Holds())
		}
	}
	mustFind(t, nil, proof.OK)
	if got := proof.VerdictOf(fmt.Errorf("any error")); got != proof.Malformed {
		t.Errorf("any error is %s", got)
	}
	f := proof.Found(proof.TamperedContent, "第 %d 处不符", "place %d differs", 3).At(7).Differing(ledger.Hash{1}, ledger.Hash{2})
	if got := proof.VerdictOf(fmt.Errorf("wrapped: %w", f)); got != proof.TamperedContent {
		t.Errorf("a wrapped finding is %s", got)
	}
	one, two := ledger.Hash{1}, ledger.Hash{2}
	want := ledger.Text{
		ZH: fmt.Sprintf("TAMPERED_CONTENT（位置 8）：第 3 处不符；应为 %v，实为 %v", one, two),
		EN: fmt.Sprintf("TAMPERED_CONTENT (position 8): place 3 differs; expected %v, found %v", one, two),
	}
	if f.Say() != want || f.Error() != want.EN {
		t.Errorf("the finding says %+v", f.Say())
	}
}
