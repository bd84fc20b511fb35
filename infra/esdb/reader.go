package esdb

import (
	"context"
	"errors"
	"sync"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"

	"xinfang/domain/ledger"
)

// The most that waits between reader and copier. The copier holds as much again
// while it adopts, and gRPC one window of each connection.
const (
	maxWaiting      = 8192
	maxWaitingBytes = 16 << 20
)

// A buffer is between the reader, who puts into it and ends it, and the copier,
// who takes from it.
type buffer struct {
	mu      sync.Mutex
	waiting []delivery
	bytes   int
	ended   bool
	err     error

	room chan struct{} // holds a token if something was taken
	wake chan struct{} // holds a token if something was put
}

func newBuffer() *buffer {
	return &buffer{room: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
}

// put waits for room. What is larger than the whole buffer goes in alone.
func (b *buffer) put(ctx context.Context, d delivery) error {
	size := d.size()
	for {
		b.mu.Lock()
		fits := len(b.waiting) == 0 || len(b.waiting) < maxWaiting && b.bytes+size <= maxWaitingBytes
		if fits {
			b.waiting = append(b.waiting, d)
			b.bytes += size
		}
		b.mu.Unlock()
		if fits {
			signal(b.wake)
			return nil
		}
		select {
		case <-b.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// end says that nothing more will come, and why.
func (b *buffer) end(err error) {
	b.mu.Lock()
	b.ended, b.err = true, err
	b.mu.Unlock()
	signal(b.wake)
}

// take returns all that waits, and leaves spare to be filled. Once nothing more
// will come and nothing waits, it reports that it has ended.
func (b *buffer) take(spare []delivery) (got []delivery, ended bool, err error) {
	clear(spare)
	b.mu.Lock()
	got, b.waiting, b.bytes = b.waiting, spare[:0], 0
	ended, err = b.ended && len(got) == 0, b.err
	b.mu.Unlock()
	if len(got) > 0 {
		signal(b.room)
		signal(b.wake) // there may be an end behind it
	}
	return got, ended, err
}

// signal leaves a token in c, if there is none.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// errMoved reports that the link of a subscription was given up.
var errMoved = errors.New("the connection was given up; the subscription moves to the next one")

// read subscribes to all of the source after from, from the start if from is nil,
// and puts what a ledger keeps into b until the subscription is dropped. It does
// not subscribe again: the client never does either.
//
// alive hears of what it has sent that a ledger does not keep.
//
// Where the server says that it has checked or caught up to is not looked at:
// only the place of an event that was adopted is one to resume from.
func read(ctx context.Context, c *Client, from *ledger.Origin, b *buffer, alive func()) error {
	return c.over(ctx, func(ctx context.Context, l *link) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case <-l.over:
				cancel()
			case <-ctx.Done():
			}
		}()
		err := receive(ctx, l.es, from, b, alive)
		select {
		case <-l.over:
			return errMoved
		default:
			return err
		}
	})
}

func receive(ctx context.Context, es *esdb.Client, from *ledger.Origin, b *buffer, alive func()) error {
	options := esdb.SubscribeToAllOptions{From: esdb.Start{}}
	if from != nil {
		options.From = esdb.Position{Commit: from.Commit, Prepare: from.Prepare}
	}
	sub, err := es.SubscribeToAll(ctx, options)
	if err != nil {
		return err
	}
	defer func() { _ = sub.Close() }()
	for {
		switch got := sub.Recv(); {
		case got.SubscriptionDropped != nil:
			return got.SubscriptionDropped.Error
		case got.CaughtUp != nil:
			err = b.put(ctx, delivery{caughtUp: true})
		case got.EventAppeared != nil && got.EventAppeared.Event != nil:
			e := got.EventAppeared.Event
			if stream, ok := keeps(e.StreamID, e.EventType); ok {
				err = b.put(ctx, deliver(stream, e))
			} else {
				alive()
			}
		}
		if err != nil {
			return err
		}
	}
}
