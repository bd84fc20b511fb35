package notary

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestSM3Audit alters an entry whose main tree somebody with all keys signs again, so that
// the SM3 checkpoint alone tells; then it alters that.
func TestSM3Audit(t *testing.T) {
	r := newRig(t).withSM2(0)
	r.record(700)
	if _, err := r.signed(); err != nil {
		t.Fatal(err)
	}
	audit := func(log ledger.Log, note []byte) error {
		_, err := Audit{Log: log, Dir: r.dir, Policy: r.policy, Note: note}.Run(context.Background())
		return err
	}
	published, err := os.ReadFile(filepath.Join(r.dir, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	if err := audit(r.store, published); err != nil {
		t.Errorf("honest: %v", err)
	}
	forged := *r
	forged.dir = t.TempDir()
	forged.log = altered{Log: r.store, at: 501, change: func(e *ledger.Envelope) { e.Data = []byte("x"); *e = e.Seal() }}
	again, err := forged.signed()
	if err != nil {
		t.Fatal(err)
	}
	if err := audit(forged.log, published); proof.VerdictOf(err) != proof.TamperedContent {
		t.Errorf("altered: %v", err)
	}
	if err := audit(forged.log, again.Note); proof.VerdictOf(err) != proof.Fork {
		t.Errorf("altered, and the main tree signed again: %v", err)
	}
	n, end := r.open()
	defer end()
	r.record(100)
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := audit(r.store, published); err != nil {
		t.Errorf("honest, and the SM3 checkpoint is later: %v", err)
	}
	if err := audit(altered{Log: r.store, end: 750}, published); proof.VerdictOf(err) != proof.Truncated {
		t.Errorf("cut after the main checkpoint, which is older: %v", err)
	}
	if err := audit(altered{Log: r.store, at: 701, change: func(e *ledger.Envelope) { e.Data = []byte("x") }}, published); proof.VerdictOf(err) != proof.TamperedContent {
		t.Errorf("altered after the main checkpoint, which is older: %v", err)
	}
	if _, err := n.Audit(t.Context(), nil); err != nil {
		t.Errorf("the notary's own: %v", err)
	}
	if _, err := n.Audit(t.Context(), published); err != nil {
		t.Errorf("the notary's own, of what is new: %v", err)
	}
	edit(t, filepath.Join(r.dir, sm3Name), func(b []byte) { b[bytes.IndexByte(b, '8')]++ })
	if err := audit(r.store, published); proof.VerdictOf(err) != proof.BadSignature {
		t.Errorf("the SM3 checkpoint is altered: %v", err)
	}
}
