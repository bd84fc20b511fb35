package segment

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// Whatever has become of the snapshot, what is opened is the ledger, or an error
// that names the snapshot.
func TestSnapshot(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	want := fill(t, s, 20)
	s.Close()
	older, err := os.ReadFile(filepath.Join(dir, snapshotName))
	if err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir, tiny())
	for i := range 20 {
		want = append(want, mustAppend(t, s, streamOf(50+i%3), ledger.Version(i/3), recordOf(100+i, 100))...)
	}
	s.Close()
	newer, err := os.ReadFile(filepath.Join(dir, snapshotName))
	if err != nil {
		t.Fatal(err)
	}
	open := func(snapshot []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, snapshotName), snapshot, 0o644); err != nil {
			t.Fatal(err)
		}
		s := mustOpen(t, dir, tiny())
		mustHold(t, s, want)
		kill(s)
		mustVerify(t, dir, len(want))
	}
	t.Run("newest", func(t *testing.T) { open(newer) })
	t.Run("stale", func(t *testing.T) { open(older) })
	t.Run("empty", func(t *testing.T) { open(nil) })
	t.Run("missing", func(t *testing.T) {
		os.Remove(filepath.Join(dir, snapshotName))
		s := mustOpen(t, dir, tiny())
		mustHold(t, s, want)
		kill(s)
	})
	t.Run("cut", func(t *testing.T) {
		for n := range newer {
			if _, err := decodeSnapshot(newer[:n]); err == nil {
				t.Errorf("%d bytes of %d are a snapshot", n, len(newer))
			}
		}
		open(newer[:len(newer)/2])
	})
	t.Run("corrupt", func(t *testing.T) {
		for at := range newer {
			b := slices.Clone(newer)
			b[at] ^= 1 << (at % 8)
			if _, err := decodeSnapshot(b); err == nil {
				t.Errorf("a snapshot whose byte %d has changed is taken", at)
			}
		}
		b := slices.Clone(newer)
		b[len(b)/2] ^= 1
		open(b)
	})
	t.Run("of another ledger", func(t *testing.T) {
		dir := t.TempDir()
		s := mustOpen(t, dir, tiny())
		for i := range 40 {
			mustAppend(t, s, streamOf(i), 0, recordOf(1000+i, 100))
		}
		kill(s)
		os.WriteFile(filepath.Join(dir, snapshotName), newer, 0o644)
		mustName(t, dir)
	})
	t.Run("of a longer ledger", func(t *testing.T) {
		dir := t.TempDir()
		s := mustOpen(t, dir, tiny())
		fill(t, s, 20)
		kill(s)
		os.WriteFile(filepath.Join(dir, snapshotName), newer, 0o644)
		mustName(t, dir)
	})
}

// mustName checks that the ledger in dir is refused because of its snapshot.
func mustName(t *testing.T, dir string) {
	t.Helper()
	var damage *Damage
	if _, err := Open(dir, tiny()); !errors.As(err, &damage) || !strings.Contains(damage.Reason.EN, snapshotName) {
		t.Errorf("Open = %v", err)
	}
	if report, err := Verify(t.Context(), dir, nil); err != nil || report.OK || !strings.Contains(report.Problem.ZH, snapshotName) {
		t.Errorf("Verify = %+v, %v", report, err)
	}
}

// A snapshot is taken while the ledger goes on: it may be ahead of its position.
func TestSnapshotWhileWriting(t *testing.T) {
	dir := t.TempDir()
	o := tiny()
	o.SegmentSize = 1 << 20
	s := mustOpen(t, dir, o)
	want := fill(t, s, 3000)
	var writers sync.WaitGroup
	done := make(chan struct{})
	writers.Go(func() {
		defer close(done)
		for v := range 300 {
			want = append(want, mustAppend(t, s, streamOf(99), ledger.Version(v), recordOf(v, 30))...)
		}
	})
	images := []string{}
	for len(images) < 5 {
		if err := s.committer.writeSnapshot(); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(dir, snapshotName))
		if err != nil {
			t.Fatal(err)
		}
		snap, err := decodeSnapshot(b)
		if err != nil {
			t.Fatal(err)
		}
		if snap.at > snap.upto || len(snap.marks) < int(snap.at+markEvery-1)/markEvery {
			t.Errorf("a snapshot at %d, up to %d, has %d marks", snap.at, snap.upto, len(snap.marks))
		}
		images = append(images, string(b))
	}
	<-done
	writers.Wait()
	kill(s)
	for _, snapshot := range images {
		os.WriteFile(filepath.Join(dir, snapshotName), []byte(snapshot), 0o644)
		s := mustOpen(t, dir, o)
		mustHold(t, s, want)
		for _, after := range []ledger.Position{1, 1023, 1024, 1025, 2047, 2048, 3299} {
			for e, err := range s.ReadAll(t.Context(), after) {
				if err != nil || e.Leaf != want[after].Leaf {
					t.Errorf("ReadAll(%d) begins with position %d, %v", after, e.Position, err)
				}
				break
			}
		}
		kill(s)
	}
}

// The issue grants 64 bytes for each stream.
func TestIndexIsSmall(t *testing.T) {
	for _, streams := range []int{100_000, 114_000, 116_000, 180_000, 229_000, 230_000} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var x index
		for i := range streams {
			id := uuid.UUID{byte(i), byte(i >> 8), byte(i >> 16), 1}
			x.set(ledger.Stream{Category: "case", ID: id}, placeOf(int64(i)*align, 1))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if per := float64(after.HeapAlloc-before.HeapAlloc) / float64(streams); per > 64 {
			t.Errorf("%d streams take %.1f bytes each", streams, per)
		} else {
			t.Logf("%d streams take %.1f bytes each", streams, per)
		}
		runtime.KeepAlive(&x)
	}
}
