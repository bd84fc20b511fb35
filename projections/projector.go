package projections

import (
	"context"
	"fmt"
	"sync"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// A Projector keeps a view up to date. Create it with [NewProjector].
type Projector struct {
	log     ledger.Log
	view    View
	workers int

	mu     sync.Mutex
	status Status
	moved  chan struct{} // closed, and replaced, when status changes
}

// A Status is how far a projector has come.
type Status struct {
	Position ledger.Position // what the view reflects
	Err      error           // why it has stopped; nil while it runs
}

// NewProjector returns a projector of log into view, which reads streams with as
// many goroutines as workers says.
func NewProjector(log ledger.Log, view View, workers int) *Projector {
	return &Projector{log: log, view: view, workers: max(workers, 1), moved: make(chan struct{})}
}

// batchSize bounds how many envelopes a catch-up takes into one transaction. The
// larger it is, the less often a case with many events in it is folded again.
const batchSize = 1 << 16

// Run follows the ledger from where the view stands, until ctx is done or an
// event cannot be projected. It is called once.
func (p *Projector) Run(ctx context.Context) error {
	for {
		err := p.CatchUp(ctx)
		if err == nil {
			err = p.log.Wait(ctx, p.Status().Position)
		}
		if err != nil {
			if ctx.Err() == nil {
				p.set(func(s *Status) { s.Err = err })
			}
			return err
		}
	}
}

// CatchUp brings the view to the present head of the ledger. Run calls it; a
// program that only looks once calls it instead of Run.
func (p *Projector) CatchUp(ctx context.Context) error {
	at, err := p.view.Position(ctx)
	if err != nil {
		return fmt.Errorf("views: %w", err)
	}
	p.set(func(s *Status) { s.Position = at })
	head, err := p.log.Head(ctx)
	if err != nil {
		return fmt.Errorf("views: %w", err)
	}
	if at > head {
		return fmt.Errorf("the views reflect position %d but the ledger ends at %d: it lost its end, or these are the views of another ledger; run rebuild after finding out which", at, head)
	}
	if at == 0 && head > batchSize {
		// Nothing is there: folding each case once beats folding it again for
		// each batch. If we crash in between, the view is still at 0.
		if err := Build(ctx, p.log, p.view, head, p.workers, func(int64) {}); err != nil {
			return fmt.Errorf("views: %w", err)
		}
		p.set(func(s *Status) { s.Position = head })
		return nil
	}
	for at < head {
		if at, err = p.step(ctx, at); err != nil {
			return err
		}
		p.set(func(s *Status) { s.Position = at })
	}
	return nil
}

// step takes the next batch of envelopes after at into the view and returns the
// last position in it.
func (p *Projector) step(ctx context.Context, at ledger.Position) (ledger.Position, error) {
	changed := make(map[ledger.Stream]bool)
	n := 0
	for env, err := range p.log.ReadAll(ctx, at) {
		if err != nil {
			return at, fmt.Errorf("views: %w", err)
		}
		at = env.Position
		if env.Stream.Category == petition.Category {
			changed[env.Stream] = true
		}
		if n++; n == batchSize {
			break
		}
	}
	streams := make(chan ledger.Stream)
	go func() {
		defer close(streams)
		for s := range changed {
			select {
			case streams <- s:
			case <-ctx.Done():
				return
			}
		}
	}()
	var rows []Row
	for batch, err := range rowsOf(ctx, p.log, streams, at, p.workers) {
		if err != nil {
			return at, fmt.Errorf("views: %w", err)
		}
		rows = append(rows, batch...)
	}
	if err := ctx.Err(); err != nil {
		return at, err
	}
	// If we crash before this returns, the view is where it was, and the next
	// start takes the same envelopes again.
	if err := p.view.Write(ctx, at, rows); err != nil {
		return at, fmt.Errorf("views: %w", err)
	}
	return at, nil
}

// Status returns how far the projector has come.
func (p *Projector) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

func (p *Projector) set(change func(*Status)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.status)
	close(p.moved)
	p.moved = make(chan struct{})
}

// Wait returns once the view reflects position at, or ctx is done, or the
// projector has stopped. Call it after [ledger.Decider.Handle] to see what was
// just recorded.
func (p *Projector) Wait(ctx context.Context, at ledger.Position) error {
	for {
		p.mu.Lock()
		status, moved := p.status, p.moved
		p.mu.Unlock()
		switch {
		case status.Position >= at:
			return nil
		case status.Err != nil:
			return fmt.Errorf("the views stopped at position %d: %w", status.Position, status.Err)
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("the views are at position %d, not yet at %d: %w", status.Position, at, ctx.Err())
		}
	}
}
