package segment

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// A snapshot is an [index] on disk, so that opening a ledger need not read all
// of it. It is a cache, and can be deleted: the ledger is then scanned.
//
// It is also a witness. Whatever it knows of was durable when it was written, so
// a ledger that ends before is damaged, however clean its end may look.
//
//	mark 16 · position 8 · its leaf hash 32 · number of marks 8 · each mark 8 ·
//	for each category: length 2 · name · chunks of streams, the last one empty:
//	number 2 · each stream: id 16 · place 8 ·
//	length 0 (2) · upto 8 · CRC-32C 4 of all of the above
//
// All numbers are big-endian.
type snapshot struct {
	at   ledger.Position // the index has every stream as it was here, or later
	leaf ledger.Hash     // of that position
	upto ledger.Position // the index has nothing that came after this
	index
}

// differs and longer say what is wrong with a ledger that s does not fit.
func (s *snapshot) differs() ledger.Text {
	return saying("%s 所记位置 %d 的事件与此不同；如它不属于本台账，请删除它", "%s remembers another event at position %d; delete it if it is not of this ledger", snapshotName, s.at)
}

func (s *snapshot) longer() ledger.Text {
	return saying("台账到此结束，但 %s 曾见过位置 %d", "the ledger ends here, but %s has seen position %d", snapshotName, s.upto)
}

const snapshotMark = "xinfang index  \x01"

// writeSnapshot writes a snapshot of the index while that goes on changing: it
// holds mu for reading, a little at a time.
//
// The snapshot is written beside the old one and renamed. A crash before the
// rename leaves the old one, and a file that nobody reads; a crash after it
// leaves either, and both are right: the old one is only older.
func (c *committer) writeSnapshot() error {
	at, leaf := c.end()
	x, mu := &c.index, &c.mu
	mu.RLock()
	marks := x.marks // what is there does not change; it may be ahead of at as well
	categories := slices.Sorted(maps.Keys(x.streams))
	mu.RUnlock()

	return c.replaceFile(snapshotTemp, snapshotName, func(f io.Writer) error {
		sum := crc32.New(castagnoli)
		w := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<16)
		b := append([]byte(nil), snapshotMark...)
		b = binary.BigEndian.AppendUint64(b, uint64(at))
		b = append(b, leaf[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(len(marks)))
		for _, m := range marks {
			b = binary.BigEndian.AppendUint64(b, uint64(m))
		}
		for _, c := range categories {
			b = binary.BigEndian.AppendUint16(b, uint16(len(c)))
			b = append(b, c...)
			x.each(mu, c, func(chunk []end) bool {
				b = binary.BigEndian.AppendUint16(b, uint16(len(chunk)))
				for _, e := range chunk {
					b = append(b, e.id[:]...)
					b = binary.BigEndian.AppendUint64(b, uint64(e.at))
				}
				_, err := w.Write(b)
				b = b[:0]
				return err == nil // w returns it again when flushed
			})
			b = append(b, 0, 0)
		}
		b = append(b, 0, 0)
		upto, _ := c.end()
		b = binary.BigEndian.AppendUint64(b, uint64(upto))
		if _, err := w.Write(b); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
		_, err := f.Write(binary.BigEndian.AppendUint32(nil, sum.Sum32()))
		return err
	})
}

// replaceFile writes the file name so that at any instant either the old or the new
// content is there, whole, and the new one for good once it returns.
func (c *committer) replaceFile(temp, name string, write func(io.Writer) error) error {
	temp = filepath.Join(c.dir, temp)
	f, err := os.Create(temp)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = c.options.disk.flush(f)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	if err := os.Rename(temp, filepath.Join(c.dir, name)); err != nil {
		return err
	}
	return c.options.disk.flushDir(c.dir)
}

// readSnapshot returns the snapshot in dir. If there is none it returns an
// error that is [fs.ErrNotExist]; if it is not whole, one of type malformed.
func readSnapshot(dir string) (*snapshot, error) {
	path := filepath.Join(dir, snapshotName)
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := decodeSnapshot(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func decodeSnapshot(b []byte) (*snapshot, error) {
	if len(b) < len(snapshotMark)+4 || string(b[:len(snapshotMark)]) != snapshotMark {
		return nil, badIndexMark
	}
	b, sum := b[:len(b)-4], b[len(b)-4:]
	if crc32.Checksum(b, castagnoli) != binary.BigEndian.Uint32(sum) {
		return nil, badIndexSum
	}
	d := decoder{b: b[len(snapshotMark):]}
	s := &snapshot{at: ledger.Position(d.uint(8)), leaf: ledger.Hash(d.bytes(32))}
	for n := d.uint(8); n > 0 && !d.short; n-- {
		s.marks = append(s.marks, int64(d.uint(8)))
	}
	s.streams = make(map[string]map[uuid.UUID]place)
	for name := d.bytes(d.uint(2)); len(name) > 0; name = d.bytes(d.uint(2)) {
		of := make(map[uuid.UUID]place)
		s.streams[string(name)] = of
		for n := d.uint(2); n > 0; n = d.uint(2) {
			for ; n > 0 && !d.short; n-- {
				id := uuid.UUID(d.bytes(16))
				of[id] = place(d.uint(8))
			}
		}
	}
	s.upto = ledger.Position(d.uint(8))
	if d.short || len(d.b) > 0 {
		return nil, badIndex
	}
	return s, nil
}

// A decoder takes fields off b. Once b is too short, all further fields are zero.
type decoder struct {
	b     []byte
	short bool
}

func (d *decoder) bytes(n uint64) []byte {
	if d.short = d.short || n > uint64(len(d.b)); d.short {
		return make([]byte, min(n, 32))
	}
	field := d.b[:n]
	d.b = d.b[n:]
	return field
}

func (d *decoder) uint(size uint64) (v uint64) {
	for _, c := range d.bytes(size) {
		v = v<<8 | uint64(c)
	}
	return v
}

// noSnapshot reports whether err says that there is no snapshot to be used.
func noSnapshot(err error) bool {
	_, ok := isMalformed(err)
	return ok || errors.Is(err, fs.ErrNotExist)
}
