package segment

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"xinfang/domain/ledger"
)

// Somebody who knows the format changes the files and makes the checksums fit.
// Verify finds it, and names the first position that is not what it was.
func TestForgery(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	want := fill(t, s, 30)
	frames := extents(t, s)
	kill(s)
	os.Remove(filepath.Join(dir, snapshotName))

	// Places to do harm at: an event with another of its stream after it, the
	// second frame of an Append of three, and the first frame of a segment.
	second, third := 0, 0
	for i, e := range want {
		if third == 0 && frames[i].file != frames[0].file {
			third = i
		}
		if second == 0 && i > 3 && e.Stream == want[i-1].Stream && e.Stream == want[i+1].Stream {
			second = i
		}
	}
	put := func(at int, v uint64) func(b []byte) {
		return func(b []byte) { binary.BigEndian.PutUint64(b[at:], v) }
	}
	reseal := func(change func(*ledger.Envelope)) func(b []byte) {
		return func(b []byte) {
			fr := frame(b)
			var names names
			e := fr.envelope(&names)
			e.Data, e.Meta = bytes.Clone(e.Data), bytes.Clone(e.Meta)
			change(&e)
			e = e.Seal()
			again := frame(appendFrame(nil, &e, fr.rest()))
			again.seal(&e, fr.batch(), fr.back())
			copy(b, again)
		}
	}
	for _, c := range []struct {
		name   string
		at     int // index of the frame
		change func(b []byte)
		bad    int // index of the first event that is bad
	}{
		{"its data", second, func(b []byte) { b[atNames+20] ^= 1 }, second},
		{"its actor", second, func(b []byte) { b[bytes.Index(b, []byte("tester"))] = 'T' }, second},
		{"its time", second, put(atRecorded, uint64(want[0].Recorded+1)), second},
		{"its position", second, put(atPosition, 7777), second},
		{"its version", second, put(atVersion, 7777), second},
		{"its back pointer", second, put(atBack, headerSize), second},
		{"its batch", second, put(atBatch, 1), second},
		{"the batch of a whole entry", 6, put(atBatch, 2), 6},
		{"how many follow", second, func(b []byte) { b[atRest+3]++ }, second},
		{"its data and leaf", 0, reseal(func(e *ledger.Envelope) { e.Data[5] = '9' }), 6},
		{"its time and leaf", 2, reseal(func(e *ledger.Envelope) { e.Recorded-- }), 2},
		{"its link and leaf", second, reseal(func(e *ledger.Envelope) { e.Prev[0]++ }), second},
		{"data and leaf before another segment", third - 1, reseal(func(e *ledger.Envelope) { e.Data[5] = '9' }), third},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := image(t, dir)
			where := frames[c.at]
			change(t, filepath.Join(dir, where.file), where.from, where.to, func(b []byte) {
				c.change(b)
				binary.BigEndian.PutUint32(b[atCRC:], crc32.Checksum(b[atLength:], castagnoli))
			})
			report, err := Verify(t.Context(), dir, nil)
			if err != nil || report.OK || report.FirstBad != want[c.bad].Position {
				t.Errorf("Verify = %+v, %v; want position %d", report, err, want[c.bad].Position)
			}
		})
	}
	t.Run("the seam of two segments", func(t *testing.T) {
		dir := image(t, dir)
		change(t, filepath.Join(dir, frames[third].file), 0, headerSize, func(b []byte) {
			b[len(headerMark)+24]++
			binary.BigEndian.PutUint32(b[headerSize-4:], crc32.Checksum(b[:headerSize-4], castagnoli))
		})
		report, err := Verify(t.Context(), dir, nil)
		if err != nil || report.OK || report.FirstBad != want[third].Position {
			t.Errorf("Verify = %+v, %v; want position %d", report, err, want[third].Position)
		}
	})
}

// change changes the bytes of a file from one offset to another.
func change(t *testing.T, path string, from, to int64, change func([]byte)) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, to-from)
	if _, err := f.ReadAt(b, from); err != nil {
		t.Fatal(err)
	}
	change(b)
	if _, err := f.WriteAt(b, from); err != nil {
		t.Fatal(err)
	}
}

// A back pointer that leads to another stream does not lead a reader there.
func TestForgedBackPointer(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	for i := range 2 {
		mustAppend(t, s, streamOf(0), ledger.Version(i), recordOf(i, 0))
		mustAppend(t, s, streamOf(1), ledger.Version(i), recordOf(10+i, 0))
	}
	frames := extents(t, s)
	where := frames[3]
	change(t, filepath.Join(dir, where.file), where.from, where.to, func(b []byte) {
		binary.BigEndian.PutUint64(b[atBack:], uint64(frames[0].from)) // version 1, but of the other
		binary.BigEndian.PutUint32(b[atCRC:], crc32.Checksum(b[atLength:], castagnoli))
	})
	var met error
	for _, err := range s.ReadStream(t.Context(), streamOf(1), 0) {
		met = err
	}
	if damage := (*Damage)(nil); !errors.As(met, &damage) || damage.Position != 1 {
		t.Errorf("ReadStream = %v", met)
	}
}

// TestForgedText changes what an entry says, with its checksum, under a store that is
// open: whoever reads its stream is not shown it.
func TestForgedText(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	for i := range 3 {
		mustAppend(t, s, streamOf(0), ledger.Version(i), recordOf(i, 0))
	}
	where := extents(t, s)[1]
	change(t, filepath.Join(dir, where.file), where.from, where.to, func(b []byte) {
		b[atNames+20] ^= 1
		binary.BigEndian.PutUint32(b[atCRC:], crc32.Checksum(b[atLength:], castagnoli))
	})
	read := 0
	var met error
	for _, err := range s.ReadStream(t.Context(), streamOf(0), 0) {
		if met = err; err == nil {
			read++
		}
	}
	damage, ok := errors.AsType[*Damage](met)
	if !ok || !errors.Is(met, ledger.ErrAltered) || damage.Position != 2 || damage.Offset != where.from || read != 1 {
		t.Errorf("after %d entries: %v", read, met)
	}
}

// Verify says how far it is, and stops when it is told to.
func TestVerifyProgress(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, tiny())
	fill(t, s, 30)
	var calls [][2]int64
	if _, err := Verify(t.Context(), dir, func(done, total int64) { calls = append(calls, [2]int64{done, total}) }); err != nil {
		t.Fatal(err)
	}
	if len(calls) == 0 || calls[0][0] > calls[0][1] || calls[0][1] < s.offset {
		t.Errorf("progress is %v of %d bytes", calls, s.offset)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Verify(ctx, dir, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("Verify after its context was done = %v", err)
	}
}
