package proof_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/proof"
)

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

// TestKeyChangeKinds changes the Ed25519 key of a policy that has others, too, which stay
// as they are.
func TestKeyChangeKinds(t *testing.T) {
	w := newThree(t)
	_, _, pqV := keyOf(t, proof.MLDSA44, origin, "log pq")
	_, _, gmV := keyOf(t, proof.SM2, origin, "log gm")
	_, _, gm2V := keyOf(t, proof.SM2, origin, "log gm 2")
	first, err := proof.NewPolicy(origin, []string{w.aV, pqV, gmV}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	second, err := first.Succeeded(w.bV, 100, 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range second.LogKeys {
		if k.Kind() != proof.Ed25519 && (k.From != 0 || k.To != proof.MaxSize) {
			t.Errorf("the key of %s counts from %d to %d", k.Kind(), k.From, k.To)
		}
	}
	by := mustParse(t, strings.Replace(second.String(), gmV+" 0 -", gmV+" 0 110\nlogkey "+gm2V+" 111 -", 1))
	want := proof.KeyChange{Old: w.aV, Last: 120, New: w.bV, First: 101}
	if got := by.KeyChanges(); len(got) != 1 || got[0] != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
