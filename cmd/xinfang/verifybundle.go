package main

import (
	"errors"
	"os"

	"xinfang/domain/ledger"
	"xinfang/infra/evidence"
)

// readHeld reads a checkpoint or a receipt that somebody holds.
func readHeld(name string) ([]byte, error) {
	b, err := readSmall(name)
	if err == nil && !evidence.IsHeld(b) {
		err = usage("%s 不是检查点或回执", "%s is neither a checkpoint nor a receipt", name)
	}
	return b, err
}

// verifyBundle checks the evidence bundle or receipt at path by the policy of f alone, or
// by that which its updates lead to.
func (a *app) verifyBundle(path string, f verification) (err error) {
	if f.policy == "" {
		return usage("核验证据包要用 --policy 指明信任策略：它不能取自证据包本身", "a bundle is checked by a policy, which --policy names: it is never taken from the bundle")
	}
	if a.format != formats[0] && a.format != "json" {
		return usage("证据包的结论只能以 table 或 json 输出", "what is said of a bundle is text or JSON: -o table or json")
	}
	policy, err := readPolicy(f.policy)
	if _, wrong := errors.AsType[*ledger.Trouble](err); wrong {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	o := evidence.Options{Policy: policy, Now: a.Now(), Reveal: f.reader.reveal, StaleAfter: f.stale}
	if o.ReaderKey, err = f.reader.key(a.format); err != nil {
		return err
	}
	for _, name := range f.updates {
		next, err := readSmall(name)
		if err != nil {
			return err
		}
		o.Updates = append(o.Updates, next)
	}
	for _, name := range f.older {
		note, err := readHeld(name)
		if err != nil {
			return err
		}
		o.Older = append(o.Older, note)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return ledger.Troubled("%s 不是文件", "%s is no file", path)
	}
	report := evidence.VerifyAny(file, info.Size(), o)
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
