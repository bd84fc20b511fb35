package segment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

// clock stands still.
func clock() time.Time { return time.Date(2026, 3, 2, 1, 2, 3, 456789000, time.UTC) }

// tiny makes segments so small that much happens at their borders, on a disk
// that is quick because nothing in these tests outlives the machine.
func tiny() Options {
	return Options{Now: clock, SegmentSize: page, disk: disk{
		sync:    func(*os.File) error { return nil },
		syncDir: func(string) error { return nil },
	}}
}

func mustOpen(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func mustAppend(t testing.TB, s *Store, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) []ledger.Envelope {
	t.Helper()
	got, err := s.Append(t.Context(), stream, expected, records...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// streamOf returns a stream that is the same in every run.
func streamOf(i int) ledger.Stream {
	return ledger.Stream{Category: "case", ID: uuid.NewSHA1(uuid.Nil, []byte{byte(i)})}
}

// recordOf returns a record of about n bytes that is the same in every run.
func recordOf(i, n int) ledger.Record {
	return ledger.Record{
		ID:   uuid.NewSHA1(uuid.Max, fmt.Append(nil, i)),
		Type: "Said",
		Data: fmt.Appendf(nil, `{"n":%d,"text":"%s"}`, i, strings.Repeat("信", n/3)),
		Meta: []byte(`{"actor":"tester"}`),
	}
}

// fill appends n events, one to three at a time, to three streams.
func fill(t testing.TB, s *Store, n int) (all []ledger.Envelope) {
	t.Helper()
	versions := make(map[ledger.Stream]ledger.Version)
	for i := 0; len(all) < n; i++ {
		stream := streamOf(i % 3)
		var records []ledger.Record
		for j := range min(1+i%3, n-len(all)) {
			records = append(records, recordOf(len(all)+j, 40*(i%5)))
		}
		all = append(all, mustAppend(t, s, stream, versions[stream], records...)...)
		versions[stream] += ledger.Version(len(records))
	}
	return all
}

// leaves are what all of an envelope is in.
func leaves(envelopes []ledger.Envelope) (leaves []string) {
	for _, e := range envelopes {
		leaves = append(leaves, fmt.Sprint(e.Position, e.Leaf))
	}
	return leaves
}

// mustHold checks that l holds want, and nothing else, however it is read.
func mustHold(t testing.TB, l ledger.Log, want []ledger.Envelope) {
	t.Helper()
	var chain ledger.Chain
	var all []ledger.Envelope
	streams := make(map[ledger.Stream][]ledger.Envelope)
	for e, err := range l.ReadAll(t.Context(), 0) {
		if err == nil {
			err = chain.Next(e)
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
		streams[e.Stream] = append(streams[e.Stream], e)
	}
	if !slices.Equal(leaves(all), leaves(want)) {
		t.Fatalf("the ledger holds %d events, not those %d that it should", len(all), len(want))
	}
	if head, err := l.Head(t.Context()); err != nil || int(head) != len(want) {
		t.Fatalf("Head = %d, %v; want %d", head, err, len(want))
	}
	for stream, want := range streams {
		var got []ledger.Envelope
		for e, err := range l.ReadStream(t.Context(), stream, 0) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e)
		}
		if !slices.Equal(leaves(got), leaves(want)) {
			t.Fatalf("%v holds %d events, not those %d that it should", stream, len(got), len(want))
		}
	}
}

func TestStore(t *testing.T) {
	for name, o := range map[string]Options{"large segments": {Now: clock}, "tiny segments": tiny()} {
		t.Run(name, func(t *testing.T) {
			ledgertest.TestStore(t, func(t *testing.T) ledger.Store { return mustOpen(t, t.TempDir(), o) })
		})
	}
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	var want []ledger.Envelope
	for round := range 4 {
		s := mustOpen(t, dir, tiny())
		mustHold(t, s, want)
		for i := range 20 {
			stream := streamOf(100*round + i%7)
			want = append(want, mustAppend(t, s, stream, ledger.Version(i/7), recordOf(len(want), 90))...)
		}
		mustHold(t, s, want)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); !errors.Is(err, ErrClosed) {
			t.Errorf("Close again = %v", err)
		}
		if _, err := s.Append(t.Context(), streamOf(99), 0, recordOf(0, 0)); !errors.Is(err, ledger.ErrRejected) || !errors.Is(err, ErrClosed) {
			t.Errorf("Append to a closed store = %v", err)
		}
	}
	if names := segmentsIn(t, dir); len(names) < 4 {
		t.Errorf("all is in %v: the borders of segments were not tested", names)
	}
	mustVerify(t, dir, len(want))
}

// The segment that is to come may be too small, for the first Append and for a
// later one.
func TestLargerThanASegment(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	var want []ledger.Envelope
	for i, size := range []int{3 * page, 10, page / 2, 5 * page, 2 * page, 10} {
		want = append(want, mustAppend(t, s, streamOf(0), ledger.Version(i), recordOf(i, size))...)
	}
	mustHold(t, s, want)
	s.Close()
	mustHold(t, mustOpen(t, dir, tiny()), want)
	mustVerify(t, dir, len(want))
}

// A crash can leave an empty last segment that is too small for the next Append.
func TestEmptySegmentTooSmall(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	want := fill(t, s, 3)
	reader := mustOpen(t, dir, Options{ReadOnly: true})
	mustHold(t, reader, want)
	s.Close()

	// As roll leaves it when the machine stops there.
	s = mustOpen(t, dir, tiny())
	s.committer.queue.close()
	<-s.committer.done
	if err := s.committer.roll(1); err != nil {
		t.Fatal(err)
	}
	mustHold(t, reader, want)
	crashed := image(t, dir)
	s = mustOpen(t, crashed, tiny())
	mustHold(t, s, want)
	reader = mustOpen(t, crashed, Options{ReadOnly: true})
	mustHold(t, reader, want)
	want = append(want, mustAppend(t, s, streamOf(9), 0, recordOf(9, 2*page))...)
	mustHold(t, s, want)
	mustHold(t, reader, want)
	mustVerify(t, crashed, len(want))
}

// image returns a copy of the ledger in dir: what a process that is killed now
// leaves behind.
func image(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if errors.Is(err, os.ErrNotExist) {
			continue // it has just been renamed, and is not needed
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(to, e.Name()), b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func TestClockRunsBackwards(t *testing.T) {
	times := []time.Time{clock(), clock().Add(-time.Hour), clock(), clock().Add(time.Second), clock().Add(-time.Second)}
	i := -1
	o := tiny()
	o.Now = func() time.Time { i++; return times[i] }
	dir := t.TempDir()
	s := mustOpen(t, dir, o)
	var got []ledger.Ticks
	for v := range len(times) {
		if v == 3 { // what was recorded is remembered
			s.Close()
			s = mustOpen(t, dir, o)
		}
		e := mustAppend(t, s, streamOf(0), ledger.Version(2*v), recordOf(2*v, 0), recordOf(2*v+1, 0))
		if e[0].Recorded != e[1].Recorded {
			t.Errorf("one Append has recorded %v and %v", e[0].Recorded, e[1].Recorded)
		}
		got = append(got, e[0].Recorded)
	}
	then, later := ledger.TicksOf(clock()), ledger.TicksOf(clock().Add(time.Second))
	if want := []ledger.Ticks{then, then, then, later, later}; !slices.Equal(got, want) {
		t.Errorf("recorded %v, want %v", got, want)
	}
	if n := s.ClockRegressions(); n != 1 {
		t.Errorf("ClockRegressions since the last Open = %d, want 1", n)
	}
}

func TestOpenTwice(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	_, err := Open(dir, tiny())
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid(), ";")) {
		t.Errorf("opening twice: %v; want the id of the process that has it, %d", err, os.Getpid())
	}
	s.Close()
	mustOpen(t, dir, tiny())
}

func TestOpenNeedsAClock(t *testing.T) {
	if _, err := Open(t.TempDir(), Options{}); err == nil {
		t.Error("a ledger without a clock was opened")
	}
}

// A reader in another process sees what is acknowledged, as soon as it is.
func TestReadOnlyBesideWriter(t *testing.T) {
	dir := t.TempDir()
	writer := mustOpen(t, dir, tiny())
	reader := mustOpen(t, dir, Options{ReadOnly: true})
	mustHold(t, reader, nil)
	if _, err := reader.Append(t.Context(), streamOf(0), 0, recordOf(0, 0)); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("Append to a read-only store = %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	woken := make(chan error, 1)
	go func() { woken <- reader.Wait(ctx, 0) }()

	var want []ledger.Envelope
	for i := range 60 {
		want = append(want, mustAppend(t, writer, streamOf(i%4), ledger.Version(i/4*2), recordOf(i, 100), recordOf(-i, 5))...)
		mustHold(t, reader, want)
	}
	if err := <-woken; err != nil {
		t.Errorf("Wait = %v", err)
	}
	mustHold(t, mustOpen(t, dir, Options{ReadOnly: true}), want)
	for h, err := range reader.Streams(t.Context(), "case") {
		if err != nil || h.Version != 30 {
			t.Errorf("Streams yields %v, %v", h, err)
		}
	}
	if err := reader.Close(); err != nil {
		t.Error(err)
	}
}

// What the writer has written may not be durable yet: a reader makes it so before
// it shows it, or does not show it.
func TestReadOnlyShowsWhatIsDurable(t *testing.T) {
	dir := t.TempDir()
	writer := mustOpen(t, dir, tiny())
	want := fill(t, writer, 3)
	var fails error
	o := tiny()
	o.ReadOnly = true
	o.disk.sync = func(*os.File) error { return fails }
	reader := mustOpen(t, dir, o)
	mustHold(t, reader, want)
	more := append(want, mustAppend(t, writer, streamOf(7), 0, recordOf(7, 0))...)
	fails = errors.New("the disk is gone")
	if head, err := reader.Head(t.Context()); int(head) != len(want) || !errors.Is(err, fails) {
		t.Errorf("Head = %d, %v; want %d and that %v", head, err, len(want), fails)
	}
	fails = nil
	mustHold(t, reader, more)
}

func TestReadOnlyChangesNothing(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(filepath.Join(dir, "nowhere"), Options{ReadOnly: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a ledger that is not there: %v", err)
	}
	s := mustOpen(t, dir, Options{ReadOnly: true})
	mustHold(t, s, nil)
	if entries, _ := os.ReadDir(dir); len(entries) > 0 {
		t.Errorf("reading has left %v", entries)
	}
}

// A version that the index cannot hold is refused before it does harm.
func TestStreamIsFull(t *testing.T) {
	s := mustOpen(t, t.TempDir(), tiny())
	s.index.set(streamOf(0), placeOf(headerSize, maxVersion))
	if _, err := s.Append(t.Context(), streamOf(0), maxVersion, recordOf(0, 0)); !errors.Is(err, ledger.ErrRejected) {
		t.Errorf("Append = %v", err)
	}
}

func segmentsIn(t testing.TB, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func mustVerify(t testing.TB, dir string, events int) {
	t.Helper()
	report, err := Verify(t.Context(), dir, nil)
	if want := (Report{Events: int64(events), OK: true}); err != nil || report != want {
		t.Fatalf("Verify = %+v, %v; want %+v", report, err, want)
	}
}
