package ledger

import (
	"bytes"
	"context"
	"fmt"
	"time"
)

// Times says when the envelopes of a [Replica] were recorded. It sees every
// envelope of the source, in order.
//
// That is when the server says it recorded it, but never before the envelope in
// front: an EventStoreDB stamps events with the clock of its leader, and a clock
// that was set back, or another leader's, must not date an entry back (倒签).
//
// A ledger that was moved there ([Restamp]) begins with the events that were
// moved: they keep the time at which they were first recorded. What the server
// wrote of its own before or among them has no time that would fit; it takes that
// of the envelope in front. The first event of a case, a unit or a calendar that
// makes no such claim ends this for good: a later claim counts for nothing.
//
// The zero Times is at the start of a source. Not safe for concurrent use.
type Times struct {
	last   Ticks
	native bool // the events that were moved have all been seen
}

// Next sets env.Recorded, which is what the server says, to what the replica
// records. It reports whether env makes a claim that does not count.
func (t *Times) Next(env *Envelope) (ignored bool) {
	domain := KindOf(env.Stream.Category) != KindSystem
	claim, moved := restamped(env.Meta)
	switch {
	case !t.native && domain && !moved:
		t.native = true
	case !t.native && domain:
		env.Recorded = claim
	case !t.native:
		env.Recorded = t.last
	default:
		ignored = moved && domain
	}
	env.Recorded = max(env.Recorded, t.last)
	t.last = env.Recorded
	return ignored
}

// TimesOf returns the Times that has seen all of l, a replica. It reads the events
// that were moved and no others.
func TimesOf(ctx context.Context, l Log) (Times, error) {
	var t Times
	for env, err := range l.ReadAll(ctx, 0) {
		if err != nil {
			return t, err
		}
		if t.Next(&env); t.native {
			break
		}
	}
	head, err := l.Head(ctx)
	if err != nil || head == 0 {
		return t, err
	}
	env, err := At(ctx, l, head)
	t.last = env.Recorded
	return t, err
}

const (
	claimOpen  = `,"recorded_at":"`
	claimClose = `"}`
)

// Restamp returns meta, as [Codec.Record] made it, with the time at which its event
// was first recorded: an EventStoreDB gives every event that it is handed the
// present time, and a ledger that moves there (迁移) must not forget its own.
// Meta that has one already is returned as it is.
func Restamp(meta []byte, recorded Ticks) ([]byte, error) {
	if _, ok := restamped(meta); ok {
		return meta, nil
	}
	if len(meta) < len(`{"":0}`) || meta[0] != '{' || meta[len(meta)-1] != '}' {
		return nil, fmt.Errorf("the meta is no JSON object that a time could be added to")
	}
	stamped := append(bytes.Clone(meta[:len(meta)-1]), claimOpen...)
	stamped = append(stamped, recorded.Time().Format(time.RFC3339Nano)...)
	return append(stamped, claimClose...), nil
}

// Unstamp returns meta as it was before [Restamp].
func Unstamp(meta []byte) []byte {
	if at := bytes.LastIndex(meta, []byte(claimOpen)); at >= 0 {
		if _, ok := restamped(meta); ok {
			return append(bytes.Clone(meta[:at]), '}')
		}
	}
	return meta
}

// restamped returns the time that [Restamp] has put at the end of meta.
func restamped(meta []byte) (Ticks, bool) {
	if len(meta) == 0 || meta[len(meta)-1] != '}' {
		return 0, false
	}
	tail := meta[max(0, len(meta)-len(claimOpen)-len(time.RFC3339Nano)-len(claimClose)):]
	_, text, found := bytes.Cut(tail, []byte(claimOpen))
	text, closed := bytes.CutSuffix(text, []byte(claimClose))
	if !found || !closed {
		return 0, false
	}
	at, err := time.Parse(time.RFC3339Nano, string(text))
	return TicksOf(at), err == nil
}
