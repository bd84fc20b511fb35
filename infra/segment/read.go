package segment

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"sort"
	"sync"

	"xinfang/domain/ledger"
)

// Head implements [ledger.Log].
func (s *Store) Head(ctx context.Context) (ledger.Position, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	err := s.refresh()
	head, _ := s.end()
	return head, err
}

// ReadAll implements [ledger.Log]. It reads in blocks of 256 KiB, and an envelope
// that is kept keeps its block in memory.
func (s *Store) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		trouble := s.refresh() // is told after what can be read
		var names names
		var e ledger.Envelope
		for sp := s.spanAfter(after); sp.next <= sp.last; {
			at := sp.next
			if at%64 == 0 || at == after+1 {
				if err := ctx.Err(); err != nil {
					yield(ledger.Envelope{}, fmt.Errorf("reading position %d: %w", at, err))
					return
				}
			}
			fr, err := sp.frame()
			if err != nil {
				yield(ledger.Envelope{}, err)
				return
			}
			if at <= after { // on the way from a mark
				continue
			}
			fr.decode(&e, &names)
			if !yield(e, nil) {
				return
			}
		}
		if trouble != nil {
			yield(ledger.Envelope{}, trouble)
		}
	}
}

// A span reads the frames of acknowledged positions in order.
type span struct {
	files      []*file
	i          int   // files[i] is being read
	at         int64 // where in it position next begins
	next, last ledger.Position
	end        int64 // where in the last segment position last ends
	r          reader
}

// spanAfter returns the span that begins at position after+1, or at an earlier
// one that is quickly found, and ends at the head.
func (s *Store) spanAfter(after ledger.Position) *span {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sp := &span{files: s.files, at: headerSize, next: 1, last: s.head}
	if after >= s.head || len(s.files) == 0 {
		sp.next = sp.last + 1
		return sp
	}
	sp.end = s.offset - s.files[len(s.files)-1].base
	offset, p := s.index.near(after + 1)
	if o, q := s.recent.near(after + 1); q > p {
		offset, p = o, q
	}
	if p > 0 {
		sp.i, sp.next = locate(s.files, offset), p
		sp.at = offset - s.files[sp.i].base
	}
	return sp
}

// frame returns the frame at position next.
func (sp *span) frame() (frame, error) {
	f, limit := sp.files[sp.i], sp.end
	if sp.i+1 < len(sp.files) {
		limit = used(sp.files, sp.i)
	}
	fr, err := sp.r.frame(f, sp.at, limit)
	if err != nil {
		if why, ok := isMalformed(err); ok {
			return nil, f.damage(sp.at, sp.next, why)
		}
		return nil, at(err, sp.next)
	}
	if fr.position() != sp.next {
		return nil, f.damage(sp.at, sp.next, standing(fr.position()))
	}
	sp.at += int64(len(fr))
	sp.next++
	if sp.i+1 < len(sp.files) && sp.at == limit {
		sp.i, sp.at = sp.i+1, headerSize
	}
	return fr, nil
}

// ReadStream implements [ledger.Log]. It follows the back pointers and so holds
// all that it will yield in memory.
func (s *Store) ReadStream(ctx context.Context, stream ledger.Stream, after ledger.Version) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		trouble := s.refresh()
		s.mu.RLock()
		last, files := s.index.place(stream), s.files
		s.mu.RUnlock()

		frames, offsets := make([]frame, 0, max(0, last.version()-after)), make([]int64, 0, max(0, last.version()-after))
		offset := last.offset()
		for v := last.version(); v > after; v-- {
			fr, err := s.readFrame(files, offset, stream, v)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(ledger.Envelope{}, fmt.Errorf("reading %v version %d: %w", stream, v, err))
				return
			}
			frames, offsets = append(frames, fr), append(offsets, offset)
			offset = fr.back()
		}
		var names names
		for i, fr := range slices.Backward(frames) {
			env := fr.envelope(&names)
			if env.Verify() != nil { // whose checksum fits, and so nobody's accident
				f := files[locate(files, offsets[i])]
				yield(ledger.Envelope{}, fmt.Errorf("reading %v: %w", stream, f.damage(offsets[i]-f.base, env.Position, altered)))
				return
			}
			if !yield(env, nil) {
				return
			}
		}
		if trouble != nil {
			yield(ledger.Envelope{}, trouble)
		}
	}
}

// readFrame is the function readFrame, and finds out the position if the frame
// there is damaged.
func (s *Store) readFrame(files []*file, offset int64, stream ledger.Stream, v ledger.Version) (frame, error) {
	fr, err := readFrame(files, offset, stream, v)
	if damage := (*Damage)(nil); errors.As(err, &damage) && damage.Position == 0 {
		damage.Position = s.positionAt(offset)
	}
	return fr, err
}

// positionAt returns the position of the frame at a global offset, or an earlier
// one that cannot be read.
func (s *Store) positionAt(offset int64) ledger.Position {
	s.mu.RLock()
	i := sort.Search(len(s.index.marks), func(i int) bool { return s.index.marks[i] > offset }) - 1
	s.mu.RUnlock()
	sp := s.spanAfter(ledger.Position(max(0, i) * markEvery))
	for sp.next <= sp.last && sp.files[sp.i].base+sp.at < offset {
		if _, err := sp.frame(); err != nil {
			break
		}
	}
	return sp.next
}

// scratch is for frames that are read one by one. Most fit in.
var scratch = sync.Pool{New: func() any { return new([page]byte) }}

// readFrame returns the frame at a global offset, which must be that of version v
// of stream.
func readFrame(files []*file, offset int64, stream ledger.Stream, v ledger.Version) (frame, error) {
	i := locate(files, offset)
	if i < 0 || offset < files[i].base+headerSize {
		reason := saying("%v 第 %d 版本应在总偏移 %d 处，那里不可能有帧", "%v version %d should begin at global offset %d, where no frame can be", stream, v, offset)
		return nil, files[len(files)-1].damage(0, 0, reason)
	}
	f, at := files[i], offset-files[i].base
	room := scratch.Get().(*[page]byte)
	defer scratch.Put(room)
	b := room[:]
	for {
		n, err := f.ReadAt(b, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading %s at byte %d: %w", f.path, at, err)
		}
		fr, why := parse(b[:n])
		switch {
		case why == short && len(b) < maxFrame:
			b = make([]byte, maxFrame)
			continue
		case why.is():
			return nil, f.damage(at, 0, ledger.Text(why))
		case !fr.of(stream) || fr.version() != v:
			return nil, f.damage(at, fr.position(), elsewhere)
		}
		return slices.Clone(fr), nil
	}
}

// Streams implements [ledger.Log].
func (s *Store) Streams(ctx context.Context, category string) iter.Seq2[ledger.StreamHead, error] {
	return func(yield func(ledger.StreamHead, error) bool) {
		trouble := s.refresh()
		more := true
		s.index.each(&s.mu, category, func(chunk []end) bool {
			if err := ctx.Err(); err != nil {
				yield(ledger.StreamHead{}, fmt.Errorf("reading the streams of %s: %w", category, err))
				more = false
			}
			for i := 0; i < len(chunk) && more; i++ {
				more = yield(ledger.StreamHead{
					Stream:  ledger.Stream{Category: category, ID: chunk[i].id},
					Version: chunk[i].at.version(),
				}, nil)
			}
			return more
		})
		if more && trouble != nil {
			yield(ledger.StreamHead{}, trouble)
		}
	}
}

// Wait implements [ledger.Log].
func (s *Store) Wait(ctx context.Context, after ledger.Position) error {
	if s.follower != nil {
		return s.poll(ctx, after)
	}
	for {
		s.mu.Lock()
		if s.moved == nil {
			s.moved = make(chan struct{})
		}
		moved, head := s.moved, s.head
		s.mu.Unlock()
		if head > after {
			return ctx.Err()
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
