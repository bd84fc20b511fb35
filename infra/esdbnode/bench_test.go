package esdbnode_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/infra/esdbnode"
)

// nothing is a store that keeps nothing but says that it does: what the client and
// the protocol cost without a disk.
type nothing struct {
	ledgertest.Store
	head atomic.Int64
}

func (s *nothing) Append(_ context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	head := s.head.Add(int64(len(records)))
	envelopes := make([]ledger.Envelope, len(records))
	for i, r := range records {
		p := head - int64(len(records)-i-1)
		envelopes[i] = ledger.Envelope{
			Position: ledger.Position(p), Stream: stream, Version: expected + ledger.Version(i) + 1,
			Origin: ledger.Origin{Commit: uint64(p), Prepare: uint64(p)}, Record: r,
		}
	}
	return envelopes, nil
}

// BenchmarkAppend appends one event at a time through the official client, 64 at
// the same time, to a store that keeps nothing.
func BenchmarkAppend(b *testing.B) {
	const writers = 64
	s := serve(b, new(nothing))
	c := s.client(b, "")
	data, meta := make([]byte, 300), make([]byte, 200)
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			stream := newStream()
			for i := 0; i < b.N/writers+min(1, max(0, b.N%writers-w)); i++ {
				expect := esdb.ExpectedRevision(esdb.NoStream{})
				if i > 0 {
					expect = esdb.Revision(uint64(i - 1))
				}
				e := esdb.EventData{EventID: uuid.New(), EventType: "Said", ContentType: esdb.ContentTypeJson, Data: data, Metadata: meta}
				if _, err := c.AppendToStream(b.Context(), stream, esdb.AppendToStreamOptions{ExpectedRevision: expect}, e); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// endless is a ledger of as many events as are wanted, made as they are read.
type endless struct {
	ledgertest.Store
	count ledger.Position
}

func (l *endless) Head(context.Context) (ledger.Position, error) { return l.count, nil }

func (l *endless) ReadAll(_ context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	env := ledger.Envelope{
		Stream: ledger.Stream{Category: "case", ID: uuid.UUID{1}}, Recorded: 1,
		Record: ledger.Record{ID: uuid.UUID{2}, Type: "Said", Data: make([]byte, 300), Meta: make([]byte, 200)},
	}
	return func(yield func(ledger.Envelope, error) bool) {
		for p := after + 1; p <= l.count; p++ {
			env.Position, env.Version = p, ledger.Version(p)
			env.Origin = ledger.Origin{Commit: uint64(p), Prepare: uint64(p)}
			if !yield(env, nil) {
				return
			}
		}
	}
}

// BenchmarkCatchUp reads the whole ledger through the official client, and through
// a client that decodes nothing.
func BenchmarkCatchUp(b *testing.B) {
	for _, filtered := range []bool{false, true} {
		b.Run(fmt.Sprintf("official/filter=%t", filtered), func(b *testing.B) {
			c := serveWith(b, esdbnode.Options{Log: &endless{count: ledger.Position(b.N)}}).client(b, "")
			o := esdb.SubscribeToAllOptions{From: esdb.Start{}}
			if filtered {
				o.Filter, o.MaxSearchWindow = &esdb.SubscriptionFilter{Type: esdb.StreamFilterType, Regex: "^(case|visit)-"}, 10_000
			}
			b.ReportAllocs()
			b.ResetTimer()
			sub, err := c.SubscribeToAll(b.Context(), o)
			if err != nil {
				b.Fatal(err)
			}
			for n := 0; n < b.N; {
				e := sub.Recv()
				if e.EventAppeared != nil {
					n++
				} else if e.SubscriptionDropped != nil {
					b.Fatal(e.SubscriptionDropped.Error)
				}
			}
			b.StopTimer()
			sub.Close()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
	b.Run("raw", func(b *testing.B) {
		s := serveWith(b, esdbnode.Options{Log: &endless{count: ledger.Position(b.N)}})
		conn := s.dial(b, nil)
		o := fromStart(nil)
		b.ReportAllocs()
		b.ResetTimer()
		n := drain(b, conn, o)
		b.StopTimer()
		if n != b.N {
			b.Fatalf("%d events, want %d", n, b.N)
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		runtime.KeepAlive(conn)
	})
}
