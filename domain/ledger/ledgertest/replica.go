package ledgertest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// TestReplica checks that replicas made by open keep the promises of
// [ledger.Replica]. Each call of open must return an empty replica.
func TestReplica(t *testing.T, open func(t *testing.T) ledger.Replica) {
	checks := []struct {
		name  string
		check func(*testing.T, ledger.Replica)
	}{
		{"what is adopted stands as in the source", testAdopt},
		{"what does not continue the replica", testBreaks},
		{"waiting for what is adopted", testAdoptWakes},
		{"a context that is done", testAdoptContext},
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) { c.check(t, open(t)) })
	}
}

// Source returns what an EventStoreDB might hold, places with gaps and all: events
// of two cases, the server's own settings, and data that is no JSON.
func Source() []ledger.Envelope {
	a := ledger.Stream{Category: "case", ID: uuid.UUID{1}}
	b := ledger.Stream{Category: "case", ID: uuid.UUID{2}}
	settings := ledger.Stream{Category: "$settings"}
	streams := []ledger.Stream{settings, a, a, b, {Category: "$$case", ID: a.ID}, a, b, settings}
	versions := make(map[ledger.Stream]ledger.Version)
	var all []ledger.Envelope
	for i, stream := range streams {
		versions[stream]++
		env := ledger.Envelope{
			Stream: stream, Version: versions[stream],
			Origin:   ledger.Origin{Commit: uint64(100 * (i + 1)), Prepare: uint64(100*(i+1) - 7)},
			Recorded: ledger.TicksOf(time.Date(2026, 1, 2, 3, 4, i, 0, time.UTC)),
			Record:   ledger.Record{ID: uuid.UUID{9, byte(i)}, Type: "Said", Data: []byte(`{"b":1, "a":"信"}`), Meta: []byte(`{}`)},
		}
		if i == 3 {
			env.Binary, env.Data = true, []byte{0xff, 0, '\n'}
		}
		all = append(all, env)
	}
	return all
}

func testAdopt(t *testing.T, r ledger.Replica) {
	source := Source()
	for _, part := range [][]ledger.Envelope{source[:1], source[1:6], source[6:]} {
		if err := r.Adopt(t.Context(), part...); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Adopt(t.Context()); err != nil {
		t.Errorf("Adopt of nothing = %v", err)
	}
	if at := CheckChain(t, r); at != ledger.Position(len(source)) {
		t.Fatalf("the replica ends at position %d, the source at %d", at, len(source))
	}
	versions := make(map[ledger.Stream]ledger.Version)
	for i, got := range Collect(t, r.ReadAll(t.Context(), 0)) {
		want := source[i]
		want.Position, want.Prev = got.Position, got.Prev
		if want = want.Seal(); got.Position != ledger.Position(i+1) || got.Leaf != want.Leaf || got.Binary != want.Binary {
			t.Errorf("position %d holds\n%+v, want\n%+v", i+1, got, want)
		}
		versions[got.Stream] = got.Version
	}
	for stream, version := range versions {
		if got := Collect(t, r.ReadStream(t.Context(), stream, 0)); ledger.Version(len(got)) != version || got[0].Stream != stream {
			t.Errorf("%v reads as %v, want %d", stream, got, version)
		}
	}
}

func testBreaks(t *testing.T, r ledger.Replica) {
	source := Source()
	if err := r.Adopt(t.Context(), source[:4]...); err != nil {
		t.Fatal(err)
	}
	with := func(change func(*ledger.Envelope)) ledger.Envelope {
		env := source[5]
		change(&env)
		return env
	}
	for name, tt := range map[string]struct {
		next ledger.Envelope
		want ledger.BreakKind
	}{
		"a version is missing":        {with(func(e *ledger.Envelope) { e.Version++ }), ledger.Gap},
		"a version comes again":       {with(func(e *ledger.Envelope) { e.Version-- }), ledger.Order},
		"a place comes again":         {with(func(e *ledger.Envelope) { e.Origin = source[4].Origin }), ledger.Order},
		"an earlier place":            {with(func(e *ledger.Envelope) { e.Origin.Commit = 250 }), ledger.Order},
		"a place that cannot be":      {with(func(e *ledger.Envelope) { e.Origin.Commit = 1 << 63 }), ledger.Order},
		"more than a ledger can keep": {with(func(e *ledger.Envelope) { e.Data = make([]byte, ledger.MaxRecordSize+1) }), ledger.Foreign},
		"no stream of a ledger":       {with(func(e *ledger.Envelope) { e.Stream = ledger.Stream{Category: "visits"}; e.Version = 1 }), ledger.Foreign},
	} {
		err := r.Adopt(t.Context(), source[4], tt.next)
		broken, ok := errors.AsType[*ledger.Break](err)
		if !ok || broken.Kind != tt.want || broken.Index != 1 || broken.ID != tt.next.ID || broken.At != 6 {
			t.Errorf("%s: Adopt = %v (%+v), want a break of kind %s at position 6", name, err, broken, tt.want)
		}
		if head, err := r.Head(t.Context()); head != 4 || err != nil {
			t.Fatalf("%s: the head is %d, %v; want 4", name, head, err)
		}
	}
	if err := r.Adopt(t.Context(), source[4:]...); err != nil {
		t.Errorf("after all that, Adopt of what is right = %v", err)
	}
	CheckChain(t, r)
}

func testAdoptWakes(t *testing.T, r ledger.Replica) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	woken := make(chan error, 1)
	go func() { woken <- r.Wait(ctx, 0) }()
	if err := r.Adopt(ctx, Source()...); err != nil {
		t.Fatal(err)
	}
	if err := <-woken; err != nil {
		t.Errorf("Wait = %v", err)
	}
}

func testAdoptContext(t *testing.T, r ledger.Replica) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Adopt(ctx, Source()...); !errors.Is(err, context.Canceled) {
		t.Errorf("Adopt = %v, want %v", err, context.Canceled)
	}
	if head, _ := r.Head(t.Context()); head != 0 {
		t.Errorf("a canceled Adopt adopted %d envelopes", head)
	}
}
