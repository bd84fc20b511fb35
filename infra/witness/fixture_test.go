package witness

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

const (
	origin = "ledger.example.gov.cn/petition"
	name   = "inspection.example.gov.cn/w1"
)

var noon = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)

// A clock moves on by a second each time it is read.
type clock struct{ seconds atomic.Int64 }

func (c *clock) now() time.Time {
	return noon.Add(time.Duration(c.seconds.Add(1)-1) * time.Second)
}

// seeded returns random bytes that are the same each time.
func seeded(seed string) io.Reader { return rand.NewChaCha8(sha256.Sum256([]byte(seed))) }

// A testLog is a log with its key. Its trees can be forked.
type testLog struct {
	signer note.Signer
	vkey   string
	hashes []tlog.Hash
	size   int64
}

func newTestLog(t testing.TB, origin, seed string) *testLog {
	t.Helper()
	skey, vkey, err := note.GenerateKey(seeded(seed), origin)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	return &testLog{signer: signer, vkey: vkey}
}

func (l *testLog) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		out[i] = l.hashes[x]
	}
	return out, nil
}

// grow appends leaves until there are size. Those of another branch differ.
func (l *testLog) grow(t testing.TB, size int64, branch string) *testLog {
	t.Helper()
	for ; l.size < size; l.size++ {
		more, err := tlog.StoredHashes(l.size, fmt.Appendf(nil, "%s %d", branch, l.size), l)
		if err != nil {
			t.Fatal(err)
		}
		l.hashes = append(l.hashes, more...)
	}
	return l
}

// fork returns the log as it was at size, to be grown another way.
func (l *testLog) fork(size int64) *testLog {
	return &testLog{l.signer, l.vkey, append([]tlog.Hash(nil), l.hashes[:tlog.StoredHashCount(size)]...), size}
}

func (l *testLog) at(t testing.TB, size int64) proof.Checkpoint {
	t.Helper()
	root, err := tlog.TreeHash(size, l)
	if err != nil {
		t.Fatal(err)
	}
	return proof.Checkpoint{Origin: l.signer.Name(), Size: size, Root: ledger.Hash(root)}
}

// sign returns any text as the log would sign it.
func (l *testLog) sign(t testing.TB, text string) []byte {
	t.Helper()
	signed, err := note.Sign(&note.Note{Text: text}, l.signer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func (l *testLog) note(t testing.TB, size int64) []byte {
	t.Helper()
	return l.sign(t, l.at(t, size).Text())
}

// proof returns that the tree of size continues the one of old.
func (l *testLog) proof(t testing.TB, old, size int64) tlog.TreeProof {
	t.Helper()
	if old == 0 {
		return nil
	}
	p, err := tlog.ProveTree(size, old, l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (l *testLog) request(t testing.TB, old, size int64) []byte {
	t.Helper()
	return FormatRequest(old, l.proof(t, old, size), l.note(t, size))
}

// newDir returns the directory of a new witness, closed, that knows l.
func newDir(t testing.TB, l *testLog) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "witness")
	if _, err := Create(dir, name, seeded("witness")); err != nil {
		t.Fatal(err)
	}
	w := mustOpen(t, dir, Options{})
	if err := w.AddLog(l.signer.Name(), []string{l.vkey}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return dir
}

func mustOpen(t testing.TB, dir string, o Options) *Witness {
	t.Helper()
	if o.Name == "" {
		o.Name = name
	}
	if o.Now == nil {
		o.Now = new(clock).now
	}
	w, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// fresh returns a witness that knows l.
func fresh(t testing.TB, l *testLog) *Witness {
	t.Helper()
	return mustOpen(t, newDir(t, l), Options{})
}

// mustCosign has the witness cosign, and checks what it says with torchwood.
func mustCosign(t testing.TB, w *Witness, l *testLog, old, size int64) {
	t.Helper()
	lines, err := w.Cosign(t.Context(), l.request(t, old, size))
	if err != nil {
		t.Fatalf("from %d to %d: %v", old, size, err)
	}
	mustHold(t, w.VKey(), l.note(t, size), lines)
	mustLast(t, w, l.at(t, size))
}

// mustHold checks that the lines are cosignatures under the note, and returns the
// time of the first.
func mustHold(t testing.TB, vkey string, signed, lines []byte) time.Time {
	t.Helper()
	v, err := torchwood.NewCosignatureVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(append(append([]byte(nil), signed...), lines...), note.VerifierList(v))
	if err != nil {
		t.Fatalf("the cosignature does not hold: %v\n%s", err, lines)
	}
	seconds, err := torchwood.CosignatureTimestamp(n.Sigs[0])
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(seconds, 0).UTC()
}

// mustLast checks what the witness says that it has cosigned last of its only log.
func mustLast(t testing.TB, w *Witness, want proof.Checkpoint) {
	t.Helper()
	if logs := w.Logs(); len(logs) != 1 || logs[0].Last != want {
		t.Errorf("the witness knows %+v, want %+v", logs, want)
	}
}

// mustRefuse checks for a refusal of a status and a verdict. At 409 it is the size
// that counts.
func mustRefuse(t testing.TB, err error, status int, verdict proof.Verdict, size int64) {
	t.Helper()
	if conflict, ok := errors.AsType[*SizeConflict](err); ok {
		if status != 409 || conflict.Size != size {
			t.Errorf("the witness has size %d, want %d %s", conflict.Size, status, verdict)
		}
		return
	}
	r, ok := errors.AsType[*Refused](err)
	if !ok || r.Status != status || r.Verdict != verdict || r.Text.ZH == "" || r.Text.EN == "" || strings.Contains(r.Text.ZH+r.Text.EN, "%!") {
		t.Errorf("got %#v (%v), want %d %s", err, err, status, verdict)
	}
}

// serve returns a client of the witness's real handler.
func serve(t testing.TB, w *Witness) *Client {
	t.Helper()
	server := httptest.NewServer(w.Handler())
	t.Cleanup(server.Close)
	v, err := torchwood.NewCosignatureVerifier(w.VKey())
	if err != nil {
		t.Fatal(err)
	}
	return &Client{URL: server.URL, HTTP: server.Client(), Verifier: v}
}

// copyDir returns a copy of dir as it is now: as a crash would leave it.
func copyDir(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(to, keyName), 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// anySize is a well-formed checkpoint of a size that no tree here has.
func anySize(size uint64) string {
	root := sha256.Sum256(binary.BigEndian.AppendUint64(nil, size))
	return fmt.Sprintf("%s\n%d\n%s\n", origin, size, tlog.Hash(root))
}
