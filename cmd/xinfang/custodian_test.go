package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/custody"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
	"xinfang/infra/metrics"
)

// custodianOf returns a custodian of store, and a function that says how often a
// metric line is what it should be.
func custodianOf(t *testing.T, store *ledgertest.Store, records bool, now func() time.Time) (*custodian, func(metric, want string)) {
	t.Helper()
	m := metrics.New(metrics.Build{})
	c := &custodian{log: store, metrics: m, logger: slog.New(slog.DiscardHandler), now: now, attempts: make(chan esdbnode.Attempt, waitingAttempts), repeated: make(chan struct{}, waitingEvents)}
	if records {
		c.store = store
	}
	return c, func(metric, want string) {
		t.Helper()
		w := httptest.NewRecorder()
		m.Handler("").ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		if line := metric + " " + want + "\n"; !strings.Contains(w.Body.String(), line) {
			t.Errorf("no %s", line)
		}
	}
}

// eventsOf returns the events of custody in store.
func eventsOf(t *testing.T, store ledger.Log) (all []custody.Event) {
	t.Helper()
	for env, err := range store.ReadAll(t.Context(), 0) {
		ok(t, err)
		if env.Stream.Category == custody.Category {
			if e, err := custody.Codec.Decode(env.Type, env.Data); err == nil { // or somebody's junk
				all = append(all, e)
			}
		}
	}
	return all
}

// TestAlarms: what the source's own events show is raised once, however many nodes
// see it and however often they start; but not what the server wrote before there
// was a ledger.
func TestAlarms(t *testing.T) {
	store := new(ledgertest.Store)
	stream := ledger.Stream{Category: "case", ID: uuid.UUID{1}}
	write := func(s ledger.Stream, version ledger.Version, typ, data string) {
		t.Helper()
		_, err := store.Append(t.Context(), s, version, ledger.Record{ID: uuid.New(), Type: typ, Data: []byte(data), Meta: []byte(`{}`)})
		ok(t, err)
	}
	write(ledger.Stream{Category: "$settings"}, 0, "update-default-acl", `{}`)
	write(stream, 0, "Said", `{}`)
	write(ledger.Stream{Category: "$$case", ID: stream.ID}, 0, "$metadata", `{"$tb":1}`)
	write(stream, 1, "Said", `{}`)

	watch := func(c *custodian, from ledger.Position, until func() bool) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		var wg sync.WaitGroup
		wg.Go(func() { ok(t, c.watch(ctx, from)) })
		for !until() && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
		wg.Wait()
	}
	first, seen := custodianOf(t, store, true, time.Now)
	watch(first, 0, func() bool { return len(eventsOf(t, store)) == 1 })
	seen(`xinfang_store_alarms_total{kind="metadata"}`, "1")
	seen(`xinfang_store_alarms_total{kind="rights"}`, "0")
	got := eventsOf(t, store)
	if a, ok := got[0].(custody.AlarmRaised); !ok || a.Kind != "metadata" || a.Position != 3 || a.Stream != stream.String() {
		t.Errorf("recorded %+v", got[0])
	}

	// Another node sees it recorded, and goes on to what is new.
	write(ledger.Stream{Category: "$settings"}, 1, "update-default-acl", `{"x":1}`)
	second, seenToo := custodianOf(t, store, true, time.Now)
	watch(second, 0, func() bool { return len(eventsOf(t, store)) == 2 })
	seenToo(`xinfang_store_alarms_total{kind="metadata"}`, "0")
	seenToo(`xinfang_store_alarms_total{kind="rights"}`, "1")

	// A follower records nothing, and counts what comes while it looks.
	head, err := store.Head(t.Context())
	ok(t, err)
	write(stream, 2, "$streamDeleted", ``)
	follower, seenThere := custodianOf(t, store, false, time.Now)
	w := httptest.NewRecorder()
	watch(follower, head, func() bool {
		w = httptest.NewRecorder()
		follower.metrics.Handler("").ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		return strings.Contains(w.Body.String(), `xinfang_store_alarms_total{kind="deleted"} 1`)
	})
	seenThere(`xinfang_store_alarms_total{kind="deleted"}`, "1")
	seenThere(`xinfang_store_alarms_total{kind="metadata"}`, "0")
	if n := len(eventsOf(t, store)); n != 2 {
		t.Errorf("%d events of custody, want 2", n)
	}
}

// TestAlarmIsNotLost: an alarm is recorded although the store takes nothing for a
// while, and although it was recorded and only the answer was lost.
func TestAlarmIsNotLost(t *testing.T) {
	for _, applied := range []bool{false, true} {
		t.Run(fmt.Sprint("applied ", applied), func(t *testing.T) {
			store := new(ledgertest.Store)
			failures := 1
			store.Fault = func(ledger.Stream) (bool, error) {
				if failures--; failures >= 0 {
					return applied, errors.New("the line went dead")
				}
				return false, nil
			}
			c, _ := custodianOf(t, store, true, time.Now)
			e := custody.AlarmRaised{Kind: "deleted", Stream: "case-1", Position: 7, Cause: uuid.UUID{7}}
			c.record(t.Context(), e, alarmKey(e))
			c.again.Wait()
			if got := eventsOf(t, store); len(got) != 1 || got[0] != e {
				t.Errorf("recorded %+v", got)
			}
		})
	}
}

// TestAttempts: a refused attempt is an event; those alike within a minute are
// counted with the next one. What was typed as the name of an account that could not
// show who it is, is nowhere.
func TestAttempts(t *testing.T) {
	store := new(ledgertest.Store)
	var mu sync.Mutex
	now := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC) // guarded by mu
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	c, seen := custodianOf(t, store, true, clock)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { ok(t, c.recordAttempts(ctx)) })
	defer wg.Wait()
	defer cancel()
	recorded := func(n int) { // attempts are taken in order: then all before are counted
		t.Helper()
		for deadline := time.Now().Add(time.Minute); len(eventsOf(t, store)) < n; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d attempts are recorded, not %d", len(eventsOf(t, store)), n)
			}
		}
	}
	stream := ledger.Stream{Category: "case", ID: uuid.UUID{1}}.String()
	erase := esdbnode.Attempt{User: "dba", Kind: "delete", Stream: stream, Remote: "192.0.2.7:999"}
	for range 3 {
		c.refused(ctx, erase)
	}
	c.refused(ctx, esdbnode.Attempt{User: "secret typed here", Kind: "authentication", Stream: "also here", Remote: "192.0.2.7:1000"})
	recorded(2)
	mu.Lock()
	now = now.Add(2 * repeatAfter)
	mu.Unlock()
	c.refused(ctx, erase)
	recorded(3)
	want := []custody.Event{
		custody.AttemptRefused{Kind: "delete", Account: "dba", Stream: stream, Remote: "192.0.2.7"},
		custody.AttemptRefused{Kind: "authentication", Remote: "192.0.2.7"},
		custody.AttemptRefused{Kind: "delete", Account: "dba", Stream: stream, Remote: "192.0.2.7", More: 2},
	}
	if got := eventsOf(t, store); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("recorded %+v\nwant     %+v", got, want)
	}
	seen(`xinfang_access_denied_total{reason="delete"}`, "4")
	seen(`xinfang_access_denied_total{reason="authentication"}`, "1")
}

// TestCustodianAgain has the ledger unreadable for a while: the custodian goes on where
// it can be read again, and ends with the program.
func TestCustodianAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(ledgertest.Store)
		for _, s := range []ledger.Stream{{Category: "case", ID: uuid.UUID{1}}, {Category: "$$case", ID: uuid.UUID{1}}} {
			_, err := store.Append(t.Context(), s, 0, ledger.Record{ID: uuid.New(), Type: "$metadata", Data: []byte(`{"$tb":1}`), Meta: []byte(`{}`)})
			ok(t, err)
		}
		c, seen := custodianOf(t, store, true, time.Now)
		c.log = &unreadable{Log: store, times: 2}
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { ok(t, c.watch(ctx, 0)) })
		time.Sleep(2*againAfter - 1)
		synctest.Wait()
		seen(`xinfang_store_alarms_total{kind="metadata"}`, "0")
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		seen(`xinfang_store_alarms_total{kind="metadata"}`, "1")
		stop()
		wg.Wait()
	})
}

// An unreadable log cannot be read so many times.
type unreadable struct {
	ledger.Log
	times int // its reader owns it
}

func (u *unreadable) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	if u.times--; u.times >= 0 {
		return func(yield func(ledger.Envelope, error) bool) {
			yield(ledger.Envelope{}, errors.New("it cannot be read"))
		}
	}
	return u.Log.ReadAll(ctx, after)
}

// TestCustodianCutOff has the store take nothing for a while: every trace is heard of at
// once, and all are on record in the end.
func TestCustodianCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(ledgertest.Store)
		write := func(s ledger.Stream, typ string) {
			t.Helper()
			_, err := store.Append(t.Context(), s, 0, ledger.Record{ID: uuid.New(), Type: typ, Data: []byte(`{"$tb":1}`), Meta: []byte(`{}`)})
			ok(t, err)
		}
		write(ledger.Stream{Category: "case", ID: uuid.UUID{1}}, "Said")
		for i := range byte(3) {
			write(ledger.Stream{Category: "$$case", ID: uuid.UUID{i + 1}}, "$metadata")
		}
		c, seen := custodianOf(t, store, true, time.Now)
		cut := &cutOff{Store: store}
		cut.down.Store(true)
		c.store = cut
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { ok(t, c.watch(ctx, 0)) })
		synctest.Wait()
		seen(`xinfang_store_alarms_total{kind="metadata"}`, "3")
		if got := eventsOf(t, store); len(got) > 0 {
			t.Errorf("recorded meanwhile: %+v", got)
		}
		time.Sleep(time.Hour)
		cut.down.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := eventsOf(t, store); len(got) != 3 {
			t.Errorf("recorded in the end: %+v", got)
		}
		stop()
		wg.Wait()
		c.again.Wait()
	})
}

// A cutOff store takes nothing while it is down.
type cutOff struct {
	ledger.Store
	down atomic.Bool
}

func (s *cutOff) Append(ctx context.Context, stream ledger.Stream, after ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	if s.down.Load() {
		return nil, ledger.ErrRejected
	}
	return s.Store.Append(ctx, stream, after, records...)
}

// TestCustodianEnds ends the program between reading an event and looking for its alarm:
// what could not be looked for any more is no alarm.
func TestCustodianEnds(t *testing.T) {
	store := new(ledgertest.Store)
	c, seen := custodianOf(t, store, true, time.Now)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	c.raise(ctx, custody.AlarmRaised{Kind: "metadata", Stream: "case-1", Position: 7, Cause: uuid.UUID{7}}, "a trace", 0)
	seen(`xinfang_store_alarms_total{kind="metadata"}`, "0")
}
