package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/notary"
	"xinfang/infra/seal"
)

// maxOrigin is the longest name of a ledger that a witness takes, and so does a receipt.
const maxOrigin = 200

func (a *app) notaryInit() *cobra.Command {
	var p notary.Plan
	var tsaFile string
	var roots []string
	var threshold int
	var mldsa, sm2 bool
	cmd := &cobra.Command{
		Use:   "init",
		Short: a.tr("生成公证密钥与信任策略（每个台账一次）", "make the notary's key and the policy (once for a ledger)"),
		Long: a.tr("生成公证密钥、写入密钥（writer.key）与信任策略；先停止服务。此后本节点写入的每条记录都带写入印记；其他写入同一台账的节点须有同一个 writer.key，重启后生效。信任策略要另行交给检查组、法院与信访人保管：核验时只认各自手里的那一份。密钥文件应放在台账管理员读不到的地方（notary.key_file）。",
			"Makes the notary's key, the writer's (writer.key) and the policy that believes them; stop the server first. From then on all that this node records is sealed; other nodes that record in the same ledger need the same writer.key, and a restart. Give the policy to the inspection team, the court and petitioners by another way: each checks with the copy that he has. Keep the key where the ledger's administrators cannot read it (notary.key_file)."),
		Example: "  xinfang notary init --origin ledger.example.gov.cn/petition --witness inspection.example.gov.cn/w1+5c1f...+BA...",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.Origin == "" {
				return usage("--origin 必须给出：台账的名称，如 ledger.example.gov.cn/petition", "give --origin: the name of the ledger, such as ledger.example.gov.cn/petition")
			}
			if len(p.Origin) > maxOrigin {
				return usage("--origin 至多 %d 字节", "--origin has at most %d bytes", maxOrigin)
			}
			if !cmd.Flags().Changed("quorum") {
				p.Quorum = len(p.Witnesses)
			}
			if mldsa {
				p.Further = append(p.Further, proof.MLDSA44)
			}
			if sm2 {
				p.Further = append(p.Further, proof.SM2)
			}
			pins, err := tsaLines(tsaFile)
			if err != nil {
				return err
			}
			p.Lines = append(pins, rootLines(roots, threshold)...)
			policy, err := a.initNotary(cmd.Context(), p)
			if err != nil {
				return err
			}
			if len(p.Witnesses) == 0 {
				a.say("%s", a.tr("⚠ 没有见证：所有结论都将标明 UNWITNESSED（未经见证）。独揽本机的人可以重写整个历史", "⚠ there is no witness: every verdict will say UNWITNESSED. Whoever owns this machine could rewrite all of history"))
			}
			return a.printPolicy(policy)
		},
	}
	cmd.Flags().StringVar(&p.Origin, "origin", "", a.tr("台账的名称，如 ledger.example.gov.cn/petition", "`name` of the ledger, such as ledger.example.gov.cn/petition"))
	cmd.Flags().StringArrayVar(&p.Witnesses, "witness", nil, a.tr("一个见证的公钥（可多次）", "public `key` of a witness (may be repeated)"))
	cmd.Flags().BoolVar(&mldsa, "ml-dsa", false, a.tr("另设 ML-DSA-44 密钥（后量子签名）", "also make an ML-DSA-44 key (against quantum computers)"))
	cmd.Flags().BoolVar(&sm2, "sm2", false, a.tr("另设 SM2 密钥，并维护 SM3 树（国密；过密评须用经认证的密码设备签名）", "also make an SM2 key, and keep an SM3 tree (an assessment of commercial cryptography asks for a certified device instead)"))
	cmd.Flags().IntVar(&p.Quorum, "quorum", 0, a.tr("至少几个见证须签名（默认全部）", "how many witnesses must cosign (default all)"))
	cmd.Flags().StringVar(&tsaFile, "tsa-root", "", a.tr("时间戳服务机构的根证书（PEM）；其时间戳才被采信", "`file` with the root certificate of a time-stamp authority, PEM, whose time-stamps are believed"))
	cmd.Flags().StringArrayVar(&roots, "root", nil, a.tr("一把离线根密钥的公钥（xinfang policy key；可多次）", "public `key` of an offline root (xinfang policy key; may be repeated)"))
	cmd.Flags().IntVar(&threshold, "roots", 0, a.tr("更换信任策略须有几把根密钥签名（默认过半数）", "how many roots must sign the next policy (default more than half)"))
	return cmd
}

// initNotary makes the notary of p, of the ledger here, which nobody else may write to
// meanwhile: what is there has no seals, and what comes will have them. If the ledger
// is kept elsewhere, that is what is there; if nobody says where, what the replica has.
func (a *app) initNotary(ctx context.Context, p notary.Plan) (_ *proof.Policy, err error) {
	from := ledger.Position(0)
	there, err := exists(a.path(ledgerDir))
	if err != nil {
		return nil, err
	}
	if there || a.cfg.Store != "" {
		open := a.openLocal
		if a.cfg.Store != "" {
			open = a.openNode
		}
		n, err := open(ctx, true)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, n.Close()) }()
		if from, err = n.store.Head(ctx); err != nil {
			return nil, err
		}
	}
	return a.setUpNotary(p, from, rand.Reader)
}

// setUpNotary makes the notary of p, and the writer's key: what comes after from must be
// sealed.
//
// The writer's key is durable before the policy that wants its seals, and the notary's
// key comes last: a crash before that leaves entries that have a seal and need none, or a
// policy without a key, with which no server starts; a repetition takes or replaces both.
func (a *app) setUpNotary(p notary.Plan, from ledger.Position, random io.Reader) (*proof.Policy, error) {
	dir, key := a.notaryPath(notaryDir, a.cfg.Notary.Dir), a.notaryPath(notaryKey, a.cfg.Notary.KeyFile)
	if there, err := exists(key); err != nil {
		return nil, err
	} else if there {
		return nil, &ledger.Refusal{Code: "ERR_HAS_NOTARY", Kind: ledger.Conflict, Text: ledger.Text{
			ZH: "已有公证密钥 " + key + "，不会覆盖", EN: "there is a notary's key " + key + " already, which will not be replaced",
		}}
	}
	// What is wrong with the plan is said before anything is written. Any key will do.
	if _, vkey, err := proof.GenerateKey(proof.Ed25519, p.Origin, bytes.NewReader(make([]byte, ed25519.SeedSize))); err == nil {
		if _, err := proof.NewPolicy(p.Origin, []string{vkey}, p.Witnesses, p.Quorum, p.Lines...); err != nil {
			return nil, err
		}
	}
	writer, err := seal.SetUp(a.path(writerKey), p.Origin, random)
	if err != nil {
		return nil, err
	}
	p.Lines = append(p.Lines, fmt.Sprintf("writer %s %d -", writer.VKey, from))
	return notary.SetUp(dir, key, p, random)
}
