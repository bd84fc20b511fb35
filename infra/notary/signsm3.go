package notary

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/transparency-dev/merkle/compact"
	merkle "github.com/transparency-dev/merkle/proof"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/proof"
)

// sm3Name is the file with the last checkpoint of the SM3 tree.
const sm3Name = "checkpoint-sm3"

// PublishedSM3 returns the last checkpoint of the SM3 tree, which no witness cosigns; its
// Note is nil if there is none.
func (n *Notary) PublishedSM3() Published {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.sm3
}

// ProveSM3 returns the proof that the leaf at index is in the SM3 tree of size leaves.
func (n *Notary) ProveSM3(size, index int64) (tlog.RecordProof, error) {
	nodes, err := merkle.Inclusion(uint64(index), uint64(size))
	if err != nil {
		return nil, err
	}
	return n.treeSM3().prove(nodes)
}

func (n *Notary) treeSM3() sm3Tree { return sm3Tree{n.o.Dir, n.o.disk} }

// signSM3 makes the SM3 tree as large as the main one, has it signed and publishes it,
// if the policy wants SM2. It never does anything else than go on from what was
// signed, so that a crash at any place is healed the next time:
//
//	hashes written, guard not      nobody signed them: they are written again, alike
//	guard written, no signature    the guard signs the same checkpoint again
//	signed, not published          likewise
//
// That the main tree is signed first is how a restart finds that this one is behind.
func (n *Notary) signSM3(ctx context.Context, main proof.Checkpoint) error {
	if !n.o.Policy.Wants(proof.SM2, main.Size) {
		return nil
	}
	guarded, err := n.o.Guard.LastSM3(ctx)
	if err != nil {
		return err
	}
	last, published := guarded, n.PublishedSM3().Checkpoint
	switch {
	case published.Size == last.Size && published.Size > 0 && published.Root != last.Root:
		return proof.Found(proof.Fork, "签名守护与已公布的 SM3 检查点大小相同而根不同", "the guard and the published SM3 checkpoint have one size and two roots")
	case published.Size > last.Size: // it was in the guard's memory once
		last = published
	}
	if last.Size > main.Size {
		return proof.Found(proof.RolledBack, "SM3 检查点有 %d 叶，主检查点只有 %d 叶", "the SM3 checkpoint has %d leaves, and the main one %d", last.Size, main.Size)
	}
	tree := n.treeSM3()
	edge, err := tree.at(last)
	if errors.Is(err, errTiles) || last != guarded { // whose proof needs more than the edge
		n.log.WarnContext(ctx, "the SM3 tree is made again from the ledger", "size", last.Size, "err", err)
		edge, err = n.rebuildSM3(ctx, main, last)
	}
	if err != nil {
		return err
	}
	if err := n.growSM3(ctx, main, edge, main.Size); err != nil {
		return err
	}
	root, err := sm3Root(edge)
	if err != nil {
		return err
	}
	growth, err := tree.proveGrowth(main.Size, guarded.Size)
	if err != nil {
		return err
	}
	signed, err := n.o.Guard.SignSM3(ctx, proof.Checkpoint{Origin: last.Origin, Size: main.Size, Root: root}, growth)
	if err != nil {
		return err
	}
	return n.publishSM3(signed)
}

// growSM3 has the tree at edge grow by the ledger's leaves, up to size of those that main
// has.
func (n *Notary) growSM3(ctx context.Context, main proof.Checkpoint, edge *compact.Range, size int64) error {
	for at := int64(edge.End()); at < size; at = int64(edge.End()) {
		leaves, err := n.tree.leaves(ctx, main, at, int(min(batch, size-at)))
		if err != nil {
			return err
		}
		if len(leaves) == 0 {
			return truncated(at, size)
		}
		if err := n.treeSM3().grow(edge, leaves); err != nil {
			return err
		}
	}
	return nil
}

// rebuildSM3 makes the tree at c from the leaves that main has.
func (n *Notary) rebuildSM3(ctx context.Context, main, c proof.Checkpoint) (*compact.Range, error) {
	edge := sm3Ranges.NewEmptyRange(0)
	if err := n.growSM3(ctx, main, edge, c.Size); err != nil || c.Size == 0 {
		return edge, err
	}
	root, err := sm3Root(edge)
	if err == nil && root != c.Root {
		err = proof.Found(proof.TamperedContent, "台账的前 %d 条与已公证的不同（SM3）", "the first %d entries of the ledger are not those that were signed for (SM3)", c.Size).Differing(c.Root, root)
	}
	return edge, err
}

// publishSM3 makes signed the SM3 checkpoint to be had.
func (n *Notary) publishSM3(signed []byte) error {
	c, err := n.o.Policy.OpenSM3(signed)
	if err != nil || bytes.Equal(signed, n.PublishedSM3().Note) {
		return err
	}
	// A crash in here leaves the checkpoint before, or this one.
	if err := n.o.disk.replace(n.path(sm3Name), signed, 0o644); err != nil {
		return err
	}
	if err := n.o.disk.syncDir(n.o.Dir); err != nil {
		return err
	}
	n.change(func() { n.sm3 = Published{proof.Signed{Checkpoint: c}, signed} })
	return nil
}

// reloadSM3 takes the SM3 checkpoint that was published, if the policy believes it.
func (n *Notary) reloadSM3() error {
	b, err := os.ReadFile(n.path(sm3Name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if c, err := n.o.Policy.OpenSM3(b); err == nil {
		n.change(func() { n.sm3 = Published{proof.Signed{Checkpoint: c}, b} })
	}
	return nil
}
