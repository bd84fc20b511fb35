package vault

import (
	"database/sql"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/personal"
)

// stored returns the bytes of the wrapped key of subject.
func stored(t *testing.T, v *Vault, subject uuid.UUID) (wrapped []byte) {
	t.Helper()
	if err := v.db.QueryRow("SELECT wrapped FROM keys WHERE subject = ?", subject[:]).Scan(&wrapped); err != nil {
		t.Fatal(err)
	}
	return wrapped
}

func TestErase(t *testing.T) {
	v, dir := fresh(t)
	a, b, authority := uuid.New(), uuid.New(), uuid.New()
	boxA, boxB := seal(t, v, a, personal.Name, "傅建华"), seal(t, v, b, personal.Name, "李梅")
	if _, _, ok, err := v.Erased(t.Context(), a); ok || err != nil {
		t.Fatalf("before the erasure: %t, %v", ok, err)
	}
	for range 2 { // the second time changes nothing, not even the time
		if err := v.Erase(t.Context(), a, authority); err != nil {
			t.Fatal(err)
		}
		v.now = func() time.Time { return noon.AddDate(1, 0, 0) }
	}
	stranger := uuid.New()
	if err := v.Erase(t.Context(), stranger, authority); err != nil {
		t.Fatal(err)
	}
	v.Close()
	v = reopen(t, dir)

	at, by, ok, err := v.Erased(t.Context(), a)
	if err != nil || !ok || !at.Equal(noon) || at.Location() != time.UTC || by != authority {
		t.Errorf("Erased = %v, %v, %t, %v", at, by, ok, err)
	}
	for name, ask := range map[string]func() error{
		"Open":                func() error { _, err := v.Open(t.Context(), a, personal.Name, boxA); return err },
		"Seal":                func() error { _, err := v.Seal(t.Context(), a, personal.Name, "傅建华"); return err },
		"Seal for a stranger": func() error { _, err := v.Seal(t.Context(), stranger, personal.Name, "傅建华"); return err },
		"Index":               func() error { return v.Index(t.Context(), a, "傅建华") },
		"SealMany with others": func() error {
			_, err := v.SealMany(t.Context(), Value{b, personal.Name, "李梅"}, Value{a, personal.Name, "傅建华"})
			return err
		},
	} {
		e, _ := errors.AsType[*ErasedError](ask())
		if e == nil || !errors.Is(e, ErrErased) || e.Authority != authority {
			t.Errorf("%s = %v", name, e)
		}
	}
	opened, err := v.OpenMany(t.Context(), Box{a, personal.Name, boxA}, Box{b, personal.Name, boxB})
	if err != nil || !errors.Is(opened[0].Err, ErrErased) || opened[1] != (Opened{Plain: "李梅"}) {
		t.Errorf("OpenMany = %v, %v", opened, err)
	}
}

// TestEraseLeavesNothing lets many subjects come and some go, so that pages
// fill, split and merge, and looks for what was theirs in every byte of the
// files.
func TestEraseLeavesNothing(t *testing.T) {
	v, dir := fresh(t)
	random := rand.New(rand.NewPCG(1, 2))
	type remains struct{ wrapped, tag []byte }
	var here []uuid.UUID
	var gone []remains
	remainsOf := func(s uuid.UUID) remains { return remains{stored(t, v, s), v.tag(terms(s.String())[0])} }
	for range 40 {
		var values []Value
		var entries []Entry
		for range 40 {
			s := uuid.New()
			here = append(here, s)
			values = append(values, Value{s, personal.Name, "傅建华"})
			entries = append(entries, Entry{s, []string{s.String(), "13812345678"}})
		}
		if _, err := v.SealMany(t.Context(), values...); err != nil {
			t.Fatal(err)
		}
		if err := v.IndexMany(t.Context(), entries...); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			i := random.IntN(len(here))
			gone = append(gone, remainsOf(here[i]))
			if err := v.Erase(t.Context(), here[i], uuid.New()); err != nil {
				t.Fatal(err)
			}
			here = append(here[:i], here[i+1:]...)
		}
	}
	left := 0
	for _, r := range gone {
		if contains(t, dir, r.wrapped) || contains(t, dir, r.tag) {
			left++
		}
	}
	if left > 0 {
		t.Errorf("the wrapped keys or tags of %d of %d erased subjects are still in the files", left, len(gone))
	}
	for _, s := range here[:100] {
		if r := remainsOf(s); !contains(t, dir, r.wrapped) || !contains(t, dir, r.tag) {
			t.Fatal("the search does not find what is there")
		}
	}
	found, err := v.Find(t.Context(), "13812345678")
	if err != nil || len(found) != len(here) {
		t.Errorf("%d subjects found by their phone, not %d: %v", len(found), len(here), err)
	}
}

// TestEraseCrash loses the erasure at its commit, and right after it, before
// the checkpoint.
func TestEraseCrash(t *testing.T) {
	for _, applied := range []bool{false, true} {
		v, dir := fresh(t)
		a, authority := uuid.New(), uuid.New()
		box := seal(t, v, a, personal.Name, "傅建华")
		if err := v.Index(t.Context(), a, "傅建华"); err != nil {
			t.Fatal(err)
		}
		wrapped := stored(t, v, a)
		v.commit = func(tx *sql.Tx) error {
			if applied {
				return errors.Join(tx.Commit(), errLost)
			}
			return errors.Join(tx.Rollback(), errLost)
		}
		if err := v.Erase(t.Context(), a, authority); !errors.Is(err, errLost) {
			t.Fatalf("Erase = %v", err)
		}
		v.commit = (*sql.Tx).Commit

		crashed := copyDir(t, dir)
		if !contains(t, crashed, wrapped) {
			t.Fatal("nothing is left to be cleaned up: this test proves nothing")
		}
		after := reopen(t, crashed)
		_, err := after.Open(t.Context(), a, personal.Name, box)
		if applied != errors.Is(err, ErrErased) || applied == contains(t, crashed, wrapped) {
			t.Errorf("applied=%t: after a crash Open = %v, and the key is in the files: %t", applied, err, contains(t, crashed, wrapped))
		}
		for _, v := range []*Vault{v, after} { // asked again
			if err := v.Erase(t.Context(), a, authority); err != nil {
				t.Fatal(err)
			}
			if _, err := v.Open(t.Context(), a, personal.Name, box); !errors.Is(err, ErrErased) {
				t.Errorf("applied=%t: asked again, Open = %v", applied, err)
			}
		}
		if contains(t, dir, wrapped) || contains(t, crashed, wrapped) {
			t.Errorf("applied=%t: the key is still in the files", applied)
		}
	}
}

func TestFind(t *testing.T) {
	v, _ := fresh(t)
	ids := []uuid.UUID{{15: 1}, {15: 2}, {15: 3}}
	for i, names := range [][]string{
		{"傅建华", "44030619900101123x", "+86 138-1234-5678", ""},
		{"买买提·吐尔逊", "440306199001011234", "0755-27655678"},
		{"Ｊｏｈｎ Smith", "傅建华", "2765 0000"},
	} {
		seal(t, v, ids[i], personal.Name, names[0])
		for range 2 {
			if err := v.Index(t.Context(), ids[i], names...); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		name string
		want []uuid.UUID
	}{
		{"傅建华", []uuid.UUID{ids[0], ids[2]}},
		{"傅 建 华", []uuid.UUID{ids[0], ids[2]}},
		{"建华", nil},
		{"买买提吐尔逊", ids[1:2]},
		{"john smith", ids[2:]},
		{"44030619900101123X", ids[:1]},
		{"440306199001011234", ids[1:2]},
		{"1234", nil}, // the end of an id number
		{"13812345678", ids[:1]},
		{"008613812345678", ids[:1]},
		{"１３８１２３４５６７８", ids[:1]},
		{"5678", ids[:2]},
		{"(0755) 27655678", ids[1:2]},
		{"0000", ids[2:]},
		{"", nil},
		{" ", nil},
	} {
		if got, err := v.Find(t.Context(), tt.name); err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Find(%q) = %v, %v, want %v", tt.name, got, err, tt.want)
		}
	}
	if err := v.Erase(t.Context(), ids[0], uuid.New()); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Find(t.Context(), "傅建华"); err != nil || !reflect.DeepEqual(got, ids[2:]) {
		t.Errorf("after an erasure Find = %v, %v", got, err)
	}
}
