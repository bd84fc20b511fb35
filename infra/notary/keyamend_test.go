package notary

import (
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/proof"
)

var allKinds = []string{proof.MLDSA44, proof.SM2}

// amend adds keys of both further kinds, with random bytes of a seed.
func (r *keyRig) amend(d disk, seed byte) error {
	r.t.Helper()
	return r.keyring(func(k *Keyring) error {
		k.disk = d
		_, err := k.Amend(proof.Amendment{}, allKinds, rand.NewChaCha8([32]byte{seed}))
		return err
	})
}

// kindsOf returns the kinds of the keys of policy that have signed, in its order.
func kindsOf(t *testing.T, policy *proof.Policy, signed []byte) (kinds string) {
	t.Helper()
	for _, k := range policy.LogKeys {
		v, err := proof.NewVerifier(k.VKey)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := note.Open(signed, note.VerifierList(v)); err == nil {
			kinds += " " + k.Kind()
		}
	}
	return strings.TrimSpace(kinds)
}

// TestAmend adds keys to a notary that has one: they sign from the next leaf on, and the
// SM3 tree begins there with all leaves. What was signed before holds by both policies,
// and what comes by that of before, too.
func TestAmend(t *testing.T) {
	r := newKeyRig(t)
	before := r.policy
	r.events(10)
	at10 := r.signs()
	if err := r.amend(realDisk, 4); err != nil {
		t.Fatal(err)
	}
	if p := r.signs(); p.Size != 10 || kindsOf(t, r.policy, p.Note) != "ed25519" {
		t.Errorf("%d leaves are signed by %s", p.Size, kindsOf(t, r.policy, p.Note))
	}
	if r.policy.Version != 2 || len(r.policy.LogKeys) != 3 || r.policy.LogKeys[1].From != 11 || r.policy.LogKeys[2].From != 11 || len(r.policy.KeyChanges()) > 0 {
		t.Fatalf("the policy:\n%s", r.policy)
	}
	r.events(1)
	p := r.signs()
	if got := kindsOf(t, r.policy, p.Note); p.Size != 11 || got != "ed25519 ml-dsa-44 sm2" {
		t.Errorf("%d leaves are signed by %s", p.Size, got)
	}
	for version, policy := range map[int]*proof.Policy{1: before, 2: r.policy} {
		for size, signed := range map[int64][]byte{10: at10.Note, 11: p.Note} {
			if s, err := policy.Open(signed); err != nil || s.Size != size {
				t.Errorf("%d leaves, by version %d: %v", size, version, err)
			}
		}
		if _, err := (Audit{Log: r.store, Dir: r.dir, Policy: policy, Note: p.Note}).Run(t.Context()); err != nil {
			t.Errorf("audited by version %d: %v", version, err)
		}
	}
	n, end := r.start()
	defer end()
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	sm3 := n.PublishedSM3()
	if sm3.Size != 11 {
		t.Fatalf("the SM3 tree has %d leaves", sm3.Size)
	}
	hashes, err := n.ProveSM3(11, 0)
	if err != nil {
		t.Fatal(err)
	}
	leaves, err := n.tree.leaves(t.Context(), p.Checkpoint, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.CheckInclusionSM3(hashes, leaves[0], sm3.Checkpoint); err != nil {
		t.Errorf("the first leaf: %v", err)
	}
}

// TestAmendRefused leaves all as it was.
func TestAmendRefused(t *testing.T) {
	r := newKeyRig(t)
	r.events(3)
	r.signs()
	secrets, err := os.ReadFile(r.keyFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, lines := range [][]string{{"quorum 1"}, {"version 9"}} {
		err := r.keyring(func(k *Keyring) error {
			_, err := k.Amend(proof.Amendment{Lines: lines}, allKinds, rand.NewChaCha8([32]byte{4}))
			return err
		})
		if err == nil {
			t.Errorf("%q is taken", lines)
		}
	}
	if now, err := os.ReadFile(r.keyFile); string(now) != string(secrets) || err != nil {
		t.Errorf("the key file has changed: %v", err)
	}
	if r.signs(); r.policy.Version != 1 {
		t.Errorf("the policy:\n%s", r.policy)
	}
}

// TestAmendCrash breaks the disk at each step, before and after the step is done: the
// notary goes on with what is there, and the keys are made once.
func TestAmendCrash(t *testing.T) {
	for _, after := range []bool{false, true} {
		for step := 1; ; step++ {
			r := newKeyRig(t)
			r.events(10)
			r.signs()
			f := &failing{step: step, after: after}
			err := r.amend(f.disk(), 4)
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
			p := r.signs()
			want := "ed25519"
			if r.policy.Version == 2 {
				want = "ed25519 ml-dsa-44 sm2"
			}
			if got := kindsOf(t, r.policy, p.Note); p.Size != 11 || got != want {
				t.Errorf("step %d, after=%t: %d leaves, signed by %s", step, after, p.Size, got)
			}
			if r.policy.Version == 1 {
				if err := r.amend(realDisk, 5); err != nil {
					t.Fatalf("step %d, after=%t: again: %v", step, after, err)
				}
				r.events(1)
			}
			p = r.signs()
			if got := kindsOf(t, r.policy, p.Note); r.policy.Version != 2 || got != "ed25519 ml-dsa-44 sm2" {
				t.Errorf("step %d, after=%t: version %d, signed by %s", step, after, r.policy.Version, got)
			}
			now, err := ReadKeys(r.keyFile)
			if err != nil || len(now) != 3 {
				t.Fatalf("step %d, after=%t: %d keys, %v", step, after, len(now), err)
			}
			same := func(a, b note.Signer) bool { return a.KeyHash() == b.KeyHash() }
			if !slices.EqualFunc(left, now[:len(left)], same) {
				t.Errorf("step %d, after=%t: a key was made twice", step, after)
			}
		}
	}
}
