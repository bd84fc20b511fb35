package ledger_test

import (
	"errors"
	"testing"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

// TestAsOf asks for every instant around every recording, ties included.
func TestAsOf(t *testing.T) {
	start := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
	clock := start
	store := &ledgertest.Store{Now: func() time.Time { return clock }}
	offsets := []int{1, 1, 2, 5, 5, 5, 9} // seconds after start, by position
	for _, s := range offsets {
		clock = start.Add(time.Duration(s) * time.Second)
		if _, err := store.Append(t.Context(), ledgertest.NewStream(), 0, ledgertest.Record("x")); err != nil {
			t.Fatal(err)
		}
	}
	for s := range 11 {
		want := ledger.Position(0)
		for _, o := range offsets {
			if o <= s {
				want++
			}
		}
		for _, nudge := range []time.Duration{0, 99 * time.Nanosecond} { // less than a tick changes nothing
			got, err := ledger.AsOf(t.Context(), store, start.Add(time.Duration(s)*time.Second+nudge))
			if err != nil || got != want {
				t.Errorf("as of %d s, position = %d, %v; want %d", s, got, err, want)
			}
		}
	}
	for _, p := range []ledger.Position{-1, 0, 8} {
		if _, err := ledger.At(t.Context(), store, p); !isNotFound(err) {
			t.Errorf("At(%d) = %v", p, err)
		}
	}
}

func isNotFound(err error) bool {
	r, ok := errors.AsType[*ledger.Refusal](err)
	return ok && r.Kind == ledger.NotFound
}
