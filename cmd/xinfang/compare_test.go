package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
	"xinfang/infra/evidence"
	"xinfang/infra/segment"
)

// TestCompare compares what a stranger holds with what this node's notary has signed.
func TestCompare(t *testing.T) {
	t.Parallel()
	made, err := quarter()
	ok(t, err)
	dir, other := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "other")
	ok(t, copyData(made, dir))
	operateOn(t, dir, "notary", "init", "--origin", "ledger.example.gov.cn/petition")
	ok(t, copyData(dir, other))
	read := func(dir string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, notaryDir, "checkpoint"))
		ok(t, err)
		return b
	}
	sign(t, dir)
	checkpoint := read(dir)
	// Whoever has the key makes another history, and the one here goes on.
	for _, grows := range []string{other, dir, dir} {
		store, err := segment.Open(filepath.Join(grows, ledgerDir), segment.Options{Now: time.Now})
		ok(t, err)
		_, err = store.Append(t.Context(), ledgertest.NewStream(), 0, ledgertest.Record(grows))
		ok(t, errors.Join(err, store.Close()))
	}
	sign(t, other)

	a := &app{process: process{Getenv: func(string) string { return "" }, Stderr: io.Discard, Now: time.Now}}
	a.cfg.Data = dir
	n, err := a.openNode(t.Context(), true)
	ok(t, err)
	defer n.Close()
	kept, err := a.openNotary(t.Context(), n, a.Now, a.logger())
	ok(t, err)
	defer kept.Close()
	ok(t, kept.CatchUp(t.Context()))
	number := ""
	for head, err := range n.local.Streams(t.Context(), petition.Category) {
		ok(t, err)
		for env, err := range n.local.ReadStream(t.Context(), head.Stream, 0) {
			ok(t, err)
			number = petition.NumberOf(head.Stream.ID, env.Data)
			break
		}
		break
	}
	bundle := filepath.Join(t.TempDir(), "bundle.zip")
	f, err := os.Create(bundle)
	ok(t, err)
	ok(t, kept.WriteEvidence(t.Context(), number, nil, f))
	ok(t, f.Close())
	zip, err := os.ReadFile(bundle)
	ok(t, err)
	receipt, err := evidence.ReceiptOf(bundle)
	ok(t, err)
	stranger, err := os.ReadFile(filepath.Join(dir, notaryDir, "policy.txt"))
	ok(t, err)
	altered := append([]byte(nil), checkpoint...)
	altered[len(altered)-10] ^= 1
	for name, tt := range map[string]struct {
		held []byte
		want proof.Verdict
	}{
		"a checkpoint":    {checkpoint, proof.OK},
		"a receipt":       {receipt, proof.OK},
		"a bundle":        {zip, proof.OK},
		"half a bundle":   {zip[:len(zip)/2], proof.Malformed},
		"an altered one":  {altered, proof.BadSignature},
		"something else":  {stranger, proof.Malformed},
		"nothing at all":  {nil, proof.Malformed},
		"another history": {read(other), proof.Fork},
	} {
		t.Run(name, func(t *testing.T) {
			size, err := kept.Compare(tt.held)
			if proof.VerdictOf(err) != tt.want || (size > 0) != (tt.want == proof.OK || tt.want == proof.Fork) {
				t.Errorf("%d entries, %v, want %s", size, err, tt.want)
			}
		})
	}
}
