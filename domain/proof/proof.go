// Package proof (证明) is what somebody who trusts no server of ours can check:
// the inspection team, a court, a petitioner.
//
// The leaves of the ledger, in order of position, are the entries of a Merkle tree
// as RFC 6962 §2.1 makes it. A [Checkpoint] (检查点) is the size and the root of
// that tree, signed by the notary (公证) and cosigned by witnesses (见证) that are
// not ours. Under one checkpoint,
//
//   - an inclusion proof shows that a leaf stands at its place, and its bytes are
//     the event's ([FormatInclusion]);
//   - a consistency proof shows that nothing that an older checkpoint committed to
//     has changed since;
//   - [Heads] shows that nothing of a case was left out: the notary signs, as an
//     event of the ledger, where each stream ended.
//
// Whom to believe is said by a [Policy] (信任策略), which whoever checks has from
// elsewhere: it is never taken from what is checked.
//
// Trees, proofs and signatures are golang.org/x/mod's and torchwood's, in the
// formats of C2SP: signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof. Beside
// Ed25519 a policy may want lines of ML-DSA-44, against quantum computers, and of SM2
// (国密); with SM2 there is a second tree, of SM3 ([Policy.OpenSM3]). The package does
// no I/O and has no clock.
package proof

import (
	"bytes"
	"strconv"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
)

// MaxSize is the most leaves that a tree may have here. The proofs of x/mod never
// end for sizes above 2^62, so that every size from outside is compared with this
// before anything else.
const MaxSize = 1 << 48

// MaxNote is the most bytes that a signed note may have.
const MaxNote = 64 << 10

// Filter is what of its source a ledger keeps, and so what the tree holds. A policy
// names its hash: a notary that leaves more out has another filter.
const Filter = `in: every stream of a category and a UUID; $$ metadata of those; $streamDeleted; $settings, $users, $user-*, $$$settings, $$$all, $policies; $scavenges
out: $> links, $ce-, $et-, $bc-, $category, $stats-*, projections, persistent subscriptions, connectors
`

// FormatInclusion returns the proof that the leaf at index, which is its position
// less one, is in the tree that checkpoint, a signed note, commits to: in the
// format of c2sp.org/tlog-proof@v1.
func FormatInclusion(index int64, proof tlog.RecordProof, checkpoint []byte) []byte {
	return torchwood.FormatProof(index, proof, checkpoint)
}

// CheckInclusion checks that file is the proof that leaf is at its own index in the
// tree of at, whose signed note is checkpoint. It takes exactly what
// [FormatInclusion] makes. The error is a [*Finding].
func CheckInclusion(file []byte, leaf []byte, at Checkpoint, checkpoint []byte) error {
	e, _, _, err := ledger.ParseLeaf(leaf)
	if err != nil {
		return Found(Malformed, "叶子格式不对", "the leaf is malformed")
	}
	index := int64(e.Position) - 1
	proof, ok := parseInclusion(file, index, checkpoint)
	if !ok {
		return Found(Malformed, "包含证明格式不对，或不是针对这个检查点、这个位置的", "the inclusion proof is malformed, or of another checkpoint or place").At(index)
	}
	if at.Size < 1 || at.Size > MaxSize || index >= at.Size {
		return Found(BadProof, "叶子的位置不在检查点之内", "the place of the leaf is not within the checkpoint").At(index)
	}
	// The hash is always made here, of the bytes: an inner node is no leaf.
	if err := tlog.CheckRecord(proof, at.Size, tlog.Hash(at.Root), index, tlog.RecordHash(leaf)); err != nil {
		return Found(BadProof, "包含证明不成立：该叶子不在检查点所承诺的树中", "the inclusion proof does not hold: this leaf is not in the tree that the checkpoint commits to").At(index)
	}
	return nil
}

// parseInclusion is the inverse of [FormatInclusion] for a known index and note.
func parseInclusion(file []byte, index int64, checkpoint []byte) (tlog.RecordProof, bool) {
	text, ok := strings.CutPrefix(string(file), "c2sp.org/tlog-proof@v1\nindex "+strconv.FormatInt(index, 10)+"\n")
	lines, _, found := strings.Cut(text, "\n\n")
	if strings.HasPrefix(text, "\n") { // a tree of one leaf needs no hashes
		lines, found = "", true
	}
	if !ok || !found {
		return nil, false
	}
	proof := tlog.RecordProof{}
	for line := range strings.SplitSeq(lines, "\n") {
		if line == "" {
			continue
		}
		h, err := tlog.ParseHash(line)
		if err != nil || len(proof) == 64 {
			return nil, false
		}
		proof = append(proof, h)
	}
	return proof, bytes.Equal(FormatInclusion(index, proof, checkpoint), file)
}

// CheckGrowth checks by proof that the tree of later continues that of earlier. Two
// checkpoints that do not fit are a FORK: both are signed, so that they prove
// misconduct; keep both. The error is a [*Finding].
func CheckGrowth(proof tlog.TreeProof, later, earlier Checkpoint) error {
	return checkGrowth(later, earlier, func() error {
		return tlog.CheckTree(proof, later.Size, tlog.Hash(later.Root), earlier.Size, tlog.Hash(earlier.Root))
	})
}

// checkGrowth is [CheckGrowth] of a tree whose proofs check checks: of no size that is
// impossible, nor of an empty tree, which everything would continue.
func checkGrowth(later, earlier Checkpoint, check func() error) error {
	switch {
	case later.Origin != earlier.Origin:
		return Found(WrongOrigin, "两个检查点不是同一台账的", "the two checkpoints are not of one ledger")
	case earlier.Size < 1 || later.Size < 1 || earlier.Size > MaxSize || later.Size > MaxSize:
		return Found(Malformed, "检查点的大小不可能", "a checkpoint has an impossible size")
	case earlier.Size > later.Size:
		return Found(BadProof, "较早的检查点反而更大", "the earlier checkpoint is the larger one")
	case earlier.Size == later.Size && earlier.Root != later.Root:
		return Found(Fork, "两个检查点大小相同而根不同：台账有两个版本", "two checkpoints of the same size have different roots: there are two versions of the ledger")
	case earlier.Size == later.Size:
		return nil
	}
	if err := check(); err != nil {
		return Found(Fork, "较新的检查点不是较早检查点的延续：台账有两个版本", "the later checkpoint does not continue the earlier one: there are two versions of the ledger")
	}
	return nil
}
