package segment

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	"xinfang/domain/ledger"
)

// Where nothing was written, every bit counts as well: at every byte behind the
// end of a sealed and of the last segment, in turn, one bit is flipped. Verify and
// Open say where; a reader of what is in front of it is not disturbed.
func TestFlipEverySpareByte(t *testing.T) {
	for name, sp := range specimens(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			paths := segmentsIn(t, sp.dir)
			flipped := make(map[bool]int)
			for _, path := range paths {
				last := path == paths[len(paths)-1]
				whole, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				f, err := os.OpenFile(path, os.O_RDWR, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				end, next := sp.end(filepath.Base(path))
				for at := end; at < int64(len(whole)); at++ {
					flipped[last]++
					f.WriteAt([]byte{1 << (at % 8)}, at)
					sp.mustTellSpare(t, Damage{File: path, Offset: at, Position: next}, last)
					f.WriteAt([]byte{0}, at)
				}
			}
			if flipped[false] < 32 || flipped[true] < 1000 {
				t.Errorf("%d bytes of sealed and %d of last segments are spare: too few to tell", flipped[false], flipped[true])
			}
		})
	}
}

// end returns where the frames of file end, and the position after them.
func (sp specimen) end(file string) (end int64, next ledger.Position) {
	for i, f := range sp.frames {
		if f.file == file {
			end, next = f.to, ledger.Position(i+2)
		}
	}
	return end, next
}

// mustTellSpare checks that want is found, though all of sp can be read.
func (sp specimen) mustTellSpare(t *testing.T, want Damage, last bool) {
	t.Helper()
	report, err := Verify(t.Context(), sp.dir, nil)
	if err != nil || report.OK || report.FirstBad != want.Position || report.Events != int64(want.Position)-1 {
		t.Fatalf("byte %d: Verify = %+v, %v; want the first bad at %d", want.Offset, report, err, want.Position)
	}
	_, err = Open(sp.dir, all())
	if got := (*Damage)(nil); !errors.As(err, &got) || got.File != want.File || got.Position != want.Position || got.Offset != want.Offset {
		t.Fatalf("byte %d: Open = %v; want %+v", want.Offset, err, want)
	}
	readOnly := all()
	readOnly.ReadOnly = true
	s, err := Open(sp.dir, readOnly)
	if err != nil {
		t.Fatalf("byte %d: Open read-only = %v", want.Offset, err)
	}
	defer s.Close()
	var got []ledger.Envelope
	for e, err := range s.ReadAll(t.Context(), 0) {
		if err != nil && !last {
			t.Fatalf("byte %d: ReadAll = %v", want.Offset, err)
		}
		if err == nil {
			got = append(got, e)
		}
	}
	if !slices.Equal(leaves(got), leaves(sp.want)) {
		t.Fatalf("byte %d: ReadAll yields %d of %d events", want.Offset, len(got), len(sp.want))
	}
}

// Open looks only so far behind the end of a sealed segment.
func TestSpareThatOpenPasses(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, all())
	want := mustAppend(t, s, streamOf(0), 0, recordOf(0, 0))
	want = append(want, mustAppend(t, s, streamOf(1), 0, wide(1, firstSize/ledger.MaxRecordSize+1)...)...)
	s.Close()
	path := segmentsIn(t, dir)[0]
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.WriteAt([]byte{1}, firstSize-1)
	s = mustOpen(t, dir, all())
	mustHold(t, s, want)
	if report, err := Verify(t.Context(), dir, nil); err != nil || report.FirstBad != 2 {
		t.Errorf("Verify = %+v, %v; want the first bad at 2", report, err)
	}
}

// wide returns n records as large as may be, of text.
func wide(i, n int) (records []ledger.Record) {
	for j := range n {
		records = append(records, recordOf(i+j, ledger.MaxRecordSize-200))
	}
	return records
}

// sparse returns a record of data that is zeros but for a byte here and there, so
// that many of its sectors are thin and some are zero.
func sparse(i int) ledger.Record {
	r := recordOf(i, 0)
	r.Binary, r.Data = true, make([]byte, 2500+300*(i%5))
	for at := 40 * (i % 7); at < len(r.Data); at += 700 {
		r.Data[at] = byte(1 + i)
	}
	return r
}

// A model is a disk that loses power: of what was written since the last sync, it
// has any sectors, and not the others.
type model struct {
	mu      sync.Mutex
	r       *rand.Rand
	durable []byte   // of the one segment
	pending [][]byte // sectors since the last sync, by number; nil if unchanged
	until   int      // steps until the power fails
	lost    []byte   // what was there then
}

func (m *model) step() {
	if m.until--; m.until != 0 {
		return
	}
	m.lost = slices.Clone(m.durable)
	for i, s := range m.pending {
		if s != nil && m.r.IntN(2) == 0 {
			copy(m.lost[i*sector:], s)
		}
	}
}

func (m *model) disk() disk {
	return disk{
		write: func(f *os.File, b []byte, at int64) (int, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if filepath.Ext(f.Name()) == suffix {
				now := m.now()
				copy(now[at:], b)
				for i := at / sector; i <= (at+int64(len(b))-1)/sector; i++ {
					m.pending[i] = now[i*sector:][:sector]
				}
				m.step()
			}
			return f.WriteAt(b, at)
		},
		sync: func(f *os.File) error {
			m.mu.Lock()
			defer m.mu.Unlock()
			if filepath.Ext(f.Name()) == suffix {
				m.step()
				m.durable = m.now()
				m.pending = make([][]byte, len(m.durable)/sector)
			}
			return nil
		},
		syncDir: func(string) error { return nil },
	}
}

// now returns what a reader sees.
func (m *model) now() []byte {
	now := slices.Clone(m.durable)
	for i, s := range m.pending {
		if s != nil {
			copy(now[i*sector:], s)
		}
	}
	return now
}

// modelSize is the part of the segment that is in the model.
const modelSize = 64 << 10

// Power fails while batches are written that are mostly zeros, and again while
// what is left of them is cut. Never is what is left taken for damage, and what
// was acknowledged is there.
func TestPowerFailsInThinBatch(t *testing.T) {
	first := mustOpen(t, t.TempDir(), all())
	base := mustAppend(t, first, streamOf(0), 0, recordOf(0, 300))
	path := segmentsIn(t, first.dir)[0]
	kill(first)
	failed, torn, twice := 0, 0, 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 7))
		dir := image(t, first.dir)
		acked := slices.Clone(base)
		m := load(t, filepath.Join(dir, filepath.Base(path)), r, 1+r.IntN(12))
		o := all()
		o.disk = m.disk()
		s := mustOpen(t, dir, o)
		for i := range 4 {
			var records []ledger.Record
			for j := range 1 + r.IntN(3) {
				records = append(records, sparse(10*i+j))
			}
			got := mustAppend(t, s, streamOf(1+i), 0, records...)
			if m.lost == nil {
				acked = append(acked, got...)
			}
		}
		kill(s)
		if m.lost == nil {
			continue
		}
		failed++
		name := filepath.Join(dir, filepath.Base(path))
		put(t, name, m.lost)
		at, _ := lastNonzeroOf(m.lost)
		m2 := load(t, name, r, 1+r.IntN(6))
		o.disk = m2.disk()
		s, err := Open(dir, o)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		head, _ := s.Head(t.Context())
		if int(head) < len(acked) {
			t.Fatalf("seed %d: %d events were acknowledged, %d are there", seed, len(acked), head)
		}
		if s.offset < at {
			torn++
		}
		kill(s)
		if m2.lost == nil {
			continue
		}
		twice++
		put(t, name, m2.lost)
		s, err = Open(dir, all())
		if err != nil {
			t.Fatalf("seed %d, while cutting: %v", seed, err)
		}
		if again, _ := s.Head(t.Context()); again < ledger.Position(len(acked)) {
			t.Fatalf("seed %d, while cutting: %d events were acknowledged, %d are there", seed, len(acked), again)
		}
		kill(s)
	}
	if failed < 100 || torn < 50 || twice < 50 {
		t.Errorf("power failed %d times, %d batches were torn, and %d times cutting: too few to tell", failed, torn, twice)
	}
}

func load(t *testing.T, path string, r *rand.Rand, until int) *model {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, modelSize)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return &model{r: r, durable: b, pending: make([][]byte, len(b)/sector), until: until}
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		_, err = f.WriteAt(b, 0)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func lastNonzeroOf(b []byte) (int64, bool) {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != 0 {
			return int64(i) + 1, true
		}
	}
	return 0, false
}

// A process that is killed leaves a beginning of a batch, to whichever byte, and
// wherever in a sector the batch begins. None of it is foreign.
func TestKilledWithinFrame(t *testing.T) {
	for _, records := range [][]ledger.Record{{recordOf(1, 900), recordOf(2, 0)}, {sparse(3), sparse(4)}} {
		r := newRequest(streamOf(0), 0, records)
		r.seal(1, 1, headerSize, 0, nil)
		first := sizeOf(&r.envelopes[0])
		for at := int64(headerSize); at < headerSize+sector; at += align {
			for from, to := range map[int]int{0: first, first: len(r.frames)} { // what is whole before the cut is no remains
				for cut := from + 1; cut < to; cut++ {
					left := append(slices.Clone(r.frames[from:cut]), make([]byte, sector)...)
					end := (len(bytes.TrimRight(left, "\x00")) + align - 1) &^ (align - 1)
					if n := foreign(left[:end], at+int64(from)); n >= 0 {
						t.Fatalf("batch at %d, cut off after %d of %d bytes: foreign at %d", at, cut, len(r.frames), n)
					}
				}
			}
		}
	}
}

// What a refused batch has left in a segment is gone before the next one seals it.
func TestRefusedBatchIsNotSealedIn(t *testing.T) {
	dir := t.TempDir()
	o, fail := tiny(), 0
	o.disk.write = func(f *os.File, b []byte, at int64) (int, error) {
		switch fail {
		case 2: // the batch, of which all is written
			fail--
			f.WriteAt(b, at)
			return len(b) / 2, syscall.ENOSPC
		case 1: // the cutting of it
			fail--
			return 0, syscall.ENOSPC
		}
		return f.WriteAt(b, at)
	}
	s := mustOpen(t, dir, o)
	want := mustAppend(t, s, streamOf(0), 0, recordOf(0, 300))
	fail = 2
	if _, err := s.Append(t.Context(), streamOf(1), 0, recordOf(1, 300)); !errors.Is(err, syscall.ENOSPC) || fail != 0 {
		t.Fatalf("Append on a full disk = %v", err)
	}
	want = append(want, mustAppend(t, s, streamOf(2), 0, wide(2, firstSize/ledger.MaxRecordSize+1)...)...)
	if n := len(segmentsIn(t, dir)); n != 2 {
		t.Fatalf("there are %d segments", n)
	}
	s.Close()
	mustVerify(t, dir, len(want))
}

// Whoever cannot write hears why in his language, and what to do.
func TestTroubleSays(t *testing.T) {
	for _, err := range []error{inUse("d", "7"), broken("d", syscall.ENOSPC), full("d", syscall.ENOSPC), &Damage{File: "d", Reason: notSpare}} {
		said, ok := errors.AsType[interface {
			error
			Say() ledger.Text
		}](fmt.Errorf("opening: %w", err))
		if !ok || said.Say().ZH == "" || said.Say().EN != err.Error() {
			t.Errorf("%v says %+v", err, said)
		}
	}
	for err, is := range map[error]error{inUse("d", "7"): ErrInUse, broken("d", syscall.ENOSPC): ErrBroken, full("d", syscall.ENOSPC): syscall.ENOSPC} {
		if !errors.Is(err, is) {
			t.Errorf("%v is not %v", err, is)
		}
	}
}
