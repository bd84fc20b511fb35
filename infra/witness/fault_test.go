package witness

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/proof"
)

// A faulty disk does one step wrong, counted from 1 over all that it is asked to do:
// that step fails, with all of its effect or none. Before each step it shows the
// directory to look, if that is set.
type faulty struct {
	step   int
	effect bool
	look   func(step int)
	steps  int
	failed string
}

func (d *faulty) do(what string, step func() error) error {
	if d.steps++; d.look != nil {
		d.look(d.steps)
	}
	if d.steps != d.step {
		return step()
	}
	d.failed = what
	if d.effect {
		return errors.Join(step(), syscall.EIO)
	}
	return syscall.EIO
}

func (d *faulty) disk() disk {
	real := disk{}.orReal()
	return disk{
		write: func(f *os.File, b []byte) error {
			return d.do("write", func() error { return real.write(f, b) })
		},
		sync:    func(f *os.File) error { return d.do("sync", func() error { return real.sync(f) }) },
		rename:  func(from, to string) error { return d.do("rename", func() error { return real.rename(from, to) }) },
		syncDir: func(dir string) error { return d.do("sync of names", func() error { return real.syncDir(dir) }) },
	}
}

// steps is how many steps it takes to write a file.
const steps = 4

// TestDiskFails has each step of a write fail, the write being lost, or only the
// answer. Nothing is signed; a fork that comes next is cosigned by none that may have
// written something else; and after a restart the log comes to its cosignature.
func TestDiskFails(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	fork := l.fork(8).grow(t, 12, "forked")
	for _, effect := range []bool{false, true} {
		for step := 1; step <= steps; step++ {
			t.Run(fmt.Sprintf("step %d, done %t", step, effect), func(t *testing.T) {
				dir := newDir(t, l)
				d := &faulty{step: steps + step, effect: effect}
				w := mustOpen(t, dir, Options{disk: d.disk()})
				mustCosign(t, w, l, 0, 8)
				lines, err := w.Cosign(t.Context(), l.request(t, 8, 12))
				if !errors.Is(err, syscall.EIO) || lines != nil || d.failed == "" {
					t.Fatalf("%s: %s, %v", d.failed, lines, err)
				}
				if unsure := step > 2; errors.Is(err, ErrBroken) != unsure {
					t.Errorf("%s: %v", d.failed, err)
				}
				mustLast(t, w, l.at(t, 8))

				again, err := w.Cosign(t.Context(), l.request(t, 8, 12))
				if step > 2 {
					if !errors.Is(err, ErrBroken) || again != nil {
						t.Errorf("%s: asked again: %s, %v", d.failed, again, err)
					}
				} else if err != nil {
					t.Errorf("%s: asked again: %v", d.failed, err)
				}
				w.Close()

				w = mustOpen(t, dir, Options{})
				last := w.Logs()[0].Last
				if last != l.at(t, 8) && last != l.at(t, 12) {
					t.Fatalf("%s: after a restart the last checkpoint is %+v", d.failed, last)
				}
				if last.Size == 12 { // whatever was signed, a fork of it is not
					_, err := w.Cosign(t.Context(), fork.request(t, 12, 12))
					mustRefuse(t, err, 422, proof.Fork, 12)
				}
				converge(t, w, l, 8, 12)
			})
		}
	}
}

// converge does what a log does that knows only an old size: it asks, hears of the
// size that the witness has, and asks again from there.
func converge(t *testing.T, w *Witness, l *testLog, old, size int64) {
	t.Helper()
	c := serve(t, w)
	for range 3 {
		lines, err := c.AddCheckpoint(t.Context(), old, l.proof(t, old, size), l.note(t, size))
		if conflict, ok := errors.AsType[*SizeConflict](err); ok {
			old = conflict.Size
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		mustHold(t, w.VKey(), l.note(t, size), lines)
		mustLast(t, w, l.at(t, size))
		return
	}
	t.Fatal("the log does not come to its cosignature")
}

// TestCrash looks at the directory before each step of a write, and after the last,
// as a crash there would leave it, once whole and once with the file being written
// torn. Whatever is found is one of the two checkpoints, and the log goes on.
func TestCrash(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	dir := newDir(t, l)
	var crashes []string
	d := &faulty{}
	w := mustOpen(t, dir, Options{disk: d.disk()})
	mustCosign(t, w, l, 0, 8)
	d.look = func(int) { crashes = append(crashes, copyDir(t, dir)) }
	mustCosign(t, w, l, 8, 12)
	crashes = append(crashes, copyDir(t, dir)) // as between the write and the signature, and after it: the answer is lost
	if len(crashes) != steps+1 {
		t.Fatalf("%d steps", len(crashes))
	}
	for i, crash := range crashes {
		draft := mustOpen(t, crash, Options{}).statePath(origin) + draftSuffix
		for _, tear := range []bool{false, true} {
			crash := copyDir(t, crash)
			if tear {
				if err := os.WriteFile(draft, []byte("xinfang wit"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			w := mustOpen(t, crash, Options{})
			if want := []int64{8, 8, 8, 12, 12}[i]; w.Logs()[0].Last != l.at(t, want) {
				t.Errorf("before step %d: the last checkpoint is %+v", i+1, w.Logs()[0].Last)
			}
			converge(t, w, l, 8, 12)
		}
	}
}

// TestAnswerLost has the witness cosign and its answer not arrive.
func TestAnswerLost(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	w := fresh(t, l)
	mustCosign(t, w, l, 0, 8)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		w.Handler().ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	lines, err := (&Client{URL: server.URL}).AddCheckpoint(t.Context(), 8, l.proof(t, 8, 12), l.note(t, 12))
	if _, refused := errors.AsType[*Refused](err); err == nil || refused || lines != nil {
		t.Fatalf("%s, %v", lines, err)
	}
	mustLast(t, w, l.at(t, 12))
	converge(t, w, l, 8, 12)
}

// TestAddLogFails has each step fail of the two writes that make a log known, with
// its effect or without. The log is known or not, and can be added.
func TestAddLogFails(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 8, "honest")
	other := newTestLog(t, "other.example.gov.cn/petition", "other").grow(t, 8, "other")
	for _, effect := range []bool{false, true} {
		for step := 1; step <= 2*steps; step++ {
			dir := newDir(t, l)
			d := &faulty{step: step, effect: effect}
			w := mustOpen(t, dir, Options{disk: d.disk()})
			if err := w.AddLog(other.signer.Name(), []string{other.vkey}); !errors.Is(err, syscall.EIO) {
				t.Fatalf("step %d: AddLog = %v", step, err)
			}
			mustLast(t, w, proof.Checkpoint{Origin: origin})
			w.Close()
			w = mustOpen(t, dir, Options{})
			if err := w.AddLog(other.signer.Name(), []string{other.vkey}); err != nil {
				t.Fatalf("step %d: AddLog again = %v", step, err)
			}
			w.Close()
			w = mustOpen(t, dir, Options{})
			for _, l := range []*testLog{l, other} {
				if _, err := w.Cosign(t.Context(), l.request(t, 0, 8)); err != nil {
					t.Errorf("step %d: %v", step, err)
				}
			}
		}
	}
}

// TestConcurrent submits many checkpoints from the same old size at once: one wins,
// and the others hear of its size.
func TestConcurrent(t *testing.T) {
	const clients = 16
	l := newTestLog(t, origin, "log").grow(t, 8+clients, "honest")
	w := fresh(t, l)
	mustCosign(t, w, l, 0, 8)
	c := serve(t, w)
	type result struct {
		size  int64
		lines []byte
		err   error
	}
	results := make([]result, clients)
	var wg sync.WaitGroup
	for i := range results {
		size := int64(9 + i)
		p, signed := l.proof(t, 8, size), l.note(t, size)
		wg.Go(func() {
			lines, err := c.AddCheckpoint(t.Context(), 8, p, signed)
			results[i] = result{size, lines, err}
		})
	}
	wg.Wait()
	won := w.Logs()[0].Last.Size
	for _, r := range results {
		if r.size == won {
			if r.err != nil {
				t.Errorf("size %d, which won: %v", r.size, r.err)
			}
			mustHold(t, w.VKey(), l.note(t, r.size), r.lines)
			continue
		}
		if conflict, ok := errors.AsType[*SizeConflict](r.err); !ok || conflict.Size != won || r.lines != nil {
			t.Errorf("size %d, which lost to %d: %s, %v", r.size, won, r.lines, r.err)
		}
	}
}

// TestNoTwoHistories has many clients push two branches at once, and checks that all
// that was cosigned is of one of them.
func TestNoTwoHistories(t *testing.T) {
	honest := newTestLog(t, origin, "log").grow(t, 40, "honest")
	branches := []*testLog{honest, honest.fork(4).grow(t, 40, "forked")}
	w := fresh(t, honest)
	mustCosign(t, w, honest, 0, 4)
	var mu sync.Mutex
	won := make([]int, len(branches))
	var wg sync.WaitGroup
	for range 2 {
		for b, l := range branches {
			wg.Go(func() {
				old := int64(4)
				for size := int64(5); size <= 40; {
					_, err := w.Cosign(t.Context(), l.request(t, old, size))
					if conflict, ok := errors.AsType[*SizeConflict](err); ok {
						old, size = conflict.Size, max(size, conflict.Size)
						continue
					}
					if err != nil {
						mustRefuse(t, err, 422, proof.Fork, 0)
						return
					}
					mu.Lock()
					won[b]++
					mu.Unlock()
					old, size = size, size+1
				}
			})
		}
	}
	wg.Wait()
	if (won[0] == 0) == (won[1] == 0) {
		t.Errorf("%v checkpoints of the two branches were cosigned", won)
	}
}

// TestEvidence checks that a fork is logged with both notes, which prove it.
func TestEvidence(t *testing.T) {
	l := newTestLog(t, origin, "log").grow(t, 12, "honest")
	fork := l.fork(5).grow(t, 12, "forked")
	var out bytes.Buffer
	w := mustOpen(t, newDir(t, l), Options{Logger: textLogger(&out)})
	mustCosign(t, w, l, 0, 8)
	if out.Len() > 0 {
		t.Errorf("an honest log is logged: %s", &out)
	}
	if _, err := w.Cosign(t.Context(), FormatRequest(8, tlog.TreeProof{}, fork.note(t, 8))); err == nil {
		t.Fatal("cosigned")
	}
	for _, signed := range [][]byte{l.note(t, 8), fork.note(t, 8)} {
		if quoted := fmt.Sprintf("%q", signed); !bytes.Contains(out.Bytes(), []byte(quoted)) {
			t.Errorf("the log has no %s:\n%s", quoted, &out)
		}
	}
}
