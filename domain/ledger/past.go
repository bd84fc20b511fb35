package ledger

import (
	"context"
	"time"
)

// AsOf returns the last position that was recorded at or before t, 0 if there
// is none: what was known at t is what stands up to there. It needs the store's
// promise that Recorded never decreases.
func AsOf(ctx context.Context, l Log, t time.Time) (Position, error) {
	return last(ctx, l, func(e Envelope) bool { return e.Recorded <= TicksOf(t) })
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

// ByOrigin returns the last position whose commit in the source is at most commit,
// 0 if there is none. Commits increase with positions, in a replica and elsewhere.
func ByOrigin(ctx context.Context, l Log, commit uint64) (Position, error) {
	return last(ctx, l, func(e Envelope) bool { return e.Origin.Commit <= commit })
}

// last returns the last position of which holds is true, which must be so of all
// before it too; 0 if there is none.
func last(ctx context.Context, l Log, holds func(Envelope) bool) (Position, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return 0, err
	}
	lo, hi := Position(0), head // it is at least lo and at most hi
	for lo < hi {
		mid := (lo + hi + 1) / 2
		env, err := At(ctx, l, mid)
		if err != nil {
			return 0, err
		}
		if holds(env) {
			lo = mid
		} else {
			hi = mid - 1
		}
	}
	return lo, nil
}
