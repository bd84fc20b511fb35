package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"
)

// A Hash is a SHA-256 hash.
type Hash [sha256.Size]byte

// String returns the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// The kinds of leaf: who wrote the event.
const (
	KindDomain byte = 1 // a stream of this product
	KindSystem byte = 2 // the store itself: metadata, scavenges, rights
	KindNotary byte = 3 // the notary
)

// leafTag opens every leaf. A leaf of another layout will have another tag, of
// the same 24 bytes.
const leafTag = "petition-ledger/leaf/v1\x00"

// A Digest is the length and the SHA-256 of the exact bytes of an event's data
// or meta, which is all that the leaf says of them.
type Digest struct {
	Len int
	Sum Hash
}

// DigestOf returns the digest of b.
func DigestOf(b []byte) Digest { return Digest{len(b), sha256.Sum256(b)} }

// AppendLeaf appends the leaf of e to b. A leaf is the fixed layout of bytes
// that is hashed: big-endian, every field of variable length prefixed with its
// length, so that no two envelopes have the same leaf.
//
//	tag 24 · kind 1 · seq 8 · commit 8 · prepare 8 · revision 8 · created 8 ·
//	event id 16 · stream 2+n · type 2+n · content type 2+n ·
//	data length 8 · SHA-256(data) 32 · meta length 8 · SHA-256(meta) 32 · prev 32
//
// seq is Position-1 and revision is Version-1, both counted from zero as C2SP
// tlog and EventStoreDB do. data and meta must be the digests of e.Data and
// e.Meta; a store computes them before it knows the position.
//
// This is the storage format. Changing it breaks every ledger ever written.
func (e *Envelope) AppendLeaf(b []byte, data, meta Digest) []byte {
	b = append(b, leafTag...)
	b = append(b, KindOf(e.Stream.Category))
	b = binary.BigEndian.AppendUint64(b, uint64(e.Position-1))
	b = binary.BigEndian.AppendUint64(b, e.Origin.Commit)
	b = binary.BigEndian.AppendUint64(b, e.Origin.Prepare)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Version-1))
	b = binary.BigEndian.AppendUint64(b, uint64(e.Recorded))
	b = append(b, e.ID[:]...)
	if e.Stream.ID == uuid.Nil {
		b = appendString(b, e.Stream.Category)
	} else {
		b = binary.BigEndian.AppendUint16(b, uint16(len(e.Stream.Category)+1+36))
		b = append(b, e.Stream.Category...)
		b = append(b, '-')
		b = appendUUID(b, e.Stream.ID)
	}
	b = appendString(b, e.Type)
	b = appendString(b, e.ContentType())
	b = appendDigest(b, data)
	b = appendDigest(b, meta)
	return append(b, e.Prev[:]...)
}

// LeafHash returns the hash of leaf as RFC 6962 §2.1 hashes the leaves of a
// Merkle tree: SHA-256 of a zero byte and the leaf.
func LeafHash(leaf []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(leaf)
	return Hash(h.Sum(nil))
}

// Seal returns e with its leaf hash. Everything else must be set.
func (e Envelope) Seal() Envelope {
	e.Leaf = e.sum()
	return e
}

// Verify checks that e is exactly what was committed, as far as e alone can
// show it. That it stands in the right place is for [Chain] to say.
func (e Envelope) Verify() error {
	if got := e.sum(); got != e.Leaf {
		return fmt.Errorf("position %d: altered: its content hashes to %v, its leaf says %v", e.Position, got, e.Leaf)
	}
	return nil
}

func (e *Envelope) sum() Hash {
	var room [320]byte
	return LeafHash(e.AppendLeaf(room[:0], DigestOf(e.Data), DigestOf(e.Meta)))
}

// KindOf returns the kind of the leaves of category.
func KindOf(category string) byte {
	switch {
	case category == CategoryNotary:
		return KindNotary
	case category == "" || category[0] == '$':
		return KindSystem
	}
	return KindDomain
}

// CategoryNotary is the category of the notary's own streams.
const CategoryNotary = "notary"

// MaxName is the most bytes a stream's category or an event's type may have.
const MaxName = 256

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

func appendDigest(b []byte, d Digest) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(d.Len))
	return append(b, d.Sum[:]...)
}

// appendUUID appends the text of id without allocating it.
func appendUUID(b []byte, id [16]byte) []byte {
	for i, n := range [...]int{4, 2, 2, 2, 6} {
		if i > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, id[:n])
		copy(id[:], id[n:])
	}
	return b
}
