package esdb

import (
	"context"
	"errors"
	"testing"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
	"xinfang/infra/segment"
)

func TestStore(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		ledgertest.TestStore(t, func(t *testing.T) ledger.Store {
			return openStore(t, new(ledgertest.Store), new(ledgertest.Store))
		})
	})
	t.Run("segment", func(t *testing.T) {
		ledgertest.TestStore(t, func(t *testing.T) ledger.Store {
			return openStore(t, openSegment(t), openSegment(t))
		})
	})
	t.Run("a server that is not empty", func(t *testing.T) {
		source := new(ledgertest.Store)
		if _, err := source.Append(t.Context(), ledgertest.NewStream(), 0, ledgertest.Record("old")); err != nil {
			t.Fatal(err)
		}
		node := startNode(t, esdbnode.Options{Log: source, Store: source})
		testLive(t, Options{Address: node.address(), CAFile: trust(t), Now: time.Now})
	})
}

// openStore returns a store over a node that serves source, with a copier that
// keeps replica.
func openStore(t *testing.T, source ledger.Store, replica ledger.Replica) *Store {
	t.Helper()
	node := startNode(t, esdbnode.Options{Log: source, Store: source})
	return followed(t, dial(t, Options{Address: node.address()}), replica)
}

// followed returns a store through c, whose copier runs until the test ends.
func followed(t testing.TB, c *Client, replica ledger.Replica) *Store {
	t.Helper()
	copier := NewCopier(c, replica, CopierOptions{})
	start(t, copier)
	return NewStore(c, replica, copier)
}

// start runs copier until stop is called or the test ends. stop returns what Run
// returned.
func start(t testing.TB, copier *Copier) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var err error
	go func() {
		defer close(done)
		err = copier.Run(ctx)
	}()
	stop = func() error {
		cancel()
		<-done
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

func openSegment(t *testing.T) *segment.Store {
	t.Helper()
	s, err := segment.Open(t.TempDir(), segment.Options{Now: time.Now, SegmentSize: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// within returns a context that gives a test that hangs an end.
func within(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestAppendRefusesSystemNames(t *testing.T) {
	s := openStore(t, new(ledgertest.Store), new(ledgertest.Store))
	link := ledgertest.Record("1")
	link.Type = "$>"
	for name, a := range map[string]struct {
		stream ledger.Stream
		record ledger.Record
	}{
		"stream": {ledger.Stream{Category: "$settings"}, ledgertest.Record("1")},
		"type":   {ledgertest.NewStream(), link},
	} {
		if _, err := s.Append(t.Context(), a.stream, 0, a.record); !errors.Is(err, ledger.ErrRejected) {
			t.Errorf("%s: Append = %v, want %v", name, err, ledger.ErrRejected)
		}
	}
}

// What was recorded and not acknowledged is found to be ours, whoever asks again:
// a new Store over the same source.
func TestAppendAgain(t *testing.T) {
	source := new(ledgertest.Store)
	node := startNode(t, esdbnode.Options{Log: source, Store: source})
	stream, records := ledgertest.NewStream(), []ledger.Record{ledgertest.Record("1"), ledgertest.Record("2")}
	for range 2 {
		s := followed(t, dial(t, Options{Address: node.address()}), new(ledgertest.Store))
		got, err := s.Append(within(t), stream, 0, records...)
		if err != nil || len(got) != 2 || got[1].ID != records[1].ID || got[1].Version != 2 {
			t.Fatalf("Append = %v, %v", got, err)
		}
	}
	s := followed(t, dial(t, Options{Address: node.address()}), new(ledgertest.Store))
	for name, other := range map[string][]ledger.Record{
		"another":         {ledgertest.Record("3")},
		"the second only": records[1:],
		"and one more":    {records[0], records[1], ledgertest.Record("3")},
	} {
		if _, err := s.Append(within(t), stream, 0, other...); name != "and one more" && !errors.Is(err, ledger.ErrConflict) || err == nil {
			t.Errorf("%s: Append = %v, want %v", name, err, ledger.ErrConflict)
		}
	}
	if n := ledgertest.CheckChain(t, source); n != 2 {
		t.Errorf("the source holds %d events, want 2", n)
	}
}

// Who conflicts reads what was in the way.
func TestConflictIsSeen(t *testing.T) {
	source, replica := new(ledgertest.Store), new(ledgertest.Store)
	s := openStore(t, source, replica)
	for range 20 {
		stream := ledgertest.NewStream()
		if _, err := source.Append(t.Context(), stream, 0, ledgertest.Record("of another")); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Append(within(t), stream, 0, ledgertest.Record("1")); !errors.Is(err, ledger.ErrConflict) {
			t.Fatalf("Append = %v, want %v", err, ledger.ErrConflict)
		}
		if got := ledgertest.Collect(t, s.ReadStream(t.Context(), stream, 0)); len(got) != 1 {
			t.Fatalf("after a conflict the stream has %d events, want 1", len(got))
		}
	}
}

func TestAppendWithoutCopier(t *testing.T) {
	source, replica := new(ledgertest.Store), new(ledgertest.Store)
	node := startNode(t, esdbnode.Options{Log: source, Store: source})
	c := dial(t, Options{Address: node.address()})
	copier := NewCopier(c, replica, CopierOptions{})
	s := NewStore(c, replica, copier)

	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() {
		_, err := s.Append(ctx, ledgertest.NewStream(), 0, ledgertest.Record("1"))
		waiting <- err
	}()
	if err := source.Wait(within(t), 0); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) || errors.Is(err, ledger.ErrRejected) {
		t.Errorf("Append that nobody copies = %v, want %v", err, context.Canceled)
	}
	stop := start(t, copier)
	if err := replica.Wait(within(t), 0); err != nil {
		t.Fatal(err)
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v", err)
	}
	if _, err := s.Append(t.Context(), ledgertest.NewStream(), 0, ledgertest.Record("2")); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("Append once the copier has stopped = %v, want %v", err, ledger.ErrRejected)
	}
	if n := ledgertest.CheckChain(t, source); n != 1 {
		t.Errorf("the source holds %d events, want 1", n)
	}
}
