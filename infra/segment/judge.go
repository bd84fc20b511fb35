package segment

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"xinfang/domain/ledger"
)

// sector is the least that a disk writes or does not write, in bytes.
const sector = 512

// judge says what follows the last good frame of the last segment, at the place
// where w.stop met no further one: nothing, or the remains of a write that a
// crash interrupted (a torn batch, to be cut), or damage, which is an error. It
// returns where the remains end.
//
// The argument. Let p be the position that should stand there. A segment is zero
// before it is written; what is cut is made zero again; and batch n+1 is written
// only after fdatasync has returned for batch n.
//
//   - A good frame of a batch that began after p shows that p's own batch had
//     been made durable. So the bytes at p were changed later: damage.
//   - Otherwise p is in the last batch that was ever begun. If its write was
//     interrupted, something is missing: a kill leaves a beginning of it (the
//     nonzero bytes end where no frame does), a power failure leaves some of its
//     sectors and not others (a sector that is still zero; frames have no
//     sector of zeros unless their data do). Nobody has been told that this
//     batch is durable, so nothing acknowledged is lost with it: torn.
//   - If nothing is missing, all of it was written and a part has changed since:
//     damage.
//   - If something stands there that no interrupted write leaves, nobody wrote it:
//     damage, see [foreign].
//
// What cannot be told: what is cut with the remains of a torn batch is not looked
// at more closely than that. And if the last batch before a crash was acknowledged, and
// later is damaged so as to lose a sector, it looks like one that never was. A
// ledger that was closed, or has a newer snapshot, has a witness for that batch
// too (see snapshot.upto). One that was killed has only the notary's.
func (w *walk) judge() (end int64, err error) {
	if len(w.files) == 0 {
		return 0, nil
	}
	f, at, p := w.files[w.stop.i], w.stop.at, w.stop.head+1
	end, err = lastNonzero(f, at)
	if err != nil || end == at {
		return at, err
	}
	b := make([]byte, end-at)
	if _, err := f.ReadAt(b, at); err != nil {
		return end, fmt.Errorf("reading %s at byte %d: %w", f.path, at, err)
	}
	_, why := parse(b)
	missing := false
	for from := 0; from < len(b); {
		n, fr := findFrame(b, from, p)
		missing = missing || hole(b[from:n], at+int64(from)) || fr == nil && stops(b[from:])
		if fr != nil && fr.batch() > p {
			return end, f.damage(at, p, ledger.Text{
				ZH: fmt.Sprintf("%s；其后却有在它落盘之后才写入的位置 %d", why.ZH, fr.position()),
				EN: fmt.Sprintf("%s, and position %d, which was written after it was durable, follows", why.EN, fr.position()),
			})
		}
		from = n + len(fr)
	}
	if !missing {
		return end, f.damage(at, p, ledger.Text{ZH: why.ZH + "，而最后一次写入的内容俱在", EN: why.EN + ", though all of the last write is there"})
	}
	if n := foreign(b, at); n >= 0 {
		return end, f.damage(at+int64(n), p, notSpare)
	}
	return end, nil
}

// findFrame returns the first good frame of b at or after from with a position
// after p, and where it begins; or nil and len(b).
func findFrame(b []byte, from int, p ledger.Position) (int, frame) {
	for {
		i := bytes.Index(b[from:], []byte(frameMark))
		if i < 0 {
			return len(b), nil
		}
		from += i
		if from%align == 0 {
			if fr, why := parse(b[from:]); !why.is() && fr.position() > p {
				return from, fr
			}
		}
		from++
	}
}

// stops reports whether b, which begins where a frame should, stops where no
// frame does: neither by its mark nor by the length that the frame claims. Both
// are asked because one of them may be what was damaged.
func stops(b []byte) bool {
	claimed := -1
	if len(b) >= atRest {
		claimed = int(binary.BigEndian.Uint32(b[atLength:]))
	}
	return !bytes.HasSuffix(b, []byte(endMark)) && claimed != len(b)
}

// hole reports whether a sector of b, or the part of a sector in b, is all zero.
// b stands at offset at of its file.
func hole(b []byte, at int64) bool {
	for len(b) > 0 {
		n := min(len(b), int(sector-at%sector))
		if zero(b[:n]) {
			return true
		}
		b, at = b[n:], at+int64(n)
	}
	return false
}

// lastNonzero returns the offset after the last nonzero byte of f, rounded up to
// a multiple of align, or at if all is zero from there.
func lastNonzero(f *file, at int64) (int64, error) {
	end := at
	buf := make([]byte, min(blockSize, f.size-at))
	for from := at; from < f.size; from += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), f.size-from)]
		if _, err := f.ReadAt(buf, from); err != nil {
			return at, fmt.Errorf("reading %s at byte %d: %w", f.path, from, err)
		}
		if !zero(buf) {
			n := int64(len(bytes.TrimRight(buf, "\x00")))
			end = min(f.size, (from+n+align-1)&^(align-1))
		}
	}
	return end, nil
}
