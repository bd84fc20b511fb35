package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"xinfang/domain/ledger"
)

// The names in a ledger's directory. A segment is named by its first position.
const (
	lockName     = "LOCK"
	nextName     = "next.tmp" // the next segment, being filled with zeros
	snapshotName = "index.snapshot"
	snapshotTemp = "index.snapshot.tmp"
	suffix       = ".seg"
)

func segmentName(first ledger.Position) string { return fmt.Sprintf("%020d%s", first, suffix) }

// firstOf is the inverse of segmentName. It returns 0 for every other name.
func firstOf(name string) ledger.Position {
	n, _ := strconv.ParseInt(strings.TrimSuffix(name, suffix), 10, 64)
	if p := ledger.Position(n); p > 0 && segmentName(p) == name {
		return p
	}
	return 0
}

// A header opens a segment. It is written before the segment gets its name, and
// never again.
type header struct {
	first ledger.Position // of the first frame, even if there is none yet
	base  int64           // global offset of the segment's first byte
	size  int64           // of the file, in bytes, from birth on
	prev  ledger.Hash     // leaf of position first-1; zero for position 1
}

// headerSize is a whole sector, so that no frame shares one with the header.
const headerSize = sector

const headerMark = "xinfang segment\x01"

func (h header) encode() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, headerMark...)
	b = binary.BigEndian.AppendUint64(b, uint64(h.first))
	b = binary.BigEndian.AppendUint64(b, uint64(h.base))
	b = binary.BigEndian.AppendUint64(b, uint64(h.size))
	b = append(b, h.prev[:]...)
	b = append(b, make([]byte, headerSize-4-len(b))...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeHeader(b []byte) (header, malformed) {
	if string(b[:len(headerMark)]) != headerMark {
		return header{}, noSegment
	}
	if crc32.Checksum(b[:headerSize-4], castagnoli) != binary.BigEndian.Uint32(b[headerSize-4:]) {
		return header{}, badHeaderSum
	}
	b = b[len(headerMark):]
	return header{
		first: ledger.Position(binary.BigEndian.Uint64(b)),
		base:  int64(binary.BigEndian.Uint64(b[8:])),
		size:  int64(binary.BigEndian.Uint64(b[16:])),
		prev:  ledger.Hash(b[24:]),
	}, malformed{}
}

// A file is one segment, open for reading. Its fields do not change.
type file struct {
	*os.File
	path string
	header
}

// damage returns what to report of the bytes at offset at.
func (f *file) damage(at int64, p ledger.Position, reason ledger.Text) *Damage {
	return &Damage{File: f.path, Offset: at, Position: p, Reason: reason}
}

// openFile opens the segment at path and checks its header against its name and
// its size. If the header is good but the size is not, it returns both the file
// and the damage.
func openFile(path string) (*file, error) {
	osf, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f := &file{File: osf, path: path}
	if err := f.readHeader(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if info.Size() != f.size {
		return f, f.damage(min(info.Size(), f.size), 0, saying("文件有 %d 字节，段头说是 %d", "the file has %d bytes, its header says %d", info.Size(), f.size))
	}
	return f, nil
}

func (f *file) readHeader() error {
	b := make([]byte, headerSize)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if n < headerSize {
		return f.damage(int64(n), 0, cutInHeader)
	}
	var why malformed
	if f.header, why = decodeHeader(b); why.is() {
		return f.damage(0, 0, ledger.Text(why))
	}
	if name := segmentName(f.first); name != filepath.Base(f.path) {
		return f.damage(0, 0, saying("段头是 %s 的", "the header is that of %s", name))
	}
	return nil
}

// openFiles opens all segments in dir, in order, and checks that none is missing
// between two others. With damage it returns the segments before, and the one that
// is damaged if its header is good.
func openFiles(dir string) (files []*file, err error) {
	entries, err := os.ReadDir(dir) // sorted by name, which is by position
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if firstOf(e.Name()) == 0 {
			continue
		}
		f, err := openFile(filepath.Join(dir, e.Name()))
		if f != nil {
			if gap := follows(files, f); gap != nil {
				closeFiles([]*file{f})
				return files, at(gap, readable(files)+1)
			}
			files = append(files, f)
		}
		if err != nil {
			return files, at(err, readable(files)+1)
		}
	}
	return files, nil
}

// readable returns the last position that can be read in the last of files.
func readable(files []*file) ledger.Position {
	for w := newWalk(files, len(files)-1); ; {
		if _, _, err := w.next(); err != nil {
			return w.head
		}
	}
}

// follows checks that f can be the segment after files.
func follows(files []*file, f *file) error {
	if len(files) == 0 {
		if f.first != 1 || f.base != 0 {
			return f.damage(0, 1, saying("这是此处的第一段，却从位置 %d 开始", "this is the first segment here, but it begins at position %d", f.first))
		}
		return nil
	}
	last := files[len(files)-1]
	if used := f.base - last.base; f.first <= last.first || used <= headerSize || used > last.size {
		return last.damage(last.size, 0, saying("它的结尾与 %s 的开头不衔接，两者之间缺少一段", "it does not end where %s begins; a segment between them is missing", filepath.Base(f.path)))
	}
	return nil
}

// closeFiles closes what was opened for reading, which cannot lose anything.
func closeFiles(files []*file) {
	for _, f := range files {
		_ = f.Close()
	}
}

// used returns where the frames of files[i] end, if another segment follows, or
// where its file ends.
func used(files []*file, i int) int64 {
	if i+1 < len(files) {
		return files[i+1].base - files[i].base
	}
	return files[i].size
}

// locate returns which of files holds the global offset.
func locate(files []*file, offset int64) int {
	return sort.Search(len(files), func(i int) bool { return files[i].base > offset }) - 1
}

// holding returns which of files holds position p, if any does.
func holding(files []*file, p ledger.Position) int {
	return sort.Search(len(files), func(i int) bool { return files[i].first > p }) - 1
}

// blockSize is how much is read at once. An envelope that is kept keeps the
// block that it was read with.
const blockSize = 256 << 10

// A reader reads frames through blocks. Not safe for concurrent use.
type reader struct {
	reuse bool // blocks are read into the same memory: no frame outlives the next call
	f     *file
	start int64 // of block, in f
	block []byte
	ended bool // the file ends after block
}

// frame returns the frame at offset at of f. It looks at no byte at or after
// limit. The error is of type malformed unless the file cannot be read.
func (r *reader) frame(f *file, at, limit int64) (frame, error) {
	size := int64(blockSize)
	for at < limit {
		if r.f == f && at >= r.start && at < r.start+int64(len(r.block)) {
			fr, why := parse(r.block[at-r.start:])
			switch {
			case !why.is():
				return fr, nil
			case why != short:
				return nil, why
			case r.ended:
				return nil, f.damage(r.start+int64(len(r.block)), 0, cutInFrame)
			case at == r.start && (len(r.block) >= maxFrame || at+int64(len(r.block)) >= limit):
				return nil, short
			case at == r.start:
				size = int64(maxFrame)
			}
		}
		if err := r.fill(f, at, min(size, limit-at)); err != nil {
			return nil, err
		}
	}
	return nil, short
}

func (r *reader) fill(f *file, at, size int64) error {
	r.f = nil
	if r.reuse {
		r.block = slices.Grow(r.block[:0], int(size))[:size]
	} else {
		r.block = make([]byte, size)
	}
	n, err := f.ReadAt(r.block, at)
	if r.ended = errors.Is(err, io.EOF); err != nil && (!r.ended || n == 0) {
		if r.ended {
			return f.damage(at, 0, fileShort)
		}
		return fmt.Errorf("reading %s at byte %d: %w", f.path, at, err)
	}
	r.f, r.start, r.block = f, at, r.block[:n]
	return nil
}
