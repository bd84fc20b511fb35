package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/notary"
	"xinfang/infra/seal"
)

// writerKey is the file in the data directory with the key that seals what this
// program records there. Every node that records in one ledger has the same.
const writerKey = "writer.key"

// sealStore has n seal what it records, if there is a key. Without the key that the
// policy believes nothing may be recorded: all of it would look like somebody else's.
func (n *node) sealStore(ctx context.Context) error {
	n.bare = n.store
	key, err := seal.ReadKey(n.app.path(writerKey))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if key != nil {
		n.store = seal.Store(n.store, key)
	}
	policy, err := readPolicy(filepath.Join(n.app.notaryPath(notaryDir, n.app.cfg.Notary.Dir), notary.PolicyName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	head, err := n.local.Head(ctx)
	if err != nil {
		return err
	}
	believed := policy.Sealing(int64(head))
	if len(believed) == 0 || key != nil && slices.ContainsFunc(believed, func(k ed25519.PublicKey) bool { return k.Equal(key.Public()) }) {
		return nil
	}
	path := n.app.path(writerKey)
	return missing("ERR_WRITER_KEY",
		fmt.Sprintf("信任策略要求写入印记，而 %s 不存在或不是策略所列的写入密钥；请从备份或从写入同一台账的另一节点取回。未写入任何内容", path),
		fmt.Sprintf("the policy wants what is recorded to be sealed, and %s is missing or is not a writer's key of the policy; restore it from a backup, or from another node that records in this ledger. Nothing was written", path))
}

// auditSeals checks the seals of the whole ledger by the policy at path, or the
// notary's own, and notes what it finds. It returns what to show.
func (a *app) auditSeals(ctx context.Context, path string, v *verified) (_ string, err error) {
	policy, err := a.believed(path)
	if err != nil {
		return "", err
	}
	if len(policy.Writers) == 0 {
		return "", &ledger.Refusal{Code: "ERR_NO_WRITER", Kind: ledger.NotFound, Text: ledger.Text{
			ZH: "信任策略没有列出写入密钥（writer），无从核对写入印记", EN: "the policy lists no writer, so that there is no telling whose seals to look for",
		}}
	}
	store, err := a.openStore(false)
	if err != nil {
		return a.unread(v, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	bar := a.progress(a.tr("核对写入印记", "checking seals"))
	done, err := seal.Audit(ctx, store, policy, bar.set)
	bar.done()
	if err != nil {
		return a.unread(v, err)
	}
	named(ctx, store, done.First...)
	v.Unsealed = &unsealed{done.Unsealed, done.First}
	if done.Unsealed == 0 {
		return fmt.Sprintf(a.tr("✓ 须有印记的 %d 条均无缺失；其余 %d 条早于写入密钥，或不须有", "✓ none of the %d that are wanted is missing; the other %d entries are older than the writer's key, or need none"), done.Wanted, done.Events-done.Wanted), nil
	}
	v.OK, v.Verdict = false, v.Verdict.Worse(proof.Unsealed)
	shown := ""
	for _, f := range done.First {
		shown += fmt.Sprintf(a.tr("，位置 %d", ", position %d"), f.Index+1)
	}
	if int64(len(done.First)) < done.Unsealed {
		shown += "…"
	}
	return fmt.Sprintf(a.tr("✗ UNSEALED：%d 条没有可信的写入印记", "✗ UNSEALED: %d without a seal of a writer that the policy believes"), done.Unsealed) + shown, nil
}

// An unsealed is what verify prints of seals: how many events have none, and the first
// of them.
type unsealed struct {
	Count int64            `json:"count"`
	First []*proof.Finding `json:"first,omitempty"`
}
