package esdb

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/infra/esdbnode"
	"xinfang/infra/segment"
)

// What the benchmarks append and copy: events of 600 bytes, from 64 writers.
const (
	benchWriters = 64
	benchCopied  = 200_000 // events
)

func benchRecord() ledger.Record {
	return ledger.Record{
		ID: uuid.New(), Type: "Accepted",
		Data: []byte(`{"x":"` + strings.Repeat("x", 392) + `"}`), Meta: []byte(`{"actor":"` + strings.Repeat("y", 188) + `"}`),
	}
}

// BenchmarkAppend appends over the official client to a node that keeps nothing,
// which is as fast as client and protocol can be, and to one that keeps a ledger
// on disk; and then through a Store, which waits for its replica on the same disk.
func BenchmarkAppend(b *testing.B) {
	var nothing float64
	b.Run("client-nothing", func(b *testing.B) {
		nothing = benchClient(b, new(nowhereStore))
	})
	b.Run("client-segment", func(b *testing.B) {
		perSecond := benchClient(b, benchSegment(b))
		b.ReportMetric(perSecond/nothing, "of-nothing")
	})
	b.Run("store", func(b *testing.B) {
		source, replica := benchSegment(b), benchSegment(b)
		c := dial(b, Options{Address: startNode(b, esdbnode.Options{Log: source, Store: source}).address()})
		copier := NewCopier(c, replica, CopierOptions{})
		ctx, cancel := context.WithCancel(b.Context())
		stopped := make(chan error, 1)
		go func() { stopped <- copier.Run(ctx) }()
		store := NewStore(c, replica, copier)
		perSecond := crowd(b, func(stream ledger.Stream, version ledger.Version, record ledger.Record) error {
			_, err := store.Append(b.Context(), stream, version, record)
			return err
		})
		b.ReportMetric(perSecond/nothing, "of-nothing")
		cancel()
		<-stopped
	})
}

func benchSegment(b *testing.B) *segment.Store {
	b.Helper()
	s, err := segment.Open(b.TempDir(), segment.Options{Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	return s
}

// benchClient appends to a node that keeps its events in store, and returns events
// per second.
func benchClient(b *testing.B, store ledger.Store) float64 {
	b.Helper()
	es := official(b, startNode(b, esdbnode.Options{Log: store, Store: store}))
	return crowd(b, func(stream ledger.Stream, version ledger.Version, record ledger.Record) error {
		options := esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}
		if version > 0 {
			options.ExpectedRevision = esdb.Revision(uint64(version - 1))
		}
		_, err := es.AppendToStream(b.Context(), stream.String(), options, esdb.EventData{
			EventID: record.ID, EventType: record.Type, ContentType: esdb.ContentTypeJson, Data: record.Data, Metadata: record.Meta,
		})
		return err
	})
}

// official returns the official client itself, connected to node.
func official(b *testing.B, node *running) *esdb.Client {
	b.Helper()
	c := dial(b, Options{Address: node.address()})
	es, err := esdb.NewClient(c.config)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := es.GetServerVersion(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { es.Close() })
	return es
}

// crowd shares b.N appends among the writers, and returns events per second.
func crowd(b *testing.B, add func(ledger.Stream, ledger.Version, ledger.Record) error) float64 {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for w := range benchWriters {
		stream, record := ledger.Stream{Category: "case", ID: uuid.New()}, benchRecord()
		wg.Go(func() {
			for i := w; i < b.N; i += benchWriters {
				record.ID = ledger.EventID(stream.ID, i)
				if err := add(stream, ledger.Version(i/benchWriters), record); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	perSecond := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(perSecond, "events/s")
	return perSecond
}

// BenchmarkCatchUp reads all of a node's ledger with the official client, which
// does nothing with it, and copies it into a replica on disk.
func BenchmarkCatchUp(b *testing.B) {
	source := benchSegment(b)
	for range benchCopied / 100 {
		records := make([]ledger.Record, 100)
		for i := range records {
			records[i] = benchRecord()
		}
		if _, err := source.Append(b.Context(), ledger.Stream{Category: "case", ID: uuid.New()}, 0, records...); err != nil {
			b.Fatal(err)
		}
	}
	node := startNode(b, esdbnode.Options{Log: source})
	var ceiling float64
	b.Run("client-only", func(b *testing.B) {
		es := official(b, node)
		b.ReportAllocs()
		for b.Loop() {
			if err := readOnly(b.Context(), es); err != nil {
				b.Fatal(err)
			}
		}
		ceiling = benchCopied * float64(b.N) / b.Elapsed().Seconds()
		b.ReportMetric(ceiling, "events/s")
	})
	b.Run("replica", func(b *testing.B) {
		c := dial(b, Options{Address: node.address()})
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			replica := benchSegment(b)
			b.StartTimer()
			if err := NewCopier(c, replica, CopierOptions{}).CatchUp(b.Context()); err != nil {
				b.Fatal(err)
			}
			if head, err := replica.Head(b.Context()); head != benchCopied || err != nil {
				b.Fatal(head, err)
			}
		}
		perSecond := benchCopied * float64(b.N) / b.Elapsed().Seconds()
		b.ReportMetric(perSecond, "events/s")
		b.ReportMetric(perSecond/ceiling, "of-client")
	})
}

// readOnly receives all that there is.
func readOnly(ctx context.Context, es *esdb.Client) error {
	sub, err := es.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{From: esdb.Start{}})
	if err != nil {
		return err
	}
	defer sub.Close()
	for n := 0; ; {
		switch got := sub.Recv(); {
		case got.SubscriptionDropped != nil:
			return got.SubscriptionDropped.Error
		case got.EventAppeared != nil:
			n++
		case got.CaughtUp != nil:
			if n != benchCopied {
				return fmt.Errorf("caught up after %d events", n)
			}
			return nil
		}
	}
}

// A nowhereStore takes everything and keeps nothing.
type nowhereStore struct{ position atomic.Int64 }

// Append implements [ledger.Store].
func (s *nowhereStore) Append(_ context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	envelopes := make([]ledger.Envelope, len(records))
	last := s.position.Add(int64(len(records)))
	for i, r := range records {
		position := last - int64(len(records)-1-i)
		envelopes[i] = ledger.Envelope{
			Position: ledger.Position(position), Stream: stream, Version: expected + ledger.Version(i) + 1,
			Origin: ledger.Origin{Commit: uint64(position), Prepare: uint64(position)}, Record: r,
		}
	}
	return envelopes, nil
}

// Head implements [ledger.Log].
func (s *nowhereStore) Head(context.Context) (ledger.Position, error) { return 0, nil }

// ReadStream implements [ledger.Log].
func (s *nowhereStore) ReadStream(context.Context, ledger.Stream, ledger.Version) iter.Seq2[ledger.Envelope, error] {
	return func(func(ledger.Envelope, error) bool) {}
}

// ReadAll implements [ledger.Log].
func (s *nowhereStore) ReadAll(context.Context, ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(func(ledger.Envelope, error) bool) {}
}

// Streams implements [ledger.Log].
func (s *nowhereStore) Streams(context.Context, string) iter.Seq2[ledger.StreamHead, error] {
	return func(func(ledger.StreamHead, error) bool) {}
}

// Wait implements [ledger.Log].
func (s *nowhereStore) Wait(ctx context.Context, _ ledger.Position) error {
	<-ctx.Done()
	return ctx.Err()
}
