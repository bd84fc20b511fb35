package casefile

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// Decode returns the event in env and its meta. The error names the position,
// and what could not be read there; nothing of the case is in it.
func Decode(env ledger.Envelope) (petition.Event, ledger.Meta, error) {
	e, err := petition.Codec.Decode(env.Type, env.Data)
	if err != nil {
		return nil, ledger.Meta{}, fmt.Errorf("%v version %d (position %d): %w", env.Stream, env.Version, env.Position, err)
	}
	m, err := env.DecodeMeta()
	if err != nil {
		return nil, ledger.Meta{}, fmt.Errorf("%v version %d (position %d): %w", env.Stream, env.Version, env.Position, err)
	}
	return e, m, nil
}

// Read returns the file of the case with id as known at position upTo, or now if
// upTo is 0; nil if nothing had been recorded of it by then.
func Read(ctx context.Context, log ledger.Log, id uuid.UUID, upTo ledger.Position) (*File, error) {
	f, _, err := read(ctx, log, id, upTo, true)
	return f, err
}

// ReadLight is [Read] without the timeline. It also returns the position of the
// first event of the case.
func ReadLight(ctx context.Context, log ledger.Log, id uuid.UUID, upTo ledger.Position) (*File, ledger.Position, error) {
	return read(ctx, log, id, upTo, false)
}

func read(ctx context.Context, log ledger.Log, id uuid.UUID, upTo ledger.Position, timeline bool) (*File, ledger.Position, error) {
	var f *File
	var first ledger.Position
	stream := ledger.Stream{Category: petition.Category, ID: id}
	for env, err := range log.ReadStream(ctx, stream, 0) {
		if err != nil {
			return nil, 0, fmt.Errorf("reading %v: %w", stream, err)
		}
		if upTo > 0 && env.Position > upTo {
			break
		}
		e, m, err := Decode(env)
		if err != nil {
			return nil, 0, err
		}
		if f == nil {
			f, first = NewFile(timeline), env.Position
		}
		f.Apply(env, e, m)
	}
	return f, first, nil
}
