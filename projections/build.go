package projections

import (
	"context"
	"iter"
	"sync"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

const (
	rowBatch   = 256   // rows that a worker hands over at once
	buildBatch = 16384 // rows that go into one transaction of a build, at least
)

// Build fills view, which must be empty, with every case as known at position
// upTo, and says how many events it has folded so far after each batch.
//
// The view's position is 0 until the last write, so a build that was interrupted
// leaves a view that is plainly not one.
func Build(ctx context.Context, log ledger.Log, view View, upTo ledger.Position, workers int, progress func(events int64)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	streams := make(chan ledger.Stream, 1024)
	var listing error // owned by the goroutine until streams is closed
	go func() {
		defer close(streams)
		for head, err := range log.Streams(ctx, petition.Category) {
			if err != nil {
				listing = err
				return
			}
			select {
			case streams <- head.Stream:
			case <-ctx.Done():
				return
			}
		}
	}()
	var events int64
	var rows []Row
	for batch, err := range rowsOf(ctx, log, streams, upTo, workers) {
		if err != nil {
			return err
		}
		for _, r := range batch {
			events += int64(r.Version)
		}
		if rows = append(rows, batch...); len(rows) >= buildBatch {
			if err := view.Write(ctx, 0, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
		progress(events)
	}
	if listing != nil {
		return listing
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return view.Write(ctx, upTo, rows)
}

// rowsOf folds streams up to position upTo and yields their rows in batches, in
// no order. It stops at the first error. The sender must close streams.
func rowsOf(ctx context.Context, log ledger.Log, streams <-chan ledger.Stream, upTo ledger.Position, workers int) iter.Seq2[[]Row, error] {
	type result struct {
		rows []Row
		err  error
	}
	return func(yield func([]Row, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		results := make(chan result, 32*workers) // so that folding goes on while a view writes
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				var rows []Row
				send := func(r result) {
					select {
					case results <- r:
					case <-ctx.Done():
					}
				}
				for s := range streams {
					if ctx.Err() != nil {
						continue // drain, so that the sender ends too
					}
					file, first, err := casefile.ReadLight(ctx, log, s.ID, upTo)
					if err != nil {
						send(result{err: err})
						cancel()
						continue
					}
					if file == nil {
						continue
					}
					if rows = append(rows, RowOf(file, first)); len(rows) == rowBatch {
						send(result{rows: rows})
						rows = nil
					}
				}
				if len(rows) > 0 {
					send(result{rows: rows})
				}
			})
		}
		go func() { wg.Wait(); close(results) }()
		defer func() {
			cancel()
			for range results { // until every worker has ended
			}
		}()
		for r := range results {
			if !yield(r.rows, r.err) || r.err != nil {
				return
			}
		}
	}
}
