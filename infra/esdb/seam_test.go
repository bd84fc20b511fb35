package esdb

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

// What a stream is ended by has no number of its own; it is kept after the last,
// and found again there.
func TestTombstone(t *testing.T) {
	ctx := t.Context()
	source := ledgertest.Source()
	end := source[5]
	end.Type, end.Data = "$streamDeleted", nil
	end.Origin.Commit, end.Origin.Prepare = 1000, 1000
	e := recorded(end)
	e.EventNumber = math.MaxInt64
	sent := func() (all []delivery) {
		for _, env := range source {
			all = append(all, deliver(env.Stream, recorded(env)))
		}
		return append(all, deliver(end.Stream, e), delivery{caughtUp: true})
	}

	replica := new(ledgertest.Store)
	c := dial(t, Options{Address: "esdb://nowhere"})
	var told []ledger.Position
	trace := func(_ context.Context, env ledger.Envelope, _ bool) { told = append(told, env.Position) }
	for _, want := range [][]ledger.Position{{1, 5, 8, 9}, {1, 5, 8, 9}} {
		copier := NewCopier(c, replica, CopierOptions{Trace: trace})
		for range 2 {
			s, err := sew(ctx, replica, -1)
			if err != nil {
				t.Fatal(err)
			}
			caughtUp, err := copier.take(ctx, s, sent())
			s.stop()
			if err != nil || !caughtUp || s.want != nil {
				t.Fatalf("take = %v, %v", caughtUp, err)
			}
		}
		// Each copier tells once, a new one again: the one before may have been
		// stopped too early.
		if !slices.Equal(told, want) {
			t.Errorf("the trace was told of %v, want %v", told, want)
		}
		told = nil
	}
	if got := ledgertest.Collect(t, replica.ReadStream(ctx, end.Stream, 0)); len(got) != int(end.Version)+1 || got[len(got)-1].Type != "$streamDeleted" {
		t.Errorf("the stream that was ended has %d events", len(got))
	}
	ledgertest.CheckChain(t, replica)
}

// Of an append of our own, the beginning is not seen before the end, unless the end
// does not come.
func TestPartsAreKeptBack(t *testing.T) {
	ctx := t.Context()
	all := kept(newWriter(9).next(60))[:6]
	var records []ledger.Record
	for _, env := range all[1:4] {
		records = append(records, env.Record)
	}
	replica := new(ledgertest.Store)
	copier := NewCopier(dial(t, Options{Address: "esdb://nowhere"}), replica, CopierOptions{})
	copier.parts.sent(records)
	s, err := sew(ctx, replica, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	for i, want := range []ledger.Position{1, 1, 1, 4, 5} {
		if _, err := copier.take(ctx, s, []delivery{deliver(all[i].Stream, recorded(all[i]))}); err != nil || heads(t, replica) != want {
			t.Errorf("after event %d of the source the replica has %d, %v; want %d", i+1, heads(t, replica), err, want)
		}
	}
	checkCopy(t, replica, all[:5])

	node := startNode(t, esdbnode.Options{Log: newTape(all[:3])})
	half := new(ledgertest.Store)
	copier = NewCopier(dial(t, Options{Address: node.address()}), half, CopierOptions{})
	copier.parts.sent(records)
	if err := copier.CatchUp(within(t)); err != nil {
		t.Fatal(err)
	}
	checkCopy(t, half, all[:3])
	copier.parts.settled(records)
	if n := copier.parts.open(all[:3]); n != 0 {
		t.Errorf("%d events are kept back for an append that is settled", n)
	}
}

// A server may read on after a place, or from it.
func TestSeamInclusive(t *testing.T) {
	source, replica := ledgertest.Source(), new(ledgertest.Store)
	if err := replica.Adopt(t.Context(), source...); err != nil {
		t.Fatal(err)
	}
	for _, first := range []int{5, 6} {
		s, err := sew(t.Context(), replica, 2)
		if err != nil {
			t.Fatal(err)
		}
		if *s.from != source[5].Origin {
			t.Fatalf("the source is read after %v, want %v", *s.from, source[5].Origin)
		}
		for _, env := range source[first:] {
			d := deliver(env.Stream, recorded(env))
			if _, _, err := s.compare(&d); err != nil {
				t.Error(err)
			}
		}
		if s.want != nil || s.at != 8 {
			t.Errorf("from %d: compared up to %d", first, s.at)
		}
		s.stop()
	}
}

// Between reader and copier there is never more than the bounds say, and one more.
func TestBufferBound(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for name, size := range map[string]int{"many small": 0, "few large": 1 << 20, "larger than all": 20 << 20} {
		t.Run(name, func(t *testing.T) {
			b := newBuffer()
			data := make([]byte, size)
			var wg sync.WaitGroup
			const n = 3 * maxWaiting
			wg.Go(func() {
				for range n {
					if err := b.put(ctx, delivery{env: ledger.Envelope{Record: ledger.Record{Data: data}}}); err != nil {
						t.Error(err)
					}
				}
				b.end(errKilled)
			})
			var got []delivery
			for taken := 0; ; {
				<-b.wake
				b.mu.Lock()
				if waiting, bytes := len(b.waiting), b.bytes; waiting > maxWaiting || bytes > maxWaitingBytes && waiting > 1 {
					t.Errorf("%d events and %d bytes are waiting", waiting, bytes)
				}
				b.mu.Unlock()
				var ended bool
				var err error
				got, ended, err = b.take(got)
				if taken += len(got); ended {
					if taken != n || !errors.Is(err, errKilled) {
						t.Errorf("took %d of %d, then %v", taken, n, err)
					}
					break
				}
			}
			wg.Wait()
		})
	}
}

// A reader that nobody takes from waits, and goes when it is told to.
func TestBufferFull(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b, done := newBuffer(), make(chan int)
	go func() {
		n := 0
		for b.put(ctx, delivery{}) == nil {
			n++
		}
		done <- n
	}()
	for {
		b.mu.Lock()
		full := len(b.waiting) == maxWaiting
		b.mu.Unlock()
		if full {
			break
		}
		time.Sleep(time.Millisecond)
	}
	cancel()
	if n := <-done; n != maxWaiting {
		t.Errorf("%d fit, want %d", n, maxWaiting)
	}
}

// The times of a replica are the same wherever a copier has begun.
func TestSeamTimes(t *testing.T) {
	all := kept(newWriter(5).next(120))
	replica := new(ledgertest.Store)
	copyOf(t, all, replica)
	checkCopy(t, replica, all)
	for recheck := range ledger.Position(len(all)) {
		s, err := sew(t.Context(), replica, recheck+1)
		if err != nil {
			t.Fatal(err)
		}
		for _, env := range all[s.at:] {
			d := deliver(env.Stream, recorded(env))
			if _, _, err := s.compare(&d); err != nil {
				t.Fatalf("recheck %d: %v", recheck+1, err)
			}
		}
		s.stop()
	}
}
