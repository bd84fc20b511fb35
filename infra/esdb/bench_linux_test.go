package esdb

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"golang.org/x/sys/unix"

	"xinfang/domain/ledger"
	"xinfang/infra/esdbnode"
	"xinfang/infra/segment"
)

// What the benchmarks append and copy: events of 600 bytes, from 64 writers.
const (
	benchWriters = 64
	benchTurn    = 200     // events of each writer
	benchCopied  = 200_000 // events
)

func benchRecord() ledger.Record {
	return ledger.Record{
		ID: uuid.New(), Type: "Accepted",
		Data: []byte(`{"x":"` + strings.Repeat("x", 392) + `"}`), Meta: []byte(`{"actor":"` + strings.Repeat("y", 188) + `"}`),
	}
}

// BenchmarkAppend appends over the official client, in turns, to a node that keeps
// nothing, which is as fast as client and protocol can be; to one that writes and
// syncs as many bytes in groups and does nothing else, which is as fast as this
// disk lets any node be; and to one that keeps a ledger. It compares them by turns
// since the speed of a machine that others use, too, changes within seconds.
func BenchmarkAppend(b *testing.B) {
	nothing := newCrowd(clientOf(b, new(nowhereStore)))
	disk := newCrowd(clientOf(b, newDiskStore(b)))
	kept := newCrowd(clientOf(b, benchSegment(b)))
	for b.Loop() {
		nothing.turn(b)
		disk.turn(b)
		kept.turn(b)
	}
	nothing.report(b, "nothing/s")
	disk.report(b, "disk/s")
	kept.report(b, "ledger/s")
	b.ReportMetric(kept.perSecond()/nothing.perSecond(), "of-nothing")
	b.ReportMetric(kept.perSecond()/disk.perSecond(), "of-disk")
}

// BenchmarkStore appends to a node that keeps a ledger through a Store, which waits
// for its replica on the same disk.
func BenchmarkStore(b *testing.B) {
	source, replica := benchSegment(b), benchSegment(b)
	c := dial(b, Options{Address: startNode(b, esdbnode.Options{Log: source, Store: source}).address()})
	copier := NewCopier(c, replica, CopierOptions{})
	ctx, cancel := context.WithCancel(b.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- copier.Run(ctx) }()
	store := NewStore(c, replica, copier)
	crowd := newCrowd(func(stream ledger.Stream, version ledger.Version, record ledger.Record) error {
		_, err := store.Append(b.Context(), stream, version, record)
		return err
	})
	b.ReportAllocs()
	for b.Loop() {
		crowd.turn(b)
	}
	crowd.report(b, "events/s")
	cancel()
	<-stopped
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

// passing returns a ledger, and what closes and removes it: the next one then gets
// its memory again, which a virtual machine has to ask its host for otherwise.
func passing(b *testing.B) (s *segment.Store, remove func()) {
	b.Helper()
	dir := b.TempDir()
	s, err := segment.Open(dir, segment.Options{Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	return s, func() {
		if err := errors.Join(s.Close(), os.RemoveAll(dir)); err != nil {
			b.Fatal(err)
		}
	}
}

// An appender appends record to stream, which is at version.
type appender func(stream ledger.Stream, version ledger.Version, record ledger.Record) error

// clientOf returns what appends over the official client to a node that keeps its
// events in store.
func clientOf(b *testing.B, store ledger.Store) appender {
	b.Helper()
	es := official(b, startNode(b, esdbnode.Options{Log: store, Store: store}))
	return func(stream ledger.Stream, version ledger.Version, record ledger.Record) error {
		options := esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}
		if version > 0 {
			options.ExpectedRevision = esdb.Revision(uint64(version - 1))
		}
		_, err := es.AppendToStream(b.Context(), stream.String(), options, esdb.EventData{
			EventID: record.ID, EventType: record.Type, ContentType: esdb.ContentTypeJson, Data: record.Data, Metadata: record.Meta,
		})
		return err
	}
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

// A crowd is writers that append at the same time, each to a stream of its own, in
// turns of benchTurn events each.
type crowd struct {
	add     appender
	streams [benchWriters]ledger.Stream
	version ledger.Version // of all streams
	took    time.Duration
}

func newCrowd(add appender) *crowd {
	c := &crowd{add: add}
	for w := range c.streams {
		c.streams[w] = ledger.Stream{Category: "case", ID: uuid.New()}
	}
	return c
}

func (c *crowd) turn(b *testing.B) {
	b.Helper()
	begin := time.Now()
	var wg sync.WaitGroup
	for _, stream := range c.streams {
		wg.Go(func() {
			record := benchRecord()
			for v := c.version; v < c.version+benchTurn; v++ {
				record.ID = ledger.EventID(stream.ID, int(v))
				if err := c.add(stream, v, record); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	c.version += benchTurn
	c.took += time.Since(begin)
}

func (c *crowd) perSecond() float64 {
	return float64(c.version) * benchWriters / c.took.Seconds()
}

func (c *crowd) report(b *testing.B, unit string) {
	b.Helper()
	b.ReportMetric(c.perSecond(), unit)
}

// BenchmarkCatchUp reads all of a node's ledger with the official client, which
// does nothing with it, and copies it into a replica on disk, in turns.
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
	es, c := official(b, node), dial(b, Options{Address: node.address()})
	var read, copied time.Duration
	b.ReportAllocs()
	for b.Loop() {
		begin := time.Now()
		if err := readOnly(b.Context(), es); err != nil {
			b.Fatal(err)
		}
		read += time.Since(begin)

		replica, remove := passing(b)
		begin = time.Now()
		if err := NewCopier(c, replica, CopierOptions{}).CatchUp(b.Context()); err != nil {
			b.Fatal(err)
		}
		copied += time.Since(begin)
		if head, err := replica.Head(b.Context()); head != benchCopied || err != nil {
			b.Fatal(head, err)
		}
		remove()
	}
	b.ReportMetric(benchCopied*float64(b.N)/read.Seconds(), "client/s")
	b.ReportMetric(benchCopied*float64(b.N)/copied.Seconds(), "replica/s")
	b.ReportMetric(read.Seconds()/copied.Seconds(), "of-client")
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

// A diskStore writes and syncs in groups what it is given, and keeps no ledger: no
// hash, no index, no second try. Its file was written before, so that a sync has
// no metadata to write; it begins again where that ends.
type diskStore struct {
	nowhereStore
	file *os.File
	wake chan struct{} // holds a token if something waits

	mu     sync.Mutex
	group  []byte
	synced chan struct{} // closed once group is
}

// The file of a diskStore, and what a frame of a segment has beside the event.
const (
	diskSize  = 64 << 20
	frameSize = 250
)

func newDiskStore(b *testing.B) *diskStore {
	b.Helper()
	file, err := os.Create(filepath.Join(b.TempDir(), "disk"))
	if err == nil {
		_, err = file.Write(make([]byte, diskSize))
	}
	if err = errors.Join(err, file.Sync()); err != nil {
		b.Fatal(err)
	}
	s := &diskStore{file: file, wake: make(chan struct{}, 1), synced: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- s.run() }()
	b.Cleanup(func() {
		close(s.wake)
		if err := errors.Join(<-ended, file.Close()); err != nil {
			b.Error(err)
		}
	})
	return s
}

// run writes and syncs until wake is closed.
func (s *diskStore) run() error {
	var spare []byte
	for at := int64(0); ; {
		if _, open := <-s.wake; !open {
			return nil
		}
		runtime.Gosched() // some more may come
		s.mu.Lock()
		group, synced := s.group, s.synced
		s.group, s.synced = spare[:0], make(chan struct{})
		s.mu.Unlock()
		if at+int64(len(group)) > diskSize {
			at = 0
		}
		if _, err := s.file.WriteAt(group, at); err != nil {
			return err
		}
		if err := unix.Fdatasync(int(s.file.Fd())); err != nil {
			return err
		}
		at, spare = at+int64(len(group)), group
		close(synced)
	}
}

// Append implements [ledger.Store].
func (s *diskStore) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	s.mu.Lock()
	for _, r := range records {
		s.group = append(append(s.group, r.Data...), r.Meta...)
		s.group = append(s.group, make([]byte, frameSize)...)
	}
	synced := s.synced
	signal(s.wake)
	s.mu.Unlock()
	select {
	case <-synced:
		return s.nowhereStore.Append(ctx, stream, expected, records...)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
