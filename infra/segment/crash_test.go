package segment

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"xinfang/domain/ledger"
)

// A gate is a disk whose next sync can be held, so that a batch fills.
type gate struct {
	held    chan struct{} // closed to let it go; nil if not held
	entered chan struct{}
}

func (g *gate) options() Options {
	o := all()
	o.SegmentSize = 16 << 10
	o.disk.sync = func(*os.File) error {
		if held := g.held; held != nil {
			g.held = nil
			g.entered <- struct{}{}
			<-held
		}
		return nil
	}
	return o
}

// batch appends one Append with records to each of streams, all in one batch. An
// Append to plug, which is empty, comes before it.
func (g *gate) batch(t *testing.T, s *Store, plug ledger.Stream, streams []ledger.Stream, records func(i int) []ledger.Record) (all []ledger.Envelope) {
	t.Helper()
	held := make(chan struct{})
	g.held, g.entered = held, make(chan struct{})
	envelopes := make([][]ledger.Envelope, 1+len(streams))
	var wg sync.WaitGroup
	wg.Go(func() { envelopes[0] = mustAppend(t, s, plug, 0, recordOf(1000, 0)) })
	<-g.entered
	for i, stream := range streams {
		wg.Go(func() { envelopes[1+i] = mustAppend(t, s, stream, 0, records(i)...) })
		for q := &s.committer.queue; ; runtime.Gosched() {
			q.mu.Lock()
			n := len(q.waiting)
			q.mu.Unlock()
			if n == i+1 {
				break
			}
		}
	}
	close(held)
	wg.Wait()
	return slices.Concat(envelopes...)
}

// The write of the last batch was interrupted: what is whole of it may stay, the
// rest is cut, and all before it is there. In any earlier batch the same is damage.
func TestTornBatch(t *testing.T) {
	dir := t.TempDir()
	var g gate
	s := mustOpen(t, dir, g.options())
	want := fill(t, s, 9)
	streams := []ledger.Stream{streamOf(10), streamOf(11), streamOf(12), streamOf(13)}
	want = append(want, g.batch(t, s, streamOf(9), streams, func(i int) (records []ledger.Record) {
		for j := range 1 + i%3 {
			records = append(records, recordOf(100*i+j, 200))
		}
		return records
	})...)
	frames := extents(t, s)
	kill(s)
	const before = 10 // nine, and the plug
	path := filepath.Join(dir, frames[0].file)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	start, end := frames[before].from, frames[len(frames)-1].to

	// remains returns how many events are left if the byte at offset cut is the
	// first that is missing: those of whole Appends.
	remains := func(cut int64) int {
		n := before
		for i, rest := before, 0; i < len(frames) && frames[i].to <= cut; i++ {
			if rest = frame(whole[frames[i].from:]).rest(); rest == 0 {
				n = i + 1
			}
		}
		return n
	}
	try := func(harmed []byte, bad ledger.Position, n int) {
		t.Helper()
		if _, err := f.WriteAt(harmed, 0); err != nil {
			t.Fatal(err)
		}
		mustTell(t, dir, want[:n], bad)
	}

	t.Run("killed", func(t *testing.T) {
		for cut := start; cut <= end; cut += align {
			harmed := slices.Clone(whole)
			clear(harmed[cut:])
			try(harmed, 0, remains(cut))
		}
	})
	t.Run("power failure", func(t *testing.T) {
		first, last := start/sector, (end-1)/sector
		if n := last - first; n < 4 || n > 8 {
			t.Fatalf("the batch has %d sectors: too few to tell, or too many to try", n)
		}
		for lost := 1; lost < 1<<(last-first+1); lost++ {
			harmed, cut := slices.Clone(whole), end
			for i := last; i >= first; i-- {
				if lost>>(i-first)&1 == 1 {
					cut = max(start, i*sector)
					clear(harmed[cut:min(end, (i+1)*sector)])
				}
			}
			try(harmed, 0, remains(cut))
		}
	})
	t.Run("one bit", func(t *testing.T) {
		for at := start; at < end; at += 3 {
			harmed := slices.Clone(whole)
			harmed[at] ^= 1 << (at % 8)
			i := slices.IndexFunc(frames, func(f extent) bool { return at < f.to })
			try(harmed, want[i].Position, i)
		}
	})
	t.Run("a sector of an earlier batch", func(t *testing.T) {
		for at := int64(headerSize); at < start-sector; at += sector {
			harmed := slices.Clone(whole)
			clear(harmed[at : at+sector])
			i := slices.IndexFunc(frames, func(f extent) bool { return at < f.to })
			try(harmed, want[i].Position, i)
		}
	})
	t.Run("writing on", func(t *testing.T) {
		// What is left of the batch, behind the sector that is lost, must not be
		// taken for something that followed the entry that takes its place.
		harmed := slices.Clone(whole)
		clear(harmed[start : start/sector*sector+sector])
		try(harmed, 0, before)
		s := mustOpen(t, dir, all())
		held := append(want[:before:before], mustAppend(t, s, streamOf(77), 0, recordOf(0, 600))...)
		kill(s)
		mustTell(t, dir, held, 0)
	})
}

// The last batch may never have reached the disk if the process was killed, or
// its disk failed: Open writes it again before anybody sees it.
func TestLastBatchIsWrittenAgain(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, all())
	fill(t, s, 9)
	frames := extents(t, s)
	kill(s)
	last := frames[len(frames)-2] // two in one Append
	var steps []string
	o := all()
	o.disk.write = func(f *os.File, b []byte, at int64) (int, error) {
		steps = append(steps, fmt.Sprintf("write %s %d to %d", filepath.Base(f.Name()), at, at+int64(len(b))))
		return f.WriteAt(b, at)
	}
	o.disk.sync = func(f *os.File) error {
		steps = append(steps, "sync "+filepath.Base(f.Name()))
		return nil
	}
	o.disk.syncDir = func(string) error {
		steps = append(steps, "sync names")
		return nil
	}
	mustOpen(t, dir, o)
	want := []string{
		fmt.Sprintf("write %s %d to %d", last.file, last.from, frames[len(frames)-1].to),
		"sync " + last.file,
		"sync names",
	}
	if !slices.Equal(steps, want) {
		t.Errorf("Open does %q, want %q", steps, want)
	}
}

// A moment is what is on disk at one instant, and what had been acknowledged.
type moment struct {
	dir   string
	acked int
	what  string
}

// The process is killed before, in the middle of, and after every step that
// persists something. Each time, what was acknowledged is there.
func TestKilledAtEveryStep(t *testing.T) {
	var (
		mu      sync.Mutex // one step at a time
		moments []moment
		acked   []ledger.Envelope
		ackedMu sync.Mutex
	)
	dir := t.TempDir()
	take := func(what string) {
		ackedMu.Lock()
		n := len(acked)
		ackedMu.Unlock()
		moments = append(moments, moment{image(t, dir), n, what})
	}
	o := tiny()
	o.disk = disk{
		write: func(f *os.File, b []byte, at int64) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			half := len(b) / 2 &^ (align - 1)
			take("before a write")
			f.WriteAt(b[:half], at)
			take("within a write")
			return f.WriteAt(b, at)
		},
		sync: func(*os.File) error {
			mu.Lock()
			defer mu.Unlock()
			take("before a sync")
			return nil
		},
		syncDir: func(string) error {
			mu.Lock()
			defer mu.Unlock()
			take("before names are durable")
			return nil
		},
	}
	s := mustOpen(t, dir, o)
	for i := range 24 {
		got := mustAppend(t, s, streamOf(i%5), ledger.Version(i/5*2), recordOf(2*i, 30*(i%4)), recordOf(2*i+1, 200))
		ackedMu.Lock()
		acked = append(acked, got...)
		ackedMu.Unlock()
	}
	s.Close()
	take("closed")
	if segments := len(segmentsIn(t, dir)); segments < 4 || len(moments) < 100 {
		t.Fatalf("%d moments in %d segments: too few to tell", len(moments), segments)
	}
	for _, m := range moments {
		s, err := Open(m.dir, tiny())
		if err != nil {
			t.Fatalf("%s, with %d acknowledged: %v", m.what, m.acked, err)
		}
		head, _ := s.Head(t.Context())
		if int(head) < m.acked {
			t.Fatalf("%s: %d events were acknowledged, %d are there", m.what, m.acked, head)
		}
		mustHold(t, s, acked[:head])
		mustAppend(t, s, streamOf(99), 0, recordOf(0, 0))
		kill(s)
		mustVerify(t, m.dir, int(head)+1)
	}
}
