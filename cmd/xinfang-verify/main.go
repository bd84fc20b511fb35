// Xinfang-verify checks evidence bundles (证据包) of an audit ledger for petitions. It
// needs no server, no store and no network: a bundle, and the policy of whoever
// checks.
//
//	xinfang-verify bundle.zip --policy policy.txt [--update policy.txt]... [--older note.txt]...
//
// Package infra/evidence says what a bundle is and what is checked.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/evidence"
)

func main() {
	os.Exit(run(os.Args[1:], process{Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now}))
}

// A process is everything that the program uses from outside.
type process struct {
	Getenv         func(string) string
	Stdout, Stderr io.Writer
	Now            func() time.Time
}

// The exit codes, besides those of package evidence. Scripts rely on them.
const (
	exitFailure = 1 // a file cannot be read
	exitUsage   = 2 // the command line makes no sense, or the policy
)

// run is main without the process. It returns the exit code.
func run(args []string, p process) int {
	c := command{process: p, lang: language(args, p.Getenv)}
	help, err := c.parse(args)
	if err != nil {
		c.warn("%s", c.explain(err))
		c.warn("%s", c.tr("用法：xinfang-verify 证据包.zip --policy 信任策略.txt；详见 --help", "usage: xinfang-verify bundle.zip --policy policy.txt; --help says more"))
		return exitUsage
	}
	if help {
		return exitOf(c.help())
	}
	o, code, err := c.options()
	if err != nil {
		c.warn("%s", c.explain(err))
		return code
	}
	report, err := check(c.bundle, o)
	if err == nil && c.format == "json" {
		err = report.WriteJSON(c.Stdout)
	} else if err == nil {
		err = report.WriteText(c.Stdout, c.lang)
	}
	if err != nil {
		c.warn("%s", c.explain(err))
		return exitFailure
	}
	return evidence.Exit(report.Verdict)
}

func exitOf(err error) int {
	if err != nil {
		return exitFailure
	}
	return evidence.ExitOK
}

// check checks the bundle at path. The error says that it could not be opened.
func check(path string, o evidence.Options) (evidence.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return evidence.Report{}, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return evidence.Report{}, err
	}
	if !info.Mode().IsRegular() {
		return evidence.Report{}, ledger.Troubled("%s 不是文件", "%s is no file", path)
	}
	return evidence.VerifyAny(f, info.Size(), o), nil
}

// options reads the policy, its updates and the older checkpoints. code is for the error.
func (c *command) options() (o evidence.Options, code int, err error) {
	text, err := readSmall(c.policy)
	if err != nil {
		return o, exitFailure, err
	}
	o = evidence.Options{Now: c.Now(), StaleAfter: c.staleAfter, Reveal: c.reveal}
	if c.readerKey != "" {
		if o.ReaderKey, err = evidence.ReadReaderKey(c.readerKey); err != nil {
			return o, exitFailure, err
		}
	}
	if o.Policy, err = proof.ParsePolicy(text); err != nil {
		return o, exitUsage, err
	}
	if o.Updates, err = readAll(c.update); err != nil {
		return o, exitFailure, err
	}
	if o.Older, err = readAll(c.older); err != nil {
		return o, exitFailure, err
	}
	for i, held := range o.Older {
		if !evidence.IsHeld(held) {
			return o, exitUsage, ledger.Troubled("%s 不是检查点或回执", "%s is neither a checkpoint nor a receipt", c.older[i])
		}
	}
	return o, 0, nil
}

// readAll reads policies or notes.
func readAll(paths []string) (files [][]byte, err error) {
	for _, path := range paths {
		file, err := readSmall(path)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// readSmall reads a policy or a note, or a byte more than either may have.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return io.ReadAll(io.LimitReader(f, proof.MaxNote+1))
}

// explain returns err for the person at the terminal, in his language.
func (c *command) explain(err error) string {
	if both, ok := errors.AsType[interface {
		error
		Say() ledger.Text
	}](err); ok {
		return both.Say().In(c.lang)
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok && errors.Is(path, fs.ErrNotExist) {
		return fmt.Sprintf(c.tr("%s：没有这个文件", "%s: there is no such file"), path.Path)
	} else if ok && errors.Is(path, fs.ErrPermission) {
		return fmt.Sprintf(c.tr("%s：没有权限", "%s: not permitted"), path.Path)
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return fmt.Sprintf(c.tr("没有选项 %s", "there is no flag %s"), dashed(unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames()))
	}
	if empty, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return fmt.Sprintf(c.tr("选项 %s 要有值", "the flag %s takes a value"), dashed(empty.GetSpecifiedName(), empty.GetSpecifiedShortnames()))
	}
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		return fmt.Sprintf(c.tr("--%s：应为时长，如 720h", "--%s: a duration is expected, such as 720h"), wrong.GetFlag().Name)
	}
	return err.Error()
}

// dashed returns a flag as it was written: short, if it was among shorthands.
func dashed(name, shorthands string) string {
	if shorthands != "" {
		return "-" + name
	}
	return "--" + name
}

// warn tells the person at the terminal something. Nobody can be told that it did
// not arrive.
func (c *command) warn(format string, args ...any) {
	_, _ = fmt.Fprintf(c.Stderr, "xinfang-verify: "+format+"\n", args...)
}

// tr returns the text in the language of the run.
func (c *command) tr(zh, en string) string { return ledger.Text{ZH: zh, EN: en}.In(c.lang) }

// language returns what the person reads, "en" or "zh-CN", which is needed before
// the command line is parsed.
func language(args []string, getenv func(string) string) string {
	choice := getenv("XINFANG_LANG")
	for i, arg := range args {
		if v, ok := strings.CutPrefix(arg, "--lang="); ok {
			choice = v
		} else if arg == "--lang" && i+1 < len(args) {
			choice = args[i+1]
		}
	}
	if strings.EqualFold(choice, "en") {
		return "en"
	}
	return "zh-CN"
}
