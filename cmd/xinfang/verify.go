package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/evidence"
	"xinfang/infra/notary"
	"xinfang/infra/segment"
)

// A verification is what is asked of verify.
type verification struct {
	policy  string // file; of the ledger, the notary's own if it is empty
	older   []string
	updates []string      // of a bundle
	reader  readerFlags   // likewise
	tree    string        // of the ledger; the notary's own if it is empty
	since   bool          // of the ledger: go on from what was verified last
	seals   bool          // of the ledger: check the writer's seals, too
	heads   bool          // of the ledger: compare all notes of heads, and not the last alone
	noVault bool          // the ledger is a copy without the keys of personal data
	stale   time.Duration // of a bundle: how old the heads may be; 0 is any age
}

func (a *app) verifyCommand() *cobra.Command {
	var f verification
	cmd := &cobra.Command{
		Use:   "verify [BUNDLE]",
		Short: a.tr("校验台账或一个证据包未被改动", "check that the ledger, or an evidence bundle, has not been altered"),
		Long: a.tr("不带参数时，逐条重算每条记录的校验和与叶子哈希，核对位置、版本与每件的前后链接，再与公证签过的检查点比对，并核对个人信息密钥：台账提到的每一把，要么在库，要么依台账中的批准清除；读模型不参与。并核对公证的树文件、签名守护的记录、经见证的检查点与上次校验的检查点。--since-last 只读上次校验之后的条目：此前的条目若在其后被改动，它看不出来，须定期完整校验。另给 --policy 时，其所要求的见证不足则退出码为 10。SM3 树的文件不在核对之列。给出证据包时，只凭 --policy 所指的信任策略离线核验，不看本机台账；退出码 0 成立、10 成立但未经见证、3 不成立。",
			"Without an argument it recomputes the checksum and the leaf of every entry, checks positions, versions and the chain of each stream, and compares all of it with the checkpoint that the notary has signed; and every key of personal data that the ledger speaks of must be in the vault, or be erased as an entry has authorised. Views are not looked at. The files of the notary's tree, its guard's memory, the witnessed checkpoint and the one that was verified last are compared, too. --since-last reads only what has followed the last verification: it cannot find a change in what it does not read, so verify in full now and then. With --policy, fewer witnesses than that wants have the exit code 10. The files of the SM3 tree are not compared. A bundle is checked offline by the policy that --policy names, whatever this machine holds; exit code 0 if it holds, 10 if it does and is unwitnessed, 3 if not."),
		Example: "  xinfang verify\n  xinfang verify --since-last\n  xinfang verify XF-2026-000123.evidence.zip --policy policy.txt --older receipt.txt",
		Args:    argsOf(0, "BUNDLE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.since && (len(args) == 1 || f.tree != "" || f.heads) {
				return usage("--since-last 接着本节点自己上次的校验，不能与证据包、--tree 或 --all-heads 同用", "--since-last goes on from this node's own last verification, and is not for a bundle, nor with --tree or --all-heads")
			}
			if len(args) == 1 && (f.tree != "" || f.seals || f.heads || f.noVault) {
				return usage("--tree、--seals、--all-heads 与 --without-vault 只用于核验台账", "--tree, --seals, --all-heads and --without-vault are for a ledger")
			}
			if f.stale < 0 || f.stale > 0 && len(args) == 0 {
				return usage("--stale-after 只用于核验证据包，且不能为负", "--stale-after is for a bundle, and not negative")
			}
			if len(args) == 1 {
				return a.verifyBundle(args[0], f)
			}
			if len(f.updates) > 0 {
				return usage("--update 用于核验证据包；核验台账前先用 xinfang policy accept", "--update is for a bundle; before the ledger is checked, xinfang policy accept takes it")
			}
			if f.reader != (readerFlags{}) {
				return usage("--reader-key 与 --reveal 只用于核验证据包", "--reader-key and --reveal are for a bundle")
			}
			return a.verifyLedger(cmd.Context(), f)
		},
	}
	cmd.Flags().StringVar(&f.policy, "policy", "", a.tr("核验人自己保管的信任策略", "`file` with the policy that whoever checks has kept; of the ledger, the notary's own if it is not given"))
	cmd.Flags().StringArrayVar(&f.updates, "update", nil, a.tr("核验证据包时：由根密钥签名、接替 --policy 的新信任策略（可按先后多次）；--policy 的文件不变", "of a bundle: `file` with a policy that roots have signed and that succeeds the one of --policy (may be repeated, in order); the file of --policy stays as it is"))
	cmd.Flags().StringVar(&f.tree, "tree", "", a.tr("公证的检查点与叶子所在的目录，如检查组的镜像（默认为本节点公证的）", "`directory` with checkpoint and leaves, such as the inspection team's mirror (default this node's notary)"))
	cmd.Flags().BoolVar(&f.since, "since-last", false, a.tr("只读上次校验之后的条目；看不出此前条目后来的改动", "read only what has followed the last verification; changes in what was read before are not found"))
	cmd.Flags().BoolVar(&f.heads, "all-heads", false, a.tr("核对公证签过的每一份末条总表，而不只是最近一份（较慢）", "compare every note of where streams end that the notary has signed, and not the last alone, which takes longer"))
	cmd.Flags().BoolVar(&f.seals, "seals", false, a.tr("也核对每条记录的写入印记（较慢）", "also check the writer's seal of every entry, which takes longer"))
	cmd.Flags().BoolVar(&f.noVault, "without-vault", false, a.tr("这是不带个人信息库（vault.db）的副本：不核对密钥", "this is a copy without the vault (vault.db): do not look for the keys"))
	cmd.Flags().DurationVar(&f.stale, "stale-after", 0, a.tr("核验证据包时：末条公证最多多旧，如 720h；0 为不限", "of a bundle: how old the heads may be, such as 720h; 0 is any `age`"))
	f.reader.flags(a, cmd)
	cmd.Flags().StringArrayVar(&f.older, "older", nil, a.tr("核验人手里较早的检查点或回执（可多次）", "`file` with an older checkpoint or a receipt that whoever checks holds (may be repeated)"))
	return cmd
}

// verifyLedger verifies the ledger of the data directory, and prints what it found. The
// keys of personal data are looked for meanwhile.
func (a *app) verifyLedger(ctx context.Context, f verification) error {
	if err := a.ledgerExists(); err != nil {
		return err
	}
	before, err := a.verifiedBefore(f.since)
	if err != nil {
		return err
	}
	result, state, keys := verified{OK: true}, a.tr("— 未重读", "— not read again"), a.tr("— 未重读", "— not read again")
	var check *segment.Check
	looking := make(chan keysOf, 1)
	if !before {
		if check, err = segment.NewCheck(a.path(ledgerDir)); err != nil {
			return err
		}
		go func() { looking <- a.lookForKeys(ctx, f.noVault) }()
	}
	signed, remember, err := a.audit(ctx, f, check, &result)
	if err == nil && !before {
		state, err = a.recompute(ctx, check, &result)
	}
	if !before {
		keys, err = a.sayKeys(<-looking, &result, err)
	}
	if err != nil {
		return err
	}
	for _, f := range result.Forged {
		result.OK, result.Verdict = false, result.Verdict.Worse(f.Verdict)
	}
	t := table{
		header: []string{a.tr("条目", "events"), a.tr("自身一致", "in itself"), a.tr("与检查点比对", "against the checkpoint"), a.tr("个人信息密钥", "keys of personal data")},
		rows:   [][]string{{fmt.Sprint(result.Events), state, signed, keys}},
	}
	if f.seals {
		sealed, err := a.auditSeals(ctx, f.policy, &result)
		if err != nil {
			return err
		}
		t.header, t.rows[0] = append(t.header, a.tr("写入印记", "seals")), append(t.rows[0], sealed)
	}
	// Only what has nothing against it is gone on from.
	if result.OK && remember != nil {
		if err := remember(); err != nil {
			a.logger().Warn("what was verified could not be written down: the next --since-last reads it again", "err", err)
		}
	}
	t.rows, t.values = append(t.rows, a.forgedRows(result.Forged)...), result
	err = a.print(t)
	switch {
	case err == nil && !result.OK:
		err = quietError{exitUnverified}
	case err == nil && result.unwitnessed:
		err = quietError{evidence.ExitUnwitnessed}
	}
	return err
}

// A verified is what verify prints.
type verified struct {
	Events     int64          `json:"events"`        // that were read
	From       *int64         `json:"from,omitzero"` // the first leaf that was read, of --since-last
	OK         bool           `json:"ok"`
	FirstBad   *int64         `json:"first_bad_position"`
	Problem    string         `json:"problem,omitzero"`
	Verdict    proof.Verdict  `json:"verdict,omitzero"` // of the comparison with the checkpoint, and of the keys
	Checkpoint int64          `json:"checkpoint,omitzero"`
	Witnessed  *bool          `json:"witnessed,omitzero"` // nil if the checkpoint does not open
	Finding    *proof.Finding `json:"finding,omitzero"`
	Unsealed   *unsealed      `json:"unsealed,omitzero"` // if seals were asked for
	Keys       *keysFound     `json:"keys,omitzero"`     // nil if they were not checked

	KeysUnchecked string `json:"keys_unchecked,omitzero"` // why

	unwitnessed bool // whoever checks has a policy that asks for witnesses, and too few have cosigned

	Forged []*proof.Finding `json:"forged,omitempty"` // entries that pretend to be the notary's
}

// damaged notes that the ledger in itself is not what was recorded, from a position on.
func (v *verified) damaged(bad int64, problem ledger.Text) {
	v.OK, v.FirstBad, v.Problem, v.Verdict = false, &bad, problem.EN, v.Verdict.Worse(proof.TamperedContent)
	if v.Finding == nil {
		v.Finding = &proof.Finding{Verdict: proof.TamperedContent, Index: bad - 1, Text: problem}
	}
}

// A checking log is a ledger that is checked in itself while it is read for the first
// time, so that it need not be read twice.
type checking struct {
	ledger.Log
	check *segment.Check // nil once it has begun
}

// ReadAll implements [ledger.Log].
func (c *checking) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	if check := c.check; check != nil && after == 0 {
		c.check = nil
		return check.Envelopes(ctx, nil)
	}
	return c.Log.ReadAll(ctx, after)
}

// audit compares the ledger with the signed checkpoint and with what else f asks, and
// notes the verdict. It returns what to show, and what writes down that all of it was
// verified, if it was. The ledger goes through check, if that is not nil.
func (a *app) audit(ctx context.Context, f verification, check *segment.Check, v *verified) (_ string, remember func() error, err error) {
	asked, own := f.policy != "" || f.tree != "" || f.since || len(f.older) > 0, f.tree == ""
	dir := cmp.Or(f.tree, a.notaryPath(notaryDir, a.cfg.Notary.Dir))
	policy, err := a.believed(f.policy)
	if errors.Is(err, errNoNotary) && !asked {
		v.Verdict, v.Witnessed = proof.OKUnwitnessed, new(bool)
		return a.tr("没有公证，UNWITNESSED 未经见证：整体重写看不出来", "no notary, UNWITNESSED: a rewrite of all of it would not be seen"), nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	store, err := a.openStore(false)
	if err != nil {
		said, err := a.unread(v, err)
		return said, nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	// In this order: a server goes on recording and signing meanwhile.
	head, err := store.Head(ctx)
	if err != nil {
		said, err := a.unread(v, err)
		return said, nil, err
	}
	kept, err := notary.ReadKept(dir, policy.Origin)
	if err != nil {
		return "", nil, err
	}
	note, err := checkpointIn(dir, policy, kept)
	if errors.Is(err, errNoCheckpoint) && own {
		err = cmp.Or(notary.SignedBeyond(ctx, store, policy, 0, head), err)
	}
	if errors.Is(err, errNoCheckpoint) && !asked && kept.Guarded.Size == 0 {
		v.Verdict, v.Witnessed = proof.OKUnwitnessed, new(bool)
		return a.tr("公证还没有签过检查点，UNWITNESSED 未经见证：整体重写看不出来", "the notary has signed no checkpoint yet, UNWITNESSED: a rewrite of all of it would not be seen"), nil, nil
	}
	if wrong, ok := errors.AsType[*proof.Finding](err); ok {
		v.OK, v.Verdict, v.Finding = false, wrong.Verdict, wrong
		return "✗ " + wrong.Say().In(a.lang), nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	bar := a.progress(a.tr("与检查点比对", "comparing"))
	audit := notary.Audit{Log: &checking{store, check}, Hashed: check != nil, AllHeads: f.heads, Dir: dir, Policy: policy, Note: note, Progress: bar.set}
	files, from := make(chan error, 1), int64(0)
	if f.since {
		audit.Since = kept.Verified
		if old, err := policy.Open(kept.Verified); err == nil {
			from = old.Size
		}
	}
	go func() { files <- audit.Files(ctx, from) }()
	done, err := audit.Run(ctx)
	if wrong := <-files; err == nil {
		err = wrong
	}
	if err == nil {
		err = audit.Keeps(ctx, kept)
	}
	if err == nil && own {
		err = notary.SignedBeyond(ctx, store, policy, done.Size, head)
	}
	for _, name := range f.older {
		if err != nil {
			break
		}
		var held []byte
		if held, err = readHeld(name); err == nil {
			err = inFile(audit.Continues(evidence.HeldNote(held)), name)
		}
	}
	bar.done()
	wrong, isFinding := errors.AsType[*proof.Finding](err)
	if err != nil && !isFinding {
		said, err := a.unread(v, err)
		return said, nil, err
	}
	if wrong == nil {
		wrong = done.Late
	}
	named(ctx, store, append(slices.Clone(done.Forged), wrong)...)
	v.Checkpoint, v.Witnessed, v.Finding, v.Forged = done.Size, &done.Witnessed, wrong, done.Forged
	since := ""
	if f.since {
		v.From, v.Events = &done.From, max(v.Events, done.Size-done.From)
		since = fmt.Sprintf(a.tr("（自位置 %d 读起）", " (read from position %d on)"), done.From+1)
	}
	if own {
		remember = audit.Remember
	}
	switch {
	case wrong != nil:
		v.OK, v.Verdict = false, wrong.Verdict
		return "✗ " + wrong.Say().In(a.lang), nil, nil
	case done.Witnessed:
		v.Verdict = proof.OK
		return fmt.Sprintf(a.tr("✓ 前 %d 条与检查点一致，%d 个见证；其后 %d 条尚未公证", "✓ the first %d are those signed for, witnesses: %d; %d are not signed for yet"), done.Size, len(done.Cosigned), done.Beyond) + since, remember, nil
	}
	v.Verdict = proof.OKUnwitnessed
	v.unwitnessed = f.policy != "" && policy.Quorum > 0
	return fmt.Sprintf(a.tr("✓ 前 %d 条与检查点一致，UNWITNESSED 未经见证%s；其后 %d 条尚未公证", "✓ the first %d are those signed for, UNWITNESSED%s; %d are not signed for yet"), done.Size, a.witnessedTo(policy, kept), done.Beyond) + since, remember, nil
}

// recompute finishes the check of the ledger in itself, and notes what is wrong with it.
// It returns what to show.
func (a *app) recompute(ctx context.Context, check *segment.Check, v *verified) (string, error) {
	bar := a.progress(a.tr("校验", "verifying"))
	report, err := check.Finish(ctx, bar.set)
	bar.done()
	if err != nil {
		return "", err
	}
	v.Events = report.Events
	if report.OK {
		return a.tr("✓ 通过", "✓ intact"), nil
	}
	bad := int64(report.FirstBad)
	v.damaged(bad, report.Problem)
	return fmt.Sprintf(a.tr("✗ 位置 %d：%s", "✗ position %d: %s"), bad, report.Problem.In(a.lang)), nil
}

// verifiedBefore reports, if it was asked to go on from the last verification, whether
// there is one. Without a notary there is nothing to go on from.
func (a *app) verifiedBefore(asked bool) (bool, error) {
	if !asked {
		return false, nil
	}
	policy, err := a.believed("")
	if err != nil {
		return false, err
	}
	kept, err := notary.ReadKept(a.notaryPath(notaryDir, a.cfg.Notary.Dir), policy.Origin)
	return kept.Verified != nil, err
}

// unread is what audit returns of a ledger that cannot be read: that it is damaged, or
// nothing, if what is wrong with it was found and said before.
func (a *app) unread(v *verified, err error) (string, error) {
	if !v.OK {
		return "—", nil
	}
	damage, ok := errors.AsType[*segment.Damage](err)
	if !ok {
		return "", err
	}
	v.damaged(int64(damage.Position), damage.Say())
	return "✗ " + damage.Say().In(a.lang), nil
}
