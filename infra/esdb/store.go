package esdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xinfang/domain/ledger"
)

// A Store is a [ledger.Store] whose authority is an EventStoreDB: it appends there
// and reads the replica that a copier keeps.
//
// What others have appended is seen when the replica has it; what was appended
// through this Store, when Append returns. The copier must be running, and should
// have caught up: Append waits for it, Options.Deadline at most.
type Store struct {
	ledger.Log // the replica
	client     *Client
	copier     *Copier
}

// NewStore returns the store that appends through c and reads replica, which
// copier keeps.
func NewStore(c *Client, replica ledger.Replica, copier *Copier) *Store {
	return &Store{replica, c, copier}
}

// Append implements [ledger.Store].
func (s *Store) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkAppend(stream, records); err != nil {
		return nil, err
	}
	// From here on nothing that is adopted is missed.
	w := s.copier.expect(stream, expected+ledger.Version(len(records)))
	defer func() { s.copier.forget(w) }()
	if err := s.copier.stopped(); err != nil {
		return nil, fmt.Errorf("%v: the replica is not being kept, so that nothing is recorded: %w (%w)", stream, ledger.ErrRejected, err)
	}

	s.copier.parts.sent(records)
	a := newAppend(s.client, stream, expected, records)
	at, err := a.do(ctx)
	if errors.Is(err, ledger.ErrConflict) || errors.Is(err, ledger.ErrRejected) {
		s.copier.parts.settled(records)
	}
	switch {
	case err == nil:
		got, err := s.recorded(ctx, w, a)
		if err == nil {
			s.copier.parts.settled(records)
		}
		return got, err
	case errors.Is(err, ledger.ErrConflict) && at > 0:
		// Who decides again must see what was in the way. If that takes too long it
		// will conflict again, which is no worse.
		s.copier.forget(w)
		w = s.copier.expect(stream, at)
		bounded, cancel := context.WithTimeout(ctx, s.client.options.Deadline)
		defer cancel()
		_, _ = s.await(bounded, w, at-1, 1)
	}
	return nil, err
}

// recorded returns the envelopes of a, which is recorded, once the replica has
// them.
func (s *Store) recorded(ctx context.Context, w *waiter, a *appending) ([]ledger.Envelope, error) {
	const done = "%v at version %d: recorded at the source, but "
	ctx, cancel := context.WithTimeoutCause(ctx, s.client.options.Deadline, errLagging)
	defer cancel()
	got, err := s.await(ctx, w, a.expected, len(a.ids))
	if err != nil {
		return nil, fmt.Errorf(done+"not seen in the replica: %w", a.stream, a.expected, err)
	}
	for i, env := range got {
		if env.ID != a.ids[i] {
			return nil, fmt.Errorf(done+"the replica holds event %v as version %d, not %v: compare source and replica",
				a.stream, a.expected, env.ID, env.Version, a.ids[i])
		}
	}
	return got, nil
}

// errLagging reports that the replica is behind.
var errLagging = errors.New("the replica is too far behind the source; it will be there later")

// await returns the n envelopes of the stream of w after version, once the replica
// has them.
func (s *Store) await(ctx context.Context, w *waiter, after ledger.Version, n int) ([]ledger.Envelope, error) {
	for {
		// Reading comes after expecting: what is missing here will wake w.
		got := make([]ledger.Envelope, 0, n)
		for env, err := range s.ReadStream(ctx, w.stream, after) {
			if err != nil {
				return nil, err
			}
			if got = append(got, env); len(got) == n {
				return got, nil
			}
		}
		if err := s.copier.stopped(); err != nil {
			return nil, fmt.Errorf("the copier has stopped: %w", err)
		}
		select {
		case <-w.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// sleep waits for d, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
