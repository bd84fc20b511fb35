package segment

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"xinfang/domain/ledger"
)

var update = flag.Bool("update", false, "write the golden file")

// sample returns a segment with three events, the same in every run.
func sample(t testing.TB) (path string, want []ledger.Envelope, s *Store) {
	t.Helper()
	dir := t.TempDir()
	s = mustOpen(t, dir, tiny())
	want = mustAppend(t, s, streamOf(0), 0, recordOf(0, 3))
	want = append(want, mustAppend(t, s, streamOf(0), 1, recordOf(1, 0), recordOf(2, 60))...)
	return filepath.Join(dir, segmentName(1)), want, s
}

// What has been written once must be readable for ever: if this fails, the format
// has changed, and every ledger there is has become unreadable.
func TestFormat(t *testing.T) {
	path, _, s := sample(t)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := hex.Dump(b[:s.offset+16])
	const golden = "testdata/segment.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the format has changed; now it is\n%s", got)
	}
}

// The package comment is enough to read a segment: this reader knows no more.
func TestReadByTheComment(t *testing.T) {
	path, want, _ := sample(t)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	table := crc32.MakeTable(crc32.Castagnoli)
	u32, u64 := binary.BigEndian.Uint32, binary.BigEndian.Uint64
	if string(b[:16]) != "xinfang segment\x01" || u64(b[16:]) != 1 || u64(b[24:]) != 0 || u64(b[32:]) != uint64(len(b)) || u32(b[508:]) != crc32.Checksum(b[:508], table) {
		t.Errorf("the header is % x", b[:512])
	}
	at, backs := 512, []uint64{0}
	for _, e := range want {
		f := b[at:]
		f = f[:u32(f[8:])]
		if string(f[:4]) != "XLF\x01" || string(f[len(f)-4:]) != "XLE\n" || len(f)%8 != 0 || u32(f[4:]) != crc32.Checksum(f[8:], table) {
			t.Fatalf("position %d is framed % x", e.Position, f)
		}
		c, n, d, m := int(binary.BigEndian.Uint16(f[168:])), int(binary.BigEndian.Uint16(f[170:])), int(u32(f[172:])), int(u32(f[176:]))
		got := ledger.Envelope{
			Position: ledger.Position(u64(f[16:])),
			Stream:   ledger.Stream{Category: string(f[180:][:c]), ID: [16]byte(f[88:])},
			Version:  ledger.Version(u64(f[40:])),
			Origin:   ledger.Origin{Commit: u64(f[48:]), Prepare: u64(f[56:])},
			Recorded: ledger.Ticks(u64(f[64:])),
			Record:   ledger.Record{ID: [16]byte(f[72:]), Type: string(f[180+c:][:n]), Data: f[180+c+n:][:d], Meta: f[180+c+n+d:][:m]},
			Prev:     ledger.Hash(f[104:]),
			Leaf:     ledger.Hash(f[136:]),
		}
		if got.Position != e.Position || got.Leaf != e.Leaf || got.Verify() != nil {
			t.Errorf("position %d reads %+v", e.Position, got)
		}
		if back := u64(f[32:]); back != backs[len(backs)-1] {
			t.Errorf("position %d points back to %d, not %d", e.Position, back, backs[len(backs)-1])
		}
		backs = append(backs, uint64(at))
		at += len(f)
	}
	rests := []uint32{0, 1, 0}
	for i, offset := range backs[1:] {
		if rest := u32(b[offset+12:]); rest != rests[i] {
			t.Errorf("position %d says that %d follow", i+1, rest)
		}
	}
	if !zero(b[at:]) {
		t.Error("the segment does not end with zeros")
	}
}

// FuzzReadFrame feeds any bytes to the frame reader. Whatever it takes for a frame
// must be what this package would have written for that envelope.
func FuzzReadFrame(f *testing.F) {
	path, want, s := sample(f)
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	b = b[headerSize:s.offset]
	f.Add(b)
	f.Add(b[8:])
	f.Add(b[:len(b)-len(b)/3])
	for i := range want {
		e := want[i]
		e.Data, e.Meta = nil, nil
		fr := frame(appendFrame(nil, &e, i))
		fr.seal(&e, e.Position, int64(i)*align)
		f.Add([]byte(fr))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		// A fuzzer does not guess checksums: make it right.
		if len(b) >= atNames {
			if size := binary.BigEndian.Uint32(b[atLength:]); size >= atNames && int64(size) <= int64(len(b)) {
				b = slices.Clone(b)
				binary.BigEndian.PutUint32(b[atCRC:], crc32.Checksum(b[atLength:size], castagnoli))
			}
		}
		fr, why := parse(b)
		if why.is() {
			return
		}
		var names names
		e := fr.envelope(&names)
		again := frame(appendFrame(nil, &e, fr.rest()))
		again.seal(&e, fr.batch(), fr.back())
		if !bytes.Equal(again, fr) {
			t.Errorf("%x\nis read as %+v, which is written\n%x", fr, e, again)
		}
		if _, why := parse(b[:len(fr)-1]); !why.is() {
			t.Error("a frame without its end is a frame")
		}
	})
}

func TestPlace(t *testing.T) {
	for _, offset := range []int64{0, align, headerSize, 1 << 40, maxOffset} {
		for _, v := range []ledger.Version{0, 1, 1 << 20, maxVersion} {
			if p := placeOf(offset, v); p.offset() != offset || p.version() != v {
				t.Errorf("a place of %d, %d is one of %d, %d", offset, v, p.offset(), p.version())
			}
		}
	}
}

// Damage is told so that somebody can act on it.
func TestDamageSays(t *testing.T) {
	d := &Damage{File: "ledger/1.seg", Offset: 4711, Position: 12, Reason: ledger.Text{ZH: "缺了一块", EN: "it is torn"}}
	const want = "the ledger is damaged: ledger/1.seg, byte 4711, position 12: it is torn; keep the data directory as it is and tell the inspection team first, and then restore this file from a replica or a backup"
	if got := fmt.Sprint(error(d)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := d.Say().ZH, "台账已损坏：ledger/1.seg，字节 4711，位置 12：缺了一块；请先原样保全数据目录并告知检查组，再从副本或备份恢复该文件"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
