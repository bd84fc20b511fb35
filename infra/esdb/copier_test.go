package esdb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

// A frail replica fails now and then, before or after it has adopted.
type frail struct {
	ledger.Replica
	fail func() (before, after bool)
}

var errKilled = errors.New("killed")

func (f frail) Adopt(ctx context.Context, envelopes ...ledger.Envelope) error {
	before, after := f.fail()
	if before {
		return errKilled
	}
	if err := f.Replica.Adopt(ctx, envelopes...); err != nil {
		return err
	}
	if after {
		return errKilled
	}
	return nil
}

// Two replicas, each of whose copiers is killed again and again, before and after
// each step, while the source grows and connections are lost, end as the same.
func TestConvergence(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			ctx := within(t)
			w := newWriter(seed)
			source := new(ledgertest.Store)
			node := startNode(t, esdbnode.Options{Log: source})
			p := newProxy(t, node.at)
			replicas := []ledger.Replica{new(ledgertest.Store), openSegment(t)}
			grown := make(chan struct{})
			var all []ledger.Envelope
			var wg sync.WaitGroup
			for i, replica := range replicas {
				c := dial(t, Options{Address: "esdb://" + p.address()})
				random := rand.New(rand.NewPCG(seed, uint64(i)))
				wg.Go(func() { copyFrailly(ctx, t, c, replica, random, grown) })
			}
			for range 30 {
				more := w.next(1 + w.rand.IntN(20))
				if err := source.Adopt(ctx, more...); err != nil {
					t.Error(err)
					break
				}
				all = append(all, more...)
				if w.rand.IntN(8) == 0 {
					p.cut()
				}
				_ = sleep(ctx, time.Duration(w.rand.IntN(5))*time.Millisecond)
			}
			close(grown)
			wg.Wait()
			for _, replica := range replicas {
				checkCopy(t, replica, all)
			}
		})
	}
}

// copyFrailly copies to replica until grown is closed and all is there, with
// copiers that are killed after a while.
func copyFrailly(ctx context.Context, t *testing.T, c *Client, replica ledger.Replica, random *rand.Rand, grown <-chan struct{}) {
	for {
		lives := random.IntN(6)
		after := random.IntN(2) == 0
		f := frail{replica, func() (bool, bool) {
			lives--
			return lives < 0 && !after, lives < 0 && after
		}}
		life, cancel := context.WithTimeout(ctx, time.Minute)
		if random.IntN(2) == 0 {
			life, cancel = context.WithTimeout(ctx, time.Duration(random.IntN(20_000))*time.Microsecond)
		}
		err := NewCopier(c, f, CopierOptions{Recheck: ledger.Position(random.IntN(9) - 1)}).CatchUp(life)
		cancel()
		switch {
		case ctx.Err() != nil:
			t.Error("the copiers do not get to the end")
			return
		case errors.Is(err, errKilled), errors.Is(err, context.DeadlineExceeded):
		case err != nil:
			t.Errorf("CatchUp = %v", err)
			return
		default:
			select {
			case <-grown:
				// What was last may have come since.
				if err := NewCopier(c, replica, CopierOptions{}).CatchUp(ctx); err != nil {
					t.Errorf("CatchUp = %v", err)
				}
				return
			default:
			}
		}
	}
}

// What a source may send that does not continue the replica, and what comes of it.
func TestEachBreak(t *testing.T) {
	const head = 20
	original := kept(newWriter(7).next(60))[:30]
	change := func(at int, f func(e *ledger.Envelope)) func([]ledger.Envelope) []ledger.Envelope {
		return func(all []ledger.Envelope) []ledger.Envelope {
			f(&all[at-1])
			return all
		}
	}
	// lacks returns the position after head whose stream is at a version above 1.
	again := 1 + head + slices.IndexFunc(original[head:], func(e ledger.Envelope) bool { return e.Version > 1 })
	for name, tt := range map[string]struct {
		alter func([]ledger.Envelope) []ledger.Envelope
		kind  ledger.BreakKind
		at    int // position of the break
	}{
		"other data": {change(5, func(e *ledger.Envelope) { e.Data = []byte("x") }), ledger.Changed, 5},
		"data one bit off": {change(20, func(e *ledger.Envelope) {
			e.Data = []byte{e.Data[0] ^ 1}
			e.Data = append(e.Data, original[19].Data[1:]...)
		}), ledger.Changed, 20},
		"other meta":                         {change(5, func(e *ledger.Envelope) { e.Meta = append(slices.Clone(e.Meta), ' ') }), ledger.Changed, 5},
		"other type":                         {change(5, func(e *ledger.Envelope) { e.Type = "Unsaid" }), ledger.Changed, 5},
		"other id":                           {change(5, func(e *ledger.Envelope) { e.ID[3]++ }), ledger.Changed, 5},
		"other content type":                 {change(5, func(e *ledger.Envelope) { e.Binary = !e.Binary }), ledger.Changed, 5},
		"recorded later":                     {change(20, func(e *ledger.Envelope) { e.Recorded++ }), ledger.Changed, 20},
		"other stream":                       {change(5, func(e *ledger.Envelope) { e.Stream.ID[0]++ }), ledger.Changed, 5},
		"other version":                      {change(5, func(e *ledger.Envelope) { e.Version++ }), ledger.Changed, 5},
		"other prepare":                      {change(5, func(e *ledger.Envelope) { e.Origin.Prepare++ }), ledger.Changed, 5},
		"one is missing":                     {func(all []ledger.Envelope) []ledger.Envelope { return slices.Delete(all, 6, 7) }, ledger.Vanished, 7},
		"the last of the replica is missing": {func(all []ledger.Envelope) []ledger.Envelope { return slices.Delete(all, 19, 20) }, ledger.Vanished, 20},
		"one is inserted": {func(all []ledger.Envelope) []ledger.Envelope {
			extra := all[6]
			extra.Origin.Commit--
			return slices.Insert(all, 6, extra)
		}, ledger.Order, 7},
		"two are swapped": {func(all []ledger.Envelope) []ledger.Envelope {
			all[6], all[7] = all[7], all[6]
			return all
		}, ledger.Vanished, 7},
		"two are swapped, with their places": {func(all []ledger.Envelope) []ledger.Envelope {
			all[6], all[7] = all[7], all[6]
			all[6].Origin, all[7].Origin = all[7].Origin, all[6].Origin
			return all
		}, ledger.Changed, 7},
		"shorter": {func(all []ledger.Envelope) []ledger.Envelope { return all[:15] }, ledger.Shorter, 16},
		"empty":   {func([]ledger.Envelope) []ledger.Envelope { return nil }, ledger.Shorter, 1},
		"restored, and going on otherwise": {func(all []ledger.Envelope) []ledger.Envelope {
			for i := range all[15:] {
				all[15+i].ID[0]++
			}
			return all
		}, ledger.Changed, 16},
		"a version is missing, ahead": {change(again, func(e *ledger.Envelope) { e.Version++ }), ledger.Gap, again},
		"a version again, ahead":      {change(again, func(e *ledger.Envelope) { e.Version-- }), ledger.Order, again},
		"an impossible place, ahead":  {change(25, func(e *ledger.Envelope) { e.Origin.Commit = 1 << 63 }), ledger.Order, 25},
		"no name, ahead":              {change(25, func(e *ledger.Envelope) { e.Type = "" }), ledger.Foreign, 25},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replica := new(ledgertest.Store)
			for _, part := range [][]ledger.Envelope{original[:head]} {
				copyOf(t, part, replica)
			}
			before := leaves(t, replica)

			altered := tt.alter(slices.Clone(original))
			node := startNode(t, esdbnode.Options{Log: newTape(altered)})
			c := dial(t, Options{Address: node.address()})
			copier := NewCopier(c, replica, CopierOptions{Grace: 30 * time.Millisecond, Recheck: -1})
			err := copier.Run(within(t))
			broken, ok := errors.AsType[*ledger.Break](err)
			if !ok || broken.Kind != tt.kind || broken.At != ledger.Position(tt.at) {
				t.Fatalf("Run = %v, want a break of kind %s at position %d", err, tt.kind, tt.at)
			}
			if copier.Status().Break != broken || copier.Status().Connected {
				t.Errorf("Status = %+v", copier.Status())
			}
			after := leaves(t, replica)
			if want := max(head, tt.at-1); len(after) != want || !slices.Equal(after[:head], before) {
				t.Errorf("the replica has %d events, want %d, and the first %d as they were", len(after), want, head)
			}
			_, err = NewStore(c, replica, copier).Append(t.Context(), ledgertest.NewStream(), 0, ledgertest.Record("1"))
			if !errors.Is(err, ledger.ErrRejected) || !errors.Is(err, broken) {
				t.Errorf("Append after the break = %v", err)
			}
		})
	}
}

// copyOf makes replica a copy of a source that has all.
func copyOf(t *testing.T, all []ledger.Envelope, replica ledger.Replica) {
	t.Helper()
	node := startNode(t, esdbnode.Options{Log: newTape(all)})
	c := dial(t, Options{Address: node.address()})
	if err := NewCopier(c, replica, CopierOptions{}).CatchUp(within(t)); err != nil {
		t.Fatal(err)
	}
	node.kill(t)
}

// A source that is shorter for a while, as a follower that lags, is no break.
func TestShorterForAWhile(t *testing.T) {
	all := kept(newWriter(3).next(40))
	replica, source := new(ledgertest.Store), new(ledgertest.Store)
	copyOf(t, all[:20], replica)
	if err := source.Adopt(t.Context(), all[:10]...); err != nil {
		t.Fatal(err)
	}
	node := startNode(t, esdbnode.Options{Log: source})
	copier := NewCopier(dial(t, Options{Address: node.address()}), replica, CopierOptions{})
	ctx, done := within(t), make(chan error, 1)
	go func() { done <- copier.CatchUp(ctx) }()
	for copier.Status().Position < 10 {
		if sleep(ctx, time.Millisecond) != nil {
			t.Fatal("the copier does not get to position 10")
		}
	}
	if err := source.Adopt(ctx, all[10:]...); err != nil {
		t.Fatal(err)
	}
	// That is as far as the replica was, or farther: the source says that there is
	// nothing more when it is asked, and not each time that this comes true.
	if err := <-done; err != nil {
		t.Fatalf("CatchUp = %v", err)
	}
	if err := copier.CatchUp(ctx); err != nil {
		t.Fatalf("CatchUp again = %v", err)
	}
	checkCopy(t, replica, all)
}

// While a source is shorter than its replica nothing is appended to it: that would
// take the place of what it has lost.
func TestNothingIsAppendedToAShorterSource(t *testing.T) {
	all := kept(newWriter(5).next(20))
	source, replica := new(ledgertest.Store), new(ledgertest.Store)
	copyOf(t, all, replica)
	if err := source.Adopt(t.Context(), all[:10]...); err != nil {
		t.Fatal(err)
	}
	c := dial(t, Options{Address: startNode(t, esdbnode.Options{Log: source, Store: source}).address()})
	copier := NewCopier(c, replica, CopierOptions{})
	start(t, copier)
	for ctx := within(t); !copier.Status().Behind; {
		if sleep(ctx, time.Millisecond) != nil {
			t.Fatal("the copier does not say that the source is shorter")
		}
	}
	_, err := NewStore(c, replica, copier).Append(within(t), ledgertest.NewStream(), 0, ledgertest.Record("1"))
	if !errors.Is(err, ledger.ErrRejected) || !errors.Is(err, errBehind) {
		t.Errorf("Append = %v, want %v", err, errBehind)
	}
	if n := heads(t, source); n != 10 {
		t.Errorf("the source has %d events, want 10", n)
	}
	if err := source.Adopt(t.Context(), all[10:]...); err != nil {
		t.Fatal(err)
	}
	for ctx := within(t); copier.Status().Behind; {
		if sleep(ctx, time.Millisecond) != nil {
			t.Fatal("the source has all again, and the copier does not say so")
		}
	}
}

// A source whose server does not know the place that the replica ends at is read
// again from its start, to find out where it went another way.
func TestUnknownPlace(t *testing.T) {
	all := kept(newWriter(3).next(40))
	replica := new(ledgertest.Store)
	copyOf(t, all, replica)
	other := slices.Clone(all)
	other[4].Data = []byte("other")
	node := startNode(t, esdbnode.Options{Log: newTape(other), Server: refusingPlaces()})
	copier := NewCopier(dial(t, Options{Address: node.address()}), replica, CopierOptions{Recheck: 3})
	err := copier.Run(within(t))
	if broken, ok := errors.AsType[*ledger.Break](err); !ok || broken.Kind != ledger.Changed || broken.At != 5 {
		t.Errorf("Run = %v, want a break at position 5", err)
	}
}

// Whoever leads, restarts or cuts connections, the replica goes on, and says how it
// fares.
func TestFollowing(t *testing.T) {
	w, source, replica := newWriter(11), new(ledgertest.Store), new(ledgertest.Store)
	first := startNode(t, esdbnode.Options{Log: source})
	p := newProxy(t, first.at)
	copier := NewCopier(dial(t, Options{Address: "esdb://" + p.address()}), replica, CopierOptions{})
	start(t, copier)
	var all []ledger.Envelope
	grow := func() {
		t.Helper()
		more := w.next(30)
		all = append(all, more...)
		if err := source.Adopt(t.Context(), more...); err != nil {
			t.Fatal(err)
		}
		if err := replica.Wait(within(t), ledger.Position(len(kept(all))-1)); err != nil {
			t.Fatal(err)
		}
		checkCopy(t, replica, all)
	}
	grow()
	p.cut()
	grow()

	p.lead("")
	first.kill(t)
	p.awaitRefused(2)
	for patience := within(t); copier.Status().Trouble == nil; {
		if sleep(patience, time.Millisecond) != nil {
			t.Fatal("the copier does not notice that there is no source")
		}
	}
	if s := copier.Status(); s.Connected || s.Break != nil {
		t.Errorf("Status = %+v", s)
	}
	second := startNode(t, esdbnode.Options{Log: source})
	p.lead(second.at)
	grow()
	for patience := within(t); copier.Status().Position < ledger.Position(len(kept(all))); { // which is said after the replica has it
		if sleep(patience, time.Millisecond) != nil {
			t.Fatal("the copier does not say how far it has come")
		}
	}
	if s := copier.Status(); !s.Connected || s.Trouble != nil || s.Position != ledger.Position(len(kept(all))) || s.Last.IsZero() {
		t.Errorf("Status = %+v", s)
	}

	third := startNode(t, esdbnode.Options{Log: source, Leader: func() (string, bool) { return second.at, false }})
	p.lead(third.at)
	p.cut()
	grow()
}
