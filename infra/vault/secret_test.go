package vault

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
)

// TestSecrets looks for personal data, and for keys, where they must not be.
func TestSecrets(t *testing.T) {
	v, dir := fresh(t)
	a, secret := uuid.New(), "傅建华13812345678"
	box := seal(t, v, a, personal.Claim, secret)
	if err := v.Index(t.Context(), a, secret, "13812345678"); err != nil {
		t.Fatal(err)
	}
	key, ok := v.keys.get(a)
	if !ok {
		t.Fatal("the key is not in memory")
	}
	for what, b := range map[string][]byte{"value": []byte(secret), "phone": []byte("13812345678"), "last digits": []byte("5678"), "key": key[:], "master": master} {
		if contains(t, dir, b) {
			t.Errorf("%s in clear in the files", what)
		}
	}
	if contains(t, dir, a[:]) != true {
		t.Error("the search does not find what is there")
	}
	if err := v.Erase(t.Context(), a, uuid.New()); err != nil {
		t.Fatal(err)
	}
	_, erased := v.Seal(t.Context(), a, personal.Claim, secret)
	_, field := v.Seal(t.Context(), uuid.New(), "colour", secret)
	_, opened := v.Open(t.Context(), a, personal.Claim, box)
	v.random = io.LimitReader(rand.Reader, 50)
	_, random := v.Seal(t.Context(), uuid.New(), personal.Claim, secret)
	v.Close()
	_, closed := v.Seal(t.Context(), uuid.New(), personal.Claim, secret)
	index := v.Index(t.Context(), a, secret)
	_, find := v.Find(t.Context(), secret)
	for _, err := range []error{erased, field, opened, random, closed, index, find} {
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("error %v", err)
		}
	}
	value, entry := Value{a, personal.Claim, secret}, Entry{a, []string{secret}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		if s := fmt.Sprintf(verb+verb, value, entry); strings.Contains(s, "傅") || strings.Contains(s, "e5") && verb == "%x" && strings.Contains(s, fmt.Sprintf("%x", secret)) {
			t.Errorf("%s prints %s", verb, s)
		}
	}
	if s := value.LogValue().String() + entry.LogValue().String(); strings.Contains(s, "傅") {
		t.Errorf("logs as %s", s)
	}
}

func TestCommitment(t *testing.T) {
	v, _ := fresh(t)
	a := uuid.New()
	if _, err := v.Commitment(t.Context(), a); !errors.Is(err, ErrUnknownSubject) {
		t.Errorf("of a stranger Commitment = %v", err)
	}
	seal(t, v, a, personal.Name, "傅建华")
	key, _ := v.keys.get(a)
	got, err := v.Commitment(t.Context(), a)
	if err != nil || got != key.Commitment() || len(got) != 64 {
		t.Errorf("Commitment = %s, %v", got, err)
	}
	// SHA-256("dek-commit/v1" ‖ 32 zeros), computed elsewhere.
	const zeros = "f71ab95963fb7c65ff83c1158ec75d2891823c2596c73139dcac008fdcabc168"
	if got := (personal.Key{}).Commitment(); got != zeros {
		t.Errorf("commitment of zeros = %s", got)
	}
	if err := v.Erase(t.Context(), a, uuid.New()); err != nil {
		t.Fatal(err)
	}
	if after, err := v.Commitment(t.Context(), a); err != nil || after != got {
		t.Errorf("after the erasure Commitment = %s, %v, want %s", after, err, got)
	}
}

// TestTexts checks that every refusal speaks both languages.
func TestTexts(t *testing.T) {
	erasure := &ErasedError{noon, uuid.New()}
	var refusal *ledger.Refusal
	if !errors.As(fmt.Errorf("opening: %w", erasure), &refusal) || !strings.Contains(refusal.Text.ZH, "2026-01-02 20:00") ||
		!strings.Contains(refusal.Text.EN, "2026-01-02T12:00:00Z") || !strings.Contains(refusal.Text.ZH, erasure.Authority.String()) {
		t.Errorf("an erasure says %+v", refusal)
	}
	for _, r := range []*ledger.Refusal{ErrMaster, ErrInUse, ErrErased, ErrUnknownSubject, ErrAltered, ErrDamaged} {
		if r.Code == "" || r.Kind == "" || r.Text.ZH == "" || r.Text.EN == "" {
			t.Errorf("%+v", r)
		}
	}
}
