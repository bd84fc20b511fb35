package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
	"xinfang/infra/segment"
)

// TestVerifyForged is B19 as verify tells it: an entry that pretends to be the
// notary's is signed for like any other, and named.
func TestVerifyForged(t *testing.T) {
	dir := t.TempDir()
	ok(t, newDistrict(dir, func(string, string) {}))
	operateOn(t, dir, "notary", "init", "--origin", "ledger.example.gov.cn/petition")
	store, err := segment.Open(filepath.Join(dir, ledgerDir), segment.Options{Now: time.Now})
	ok(t, err)
	stream := ledgertest.NewStream()
	stream.Category = attest.Category
	forged, err := store.Append(t.Context(), stream, 0, attest.Codec.Record(attest.NotaryHeads{Note: "ledger.example.gov.cn/petition/heads\n"}, ledger.Meta{}, 0))
	ok(t, err)
	ok(t, store.Close())
	operateOn(t, dir, "notary", "rotate") // which signs for all

	var stdout, stderr bytes.Buffer
	p := process{Getenv: func(string) string { return "" }, Stdin: new(bytes.Buffer), Stdout: &stdout, Stderr: &stderr, Now: time.Now}
	if code := run(t.Context(), []string{"--data", dir, "verify"}, p); code != exitUnverified || !strings.Contains(stdout.String(), "假冒的公证记录：MALFORMED") {
		t.Errorf("exit code %d\n%s%s", code, &stdout, &stderr)
	}
	stdout.Reset()
	if code := run(t.Context(), []string{"--data", dir, "verify", "-o", "json"}, p); code != exitUnverified {
		t.Errorf("exit code %d\n%s", code, &stderr)
	}
	var got verified
	ok(t, decode(stdout.Bytes(), &got))
	if got.OK || got.Verdict != proof.Malformed || len(got.Forged) != 1 || got.Forged[0].Index != int64(forged[0].Position)-1 {
		t.Errorf("%s", &stdout)
	}

	// What has something against it is not gone on from: the next one reads all of it.
	for range 2 {
		stdout.Reset()
		if code := run(t.Context(), []string{"--data", dir, "verify", "--since-last", "-o", "json"}, p); code != exitUnverified {
			t.Errorf("since the last: exit code %d\n%s", code, &stderr)
		}
		var since verified
		if ok(t, decode(stdout.Bytes(), &since)); since.From != nil && *since.From != 0 || since.Events != got.Events || len(since.Forged) != 1 {
			t.Errorf("since the last: %s", &stdout)
		}
	}
}
