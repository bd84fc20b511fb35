package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/segment"
)

// TestDamageStopsSigning changes a byte in a file of the ledger that a server has open
// and does not write to any more: the next audit finds it, and nothing more is signed,
// whether the entry was signed for or not.
func TestDamageStopsSigning(t *testing.T) {
	t.Parallel()
	for name, signed := range map[string]int{"what was signed for": 60, "what was recorded since": 3} {
		t.Run(name, func(t *testing.T) { damageStops(t, signed) })
	}
}

func damageStops(t *testing.T, signed int) {
	t.Helper()
	dir := t.TempDir()
	operateOn(t, dir, "notary", "init", "--origin", "ledger.example.gov.cn/petition")
	store := aSegment(t, filepath.Join(dir, ledgerDir), segment.Options{Now: time.Now, SegmentSize: 1 << 16})
	said, version := ledger.Stream{Category: "visit", ID: uuid.New()}, ledger.Version(0)
	say := func() {
		t.Helper()
		_, err := store.Append(t.Context(), said, version, ledger.Record{ID: uuid.New(), Type: "Said", Data: bytes.Repeat([]byte("1"), 4000), Meta: []byte("{}")})
		ok(t, err)
		version++
	}
	for range signed {
		say()
	}
	a := &app{process: process{Getenv: func(string) string { return "" }, Stderr: io.Discard, Now: time.Now}}
	a.cfg.Data = dir
	kept, err := a.openNotary(t.Context(), &node{app: a, local: store}, a.Now, a.logger())
	ok(t, err)
	defer kept.Close()
	ok(t, kept.CatchUp(t.Context()))
	for range 60 - signed {
		say()
	}

	files, err := filepath.Glob(filepath.Join(dir, ledgerDir, "*.seg"))
	ok(t, err)
	if len(files) < 3 {
		t.Fatalf("the ledger has only %d files", len(files))
	}
	f, err := os.OpenFile(files[0], os.O_RDWR, 0)
	ok(t, err)
	defer f.Close()
	_, err = f.WriteAt([]byte("2"), 6000)
	ok(t, err)

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- kept.audit(ctx, a.logger()) }()
	for kept.Status().Stopped == nil && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	cancel()
	ok(t, <-ended)
	found, _ := errors.AsType[*proof.Finding](kept.Status().Stopped)
	if found == nil || found.Verdict != proof.TamperedContent || found.Index < 0 || !strings.Contains(found.Say().ZH, filepath.Base(files[0])) {
		t.Fatalf("stopped: %v", kept.Status().Stopped)
	}
	say()
	if err := kept.CatchUp(t.Context()); err == nil || kept.Published().Size != int64(signed) {
		t.Errorf("it goes on signing: %d, %v", kept.Published().Size, err)
	}
}
