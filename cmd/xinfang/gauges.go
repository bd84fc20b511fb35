package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"xinfang/infra/metrics"
	"xinfang/infra/web"
	"xinfang/projections/measure"
)

// freshness returns a function that says how far the views are behind.
func (n *node) freshness() func() web.Freshness {
	var mu sync.Mutex
	var since time.Time // since when the views have been behind; guarded by mu
	return func() web.Freshness {
		status := n.projector.Status()
		head, err := n.store.Head(context.Background())
		if err != nil {
			return web.Freshness{Views: status.Position, Err: err}
		}
		mu.Lock()
		defer mu.Unlock()
		switch {
		case status.Position >= head:
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		}
		return web.Freshness{Views: status.Position, Head: head, Since: since, Err: status.Err}
	}
}

// gauges counts what the metrics show, every so often, until ctx is done. What
// it cannot count it leaves as it was, and says so.
func (n *node) gauges(ctx context.Context, m *metrics.Metrics, now func() time.Time, log *slog.Logger) error {
	fresh := n.freshness()
	for {
		f := fresh()
		if state, err := n.count(ctx, f, now()); err == nil {
			m.Set(state)
		} else if ctx.Err() == nil {
			log.Warn("the metrics could not be counted", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(gaugeEvery):
		}
	}
}

func (n *node) count(ctx context.Context, f web.Freshness, now time.Time) (metrics.State, error) {
	s := metrics.State{
		Head: int64(f.Head), Position: int64(f.Views), Stopped: f.Err != nil, Now: now,
		ClockRegressions: n.local.ClockRegressions(), Units: make(map[string]bool),
	}
	if !f.Since.IsZero() {
		s.Behind = time.Since(f.Since)
	}
	w, err := n.World(ctx, 0)
	if err != nil {
		return s, err
	}
	s.CalendarUntil = w.Calendar.CoveredUntil().Start()
	for _, u := range w.Directory.Units() {
		s.Units[u.Code] = true
	}
	if s.Tally, err = n.views.Tally(ctx, now); err != nil {
		return s, err
	}
	facts := func(yield func(measure.Facts, error) bool) { // read once, counted twice
		for f, err := range n.views.Facts(ctx) {
			if err == nil {
				s.Tally.Count(f)
			}
			if !yield(f, err) {
				return
			}
		}
	}
	s.Figures, err = measure.Compute(measure.Query{AsOf: now, ByUnit: true}, facts, w.Calendar)
	return s, err
}
