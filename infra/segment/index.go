package segment

import (
	"encoding/binary"
	"sync"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// An index is all that is kept in memory of a ledger: where each stream ends,
// about 50 bytes for each, and where every 1024th position begins. All of it
// can be had again by scanning. Its owner guards it.
type index struct {
	streams map[string]map[uuid.UUID]place // by category
	marks   []int64                        // global offset of position 1+i*markEvery
}

const markEvery = 1024

// place returns where stream ends; 0 if it is empty.
func (x *index) place(stream ledger.Stream) place { return x.streams[stream.Category][stream.ID] }

func (x *index) set(stream ledger.Stream, p place) {
	of, ok := x.streams[stream.Category]
	if !ok {
		if x.streams == nil {
			x.streams = make(map[string]map[uuid.UUID]place)
		}
		of = make(map[uuid.UUID]place)
		x.streams[stream.Category] = of
	}
	of[stream.ID] = p
}

// mark remembers where position p begins, if it is one of those to remember.
func (x *index) mark(p ledger.Position, offset int64) {
	if int64(p-1) == int64(len(x.marks))*markEvery {
		x.marks = append(x.marks, offset)
	}
}

// near returns the global offset of the last mark at or before position p, and
// its position; or 0, 0.
func (x *index) near(p ledger.Position) (int64, ledger.Position) {
	i := min(int64(p-1)/markEvery, int64(len(x.marks))-1)
	if p < 1 || i < 0 {
		return 0, 0
	}
	return x.marks[i], ledger.Position(i*markEvery + 1)
}

// tails has the last leaf of some streams that were written to lately, so that it
// need not be read to write to them again. Its owner guards it.
type tails [1 << 10]struct {
	stream  ledger.Stream
	version ledger.Version
	leaf    ledger.Hash
}

func slotOf(stream ledger.Stream) int {
	return int(binary.BigEndian.Uint16(stream.ID[:])) % len(tails{})
}

// note remembers the ends of the streams that r has written to.
func (t *tails) note(r *request) {
	for i := range r.envelopes {
		if e := &r.envelopes[i]; r.adopts || i == len(r.envelopes)-1 {
			slot := &t[slotOf(e.Stream)]
			slot.stream, slot.version, slot.leaf = e.Stream, e.Version, e.Leaf
		}
	}
}

// leaf returns the leaf of the last version of stream, if it is remembered.
func (t *tails) leaf(stream ledger.Stream, version ledger.Version) (ledger.Hash, bool) {
	slot := &t[slotOf(stream)]
	return slot.leaf, version > 0 && slot.version == version && slot.stream == stream
}

// recent is where the last batches begin. Whoever follows the ledger reads from
// there, and would otherwise read up to markEvery frames to find each. Its owner
// guards it.
type recent struct {
	batches [32]batchStart
	next    int // the oldest of batches
}

type batchStart struct {
	position ledger.Position // 0 if there is none
	offset   int64           // global
}

func (r *recent) add(p ledger.Position, offset int64) {
	r.batches[r.next] = batchStart{p, offset}
	r.next = (r.next + 1) % len(r.batches)
}

// near is as [index.near].
func (r *recent) near(p ledger.Position) (int64, ledger.Position) {
	var best batchStart
	for _, b := range r.batches {
		if b.position <= p && b.position > best.position {
			best = b
		}
	}
	return best.offset, best.position
}

// add enters e. It reports whether e follows from what the index has of its
// stream. A version that the index has already changes nothing: a snapshot may
// be ahead of its position.
func (x *index) add(e entry) bool {
	x.mark(e.position, e.offset)
	last := x.place(e.stream)
	switch {
	case e.version <= last.version():
		return true
	case e.version != last.version()+1 || e.back != last.offset():
		return false
	}
	x.set(e.stream, placeOf(e.offset, e.version))
	return true
}

// append enters what r has appended at offset, and returns the offset after it.
func (x *index) append(r *request, offset int64) int64 {
	for i := range r.envelopes {
		e := &r.envelopes[i]
		x.mark(e.Position, offset)
		if r.adopts || i == len(r.envelopes)-1 {
			x.set(e.Stream, placeOf(offset, e.Version))
		}
		offset += int64(sizeOf(e))
	}
	return offset
}

// An end is where one stream ends.
type end struct {
	id uuid.UUID
	at place
}

// each calls visit with the streams of category, some at a time, until it
// returns false. It holds mu for reading while it looks, but not while visit
// runs: writers never wait for long, and a stream that is added or moves on
// meanwhile may be seen as it was or as it is.
func (x *index) each(mu *sync.RWMutex, category string, visit func([]end) bool) {
	chunk := make([]end, 0, 1024)
	mu.RLock()
	defer mu.RUnlock()
	show := func() bool {
		mu.RUnlock()
		defer mu.RLock() // even if visit panics: our caller unlocks
		return visit(chunk)
	}
	for id, at := range x.streams[category] {
		if chunk = append(chunk, end{id, at}); len(chunk) == cap(chunk) {
			if !show() {
				return
			}
			chunk = chunk[:0]
		}
	}
	if len(chunk) > 0 {
		show()
	}
}
