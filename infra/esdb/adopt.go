package esdb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"xinfang/domain/ledger"
)

// maxBatch is the most events that are adopted at once.
const maxBatch = 2048

// take compares or adopts what the source has sent, in order. It reports whether
// the source said meanwhile that there was nothing more. An error is final; what
// comes before the event that it is about has been adopted.
func (c *Copier) take(ctx context.Context, s *seam, deliveries []delivery) (caughtUp bool, err error) {
	for i := range deliveries {
		d := &deliveries[i]
		switch {
		case d.caughtUp:
			caughtUp = true
		case s.want != nil:
			held := *s.want
			claim, repeated, err := s.compare(d)
			if err != nil {
				return false, err
			}
			if !repeated {
				c.tell(ctx, held, claim)
			}
		case d.broken != nil:
			if err := c.adopt(ctx, s, len(s.batch)); err != nil {
				return false, err
			}
			d.broken.At = s.at + 1
			return false, d.broken
		default:
			if d.tombstone {
				// The server counts it as 2^63-1 in any stream; here it comes after
				// the last, which must be known.
				if err := c.adopt(ctx, s, len(s.batch)); err != nil {
					return false, err
				}
				last, err := versionIn(ctx, c.replica, d.env.Stream)
				if err != nil {
					return false, fmt.Errorf("reading the replica: %w", err)
				}
				d.env.Version = last + 1
			}
			s.ignored = append(s.ignored, s.times.Next(&d.env))
			s.batch = append(s.batch, d.env)
		}
	}
	if err := c.adopt(ctx, s, len(s.batch)-c.parts.open(s.batch)); err != nil {
		return false, err
	}
	c.heard(s.at)
	return caughtUp, nil
}

// adopt adopts the first n of the batch of s. If one of them does not continue the
// replica, it adopts those before it and returns the break.
func (c *Copier) adopt(ctx context.Context, s *seam, n int) error {
	batch, ignored := s.batch[:n], s.ignored[:n]
	if n == 0 {
		return nil
	}
	// An Adopt that was left might still be going on when the next copier asks for
	// the head: it would take its own events for a break. So it is waited for, even
	// when ctx is done.
	whole := context.WithoutCancel(ctx)
	err := c.replica.Adopt(whole, batch...)
	broken, isBreak := errors.AsType[*ledger.Break](err)
	if isBreak {
		batch = batch[:broken.Index]
		if len(batch) > 0 {
			if again := c.replica.Adopt(whole, batch...); again != nil {
				return fmt.Errorf("adopting what comes before a break (%w): %w", broken, again)
			}
		}
	} else if err != nil {
		return fmt.Errorf("adopting %d events after position %d: %w", len(batch), s.at, err)
	}
	first := s.at + 1
	s.at += ledger.Position(len(batch))
	c.reached(batch)
	for i := range batch {
		batch[i].Position = first + ledger.Position(i)
		c.tell(ctx, batch[i], ignored[i])
	}
	if isBreak {
		return broken
	}
	s.batch, s.ignored = slices.Delete(s.batch, 0, n), slices.Delete(s.ignored, 0, n)
	return nil
}

// tell tells Trace of env, if it is for it and has not been told.
func (c *Copier) tell(ctx context.Context, env ledger.Envelope, ignoredClaim bool) {
	system := ledger.KindOf(env.Stream.Category) == ledger.KindSystem || env.Type == "$streamDeleted"
	if c.options.Trace != nil && env.Position > c.told && (system || ignoredClaim) {
		c.options.Trace(ctx, env, ignoredClaim)
		c.told = env.Position
	}
}

// A waiter waits until the replica has a version of a stream.
type waiter struct {
	stream  ledger.Stream
	version ledger.Version
	done    chan struct{} // closed once it has, or the copier has stopped
}

// expect returns a waiter. It sees what is adopted from now on; what the replica
// has already, it does not. Whoever gets it forgets it.
func (c *Copier) expect(stream ledger.Stream, version ledger.Version) *waiter {
	w := &waiter{stream, version, make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting[stream] = append(c.waiting[stream], w)
	return w
}

// forget ends the waiting of w.
func (c *Copier) forget(w *waiter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keepWaiting(w.stream, func(x *waiter) bool { return x != w })
}

// reached wakes those who wait for one of batch.
func (c *Copier) reached(batch []ledger.Envelope) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range batch {
		if len(c.waiting) == 0 {
			return
		}
		c.keepWaiting(batch[i].Stream, func(w *waiter) bool {
			if w.version > batch[i].Version {
				return true
			}
			close(w.done)
			return false
		})
	}
}

// wakeAll wakes everyone. The caller holds mu.
func (c *Copier) wakeAll() {
	for stream := range c.waiting {
		c.keepWaiting(stream, func(w *waiter) bool { close(w.done); return false })
	}
}

// keepWaiting drops those who wait for stream of whom keep is false. The caller
// holds mu.
func (c *Copier) keepWaiting(stream ledger.Stream, keep func(*waiter) bool) {
	var left []*waiter
	for _, w := range c.waiting[stream] {
		if keep(w) {
			left = append(left, w)
		}
	}
	if len(left) == 0 {
		delete(c.waiting, stream)
	} else {
		c.waiting[stream] = left
	}
}

// stopped returns why nothing is adopted any more; nil if that is not so.
func (c *Copier) stopped() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil && c.status.Behind {
		return errBehind
	}
	return c.ended
}

// errBehind reports that the source has lost its end, or that what answers is a
// follower that lags: what is appended now might take the place of what was lost.
var errBehind = errors.New("the source ends before its replica does")
