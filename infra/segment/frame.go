package segment

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math"

	"xinfang/domain/ledger"
)

// A frame is the bytes of one envelope in a segment, as the package comment
// lays them out. A frame that [parse] has returned is whole and its CRC is
// right, so its methods need not check again.
type frame []byte

// Where the fields of a frame are, in bytes from its start.
const (
	atCRC         = 4
	atLength      = 8
	atFlags       = 12
	atRest        = 14
	atPosition    = 16
	atBatch       = 24
	atBack        = 32
	atVersion     = 40
	atCommit      = 48
	atPrepare     = 56
	atRecorded    = 64
	atEventID     = 72
	atStreamID    = 88
	atPrev        = 104
	atLeaf        = 136
	atCategoryLen = 168
	atTypeLen     = 170
	atDataLen     = 172
	atMetaLen     = 176
	atNames       = 180 // category, type, data, meta, zeros, endMark
)

// flagBinary says that the data is not JSON. The other flags are zero.
const flagBinary = 1

// frameMark opens a frame and endMark closes it. Neither holds a zero byte, so
// the first and the last 8 bytes of a frame are never all zero: [walk.judge] needs that.
const (
	frameMark = "XLF\x01"
	endMark   = "XLE\n"
)

// align is what the length and the offset of every frame are a multiple of.
const align = 8

// maxFrame is the most bytes that a frame can have.
const maxFrame = atNames + 2*ledger.MaxName + ledger.MaxRecordSize + align + len(endMark)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// frameSize returns the length of the frame of a record.
func frameSize(category, typ string, data, meta []byte) int {
	n := atNames + len(category) + len(typ) + len(data) + len(meta) + len(endMark)
	return (n + align - 1) &^ (align - 1)
}

func sizeOf(e *ledger.Envelope) int { return frameSize(e.Stream.Category, e.Type, e.Data, e.Meta) }

// appendFrame appends the frame of e to b, complete but for what only the
// committer knows, which it fills in with [frame.seal].
func appendFrame(b []byte, e *ledger.Envelope, rest int) []byte {
	start, size := len(b), sizeOf(e)
	b = append(b, frameMark...)
	b = append(b, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, uint32(size))
	var flags uint16
	if e.Binary {
		flags = flagBinary
	}
	b = binary.BigEndian.AppendUint16(b, flags)
	b = binary.BigEndian.AppendUint16(b, uint16(rest))
	b = append(b, make([]byte, atVersion-atPosition)...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Version))
	b = append(b, make([]byte, atEventID-atCommit)...)
	b = append(b, e.ID[:]...)
	b = append(b, e.Stream.ID[:]...)
	b = append(b, make([]byte, atCategoryLen-atPrev)...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.Stream.Category)))
	b = binary.BigEndian.AppendUint16(b, uint16(len(e.Type)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Data)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Meta)))
	b = append(b, e.Stream.Category...)
	b = append(b, e.Type...)
	b = append(b, e.Data...)
	b = append(b, e.Meta...)
	b = append(b, make([]byte, start+size-len(endMark)-len(b))...)
	return append(b, endMark...)
}

// seal fills in where the frame stands and closes it with its CRC. e holds the
// same envelope, with its leaf.
func (f frame) seal(e *ledger.Envelope, batch ledger.Position, back int64) {
	binary.BigEndian.PutUint64(f[atPosition:], uint64(e.Position))
	binary.BigEndian.PutUint64(f[atBatch:], uint64(batch))
	binary.BigEndian.PutUint64(f[atBack:], uint64(back))
	binary.BigEndian.PutUint64(f[atCommit:], e.Origin.Commit)
	binary.BigEndian.PutUint64(f[atPrepare:], e.Origin.Prepare)
	binary.BigEndian.PutUint64(f[atRecorded:], uint64(e.Recorded))
	copy(f[atPrev:], e.Prev[:])
	copy(f[atLeaf:], e.Leaf[:])
	binary.BigEndian.PutUint32(f[atCRC:], crc32.Checksum(f[atLength:], castagnoli))
}

// parse returns the frame at the start of b, which may go on after it, or why
// there is none.
func parse(b []byte) (frame, malformed) {
	if len(b) < atNames {
		return nil, short
	}
	if string(b[:len(frameMark)]) != frameMark {
		return nil, noFrame
	}
	size := binary.BigEndian.Uint32(b[atLength:])
	switch {
	case size%align != 0 || size < atNames || uint64(size) > uint64(maxFrame):
		return nil, badLength
	case int(size) > len(b):
		return nil, short
	}
	f := frame(b[:size:size])
	if crc32.Checksum(f[atLength:], castagnoli) != binary.BigEndian.Uint32(f[atCRC:]) {
		return nil, badSum
	}
	// What follows holds for every frame that this package has written, so it
	// fails only for one that was made to deceive.
	c, t, d, m := f.lens()
	used := uint64(atNames) + uint64(c) + uint64(t) + uint64(d) + uint64(m)
	if c == 0 || c > ledger.MaxName || t == 0 || t > ledger.MaxName || used+uint64(len(endMark)) > uint64(size) ||
		uint64(size)-used-uint64(len(endMark)) >= align {
		return nil, badLengths
	}
	if tail := f[used:]; string(tail[len(tail)-len(endMark):]) != endMark || len(bytes.Trim(tail[:len(tail)-len(endMark)], "\x00")) > 0 {
		return nil, badEnd
	}
	if f.position() < 1 || f.version() < 1 || f.version() > maxVersion || f.batch() < 1 || f.batch() > f.position() ||
		f.flags() > flagBinary || f.rest() >= ledger.MaxBatch || f.back() < 0 || f.back() > maxOffset {
		return nil, badNumber
	}
	return f, malformed{}
}

func (f frame) uint(at int) uint64 { return binary.BigEndian.Uint64(f[at:]) }

func (f frame) flags() uint16             { return binary.BigEndian.Uint16(f[atFlags:]) }
func (f frame) rest() int                 { return int(binary.BigEndian.Uint16(f[atRest:])) }
func (f frame) position() ledger.Position { return ledger.Position(f.uint(atPosition)) }
func (f frame) batch() ledger.Position    { return ledger.Position(f.uint(atBatch)) }
func (f frame) back() int64               { return int64(f.uint(atBack)) }
func (f frame) version() ledger.Version   { return ledger.Version(f.uint(atVersion)) }
func (f frame) recorded() ledger.Ticks    { return ledger.Ticks(f.uint(atRecorded)) }
func (f frame) leaf() ledger.Hash         { return ledger.Hash(f[atLeaf:]) }
func (f frame) streamID() [16]byte        { return [16]byte(f[atStreamID:]) }

func (f frame) category() []byte {
	return f[atNames:][:binary.BigEndian.Uint16(f[atCategoryLen:])]
}

func (f frame) lens() (category, typ uint16, data, meta uint32) {
	return binary.BigEndian.Uint16(f[atCategoryLen:]), binary.BigEndian.Uint16(f[atTypeLen:]),
		binary.BigEndian.Uint32(f[atDataLen:]), binary.BigEndian.Uint32(f[atMetaLen:])
}

// of reports whether f is of stream.
func (f frame) of(stream ledger.Stream) bool {
	return f.streamID() == stream.ID && string(f.category()) == stream.Category
}

// envelope returns the envelope in f. Its data and meta share the memory of f.
func (f frame) envelope(n *names) ledger.Envelope {
	var e ledger.Envelope
	f.decode(&e, n)
	return e
}

// decode sets e to the envelope in f. Its data and meta share the memory of f.
func (f frame) decode(e *ledger.Envelope, n *names) {
	c, t, d, m := f.lens()
	names := f[atNames:]
	names, data := names[:int(c)+int(t)], names[int(c)+int(t):]
	e.Position = f.position()
	e.Stream.Category, e.Type = n.split(names, int(c))
	e.Stream.ID = f.streamID()
	e.Version = f.version()
	e.Origin = ledger.Origin{Commit: f.uint(atCommit), Prepare: f.uint(atPrepare)}
	e.Recorded = f.recorded()
	copy(e.ID[:], f[atEventID:])
	e.Data, e.Meta, e.Binary = data[:d:d], data[d:d+m:d+m], f.flags() == flagBinary
	copy(e.Prev[:], f[atPrev:])
	copy(e.Leaf[:], f[atLeaf:])
}

// names keeps one string for each category and type that a reader has met, so
// that an envelope costs no allocation for them. Not safe for concurrent use.
type names struct {
	category, typ string // the last ones
	known         map[string]string
}

// maxNames bounds how many names are kept: a ledger of ours has hundreds.
const maxNames = 4096

func (n *names) split(b []byte, category int) (string, string) {
	if string(b[:category]) != n.category {
		n.category = n.intern(b[:category])
	}
	if string(b[category:]) != n.typ {
		n.typ = n.intern(b[category:])
	}
	return n.category, n.typ
}

func (n *names) intern(b []byte) string {
	if s, ok := n.known[string(b)]; ok {
		return s
	}
	if n.known == nil || len(n.known) >= maxNames {
		n.known = make(map[string]string)
	}
	s := string(b)
	n.known[s] = s
	return s
}

// The most that a [place] can hold.
const (
	maxVersion = 1<<24 - 1
	maxOffset  = (1<<40 - 1) * align
)

// A place is where a stream ends: the global offset of its last frame, in units
// of align, in the upper 40 bits, and its version in the lower 24.
type place uint64

var _ = [1]struct{}{}[math.MaxUint64-(maxOffset/align<<24|maxVersion)] // a place is full

func placeOf(offset int64, v ledger.Version) place {
	return place(uint64(offset)/align<<24 | uint64(v))
}

func (p place) offset() int64           { return int64(p>>24) * align }
func (p place) version() ledger.Version { return ledger.Version(p & maxVersion) }
