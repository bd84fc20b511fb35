package notary

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// start makes the tree on disk that of the last checkpoint, checks that the ledger still
// has it, and asks the witnesses whether it is what they have seen before more is signed.
func (n *Notary) start(ctx context.Context) error {
	if err := os.MkdirAll(n.o.Dir, 0o755); err != nil {
		return err
	}
	if err := errors.Join(n.reload(), n.reloadSM3()); err != nil {
		return err
	}
	guarded, err := n.o.Guard.Last(ctx)
	if err != nil {
		return err
	}
	last, signed := guarded, []byte(nil)
	if b, err := os.ReadFile(n.path("checkpoint")); err == nil {
		// What our own key has signed was in the guard's memory once.
		if s, err := n.o.Policy.Open(b); err == nil && s.Size >= last.Size {
			signed = b
			if s.Size == last.Size && s.Root != last.Root {
				return proof.Found(proof.Fork, "签名守护与已公布的检查点大小相同而根不同", "the guard and the published checkpoint have one size and two roots")
			}
			last = s.Checkpoint
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// Nothing is witnessed that the guard had not written down before.
	if w := n.Status().Witnessed; w.Size > last.Size {
		return proof.Found(proof.RolledBack, "经见证的有 %d 叶，签名守护只记得 %d 叶", "%d leaves were witnessed, and the guard remembers %d", w.Size, last.Size)
	}
	if err := n.recover(ctx, last); err != nil {
		return err
	}
	if last.Size == 0 {
		return nil
	}
	growth, err := n.ProveGrowth(last, guarded.Size)
	if err != nil {
		return err
	}
	if signed != nil {
		if err := n.publish(signed); err != nil {
			return err
		}
	}
	if err := n.sign(ctx, last, growth); err != nil {
		return err
	}
	n.cosignOnce(ctx)
	return nil
}

// recheck is how many of the last leaves are compared with the ledger at the start.
const recheck = 1000

// recover checks the tree at c, and makes it again from the ledger if its files are
// not those of c.
func (n *Notary) recover(ctx context.Context, c proof.Checkpoint) error {
	head, err := n.o.Log.Head(ctx)
	if err != nil {
		return err
	}
	if int64(head) < c.Size {
		return proof.Found(proof.Truncated, "台账有 %d 条，已公证 %d 条", "the ledger has %d entries, and %d were signed for", head, c.Size).At(int64(head))
	}
	err = n.tree.check(c)
	if err == nil {
		err = n.compare(ctx, c, max(0, c.Size-recheck))
	}
	if errors.Is(err, errTiles) {
		n.log.WarnContext(ctx, "the tree is made again from the ledger", "size", c.Size, "err", err)
		if err = n.rebuild(ctx, c); err == nil {
			err = n.compare(ctx, c, max(0, c.Size-recheck))
		}
	}
	if _, differs := errors.AsType[*proof.Finding](err); differs {
		// It may not be the first that does.
		if _, first, unnamed := (Audit{Log: n.o.Log, Dir: n.o.Dir}).name(ctx, n.tree, c); unnamed == nil && first != nil {
			err = first
		}
	}
	if err != nil {
		return err
	}
	first := c.Size - c.Size%tileWidth
	n.tail, err = n.tree.leaves(ctx, c, first, int(c.Size-first))
	return err
}

// rebuild makes the tree from the ledger, up to c.
func (n *Notary) rebuild(ctx context.Context, c proof.Checkpoint) error {
	at, tail := proof.Checkpoint{Origin: c.Origin}, [][]byte(nil)
	for at.Size < c.Size {
		leaves, err := n.tree.leaves(ctx, at, at.Size, int(min(batch, c.Size-at.Size)))
		if err != nil {
			return err
		}
		g, err := n.tree.grow(at, tail, leaves)
		if err != nil {
			return err
		}
		if err := n.tree.save(&g); err != nil {
			return err
		}
		at, tail = g.new, g.tail()
	}
	if at.Root != c.Root {
		return proof.Found(proof.TamperedContent, "台账的前 %d 条与已公证的不同", "the first %d entries of the ledger are not those that were signed for", c.Size).Differing(c.Root, at.Root)
	}
	return nil
}

// compare compares the leaves from index from on with those of the tree at c.
func (n *Notary) compare(ctx context.Context, c proof.Checkpoint, from int64) error {
	stored := n.tree.stored(c)
	for from < c.Size {
		leaves, err := n.tree.leaves(ctx, c, from, int(min(tileWidth, c.Size-from)))
		if err != nil {
			return err
		}
		at := make([]int64, len(leaves))
		for i := range leaves {
			at[i] = tlog.StoredHashIndex(0, from+int64(i))
		}
		hashes, err := stored.ReadHashes(at)
		if err != nil {
			return err
		}
		for i, leaf := range leaves {
			if got := tlog.RecordHash(leaf); got != hashes[i] {
				return proof.Found(proof.TamperedContent, "台账中的条目不是公证过的那一条", "the entry in the ledger is not the one that was signed for").
					At(from+int64(i)).Differing(ledger.Hash(hashes[i]), ledger.Hash(got))
			}
		}
		from += int64(len(leaves))
	}
	return nil
}
