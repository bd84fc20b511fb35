package segment

import (
	"sync"
	"testing"
	"time"

	"xinfang/domain/ledger"
)

func TestBenchAppend(t *testing.T) {
	r, err := BenchAppend(t.Context(), t.TempDir(), 4, 40*time.Millisecond, 600, time.Now)
	if err != nil || r.EventsPerSecond <= 0 || r.CeilingEventsPerSecond <= 0 || r.Ratio != r.EventsPerSecond/r.CeilingEventsPerSecond || r.P50us > r.P99us {
		t.Errorf("BenchAppend = %+v, %v", r, err)
	}
}

func TestBenchReplay(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	fill(t, s, 50)
	r, err := BenchReplay(t.Context(), dir, time.Now)
	if err != nil || r.Events != 50 || r.EventsPerSecond <= 0 || int64(r.BytesPerEvent*50+0.5) != s.offset {
		t.Errorf("BenchReplay = %+v, %v", r, err)
	}
}

// A replay of millions must not allocate for each event.
func TestReadAllAllocatesBlocksOnly(t *testing.T) {
	s := mustOpen(t, t.TempDir(), tiny())
	fill(t, s, 400)
	allocs := testing.AllocsPerRun(5, func() {
		for _, err := range s.ReadAll(t.Context(), 0) {
			if err != nil {
				t.Error(err)
			}
		}
	})
	if blocks := float64(len(segmentsIn(t, s.dir))); allocs > 2*blocks+30 {
		t.Errorf("ReadAll allocates %.0f times for 400 events in %.0f blocks", allocs, blocks)
	}
}

// BenchmarkAppend has 64 writers append events of 600 bytes, each with its
// expected version.
func BenchmarkAppend(b *testing.B) {
	s := mustOpen(b, b.TempDir(), Options{Now: time.Now})
	record := benchRecord(600)
	const writers = 64
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := w; i < b.N; i += writers {
				if _, err := s.Append(b.Context(), streamOf(w), ledger.Version(i/writers), record); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(s.offset)/float64(b.N), "bytes/event")
}

// benchLedger returns a ledger of n events of 600 bytes, 20 to a stream.
func benchLedger(b *testing.B, n int) *Store {
	b.Helper()
	s := mustOpen(b, b.TempDir(), Options{Now: time.Now})
	record := benchRecord(600)
	for i := range n / benchStream {
		records := make([]ledger.Record, benchStream)
		for j := range records {
			records[j] = record
		}
		mustAppend(b, s, ledger.Stream{Category: "case", ID: ledger.EventID(recordOf(i, 0).ID, 0)}, 0, records...)
	}
	return s
}

func BenchmarkReadAll(b *testing.B) {
	const n = 100_000
	s := benchLedger(b, n)
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range s.ReadAll(b.Context(), 0) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(s.offset)/n, "bytes/event")
}

func BenchmarkReadStream(b *testing.B) {
	s := benchLedger(b, 100_000)
	var heads []ledger.Stream
	for h, err := range s.Streams(b.Context(), "case") {
		if err != nil {
			b.Fatal(err)
		}
		heads = append(heads, h.Stream)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		for _, err := range s.ReadStream(b.Context(), heads[i%len(heads)], 0) {
			if err != nil {
				b.Fatal(err)
			}
		}
		i++
	}
	b.ReportMetric(benchStream*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkVerify(b *testing.B) {
	const n = 100_000
	s := benchLedger(b, n)
	for b.Loop() {
		if r, err := Verify(b.Context(), s.dir, nil); err != nil || !r.OK {
			b.Fatal(r, err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func BenchmarkOpen(b *testing.B) {
	const n = 100_000
	s := benchLedger(b, n)
	kill(s)
	for b.Loop() {
		kill(mustOpen(b, s.dir, Options{Now: time.Now}))
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
