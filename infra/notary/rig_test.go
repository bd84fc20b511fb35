package notary

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/proof"
)

const origin = "ledger.example.gov.cn/petition"

// A rig is a ledger in memory and what its notary has on disk.
type rig struct {
	t         testing.TB
	store     *ledgertest.Store
	log       ledger.Log // store, or what was made of it
	dir       string
	signer    note.Signer
	further   []note.Signer // of other kinds
	policy    *proof.Policy
	witnesses []Witness
	carriedTo []Witness // by hand
	disk      disk
	streams   []ledger.Stream
	recorded  int
}

func newRig(t testing.TB, witnesses ...*judge) *rig {
	t.Helper()
	r := &rig{t: t, store: new(ledgertest.Store), dir: t.TempDir(), disk: realDisk}
	r.log = r.store
	secret, vkey, err := note.GenerateKey(rand.NewChaCha8([32]byte{1}), origin)
	if err != nil {
		t.Fatal(err)
	}
	if r.signer, err = note.NewSigner(secret); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("version 1\norigin %s\nlogkey %s 0 -\nquorum %d\nfilter %s\n", origin, vkey, len(witnesses), proof.FilterHash())
	for _, w := range witnesses {
		text += fmt.Sprintf("witness %s 0 -\n", w.signer.Verifier())
		r.witnesses = append(r.witnesses, w)
	}
	if r.policy, err = proof.ParsePolicy([]byte(text)); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		r.streams = append(r.streams, ledgertest.NewStream())
	}
	return r
}

// record appends n events, to several streams in turn.
func (r *rig) record(n int) {
	r.t.Helper()
	for range n {
		stream := r.streams[r.recorded%len(r.streams)]
		version := ledger.Version(r.recorded / len(r.streams))
		rec := ledgertest.Record(fmt.Sprint(r.recorded))
		rec.ID = uuid.NewSHA1(stream.ID, rec.Data)
		if _, err := r.store.Append(r.t.Context(), stream, version, rec); err != nil {
			r.t.Fatal(err)
		}
		r.recorded++
	}
}

// open returns the notary as it starts, and what ends it as a crash would.
func (r *rig) open() (*Notary, func()) {
	r.t.Helper()
	guard, err := OpenGuard(filepath.Join(r.dir, "guard"), r.policy, append([]note.Signer{r.signer}, r.further...)...)
	if err != nil {
		r.t.Fatal(err)
	}
	guard.disk = r.disk
	n := New(Options{
		Log: r.log, Dir: r.dir, Guard: guard, Policy: r.policy, Witnesses: r.witnesses,
		Interval: time.Millisecond, Now: time.Now, disk: r.disk,
	})
	return n, func() { guard.Close() }
}

// signed opens the notary, has it sign all there is, and ends it.
func (r *rig) signed() (Published, error) {
	r.t.Helper()
	n, end := r.open()
	defer end()
	err := n.CatchUp(r.t.Context())
	return n.Published(), err
}

// want returns the checkpoint of the first size entries, calculated at once.
func (r *rig) want(size int64) proof.Checkpoint {
	r.t.Helper()
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, x := range at {
			out[i] = stored[x]
		}
		return out, nil
	})
	for i := int64(0); i < size; i++ {
		env, err := ledger.At(r.t.Context(), r.store, ledger.Position(i+1))
		if err != nil {
			r.t.Fatal(err)
		}
		hashes, err := tlog.StoredHashesForRecordHash(i, tlog.Hash(env.Leaf), reader)
		if err != nil {
			r.t.Fatal(err)
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(size, reader)
	if err != nil {
		r.t.Fatal(err)
	}
	return proof.Checkpoint{Origin: origin, Size: size, Root: ledger.Hash(root)}
}

// An altered is a log of which some envelopes were changed, or that ends early.
type altered struct {
	ledger.Log
	at     ledger.Position
	change func(*ledger.Envelope)
	end    ledger.Position // 0 if as the log
}

func (a altered) Head(ctx context.Context) (ledger.Position, error) {
	head, err := a.Log.Head(ctx)
	if a.end > 0 {
		head = min(head, a.end)
	}
	return head, err
}

func (a altered) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for env, err := range a.Log.ReadAll(ctx, after) {
			if a.end > 0 && env.Position > a.end {
				return
			}
			if env.Position == a.at {
				a.change(&env)
			}
			if !yield(env, err) {
				return
			}
		}
	}
}

// A judge is a witness in memory, as C2SP tlog-witness has it.
type judge struct {
	signer *torchwood.CosignatureSigner
	last   proof.Checkpoint
	policy func() *proof.Policy
	silent bool
	garble bool
}

func newJudge(name string, seed byte) *judge {
	key := ed25519.NewKeyFromSeed(append(make([]byte, ed25519.SeedSize-1), seed))
	signer, err := torchwood.NewCosignatureSigner(name, key)
	if err != nil {
		panic(err)
	}
	return &judge{signer: signer}
}

func (j *judge) Name() string { return j.signer.Name() }

func (j *judge) Cosign(_ context.Context, oldSize int64, growth tlog.TreeProof, signed []byte) ([]byte, error) {
	if j.silent {
		return nil, errors.New("no answer")
	}
	s, err := j.policy().Open(signed)
	if err != nil {
		return nil, err
	}
	if oldSize != j.last.Size {
		return nil, &StaleError{j.last.Size}
	}
	if oldSize > 0 {
		if err := proof.CheckGrowth(growth, s.Checkpoint, j.last); err != nil {
			return nil, err
		}
	}
	j.last = s.Checkpoint
	n, err := note.Sign(&note.Note{Text: s.Text()}, j.signer)
	if j.garble {
		n[len(n)-10] ^= 1
	}
	return n[len(s.Text())+1:], err
}

// A failing is a disk that fails at one step for good: before it is done, so that
// the write is lost, or after, so that only the answer is.
type failing struct {
	step  int // counts down
	after bool
	broke bool
}

var errBroken = errors.New("the disk broke")

func (f *failing) disk() disk {
	do := func(work func() error) error {
		if f.broke {
			return errBroken
		}
		if f.step--; f.step > 0 {
			return work()
		}
		f.broke = true
		if f.after {
			if err := work(); err != nil {
				return err
			}
		}
		return errBroken
	}
	return disk{
		replace: func(path string, data []byte, mode fs.FileMode) error {
			return do(func() error { return realDisk.replace(path, data, mode) })
		},
		syncDir: func(dir string) error { return do(func() error { return realDisk.syncDir(dir) }) },
		writeAt: func(path string, data []byte, offset int64) error {
			if f.step == 1 && !f.broke && !f.after { // half of it
				_ = realDisk.writeAt(path, data[:len(data)/2], offset)
			}
			return do(func() error { return realDisk.writeAt(path, data, offset) })
		},
	}
}

// A slice is a log that only reads all.
type slice []ledger.Envelope

func (s slice) Head(context.Context) (ledger.Position, error) { return ledger.Position(len(s)), nil }
func (s slice) ReadAll(_ context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for _, e := range s[after:] {
			if !yield(e, nil) {
				return
			}
		}
	}
}
func (s slice) ReadStream(context.Context, ledger.Stream, ledger.Version) iter.Seq2[ledger.Envelope, error] {
	return func(func(ledger.Envelope, error) bool) {}
}
func (s slice) Streams(context.Context, string) iter.Seq2[ledger.StreamHead, error] {
	return func(func(ledger.StreamHead, error) bool) {}
}
func (s slice) Wait(ctx context.Context, _ ledger.Position) error {
	<-ctx.Done()
	return ctx.Err()
}

// many returns a log of n events of 600 bytes.
func (r *rig) many(n int) slice {
	all, prev := make(slice, 0, n), make(map[ledger.Stream]ledger.Hash)
	for i := range n {
		stream := r.streams[i%len(r.streams)]
		e := ledger.Envelope{
			Position: ledger.Position(i + 1), Stream: stream, Version: ledger.Version(i/len(r.streams) + 1), Recorded: ledger.Ticks(i),
			Origin: ledger.Origin{Commit: uint64(i + 1), Prepare: uint64(i + 1)}, Prev: prev[stream],
			Record: ledger.Record{Type: "Said", Data: make([]byte, 400), Meta: make([]byte, 200)},
		}.Seal()
		prev[stream] = e.Leaf
		all = append(all, e)
	}
	return all
}
