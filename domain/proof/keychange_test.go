package proof_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// change is the change of the world's keys.
func (w *world) change() proof.KeyChange {
	return proof.KeyChange{Old: w.aV, Last: 60, New: w.bV, First: 40}
}

func TestOpenKeyChange(t *testing.T) {
	w := newWorld(t, 7)
	c := w.change()
	text := c.Text(origin)
	stranger, strangerV := logKey(t, origin, "stranger")
	other, otherV := logKey(t, "other.example.gov.cn/petition", "other")
	both := func(old, next string) []byte { return sign(t, strings.Replace(text, old, next, 1), w.a, w.b) }
	of := func(change func(*proof.KeyChange)) []byte {
		altered := c
		change(&altered)
		return sign(t, altered.Text(origin), w.a, w.b)
	}
	for _, tt := range []struct {
		name   string
		signed []byte
		want   proof.Verdict
	}{
		{"honest", sign(t, text, w.a, w.b), proof.OK},
		{"honest, the new key first", sign(t, text, w.b, w.a), proof.OK},
		{"honest, with strangers", sign(t, text, stranger, w.a, other, w.b), proof.OK},
		{"only the old key", sign(t, text, w.a), proof.UnknownKey},
		{"only the new key", sign(t, text, w.b), proof.UnknownKey},
		{"the old key twice", sign(t, text, w.a, w.a), proof.UnknownKey},
		{"the old key and a stranger", sign(t, text, w.a, stranger), proof.UnknownKey},
		{"strangers", sign(t, text, stranger, other), proof.UnknownKey},
		{"no signature", []byte(text), proof.Malformed},
		{"altered", bytes.Replace(sign(t, text, w.a, w.b), []byte(" 60\n"), []byte(" 61\n"), 1), proof.BadSignature},
		{"the signature of a checkpoint", append(sign(t, text, w.a), lineOf(t, w.at(t, 7).Text(), w.b)...), proof.BadSignature},
		{"of another ledger", sign(t, c.Text("other.example.gov.cn/petition"), w.a, w.b), proof.WrongOrigin},
		{"a key of another ledger", sign(t, proof.KeyChange{Old: w.aV, Last: 60, New: otherV, First: 40}.Text(origin), w.a, other), proof.WrongOrigin},
		{"from a key of another ledger", sign(t, proof.KeyChange{Old: otherV, Last: 60, New: w.aV, First: 40}.Text(origin), w.a, other), proof.WrongOrigin},
		{"to the same key", of(func(c *proof.KeyChange) { c.New = c.Old }), proof.Malformed},
		{"to the same key, written otherwise", of(func(c *proof.KeyChange) { c.New = upperHash(c.Old) }), proof.Malformed},
		{"to a witness", sign(t, proof.KeyChange{Old: w.aV, Last: 60, New: w.w1V, First: 40}.Text(origin), w.a), proof.Malformed},
		{"to a key that is none", of(func(c *proof.KeyChange) { c.New = origin + "+00000000+AAAA" }), proof.Malformed},
		{"a checkpoint", sign(t, w.at(t, 7).Text(), w.a, w.b), proof.Malformed},
		{"heads", sign(t, mustHeads(t, headsOf(3)).Note(50).Text(origin), w.a, w.b), proof.Malformed},
		{"a gap", of(func(c *proof.KeyChange) { c.First = 62 }), proof.Malformed},
		{"first of no size", of(func(c *proof.KeyChange) { c.First = 0 }), proof.Malformed},
		{"first -1", of(func(c *proof.KeyChange) { c.First = -1 }), proof.Malformed},
		{"without an end", of(func(c *proof.KeyChange) { c.Last = proof.MaxSize }), proof.Malformed},
		{"2^62", of(func(c *proof.KeyChange) { c.Last = 1 << 62 }), proof.Malformed},
		{"2^63-1", of(func(c *proof.KeyChange) { c.Last = math.MaxInt64 }), proof.Malformed},
		{"size 060", both(" 60\n", " 060\n"), proof.Malformed},
		{"size +60", both(" 60\n", " +60\n"), proof.Malformed},
		{"size 0x3c", both(" 60\n", " 0x3c\n"), proof.Malformed},
		{"size 6_0", both(" 60\n", " 6_0\n"), proof.Malformed},
		{"size 2^63", both(" 60\n", " 9223372036854775808\n"), proof.Malformed},
		{"two spaces", both(" 60\n", "  60\n"), proof.Malformed},
		{"a line more", both(" 40\n", " 40\nx\n"), proof.Malformed},
		{"a blank line more", both(" 40\n", " 40\n\nx\n"), proof.Malformed},
		{"the lines exchanged", both("old", "new"), proof.Malformed},
		{"C18 2 MB", append(sign(t, text, w.a, w.b), strings.Repeat("— other AAAAAAAA\n", 110_000)...), proof.Malformed},
		{"100 kB", append(sign(t, text, w.a, w.b), "— other "+strings.Repeat("AAAA", 25_000)+"\n"...), proof.Malformed},
		{"2 MB of text", sign(t, text+strings.Repeat("x\n", 1<<20), w.a, w.b), proof.Malformed},
		{"nothing", nil, proof.Malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := proof.OpenKeyChange(tt.signed, origin)
			mustFind(t, err, tt.want)
			if err == nil && got != c || err != nil && got != (proof.KeyChange{}) {
				t.Errorf("the change is %+v", got)
			}
		})
	}
	t.Run("as a checkpoint", func(t *testing.T) {
		_, err := w.policy.Open(sign(t, text, w.a, w.b))
		mustFind(t, err, proof.Malformed)
	})
	if _, err := proof.OpenKeyChange(of(func(c *proof.KeyChange) { c.First = 61 }), origin); err != nil {
		t.Errorf("without an overlap: %v", err)
	}
	if _, err := proof.OpenKeyChange(sign(t, proof.KeyChange{Old: strangerV, Last: 60, New: w.bV, First: 40}.Text(origin), stranger, w.b), origin); err != nil {
		t.Errorf("whom to believe is for the policy to say: %v", err)
	}
}

// TestParseKeyChange reads what was written, and refuses what no keys could sign.
func TestParseKeyChange(t *testing.T) {
	w := newWorld(t, 0)
	c := w.change()
	if got, err := proof.ParseKeyChange(c.Text(origin), origin); err != nil || got != c {
		t.Errorf("%+v, %v", got, err)
	}
	for _, same := range []string{c.Old, upperHash(c.Old)} {
		_, err := proof.ParseKeyChange(proof.KeyChange{Old: c.Old, Last: 60, New: same, First: 40}.Text(origin), origin)
		mustFind(t, err, proof.Malformed)
	}
	_, err := proof.ParseKeyChange(c.Text(origin), origin+"-2")
	mustFind(t, err, proof.WrongOrigin)
}

// upperHash returns the key with its hash written in capitals.
func upperHash(vkey string) string {
	f := strings.SplitN(vkey, "+", 3)
	return f[0] + "+" + strings.ToUpper(f[1]) + "+" + f[2]
}

// TestCheckKeyChange compares changes with policies: of the change, of before it, and
// of others.
func TestCheckKeyChange(t *testing.T) {
	w := newWorld(t, 0)
	_, strangerV := logKey(t, origin, "stranger")
	before := mustParse(t, strings.NewReplacer("logkey "+w.bV+" 40 -\n", "", w.aV+" 0 60", w.aV+" 0 -").Replace(w.lines(2)))
	for _, tt := range []struct {
		name             string
		change           proof.KeyChange
		want, wantBefore proof.Verdict
		predates         bool // the policy of before
	}{
		{"as it is", w.change(), proof.OK, proof.UnknownKey, true},
		{"another end", proof.KeyChange{Old: w.aV, Last: 61, New: w.bV, First: 40}, proof.KeyOutOfRange, proof.UnknownKey, true},
		{"another beginning", proof.KeyChange{Old: w.aV, Last: 60, New: w.bV, First: 41}, proof.KeyOutOfRange, proof.UnknownKey, true},
		{"backwards", proof.KeyChange{Old: w.bV, Last: 60, New: w.aV, First: 40}, proof.KeyOutOfRange, proof.UnknownKey, false},
		{"to a stranger", proof.KeyChange{Old: w.aV, Last: 60, New: strangerV, First: 40}, proof.UnknownKey, proof.UnknownKey, true},
		{"from a stranger", proof.KeyChange{Old: strangerV, Last: 60, New: w.bV, First: 40}, proof.UnknownKey, proof.UnknownKey, false},
	} {
		mustFind(t, w.policy.CheckKeyChange(tt.change), tt.want)
		mustFind(t, before.CheckKeyChange(tt.change), tt.wantBefore)
		if got := before.Predates(tt.change); got != tt.predates || w.policy.Predates(tt.change) {
			t.Errorf("%s: the policy of before predates it: %t", tt.name, got)
		}
	}
}

// TestHas ends the range of the old key sooner than the change said, which stays that of
// the policy; one that says less, or something else, is not.
func TestHas(t *testing.T) {
	w := newWorld(t, 0)
	sooner := mustParse(t, strings.Replace(w.lines(2), w.aV+" 0 60", w.aV+" 0 45", 1))
	for _, tt := range []struct {
		first, last int64
		has         bool
	}{{40, 60, true}, {40, 45, true}, {40, 44, false}, {41, 60, false}, {39, 60, false}} {
		c := proof.KeyChange{Old: w.aV, Last: tt.last, New: w.bV, First: tt.first}
		unrecorded := sooner.Unrecorded([]proof.KeyChange{{}, c})
		if sooner.Has(c) != tt.has || (len(unrecorded) == 0) != tt.has {
			t.Errorf("%+v: %t, unrecorded: %v", tt, sooner.Has(c), unrecorded)
		}
	}
	if backwards := (proof.KeyChange{Old: w.bV, Last: 60, New: w.aV, First: 40}); sooner.Has(backwards) {
		t.Error("it has the change backwards")
	}
}

// TestKeyChanges derives the changes of policies, and makes the policies that have
// them: two changes, the second once the first is over.
func TestKeyChanges(t *testing.T) {
	w := newWorld(t, 0)
	_, cV := logKey(t, origin, "log c")
	first, err := proof.NewPolicy(origin, []string{w.aV}, nil, 0)
	if err != nil || len(first.KeyChanges()) != 0 {
		t.Fatalf("%v, %v", first.KeyChanges(), err)
	}
	second, err := first.Succeeded(w.bV, 100, 20)
	if err != nil {
		t.Fatal(err)
	}
	third, err := second.Succeeded(cV, 200, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := []proof.KeyChange{{Old: w.aV, Last: 120, New: w.bV, First: 101}, {Old: w.bV, Last: 200, New: cV, First: 201}}
	if got := third.KeyChanges(); third.Version != 3 || first.Version != 1 || !reflect.DeepEqual(got, want) {
		t.Errorf("version %d: %+v", third.Version, got)
	}
	lines := strings.SplitAfter(third.String(), "\n")
	lines[2], lines[4] = lines[4], lines[2]
	if got := mustParse(t, strings.Join(lines, "")).KeyChanges(); !reflect.DeepEqual(got, want) {
		t.Errorf("listed in another order: %+v", got)
	}
	a, b := w.a, w.b
	for _, tt := range []struct {
		size      int64
		isA, isB  bool
		condition string
	}{{1, true, false, "before"}, {100, true, false, "just before"}, {101, true, true, "in the overlap"}, {120, true, true, "at its end"}, {121, false, true, "after"}, {201, false, false, "after the next"}} {
		if isA, isB := third.Signs(a.Name(), a.KeyHash(), tt.size), third.Signs(b.Name(), b.KeyHash(), tt.size); isA != tt.isA || isB != tt.isB {
			t.Errorf("%s: a signs: %t, b signs: %t", tt.condition, isA, isB)
		}
	}
	if third.Signs("elsewhere", a.KeyHash(), 1) {
		t.Error("a key of another name signs")
	}
	if p, err := first.Succeeded(w.aV, 100, 20); err == nil {
		t.Errorf("a key follows itself:\n%s", p)
	}
	for _, overlap := range []int64{-1, proof.MaxOverlap + 1} {
		if p, err := first.Succeeded(w.bV, 100, overlap); err == nil {
			t.Errorf("an overlap of %d:\n%s", overlap, p)
		}
	}
	for size, over := range map[int64]bool{50: false, 100: false, 120: false, 121: true} {
		_, err := second.Succeeded(cV, size, 0)
		if refusal, _ := errors.AsType[*ledger.Refusal](err); (err == nil) != over || !over && refusal == nil {
			t.Errorf("at %d: %v", size, err)
		}
	}
	for _, k := range []int64{0, 60} { // a key that never ends is not changed
		p := mustParse(t, fmt.Sprintf("version 1\norigin %s\nlogkey %s %d -\nlogkey %s 60 -\nquorum 0\nfilter %s\n", origin, w.aV, k, w.bV, proof.FilterHash()))
		if got := p.KeyChanges(); len(got) != 0 {
			t.Errorf("changes: %+v", got)
		}
	}
}
