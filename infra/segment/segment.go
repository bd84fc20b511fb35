// Package segment keeps a ledger (台账) in append-only files on a local disk. It is
// the embedded [ledger.Store], and the [ledger.Replica] of a ledger elsewhere.
//
// # Files
//
// A ledger is a directory of segments, each named by the position of its first
// event: 00000000000000000001.seg. A segment is born with its full size, all
// zero, so that writing into it changes no metadata; the first has 4 MiB, later
// ones up to Options.SegmentSize. Only the last one is written. Once there is a
// next, a segment is sealed: it is never opened for writing again.
//
// All numbers are big-endian. A segment begins with a header of 512 bytes:
//
//	"xinfang segment\x01" 16 · first position 8 · base 8 · size of the file 8 ·
//	leaf hash of the position before the first 32 (zeros for position 1) ·
//	zeros · CRC-32C of the bytes before 4
//
// and holds frames, one for each event, back to back, each a multiple of 8 bytes
// long. The base is the global offset of the segment's first byte: offsets count
// through all segments as if each ended with its last frame. So a segment's
// frames end at the base of the next segment minus its own, and those of the last
// segment where the zeros begin. A frame is
//
//	  0  "XLF\x01"
//	  4  CRC-32C (Castagnoli) of the frame from byte 8 to its end
//	  8  length of the frame in bytes, all included                4
//	 12  flags: 1 if the data is not JSON                          2
//	 14  rest: how many more frames of the same Append follow      2
//	 16  position, from 1                                          8
//	 24  batch: position of the first frame of the same write      8
//	 32  back: global offset of the stream's previous frame, or 0  8
//	 40  version in the stream, from 1                             8
//	 48  commit, 56 prepare: the origin, see [ledger.Origin]     8+8
//	 64  recorded: 100 ns since 1970, UTC                          8
//	 72  event id                                                 16
//	 88  stream id                                                16
//	104  leaf hash of the stream's previous event, or zeros       32
//	136  leaf hash of this event, see [ledger.Envelope.AppendLeaf] 32
//	168  length of category 2, of type 2, of data 4, of meta 4
//	180  category · type · data · meta · zeros · "XLE\n"
//
// That is enough to read a ledger with fifty lines in any language. The file
// index.snapshot saves a scan when the ledger is opened and can be deleted; LOCK
// holds the process that has the ledger open for writing.
//
// # Writing
//
// One goroutine, the committer, gives positions and writes. While one batch
// syncs, the next fills: the size of a batch follows the load by itself. An
// Append is acknowledged, and seen by readers, after fdatasync; all of its frames
// are in one batch and one segment.
//
// If a write or an fdatasync fails, nothing is written any more ([ErrBroken]):
// what is then on disk is unknown, and asking a second time would only hear that
// all is well. If the disk is full, the Append is refused, nothing is lost, and
// the next one tries again.
//
// # After a crash
//
// The next Open reads the snapshot and the end of the ledger, cuts what was being
// written, and makes durable what it keeps; judge.go says how it tells a torn
// batch from damage, and spare.go what may stand where nothing was written. Damage
// is reported as [*Damage] and never repaired. Open reads the last
// Options.SegmentSize bytes at least, and the first 256 KiB after the end of each
// sealed segment among them; [Verify] reads all; and a read checks what it reads.
//
// What stays undetected is damage to what was never acknowledged: a change within
// the remains of a torn batch, or of 16 bytes or more in every sector that it
// touches behind the end of the last segment, which can look like such remains.
// The next Open for writing cuts it. And see judge.go of the last batch before a
// crash.
package segment

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"xinfang/domain/ledger"
)

// Options says how to open a ledger.
type Options struct {
	// Now is the ledger's clock, asked once for each batch. Required, unless
	// ReadOnly is set.
	Now func() time.Time

	// ReadOnly opens the ledger without locking or changing anything. Another
	// process may be writing to it: each read then sees all that is durable when
	// it starts.
	ReadOnly bool

	// SegmentSize is how large segments grow, in bytes, and how much of the end of
	// the ledger Open checks at least; 0 is 256 MiB. It may differ from one Open
	// to the next.
	SegmentSize int64

	// Logger hears of what is odd but no error: a torn batch that was cut, a
	// snapshot that could not be written. Nil is silence.
	Logger *slog.Logger

	disk disk
}

// ErrBroken reports that the disk has failed to write. The ledger takes nothing
// until it has been closed and opened again.
var ErrBroken = errors.New("the disk failed to write; the ledger takes no entries until the disk has been checked and the program started again")

// ErrInUse reports that another process has the ledger open for writing.
var ErrInUse = errors.New("the ledger is open for writing in another process")

// ErrClosed reports that the store has been closed.
var ErrClosed = errors.New("the ledger is closed")

// A Store is a [ledger.Store] in a directory. Its methods may be called
// concurrently.
type Store struct {
	dir     string
	options Options
	log     *slog.Logger

	// One of the two moves the ledger on, the other is nil.
	committer *committer
	follower  *follower

	adopting sync.Mutex // held by the Adopt that is going on
	adopted  adopted    // guarded by adopting
	spare    *request   // of the last Adopt, to be used again; guarded by adopting

	// mu guards the ledger as far as it is acknowledged. Only the committer or
	// the follower changes it, and so may read it without mu.
	mu       sync.RWMutex
	index    index
	files    []*file // replaced, never changed, so that a reader may keep it
	head     ledger.Position
	leaf     ledger.Hash // of head
	recorded ledger.Ticks
	offset   int64         // global, where the frame after head will begin
	recent   recent        // where the last batches begin
	tails    tails         // how streams end that were written to lately
	moved    chan struct{} // closed, and replaced, when head moves; nil if nobody waits
}

// Open opens the ledger in dir, for writing unless o says otherwise; then it
// makes dir, and an empty ledger in it, if there is none. It returns an error
// that wraps [ErrInUse] if another process has the ledger open for writing, and a
// [*Damage] if the ledger is damaged.
//
// A ledger whose frames are damaged can be opened read-only: every read then
// yields what is before the damage, and the damage.
func Open(dir string, o Options) (*Store, error) {
	if o.SegmentSize == 0 {
		o.SegmentSize = 256 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.disk = o.disk.orReal()
	s := &Store{dir: dir, options: o, log: o.Logger}
	open := s.openForWriting
	if o.ReadOnly {
		open = s.openReadOnly
	}
	if err := open(); err != nil {
		closeFiles(s.files)
		return nil, fmt.Errorf("opening the ledger in %s: %w", dir, err)
	}
	return s, nil
}

// Close stops the ledger, once what has been given to it is durable, and saves a
// snapshot. Reads that are going on fail.
func (s *Store) Close() error {
	var err error
	if s.committer != nil {
		err = s.committer.close()
	}
	s.mu.Lock()
	closeFiles(s.files)
	s.mu.Unlock()
	if err != nil {
		return fmt.Errorf("closing the ledger in %s: %w", s.dir, err)
	}
	return nil
}

// ClockRegressions returns how many batches the clock has given an earlier time
// than the batch before, since Open. They are recorded with that batch's time.
func (s *Store) ClockRegressions() int64 {
	if s.committer == nil {
		return 0
	}
	return s.committer.regressions.Load()
}

// publish lets readers see all up to head, and wakes those who wait for it. The
// caller holds mu.
func (s *Store) publish(head ledger.Position, leaf ledger.Hash, recorded ledger.Ticks, offset int64) {
	s.head, s.leaf, s.recorded, s.offset = head, leaf, recorded, offset
	if s.moved != nil {
		close(s.moved)
		s.moved = nil
	}
}

// end returns the last position and its leaf.
func (s *Store) end() (ledger.Position, ledger.Hash) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.head, s.leaf
}
