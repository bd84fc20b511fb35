package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// A Decider is the behaviour of one category of stream: S is its state, C its
// commands, E its events. The zero S is the state of an empty stream.
//
// Decide and Evolve are pure. They see no clock, no database and no random
// numbers; whatever they need comes in the command.
type Decider[S, C, E any] struct {
	Category string
	Codec    Codec[E]

	// Decide says what a command leads to in state s: events, or nothing if
	// there is nothing to do, or an error if the command is refused.
	Decide func(s S, c C, m Meta) ([]E, error)

	// Evolve returns the state after e, which was recorded with m. It cannot
	// fail: e has happened.
	Evolve func(s S, e E, m Meta) S

	// Stamp, if set, returns the meta of one of the events that a command with
	// meta m led to. It may change the times and nothing else.
	Stamp func(e E, m Meta) Meta
}

// An Ask is one question put to a [Decider].
type Ask[C any] struct {
	ID      uuid.UUID // of the stream
	Command C
	Meta    Meta     // Meta.Command makes asking twice the same as asking once
	If      *Version // if set, the stream must be at this version
}

// attempts bounds how often Handle decides again after a conflict.
const attempts = 5

// Handle puts a question to the stream: it reads the stream, decides, and
// appends. If another writer gets in between, it starts over.
//
// Handle acts at most once for each Meta.Command. Asked again it returns what
// the first run recorded, whatever has happened since, so a caller that lost the
// answer may simply repeat the question. It returns [ErrConflict] if a.If does
// not hold, having decided nothing.
func (d Decider[S, C, E]) Handle(ctx context.Context, store Store, a Ask[C]) ([]Envelope, error) {
	stream := Stream{d.Category, a.ID}
	for range attempts {
		state, version, done, err := d.fold(ctx, store, stream, a.Meta.Command)
		if err != nil {
			return nil, err
		}
		if len(done) > 0 {
			return done, nil
		}
		if a.If != nil && *a.If != version {
			return nil, fmt.Errorf("%v is at version %d, not %d: %w", stream, version, *a.If, ErrConflict)
		}
		events, err := d.Decide(state, a.Command, a.Meta)
		if err != nil || len(events) == 0 {
			return nil, err
		}
		records := make([]Record, len(events))
		for i, e := range events {
			meta := a.Meta
			if d.Stamp != nil {
				meta = d.Stamp(e, meta)
			}
			records[i] = d.Codec.Record(e, meta, i)
		}
		envelopes, err := store.Append(ctx, stream, version, records...)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("appending to %v: %w", stream, err)
		}
		return envelopes, nil
	}
	return nil, fmt.Errorf("%v, %d times over: %w", stream, attempts, ErrConflict)
}

// State returns the state and the version of the stream of id.
func (d Decider[S, C, E]) State(ctx context.Context, log Log, id uuid.UUID) (S, Version, error) {
	s, v, _, err := d.fold(ctx, log, Stream{d.Category, id}, uuid.Nil)
	return s, v, err
}

// fold reads stream and returns its state and version, and what command has
// recorded in it already.
func (d Decider[S, C, E]) fold(ctx context.Context, log Log, stream Stream, command uuid.UUID) (state S, version Version, done []Envelope, err error) {
	for env, err := range log.ReadStream(ctx, stream, 0) {
		if err != nil {
			return state, version, nil, fmt.Errorf("reading %v: %w", stream, err)
		}
		e, err := d.Codec.Decode(env.Type, env.Data)
		if err != nil {
			return state, version, nil, fmt.Errorf("%v version %d (position %d): %w", stream, env.Version, env.Position, err)
		}
		m, err := env.DecodeMeta()
		if err != nil {
			return state, version, nil, fmt.Errorf("%v version %d (position %d): %w", stream, env.Version, env.Position, err)
		}
		if command != uuid.Nil && m.Command == command {
			done = append(done, env)
		}
		state, version = d.Evolve(state, e, m), env.Version
	}
	return state, version, done, nil
}
