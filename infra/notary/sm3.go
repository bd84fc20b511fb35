package notary

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/transparency-dev/merkle/compact"
	merkle "github.com/transparency-dev/merkle/proof"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// An sm3Tree is the second Merkle tree of the ledger's leaves, made with SM3 (国密). Its
// hashes are in one file, 32 bytes each, at the places that [tlog.StoredHashIndex] gives
// them: leaves and what they complete, so that the file only grows, to 64 bytes a leaf.
//
// It does not know its size: that is for the guard to say. What lies beyond is
// written again, identically, and what does not have the root that was signed is made
// again from the ledger.
type sm3Tree struct {
	dir  string // of the notary
	disk disk
}

var sm3Ranges = &compact.RangeFactory{Hash: proof.SM3Hasher{}.HashChildren}

func (t sm3Tree) path() string { return filepath.Join(t.dir, "sm3", "hashes") }

// at returns the right edge of the tree at c: all that growing it needs. The error wraps
// [errTiles] if the file has another.
func (t sm3Tree) at(c proof.Checkpoint) (*compact.Range, error) {
	if c.Size == 0 { // whose root merkle does not know
		return sm3Ranges.NewEmptyRange(0), nil
	}
	hashes, err := t.read(compact.RangeNodes(0, uint64(c.Size), nil))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTiles, err)
	}
	edge, err := sm3Ranges.NewRange(0, uint64(c.Size), hashes)
	if err != nil {
		return nil, err
	}
	if got, err := sm3Root(edge); err != nil || got != c.Root {
		return nil, errors.Join(errTiles, err)
	}
	return edge, nil
}

// sm3Root returns the root of a tree that is not empty.
func sm3Root(edge *compact.Range) (ledger.Hash, error) {
	root, err := edge.GetRootHash(nil)
	if err != nil {
		return ledger.Hash{}, err
	}
	return ledger.Hash(root), nil
}

// grow adds leaves to the tree at edge, and returns once they are durable. A crash in
// here leaves some of them: nobody has signed their tree, and they are written again.
func (t sm3Tree) grow(edge *compact.Range, leaves [][]byte) error {
	at := tlog.StoredHashCount(int64(edge.End())) * tlog.HashSize
	var fresh bytes.Buffer
	for _, leaf := range leaves {
		if err := edge.Append(proof.SM3Hasher{}.HashLeaf(leaf), func(_ compact.NodeID, hash []byte) { fresh.Write(hash) }); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(t.path()), 0o755); err != nil {
		return err
	}
	if err := t.disk.writeAt(t.path(), fresh.Bytes(), at); err != nil || at > 0 {
		return err
	}
	// The file is new, or as good as new.
	if err := t.disk.syncDir(filepath.Dir(t.path())); err != nil {
		return err
	}
	return t.disk.syncDir(t.dir)
}

// proveGrowth returns the proof that the tree of size leaves continues that of old; nil if
// there is nothing to prove.
func (t sm3Tree) proveGrowth(size, old int64) (tlog.TreeProof, error) {
	if old <= 0 || old >= size {
		return nil, nil
	}
	nodes, err := merkle.Consistency(uint64(old), uint64(size))
	if err != nil {
		return nil, err
	}
	return t.prove(nodes)
}

// prove returns the proof that nodes make.
func (t sm3Tree) prove(nodes merkle.Nodes) ([]tlog.Hash, error) {
	hashes, err := t.read(nodes.IDs)
	if err == nil {
		hashes, err = nodes.Rehash(hashes, proof.SM3Hasher{}.HashChildren)
	}
	out := make([]tlog.Hash, len(hashes))
	for i, h := range hashes {
		out[i] = tlog.Hash(h)
	}
	return out, err
}

// read returns hashes from the file.
func (t sm3Tree) read(ids []compact.NodeID) (_ [][]byte, err error) {
	f, err := os.Open(t.path())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	hashes := make([][]byte, len(ids))
	for i, id := range ids {
		hashes[i] = make([]byte, tlog.HashSize)
		if _, err := f.ReadAt(hashes[i], tlog.StoredHashIndex(int(id.Level), int64(id.Index))*tlog.HashSize); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}
