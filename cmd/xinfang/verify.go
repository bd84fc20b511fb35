package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"xinfang/domain/proof"
	"xinfang/infra/evidence"
	"xinfang/infra/notary"
	"xinfang/infra/segment"
)

func (a *app) verifyCommand() *cobra.Command {
	var policy, tree string
	var older []string
	var reader readerFlags
	cmd := &cobra.Command{
		Use:   "verify [BUNDLE]",
		Short: a.tr("校验台账或一个证据包未被改动", "check that the ledger, or an evidence bundle, has not been altered"),
		Long: a.tr("不带参数时，逐条重算每条记录的校验和与叶子哈希，核对位置、版本与每件的前后链接，再与公证签过的检查点比对，并核对个人信息密钥：台账提到的每一把，要么在库，要么依台账中的批准清除；读模型不参与。给出证据包时，只凭 --policy 所指的信任策略离线核验，不看本机台账；退出码 0 成立、10 成立但未经见证、3 不成立。",
			"Without an argument it recomputes the checksum and the leaf of every entry, checks positions, versions and the chain of each stream, and compares all of it with the checkpoint that the notary has signed; and every key of personal data that the ledger speaks of must be in the vault, or be erased as an entry has authorised. Views are not looked at. A bundle is checked offline by the policy that --policy names, whatever this machine holds; exit code 0 if it holds, 10 if it does and is unwitnessed, 3 if not."),
		Example: "  xinfang verify\n  xinfang verify XF-2026-000123.evidence.zip --policy policy.txt --older receipt.txt",
		Args:    argsOf(0, "BUNDLE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.verifyBundle(args[0], policy, older, reader)
			}
			if reader != (readerFlags{}) {
				return usage("--reader-key 与 --reveal 只用于核验证据包", "--reader-key and --reveal are for a bundle")
			}
			if err := a.ledgerExists(); err != nil {
				return err
			}
			bar := a.progress(a.tr("校验", "verifying"))
			report, err := segment.Verify(cmd.Context(), a.path(ledgerDir), bar.set)
			bar.done()
			if err != nil {
				return err
			}
			result := verified{Events: report.Events, OK: report.OK, Problem: report.Problem.EN}
			state := a.tr("✓ 通过", "✓ intact")
			if !report.OK {
				bad := int64(report.FirstBad)
				result.FirstBad = &bad
				state = fmt.Sprintf(a.tr("✗ 位置 %d：%s", "✗ position %d: %s"), bad, report.Problem.In(a.lang))
			}
			signed, err := a.audit(cmd.Context(), policy, tree, older, &result)
			if err != nil {
				return err
			}
			erasures, err := a.auditErasures(cmd.Context(), &result)
			if err != nil {
				return err
			}
			err = a.print(table{
				header: []string{a.tr("条目", "events"), a.tr("结果", "result"), a.tr("与检查点比对", "against the checkpoint"), a.tr("个人信息密钥", "keys of personal data")},
				rows:   [][]string{{fmt.Sprint(report.Events), state, signed, erasures}},
				values: result,
			})
			if err == nil && !result.OK {
				err = quietError{exitUnverified}
			}
			return err
		},
	}
	cmd.Flags().StringVar(&policy, "policy", "", a.tr("核验人自己保管的信任策略", "`file` with the policy that whoever checks has kept; of the ledger, the notary's own if it is not given"))
	cmd.Flags().StringVar(&tree, "tree", "", a.tr("公证的检查点与叶子所在的目录，如检查组的镜像（默认为本节点公证的）", "`directory` with checkpoint and leaves, such as the inspection team's mirror (default this node's notary)"))
	reader.flags(a, cmd)
	cmd.Flags().StringArrayVar(&older, "older", nil, a.tr("核验人手里较早的检查点或回执（可多次）", "`file` with an older checkpoint or a receipt that whoever checks holds (may be repeated)"))
	return cmd
}

// A verified is what verify prints.
type verified struct {
	Events     int64          `json:"events"`
	OK         bool           `json:"ok"`
	FirstBad   *int64         `json:"first_bad_position"`
	Problem    string         `json:"problem,omitzero"`
	Verdict    proof.Verdict  `json:"verdict,omitzero"` // of the comparison with the checkpoint, and of the keys; none without a notary, if no key is lost
	Checkpoint int64          `json:"checkpoint,omitzero"`
	Witnessed  bool           `json:"witnessed,omitzero"`
	Finding    *proof.Finding `json:"finding,omitzero"`
	Keys       *keysFound     `json:"keys,omitzero"` // nil if they were not checked
}

// audit compares the ledger with the checkpoint in dir, or that the notary has
// published if dir is empty, by the policy at path or its own, and notes the verdict.
// older are checkpoints that
// whoever verifies holds: what is signed now must continue them. It returns what to
// show.
func (a *app) audit(ctx context.Context, path, dir string, older []string, v *verified) (string, error) {
	asked := path != "" || dir != "" || len(older) > 0
	dir = cmp.Or(dir, a.notaryPath(notaryDir, a.cfg.Notary.Dir))
	note, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if errors.Is(err, fs.ErrNotExist) {
		if asked {
			return "", errNoNotary
		}
		return a.tr("没有公证：整体重写看不出来", "no notary: a rewrite of all of it would not be seen"), nil
	}
	if err != nil {
		return "", err
	}
	policy, err := readPolicy(cmp.Or(path, filepath.Join(dir, notary.PolicyName)))
	if err != nil {
		return "", err
	}
	store, err := a.openStore(false)
	if err != nil {
		return a.unread(v, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	bar := a.progress(a.tr("与检查点比对", "comparing"))
	audit := notary.Audit{Log: store, Dir: dir, Policy: policy, Note: note, Progress: bar.set}
	done, err := audit.Run(ctx)
	for _, name := range older {
		if err != nil {
			break
		}
		var held []byte
		if held, err = os.ReadFile(name); err == nil {
			err = audit.Continues(evidence.HeldNote(held))
		}
	}
	bar.done()
	f, isFinding := errors.AsType[*proof.Finding](err)
	if err != nil && !isFinding {
		return a.unread(v, err)
	}
	v.Checkpoint, v.Witnessed, v.Finding = done.Size, done.Witnessed, f
	switch {
	case f != nil:
		v.OK, v.Verdict = false, f.Verdict
		return "✗ " + f.Say().In(a.lang), nil
	case done.Witnessed:
		v.Verdict = proof.OK
		return fmt.Sprintf(a.tr("✓ 前 %d 条与检查点一致，%d 个见证；其后 %d 条尚未公证", "✓ the first %d are those signed for, %d witnesses; %d are not signed for yet"), done.Size, len(done.Cosigned), done.Beyond), nil
	}
	v.Verdict = proof.OKUnwitnessed
	return fmt.Sprintf(a.tr("✓ 前 %d 条与检查点一致，UNWITNESSED 未经见证；其后 %d 条尚未公证", "✓ the first %d are those signed for, UNWITNESSED; %d are not signed for yet"), done.Size, done.Beyond), nil
}

// unread is what audit returns of a ledger that cannot be read: nothing, if what is
// wrong with it was found and said before.
func (a *app) unread(v *verified, err error) (string, error) {
	if !v.OK {
		return "—", nil
	}
	return "", err
}

// verifyBundle checks an evidence bundle by the policy at policyPath alone.
func (a *app) verifyBundle(path, policyPath string, older []string, reader readerFlags) (err error) {
	if policyPath == "" {
		return usage("核验证据包要用 --policy 指明信任策略：它不能取自证据包本身", "a bundle is checked by a policy, which --policy names: it is never taken from the bundle")
	}
	policy, err := readPolicy(policyPath)
	if err != nil {
		return err
	}
	o := evidence.Options{Policy: policy, Now: a.Now(), Reveal: reader.reveal}
	if o.ReaderKey, err = reader.key(a.format); err != nil {
		return err
	}
	for _, name := range older {
		note, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		o.Older = append(o.Older, note)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	report := evidence.VerifyAny(f, info.Size(), o)
	if a.format == "json" {
		err = report.WriteJSON(a.Stdout)
	} else {
		err = report.WriteText(a.Stdout, a.lang)
	}
	if code := evidence.Exit(report.Verdict); err == nil && code != evidence.ExitOK {
		err = quietError{code}
	}
	return err
}
