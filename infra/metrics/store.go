package metrics

import (
	"context"
	"errors"
	"time"

	"xinfang/domain/ledger"
)

// Meter returns store with its appends counted.
func (m *Metrics) Meter(store ledger.Store) ledger.Store { return metered{store, m} }

type metered struct {
	ledger.Store
	m *Metrics
}

// Append implements [ledger.Store].
func (s metered) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	start := time.Now()
	envelopes, err := s.Store.Append(ctx, stream, expected, records...)
	s.m.appending.Observe(time.Since(start).Seconds())
	result := "error"
	switch {
	case err == nil:
		result = "ok"
	case errors.Is(err, ledger.ErrConflict):
		result = "conflict"
	case errors.Is(err, ledger.ErrRejected):
		result = "rejected"
	}
	s.m.appends.WithLabelValues(result).Inc()
	return envelopes, err
}
