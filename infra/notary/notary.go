// Package notary (公证) commits to the ledger in a form that others can check. It
// reads the local log like any projection, makes its leaves a Merkle tree, has a
// [Guard] sign the tree's root, and has witnesses (见证) cosign that.
//
// What it keeps, in one directory, is a C2SP tlog-tiles log:
//
//	checkpoint     the last signed checkpoint, with the cosignatures so far
//	witnessed      the last that a quorum of witnesses has cosigned
//	verified       the last that all of the ledger was found to be as signed
//	tile/…         hashes and leaves
//	checkpoint-sm3 the last of the SM3 tree (国密), if the policy wants SM2
//	sm3/hashes     that tree
//	guard/         the guard's memory
//
// All but the guard's memory can be made again from the ledger, and is when it
// does not fit. The tree never goes on from what it finds in its files unless that
// has the root that was signed; where the ledger itself has not, the notary stops
// and says which leaf differs ([proof.Finding]). It signs nothing then, which the
// witnesses see.
//
// At each step that makes something durable, a crash leaves:
//
//	tiles written, guard not       nobody signed them: they are written again, alike
//	guard written, no signature    the guard signs the same checkpoint again
//	signed, not published          likewise
//	published, not cosigned        it is submitted again
//	cosigned, the answer lost      likewise; the witness has it and cosigns again
package notary

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// Options says what a notary works with. Log, Dir, Guard, Policy and Now are
// required.
type Options struct {
	Log       ledger.Log
	Dir       string
	Guard     Signer
	Policy    *proof.Policy // by which it checks what it and the witnesses sign
	Witnesses []Witness

	// Interval is how long a new entry may wait for others to share a checkpoint; 0
	// is 200 ms. Liveness is how often the witnesses cosign when there is nothing
	// new; 0 is 1 minute.
	Interval, Liveness time.Duration

	Now    func() time.Time
	Logger *slog.Logger // nil discards

	disk disk // tests break it
}

// A Witness cosigns checkpoints. Its methods may be called concurrently.
type Witness interface {
	// Name says whose it is.
	Name() string

	// Cosign submits a signed checkpoint and the proof that it continues that of
	// oldSize leaves. It returns signature lines. The error is a [*StaleError] if
	// the witness has seen another size last, and a [*proof.Finding] FORK if it has
	// seen another history.
	Cosign(ctx context.Context, oldSize int64, growth tlog.TreeProof, signed []byte) ([]byte, error)
}

// A StaleError is a witness's answer that it has last seen a tree of another size.
type StaleError struct{ Size int64 }

// Error implements error.
func (e *StaleError) Error() string { return "the witness has seen another size last" }

// A Notary keeps the tree of one ledger.
type Notary struct {
	o    Options
	log  *slog.Logger
	tree tree

	// Whoever runs steps owns these; stepping sees to it that there is one.
	stepping sync.Mutex
	ready    bool     // start has succeeded
	tail     [][]byte // the leaves of the last entry bundle, if it is not full

	heads   heads   // guards itself
	anchors anchors // guards itself

	mu        sync.Mutex // guards what follows
	base      []byte     // the last checkpoint, with the guard's signatures alone
	published Published
	witnessed Published // the last with a quorum
	sm3       Published // of the SM3 tree
	seen      []sighting
	stopped   error
	audited   Pass
	followed  Pass
	anchored  time.Time     // what the last anchor says the time was
	forged    int           // how many entries pretend to be the notary's, as far as was audited
	changed   chan struct{} // closed and replaced when any of it changes
}

// A Published is a signed checkpoint as it can be had.
type Published struct {
	proof.Signed
	Note []byte // nil if there is none
}

// A sighting is what is known of one witness.
type sighting struct {
	size  int64 // that it has seen last
	at    time.Time
	lines []byte // that it has signed for size
	err   error
}

// New returns the notary of o. It does nothing until it is run.
func New(o Options) *Notary {
	if o.Interval == 0 {
		o.Interval = 200 * time.Millisecond
	}
	if o.Liveness == 0 {
		o.Liveness = time.Minute
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.disk.replace == nil {
		o.disk = realDisk
	}
	return &Notary{
		o: o, log: o.Logger, tree: tree{o.Dir, o.Log, o.disk}, seen: make([]sighting, len(o.Witnesses)), changed: make(chan struct{}),
	}
}

// Run signs what is recorded, until ctx is done. It returns a [*proof.Finding] if
// the ledger or the tree is not what was signed before, and nothing is signed any
// more.
func (n *Notary) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var cosigning sync.WaitGroup
	cosigning.Go(func() { n.cosign(ctx) })
	defer cosigning.Wait()
	defer cancel()
	for pause := n.o.Interval; ; {
		more, err := n.step(ctx)
		if err == nil && !more {
			err = n.o.Log.Wait(ctx, ledger.Position(n.Published().Size))
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case n.Status().Stopped != nil:
			return n.Status().Stopped
		case err != nil:
			// The disk is full, the guard is away: nothing is wrong with the ledger.
			n.log.WarnContext(ctx, "the notary could not sign; it tries again", "err", err)
			pause = min(2*pause, time.Minute)
		case more:
			continue
		default:
			pause = n.o.Interval
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// CatchUp signs all that is recorded now, and has it cosigned by the witnesses that
// answer. It may be called while Run runs.
func (n *Notary) CatchUp(ctx context.Context) error {
	for more := true; more; {
		var err error
		if more, err = n.step(ctx); err != nil {
			return err
		}
	}
	n.cosignOnce(ctx)
	return ctx.Err()
}

// Stop ends the signing for what somebody else has found, such as that the ledger's
// files are damaged. It is shown wherever the state of the notary is.
func (n *Notary) Stop(ctx context.Context, f *proof.Finding) { _ = n.stop(ctx, f) }

// stop notes why nothing more is signed, if err is a [*proof.Finding].
func (n *Notary) stop(ctx context.Context, err error) error {
	if _, ok := errors.AsType[*proof.Finding](err); !ok {
		return err
	}
	n.change(func() {
		if n.stopped == nil {
			n.stopped = err
			n.log.ErrorContext(ctx, "the notary has stopped: it signs nothing more", "err", err)
		}
	})
	return err
}

// change changes what mu guards, and tells those who wait for it.
func (n *Notary) change(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
	close(n.changed)
	n.changed = make(chan struct{})
}

// batch is how many leaves are signed for at once, at most.
const batch = 4096

// step signs for the next leaves, up to batch of them. It reports whether there
// may be more. After an error the next one starts anew; a finding ends it for good.
func (n *Notary) step(ctx context.Context) (more bool, err error) {
	n.stepping.Lock()
	defer n.stepping.Unlock()
	if err := n.Status().Stopped; err != nil {
		return false, err
	}
	defer func() {
		if err != nil {
			n.ready, err = false, n.stop(ctx, err)
		}
	}()
	if !n.ready {
		if err := n.start(ctx); err != nil {
			return false, err
		}
		n.ready = true
		if err := n.Status().Stopped; err != nil {
			return false, err
		}
	}
	old, err := n.o.Guard.Last(ctx)
	if err != nil {
		return false, err
	}
	leaves, err := n.tree.leaves(ctx, old, old.Size, batch)
	if err != nil || len(leaves) == 0 {
		return false, err
	}
	g, err := n.tree.grow(old, n.tail, leaves)
	if err != nil {
		return false, err
	}
	if err := n.tree.save(&g); err != nil {
		return false, err
	}
	growth, err := g.proof()
	if err != nil {
		return false, err
	}
	if err := n.sign(ctx, g.new, growth); err != nil {
		return false, err
	}
	n.tail = g.tail()
	return len(leaves) == batch, nil
}

// sign has c signed and publishes it, and then the SM3 tree of its size.
func (n *Notary) sign(ctx context.Context, c proof.Checkpoint, growth tlog.TreeProof) error {
	if err := n.Status().Stopped; err != nil { // a witness may have answered meanwhile
		return err
	}
	signed, err := n.o.Guard.Sign(ctx, c, growth)
	if err != nil {
		return err
	}
	n.change(func() { n.base = signed })
	if err := n.publish(signed); err != nil {
		return err
	}
	return n.signSM3(ctx, c)
}

// publish makes signed the checkpoint to be had, unless there is a larger one or
// one with more cosignatures. What the policy does not believe is an error.
func (n *Notary) publish(signed []byte) error {
	s, err := n.o.Policy.Open(signed)
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	made := Published{s, signed}
	if s.Witnessed && s.Size >= n.witnessed.Size && !bytes.Equal(signed, n.witnessed.Note) {
		// A crash in here leaves the one before: this one is cosigned again.
		if err := n.o.disk.replace(n.path("witnessed"), signed, 0o644); err != nil {
			return err
		}
		n.witnessed = made
	}
	if p := n.published; s.Size < p.Size || s.Size == p.Size && len(s.Cosigned) < len(p.Cosigned) || bytes.Equal(signed, p.Note) {
		return nil
	}
	// A crash in here leaves the checkpoint before, or this one.
	if err := n.o.disk.replace(n.path("checkpoint"), signed, 0o644); err != nil {
		return err
	}
	if err := n.o.disk.syncDir(n.o.Dir); err != nil {
		return err
	}
	n.published = made
	close(n.changed)
	n.changed = make(chan struct{})
	return nil
}

func (n *Notary) path(name string) string { return filepath.Join(n.o.Dir, name) }
