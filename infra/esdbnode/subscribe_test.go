package esdbnode_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

// damaged is a ledger that cannot be read at a position.
type damaged struct {
	ledger.Log
	at ledger.Position
}

func (d damaged) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return d.fail(d.Log.ReadAll(ctx, after))
}

func (d damaged) ReadStream(ctx context.Context, s ledger.Stream, after ledger.Version) iter.Seq2[ledger.Envelope, error] {
	return d.fail(d.Log.ReadStream(ctx, s, after))
}

func (d damaged) fail(seq iter.Seq2[ledger.Envelope, error]) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for env, err := range seq {
			if env.Position >= d.at {
				yield(ledger.Envelope{}, errors.New("secret words are not what they were"))
				return
			}
			if !yield(env, err) {
				return
			}
		}
	}
}

// counted counts what is read.
type counted struct {
	*ledgertest.Store
	yielded atomic.Int64
}

func (c *counted) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for env, err := range c.Store.ReadAll(ctx, after) {
			c.yielded.Add(1)
			if !yield(env, err) {
				return
			}
		}
	}
}

// TestSubscribeHandOver has subscribers begin and go on while many write. Each must
// get every event once, in order, whatever it began with.
func TestSubscribeHandOver(t *testing.T) {
	const writers, each = 8, 60
	const total = writers * each
	store := new(ledgertest.Store)
	s := serve(t, store)
	c := s.client(t, "")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	var wg sync.WaitGroup
	defer wg.Wait()
	shared := newStream()
	for w := range writers {
		wg.Go(func() {
			own := newStream()
			for i := range each {
				name, expect := own, esdb.ExpectedRevision(esdb.Revision(uint64(max(0, i/2-1))))
				if i/2 == 0 {
					expect = esdb.NoStream{}
				}
				if i%2 == 1 {
					name, expect = shared, esdb.Any{}
				}
				for {
					_, err := c.AppendToStream(ctx, name, esdb.AppendToStreamOptions{ExpectedRevision: expect}, event(fmt.Sprint(w, i)))
					if err == nil {
						break
					}
					if e, ok := errors.AsType[*esdb.Error](err); !ok || e.Code() != esdb.ErrorAborted {
						t.Errorf("writer %d: %v", w, err)
						cancel()
						return
					}
				}
			}
		})
	}
	for i := range 12 {
		wg.Go(func() {
			time.Sleep(time.Duration(i) * 3 * time.Millisecond)
			from, next := esdb.AllPosition(esdb.Start{}), ledger.Position(1)
			if head, _ := store.Head(ctx); i%2 == 1 && head > 0 {
				from, next = esdb.Position{Commit: uint64(head), Prepare: uint64(head)}, head+1
			}
			o := esdb.SubscribeToAllOptions{From: from}
			if i%3 == 0 {
				o.Filter, o.MaxSearchWindow = &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"case-"}}, 10
			}
			sub, err := c.SubscribeToAll(ctx, o)
			if err != nil {
				t.Error(err)
				return
			}
			defer sub.Close()
			for caughtUp := 0; next <= total; {
				switch e := sub.Recv(); {
				case e.EventAppeared != nil:
					if got := e.EventAppeared.OriginalEvent().Position.Commit; got != uint64(next) {
						t.Errorf("subscriber %d: event at %d, want %d", i, got, next)
						return
					}
					next++
				case e.CheckPointReached != nil:
					if got := e.CheckPointReached.Commit; got != uint64(next-1) {
						t.Errorf("subscriber %d: checkpoint at %d, want %d", i, got, next-1)
						return
					}
				case e.CaughtUp != nil:
					if caughtUp++; caughtUp > 1 {
						t.Errorf("subscriber %d: caught up %d times", i, caughtUp)
					}
				default:
					t.Errorf("subscriber %d: %+v", i, e.SubscriptionDropped)
					return
				}
			}
		})
	}
	wg.Go(func() { // one stream
		sub, err := c.SubscribeToStream(ctx, shared, esdb.SubscribeToStreamOptions{From: esdb.Start{}})
		if err != nil {
			t.Error(err)
			return
		}
		defer sub.Close()
		for next := uint64(0); next < total/2; {
			switch e := sub.Recv(); {
			case e.EventAppeared != nil:
				if got := e.EventAppeared.OriginalEvent(); got.EventNumber != next || got.StreamID != shared {
					t.Errorf("event %d of %s, want %d", got.EventNumber, got.StreamID, next)
					return
				}
				next++
			case e.SubscriptionDropped != nil:
				t.Error(e.SubscriptionDropped.Error)
				return
			}
		}
	})
}

// TestSubscribeFrom checks where subscriptions begin: after what they are given.
func TestSubscribeFrom(t *testing.T) {
	store, all := replica(t)
	c := serve(t, store).client(t, "")
	stream := all[1].Stream
	var in []ledger.Envelope
	for _, env := range all {
		if env.Stream == stream {
			in = append(in, env)
		}
	}
	until := func(sub *esdb.Subscription, err error) []*esdb.RecordedEvent {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer sub.Close()
		var got []*esdb.RecordedEvent
		for {
			switch e := sub.Recv(); {
			case e.CaughtUp != nil:
				return got
			case e.EventAppeared != nil:
				got = append(got, e.EventAppeared.Event)
			default:
				t.Fatalf("%+v", e)
			}
		}
	}
	compare := func(what any, got []*esdb.RecordedEvent, want []ledger.Envelope) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("from %v: %d events, want %d", what, len(got), len(want))
		}
		for i := range want {
			check(t, got[i], &want[i])
		}
	}
	for _, tt := range []struct {
		from esdb.AllPosition
		want []ledger.Envelope
	}{
		{esdb.Start{}, all},
		{esdb.End{}, nil},
		{esdb.Position{}, all},
		{esdb.Position{Commit: 99, Prepare: 99}, all},
		{esdb.Position{Commit: 100, Prepare: 93}, all[1:]},
		{esdb.Position{Commit: 650, Prepare: 650}, all[6:]},
		{esdb.Position{Commit: 1<<64 - 1, Prepare: 1<<64 - 1}, nil},
	} {
		sub, err := c.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{From: tt.from})
		compare(tt.from, until(sub, err), tt.want)
	}
	for _, tt := range []struct {
		from esdb.StreamPosition
		want []ledger.Envelope
	}{
		{esdb.Start{}, in}, {esdb.End{}, nil}, {esdb.Revision(0), in[1:]}, {esdb.Revision(1), in[2:]}, {esdb.Revision(99), nil},
	} {
		sub, err := c.SubscribeToStream(t.Context(), stream.String(), esdb.SubscribeToStreamOptions{From: tt.from})
		compare(tt.from, until(sub, err), tt.want)
	}
	sub, err := c.SubscribeToStream(t.Context(), "$settings", esdb.SubscribeToStreamOptions{From: esdb.Start{}})
	compare("$settings", until(sub, err), []ledger.Envelope{all[0], all[7]})
}

// TestSubscribeCatchUp checks that a subscriber hears when it has caught up, after
// however much, and not before.
func TestSubscribeCatchUp(t *testing.T) {
	for _, total := range []ledger.Position{0, 1, 999, 1000, 1001, 5000} {
		store := new(ledgertest.Store)
		stream := ledgertest.NewStream()
		for i := range total {
			if _, err := store.Append(t.Context(), stream, ledger.Version(i), ledgertest.Record("{}")); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		c := serve(t, store).client(t, "")
		toAll, err := c.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{From: esdb.Start{}})
		if err != nil {
			t.Fatal(err)
		}
		toStream, err := c.SubscribeToStream(ctx, stream.String(), esdb.SubscribeToStreamOptions{From: esdb.Start{}})
		if err != nil {
			t.Fatal(err)
		}
		for _, sub := range []*esdb.Subscription{toAll, toStream} {
			got := ledger.Position(0)
			for sub.Recv().EventAppeared != nil {
				got++
			}
			if got != total || ctx.Err() != nil {
				t.Errorf("caught up after %d events of %d, %v", got, total, ctx.Err())
			}
		}
	}
}

// TestSubscribeFilter checks what passes, and what is said of how far the
// subscription has come.
func TestSubscribeFilter(t *testing.T) {
	store := new(ledgertest.Store)
	const total = 100
	other := ledger.Stream{Category: "visit", ID: uuid.New()}
	for i := range total {
		r, stream := ledgertest.Record("{}"), ledgertest.NewStream()
		version := ledger.Version(0)
		if r.Type = "Said"; i%10 == 9 {
			r.Type, stream, version = "Heard", other, ledger.Version(i/10)
		}
		if _, err := store.Append(t.Context(), stream, version, r); err != nil {
			t.Fatal(err)
		}
	}
	c := serve(t, store).client(t, "")
	for name, tt := range map[string]struct {
		filter *esdb.SubscriptionFilter
		window int
		want   string // commits of events and, in brackets, of checkpoints
	}{
		"prefix of stream":  {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Prefixes: []string{"visit-"}}, 25, "10 20 [25] 30 40 50 [50] 60 70 [75] 80 90 100 [100] ^"},
		"pattern of stream": {&esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "^v.*-"}, 40, "10 20 30 40 [40] 50 60 70 80 [80] 90 100 [100] ^"},
		"prefix of type":    {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Prefixes: []string{"x", "Hea"}}, 60, "10 20 30 40 50 60 [60] 70 80 90 100 [100] ^"},
		"pattern of type":   {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: "^Heard$"}, 1000, "10 20 30 40 50 60 70 80 90 100 [100] ^"},
		"nothing passes":    {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: "^Seen$"}, 50, "[50] [100] ^"},
		"no window":         {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: "^Seen$"}, esdb.NoMaxSearchWindow, "[100] ^"},
		"system events":     {&esdb.SubscriptionFilter{Type: esdb.EventFilterType, Regex: `^\$.*`}, 1000, "[100] ^"},
	} {
		t.Run(name, func(t *testing.T) {
			sub, err := c.SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{From: esdb.Start{}, Filter: tt.filter, MaxSearchWindow: tt.window, CheckpointInterval: 1})
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			var got string
			for done := false; !done; {
				switch e := sub.Recv(); {
				case e.EventAppeared != nil:
					got += fmt.Sprint(e.EventAppeared.Event.Position.Commit, " ")
				case e.CheckPointReached != nil:
					got += fmt.Sprintf("[%d] ", e.CheckPointReached.Commit)
				case e.CaughtUp != nil:
					got, done = got+"^", true
				default:
					t.Fatalf("%+v", e.SubscriptionDropped)
				}
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestSubscribeRevoked checks that whoever is removed from the users gets no event
// more.
func TestSubscribeRevoked(t *testing.T) {
	store := new(ledgertest.Store)
	s := serveTLS(t, store)
	sub, err := s.client(t, "reader").SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	if sub.Recv().CaughtUp == nil {
		t.Fatal("not caught up")
	}
	ping(t, s.client(t, "writer"))
	if sub.Recv().EventAppeared == nil {
		t.Fatal("no event")
	}
	s.revoke(t, "reader")
	ping(t, s.client(t, "writer"))
	if dropped := sub.Recv().SubscriptionDropped; dropped == nil {
		t.Error("an event has come to a user who was removed")
	}
	if told := s.refused(); len(told) != 1 || told[0].Kind != "read" || told[0].User != "reader" || told[0].Stream != "$all" {
		t.Errorf("refused attempts: %+v", told)
	}
}

// TestSubscribeRevokedEarly checks the same of a subscriber who has not caught up.
func TestSubscribeRevokedEarly(t *testing.T) {
	s := serveTLS(t, &endless{count: 1 << 40})
	sub, err := s.client(t, "reader").SubscribeToAll(t.Context(), esdb.SubscribeToAllOptions{From: esdb.Start{}})
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < 100_000; n++ {
		if n == 10 {
			s.revoke(t, "reader")
		}
		if sub.Recv().SubscriptionDropped != nil {
			return
		}
	}
	t.Error("events keep coming to a user who was removed")
}
