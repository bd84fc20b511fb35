package segment

import (
	"context"
	"fmt"
	"runtime"
	"slices"
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
	if expected+ledger.Version(len(records)) > maxVersion {
		return nil, fmt.Errorf("%v has %d events and may have %d: %w", stream, expected, maxVersion, ledger.ErrRejected)
	}
	var before link
	version, err := s.lastOf(stream, &before)
	if err != nil {
		return nil, err
	}
	if version != expected {
		return nil, fmt.Errorf("%v is at version %d, not %d: %w", stream, version, expected, ledger.ErrConflict)
	}
	r := newRequest(stream, expected, records)
	r.before[0] = before
	if err := s.commit(ctx, r); err != nil {
		return nil, err
	}
	return r.envelopes, nil
}

// commit has the committer commit r, and waits for it.
func (s *Store) commit(ctx context.Context, r *request) error {
	answered, err := s.committer.queue.add(r)
	if err != nil {
		return err
	}
	select {
	case <-answered:
		return r.err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errUnknown, ctx.Err())
	}
}

// A request is one Append or one Adopt on its way. Whoever has it owns it: the
// caller until it is in the queue, then the committer, and the caller again once
// it is answered.
type request struct {
	stream   ledger.Stream // of an Append, which must be at version expected
	expected ledger.Version
	adopts   bool            // whether it is an Adopt, whose envelopes have their origin and time
	after    ledger.Position // the head that an Adopt continues

	envelopes []ledger.Envelope
	digests   []digests
	before    []link
	frames    []byte // of all envelopes, to be sealed
	err       error
}

type digests struct{ data, meta ledger.Digest }

// A link is where the frame before one in its stream is.
type link struct {
	own  int         // it is this one of the request's own, counted from 1; or 0
	leaf ledger.Hash // else, its leaf
	at   int64       // and its global offset
}

func newRequest(stream ledger.Stream, expected ledger.Version, records []ledger.Record) *request {
	envelopes := make([]ledger.Envelope, len(records))
	for i, rec := range records {
		envelopes[i] = ledger.Envelope{Stream: stream, Version: expected + ledger.Version(i) + 1, Record: rec}
	}
	r := &request{stream: stream, expected: expected, envelopes: envelopes, before: make([]link, len(records))}
	r.frame()
	for i := range r.before {
		r.before[i].own = i
	}
	return r
}

// frame makes the frames of r's envelopes, complete but for their places.
func (r *request) frame() {
	n, size := len(r.envelopes), 0
	for i := range r.envelopes {
		size += sizeOf(&r.envelopes[i])
	}
	r.digests, r.frames = slices.Grow(r.digests[:0], n)[:n], slices.Grow(r.frames[:0], size)
	for i := range r.envelopes {
		e, rest := &r.envelopes[i], 0
		if !r.adopts {
			rest = n - 1 - i
		}
		r.digests[i] = digests{ledger.DigestOf(e.Data), ledger.DigestOf(e.Meta)}
		start := len(r.frames)
		r.frames = appendFrame(r.frames, e, rest)
		// The caller may reuse its slices, but keeps the envelope.
		data := start + atNames + len(e.Stream.Category) + len(e.Type)
		meta := data + len(e.Data)
		e.Data, e.Meta = r.frames[data:meta:meta], r.frames[meta:meta+len(e.Meta):meta+len(e.Meta)]
	}
}

// seal gives r its place: its first frame gets position next, in a batch that
// begins at first, and the global offset. It returns the last leaf, and scratch
// for the next call.
func (r *request) seal(next, first ledger.Position, offset int64, recorded ledger.Ticks, scratch []byte) (ledger.Hash, []byte) {
	frames := r.frames
	for i := range r.envelopes {
		e, before := &r.envelopes[i], r.before[i]
		if before.own > 0 {
			before.leaf, before.at = r.envelopes[before.own-1].Leaf, r.before[before.own-1].at
		}
		e.Position, e.Prev = next+ledger.Position(i), before.leaf
		if !r.adopts {
			e.Origin = ledger.Origin{Commit: uint64(e.Position), Prepare: uint64(e.Position)}
			e.Recorded = recorded
		}
		scratch = e.AppendLeaf(scratch[:0], r.digests[i].data, r.digests[i].meta)
		e.Leaf = ledger.LeafHash(scratch)
		size := sizeOf(e)
		frame(frames[:size]).seal(e, first, before.at)
		r.before[i].at = offset // from here on, its own: those after it look here
		frames, offset = frames[size:], offset+int64(size)
	}
	return r.envelopes[len(r.envelopes)-1].Leaf, scratch
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
		q.gather()
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

// gather lets others run for as long as more requests come of it. Where the
// processors are busy, what is about to be asked for is asked for now, and shares
// this sync; where they are idle, it takes no time.
func (q *queue) gather() {
	for last := 0; ; {
		runtime.Gosched()
		q.mu.Lock()
		n := len(q.waiting)
		q.mu.Unlock()
		if n <= last {
			return
		}
		last = n
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
