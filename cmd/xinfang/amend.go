package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/notary"
	"xinfang/infra/seal"
)

// An amendment is what the next version of the policy is to say otherwise.
type amendment struct {
	proof.Amendment          // but for what depends on the policy that there is
	further         []string // kinds of key that are added
	roots           []string
	threshold       int
	writer          bool
}

func (a *app) notaryAmend() *cobra.Command {
	var m amendment
	var witnesses []string
	var tsaFile string
	var quorum int
	var mldsa, sm2 bool
	cmd := &cobra.Command{
		Use:   "amend",
		Short: a.tr("信任策略改版：增减见证、时间戳根证书、根密钥、其他签名、写入印记", "make the next version of the policy: witnesses, time-stamps, roots, further signatures, seals"),
		Long: a.tr("按所给选项生成下一版信任策略，版本号加一；先停止服务。公证密钥都不变（更换用 xinfang notary rotate），此前的检查点与证据包仍按新版核验。\n\n新见证对所有大小都适用：它从现在起签名，而每次签名都涵盖此前的全部条目。去掉的见证对已公证的部分仍作数。--quorum 只有一个，也管从前：调高之后，见证不够数的旧证据包与回执按新版都是 UNWITNESSED。--ml-dsa、--sm2 的签名从下一条起要有，旧版照样核验新的证据包；SM3 树在下次启动时从头计算。--writer 使此后记录的一切都带写入印记：写入同一台账的其他节点须有同一个 writer.key。密钥在 xinfang notary guard 一方的，在那一方运行，再把信任策略复制到台账一方，重启双方。\n\n信任策略列有根密钥的，新版须由它们签名（xinfang policy sign），核验人才会接受；没有列的，须另行交给每一个核验人。",
			"Makes the next version of the policy, as the flags say; stop the server first. The log keys that there are stay (xinfang notary rotate changes one), and what was signed before holds by the new version, too.\n\nA witness that is added counts for every size: it cosigns from now on, and each cosignature is of all that was before. One that is dropped counts for what is signed by now. There is one --quorum, for the past too: after it is raised, older bundles and receipts that fewer have cosigned say UNWITNESSED by the new version. Signatures of --ml-dsa and --sm2 are wanted from the next entry on, and by the old version new bundles hold as before; the SM3 tree is made from nothing at the next start. With --writer all that is recorded from now on is sealed: other nodes that record in the same ledger need the same writer.key. Where xinfang notary guard has the key, run this on its side, copy the policy to the ledger's side, and start both again.\n\nWhere the policy lists roots, they must sign the new version (xinfang policy sign) before anybody who verifies accepts it; where it lists none, give it to each of them by another way."),
		Example: "  xinfang notary amend --witness court.example.gov.cn/w2+5c1f...+BA... --quorum 2\n  xinfang notary amend --ml-dsa --sm2 --writer\n  xinfang policy sign ledger/notary/policy.txt --key root1.key --to policy-2.txt",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.cfg.Notary.Guard != "" {
				return errKeyElsewhere
			}
			for _, vkey := range witnesses {
				m.Lines = append(m.Lines, "witness "+vkey+" 0 -")
			}
			if cmd.Flags().Changed("quorum") {
				m.Lines = append(m.Lines, fmt.Sprintf("quorum %d", quorum))
			}
			pins, err := tsaLines(tsaFile)
			if err != nil {
				return err
			}
			m.Lines = append(m.Lines, pins...)
			if mldsa {
				m.further = append(m.further, proof.MLDSA44)
			}
			if sm2 {
				m.further = append(m.further, proof.SM2)
			}
			if len(m.Lines)+len(m.Dropped)+len(m.further)+len(m.roots) == 0 && m.threshold == 0 && !m.writer {
				return usage("请说明要改什么：xinfang notary amend --help", "say what is to change: xinfang notary amend --help")
			}
			before, next, err := a.amendPolicy(cmd.Context(), m)
			if err != nil {
				return err
			}
			if next.Quorum > before.Quorum {
				a.warn("%s", a.tr("⚠ 见证要求已调高：见证不够数的旧证据包与回执，按新版核验都是 UNWITNESSED", "⚠ more witnesses are required: older bundles and receipts that fewer have cosigned say UNWITNESSED by the new version"))
			}
			if m.writer {
				a.warn("%s", a.tr("⚠ 写入同一台账的其他节点须有同一个 writer.key，否则其记录都是 UNSEALED", "⚠ other nodes that record in the same ledger need the same writer.key, or all that they record is UNSEALED"))
			}
			return a.printNextPolicy(next, before.Threshold)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&witnesses, "witness", nil, a.tr("增加一个见证的公钥（可多次）", "add the public `key` of a witness (may be repeated)"))
	f.StringArrayVar(&m.Dropped, "drop-witness", nil, a.tr("此后不再计入的见证（可多次）", "`name` of a witness that counts no more (may be repeated)"))
	f.IntVar(&quorum, "quorum", 0, a.tr("至少几个见证须签名", "how many witnesses must cosign"))
	f.StringVar(&tsaFile, "tsa-root", "", a.tr("增加时间戳服务机构的根证书（PEM）", "add the root certificate in a `file`, PEM, of a time-stamp authority"))
	f.StringArrayVar(&m.roots, "root", nil, a.tr("增加一把离线根密钥的公钥（可多次）", "add the public `key` of an offline root (may be repeated)"))
	f.IntVar(&m.threshold, "roots", 0, a.tr("更换信任策略须有几把根密钥签名（首次设置默认过半数）", "how many roots must sign the next policy (default more than half of the first ones)"))
	f.BoolVar(&mldsa, "ml-dsa", false, a.tr("另设 ML-DSA-44 密钥（后量子签名）", "also make an ML-DSA-44 key (against quantum computers)"))
	f.BoolVar(&sm2, "sm2", false, a.tr("另设 SM2 密钥，并维护 SM3 树（国密）", "also make an SM2 key, and keep an SM3 tree (commercial cryptography)"))
	f.BoolVar(&m.writer, "writer", false, a.tr("此后记录的一切都带写入印记（writer.key）", "seal all that is recorded from now on (writer.key)"))
	return cmd
}

// amendPolicy makes the next version of the policy, and returns the one before, too.
func (a *app) amendPolicy(ctx context.Context, m amendment) (before, next *proof.Policy, err error) {
	a.cfg.Notary.TSA = "" // it is asked for nothing here, and perhaps not pinned yet
	err = a.withClosedLedger(ctx, func(n *node) error {
		if _, _, err := a.recordKeys(ctx, n); err != nil {
			return err
		}
		return a.withKeyring(func(k *notary.Keyring) error {
			before = k.Policy()
			if len(before.Roots) > 0 && len(m.roots) > 0 && m.threshold == 0 {
				return usage("信任策略已有根密钥：请以 --roots 说明此后须有几把签名", "the policy has roots already: say with --roots how many must sign from then on")
			}
			m.Lines = append(m.Lines, rootLines(m.roots, m.threshold)...)
			if m.writer {
				line, err := a.writerLine(ctx, n, before.Origin)
				if err != nil {
					return err
				}
				m.Lines = append(m.Lines, line)
			}
			next, err = k.Amend(m.Amendment, m.further, rand.Reader)
			return err
		})
	})
	return before, next, err
}

// writerLine returns the line of a policy that wants a seal on all that n records from now
// on, by the writer's key that there is, or one that is made.
//
// The key is durable before the policy that wants its seals: a crash in between leaves
// entries that have a seal and need none.
func (a *app) writerLine(ctx context.Context, n *node, origin string) (string, error) {
	if n == nil {
		return "", errWriterElsewhere
	}
	head, err := n.store.Head(ctx)
	if err != nil {
		return "", err
	}
	key, err := seal.SetUp(a.path(writerKey), origin, rand.Reader)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("writer %s %d -", key.VKey, head), nil
}

var errWriterElsewhere = &ledger.Refusal{Code: "ERR_WRITER_ELSEWHERE", Kind: ledger.Conflict, Text: ledger.Text{
	ZH: "这里没有台账：写入密钥属于记录台账的一方，不知从哪一条起带印记", EN: "there is no ledger here: the writer's key is for the side that records it, and nobody here knows from which entry on",
}}
