package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	snap, err := readSnapshot(dir) // before the segments, see recover
	if err != nil {
		if !noSnapshot(err) {
			return Report{}, fmt.Errorf("verifying the ledger in %s: %w", dir, err)
		}
		snap = new(snapshot)
	}
	files, cut := openFiles(dir)
	defer func() { closeFiles(files) }()
	snap.index = index{} // not to be trusted here
	a := audit{walk: newWalk(files, 0), snap: snap, cut: cut}
	a.spare = math.MaxInt64
	err = a.run(ctx, progress)
	report := Report{Events: int64(a.good), OK: err == nil}
	if bad := (*Damage)(nil); errors.As(err, &bad) {
		report.FirstBad, report.Problem = bad.Position, bad.Say()
		return report, nil
	}
	if err != nil {
		return report, fmt.Errorf("verifying the ledger in %s: %w", dir, err)
	}
	return report, nil
}

// An audit is one run of Verify.
type audit struct {
	*walk
	chain ledger.Chain
	index index
	names names
	good  ledger.Position // the last one of a whole Append
	snap  *snapshot       // what the snapshot has seen; its index is not used
	cut   error           // why there are no more files, if that is not right
	odd   ledger.Position // where the end looked odd, once
}

// auditStep is how many positions are checked between looks at the context.
const auditStep = 4096

func (a *audit) run(ctx context.Context, progress func(done, total int64)) error {
	total := int64(0)
	if n := len(a.files); n > 0 {
		total = a.files[n-1].base + a.files[n-1].size
	}
	for {
		if a.head%auditStep == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			if progress != nil {
				progress(a.offset(), total)
			}
		}
		more, err := a.step()
		if err != nil || !more {
			return err
		}
	}
}

// step checks the next frame. It reports false where the ledger ends.
func (a *audit) step() (bool, error) {
	fr, offset, err := a.next()
	if errors.Is(err, io.EOF) {
		return a.end()
	}
	if err != nil {
		return false, err
	}
	e := fr.envelope(&a.names)
	f := a.files[a.i]
	if err := a.chain.Next(e); err != nil {
		why := strings.TrimPrefix(err.Error(), fmt.Sprintf("position %d: ", e.Position))
		return false, f.damage(offset-f.base, e.Position, ledger.Text{ZH: "与哈希链不符（" + why + "）", EN: why})
	}
	if !a.index.add(entry{e.Stream, e.Position, e.Version, offset, fr.back()}) {
		return false, f.damage(offset-f.base, e.Position, unlinked)
	}
	if e.Position == a.snap.at && e.Leaf != a.snap.leaf {
		return false, f.damage(offset-f.base, e.Position, a.snap.differs())
	}
	if fr.rest() == 0 {
		a.good = e.Position
	}
	return true, nil
}

// end says whether the ledger may end where a stands. It reports true if there
// may be more after all.
func (a *audit) end() (bool, error) {
	if a.cut != nil {
		return false, a.cut
	}
	a.stop = a.cursor
	_, err := a.judge()
	if err != nil && a.odd <= a.head {
		a.odd = a.head + 1
		return true, nil // look again: it may have been written this instant
	}
	if err != nil {
		return false, err
	}
	if a.good < a.snap.upto {
		return false, a.damage(a.snap.longer())
	}
	return false, nil
}
