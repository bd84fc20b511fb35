package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"xinfang/domain/ledger"
)

// A Store is a [ledger.Store] and a [ledger.Replica] in memory. The zero Store is empty and ready for
// use; its clock stands at 2026-01-02 15:04:05 UTC unless Now says otherwise.
type Store struct {
	// Now is the store's clock.
	Now func() time.Time

	// Fault, if set, is called before every Append. If it returns an error,
	// Append returns that error, having written the records or not as applied
	// says: a store can fail either way, and callers must survive both.
	Fault func(ledger.Stream) (applied bool, err error)

	mu    sync.RWMutex
	all   []ledger.Envelope // all[i] is at position i+1; only ever appended to
	by    map[ledger.Stream][]ledger.Position
	moved chan struct{} // closed, and replaced, when all grows; nil if nobody waits
}

// Append implements [ledger.Store].
func (s *Store) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := ledger.CheckAppend(stream, records); err != nil {
		return nil, err
	}
	var fault error
	if s.Fault != nil {
		applied, err := s.Fault(stream)
		if err != nil && !applied {
			return nil, err
		}
		fault = err
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if ledger.Version(len(s.by[stream])) != expected {
		return nil, ledger.ErrConflict
	}
	recorded := ledger.TicksOf(s.now())
	start := len(s.all)
	if start > 0 {
		recorded = max(recorded, s.all[start-1].Recorded)
	}
	for i, r := range records {
		position := uint64(len(s.all) + 1)
		s.add(ledger.Envelope{
			Stream:   stream,
			Version:  expected + ledger.Version(i) + 1,
			Origin:   ledger.Origin{Commit: position, Prepare: position},
			Recorded: recorded,
			Record:   r,
		})
	}
	s.announce()
	if fault != nil {
		return nil, fault
	}
	return slices.Clone(s.all[start:]), nil
}

// Adopt implements [ledger.Replica].
func (s *Store) Adopt(ctx context.Context, envelopes ...ledger.Envelope) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.all)
	for i, env := range envelopes {
		var last ledger.Origin
		if n := len(s.all); n > 0 {
			last = s.all[n-1].Origin
		}
		at := ledger.Position(len(s.all))
		if err := env.Follows(at, last, ledger.Version(len(s.by[env.Stream]))); err != nil {
			for _, undo := range s.all[before:] {
				s.by[undo.Stream] = s.by[undo.Stream][:len(s.by[undo.Stream])-1]
			}
			s.all = slices.Clip(s.all[:before])
			if broken, ok := errors.AsType[*ledger.Break](err); ok {
				broken.Index = i
			}
			return err
		}
		s.add(env)
	}
	s.announce()
	return nil
}

// add gives env the next place. The caller holds mu.
func (s *Store) add(env ledger.Envelope) {
	env.Data, env.Meta = slices.Clone(env.Data), slices.Clone(env.Meta)
	env.Position, env.Prev = ledger.Position(len(s.all)+1), ledger.Hash{}
	if p := s.by[env.Stream]; len(p) > 0 {
		env.Prev = s.all[p[len(p)-1]-1].Leaf
	}
	if s.by == nil {
		s.by = make(map[ledger.Stream][]ledger.Position)
	}
	s.all = append(s.all, env.Seal())
	s.by[env.Stream] = append(s.by[env.Stream], env.Position)
}

// announce wakes those who wait for more. The caller holds mu.
func (s *Store) announce() {
	if s.moved != nil {
		close(s.moved)
		s.moved = nil
	}
}

func (s *Store) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Date(2026, 1, 2, 15, 4, 5, 123456700, time.UTC)
}

// Head implements [ledger.Log].
func (s *Store) Head(ctx context.Context) (ledger.Position, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return ledger.Position(len(s.all)), ctx.Err()
}

// ReadStream implements [ledger.Log].
func (s *Store) ReadStream(ctx context.Context, stream ledger.Stream, after ledger.Version) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		s.mu.RLock()
		all, positions := s.all, s.by[stream]
		s.mu.RUnlock()
		for _, p := range positions[min(int(after), len(positions)):] {
			if err := ctx.Err(); err != nil {
				yield(ledger.Envelope{}, fmt.Errorf("reading %v: %w", stream, err))
				return
			}
			if !yield(all[p-1], nil) {
				return
			}
		}
	}
}

// ReadAll implements [ledger.Log].
func (s *Store) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		s.mu.RLock()
		all := s.all
		s.mu.RUnlock()
		for _, env := range all[min(int(after), len(all)):] {
			if err := ctx.Err(); err != nil {
				yield(ledger.Envelope{}, fmt.Errorf("reading position %d: %w", env.Position, err))
				return
			}
			if !yield(env, nil) {
				return
			}
		}
	}
}

// Streams implements [ledger.Log].
func (s *Store) Streams(ctx context.Context, category string) iter.Seq2[ledger.StreamHead, error] {
	return func(yield func(ledger.StreamHead, error) bool) {
		s.mu.RLock()
		var heads []ledger.StreamHead
		for stream, positions := range s.by {
			if stream.Category == category {
				heads = append(heads, ledger.StreamHead{Stream: stream, Version: ledger.Version(len(positions))})
			}
		}
		s.mu.RUnlock()
		for _, h := range heads {
			if !yield(h, nil) {
				return
			}
		}
	}
}

// Wait implements [ledger.Log].
func (s *Store) Wait(ctx context.Context, after ledger.Position) error {
	for {
		s.mu.Lock()
		if s.moved == nil {
			s.moved = make(chan struct{})
		}
		moved, head := s.moved, ledger.Position(len(s.all))
		s.mu.Unlock()
		if head > after {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
