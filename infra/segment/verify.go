package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strings"

	"xinfang/domain/ledger"
)

// A Report says what [Verify] has found.
type Report struct {
	Events   int64           // that were checked and are good
	OK       bool            // whether that is all of the ledger
	FirstBad ledger.Position // the first that is not good; 0 if OK
	Problem  ledger.Text     // what is wrong there, where, and what to do; nothing if OK
}

// Verify checks all that the ledger in dir can show of itself: every checksum,
// every leaf hash, every link to the stream's previous leaf, versions and
// positions without gap, time that does not run backwards, the back pointers and
// the seams between segments, and that nothing stands where nothing was written. It
// needs neither index nor lock, so another process
// may be writing: what is being written is left out.
//
// It cannot show that the ledger was not rewritten as a whole, or cut at the end:
// that is for the notary's signed checkpoints.
//
// progress, if not nil, is called now and then with the bytes done and the bytes
// in all. The error says that the ledger could not be read, not that it is bad.
func Verify(ctx context.Context, dir string, progress func(done, total int64)) (Report, error) {
	c, err := NewCheck(dir)
	if err != nil {
		return Report{}, err
	}
	return c.Finish(ctx, progress)
}

// A Check is a run of [Verify] for whoever wants the envelopes as they are checked. It
// may be used by one goroutine at a time.
type Check struct {
	dir string
	a   audit
	err error // that ended it
}

// NewCheck begins to verify the ledger in dir.
func NewCheck(dir string) (*Check, error) {
	snap, err := readSnapshot(dir) // before the segments, see recover
	if err != nil {
		if !noSnapshot(err) {
			return nil, fmt.Errorf("verifying the ledger in %s: %w", dir, err)
		}
		snap = new(snapshot)
	}
	files, cut := openFiles(dir)
	snap.index = index{} // not to be trusted here
	c := &Check{dir: dir, a: audit{walk: newWalk(files, 0), snap: snap, cut: cut}}
	c.a.spare = math.MaxInt64
	return c, nil
}

// Envelopes yields the envelopes from where the check stands on, each once it was
// found to be what its leaf says. What one holds is good until the next. It may be left
// early. The error is a [*Damage], or says that the ledger could not be read.
func (c *Check) Envelopes(ctx context.Context, progress func(done, total int64)) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for c.err == nil {
			var e *ledger.Envelope
			if e, c.err = c.a.run(ctx, progress); c.err == nil && !yield(*e, nil) {
				return
			}
		}
		if !errors.Is(c.err, io.EOF) {
			yield(ledger.Envelope{}, c.err)
		}
	}
}

// Finish checks what is left, and returns what was found, as [Verify] does. It ends the
// check.
func (c *Check) Finish(ctx context.Context, progress func(done, total int64)) (Report, error) {
	defer closeFiles(c.a.files)
	for c.err == nil {
		_, c.err = c.a.run(ctx, progress)
	}
	report := Report{Events: int64(c.a.good), OK: errors.Is(c.err, io.EOF)}
	if bad := (*Damage)(nil); errors.As(c.err, &bad) {
		report.FirstBad, report.Problem = bad.Position, bad.Say()
		return report, nil
	}
	if !report.OK {
		return report, fmt.Errorf("verifying the ledger in %s: %w", c.dir, c.err)
	}
	return report, nil
}

// An audit is one run of Verify.
type audit struct {
	*walk
	chain ledger.Chain
	last  ledger.Envelope
	index index
	names names
	good  ledger.Position // the last one of a whole Append
	snap  *snapshot       // what the snapshot has seen; its index is not used
	cut   error           // why there are no more files, if that is not right
	odd   ledger.Position // where the end looked odd, once
}

// auditStep is how many positions are checked between looks at the context.
const auditStep = 4096

// run checks up to the next envelope, and returns it. Its error is [io.EOF] where the
// ledger ends as it should.
func (a *audit) run(ctx context.Context, progress func(done, total int64)) (*ledger.Envelope, error) {
	if a.head%auditStep == 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if n := len(a.files); progress != nil && n > 0 {
			progress(a.offset(), a.files[n-1].base+a.files[n-1].size)
		}
	}
	for {
		e, err := a.step()
		if e != nil || err != nil {
			return e, err
		}
	}
}

// step checks the next frame. It returns nil where the ledger seems to end and has to be
// looked at again, and [io.EOF] where it ends.
func (a *audit) step() (*ledger.Envelope, error) {
	fr, offset, err := a.next()
	if errors.Is(err, io.EOF) {
		return nil, a.end()
	}
	if err != nil {
		return nil, err
	}
	a.last = fr.envelope(&a.names)
	e := &a.last
	f := a.files[a.i]
	if err := a.chain.Next(*e); err != nil {
		why := strings.TrimPrefix(err.Error(), fmt.Sprintf("position %d: ", e.Position))
		return nil, f.damage(offset-f.base, e.Position, ledger.Text{ZH: "条目被改动，或与哈希链不符", EN: why})
	}
	if !a.index.add(entry{e.Stream, e.Position, e.Version, offset, fr.back()}) {
		return nil, f.damage(offset-f.base, e.Position, unlinked)
	}
	if e.Position == a.snap.at && e.Leaf != a.snap.leaf {
		return nil, f.damage(offset-f.base, e.Position, a.snap.differs())
	}
	if fr.rest() == 0 {
		a.good = e.Position
	}
	return e, nil
}

// end says whether the ledger may end where a stands: [io.EOF]. It returns nil if there
// may be more after all.
func (a *audit) end() error {
	if a.cut != nil {
		return a.cut
	}
	a.stop = a.cursor
	_, err := a.judge()
	if err != nil && a.odd <= a.head {
		a.odd = a.head + 1
		return nil // look again: it may have been written this instant
	}
	if err != nil {
		return err
	}
	if a.good < a.snap.upto {
		return a.damage(a.snap.longer())
	}
	return io.EOF
}
