package segment

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

func TestReplica(t *testing.T) {
	for name, o := range map[string]Options{"large segments": {Now: clock}, "tiny segments": tiny()} {
		t.Run(name, func(t *testing.T) {
			ledgertest.TestReplica(t, func(t *testing.T) ledger.Replica { return mustOpen(t, t.TempDir(), o) })
		})
	}
}

// manyOf returns n envelopes as a source might send them, of a few streams that
// run into each other.
func manyOf(n int) []ledger.Envelope {
	versions := make(map[ledger.Stream]ledger.Version)
	all := make([]ledger.Envelope, n)
	for i := range all {
		stream := streamOf(i * i % 7)
		versions[stream]++
		all[i] = ledger.Envelope{
			Stream: stream, Version: versions[stream], Recorded: ledger.Ticks(1000 + i/3),
			Origin: ledger.Origin{Commit: uint64(50 + 10*i), Prepare: uint64(50 + 10*i)}, Record: recordOf(i, 100+i%90),
		}
	}
	return all
}

// A replica that is closed anywhere and goes on from its head is the same as one
// that never was.
func TestAdoptGoesOn(t *testing.T) {
	source := manyOf(60)
	whole := mustOpen(t, t.TempDir(), tiny())
	if err := whole.Adopt(t.Context(), source...); err != nil {
		t.Fatal(err)
	}
	want := ledgertest.Collect(t, whole.ReadAll(t.Context(), 0))
	dir := t.TempDir()
	for at := 0; at < len(source); {
		s := mustOpen(t, dir, tiny())
		mustHold(t, s, want[:at])
		next := min(at+1+at%5, len(source))
		if err := s.Adopt(t.Context(), source[at:next]...); err != nil {
			t.Fatal(err)
		}
		at = next
		if at%2 == 0 { // else, the process is killed
			s.Close()
		} else {
			dir = image(t, dir)
		}
	}
	mustHold(t, mustOpen(t, dir, tiny()), want)
	mustVerify(t, dir, len(want))
}

// The disk fails for good at one step, whichever it is; what it was told to do is
// lost, or only the answer is. Going on from the head afterwards comes to the same
// replica, without gap or duplicate.
func TestAdoptFails(t *testing.T) {
	source := manyOf(40)
	for _, done := range []float64{0, 0.5, 1} {
		for step := 1; ; step++ {
			d := &faulty{first: step, last: step, err: syscall.EIO, done: done, syncs: true}
			dir, o := t.TempDir(), tiny()
			o.disk = d.disk()
			adopted := 0
			if s, err := Open(dir, o); err == nil {
				for ; adopted < len(source); adopted += 4 {
					if err = s.Adopt(t.Context(), source[adopted:adopted+4]...); err != nil {
						break
					}
				}
				if err != nil && !errors.Is(err, ErrBroken) {
					t.Fatalf("step %d: Adopt = %v", step, err)
				}
				s.Close()
			}
			s := mustOpen(t, dir, tiny())
			head, _ := s.Head(t.Context())
			if int(head) < adopted || int(head) > adopted+4 {
				t.Fatalf("step %d (%v): the replica ends at %d, and %d were adopted", step, d.failed, head, adopted)
			}
			if err := s.Adopt(t.Context(), source[head:]...); err != nil {
				t.Fatal(err)
			}
			if at := ledgertest.CheckChain(t, s); int(at) != len(source) {
				t.Fatalf("step %d: the replica ends at %d of %d", step, at, len(source))
			}
			s.Close()
			mustVerify(t, dir, len(source))
			if len(d.failed) == 0 {
				if step < 20 {
					t.Fatalf("the script has %d steps: too few to tell", step)
				}
				break
			}
		}
	}
}

// Something that writes to a replica must not tear it apart: an Adopt and an Append
// at once never give a frame a wrong predecessor.
func TestAdoptBesideAppend(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	source := manyOf(200)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; i < len(source); i += 2 {
			if err := s.Adopt(t.Context(), source[i:i+2]...); err != nil {
				if _, ok := errors.AsType[*ledger.Break](err); !ok && !errors.Is(err, ledger.ErrRejected) {
					t.Errorf("Adopt = %v", err)
				}
				return
			}
		}
	})
	wg.Go(func() {
		for i := range 50 {
			if _, err := s.Append(t.Context(), streamOf(i%9), 0, recordOf(1000+i, 50)); err != nil && !errors.Is(err, ledger.ErrConflict) {
				t.Errorf("Append = %v", err)
			}
		}
	})
	wg.Wait()
	at := ledgertest.CheckChain(t, s)
	s.Close()
	mustVerify(t, dir, int(at))
}

// The frame says whether the data is JSON, and a flag that nobody knows is damage.
func TestFlags(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, Options{Now: clock})
	record := recordOf(1, 10)
	record.Binary = true
	want := mustAppend(t, s, ledger.Stream{Category: "case", ID: uuid.UUID{1}}, 0, record)
	got := ledgertest.Collect(t, s.ReadAll(t.Context(), 0))
	if len(got) != 1 || !got[0].Binary || got[0].Leaf != want[0].Leaf || got[0].Verify() != nil {
		t.Errorf("read %+v", got)
	}
	b, err := os.ReadFile(filepath.Join(dir, segmentName(1)))
	if err != nil {
		t.Fatal(err)
	}
	f := b[headerSize:]
	f = f[:binary.BigEndian.Uint32(f[8:])]
	if f[12] != 0 || f[13] != 1 {
		t.Errorf("the flags are % x", f[12:14])
	}
	f[13] = 2
	fr := frame(f)
	fr.seal(&want[0], 1, 0)
	if _, why := parse(f); !why.is() {
		t.Error("a frame with an unknown flag was read")
	}
}

// Large batches are not paid for twice: what is prepared for them is set aside and
// not written with zeros, where the file system can do that.
func TestBulk(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	var blank, written int64
	o := Options{Now: clock, SegmentSize: 4 << 20}
	o.disk.write = func(f *os.File, b []byte, at int64) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		if zero(b) {
			blank += int64(len(b))
		} else {
			written += int64(len(b))
		}
		return f.WriteAt(b, at)
	}
	s := mustOpen(t, dir, o)
	source := manyOf(400)
	for i := range source {
		source[i].Data = make([]byte, 80<<10)
		copy(source[i].Data, "x")
	}
	for i := 0; i < len(source); i += 20 {
		if err := s.Adopt(t.Context(), source[i:i+20]...); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	probe, err := os.Create(filepath.Join(dir, "probe"))
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Close()
	if err := allocate(probe, page); err != nil {
		t.Fatal(err)
	}
	if info, err := probe.Stat(); err != nil || info.Size() != page {
		t.Skipf("this file system sets no zeros aside (%v), so they are written", err)
	}
	if blank > written/2 {
		t.Errorf("%d bytes of zeros were written for %d of events", blank, written)
	}
	mustVerify(t, dir, len(source))
}
