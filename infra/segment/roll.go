package segment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"xinfang/domain/ledger"
)

// firstSize is the size of the first segment, in bytes. Each later one doubles
// the ledger, up to Options.SegmentSize, so that a small ledger is a small
// directory.
const firstSize = 4 << 20

// page is what the size of a segment is a multiple of.
const page = 4096

// blankStep is how many zeros are written and synced at once: few enough that the
// fdatasync of a batch need not wait long behind them.
const blankStep = 256 << 10

// A prepared is a segment without a name or a header: zeros, durable.
type prepared struct {
	out  *os.File // open for writing
	size int64
	err  error
}

// nextSize returns the size of the segment to come, which must hold need bytes
// of frames.
func (c *committer) nextSize(need int64) int64 {
	size := max(min(max(c.offset, firstSize), c.options.SegmentSize), headerSize+need)
	return (size + page - 1) &^ (page - 1)
}

// lookAhead has the next segment prepared in the background once the last one is
// half full.
func (c *committer) lookAhead() {
	f := c.files[len(c.files)-1]
	if c.next != nil || c.offset-f.base < f.size/2 {
		return
	}
	c.next = make(chan prepared, 1)
	go func(size int64, bulk bool, to chan<- prepared) { to <- c.prepare(size, bulk) }(c.nextSize(0), c.bulk, c.next)
}

// prepare makes a file of zeros under a name that nobody reads. A crash in here
// leaves that file; the next Open removes it.
//
// The zeros are written, not only set aside, and in small steps: so fdatasync of
// a batch will have no metadata to write, and the disk is never busy for long. For
// batches of thousands (bulk) that is not worth writing everything twice: there,
// zeros that the file system vouches for will do.
func (c *committer) prepare(size int64, bulk bool) prepared {
	p := prepared{size: size}
	if p.out, p.err = os.OpenFile(filepath.Join(c.dir, nextName), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644); p.err != nil {
		return p
	}
	disk := c.options.disk
	p.err = disk.allocate(p.out, size)
	at := int64(0)
	if info, err := p.out.Stat(); bulk && err == nil && info.Size() == size {
		at = size
		p.err = errors.Join(p.err, disk.flush(p.out))
	}
	for ; at < size && p.err == nil; at += blankStep {
		if p.err = disk.blank(p.out, at, min(at+blankStep, size)); p.err == nil {
			p.err = disk.flush(p.out)
		}
	}
	if p.err != nil {
		p.err = errors.Join(p.err, c.discard(p))
		p.out = nil
	}
	return p
}

// discard gives back the space of p.
func (c *committer) discard(p prepared) error {
	if p.out == nil {
		return nil
	}
	return errors.Join(p.out.Close(), os.Remove(filepath.Join(c.dir, nextName)))
}

// roll begins a new segment with room for need bytes of frames. On an error
// nothing was recorded; the error wraps [ledger.ErrRejected].
func (c *committer) roll(need int64) error {
	if size := c.nextSize(need); c.offset+size > maxOffset {
		return fmt.Errorf("the ledger in %s has %d bytes, as many as it can have: %w", c.dir, c.offset, ledger.ErrRejected)
	}
	// What a refused batch has left must not be sealed in.
	if err := c.clean(); err != nil {
		return c.refuse(err)
	}
	p, err := c.takeNext(need)
	if err == nil {
		err = c.begin(p)
	}
	if err != nil {
		return c.refuse(err)
	}
	if len(c.files) > 1 {
		c.snapshot()
	}
	return nil
}

// takeNext returns a prepared segment for need bytes. What was prepared in the
// background may have found no space when there was none, or be too small: then
// it prepares another.
func (c *committer) takeNext(need int64) (prepared, error) {
	if c.next != nil {
		p := <-c.next
		c.next = nil
		if p.err == nil && p.size >= headerSize+need || p.err != nil && !isFull(p.err) {
			return p, p.err
		}
		if err := c.discard(p); err != nil {
			return prepared{}, err
		}
	}
	p := c.prepare(c.nextSize(need), c.bulk)
	return p, p.err
}

// begin makes p the last segment, which seals the one before.
//
// A crash before the rename is durable leaves p without a name, and the segment
// before as the last one, with all that was acknowledged. A crash after it leaves
// an empty last segment with a whole header. No frame is written before that.
func (c *committer) begin(p prepared) (err error) {
	disk, temp := c.options.disk, filepath.Join(c.dir, nextName)
	h := header{first: c.head + 1, base: c.offset, size: p.size, prev: c.leaf}
	files := slices.Clone(c.files)
	if n := len(files); n > 0 && files[n-1].first == h.first {
		h.base, files = files[n-1].base, files[:n-1] // it is empty, and p takes its place
	}
	var in *os.File
	err = disk.put(p.out, h.encode(), 0)
	if err == nil {
		err = disk.flush(p.out)
	}
	if err == nil {
		in, err = os.Open(temp)
	}
	if err != nil {
		return errors.Join(err, c.discard(p))
	}
	path := filepath.Join(c.dir, segmentName(h.first))
	err = os.Rename(temp, path)
	if err == nil {
		err = disk.flushDir(c.dir)
	}
	if err != nil {
		// The new segment may have its name or not: writing on in the one before
		// could end up behind it.
		return diskFailure{errors.Join(err, in.Close(), p.out.Close())}
	}

	old := c.out
	c.mu.Lock()
	c.files = append(files, &file{File: in, path: path, header: h})
	c.offset = h.base + headerSize
	c.mu.Unlock()
	c.out = p.out
	if old != nil {
		if err := old.Close(); err != nil { // all in it is durable
			c.log.Warn("closing a sealed segment", "error", err)
		}
	}
	return nil
}

// snapshot has the index saved in the background, unless that is going on. It
// spares the next Open a scan and is otherwise owed to nobody.
func (c *committer) snapshot() {
	if c.saving != nil {
		select {
		case c.saved = <-c.saving:
		default:
			return
		}
	}
	c.saving = make(chan ledger.Position, 1)
	go func(saved ledger.Position, done chan<- ledger.Position) {
		head, _ := c.end()
		if err := c.writeSnapshot(); err != nil {
			c.log.Warn("the snapshot could not be saved; the next start will take longer", "dir", c.dir, "error", err)
			head = saved
		}
		done <- head
	}(c.saved, c.saving)
}
