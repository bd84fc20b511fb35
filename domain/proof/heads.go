package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
)

// A Head (末条) is where a stream ends: its last event, among the leaves that were
// looked at.
type Head struct {
	Stream  ledger.Stream
	Version ledger.Version
	Index   int64       // of its leaf
	Leaf    ledger.Hash // the hash of that
}

// record returns the entry of h in the tree of heads:
//
//	SHA-256(stream) 32 · version-1 8 · index 8 · leaf 32
func (h Head) record() []byte {
	key := sha256.Sum256([]byte(h.Stream.String()))
	b := binary.BigEndian.AppendUint64(key[:], uint64(h.Version-1))
	b = binary.BigEndian.AppendUint64(b, uint64(h.Index))
	return append(b, h.Leaf[:]...)
}

// Heads (末条总表) is where every stream ended at one size of the ledger's tree. It
// is a Merkle tree of its own, in order of the hash of the stream's name, so that a
// proof shows the end of one stream and nothing of the others.
type Heads struct {
	records [][]byte // sorted
	hashes  tlog.HashReader
	root    ledger.Hash
}

// NewHeads makes the tree of heads.
func NewHeads(heads []Head) (*Heads, error) {
	t := &Heads{records: make([][]byte, len(heads))}
	for i, h := range heads {
		t.records[i] = h.record()
	}
	slices.SortFunc(t.records, bytes.Compare)
	var stored []tlog.Hash
	t.hashes = tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, x := range at {
			out[i] = stored[x]
		}
		return out, nil
	})
	for i, r := range t.records {
		more, err := tlog.StoredHashes(int64(i), r, t.hashes)
		if err != nil {
			return nil, err
		}
		stored = append(stored, more...)
	}
	root, err := tlog.TreeHash(int64(len(heads)), t.hashes)
	t.root = ledger.Hash(root)
	return t, err
}

// A HeadProof shows where one stream ended, under a [HeadsNote].
type HeadProof struct {
	Place int64         `json:"place"` // in the tree of heads
	Proof []ledger.Hash `json:"proof"`
}

// Prove returns the proof of h; false if the tree does not have it.
func (t *Heads) Prove(h Head) (HeadProof, bool) {
	place, ok := slices.BinarySearchFunc(t.records, h.record(), bytes.Compare)
	if !ok {
		return HeadProof{}, false
	}
	hashes, err := tlog.ProveRecord(int64(len(t.records)), int64(place), t.hashes)
	if err != nil {
		return HeadProof{}, false
	}
	p := HeadProof{Place: int64(place), Proof: make([]ledger.Hash, len(hashes))}
	for i, h := range hashes {
		p.Proof[i] = ledger.Hash(h)
	}
	return p, true
}

// A HeadsNote is what the notary signs of a [Heads], as an event of the ledger.
type HeadsNote struct {
	Size    int64 // leaves of the ledger that were looked at
	Streams int64
	Root    ledger.Hash
}

// Note returns what is to be signed of t, which has looked at size leaves.
func (t *Heads) Note(size int64) HeadsNote { return HeadsNote{size, int64(len(t.records)), t.root} }

// Text returns n as it is signed for the ledger called origin:
//
//	<origin>/heads
//	<streams>
//	<root>
//	size <leaves>
func (n HeadsNote) Text(origin string) string {
	return torchwood.Checkpoint{
		Origin: origin + "/heads", Tree: tlog.Tree{N: n.Streams, Hash: tlog.Hash(n.Root)}, Extension: fmt.Sprintf("size %d\n", n.Size),
	}.String()
}

// ParseHeads is the inverse of [HeadsNote.Text]. The error is a [*Finding].
func ParseHeads(text, origin string) (HeadsNote, error) {
	malformed := Found(Malformed, "末条总表格式不对", "the note of heads is malformed")
	c, err := torchwood.ParseCheckpoint(text)
	extension, hasSize := strings.CutPrefix(c.Extension, "size ")
	if err != nil || !hasSize {
		return HeadsNote{}, malformed
	}
	if c.Origin != origin+"/heads" {
		return HeadsNote{}, Found(WrongOrigin, "末条总表属于 %.100q", "the note of heads is of %.100q", c.Origin)
	}
	size, err := strconv.ParseInt(strings.TrimSuffix(extension, "\n"), 10, 64)
	h := HeadsNote{size, c.N, ledger.Hash(c.Hash)}
	if err != nil || h.Streams < 1 || h.Streams > h.Size || h.Size > MaxSize || h.Text(origin) != text {
		return HeadsNote{}, malformed
	}
	return h, nil
}

// OpenHeads returns what a signed note of heads says, if the log keys of the policy
// have signed it. The error is a [*Finding].
func (p *Policy) OpenHeads(signed []byte) (HeadsNote, error) {
	if len(signed) > MaxNote {
		return HeadsNote{}, Found(Malformed, "末条总表的签名过大", "the signed note of heads is too large")
	}
	n, err := p.verified(signed)
	if err != nil {
		return HeadsNote{}, err
	}
	h, err := ParseHeads(n.Text, p.Origin)
	if err != nil {
		return HeadsNote{}, err
	}
	if err := p.signedByAll(n, h.Size); err != nil {
		return HeadsNote{}, err
	}
	return h, nil
}

// Check checks by proof that stream ended with h when n was signed. The error is a
// [*Finding].
func (n HeadsNote) Check(h Head, proof HeadProof) error {
	if n.Streams < 1 || n.Streams > MaxSize || proof.Place < 0 || proof.Place >= n.Streams || len(proof.Proof) > 64 {
		return Found(Malformed, "末条证明格式不对", "the proof of the head is malformed")
	}
	hashes := make(tlog.RecordProof, len(proof.Proof))
	for i, x := range proof.Proof {
		hashes[i] = tlog.Hash(x)
	}
	if err := tlog.CheckRecord(hashes, n.Streams, tlog.Hash(n.Root), proof.Place, tlog.RecordHash(h.record())); err != nil {
		return Found(Incomplete, "公证所记的末条不是这一条：缺少后面的条目", "the notary has another last entry for this stream than this one: entries are left out").At(h.Index)
	}
	return nil
}
