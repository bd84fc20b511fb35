package segment

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"testing"

	"xinfang/domain/ledger"
)

// A faulty disk fails at the steps from first to last, counted from 1 over
// everything that it is asked to do.
type faulty struct {
	mu          sync.Mutex
	first, last int
	err         error
	done        float64 // how much of a failing write is done all the same: 0 to 1
	syncs       bool    // whether syncs count, and fail, too
	steps       int
	failed      []string
}

// fails counts a step and reports whether it is one to fail.
func (d *faulty) fails(what string) bool {
	d.steps++
	if d.steps < d.first || d.steps > d.last {
		return false
	}
	d.failed = append(d.failed, what)
	return true
}

func (d *faulty) disk() disk {
	syncs := func(what string) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.syncs && d.fails(what) {
			return d.err
		}
		return nil
	}
	return disk{
		write: func(f *os.File, b []byte, at int64) (int, error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.fails(fmt.Sprintf("write of %d bytes", len(b))) {
				n, _ := f.WriteAt(b[:int(d.done*float64(len(b)))], at)
				return n, d.err
			}
			return f.WriteAt(b, at)
		},
		allocate: func(f *os.File, n int64) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			if !d.syncs && d.fails("allocation") {
				return d.err
			}
			return nil
		},
		sync:    func(*os.File) error { return syncs("sync") },
		syncDir: func(string) error { return syncs("sync of names") },
	}
}

// A script is what the tests of faults append. Two Appends are repeated when
// they are refused.
const script = 16

func appendScript(s *Store, t *testing.T, i int) ([]ledger.Envelope, error) {
	return s.Append(t.Context(), streamOf(i), 0, recordOf(2*i, 300), recordOf(2*i+1, 200))
}

// The disk fails for good at one step, whichever it is; what it was told to do is
// lost, or only the answer is. From then on nothing is taken, what was
// acknowledged can be read, and is there when the disk is well again.
func TestDiskFails(t *testing.T) {
	for _, done := range []float64{0, 0.5, 1} {
		for step := 1; ; step++ {
			d := &faulty{first: step, last: step, err: syscall.EIO, done: done, syncs: true}
			dir := t.TempDir()
			o := tiny()
			o.disk = d.disk()
			s, err := Open(dir, o)
			if err != nil {
				if !errors.Is(err, syscall.EIO) {
					t.Fatal(err)
				}
				continue
			}
			t.Cleanup(func() { s.Close() })
			var acked []ledger.Envelope
			var broken, unknown int
			for i := range script {
				got, err := appendScript(s, t, i)
				switch {
				case err == nil && broken == 0:
					acked = append(acked, got...)
				case err == nil:
					t.Fatalf("step %d: an entry was taken after %v", step, d.failed)
				case !errors.Is(err, ErrBroken) || !errors.Is(err, syscall.EIO):
					t.Fatalf("step %d: Append = %v", step, err)
				default:
					if broken++; !errors.Is(err, ledger.ErrRejected) {
						unknown++
					}
				}
			}
			if unknown > 1 {
				t.Fatalf("step %d: %d entries have an unknown end; only one was being written", step, unknown)
			}
			mustHold(t, s, acked)
			s.Close()
			if len(d.failed) == 0 && broken == 0 {
				if step < 50 {
					t.Fatalf("the script has %d steps: too few to tell", step)
				}
				break
			}

			s = mustOpen(t, dir, tiny())
			head, _ := s.Head(t.Context())
			if most := len(acked) + 2*unknown; int(head) < len(acked) || int(head) > most {
				t.Fatalf("step %d (%v): %d events, of which %d were acknowledged and at most %d can be", step, d.failed, head, len(acked), most)
			}
			mustAppend(t, s, streamOf(99), 0, recordOf(99, 0))
			s.Close()
			mustVerify(t, dir, int(head)+1)
		}
	}
}

// The disk is full for a while, from whichever step on. Appends are refused, and
// nothing of them is recorded; then there is space, and the same Appends succeed.
func TestDiskIsFull(t *testing.T) {
	for _, done := range []float64{0, 0.5, 1} {
		for step := 1; ; step++ {
			d := &faulty{first: step, last: step + 1e6, err: syscall.ENOSPC, done: done}
			dir := t.TempDir()
			o := tiny()
			o.disk = d.disk()
			s := mustOpen(t, dir, o)
			var acked []ledger.Envelope
			refused := false
			for i := 0; i < script; {
				got, err := appendScript(s, t, i)
				switch {
				case err == nil:
					acked = append(acked, got...)
					i++
				case refused || !errors.Is(err, syscall.ENOSPC) || errors.Is(err, ErrBroken):
					t.Fatalf("step %d: Append = %v", step, err)
				default:
					refused = true
					mustHold(t, s, acked)
					crashed := mustOpen(t, image(t, dir), tiny())
					head, _ := crashed.Head(t.Context())
					if sure := errors.Is(err, ledger.ErrRejected); int(head) < len(acked) || sure && int(head) > len(acked) {
						t.Fatalf("step %d: %d events after a crash, %d acknowledged, the next %v", step, head, len(acked), err)
					}
					d.mu.Lock()
					d.first = 1e9
					d.mu.Unlock()
				}
			}
			mustHold(t, s, acked)
			s.Close()
			mustVerify(t, dir, 2*script)
			if len(d.failed) == 0 {
				if step < 30 {
					t.Fatalf("the script has %d steps: too few to tell", step)
				}
				break
			}
		}
	}
}

// If the name of a new segment may be on disk or not, nothing can be written
// after it, nor before it; even if it is only for want of space.
func TestNameOfSegmentUnknown(t *testing.T) {
	dir := t.TempDir()
	o := tiny()
	n := 0
	o.disk.syncDir = func(string) error {
		if n++; n == 2 { // the second segment
			return syscall.ENOSPC
		}
		return nil
	}
	s := mustOpen(t, dir, o)
	var acked []ledger.Envelope
	for i := range script {
		got, err := appendScript(s, t, i)
		if err != nil && (!errors.Is(err, ErrBroken) || !errors.Is(err, ledger.ErrRejected)) || err == nil && n > 1 {
			t.Fatalf("Append = %v", err)
		}
		acked = append(acked, got...)
	}
	s.Close()
	mustHold(t, mustOpen(t, dir, tiny()), acked)
}
