package notary

import (
	"bytes"
	"context"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// leaves returns the leaves of the ledger after index from, up to n of them, each
// from the bytes of its event. It stops at the end of the log. before is the tree that
// holds all up to from: an entry that comes again must be what it was, and is passed
// over. An event that does not fit its leaf or its place is a [*proof.Finding].
func (t tree) leaves(ctx context.Context, before proof.Checkpoint, from int64, n int) ([][]byte, error) {
	var out [][]byte
	late := 0 // entries since one that came before its turn
	for env, err := range t.log.ReadAll(ctx, ledger.Position(from)) {
		if err != nil || len(out) == n {
			return out, err
		}
		leaf, index, next := leafOf(&env), int64(env.Position)-1, from+int64(len(out))
		if hash := ledger.LeafHash(leaf); hash != env.Leaf {
			return out, proof.Found(proof.TamperedContent, "条目内容与其叶子不符", "the entry is not what its leaf says").At(index).Of(env.Stream).Differing(env.Leaf, hash)
		}
		switch {
		case late > 0 && index == next:
			return out, proof.Found(proof.TamperedOrder, "条目在其后的条目之后才出现", "the entry comes after one that follows it").At(index).Of(env.Stream)
		case late == near:
			return out, skipped(next)
		case late > 0 || index > next:
			late++
		case index < next:
			if err := t.repeats(&env, leaf, before, out, from); err != nil {
				return out, err
			}
		default:
			out = append(out, leaf)
		}
	}
	if late > 0 {
		return out, skipped(from + int64(len(out)))
	}
	return out, nil
}

func skipped(index int64) error {
	return proof.Found(proof.TamperedMissing, "台账跳过了这一条", "the ledger skips this entry").At(index)
}

// repeats checks that env, whose leaf that is, is the one that was at its place before:
// in the tree, or in out, which follows from.
func (t tree) repeats(env *ledger.Envelope, leaf []byte, before proof.Checkpoint, out [][]byte, from int64) error {
	index := int64(env.Position) - 1
	if index >= from {
		if bytes.Equal(leaf, out[index-from]) {
			return nil
		}
	} else {
		hashes, err := t.stored(before).ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		if hashes[0] == tlog.RecordHash(leaf) {
			return nil
		}
	}
	return proof.Found(proof.TamperedOrder, "再次出现的条目与先前的不同", "the entry comes again, and is another").At(index).Of(env.Stream)
}
