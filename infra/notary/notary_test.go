package notary

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// TestGrow has the ledger grow by steps of many sizes, with restarts between some,
// and compares each checkpoint with the tree calculated at once; then it proves
// every leaf, and that every checkpoint continues those before.
func TestGrow(t *testing.T) {
	r := newRig(t)
	random := rand.New(rand.NewPCG(1, 2))
	var all []proof.Checkpoint
	n, end := r.open()
	for _, more := range []int{1, 1, 2, 251, 1, 1, 255, 256, 257, 700, 3, 5000} {
		r.record(more)
		if random.IntN(2) == 0 {
			end()
			n, end = r.open()
		}
		if err := n.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		p := n.Published()
		if want := r.want(p.Size); p.Checkpoint != want {
			t.Fatalf("after %d more: %+v, want %+v", more, p.Checkpoint, want)
		}
		all = append(all, p.Checkpoint)
	}
	defer end()
	for i, c := range all {
		for _, old := range all[:i] {
			growth, err := n.ProveGrowth(c, old.Size)
			if err != nil {
				t.Fatal(err)
			}
			if err := proof.CheckGrowth(growth, c, old); err != nil {
				t.Errorf("%d after %d: %v", c.Size, old.Size, err)
			}
		}
		for _, index := range []int64{0, c.Size / 2, c.Size - 1} {
			env, _ := ledger.At(t.Context(), r.store, ledger.Position(index+1))
			p, err := n.Prove(c, index)
			if err != nil {
				t.Fatal(err)
			}
			if err := tlog.CheckRecord(p, c.Size, tlog.Hash(c.Root), index, tlog.Hash(env.Leaf)); err != nil {
				t.Errorf("leaf %d of %d: %v", index, c.Size, err)
			}
		}
	}
	for _, level := range []string{"0", "entries"} {
		if _, err := os.Stat(filepath.Join(r.dir, "tile", level, "000.p")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("parts of the first tile of %s are still there, and it is whole: %v", level, err)
		}
	}
}

// TestCrash breaks the disk at each step of a growth over several tiles, before and
// after the step is done, and starts again: the log must become what it would have
// been, and nothing that was published may differ from it.
func TestCrash(t *testing.T) {
	t.Run("B9 before a step", func(t *testing.T) { crash(t, false) })
	t.Run("B9 after a step", func(t *testing.T) { crash(t, true) })
}

func crash(t *testing.T, after bool) {
	for step := 1; ; step++ {
		r := newRig(t)
		r.record(300)
		if _, err := r.signed(); err != nil {
			t.Fatal(err)
		}
		r.record(300)
		f := &failing{step: step, after: after}
		r.disk = f.disk()
		p, err := r.signed()
		if p.Size > 0 && p.Checkpoint != r.want(p.Size) {
			t.Fatalf("step %d: published %+v", step, p.Checkpoint)
		}
		if !f.broke {
			if err != nil || step < 10 {
				t.Fatalf("%d steps, %v", step, err)
			}
			break
		}
		if !errors.Is(err, errBroken) {
			t.Fatalf("step %d: %v", step, err)
		}
		r.disk = realDisk
		r.record(1)
		if p, err = r.signed(); err != nil || p.Checkpoint != r.want(601) {
			t.Fatalf("step %d, after=%t: started again: %+v, %v", step, after, p.Checkpoint, err)
		}
	}
}

// TestStops changes the ledger, the tree or the guard's memory between two starts.
func TestStops(t *testing.T) {
	data := func(e *ledger.Envelope) { e.Data = []byte("x") }
	resealed := func(e *ledger.Envelope) { e.Data = []byte("x"); *e = e.Seal() }
	tile := func(r *rig) string { return filepath.Join(r.dir, "tile", "0", "000") }
	for name, tt := range map[string]struct {
		harm func(r *rig)
		want proof.Verdict // OK if it heals
		leaf int64
	}{
		"A1 data of a recent entry":         {func(r *rig) { r.log = altered{Log: r.store, at: 550, change: data} }, proof.TamperedContent, 549},
		"A1 data, and its leaf made to fit": {func(r *rig) { r.log = altered{Log: r.store, at: 550, change: resealed} }, proof.TamperedContent, 549},
		"A13 the end is missing":            {func(r *rig) { r.log = altered{Log: r.store, end: 597} }, proof.Truncated, 597},
		"B7 a tile was edited":              {func(r *rig) { edit(t, tile(r), func(b []byte) { b[40] ^= 1 }) }, proof.OK, 0},
		"B7 a tile was edited, and the entry": {func(r *rig) {
			edit(t, tile(r), func(b []byte) { b[40] ^= 1 })
			r.log = altered{Log: r.store, at: 2, change: resealed}
		}, proof.TamperedContent, -1},
		"B15 the tiles are gone":     {func(r *rig) { remove(t, filepath.Join(r.dir, "tile")) }, proof.OK, 0},
		"the guard's memory is gone": {func(r *rig) { remove(t, filepath.Join(r.dir, "guard")) }, proof.OK, 0},
		"the checkpoint is gone":     {func(r *rig) { remove(t, filepath.Join(r.dir, "checkpoint")) }, proof.OK, 0},
		"all but the key is gone":    {func(r *rig) { remove(t, r.dir) }, proof.OK, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.record(600)
			if _, err := r.signed(); err != nil {
				t.Fatal(err)
			}
			tt.harm(r)
			r.record(10)
			p, err := r.signed()
			f, _ := errors.AsType[*proof.Finding](err)
			switch {
			case tt.want == proof.OK:
				if err != nil || p.Checkpoint != r.want(610) {
					t.Errorf("%+v, %v", p.Checkpoint, err)
				}
			case f == nil || f.Verdict != tt.want || f.Index != tt.leaf:
				t.Errorf("%v, want %s at %d", err, tt.want, tt.leaf)
			case p.Size > 600:
				t.Errorf("it has signed %d leaves all the same", p.Size)
			}
		})
	}
}

func edit(t *testing.T, path string, f func([]byte)) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f(b)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

// TestRun follows a ledger that grows, until it is told to end.
func TestRun(t *testing.T) {
	r := newRig(t)
	n, end := r.open()
	defer end()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	for i := range 20 {
		r.record(1 + i)
		time.Sleep(time.Millisecond)
	}
	for n.Published().Size < 210 {
		n.mu.Lock()
		changed := n.changed
		n.mu.Unlock()
		if n.Published().Size >= 210 {
			break
		}
		select {
		case <-changed:
		case <-time.After(20 * time.Second):
			t.Fatalf("only %d are published", n.Published().Size)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v", err)
	}
	if p := n.Published(); p.Checkpoint != r.want(210) {
		t.Errorf("published %+v", p.Checkpoint)
	}
}

// BenchmarkNotary signs for a ledger that is there already.
func BenchmarkNotary(b *testing.B) {
	const events = 100_000
	r := newRig(b)
	r.log = r.many(events)
	b.ReportAllocs()
	for b.Loop() {
		r.dir = b.TempDir()
		p, err := r.signed()
		if err != nil || p.Size != events {
			b.Fatal(p.Size, err)
		}
	}
	b.ReportMetric(events*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/events, "ns/event")
}

// TestFirstDifference starts over a ledger that differs in its last thousand entries, which
// are compared, and long before: the first is named.
func TestFirstDifference(t *testing.T) {
	r := newRig(t)
	r.record(3000)
	if _, err := r.signed(); err != nil {
		t.Fatal(err)
	}
	r.log = altered{Log: altered{Log: r.store, at: 2500, change: lie}, at: 7, change: lie}
	_, err := r.signed()
	if f, ok := errors.AsType[*proof.Finding](err); !ok || f.Verdict != proof.TamperedContent || f.Index != 6 || f.Stream != r.streams[6%5].String() {
		t.Errorf("%v", err)
	}
}
