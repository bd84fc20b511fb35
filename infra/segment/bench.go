package segment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// An AppendResult says how fast durable appends are on one disk.
type AppendResult struct {
	EventsPerSecond        float64 `json:"events_per_second"`
	P50us                  int64   `json:"p50_us"` // half of the appends took at most this long, in µs
	P99us                  int64   `json:"p99_us"`
	CeilingEventsPerSecond float64 `json:"ceiling_events_per_second"`
	Ratio                  float64 `json:"ratio"` // of the two rates
}

// benchRounds is how often ledger and ceiling take turns, so that a disk that is
// slow for a while is slow for both.
const benchRounds = 4

// BenchAppend measures durable appends to a new ledger on the disk of dir, which
// it removes again. Each of writers appends one event of size bytes (data and
// meta) at a time, with the exact expected version, for d in all; now measures.
//
// The ceiling is what the disk allows: for as long, as many writers, and as many
// bytes for each, with one goroutine that writes whatever waits to the end of a
// plain file and calls fdatasync.
func BenchAppend(ctx context.Context, dir string, writers int, d time.Duration, size int, now func() time.Time) (res AppendResult, err error) {
	temp, err := os.MkdirTemp(dir, "bench-")
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	store, err := Open(filepath.Join(temp, "ledger"), Options{Now: now})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	plain, err := newPlainFile(filepath.Join(temp, "plain"))
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, plain.close()) }()

	record := benchRecord(size)
	frames := make([]byte, frameSize("bench", record.Type, record.Data, record.Meta))
	var toStore, toPlain timing
	streams := make([]ledger.StreamHead, writers)
	for range benchRounds {
		err := toPlain.run(ctx, writers, d/benchRounds, now, func(int) error { return plain.append(frames) })
		if err != nil {
			return res, fmt.Errorf("measuring the ceiling: %w", err)
		}
		err = toStore.run(ctx, writers, d/benchRounds, now, func(i int) error {
			at := &streams[i]
			if at.Version%benchStream == 0 {
				*at = ledger.StreamHead{Stream: ledger.Stream{Category: "bench", ID: uuid.New()}}
			}
			r := record
			r.ID = ledger.EventID(at.Stream.ID, int(at.Version))
			_, err := store.Append(ctx, at.Stream, at.Version, r)
			at.Version++
			return err
		})
		if err != nil {
			return res, fmt.Errorf("measuring the ledger: %w", err)
		}
	}
	res.EventsPerSecond, res.CeilingEventsPerSecond = toStore.rate(), toPlain.rate()
	res.P50us, res.P99us = toStore.quantile(0.50), toStore.quantile(0.99)
	if res.CeilingEventsPerSecond > 0 {
		res.Ratio = res.EventsPerSecond / res.CeilingEventsPerSecond
	}
	return res, nil
}

// benchStream is how many events a stream of the benchmark has.
const benchStream = 20

// benchRecord returns a record of size bytes, but at least those of its meta.
func benchRecord(size int) ledger.Record {
	meta := []byte(`{"command":"00000000-0000-0000-0000-000000000000","actor":{"officer":"bench"},"occurred_at":"2026-01-01T00:00:00Z"}`)
	data := make([]byte, max(2, size-len(meta)))
	for i := range data {
		data[i] = 'x'
	}
	data[0], data[len(data)-1] = '"', '"'
	return ledger.Record{Type: "bench.Appended", Data: data, Meta: meta}
}

// A timing collects how long calls took.
type timing struct {
	took  []int64 // µs, of each
	total time.Duration
}

// run has writers call f over and over for d.
func (t *timing) run(ctx context.Context, writers int, d time.Duration, now func() time.Time, f func(writer int) error) error {
	var wg sync.WaitGroup
	took, errs := make([][]int64, writers), make([]error, writers)
	start := now()
	for w := range writers {
		wg.Go(func() {
			for at := start; at.Sub(start) < d && errs[w] == nil; {
				if errs[w] = ctx.Err(); errs[w] == nil {
					errs[w] = f(w)
				}
				then := now()
				took[w] = append(took[w], then.Sub(at).Microseconds())
				at = then
			}
		})
	}
	wg.Wait()
	t.total += now().Sub(start)
	t.took = append(t.took, slices.Concat(took...)...)
	return errors.Join(errs...)
}

func (t *timing) rate() float64 { return float64(len(t.took)) / max(t.total.Seconds(), 1e-9) }

func (t *timing) quantile(q float64) int64 {
	if len(t.took) == 0 {
		return 0
	}
	slices.Sort(t.took)
	return t.took[int(q*float64(len(t.took)-1))]
}

// A plainFile is the least that makes bytes durable for many writers at once.
type plainFile struct {
	f     *os.File
	queue queue
	done  chan struct{}
}

func newPlainFile(path string) (*plainFile, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	p := &plainFile{f: f, queue: newQueue(), done: make(chan struct{})}
	go p.run()
	return p, nil
}

func (p *plainFile) run() {
	defer close(p.done)
	var batch []byte
	for {
		waiting, answered := p.queue.take()
		if len(waiting) == 0 {
			return
		}
		batch = batch[:0]
		for _, r := range waiting {
			batch = append(batch, r.frames...)
		}
		_, err := p.f.Write(batch)
		if err == nil {
			err = datasync(p.f)
		}
		for _, r := range waiting {
			r.err = err
		}
		close(answered)
	}
}

func (p *plainFile) append(b []byte) error {
	r := &request{frames: b}
	answered, err := p.queue.add(r)
	if err != nil {
		return err
	}
	<-answered
	return r.err
}

func (p *plainFile) close() error {
	p.queue.close()
	<-p.done
	return p.f.Close()
}

// A ReplayResult says how fast a ledger is read from start to end, checksums
// included.
type ReplayResult struct {
	Events            int64   `json:"events"`
	Seconds           float64 `json:"seconds"`
	EventsPerSecond   float64 `json:"events_per_second"`
	BytesPerEvent     float64 `json:"bytes_per_event"` // on disk
	RawBytesPerSecond float64 `json:"raw_bytes_per_second"`
}

// BenchReplay reads all of the ledger in dir once, with one goroutine; now
// measures. Another process may be writing to it.
func BenchReplay(ctx context.Context, dir string, now func() time.Time) (res ReplayResult, err error) {
	s, err := Open(dir, Options{ReadOnly: true})
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	start := now()
	for _, err := range s.ReadAll(ctx, 0) {
		if err != nil {
			return res, err
		}
		res.Events++
	}
	res.Seconds = now().Sub(start).Seconds()
	res.EventsPerSecond = float64(res.Events) / max(res.Seconds, 1e-9)
	res.BytesPerEvent = float64(s.offset) / max(float64(res.Events), 1)
	res.RawBytesPerSecond = res.EventsPerSecond * res.BytesPerEvent
	return res, nil
}
