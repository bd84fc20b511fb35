package segment

import (
	"io"

	"xinfang/domain/ledger"
)

// A walk reads the frames of a ledger one after the other and checks that each
// follows from the one before. It knows nothing of streams.
type walk struct {
	files []*file
	cursor
	stop  cursor // where gather found no further frame, maybe within an Append
	spare int64  // how many bytes behind the end of a sealed segment must be seen to be zero
	r     reader
	names names
}

// A cursor is how far a walk has come.
type cursor struct {
	i  int   // files[i] is being read
	at int64 // where in it the next frame begins

	// Of the last frame:
	head       ledger.Position
	leaf       ledger.Hash
	recorded   ledger.Ticks // 0 if there was none yet
	rest       int          // frames of its Append that have not come yet
	stream     [16]byte
	version    ledger.Version
	batch      ledger.Position
	batchStart int64 // where in files[i] that batch begins
}

// newWalk returns a walk from the start of files[i], or of an empty ledger.
func newWalk(files []*file, i int) *walk {
	w := &walk{files: files, r: reader{reuse: true}}
	w.i, w.at, w.batchStart = i, headerSize, headerSize
	if len(files) > 0 {
		w.head, w.leaf = files[i].first-1, files[i].prev
	}
	return w
}

// offset returns the global offset of the next frame.
func (w *walk) offset() int64 {
	if len(w.files) == 0 {
		return 0
	}
	return w.files[w.i].base + w.at
}

// An entry is what the index has to know of one frame.
type entry struct {
	stream   ledger.Stream
	position ledger.Position
	version  ledger.Version
	offset   int64 // global, of the frame
	back     int64
}

// gather reads whole Appends, and returns their entries in order once it has
// enough of them. At an error, which is io.EOF where the last segment has no
// further frame, it returns what it has, and the walk stands after that.
func (w *walk) gather(enough int) ([]entry, error) {
	var got []entry
	whole, n := w.cursor, 0
	for len(got) < enough || w.rest > 0 {
		fr, offset, err := w.next()
		if err != nil {
			w.stop = w.cursor
			if w.rest > 0 {
				w.cursor = whole
			}
			return got[:n], err
		}
		category, _ := w.names.split(fr.category(), len(fr.category()))
		stream := ledger.Stream{Category: category, ID: fr.streamID()}
		got = append(got, entry{stream, fr.position(), fr.version(), offset, fr.back()})
		if w.rest == 0 {
			if err := w.cross(); err != nil {
				return got, err
			}
			whole, n = w.cursor, len(got)
		}
	}
	return got, nil
}

// next returns the next frame, and its global offset. The frame is valid until
// the next call. next returns io.EOF where the last segment has no further
// frame; why it has none is for [walk.judge] to say.
func (w *walk) next() (frame, int64, error) {
	if len(w.files) == 0 {
		return nil, 0, io.EOF
	}
	if err := w.cross(); err != nil {
		return nil, 0, err
	}
	f, offset := w.files[w.i], w.offset()
	fr, err := w.r.frame(f, w.at, used(w.files, w.i))
	if err != nil {
		why, ok := isMalformed(err)
		switch {
		case !ok:
			return nil, 0, at(err, w.head+1)
		case w.i+1 < len(w.files):
			// A later segment was begun only after all of this one was durable.
			return nil, 0, f.damage(w.at, w.head+1, why)
		}
		w.r.f = nil // what the block does not have yet, the file may have next time
		return nil, 0, io.EOF
	}
	if why := w.check(fr); why != (ledger.Text{}) {
		return nil, 0, f.damage(w.at, w.head+1, why)
	}
	if fr.batch() != w.batch {
		w.batch, w.batchStart = fr.batch(), w.at
	}
	w.head, w.leaf, w.recorded = fr.position(), fr.leaf(), fr.recorded()
	w.rest, w.stream, w.version = fr.rest(), fr.streamID(), fr.version()
	w.at += int64(len(fr))
	return fr, offset, nil
}

// cross goes on to the next segment if w stands at the end of a sealed one.
func (w *walk) cross() error {
	if w.i+1 >= len(w.files) || w.at != used(w.files, w.i) {
		return nil
	}
	next := w.files[w.i+1]
	switch {
	case next.first != w.head+1:
		return next.damage(0, w.head+1, saying("本段从位置 %d 开始，上一段却止于 %d", "the segment begins at position %d, the one before ends at %d", next.first, w.head))
	case next.prev != w.leaf:
		return next.damage(0, next.first, badSeam)
	case w.rest > 0:
		return next.damage(0, next.first, halfEntry)
	}
	if err := w.checkSpare(); err != nil {
		return err
	}
	w.i, w.at, w.batchStart = w.i+1, headerSize, headerSize
	return nil
}

// check says why fr cannot be the next frame, or nothing.
func (w *walk) check(fr frame) ledger.Text {
	switch {
	case fr.position() != w.head+1:
		return standing(fr.position())
	case w.rest > 0 && (fr.rest() != w.rest-1 || fr.batch() != w.batch || fr.streamID() != w.stream || fr.version() != w.version+1):
		return unfinished
	case w.rest == 0 && fr.batch() != w.batch && fr.batch() != fr.position():
		return strayBatch
	}
	return ledger.Text{}
}
