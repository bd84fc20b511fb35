package vault

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/personal"
)

// TestStates checks what is said of keys that are there, erased, destroyed past the
// vault, another's, or never were.
func TestStates(t *testing.T) {
	v, _ := fresh(t)
	whole, erased, emptied, taken, stranger := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}, uuid.UUID{4}, uuid.UUID{5}
	commitments := make(map[uuid.UUID]string)
	for _, s := range []uuid.UUID{whole, erased, emptied, taken} {
		seal(t, v, s, personal.Name, "傅建华")
		c, err := v.Commitment(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		commitments[s] = c
	}
	for _, s := range []uuid.UUID{erased, stranger} {
		if err := v.Erase(t.Context(), s, uuid.UUID{9}); err != nil {
			t.Fatal(err)
		}
	}
	for statement, args := range map[string][]any{
		"UPDATE keys SET wrapped = NULL WHERE subject = ?":                                                         {emptied[:]},
		"UPDATE keys SET wrapped = (SELECT wrapped FROM keys WHERE subject = ?), commitment = ? WHERE subject = ?": {whole[:], commitments[whole], taken[:]},
	} {
		if _, err := v.db.Exec(statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	commitments[taken] = commitments[whole]
	got := make(map[uuid.UUID]State)
	if err := v.States(t.Context(), func(s State) { got[s.Subject] = s }); err != nil {
		t.Fatal(err)
	}
	for subject, want := range map[uuid.UUID]error{whole: nil, erased: ErrErased, emptied: ErrDamaged, taken: ErrDamaged, stranger: ErrErased} {
		s := got[subject]
		if !errors.Is(s.Err, want) || s.Commitment != commitments[subject] {
			t.Errorf("%v: %+v, want %v", subject, s, want)
		}
		if e, is := errors.AsType[*ErasedError](s.Err); is && e.Authority != (uuid.UUID{9}) {
			t.Errorf("%v: erased under %v", subject, e.Authority)
		}
	}
	if len(got) != 5 {
		t.Errorf("%d subjects", len(got))
	}
}

// TestKey checks that the key that is given away is the one that opens the boxes, and
// that none is made for it.
func TestKey(t *testing.T) {
	v, _ := fresh(t)
	a := uuid.UUID{1}
	if _, err := v.Key(t.Context(), a); !errors.Is(err, ErrUnknownSubject) {
		t.Errorf("of a stranger: %v", err)
	}
	box := seal(t, v, a, personal.Name, "傅建华")
	key, err := v.Key(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if plain, ok := key.Open(a, personal.Name, box); !ok || plain != "傅建华" {
		t.Error("it does not open what was sealed")
	}
	if err := v.Erase(t.Context(), a, uuid.UUID{9}); err != nil {
		t.Fatal(err)
	}
	if key, err := v.Key(t.Context(), a); !errors.Is(err, ErrErased) || key != (personal.Key{}) {
		t.Errorf("once erased: %v", err)
	}
}
