package ledger

import (
	"context"
	"time"
)

// AsOf returns the last position that was recorded at or before t, 0 if there
// is none: what was known at t is what stands up to there. It needs the store's
// promise that Recorded never decreases.
func AsOf(ctx context.Context, l Log, t time.Time) (Position, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return 0, err
	}
	lo, hi := Position(0), head // what is known at t is at least lo and at most hi
	for lo < hi {
		mid := (lo + hi + 1) / 2
		env, err := At(ctx, l, mid)
		if err != nil {
			return 0, err
		}
		if env.Recorded <= TicksOf(t) {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return lo, nil
}

// At returns the envelope at position p. It returns a [*Refusal] of kind
// [NotFound] if the ledger does not go so far.
func At(ctx context.Context, l Log, p Position) (Envelope, error) {
	if p > 0 {
		for env, err := range l.ReadAll(ctx, p-1) {
			return env, err
		}
	}
	return Envelope{}, &Refusal{Code: "ERR_NO_POSITION", Kind: NotFound, Text: Text{
		ZH: "台账还没有这个位置",
		EN: "the ledger has no such position",
	}}
}
