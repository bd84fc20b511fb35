package notary

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/transparency-dev/merkle/compact"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// An sm3Audit makes the SM3 tree again, beside the main one.
type sm3Audit struct {
	want proof.Checkpoint // of size 0 if there is nothing to compare with
	edge *compact.Range
}

// sm3 begins with the SM3 checkpoint in Dir, if the policy has a key for it. What begins
// at a later leaf than the first has no tree to go on from, and leaves it out.
func (a Audit) sm3(from int64) (sm3Audit, error) {
	g := sm3Audit{edge: sm3Ranges.NewEmptyRange(0)}
	believes := slices.ContainsFunc(a.Policy.LogKeys, func(k proof.Key) bool { return k.Kind() == proof.SM2 })
	if a.Dir == "" || from > 0 || !believes {
		return g, nil
	}
	b, err := os.ReadFile(filepath.Join(a.Dir, sm3Name))
	if errors.Is(err, fs.ErrNotExist) {
		return g, nil
	}
	if err == nil {
		g.want, err = a.Policy.OpenSM3(b)
	}
	return g, err
}

// add adds the next leaf.
func (g *sm3Audit) add(leaf []byte) error {
	if int64(g.edge.End()) == g.want.Size {
		return nil
	}
	return g.edge.Append(proof.SM3Hasher{}.HashLeaf(leaf), nil)
}

// finish returns how the log differs from what was signed, whose main tree at c is as it
// was signed; nil if it does not. The SM3 tree may be later than c.
func (g *sm3Audit) finish(ctx context.Context, log ledger.Log, c proof.Checkpoint) error {
	if int64(g.edge.End()) < g.want.Size {
		for env, err := range log.ReadAll(ctx, ledger.Position(g.edge.End())) {
			if err == nil {
				err = g.add(leafOf(&env))
			}
			if err != nil {
				return err
			}
			if int64(g.edge.End()) == g.want.Size {
				break
			}
		}
	}
	switch size := int64(g.edge.End()); {
	case g.want.Size == 0:
		return nil
	case size < g.want.Size:
		return truncated(size, g.want.Size)
	}
	root, err := sm3Root(g.edge)
	switch {
	case err != nil || root == g.want.Root:
		return err
	case g.want.Size > c.Size:
		return proof.Found(proof.TamperedContent, "前 %d 条与 SM3 检查点签过的不同", "the first %d entries are not those that the SM3 checkpoint was signed for", g.want.Size).Differing(g.want.Root, root)
	}
	return proof.Found(proof.Fork, "前 %d 条与主检查点一致，与 SM3 检查点不同：台账有两个版本", "the first %d entries are those of the main checkpoint and not those of the SM3 checkpoint: there are two versions of the ledger", g.want.Size).Differing(g.want.Root, root)
}
