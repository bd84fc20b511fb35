package segment

import (
	"context"
	"fmt"
	"sync"

	"xinfang/domain/ledger"
)

// Append implements [ledger.Store]. Everything that needs no position is done
// here, in the caller's goroutine, so that the committer has little left to do.
func (s *Store) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := ledger.CheckAppend(stream, records); err != nil {
		return nil, err
	}
	if s.committer == nil {
		return nil, fmt.Errorf("%s is open read-only: %w", s.dir, ledger.ErrRejected)
	}
	s.mu.RLock()
	last, files := s.index.place(stream), s.files
	s.mu.RUnlock()
	if last.version() != expected {
		return nil, fmt.Errorf("%v is at version %d, not %d: %w", stream, last.version(), expected, ledger.ErrConflict)
	}
	if expected+ledger.Version(len(records)) > maxVersion {
		return nil, fmt.Errorf("%v has %d events and may have %d: %w", stream, expected, maxVersion, ledger.ErrRejected)
	}
	r := newRequest(stream, expected, records)
	if expected > 0 {
		fr, err := s.readFrame(files, last.offset(), stream, expected)
		if err != nil {
			return nil, fmt.Errorf("reading the end of %v: %w: %w", stream, err, ledger.ErrRejected)
		}
		r.prev, r.back = fr.leaf(), last.offset()
	}
	answered, err := s.committer.queue.add(r)
	if err != nil {
		return nil, err
	}
	select {
	case <-answered:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", errUnknown, ctx.Err())
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.envelopes, nil
}

// A request is one Append on its way. Whoever has it owns it: the caller until it
// is in the queue, then the committer, and the caller again once it is answered.
type request struct {
	stream    ledger.Stream
	expected  ledger.Version
	prev      ledger.Hash // leaf of version expected
	back      int64       // its global offset
	envelopes []ledger.Envelope
	digests   []digests
	frames    []byte // of all envelopes, to be sealed
	err       error
}

type digests struct{ data, meta ledger.Digest }

func newRequest(stream ledger.Stream, expected ledger.Version, records []ledger.Record) *request {
	r := &request{
		stream: stream, expected: expected,
		envelopes: make([]ledger.Envelope, len(records)),
		digests:   make([]digests, len(records)),
	}
	size := 0
	for _, rec := range records {
		size += frameSize(stream.Category, rec.Type, rec.Data, rec.Meta)
	}
	r.frames = make([]byte, 0, size)
	for i, rec := range records {
		e := &r.envelopes[i]
		e.Stream, e.Version, e.Record = stream, expected+ledger.Version(i)+1, rec
		r.digests[i] = digests{ledger.DigestOf(rec.Data), ledger.DigestOf(rec.Meta)}
		start := len(r.frames)
		r.frames = appendFrame(r.frames, e, len(records)-1-i)
		// The caller may reuse its slices, but keeps the envelope.
		data := start + atNames + len(stream.Category) + len(rec.Type)
		meta := data + len(rec.Data)
		e.Data, e.Meta = r.frames[data:meta:meta], r.frames[meta:meta+len(rec.Meta):meta+len(rec.Meta)]
	}
	return r
}

// seal gives r its place: its first frame gets position next, in a batch that
// begins at first, and the global offset. It returns the last leaf, and scratch
// for the next call.
func (r *request) seal(next, first ledger.Position, offset int64, recorded ledger.Ticks, scratch []byte) (ledger.Hash, []byte) {
	prev, back, frames := r.prev, r.back, r.frames
	for i := range r.envelopes {
		e := &r.envelopes[i]
		e.Position = next + ledger.Position(i)
		e.Origin = ledger.Origin{Commit: uint64(e.Position), Prepare: uint64(e.Position)}
		e.Recorded, e.Prev = recorded, prev
		scratch = e.AppendLeaf(scratch[:0], r.digests[i].data, r.digests[i].meta)
		e.Leaf = ledger.LeafHash(scratch)
		size := frameSize(r.stream.Category, e.Type, e.Data, e.Meta)
		frame(frames[:size]).seal(e, first, back)
		prev, back = e.Leaf, offset
		frames, offset = frames[size:], offset+int64(size)
	}
	return prev, scratch
}

// A queue is where requests wait for the committer. All that wait together are
// answered together.
type queue struct {
	mu       sync.Mutex
	waiting  []*request
	answered chan struct{} // closed once those waiting have their answer
	closed   bool
	wake     chan struct{} // holds a token if there is something to do
}

func newQueue() queue {
	return queue{answered: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// add puts r into the queue. r is the caller's again once the channel is closed.
func (q *queue) add(r *request) (answered <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, fmt.Errorf("%w: %w", ErrClosed, ledger.ErrRejected)
	}
	q.waiting = append(q.waiting, r)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return q.answered, nil
}

// take waits for requests and returns all of them. It returns none once the
// queue is closed and empty.
func (q *queue) take() ([]*request, chan struct{}) {
	for {
		<-q.wake
		q.mu.Lock()
		waiting, answered, closed := q.waiting, q.answered, q.closed
		if len(waiting) > 0 {
			q.waiting, q.answered = nil, make(chan struct{})
		}
		q.mu.Unlock()
		if len(waiting) > 0 || closed {
			return waiting, answered
		}
	}
}

// close lets nothing more in, and the committer out. It reports whether the queue
// was open.
func (q *queue) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return false
	}
	q.closed = true
	close(q.wake)
	return true
}
