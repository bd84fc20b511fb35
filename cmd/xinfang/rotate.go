package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/notary"
)

// defaultOverlap is for how many entries the old key and the new one both sign.
const defaultOverlap = 1000

func (a *app) notaryRotate() *cobra.Command {
	var overlap int64
	var retire bool
	cmd := &cobra.Command{
		Use:   "rotate",
		Short: a.tr("更换公证密钥：新旧密钥并用一段，更换记入台账", "change the notary's key: both sign for a while, and the ledger records it"),
		Long: a.tr("生成新密钥与新版信任策略。此后 --overlap 条之内的检查点由新旧两把密钥签署，再往后只由新密钥签署；更换本身由两把密钥签署，记入台账。须先停止服务。新版信任策略要另行交给每一个核验人；在两把密钥并用期间，旧版仍可核验，此后旧版的结论是 UNKNOWN_KEY。见证按密钥认台账：把新版信任策略交给每个见证，在那里运行 xinfang witness add。密钥在 xinfang notary guard 一方的，在那一方运行，再把新版信任策略复制到台账一方，重启双方。旧密钥不再签署之后，用 --retire 把它从密钥文件中移除，此时不生成新密钥。",
			"Makes a new key and the next version of the policy. Checkpoints of the next --overlap entries are signed by both keys, later ones by the new key alone; the change itself is signed by both, and recorded in the ledger. Stop the server first. Give the new policy to everybody who verifies, by another way: while both keys sign, the old policy will do; after that it says UNKNOWN_KEY. Witnesses know a ledger by its keys: give each the new policy, for xinfang witness add. Where xinfang notary guard has the key, run this on its side, copy the policy to the ledger's side, and start both again. Once the old key signs no more, --retire takes it out of the key file, and makes no new one."),
		Example: "  xinfang notary rotate --overlap 1000\n  xinfang witness add policy.txt\n  xinfang notary rotate --retire",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case a.cfg.Notary.Guard != "":
				return errKeyElsewhere
			case retire && cmd.Flags().Changed("overlap"):
				return usage("--retire 不生成新密钥，不能与 --overlap 同用", "--retire makes no new key, and takes no --overlap")
			case retire:
				return a.retireKeys(cmd.Context())
			}
			policy, err := a.rotateKey(cmd.Context(), overlap)
			if err != nil {
				return err
			}
			return a.printNextPolicy(policy, policy.Threshold)
		},
	}
	cmd.Flags().Int64Var(&overlap, "overlap", defaultOverlap, a.tr("新旧密钥并用多少条", "for how many `entries` both keys sign"))
	cmd.Flags().BoolVar(&retire, "retire", false, a.tr("从密钥文件中移除不再签署的旧密钥", "take the keys out of the key file that sign no more"))
	return cmd
}

// rotateKey changes the notary's key and returns the new policy. What a crash has left
// of an earlier change is finished instead.
func (a *app) rotateKey(ctx context.Context, overlap int64) (next *proof.Policy, err error) {
	err = a.withClosedLedger(ctx, func(n *node) error {
		policy, made, err := a.recordKeys(ctx, n)
		if err != nil || made > 0 {
			next = policy
			return err
		}
		err = a.withKeyring(func(k *notary.Keyring) error {
			next, err = k.Rotate(overlap, rand.Reader)
			return err
		})
		if err == nil { // a crash from here on is healed by the next rotate, or serve
			_, _, err = a.recordKeys(ctx, n)
		}
		return err
	})
	return next, err
}

// printNextPolicy prints a policy that has taken the place of another, and who needs it.
// So many roots of that one must sign it before it counts for anybody else.
func (a *app) printNextPolicy(next *proof.Policy, threshold int) error {
	a.warn("%s", a.tr("⚠ 请把这份信任策略另行交给每一个核验人；每个见证须用它运行 xinfang witness add", "⚠ give this policy to everybody who verifies, by another way; each witness needs it for xinfang witness add"))
	if threshold > 0 {
		a.warn(a.tr("⚠ 先由前一版所列的 %d 把根密钥签名（xinfang policy sign）：没有签名，核验人不会接受它", "⚠ first have %d roots of the version before sign it (xinfang policy sign): nobody who verifies accepts it without"), threshold)
	}
	return a.printPolicy(next)
}

// retireKeys takes old keys out of the key file, once their change is recorded.
func (a *app) retireKeys(ctx context.Context) error {
	return a.withClosedLedger(ctx, func(n *node) error {
		if _, _, err := a.recordKeys(ctx, n); err != nil {
			return err
		}
		return a.withKeyring(func(k *notary.Keyring) error {
			retired, err := k.Retire()
			if err == nil && retired == 0 {
				err = errNoOldKey
			}
			if err == nil {
				a.say(a.tr("✓ 已从密钥文件中移除旧密钥：%d 把", "✓ old keys taken out of the key file: %d"), retired)
			}
			return err
		})
	})
}

// withClosedLedger opens the ledger, which no server may have open. Where the guard is
// alone there is none, and n is nil.
func (a *app) withClosedLedger(ctx context.Context, f func(n *node) error) (err error) {
	here, err := exists(a.path(ledgerDir))
	if err != nil {
		return err
	}
	if !here {
		return f(nil)
	}
	n, err := a.openNode(ctx, true)
	if errors.Is(err, errBusy) {
		return errServerRuns
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	return f(n)
}

// recordKeys signs for all of the ledger, if there is one, and records the changes of
// keys that it lacks. It returns the policy, and how many those were.
func (a *app) recordKeys(ctx context.Context, n *node) (policy *proof.Policy, made int, err error) {
	if n == nil {
		return nil, 0, nil
	}
	kept, err := a.openNotary(ctx, n, a.Now, a.logger())
	if err == nil && kept == nil {
		err = errNoNotary
	}
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	if made, err = kept.announce(ctx); err == nil {
		err = kept.CatchUp(ctx)
	}
	return kept.policy, made, err
}

func (a *app) withKeyring(change func(*notary.Keyring) error) (err error) {
	keys, err := notary.OpenKeyring(a.notaryPath(notaryDir, a.cfg.Notary.Dir), a.notaryPath(notaryKey, a.cfg.Notary.KeyFile))
	if errors.Is(err, fs.ErrNotExist) {
		return errNoNotary
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, keys.Close()) }()
	return change(keys)
}

var (
	errKeyElsewhere = &ledger.Refusal{Code: "ERR_KEY_ELSEWHERE", Kind: ledger.Conflict, Text: ledger.Text{
		ZH: "公证密钥在签名守护一方（notary.guard）：在那一方更换，再把信任策略复制到这里",
		EN: "the notary's key is on the guard's side (notary.guard): change it there, and copy the policy here",
	}}
	errServerRuns = &ledger.Refusal{Code: "ERR_SERVER_RUNS", Kind: ledger.Conflict, Text: ledger.Text{
		ZH: "台账正由服务使用；更换密钥或信任策略前请先停止服务", EN: "a server has the ledger open; stop it before you change the key or the policy",
	}}
	errNoOldKey = &ledger.Refusal{Code: "ERR_NO_OLD_KEY", Kind: ledger.Conflict, Text: ledger.Text{
		ZH: "密钥文件中没有可以移除的旧密钥：都还要签署", EN: "the key file has no old key that could be taken out: all of them have still to sign",
	}}
)
