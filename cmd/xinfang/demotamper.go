package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
	"xinfang/infra/notary"
	"xinfang/infra/segment"
)

// demoTamper makes the district's year, signs it, and alters a copy in two ways: as
// somebody with an editor would, and as somebody would who has every password and
// makes all checksums fit again.
func (a *app) demoTamper(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "xinfang-tamper-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := a.demo(ctx, filepath.Join(dir, "data")); err != nil {
		return err
	}
	n, err := a.openNode(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	kept, err := a.openNotary(ctx, n, a.Now, a.logger())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	if err := kept.CatchUp(ctx); err != nil {
		return err
	}
	p := kept.Published()
	a.say(a.tr("✓ 公证签过前 %d 条，根 %v", "✓ the notary has signed for the first %d entries, root %v"), p.Size, p.Root)

	victim, err := n.victim(ctx)
	if err != nil {
		return err
	}
	a.say(a.tr("✎ 某人把位置 %d 的一个字节改掉（%s），并让校验和、叶子与链接全都重新相符……", "✎ somebody changes one byte of position %d (%s), and makes every checksum, leaf and link fit again…"), victim.Position, victim.Type)
	audit := notary.Audit{Log: rewritten{n.local, victim.Position}, Dir: a.path(notaryDir), Policy: kept.policy, Note: p.Note}
	_, err = audit.Run(ctx)
	found, ok := errors.AsType[*proof.Finding](err)
	if !ok {
		return fmt.Errorf("the alteration was not found: %w", err)
	}
	named(ctx, n.local, found)
	a.say("✗ %s", found.Say().In(a.lang))

	a.say("%s", a.tr("✎ 某人用编辑器改掉台账文件中的一个字节……", "✎ somebody changes one byte in a file of the ledger with an editor…"))
	copied := filepath.Join(dir, "copy")
	if err := os.CopyFS(copied, os.DirFS(a.path(ledgerDir))); err != nil {
		return err
	}
	if err := flipByte(copied, victim.Data); err != nil {
		return err
	}
	report, err := segment.Verify(ctx, copied, func(int64, int64) {})
	if err == nil && report.OK {
		err = errors.New("the alteration was not found")
	}
	if err != nil {
		return err
	}
	a.say(a.tr("✗ 位置 %d：%s", "✗ position %d: %s"), report.FirstBad, report.Problem.In(a.lang))
	return nil
}

// victim returns an entry of a case in the middle of the ledger.
func (n *node) victim(ctx context.Context) (ledger.Envelope, error) {
	head, err := n.local.Head(ctx)
	if err != nil {
		return ledger.Envelope{}, err
	}
	for env, err := range n.local.ReadAll(ctx, head/2) {
		if err != nil {
			return env, err
		}
		if env.Stream.Category == petition.Category && len(env.Data) > 10 {
			return env, nil
		}
	}
	return ledger.Envelope{}, errors.New("there is no case in the second half of the ledger")
}

// flipByte changes one byte of data in the segment of dir that holds it.
func flipByte(dir string, data []byte) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	if err != nil {
		return err
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if at := bytes.Index(b, data); at >= 0 {
			b[at+len(data)/2] ^= 1
			return os.WriteFile(file, b, 0o600)
		}
	}
	return errors.New("the entry is in no file")
}

// rewritten is a ledger in which one byte of an entry was changed and everything
// made to fit again.
type rewritten struct {
	ledger.Log
	at ledger.Position
}

// ReadAll implements [ledger.Log].
func (r rewritten) ReadAll(ctx context.Context, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for env, err := range r.Log.ReadAll(ctx, after) {
			if env.Position == r.at {
				env.Data = bytes.Clone(env.Data)
				env.Data[len(env.Data)/2] ^= 1
				env = env.Seal()
			}
			if !yield(env, err) {
				return
			}
		}
	}
}
