package notary

import (
	"context"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// LastSM3 implements [Signer].
func (g *Guard) LastSM3(context.Context) (proof.Checkpoint, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lastSM3, nil
}

// SignSM3 implements [Signer]. The tree must have no more leaves than the guard has
// signed for, and is signed by SM2 keys alone. For the rest it is [Guard.Sign].
func (g *Guard) SignSM3(ctx context.Context, c proof.Checkpoint, growth tlog.TreeProof) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if c.Size > g.last.Size {
		return nil, proof.Found(proof.BadProof, "SM3 检查点涉及 %d 叶，只签过 %d 叶", "the SM3 checkpoint is of %d leaves, and %d were signed for", c.Size, g.last.Size)
	}
	return g.next(&g.lastSM3, g.pathSM3, c, g.coveringSM2, func() error { return proof.CheckGrowthSM3(growth, c, g.lastSM3) })
}

// coveringSM2 returns the SM2 keys that the policy lists for checkpoints of size.
func (g *Guard) coveringSM2(size int64) ([]note.Signer, error) {
	keys, err := g.covering(size)
	keys = slices.DeleteFunc(keys, func(s note.Signer) bool { return proof.KindOf(s) != proof.SM2 })
	if err == nil && len(keys) == 0 {
		err = ledger.Troubled("签名守护没有可用的 SM2 密钥，不能签 SM3 检查点", "the guard has no SM2 key that counts, and cannot sign the SM3 checkpoint")
	}
	return keys, err
}
