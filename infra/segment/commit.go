package segment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"

	"xinfang/domain/ledger"
)

// A committer gives positions and writes. Its run goroutine owns all of its
// fields but queue and regressions; close owns them once run has returned.
type committer struct {
	*Store
	queue       queue
	regressions atomic.Int64

	lock    *os.File      // the ledger's, held
	out     *os.File      // the last segment, open for writing; nil if there is none
	next    chan prepared // gives the segment after it; nil if nobody prepares one
	batch   []byte        // scratch space, for what is written
	scratch []byte        // scratch space, for leaves
	touched map[ledger.Stream]struct{}
	bulk    bool                 // the last batch was a large one
	dirty   int64                // where in the last segment the remains of a refused batch end; 0 if there are none
	broken  error                // why nothing is written any more
	saved   ledger.Position      // that the snapshot on disk has seen
	saving  chan ledger.Position // gives saved when the snapshot in the background is done; nil if there was none
	done    chan struct{}        // closed when run returns
}

// maxBatch is how many bytes the committer copies into one write. An Append that
// is larger is a batch of its own, and is not copied.
const maxBatch = 4 << 20

// bulkBatch is how many bytes make a batch large.
const bulkBatch = 256 << 10

// openForWriting takes the lock, recovers the ledger and starts the committer.
func (s *Store) openForWriting() (err error) {
	if s.options.Now == nil {
		return errors.New("no clock (Options.Now)")
	}
	if err := s.options.disk.makeDir(filepath.Clean(s.dir)); err != nil {
		return err
	}
	lock, err := lockDir(s.dir)
	if err != nil {
		return err
	}
	c := &committer{
		Store:   s,
		queue:   newQueue(),
		lock:    lock,
		touched: make(map[ledger.Stream]struct{}),
		done:    make(chan struct{}),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.release())
		}
	}()
	for _, temp := range []string{nextName, snapshotTemp} {
		if err := os.Remove(filepath.Join(s.dir, temp)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	r, err := s.recover()
	if err != nil {
		return err
	}
	c.saved = r.saved
	if len(s.files) > 0 {
		if c.out, err = os.OpenFile(s.files[r.i].path, os.O_RDWR, 0); err != nil {
			return err
		}
		if err := c.settle(r); err != nil {
			return err
		}
	}
	s.committer = c
	go c.run()
	return nil
}

// run commits until the queue is closed.
func (c *committer) run() {
	defer close(c.done)
	for {
		waiting, answered := c.queue.take()
		if len(waiting) == 0 {
			return
		}
		c.commitAll(waiting)
		close(answered)
	}
}

// commitAll commits all of waiting, in as many batches as needed.
func (c *committer) commitAll(waiting []*request) {
	for len(waiting) > 0 {
		n := c.fitting(waiting)
		if n == 0 {
			// There is no room in the last segment for the first one.
			if err := c.roll(int64(len(waiting[0].frames))); err != nil {
				waiting[0].err = err
				waiting = waiting[1:] // a smaller one may still have room
			}
			continue
		}
		c.commit(waiting[:n])
		waiting = waiting[n:]
	}
}

// fitting returns how many of waiting make up the next batch: as many as there
// is room for in the last segment, up to maxBatch bytes.
func (c *committer) fitting(waiting []*request) (n int) {
	if c.broken != nil {
		return len(waiting) // commit says so
	}
	if c.out == nil {
		return 0
	}
	f := c.files[len(c.files)-1]
	room, size := f.base+f.size-c.offset, int64(0)
	for n < len(waiting) {
		size += int64(len(waiting[n].frames))
		if size > room || n > 0 && size > maxBatch {
			break
		}
		n++
	}
	return n
}

// commit gives the requests of one batch their positions, makes them durable and
// publishes them. Their err says what became of them.
func (c *committer) commit(requests []*request) {
	if c.broken != nil {
		for _, r := range requests {
			r.err = fmt.Errorf("%w: %w", c.broken, ledger.ErrRejected)
		}
		return
	}
	first, offset, recorded := c.head+1, c.offset, c.recorded
	next, live, leaf := first, requests[:0:0], c.leaf
	clear(c.touched)
	asked, adopted := false, false // whether the clock was asked; whether an Adopt is in the batch
	for _, r := range requests {
		if r.err = c.late(r, next, adopted); r.err != nil {
			continue
		}
		switch {
		case r.adopts:
			adopted, recorded = true, r.envelopes[len(r.envelopes)-1].Recorded
		case !asked:
			asked, recorded = true, max(recorded, c.clock())
		}
		c.touched[r.stream] = struct{}{}
		leaf, c.scratch = r.seal(next, first, offset, recorded, c.scratch)
		next += ledger.Position(len(r.envelopes))
		offset += int64(len(r.frames))
		live = append(live, r)
	}
	if len(live) == 0 {
		return
	}
	b := c.join(live)
	c.bulk = len(b) >= bulkBatch
	if err := c.persist(b); err != nil {
		for _, r := range live {
			r.err = err
		}
		return
	}
	// Durable. A crash from here on loses at most the answer.
	c.mu.Lock()
	at := c.offset
	for _, r := range live {
		at = c.index.append(r, at)
		c.tails.note(r)
	}
	c.recent.add(first, c.offset)
	c.publish(next-1, leaf, recorded, offset)
	c.mu.Unlock()
	c.lookAhead()
}

// late returns an error if r, whose first frame would get position next, comes too
// late.
func (c *committer) late(r *request, next ledger.Position, adopted bool) error {
	if r.adopts {
		if next-1 != r.after {
			return fmt.Errorf("the ledger has moved on from position %d while it was adopting: something else writes to it: %w", r.after, ledger.ErrRejected)
		}
		return nil
	}
	// Of two Appends to one stream the second is too late, for its caller cannot
	// have seen the first. It is told after the first is acknowledged: earlier, it
	// would try again for nothing.
	_, touched := c.touched[r.stream]
	if touched || adopted || c.index.place(r.stream).version() != r.expected {
		return fmt.Errorf("%v has moved on from version %d: %w", r.stream, r.expected, ledger.ErrConflict)
	}
	return nil
}

// join returns the frames of requests, one after the other.
func (c *committer) join(requests []*request) []byte {
	if len(requests) == 1 {
		return requests[0].frames
	}
	c.batch = c.batch[:0]
	for _, r := range requests {
		c.batch = append(c.batch, r.frames...)
	}
	return c.batch
}

// clock returns the time to record, which never runs backwards.
func (c *committer) clock() ledger.Ticks {
	now := ledger.TicksOf(c.options.Now())
	if now < c.recorded {
		c.regressions.Add(1)
		return c.recorded
	}
	return now
}

// persist writes b where the ledger ends, and returns once it is durable.
//
// A crash in here leaves all of b, some sectors of it, or none. The next Open
// cuts what is not whole, from the first Append that is not.
func (c *committer) persist(b []byte) error {
	if err := c.clean(); err != nil {
		return c.refuse(err)
	}
	at := c.offset - c.files[len(c.files)-1].base
	if list := thin(b, at); len(list) > 0 { // they come last, see foreign
		if err := c.write(without(b, list), at); err != nil {
			return err
		}
	}
	return c.write(b, at)
}

// write writes b at offset at of the last segment, and returns once it is durable.
func (c *committer) write(b []byte, at int64) error {
	disk := c.options.disk
	err := disk.put(c.out, b, at)
	if isFull(err) {
		// Space was set aside for the segment, but some file systems need new
		// space to overwrite. Make it, durably, as if nothing had been written, so
		// that "rejected" stays true after a crash.
		c.dirty = at + int64(len(b))
		cleaning := c.clean()
		switch {
		case cleaning == nil:
			return c.refuse(err)
		case isFailure(cleaning):
			return c.fail(cleaning)
		}
		return fmt.Errorf("%w: %w", errUnknown, err)
	}
	if err == nil {
		err = disk.flush(c.out)
	}
	if err != nil {
		return c.fail(err)
	}
	return nil
}

// clean makes zero again what a refused batch may have left behind the end of
// the ledger.
func (c *committer) clean() error {
	if c.dirty == 0 {
		return nil
	}
	disk, at := c.options.disk, c.offset-c.files[len(c.files)-1].base
	if err := c.cut(at, c.dirty); err != nil {
		return err
	}
	if err := disk.flush(c.out); err != nil {
		return diskFailure{err}
	}
	c.dirty = 0
	return nil
}

// cut makes the last segment zero from one offset to another: first what only the
// rest shows to be part of a batch, see [foreign]. The caller flushes.
func (c *committer) cut(from, to int64) error {
	if from >= to {
		return nil
	}
	disk, b := c.options.disk, make([]byte, to-from)
	if _, err := c.out.ReadAt(b, from); err != nil {
		return diskFailure{err}
	}
	list := thin(b, from)
	for _, s := range list {
		if err := disk.blank(c.out, from+int64(s[0]), from+int64(s[1])); err != nil {
			return err
		}
	}
	if len(list) > 0 {
		if err := disk.flush(c.out); err != nil {
			return diskFailure{err}
		}
	}
	return disk.blank(c.out, from, to)
}

var errUnknown = errors.New("the entry may have been recorded or not")

// refuse returns what to tell those of whose entries nothing was written because
// of err. It is the end of all writing, unless the disk is only full.
func (c *committer) refuse(err error) error {
	if isFailure(err) {
		return fmt.Errorf("%w: %w", c.breakDown(err), ledger.ErrRejected)
	}
	if isFull(err) {
		return fmt.Errorf("%w: %w", full(c.dir, err), ledger.ErrRejected)
	}
	return fmt.Errorf("beginning a new segment: %w: %w", err, ledger.ErrRejected)
}

// fail returns what to tell those whose entries were being written when the disk
// failed: they may be there or not.
func (c *committer) fail(err error) error { return fmt.Errorf("%w: %w", errUnknown, c.breakDown(err)) }

// breakDown stops all writing for good. There is no second try: after a failed
// fdatasync, the kernel answers the next one as if all were well.
func (c *committer) breakDown(err error) error {
	c.broken = broken(c.dir, err)
	c.log.Error("the disk failed to write; the ledger takes no more entries", "dir", c.dir, "error", err)
	return c.broken
}

// close stops the committer and gives back what it holds.
func (c *committer) close() error {
	if !c.queue.close() {
		return ErrClosed
	}
	<-c.done
	if c.saving != nil {
		c.saved = <-c.saving
	}
	var err error
	if c.broken == nil && c.saved != c.head {
		err = c.writeSnapshot()
	}
	return errors.Join(err, c.release())
}

// release gives back what the committer holds. It ends with the lock.
func (c *committer) release() error {
	var err error
	if c.next != nil {
		err = c.discard(<-c.next)
	}
	if c.out != nil {
		err = errors.Join(err, c.out.Close())
	}
	return errors.Join(err, c.lock.Close())
}
