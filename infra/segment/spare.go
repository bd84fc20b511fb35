package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// few is how many nonzero bytes make a sector dense: fewer than a leaf hash has.
const few = 16

// dense reports whether b, a sector or the part of one that belongs to a batch,
// shows of itself that a batch was written there.
func dense(b []byte) bool {
	return len(b)-bytes.Count(b, zeros[:1]) >= few || bytes.Contains(b, []byte(frameMark)) || bytes.Contains(b, []byte(endMark))
}

// foreign returns where in b something stands that no interrupted write leaves
// there; or -1. b is what follows the last good frame, from offset at of its file
// to the last byte that is not zero.
//
// The argument. The spare part of a segment is zero, and a batch begins where the
// ledger ends: a flipped bit in the spare part is alone in its sector, and no
// frame leads to it. Of a batch, each sector is there whole or is still zero, and
//
//   - where a frame begins or ends there is a mark, and in the rest of its head a
//     leaf hash: these sectors are dense;
//   - the others are dense too, but for those in data that are mostly zeros. Such a
//     thin sector is written after all others of its batch are durable
//     ([committer.persist]) and cut before they are ([committer.cut]). So when it
//     is there, so are the heads of all frames of the batch, and lead to it: each
//     says where the next begins.
//
// A kill leaves the beginning of a batch. That ends in the first frame that is not
// whole, which leads to all of it, or is itself the beginning of a mark. A kill
// within a page, and then a power failure before that page is on disk, do not add
// up: a page is on its way to the disk, or being written to, and not both.
//
// So nothing of a torn batch is foreign; and whatever changes less than few bytes
// of a sector is, where no torn batch leads to it.
func foreign(b []byte, at int64) int {
	led := reach(b)
	for from, to := range sectors(b, at) {
		if piece := b[from:to]; from >= led && !zero(piece) && !dense(piece) {
			return from + len(piece) - len(bytes.TrimLeft(piece, "\x00"))
		}
	}
	return -1
}

// reach returns how many bytes of b the frames claim that follow one another from
// its start, as far as the beginning of each is there.
func reach(b []byte) (n int) {
	if bytes.HasPrefix([]byte(frameMark), bytes.TrimRight(b, "\x00")) {
		return len(b)
	}
	for n < len(b) && bytes.HasPrefix(b[n:], []byte(frameMark)) {
		size := 0
		if len(b)-n >= atFlags {
			size = int(binary.BigEndian.Uint32(b[n+atLength:]))
		}
		if size%align != 0 || size < atNames || size > maxFrame {
			return n // the length itself is not there
		}
		n += size
	}
	return n
}

// sectors yields where each sector of b begins and ends in it. b stands at offset
// at of its file.
func sectors(b []byte, at int64) func(yield func(from, to int) bool) {
	return func(yield func(from, to int) bool) {
		for from := 0; from < len(b); {
			to := min(len(b), from+int(sector-(at+int64(from))%sector))
			if !yield(from, to) {
				return
			}
			from = to
		}
	}
}

// thin returns which sectors of b, which begins with a frame and ends with one,
// are neither dense nor zero: see [foreign]. There are none in a batch of ours.
func thin(b []byte, at int64) (list [][2]int) {
	for from, to := range sectors(b, at) {
		if piece := b[from:to]; !dense(piece) && !zero(piece) {
			list = append(list, [2]int{from, to})
		}
	}
	return list
}

// without returns a copy of b with zeros for the sectors in list.
func without(b []byte, list [][2]int) []byte {
	b = slices.Clone(b)
	for _, s := range list {
		clear(b[s[0]:s[1]])
	}
	return b
}

// checkSpare reports damage if not all is zero behind the end of the sealed
// segment where w stands, as far as w is to look.
func (w *walk) checkSpare() error {
	f := w.files[w.i]
	buf := make([]byte, min(blockSize, w.spare, f.size-w.at))
	for at, end := w.at, w.at+min(w.spare, f.size-w.at); at < end; at += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), end-at)]
		if _, err := f.ReadAt(buf, at); err != nil {
			return fmt.Errorf("reading %s at byte %d: %w", f.path, at, err)
		}
		if !zero(buf) {
			n := len(buf) - len(bytes.TrimLeft(buf, "\x00"))
			return f.damage(at+int64(n), w.head+1, notSpare)
		}
	}
	return nil
}

var zeros = make([]byte, 1<<20)

func zero(b []byte) bool {
	for len(b) > len(zeros) {
		if !bytes.Equal(b[:len(zeros)], zeros) {
			return false
		}
		b = b[len(zeros):]
	}
	return bytes.Equal(b, zeros[:len(b)])
}
