// Package ledger is the vocabulary of an append-only log of events (台账).
//
// A [Record] is an event ready to be written: an identity, a name and some
// bytes. An [Envelope] is a record with its place in the ledger, and carries the
// [Leaf] hash that commits to all of it. A [Store] keeps envelopes. A [Decider]
// is the only thing that makes new ones: it folds the envelopes of one [Stream]
// into a state and answers a command with events.
//
// # Bytes once
//
// An event and its [Meta] are encoded once, by [Codec.Record]. Those bytes are
// stored, hashed, sent and read back; nothing ever encodes them again. So a
// hash over them means something, and a change of encoder changes no history.
//
// # Three times
//
// Meta.Received (收到时间) starts a legal clock. Meta.Occurred (发生时间) is what
// the actor claims. Envelope.Recorded (录入时间) is the store's own clock, taken
// at the commit, and never runs backwards along positions; so "as known at T"
// is "up to the last position recorded at or before T".
//
// The package does no I/O and knows nothing of petitions.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"
)

// A Stream names the history of one thing, such as one case.
type Stream struct {
	Category string    // such as "case"; no hyphen. A store's own begin with "$"
	ID       uuid.UUID // zero for a stream of the store that is the only one of its name, such as $settings
}

// String returns the stream's name as EventStoreDB writes it: category-id, or the
// category alone if there is no ID.
func (s Stream) String() string {
	if s.ID == uuid.Nil {
		return s.Category
	}
	return s.Category + "-" + s.ID.String()
}

// valid reports whether s is what [ParseStream] makes of its name.
func (s Stream) valid() bool {
	if s.ID != uuid.Nil {
		return s.Category != ""
	}
	again, ok := ParseStream(s.Category)
	return ok && again == s
}

// ParseStream is the inverse of [Stream.String]. It reports false if name is no
// stream that a ledger keeps: neither a category with an ID nor the store's own.
func ParseStream(name string) (Stream, bool) {
	if cut := len(name) - 37; cut > 0 && name[cut] == '-' {
		id, err := uuid.Parse(name[cut+1:])
		if err == nil && id != uuid.Nil && id.String() == name[cut+1:] {
			return Stream{name[:cut], id}, true
		}
	}
	return Stream{Category: name}, strings.HasPrefix(name, "$")
}

// A Version counts the events of one stream. The first event has version 1; an
// empty stream is at version 0. (EventStoreDB's event number is Version-1.)
type Version int64

// A Position counts the events of the whole ledger, from 1, without gaps.
// Position 0 is before the first event.
type Position int64

// A Record is an event ready to be written.
type Record struct {
	ID   uuid.UUID // identity of the event, from [EventID]
	Type string    // name of the event, from its [Codec]
	Data []byte    // the event, JSON, as stored and hashed
	Meta []byte    // its [Meta], JSON, as stored and hashed

	// Binary says that Data is not JSON. Nothing of ours is; a replica keeps what
	// others have written to the source as they declared it.
	Binary bool
}

// ContentType returns the content type of the record, as it is hashed and sent.
func (r *Record) ContentType() string {
	if r.Binary {
		return "application/octet-stream"
	}
	return "application/json"
}

// An Envelope is a record with its place in the ledger.
type Envelope struct {
	Position Position
	Stream   Stream
	Version  Version
	Origin   Origin
	Recorded Ticks
	Record
	Prev Hash // leaf hash of the stream's previous envelope; zero for the first
	Leaf Hash // hash of the [Leaf] of all of the above
}

// An Origin is where the envelope stands in the store that first accepted it.
// In a ledger that is its own authority both numbers are the position; a [Replica]
// keeps the commit and prepare positions of its source.
type Origin struct{ Commit, Prepare uint64 }

// Ticks is an instant as EventStoreDB writes it: units of 100 ns since the Unix
// epoch, UTC. It is stored and hashed as this number.
type Ticks int64

// TicksOf returns t, cut to 100 ns.
func TicksOf(t time.Time) Ticks { return Ticks(t.Unix()*1e7 + int64(t.Nanosecond())/100) }

// Time returns the instant, in UTC.
func (t Ticks) Time() time.Time { return time.Unix(int64(t)/1e7, int64(t)%1e7*100).UTC() }

// A Log is the reading side of a ledger.
//
// Its methods may be called concurrently. The slices of an envelope that a Log
// yields are the caller's to keep and nobody's to change.
type Log interface {
	// Head returns the position of the last envelope, 0 if there is none.
	Head(ctx context.Context) (Position, error)

	// ReadStream yields the envelopes of stream after version, in order, up to
	// the last one at the time of the call. A stream that does not exist is
	// empty.
	ReadStream(ctx context.Context, stream Stream, after Version) iter.Seq2[Envelope, error]

	// ReadAll yields every envelope after position, in order, up to the last one
	// at the time of the call. Once a reader has seen position p, nothing will
	// ever appear at or before p. It stops at the first error, which names the
	// position it could not read.
	ReadAll(ctx context.Context, after Position) iter.Seq2[Envelope, error]

	// Streams yields every stream of category with its last version, in no
	// order. Streams that are added meanwhile may be left out.
	Streams(ctx context.Context, category string) iter.Seq2[StreamHead, error]

	// Wait returns once the head is after position, or ctx is done.
	Wait(ctx context.Context, after Position) error
}

// A StreamHead is a stream and the version of its last envelope.
type StreamHead struct {
	Stream  Stream
	Version Version
}

// A Store keeps the ledger.
//
// Whatever Append has returned is durable, and is seen by every read that starts
// afterwards, on this store.
type Store interface {
	Log

	// Append adds records to the end of stream, all or none, and returns their
	// envelopes. It returns [ErrConflict], having written nothing, if stream is
	// not at version expected. There is no "any version".
	//
	// It returns an error that wraps [ErrRejected], having written nothing, if
	// the store cannot take records now or ever: it is full, read-only, broken,
	// or the records are too large. On any other error the outcome is unknown:
	// the records may have been written or not. It is safe to call
	// [Decider.Handle] again.
	Append(ctx context.Context, stream Stream, expected Version, records ...Record) ([]Envelope, error)
}

// ErrConflict reports that a stream has moved on since it was read.
var ErrConflict = errors.New("the stream has changed since it was read")

// ErrAltered reports that a ledger does not hold what was recorded: it was damaged or
// altered.
var ErrAltered = errors.New("the ledger is not what was recorded")

// ErrRejected reports that a store took nothing of what it was given.
var ErrRejected = errors.New("the ledger did not accept the entry")

// MaxRecordSize is the most bytes that the data and meta of one record may have
// together, the seal included. It leaves EventStoreDB's limit of 1 MiB for one event some air.
const MaxRecordSize = 1<<20 - 1<<14

// MaxBatch is the most records that one Append may carry.
const MaxBatch = 1024

// Follow is [Log.ReadAll] without an end: on reaching the last envelope it waits
// for more. It stops at the first error, or yields ctx.Err() once ctx is done.
func Follow(ctx context.Context, l Log, after Position) iter.Seq2[Envelope, error] {
	return func(yield func(Envelope, error) bool) {
		for {
			for env, err := range l.ReadAll(ctx, after) {
				if !yield(env, err) || err != nil {
					return
				}
				after = env.Position
			}
			if err := l.Wait(ctx, after); err != nil {
				yield(Envelope{}, err)
				return
			}
		}
	}
}

// CheckAppend returns an error that wraps [ErrRejected] if records are not what
// any store takes: none or too many, a name that is missing or too long, or more
// than [MaxRecordSize] bytes.
func CheckAppend(stream Stream, records []Record) error {
	if stream.Category == "" || len(stream.Category) > MaxName {
		return fmt.Errorf("stream category %.40q: empty or longer than %d bytes: %w", stream.Category, MaxName, ErrRejected)
	}
	if !stream.valid() {
		return fmt.Errorf("stream %.80q: its name does not say its category and its ID: %w", stream.String(), ErrRejected)
	}
	if len(records) == 0 || len(records) > MaxBatch {
		return fmt.Errorf("%d entries at once, not 1 to %d: %w", len(records), MaxBatch, ErrRejected)
	}
	for i, r := range records {
		if r.Type == "" || len(r.Type) > MaxName {
			return fmt.Errorf("entry %d: event name %.40q: empty or longer than %d bytes: %w", i, r.Type, MaxName, ErrRejected)
		}
		if n := len(r.Data) + len(r.Meta); n > MaxRecordSize {
			return fmt.Errorf("entry %d: %d bytes, more than %d: %w", i, n, MaxRecordSize, ErrRejected)
		}
	}
	return nil
}
