package proof_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

const origin = "ledger.example.gov.cn/petition"

// seeded returns random bytes that are the same each time.
func seeded(seed string) io.Reader { return rand.NewChaCha8(sha256.Sum256([]byte(seed))) }

// private returns a key that is the same each time.
func private(seed string) ed25519.PrivateKey {
	sum := sha256.Sum256([]byte(seed))
	return ed25519.NewKeyFromSeed(sum[:])
}

// logKey returns a key that signs notes.
func logKey(t testing.TB, name, seed string) (signer note.Signer, vkey string) {
	t.Helper()
	return logKeyFrom(t, name, seeded(seed))
}

// logKeyFrom returns a key that signs notes, made of random bytes.
func logKeyFrom(t testing.TB, name string, random io.Reader) (signer note.Signer, vkey string) {
	t.Helper()
	skey, vkey, err := note.GenerateKey(random, name)
	if err != nil {
		t.Fatal(err)
	}
	if signer, err = note.NewSigner(skey); err != nil {
		t.Fatal(err)
	}
	return signer, vkey
}

// witnessKey returns a key that cosigns, by the clock of the machine.
func witnessKey(t testing.TB, name, seed string) (signer note.Signer, vkey string) {
	t.Helper()
	s, err := torchwood.NewCosignatureSigner(name, private(seed))
	if err != nil {
		t.Fatal(err)
	}
	return s, s.Verifier().String()
}

// A world is a ledger of three cases, its tree, its keys, and a policy.
type world struct {
	leaves   [][]byte
	stored   []tlog.Hash
	a, b     note.Signer // log keys; both count from 40 to 60
	w1, w2   note.Signer // witnesses
	aV, bV   string
	w1V, w2V string
	policy   *proof.Policy
}

func newWorld(t testing.TB, size int) *world {
	t.Helper()
	w := &world{}
	w.a, w.aV = logKey(t, origin, "log a")
	w.b, w.bV = logKey(t, origin, "log b")
	w.w1, w.w1V = witnessKey(t, "inspection.example.gov.cn/w1", "witness 1")
	w.w2, w.w2V = witnessKey(t, "audit.example.gov.cn/w2", "witness 2")
	w.policy = mustParse(t, w.lines(2))
	versions, prev := map[ledger.Stream]ledger.Version{}, map[ledger.Stream]ledger.Hash{}
	for i := range size {
		s := stream(i % 3)
		versions[s]++
		e := ledger.Envelope{
			Position: ledger.Position(i + 1), Stream: s, Version: versions[s],
			Origin: ledger.Origin{Commit: uint64(i + 1), Prepare: uint64(i + 1)}, Recorded: ledger.Ticks(i),
			Record: ledger.Record{ID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i)), Type: "PetitionReceived", Data: []byte("{}"), Meta: []byte("{}")},
			Prev:   prev[s],
		}
		leaf := e.AppendLeaf(nil, ledger.DigestOf(e.Data), ledger.DigestOf(e.Meta))
		prev[s] = ledger.LeafHash(leaf)
		w.leaves = append(w.leaves, leaf)
		more, err := tlog.StoredHashes(int64(i), leaf, w)
		if err != nil {
			t.Fatal(err)
		}
		w.stored = append(w.stored, more...)
	}
	return w
}

// lines returns the text of the world's policy.
func (w *world) lines(quorum int) string {
	return fmt.Sprintf("version 3\norigin %s\nlogkey %s 0 60\nlogkey %s 40 -\nwitness %s 0 -\nwitness %s 0 -\nquorum %d\nfilter %s\n",
		origin, w.aV, w.bV, w.w1V, w.w2V, quorum, proof.FilterHash())
}

func (w *world) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		out[i] = w.stored[x]
	}
	return out, nil
}

func (w *world) at(t testing.TB, size int64) proof.Checkpoint {
	t.Helper()
	root, err := tlog.TreeHash(size, w)
	if err != nil {
		t.Fatal(err)
	}
	return proof.Checkpoint{Origin: origin, Size: size, Root: ledger.Hash(root)}
}

// inclusion returns the proof of the leaf at index in the tree of size.
func (w *world) inclusion(t testing.TB, size, index int64) tlog.RecordProof {
	t.Helper()
	p, err := tlog.ProveRecord(size, index, w)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (w *world) growth(t testing.TB, later, earlier int64) tlog.TreeProof {
	t.Helper()
	p, err := tlog.ProveTree(later, earlier, w)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// stream returns the i-th of the cases.
func stream(i int) ledger.Stream {
	return ledger.Stream{Category: "case", ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i))}
}

func mustParse(t testing.TB, text string) *proof.Policy {
	t.Helper()
	p, err := proof.ParsePolicy([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sign(t testing.TB, text string, signers ...note.Signer) []byte {
	t.Helper()
	signed, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// mustFind checks the verdict of err. A finding is one in both languages, which no
// format has spoilt.
func mustFind(t testing.TB, err error, want proof.Verdict) {
	t.Helper()
	if got := proof.VerdictOf(err); got != want {
		t.Errorf("%s, want %s (%v)", got, want, err)
	}
	if err == nil {
		return
	}
	f, ok := errors.AsType[*proof.Finding](err)
	if !ok {
		t.Errorf("%v is no finding", err)
		return
	}
	if said := f.Say(); strings.Contains(said.ZH+said.EN, "%!") || f.Text.ZH == "" || f.Text.EN == "" {
		t.Errorf("the finding says %q, %q", said.ZH, said.EN)
	}
}

// atOnce fails the test if f takes more than a few seconds: the arithmetic of trees
// never ends for some sizes.
func atOnce(t testing.TB, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("it does not return")
	}
}
