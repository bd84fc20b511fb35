package segment

import (
	"errors"
	"fmt"
	"io"
	"os"

	"xinfang/domain/ledger"
)

// gatherAtOnce is how many entries are put into the index at once.
const gatherAtOnce = 4096

// A recovery is what Open has found.
type recovery struct {
	*walk                 // stands where the ledger ends
	torn  int64           // where the remains of a torn batch end, in the last segment
	saved ledger.Position // that the snapshot has seen
}

// recover reads the snapshot and scans the end of the ledger: what came after
// the snapshot, and in any case the last segments, so that SegmentSize bytes are
// checked if there are as many. It changes nothing on disk. What it has read
// before an error can be used.
func (s *Store) recover() (r recovery, err error) {
	// First the snapshot, then the segments: if the ledger is being written, the
	// segments are then no older than the snapshot.
	snap, err := readSnapshot(s.dir)
	if err != nil {
		if !noSnapshot(err) {
			return r, err
		}
		if !errors.Is(err, os.ErrNotExist) {
			s.log.Warn("the snapshot cannot be used; scanning the whole ledger", "error", err)
		}
		snap = new(snapshot)
	}
	closeFiles(s.files)
	if s.files, err = openFiles(s.dir); err != nil {
		return r, err
	}
	from := max(0, holding(s.files, snap.at))
	for from > 0 && s.files[len(s.files)-1].base-s.files[from].base < s.options.SegmentSize {
		from--
	}
	r = recovery{walk: newWalk(s.files, from), saved: snap.upto}
	if !s.options.ReadOnly { // a reader never comes there
		r.spare = blockSize
	}
	s.index = snap.index
	err = s.scan(r.walk, snap)
	s.publish(r.head, r.leaf, r.recorded, r.offset())
	if err != nil {
		return r, err
	}
	if r.torn, err = r.judge(); err != nil {
		return r, err
	}
	if r.head < snap.upto {
		return r, r.damage(snap.longer())
	}
	return r, nil
}

// scan takes w to the end of the ledger and enters what snap does not have.
func (s *Store) scan(w *walk, snap *snapshot) error {
	for {
		enough, before := gatherAtOnce, w.head
		if snap.at > before { // stop there: a snapshot is taken between Appends
			enough = int(min(snap.at-before, gatherAtOnce))
		}
		got, err := w.gather(enough)
		if w.head == snap.at && w.leaf != snap.leaf || before < snap.at && snap.at < w.head {
			return w.damage(snap.differs())
		}
		for _, e := range got {
			if e.position > snap.at && !s.index.add(e) {
				return s.strange(e)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// strange returns what to report of an entry that does not follow from the
// entries before it.
func (s *Store) strange(e entry) *Damage {
	f := s.files[locate(s.files, e.offset)]
	return f.damage(e.offset-f.base, e.position, unlinked)
}

// damage returns what to report of the place where w stands.
func (w *walk) damage(reason ledger.Text) *Damage {
	if len(w.files) == 0 {
		return &Damage{File: segmentName(1), Position: 1, Reason: reason}
	}
	return w.files[w.i].damage(w.at, w.head+1, reason)
}

// settle makes the last segment fit to be written.
//
// It cuts a torn batch by making it zero, as if it had never been written, and
// writes the last whole batch again. That batch was in nobody's hands but the
// kernel's if the process was killed before its fdatasync, or if its fdatasync
// failed, after which the kernel may take pages for clean that never reached the
// disk. All earlier batches are durable, or there would be no later one. A crash
// in here leaves what there was before, or more zeros in the torn batch, and the
// next Open comes to the same end.
func (c *committer) settle(r recovery) error {
	f, disk := c.files[r.i], c.options.disk
	if r.torn > r.at {
		c.log.Warn("cutting a batch that a crash interrupted; nothing in it was acknowledged",
			"file", f.path, "offset", r.at, "bytes", r.torn-r.at, "after_position", int64(r.head))
	}
	buf := make([]byte, min(1<<20, r.at-r.batchStart))
	for at := r.batchStart; at < r.at; at += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), r.at-at)]
		if _, err := f.ReadAt(buf, at); err != nil {
			return fmt.Errorf("reading the last batch: %w", err)
		}
		if err := disk.put(c.out, buf, at); err != nil {
			return fmt.Errorf("writing the last batch again: %w", err)
		}
	}
	if err := c.cut(r.at, r.torn); err != nil {
		return fmt.Errorf("cutting a torn batch: %w", err)
	}
	if err := disk.flush(c.out); err != nil {
		return fmt.Errorf("making the end of the ledger durable: %w", err)
	}
	// The segment's name may be no older than the crash.
	return disk.flushDir(c.dir)
}
