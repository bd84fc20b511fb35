package notary

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestRotate changes the key, and looks at each checkpoint before, in and after the
// overlap: who has signed it, and what the policies of before and after say (C12–C14).
func TestRotate(t *testing.T) {
	r := newKeyRig(t)
	before := r.policy
	r.events(10)
	if p := r.signs(); keysOf(t, before, p.Note) != "A" {
		t.Fatalf("signed by %s", keysOf(t, before, p.Note))
	}
	at10 := r.signs()
	if err := r.rotate(5, 4); err != nil {
		t.Fatal(err)
	}
	if p := r.signs(); p.Size != 11 { // the change is an entry
		t.Fatalf("%+v", p.Checkpoint)
	}
	if r.policy.Version != 2 || r.policy.LogKeys[0].To != 15 || r.policy.LogKeys[1].From != 11 {
		t.Fatalf("the policy:\n%s", r.policy)
	}
	if s, err := r.policy.Open(at10.Note); err != nil || s.Size != 10 {
		t.Errorf("of before, by the new policy: %v", err)
	}
	for size := int64(11); size <= 18; size++ {
		p := r.signs()
		wantBy, wantBefore := "AB", proof.OK
		if size > 15 {
			wantBy, wantBefore = "B", proof.UnknownKey
		}
		if by := keysOf(t, r.policy, p.Note); p.Size != size || by != wantBy {
			t.Errorf("%d leaves, signed by %s, want %s", p.Size, by, wantBy)
		}
		if _, err := r.policy.Open(p.Note); err != nil {
			t.Errorf("%d leaves, by the new policy: %v", size, err)
		}
		if _, err := before.Open(p.Note); proof.VerdictOf(err) != wantBefore {
			t.Errorf("%d leaves, by the policy of before: %v, want %s", size, err, wantBefore)
		}
		for name, policy := range map[string]*proof.Policy{"the new policy": r.policy, "that of before": before} {
			done, err := Audit{Log: r.store, Dir: r.dir, Policy: policy, Note: p.Note}.Run(t.Context())
			if policy == before && wantBefore != proof.OK {
				if proof.VerdictOf(err) != wantBefore {
					t.Errorf("%d leaves, audited by %s: %v", size, name, err)
				}
			} else if err != nil || len(done.Forged) > 0 {
				t.Errorf("%d leaves, audited by %s: %v, %v", size, name, done.Forged, err)
			}
		}
		refusal, _ := errors.AsType[*ledger.Refusal](r.rotate(5, 5))
		retired := r.retire()
		if over := size > 15; (refusal == nil) != over || (retired == 1) != over {
			t.Fatalf("%d leaves: changed again: %v; %d keys retired", size, refusal, retired)
		}
		if size > 15 {
			break // the third key signs from here
		}
		r.events(1)
	}
	if p := r.signs(); p.Size != 17 || keysOf(t, r.policy, p.Note) != "BC" {
		t.Errorf("%d leaves, signed by %s", p.Size, keysOf(t, r.policy, p.Note))
	}
}

// TestRotateSooner has the roots end the overlap before its time, as a policy may: the
// change that is recorded is no forgery, and is not recorded again.
func TestRotateSooner(t *testing.T) {
	r := newKeyRig(t)
	r.events(10)
	r.signs()
	if err := r.rotate(1000, 4); err != nil {
		t.Fatal(err)
	}
	r.events(5)
	if p := r.signs(); p.Size != 16 {
		t.Fatalf("%+v", p.Checkpoint)
	}
	sooner := strings.Replace(r.policy.String(), " 0 1010\n", " 0 16\n", 1)
	if err := os.WriteFile(filepath.Join(r.dir, PolicyName), []byte(sooner), 0o644); err != nil {
		t.Fatal(err)
	}
	r.events(1)
	if p := r.signs(); p.Size != 17 || keysOf(t, r.policy, p.Note) != "B" {
		t.Errorf("%d leaves, signed by %s", p.Size, keysOf(t, r.policy, p.Note))
	}
	if retired := r.retire(); retired != 1 {
		t.Errorf("%d keys retired", retired)
	}
	p := r.signs()
	done, err := Audit{Log: r.store, Dir: r.dir, Policy: r.policy, Note: p.Note}.Run(t.Context())
	if err != nil || len(done.Forged) > 0 || r.changes() != 1 {
		t.Errorf("%d changes are recorded; %v, %v", r.changes(), done.Forged, err)
	}
}

// TestRotateForge is C12 and C13 with the keys themselves: who has stolen the old one,
// or signs with the new one too early.
func TestRotateForge(t *testing.T) {
	r := newKeyRig(t)
	before := r.policy
	r.events(10)
	r.signs()
	if err := r.rotate(0, 4); err != nil {
		t.Fatal(err)
	}
	r.signs()
	signers, err := ReadKeys(r.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		signer note.Signer
		size   int64
		want   proof.Verdict
	}{
		"old key before": {signers[0], 10, proof.OK}, "C12 old key after": {signers[0], 11, proof.KeyOutOfRange},
		"C13 new key before": {signers[1], 10, proof.KeyOutOfRange}, "new key after": {signers[1], 11, proof.OK},
	} {
		signed, err := note.Sign(&note.Note{Text: r.want(tt.size).Text()}, tt.signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.policy.Open(signed); proof.VerdictOf(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
		guard, err := OpenGuard(t.TempDir(), r.policy, tt.signer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := guard.Sign(t.Context(), r.want(tt.size), nil); proof.VerdictOf(err) != tt.want {
			t.Errorf("%s: the guard: %v", name, err)
		}
		if last, _ := guard.Last(t.Context()); (last.Size > 0) != (tt.want == proof.OK) {
			t.Errorf("%s: the guard remembers %d leaves", name, last.Size)
		}
		guard.Close()
	}
	guard, err := OpenGuard(t.TempDir(), before, signers...)
	if err != nil {
		t.Fatal(err)
	}
	defer guard.Close()
	if signed, err := guard.Sign(t.Context(), r.want(11), nil); err != nil || keysOf(t, r.policy, signed) != "A" {
		t.Errorf("a key that the policy does not list has signed: %v", err)
	}
	if signed, err := guard.SignHeads(t.Context(), proof.HeadsNote{Size: 11, Streams: 1}); err != nil || keysOf(t, r.policy, signed) != "A" {
		t.Errorf("a key that the policy does not list has signed heads: %v", err)
	}
	c := r.policy.KeyChanges()[0]
	if _, err := guard.SignKeyChange(t.Context(), c); proof.VerdictOf(err) != proof.UnknownKey {
		t.Errorf("a change that the policy does not know of: %v", err)
	}
	lacking, err := OpenGuard(t.TempDir(), r.policy, signers[1])
	if err != nil {
		t.Fatal(err)
	}
	defer lacking.Close()
	if _, err := lacking.SignKeyChange(t.Context(), c); proof.VerdictOf(err) != proof.UnknownKey {
		t.Errorf("without the old key: %v", err)
	}
	if _, err := lacking.SignKeyChange(t.Context(), proof.KeyChange{}); proof.VerdictOf(err) != proof.Malformed {
		t.Errorf("a change of nothing: %v", err)
	}
}

// TestRotateCrash breaks the disk at each step of a change, before and after the step
// is done: the notary goes on with what is there, and the change is made once, with
// the key that was made first.
func TestRotateCrash(t *testing.T) {
	for _, after := range []bool{false, true} {
		for step := 1; ; step++ {
			r := newKeyRig(t)
			r.events(10)
			r.signs()
			f := &failing{step: step, after: after}
			err := r.keyring(func(k *Keyring) error {
				k.disk = f.disk()
				_, err := k.Rotate(5, rand.NewChaCha8([32]byte{4}))
				return err
			})
			if !f.broke {
				if err != nil || step != 5 {
					t.Fatalf("%d steps, %v", step, err)
				}
				break
			}
			if !errors.Is(err, errBroken) {
				t.Fatalf("step %d: %v", step, err)
			}
			left, err := ReadKeys(r.keyFile)
			if err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
			r.events(1)
			if p := r.signs(); p.Size != 11 && p.Size != 12 || p.Checkpoint != r.want(p.Size) {
				t.Errorf("step %d, after=%t: %+v", step, after, p.Checkpoint)
			}
			if r.policy.Version == 1 {
				if err := r.rotate(5, 5); err != nil {
					t.Fatalf("step %d, after=%t: again: %v", step, after, err)
				}
			}
			p := r.signs()
			now, err := ReadKeys(r.keyFile)
			if err != nil || len(now) != 2 || len(r.policy.LogKeys) != 2 || keysOf(t, r.policy, p.Note) != "AB" {
				t.Fatalf("step %d, after=%t: %d keys, signed by %s, %v", step, after, len(now), keysOf(t, r.policy, p.Note), err)
			}
			if len(left) == 2 && left[1].KeyHash() != now[1].KeyHash() {
				t.Errorf("step %d, after=%t: a key was made twice", step, after)
			}
			if n := r.changes(); n != 1 {
				t.Errorf("step %d, after=%t: the change is recorded %d times", step, after, n)
			}
		}
	}
}

// TestRetireCrash breaks the disk at each step at which an old key is taken out.
func TestRetireCrash(t *testing.T) {
	for _, after := range []bool{false, true} {
		for step := 1; step <= 2; step++ {
			r := newKeyRig(t)
			r.events(10)
			r.signs()
			if err := r.rotate(0, 4); err != nil {
				t.Fatal(err)
			}
			r.signs()
			err := r.keyring(func(k *Keyring) error {
				k.disk = (&failing{step: step, after: after}).disk()
				_, err := k.Retire()
				return err
			})
			if !errors.Is(err, errBroken) {
				t.Fatalf("step %d: %v", step, err)
			}
			r.events(1)
			r.signs()
			r.retire()
			if p := r.signs(); keysOf(t, r.policy, p.Note) != "B" || p.Size != 12 {
				t.Errorf("step %d, after=%t: %d leaves, signed by %s", step, after, p.Size, keysOf(t, r.policy, p.Note))
			}
			if keys, err := ReadKeys(r.keyFile); err != nil || len(keys) != 1 {
				t.Errorf("step %d, after=%t: %d keys are left, %v", step, after, len(keys), err)
			}
		}
	}
}
