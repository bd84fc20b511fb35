package esdb

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

// A tape is a log of whatever it is given: what a server might send that has been
// tampered with.
type tape []ledger.Envelope

// newTape returns a tape of envelopes, in this order.
func newTape(envelopes []ledger.Envelope) tape {
	t := slices.Clone(tape(envelopes))
	for i := range t {
		t[i].Position = ledger.Position(i + 1)
	}
	return t
}

func (t tape) Head(context.Context) (ledger.Position, error) { return ledger.Position(len(t)), nil }

func (t tape) ReadAll(_ context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return t.where(func(e ledger.Envelope) bool { return e.Position > after })
}

func (t tape) ReadStream(_ context.Context, stream ledger.Stream, after ledger.Version) iter.Seq2[ledger.Envelope, error] {
	return t.where(func(e ledger.Envelope) bool { return e.Stream == stream && e.Version > after })
}

func (t tape) where(is func(ledger.Envelope) bool) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for _, env := range t {
			if is(env) && !yield(env, nil) {
				return
			}
		}
	}
}

func (t tape) Streams(context.Context, string) iter.Seq2[ledger.StreamHead, error] {
	return func(func(ledger.StreamHead, error) bool) {}
}

func (t tape) Wait(ctx context.Context, after ledger.Position) error {
	if after < ledger.Position(len(t)) {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// A writer makes what an EventStoreDB might record, event by event.
type writer struct {
	rand     *rand.Rand
	commit   uint64
	versions map[ledger.Stream]ledger.Version
	cases    []ledger.Stream
}

func newWriter(seed uint64) *writer {
	return &writer{rand: rand.New(rand.NewPCG(seed, 1)), versions: make(map[ledger.Stream]ledger.Version)}
}

// next returns the next n events: of cases, some of them moved there, of the
// server, and some that no replica keeps.
func (w *writer) next(n int) []ledger.Envelope {
	var all []ledger.Envelope
	for range n {
		if len(w.cases) == 0 || w.rand.IntN(4) == 0 {
			w.cases = append(w.cases, ledger.Stream{Category: "case", ID: w.uuid()})
		}
		stream := w.cases[w.rand.IntN(len(w.cases))]
		switch w.rand.IntN(12) {
		case 0:
			stream = ledger.Stream{Category: "$settings"}
		case 1:
			stream = ledger.Stream{Category: "$$case", ID: stream.ID}
		case 2:
			stream = ledger.Stream{Category: "$stats-127.0.0.1:2113"}
		case 3:
			stream = ledger.Stream{Category: "$ce-case"}
		}
		w.versions[stream]++
		w.commit += 1 + w.rand.Uint64N(500)
		meta := []byte(`{"actor":"tester"}`)
		if w.commit < 5000 || w.rand.IntN(20) == 0 {
			meta = []byte(fmt.Sprintf(`{"actor":"tester","recorded_at":"2025-01-01T00:00:%02dZ"}`, w.rand.IntN(60)))
		}
		all = append(all, ledger.Envelope{
			Stream: stream, Version: w.versions[stream],
			Origin: ledger.Origin{Commit: w.commit, Prepare: w.commit},
			// The clock of a server runs back now and then.
			Recorded: ledger.TicksOf(time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC).Add(time.Duration(w.commit)*time.Millisecond - time.Duration(w.rand.IntN(3000))*time.Millisecond)),
			Record:   ledger.Record{ID: w.uuid(), Type: "Said", Data: []byte(fmt.Sprint(w.commit)), Meta: meta, Binary: w.rand.IntN(30) == 0},
		})
	}
	return all
}

func (w *writer) uuid() (id uuid.UUID) {
	for i := range id {
		id[i] = byte(w.rand.Uint32())
	}
	return id
}

// kept returns those of all that a replica keeps.
func kept(all []ledger.Envelope) []ledger.Envelope {
	return slices.DeleteFunc(slices.Clone(all), func(e ledger.Envelope) bool {
		_, ok := keeps(e.Stream.String(), e.Type)
		return !ok
	})
}

// leaves returns the leaves of l, having checked all that it can show of itself.
func leaves(t *testing.T, l ledger.Log) []ledger.Hash {
	t.Helper()
	ledgertest.CheckChain(t, l)
	var all []ledger.Hash
	for _, env := range ledgertest.Collect(t, l.ReadAll(t.Context(), 0)) {
		all = append(all, env.Leaf)
	}
	return all
}

// checkCopy checks that replica is what all makes, through the filter and the
// times, and nothing else.
func checkCopy(t *testing.T, replica ledger.Log, all []ledger.Envelope) {
	t.Helper()
	want := new(ledgertest.Store)
	var times ledger.Times
	for _, env := range kept(all) {
		times.Next(&env)
		if err := want.Adopt(t.Context(), env); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := leaves(t, replica), leaves(t, want); !slices.Equal(got, want) {
		t.Fatalf("the replica has %d events, and not those of the source, %d", len(got), len(want))
	}
}
