package ledger

import (
	"context"
	"fmt"

	"github.com/google/uuid"
)

// A Replica (副本) is a local copy of a ledger whose authority is elsewhere: an
// EventStoreDB, or another node. Everything that reads, reads the replica.
//
// Every replica of one source is the same, position by position and leaf by leaf,
// because each takes what the source has recorded in the source's order, through
// the same filter ([ParseStream] says what a ledger keeps), with the times of
// [Times].
type Replica interface {
	Log

	// Adopt adds what the source has recorded after the replica's head: of each
	// envelope it takes Stream, Version, Origin, Recorded and the Record, and gives
	// it its position and its leaf. All are durable when it returns, or none.
	//
	// It returns a [*Break] if one of them does not continue what the replica
	// holds, and an error that wraps [ErrRejected] if one is more than a ledger can
	// keep or the disk takes nothing; then it has adopted none. After any other
	// error they may have been adopted or not: ask for the Head.
	Adopt(ctx context.Context, envelopes ...Envelope) error
}

// A Break reports that what a source sends does not continue what its replica
// holds: the source has lost, changed or reordered what it had recorded. The
// replica keeps what it has; a person must find out who is right.
type Break struct {
	Kind   BreakKind
	At     Position // where the event stands in the replica, or would stand
	Index  int      // of the envelope, among those that Adopt was given
	Stream Stream
	ID     uuid.UUID // of the event; zero if none is there
	Reason string
}

// Error names the event and says what is wrong with it, and what to do.
func (b *Break) Error() string {
	return fmt.Sprintf("the source does not continue this replica (%s): position %d, %v, event %v: %s; "+
		"the replica keeps what it holds: compare it with the source and with other replicas before anything is restored",
		b.Kind, b.At, b.Stream, b.ID, b.Reason)
}

// Say returns what [Break.Error] does, in both languages.
func (b *Break) Say() Text {
	return Text{
		ZH: fmt.Sprintf("来源与副本不一致（%s）：位置 %d，数据流 %v，事件 %v；副本保持原样，请与来源及其他副本核对，查明前不要恢复任何数据。详情：%s", b.Kind, b.At, b.Stream, b.ID, b.Reason),
		EN: b.Error(),
	}
}

// A BreakKind classifies breaks, for programs.
type BreakKind string

// The kinds of break.
const (
	Gap      BreakKind = "gap"      // a version of the stream is missing before the event
	Order    BreakKind = "order"    // the event stands before one that the replica has
	Changed  BreakKind = "changed"  // the event is not the one that the replica holds in its place
	Vanished BreakKind = "vanished" // an event that the replica holds is missing among others that are there
	Shorter  BreakKind = "shorter"  // the source ends before the replica does
	Foreign  BreakKind = "foreign"  // no ledger can keep the event: its size, its name
)

// BreakKinds is the closed set.
var BreakKinds = []BreakKind{Gap, Order, Changed, Vanished, Shorter, Foreign}

// Follows returns a [*Break] if env does not come next in a replica that ends
// with origin last at position at, and whose stream of env is at version.
func (e *Envelope) Follows(at Position, last Origin, version Version) error {
	broken := func(kind BreakKind, format string, args ...any) error {
		return &Break{Kind: kind, At: at + 1, Stream: e.Stream, ID: e.ID, Reason: fmt.Sprintf(format, args...)}
	}
	if !e.Stream.valid() || len(e.Stream.Category) > MaxName {
		return broken(Foreign, "the stream is none that a ledger keeps, or its name is too long")
	}
	if e.Type == "" || len(e.Type) > MaxName || len(e.Data)+len(e.Meta) > MaxRecordSize {
		return broken(Foreign, "its type has %d bytes and its data and meta %d, more than a ledger keeps", len(e.Type), len(e.Data)+len(e.Meta))
	}
	switch {
	case e.Origin.Commit <= last.Commit && at > 0:
		return broken(Order, "it stands at %d/%d in the source, not after %d/%d", e.Origin.Commit, e.Origin.Prepare, last.Commit, last.Prepare)
	case e.Origin.Commit >= 1<<63 || e.Origin.Prepare >= 1<<63:
		return broken(Order, "its place in the source, %d/%d, is impossible", e.Origin.Commit, e.Origin.Prepare)
	case e.Version > version+1:
		return broken(Gap, "it is version %d of a stream whose last is %d: what was between is missing", e.Version, version)
	case e.Version <= version:
		return broken(Order, "it is version %d of a stream whose last is %d", e.Version, version)
	}
	return nil
}
