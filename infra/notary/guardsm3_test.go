package notary

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestGuardSM3 asks a guard for what it must not sign of the SM3 tree.
func TestGuardSM3(t *testing.T) {
	r := newRig(t).withSM2(0)
	r.record(20)
	n, end := r.open()
	defer end()
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	guard := n.o.Guard
	forked := r.wantSM3(20)
	forked.Root[0] ^= 1
	early := r.wantSM3(7)
	foreign := r.wantSM3(20)
	foreign.Origin = origin
	for _, tt := range []struct {
		name string
		c    proof.Checkpoint
		want proof.Verdict
	}{
		{"the same again", r.wantSM3(20), proof.OK},
		{"a smaller one", early, proof.RolledBack},
		{"of the same size", forked, proof.Fork},
		{"larger than the main tree", proof.Checkpoint{Origin: origin + "/sm3", Size: 21}, proof.BadProof},
		{"empty", proof.Checkpoint{Origin: origin + "/sm3"}, proof.Malformed},
		{"too large", proof.Checkpoint{Origin: origin + "/sm3", Size: proof.MaxSize + 1}, proof.BadProof},
		{"of the main tree", foreign, proof.WrongOrigin},
	} {
		signed, err := guard.SignSM3(t.Context(), tt.c, nil)
		if proof.VerdictOf(err) != tt.want || (err == nil) != (signed != nil) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	// The main tree grows, and somebody has another SM3 tree signed in the meantime.
	r.record(5)
	edge, err := sm3Tree{r.dir, realDisk}.at(r.wantSM3(20))
	if err != nil {
		t.Fatal(err)
	}
	if err := edge.Append(make([]byte, 32), nil); err != nil {
		t.Fatal(err)
	}
	main := New(Options{Log: r.log, Dir: r.dir, Guard: guard, Policy: newRig(t).policy, Now: time.Now})
	if err := main.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	root, _ := sm3Root(edge)
	if _, err := guard.SignSM3(t.Context(), proof.Checkpoint{Origin: origin + "/sm3", Size: 21, Root: root}, nil); proof.VerdictOf(err) != proof.Fork {
		t.Errorf("without a proof: %v", err)
	}
	if last, err := guard.LastSM3(t.Context()); err != nil || last != r.wantSM3(20) {
		t.Errorf("what was refused is remembered: %+v, %v", last, err)
	}
}

// TestGuardSM3Keys has a guard without the key, and one whose memory is damaged.
func TestGuardSM3Keys(t *testing.T) {
	dir, r := t.TempDir(), newRig(t)
	guard, err := OpenGuard(dir, r.policy, r.signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guard.Sign(t.Context(), proof.Checkpoint{Origin: origin, Size: 1}, nil); err != nil {
		t.Fatal(err)
	}
	_, err = guard.SignSM3(t.Context(), proof.Checkpoint{Origin: origin + "/sm3", Size: 1}, nil)
	if _, ok := errors.AsType[*ledger.Trouble](err); !ok {
		t.Errorf("a guard without an SM2 key: %v", err)
	}
	if err := guard.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "sm3"), []byte("damaged"))
	if guard, err := OpenGuard(dir, r.policy, r.signer); err == nil {
		t.Error("it has forgotten the SM3 tree, and starts from nothing")
		guard.Close()
	}
}
