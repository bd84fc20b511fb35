package ledger

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/google/uuid"
)

// ErrLeaf reports bytes that are no leaf.
var ErrLeaf = errors.New("these bytes are no leaf of this ledger's layout")

// ParseLeaf is the inverse of [Envelope.AppendLeaf]: it returns what the leaf b
// says of an event, and the digests of its data and meta, which the envelope does
// not hold. It takes exactly the bytes that AppendLeaf makes, and no others; the
// error is [ErrLeaf].
func ParseLeaf(b []byte) (e Envelope, data, meta Digest, err error) {
	r := leafReader{rest: b}
	tag, kind := r.bytes(len(leafTag)), r.bytes(1)
	e.Position = Position(r.number()) + 1
	e.Origin = Origin{Commit: r.number(), Prepare: r.number()}
	e.Version = Version(r.number()) + 1
	e.Recorded = Ticks(r.number())
	e.ID = uuid.UUID(r.bytes(16))
	stream := string(r.named())
	e.Type = string(r.named())
	e.Binary = string(r.named()) != e.ContentType()
	data, meta = r.digest(), r.digest()
	e.Prev = Hash(r.bytes(len(e.Prev)))
	known := false
	e.Stream, known = ParseStream(stream)
	if r.short || !known || string(tag) != leafTag || kind[0] != KindOf(e.Stream.Category) ||
		e.Position < 1 || e.Version < 1 || !bytes.Equal(e.AppendLeaf(nil, data, meta), b) {
		return Envelope{}, Digest{}, Digest{}, ErrLeaf
	}
	e.Leaf = LeafHash(b)
	return e, data, meta, nil
}

// A leafReader takes bytes from the front of rest. Once that is too short it
// returns zeros.
type leafReader struct {
	rest  []byte
	short bool
}

func (r *leafReader) bytes(n int) []byte {
	if r.short = r.short || len(r.rest) < n; r.short {
		return make([]byte, n)
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *leafReader) number() uint64 { return binary.BigEndian.Uint64(r.bytes(8)) }

func (r *leafReader) named() []byte { return r.bytes(int(binary.BigEndian.Uint16(r.bytes(2)))) }

func (r *leafReader) digest() (d Digest) {
	n := r.number()
	d.Len, d.Sum = int(n), Hash(r.bytes(len(d.Sum)))
	r.short = r.short || d.Len < 0
	return d
}
