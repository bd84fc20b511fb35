package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/infra/web"
)

// A usageError is a command line that makes no sense.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// usage is usagef in both languages.
func usage(zh, en string, args ...any) error {
	return usageError{said{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}}
}

// said is an error with a text in each language.
type said ledger.Text

func (s said) Error() string { return s.EN }

// A located error is err with where it happened.
type located struct {
	where said
	err   error
}

func (l located) Error() string { return l.where.EN + ": " + l.err.Error() }
func (l located) Unwrap() error { return l.err }

// locate returns err with where it happened, in two formats with the same arguments.
func locate(err error, zh, en string, args ...any) error {
	return located{said{fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)}, err}
}

// A quietError has been reported already; it only carries the exit code.
type quietError struct{ code int }

func (e quietError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// errBusy reports that another process has the ledger open.
var errBusy = errors.New("another process has the ledger open")

// exitCode returns the exit code for err. This is the only place that knows.
func exitCode(err error) int {
	var quiet quietError
	var usage usageError
	refusal, refused := errors.AsType[*ledger.Refusal](err)
	switch {
	case errors.As(err, &quiet):
		return quiet.code
	case errors.As(err, &usage):
		return exitUsage
	case errors.Is(err, ledger.ErrAltered):
		return exitUnverified
	case refused && refusal.Kind == ledger.NotFound:
		return exitNotFound
	case refused && refusal.Kind == ledger.Denied:
		return exitDenied
	case refused && refusal.Kind == ledger.Conflict, errors.Is(err, ledger.ErrConflict), errors.Is(err, fs.ErrExist):
		return exitConflict
	case errors.Is(err, errBusy), errors.Is(err, errUnheard), errors.Is(err, ledger.ErrRejected), errors.Is(err, context.DeadlineExceeded):
		return exitTemporary
	}
	return exitFailure
}

// explain returns err for the person at the terminal, in his language: what is
// known of its cause in our words, after where it happened.
func (a *app) explain(err error) string {
	text, cause := a.causeOf(err)
	if cause == nil {
		return err.Error()
	}
	return strings.Replace(err.Error(), cause.Error(), text, 1)
}

// causeOf returns the words that there are for a part of err, and that part; nil
// if there are none.
func (a *app) causeOf(err error) (text string, cause error) {
	if at, ok := errors.AsType[located](err); ok {
		return ledger.Text(at.where).In(a.lang) + a.tr("：", ": ") + a.explain(at.err), at
	}
	if refusal, ok := errors.AsType[*ledger.Refusal](err); ok {
		return a.refused(refusal.Code, refusal.Text.In(a.lang), refusal.Article), refusal
	}
	if words, ok := errors.AsType[said](err); ok {
		return ledger.Text(words).In(a.lang), words
	}
	if both, ok := errors.AsType[interface {
		error
		Say() ledger.Text
	}](err); ok {
		return both.Say().In(a.lang), err // it says where it happened, too
	}
	if errors.Is(err, context.Canceled) {
		return a.tr("已中断", "interrupted"), err // by the person who reads it: where is no news
	}
	if text, cause := a.flagError(err); cause != nil {
		return text, cause
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && errors.Is(op, syscall.EADDRINUSE) {
		return fmt.Sprintf(a.tr("地址 %v 已被占用；请换一个端口，或先停掉占用它的程序", "the address %v is in use; take another port, or stop what uses it"), op.Addr), op
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		switch {
		case errors.Is(path, fs.ErrNotExist):
			return fmt.Sprintf(a.tr("%s：没有这个文件或目录", "%s: there is no such file or directory"), path.Path), path
		case errors.Is(path, fs.ErrPermission):
			return fmt.Sprintf(a.tr("%s：没有权限", "%s: not permitted"), path.Path), path
		case errors.Is(path, syscall.EISDIR), errors.Is(path, syscall.ENOTDIR):
			return fmt.Sprintf(a.tr("%s：应为文件，却是目录，或上级不是目录", "%s: a file is wanted, and this is a directory, or what is above it is none"), path.Path), path
		case errors.Is(path, fs.ErrExist):
			return fmt.Sprintf(a.tr("%s：已有这个文件，不会覆盖", "%s: there is such a file, which will not be replaced"), path.Path), path
		}
	}
	if errors.Is(err, law.ErrDate) {
		return a.tr("应为日期，如 2026-01-31", "a date is expected, such as 2026-01-31"), law.ErrDate
	}
	if at, ok := errors.AsType[*time.ParseError](err); ok {
		return a.tr("应为日期或时间，如 2026-01-31 或 2026-01-31T09:30:00+08:00", "a date or a time is expected, such as 2026-01-31 or 2026-01-31T09:30:00+08:00"), at
	}
	return "", nil
}

// flagError is causeOf for what the parser of flags says.
func (a *app) flagError(err error) (text string, cause error) {
	name := func(name, shorthands string) string {
		if shorthands != "" {
			return "-" + name
		}
		return "--" + name
	}
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		return fmt.Sprintf(a.tr("没有选项 %s；用 --help 查看有哪些", "there is no flag %s; --help lists those that there are"), name(e.GetSpecifiedName(), e.GetSpecifiedShortnames())), e
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return fmt.Sprintf(a.tr("选项 %s 要有值", "the flag %s takes a value"), name(e.GetSpecifiedName(), e.GetSpecifiedShortnames())), e
	}
	if e, ok := errors.AsType[*pflag.InvalidSyntaxError](err); ok {
		return fmt.Sprintf(a.tr("选项 %s 写法不对", "the flag %s is not well formed"), e.GetSpecifiedFlag()), e
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		want := a.tr("值不对", "not a value that it takes")
		switch kind := e.GetFlag().Value.Type(); kind {
		case "int", "int64", "uint64":
			want = a.tr("应为整数", "a whole number is expected")
		case "bool":
			want = a.tr("应为 true 或 false", "true or false is expected")
		case "duration":
			want = a.tr("应为时长，如 30s 或 5m", "a duration is expected, such as 30s or 5m")
		}
		return fmt.Sprintf(a.tr("--%s：%s", "--%s: %s"), e.GetFlag().Name, want), e
	}
	return "", nil
}

// refused writes out a refusal.
func (a *app) refused(code, text, article string) string {
	text = code + " " + text
	if article != "" {
		text += a.tr("（依据："+article+"）", " ("+article+")")
	}
	return text
}

// problem writes out what the API refused, with what to do, and what is wrong with
// single fields, and what others have done.
func (a *app) problem(p web.Problem) string {
	text := a.refused(p.Code, p.Detail, p.Article)
	if p.Hint != "" {
		text += " — " + p.Hint
	}
	for _, e := range p.Errors {
		text += "\n  " + e.Location + a.tr("：", ": ") + e.Message
	}
	for _, e := range p.Newer {
		text += fmt.Sprintf("\n  %d  %s  %s  %s", e.Version, e.Occurred, e.Type, e.Actor.Officer)
	}
	return text
}
