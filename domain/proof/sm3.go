package proof

import (
	"github.com/emmansun/gmsm/sm3"
	"github.com/transparency-dev/merkle/proof"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
)

// An SM3Hasher hashes the second tree (国密): the same leaves in the same order, made a
// tree as RFC 6962 §2.1 has it, but with SM3 of GB/T 32905-2016 in the place of
// SHA-256. It implements merkle.LogHasher.
type SM3Hasher struct{}

// EmptyRoot implements merkle.LogHasher.
func (SM3Hasher) EmptyRoot() []byte { return sm3Of() }

// HashLeaf implements merkle.LogHasher.
func (SM3Hasher) HashLeaf(leaf []byte) []byte { return sm3Of([]byte{0}, leaf) }

// HashChildren implements merkle.LogHasher.
func (SM3Hasher) HashChildren(l, r []byte) []byte { return sm3Of([]byte{1}, l, r) }

// Size implements merkle.LogHasher.
func (SM3Hasher) Size() int { return sm3.Size }

func sm3Of(parts ...[]byte) []byte {
	h := sm3.New()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// SM3Origin is what the SM3 tree of the ledger called origin is called.
func SM3Origin(origin string) string { return origin + "/sm3" }

// OpenSM3 returns the checkpoint of the SM3 tree in a signed note, if an SM2 key of the
// policy that counts for its size has signed it. No witness cosigns it. The error is a
// [*Finding].
func (p *Policy) OpenSM3(signed []byte) (Checkpoint, error) {
	c, n, err := p.open(signed, SM3Origin(p.Origin))
	if err != nil {
		return Checkpoint{}, err
	}
	if err := p.signedBy(SM2, n, c.Size); err != nil {
		return Checkpoint{}, err
	}
	return c, nil
}

// CheckInclusionSM3 checks by hashes, in the order of RFC 6962 §2.1.1, that leaf is at its
// own index in the SM3 tree of at. The error is a [*Finding].
func CheckInclusionSM3(hashes tlog.RecordProof, leaf []byte, at Checkpoint) error {
	e, _, _, err := ledger.ParseLeaf(leaf)
	if err != nil {
		return Found(Malformed, "叶子格式不对", "the leaf is malformed")
	}
	index := int64(e.Position) - 1
	if at.Size < 1 || at.Size > MaxSize || index >= at.Size {
		return Found(BadProof, "叶子的位置不在检查点之内", "the place of the leaf is not within the checkpoint").At(index)
	}
	if err := proof.VerifyInclusion(SM3Hasher{}, uint64(index), uint64(at.Size), SM3Hasher{}.HashLeaf(leaf), plain(hashes), at.Root[:]); err != nil {
		return Found(BadProof, "包含证明不成立：该叶子不在检查点所承诺的树中", "the inclusion proof does not hold: this leaf is not in the tree that the checkpoint commits to").At(index)
	}
	return nil
}

// CheckGrowthSM3 is [CheckGrowth] for the SM3 tree.
func CheckGrowthSM3(hashes tlog.TreeProof, later, earlier Checkpoint) error {
	return checkGrowth(later, earlier, func() error {
		return proof.VerifyConsistency(SM3Hasher{}, uint64(earlier.Size), uint64(later.Size), plain(hashes), earlier.Root[:], later.Root[:])
	})
}

// plain returns hashes as merkle has them.
func plain(hashes []tlog.Hash) [][]byte {
	out := make([][]byte, len(hashes))
	for i := range hashes {
		out[i] = hashes[i][:]
	}
	return out
}
