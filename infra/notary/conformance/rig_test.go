package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
	"k8s.io/klog/v2"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
	"xinfang/infra/notary"
	"xinfang/infra/witness"
)

// TestMain keeps tessera from logging each of its checks.
func TestMain(m *testing.M) {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	os.Exit(m.Run())
}

const origin = "ledger.example.gov.cn/petition"

// A rig is a ledger in memory, the key of its notary, and the notary's directory.
// Two rigs in which the same was recorded have the same tree.
type rig struct {
	t      testing.TB
	store  *ledgertest.Store
	dir    string
	signer note.Signer
	vkey   string
	policy *proof.Policy
	word   string // what the events say
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{t: t, store: new(ledgertest.Store), dir: t.TempDir(), word: "truth"}
	secret, vkey, err := note.GenerateKey(rand.NewChaCha8([32]byte{1}), origin)
	if err != nil {
		t.Fatal(err)
	}
	if r.signer, err = note.NewSigner(secret); err != nil {
		t.Fatal(err)
	}
	r.vkey = vkey
	r.trust()
	return r
}

// trust makes the policy one that wants the cosignatures of these keys.
func (r *rig) trust(vkeys ...string) {
	r.t.Helper()
	text := fmt.Sprintf("version 1\norigin %s\nlogkey %s 0 -\nquorum %d\nfilter %s\n", origin, r.vkey, len(vkeys), proof.FilterHash())
	for _, k := range vkeys {
		text += fmt.Sprintf("witness %s 0 -\n", k)
	}
	var err error
	if r.policy, err = proof.ParsePolicy([]byte(text)); err != nil {
		r.t.Fatal(err)
	}
}

// record appends events to several streams in turn, until there are size.
func (r *rig) record(size int) {
	r.t.Helper()
	for i := r.size(); i < size; i++ {
		stream := ledger.Stream{Category: "case", ID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i%5))}
		rec := ledgertest.Record(fmt.Sprintf("%s %d", r.word, i))
		rec.ID = uuid.NewSHA1(stream.ID, rec.Data)
		if _, err := r.store.Append(r.t.Context(), stream, ledger.Version(i/5), rec); err != nil {
			r.t.Fatal(err)
		}
	}
}

// begin makes the ledger another, of size events that say word.
func (r *rig) begin(word string, size int) {
	r.store, r.word = new(ledgertest.Store), word
	r.record(size)
}

func (r *rig) size() int {
	head, err := r.store.Head(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return int(head)
}

// open returns the notary as it starts, until the test ends or close is called.
func (r *rig) open(witnesses ...notary.Witness) (n *notary.Notary, close func()) {
	r.t.Helper()
	guard, err := notary.OpenGuard(filepath.Join(r.dir, "guard"), r.policy, r.signer)
	if err != nil {
		r.t.Fatal(err)
	}
	close = func() { guard.Close() }
	r.t.Cleanup(close)
	return notary.New(notary.Options{
		Log: r.store, Dir: r.dir, Guard: guard, Policy: r.policy, Witnesses: witnesses, Now: time.Now,
	}), close
}

// sign has n sign all there is, and returns what it published.
func (r *rig) sign(n *notary.Notary) notary.Published {
	r.t.Helper()
	if err := n.CatchUp(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
	p := n.Published()
	if p.Size != int64(r.size()) {
		r.t.Fatalf("%d of %d leaves were signed for", p.Size, r.size())
	}
	return p
}

// leaves returns the leaves, encoded from the events and not read from the tree.
func (r *rig) leaves() [][]byte {
	r.t.Helper()
	var out [][]byte
	for e, err := range r.store.ReadAll(r.t.Context(), 0) {
		if err != nil {
			r.t.Fatal(err)
		}
		out = append(out, e.AppendLeaf(nil, ledger.DigestOf(e.Data), ledger.DigestOf(e.Meta)))
	}
	return out
}

// A remote is a witness that the notary asks over HTTP, as the product does it.
type remote struct{ *witness.Client }

// Name implements [notary.Witness].
func (r remote) Name() string { return r.URL }

// Cosign implements [notary.Witness].
func (r remote) Cosign(ctx context.Context, oldSize int64, growth tlog.TreeProof, signed []byte) ([]byte, error) {
	lines, err := r.AddCheckpoint(ctx, oldSize, growth, signed)
	if conflict, ok := errors.AsType[*witness.SizeConflict](err); ok {
		return nil, &notary.StaleError{Size: conflict.Size}
	}
	return lines, err
}

// same reports whether a proof of ours is one of theirs, hash for hash.
func same[P ~[]tlog.Hash](ours P, theirs [][]byte) bool {
	if len(ours) != len(theirs) {
		return false
	}
	for i, h := range ours {
		if !bytes.Equal(h[:], theirs[i]) {
			return false
		}
	}
	return true
}

// raw returns a proof of ours as others take it.
func raw[P ~[]tlog.Hash](ours P) [][]byte {
	out := make([][]byte, len(ours))
	for i, h := range ours {
		out[i] = bytes.Clone(h[:])
	}
	return out
}
