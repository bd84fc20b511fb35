package esdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"xinfang/domain/ledger"
)

// CopierOptions says how to keep a replica.
type CopierOptions struct {
	// Recheck is how many of the last positions are read again and compared each
	// time the copier connects; 0 is 1000, less is all.
	Recheck ledger.Position

	// Trace, if set, is told of each event of the server's own, and of each claim
	// that does not count ([ledger.Times.Next]), once the replica holds it. A new
	// Copier tells again of those among the positions that it compares first, for
	// the one before it may have stopped between adopting and telling. The envelope
	// may be without Prev and Leaf. Trace is called by the goroutine that adopts:
	// it must not wait for the replica.
	Trace func(ctx context.Context, env ledger.Envelope, ignoredClaim bool)

	// Grace is how long the source may end before the replica does: a follower that
	// has just become the server may still lag. 0 is 1 minute.
	Grace time.Duration

	Now    func() time.Time // the clock of Status.Last; nil is that of the client
	Logger *slog.Logger     // nil is that of the client
}

// A Copier keeps a replica of what a client reaches. It is the only one that
// writes to the replica.
type Copier struct {
	client  *Client
	replica ledger.Replica
	options CopierOptions
	log     *slog.Logger

	// Whoever follows owns these; running sees to it that there is one.
	told   ledger.Position // the last position of which Trace was told, if there was something to tell
	doubt  bool            // the source could not be read after the place of a position: compare all
	behind time.Time       // since when the source is shorter than the replica; zero if it is not

	parts parts // guards itself

	mu      sync.Mutex // guards what follows
	running bool
	ended   error // why the last run ended; nil while one is going on, and before the first
	status  Status
	waiting map[ledger.Stream][]*waiter
}

// NewCopier returns a copier that makes replica what c reaches.
func NewCopier(c *Client, replica ledger.Replica, o CopierOptions) *Copier {
	if o.Recheck == 0 {
		o.Recheck = 1000
	}
	if o.Grace == 0 {
		o.Grace = time.Minute
	}
	if o.Now == nil {
		o.Now = c.options.Now
	}
	log := c.log
	if o.Logger != nil {
		log = o.Logger.With("source", c.host)
	}
	return &Copier{client: c, replica: replica, options: o, log: log, waiting: make(map[ledger.Stream][]*waiter)}
}

// A Status says how a copier fares.
type Status struct {
	Connected bool            // the source answers
	Behind    bool            // the source says that it ends before the replica does
	Trouble   error           // why it does not; nil if it does
	Break     *ledger.Break   // why the copier has stopped for good
	Position  ledger.Position // the last that source and replica agree on, as far as this run has seen
	Last      time.Time       // when the source has last sent something
}

// Status returns how the copier fares.
func (c *Copier) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Run follows the source for ever, however often the connection is lost. It
// returns a [*ledger.Break] if the source does not continue the replica, another
// error if the replica cannot be read or written or the client was closed, and
// ctx.Err() once ctx is done.
func (c *Copier) Run(ctx context.Context) error { return c.run(ctx, false) }

// CatchUp is Run until the source says that there is nothing more for now and the
// replica has all of it; then it returns nil. It does not wait for a right that it
// does not have. Run may be called next.
func (c *Copier) CatchUp(ctx context.Context) error { return c.run(ctx, true) }

func (c *Copier) run(ctx context.Context, once bool) error {
	c.mu.Lock()
	if c.running {
		c.mu.Unlock()
		return errors.New("the copier is running already")
	}
	c.running, c.ended = true, nil
	c.mu.Unlock()

	err := c.follow(ctx, once)

	c.mu.Lock()
	defer c.mu.Unlock()
	c.running, c.ended = false, err
	c.status.Connected = false
	if broken, ok := errors.AsType[*ledger.Break](err); ok {
		c.status.Break = broken
	}
	if err != nil {
		c.wakeAll()
	}
	return err
}

// The pauses between attempts to connect, doubling.
const (
	firstPause = 25 * time.Millisecond
	lastPause  = 3200 * time.Millisecond
)

// follow connects again and again.
func (c *Copier) follow(ctx context.Context, once bool) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		heard, over, err := c.session(ctx, once)
		switch {
		case over:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrClosed), once && classify(err) == denied:
			return err
		}
		if heard {
			pause = firstPause
		}
		c.trouble(err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// trouble notes that the source does not answer.
func (c *Copier) trouble(err error) {
	c.mu.Lock()
	fresh := c.status.Trouble == nil
	c.status.Connected, c.status.Trouble = false, err
	c.mu.Unlock()
	if fresh {
		c.log.Warn("the source is not being followed; trying again", "err", err)
	}
}

// heard notes that the source has sent something, and that it and the replica
// agree up to at.
func (c *Copier) heard(at ledger.Position) {
	now := c.options.Now()
	c.mu.Lock()
	again := !c.status.Connected
	c.status.Connected, c.status.Trouble, c.status.Last = true, nil, now
	c.status.Position = max(c.status.Position, at)
	agreed := c.status.Position
	c.mu.Unlock()
	if again {
		c.log.Info("following the source", "position", int64(agreed))
	}
}

// session follows one subscription until it is dropped. over reports that this was
// the last: err is final, or nil if the replica has caught up and once is set.
func (c *Copier) session(ctx context.Context, once bool) (heard, over bool, err error) {
	recheck := c.options.Recheck
	if c.doubt {
		recheck = -1
	}
	seam, err := sew(ctx, c.replica, recheck)
	if err != nil {
		return false, true, fmt.Errorf("reading the replica: %w", err)
	}
	defer seam.stop()

	from, b := seam.from, newBuffer()
	reading, cancel := context.WithCancel(ctx)
	var reader sync.WaitGroup
	reader.Go(func() { b.end(read(reading, c.client, from, b, func() { c.heard(0) })) })
	defer reader.Wait()
	defer cancel()

	patience := time.NewTimer(c.options.Grace)
	defer patience.Stop()
	var got []delivery
	live := false // the source has said that there was nothing more
	rest := time.NewTimer(keepingBack)
	defer rest.Stop()
	for {
		select {
		case <-b.wake:
		case <-patience.C:
			if live && seam.want != nil {
				return heard, true, seam.shorter()
			}
			continue
		case <-rest.C:
			if err := c.adopt(ctx, seam, len(seam.batch)); err != nil {
				return heard, true, err
			}
			if live && once && seam.want == nil {
				return heard, true, nil
			}
			continue
		case <-ctx.Done():
			return heard, true, ctx.Err()
		}
		var ended bool
		got, ended, err = b.take(got)
		if ended {
			c.doubt = !heard && from != nil && doubtful(err)
			return heard, false, err
		}
		for batch := range slices.Chunk(got, maxBatch) {
			caughtUp, err := c.take(ctx, seam, batch)
			if err != nil {
				return heard, true, err
			}
			heard, live = true, live || caughtUp
			switch {
			case seam.want == nil:
				c.lag(time.Time{})
			case caughtUp && c.behind.IsZero():
				c.lag(c.options.Now())
				c.log.Warn("the source is shorter than the replica; waiting for it", "position", int64(seam.at), "grace", c.options.Grace)
				patience.Reset(c.options.Grace)
			case caughtUp:
				patience.Reset(max(0, c.options.Grace-c.options.Now().Sub(c.behind)))
			}
			if live && once && seam.want == nil && len(seam.batch) == 0 {
				return heard, true, nil
			}
		}
		if len(seam.batch) > 0 {
			rest.Reset(keepingBack)
		}
	}
}

// lag notes since when the source is shorter than the replica.
func (c *Copier) lag(since time.Time) {
	c.behind = since
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status.Behind = !since.IsZero()
}

// doubtful reports whether a source that sends err does not know the place after
// which it was to be read: it is not the one that was copied.
func doubtful(err error) bool {
	switch classify(err) {
	case refused, unclear:
		return !errors.Is(err, errMoved)
	default:
		return false
	}
}
