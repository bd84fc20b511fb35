package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
	"xinfang/infra/notary"
)

// believed returns the policy in the file, or that of the notary here if no file is
// named. The error is errNoNotary if there is no notary.
func (a *app) believed(file string) (*proof.Policy, error) {
	if file != "" {
		return readPolicy(file)
	}
	dir := a.notaryPath(notaryDir, a.cfg.Notary.Dir)
	path := filepath.Join(dir, notary.PolicyName)
	policy, err := readPolicy(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return policy, err
	}
	// The key comes after the policy, and so does all else: one that has them and no
	// policy was not left so by a crash.
	traces := []string{a.notaryPath(notaryKey, a.cfg.Notary.KeyFile), filepath.Join(dir, "checkpoint"), filepath.Join(dir, "guard")}
	for _, trace := range traces {
		there, err := exists(trace)
		if err != nil {
			return nil, err
		}
		if there {
			return nil, missing("ERR_POLICY",
				fmt.Sprintf("信任策略 %s 不见了，而公证的 %s 还在；请从备份或从保管人处取回那一份，并查明是谁移走的", path, trace),
				fmt.Sprintf("the policy %s is missing, and %s of the notary is there; restore it from a backup or from somebody who has kept it, and find out who took it away", path, trace))
		}
	}
	return nil, errNoNotary
}

// checkpointIn returns the last checkpoint of a notary in dir, which has kept k: with
// the lines that a courier has brought from witnesses, if they are of the same tree. The
// error is errNoCheckpoint if there is none.
func checkpointIn(dir string, policy *proof.Policy, k notary.Kept) ([]byte, error) {
	published, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cmp.Or(lost(k), error(errNoCheckpoint))
	}
	if err != nil || k.Witnessed == nil {
		return published, err
	}
	last, err := policy.Open(published)
	witnessed, unbelieved := policy.Open(k.Witnessed)
	if err == nil && unbelieved == nil && !last.Witnessed && witnessed.Checkpoint == last.Checkpoint {
		return k.Witnessed, nil
	}
	return published, nil
}

// witnessedTo says how much of a ledger witnesses have cosigned, if the last checkpoint is
// not; "" if that is nothing.
func (a *app) witnessedTo(policy *proof.Policy, k notary.Kept) string {
	if s, err := policy.Open(k.Witnessed); err == nil && s.Witnessed {
		return fmt.Sprintf(a.tr("（前 %d 条经见证）", " (the first %d are witnessed)"), s.Size)
	}
	return ""
}

// lost says that there was a checkpoint; nil if nothing of what was kept shows that. The
// guard writes down what it signs before that is published, so that its memory does not.
func lost(k notary.Kept) error {
	if k.Witnessed == nil && k.Verified == nil {
		return nil
	}
	return proof.Found(proof.RolledBack, "检查点文件不见了，而经见证的（witnessed）或上次校验的（verified）检查点还在；请查明是谁移走的，再以所存的检查点核对（--older）",
		"the checkpoint is missing, and one that was witnessed (witnessed) or verified (verified) is there; find out who took it away, and compare with the checkpoints that others hold (--older)")
}

// named adds to what was found in log the numbers of the cases that it is about.
func named(ctx context.Context, log ledger.Log, found ...*proof.Finding) {
	for _, f := range found {
		if f == nil {
			continue
		}
		stream, _ := ledger.ParseStream(f.Stream)
		if stream.Category != petition.Category {
			continue
		}
		for env, err := range log.ReadStream(ctx, stream, 0) {
			if err == nil {
				f.Number = petition.NumberOf(stream.ID, env.Data)
			}
			break // a log that cannot be read has no number
		}
	}
}

// inFile says before a finding in which file it is.
func inFile(err error, name string) error {
	f, ok := errors.AsType[*proof.Finding](err)
	if !ok {
		return err
	}
	said := *f
	said.Text = ledger.Text{ZH: name + "：" + f.Text.ZH, EN: name + ": " + f.Text.EN}
	return &said
}

var errNoCheckpoint = &ledger.Refusal{Code: "ERR_NO_CHECKPOINT", Kind: ledger.NotFound, Text: ledger.Text{
	ZH: "公证还没有签过检查点；启动服务（xinfang serve），或导出一个证据包，就会签", EN: "the notary has signed no checkpoint yet; it does when a server runs (xinfang serve), or a bundle is exported",
}}
