package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"xinfang/domain/ledger"
)

// A usageError is a command line that makes no sense.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

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
	case refused && refusal.Kind == ledger.NotFound:
		return exitNotFound
	case refused && refusal.Kind == ledger.Denied:
		return exitDenied
	case refused && refusal.Kind == ledger.Conflict, errors.Is(err, ledger.ErrConflict):
		return exitConflict
	case errors.Is(err, errBusy), errors.Is(err, ledger.ErrRejected), errors.Is(err, context.DeadlineExceeded):
		return exitTemporary
	}
	return exitFailure
}

// explain returns err for the person at the terminal, in his language.
func (a *app) explain(err error) string {
	if refusal, ok := errors.AsType[*ledger.Refusal](err); ok {
		before, _ := strings.CutSuffix(err.Error(), refusal.Error()) // where it happened
		text := before + refusal.Code + " " + refusal.Text.In(a.lang)
		if refusal.Article != "" {
			text += a.tr("（依据："+refusal.Article+"）", " ("+refusal.Article+")")
		}
		return text
	}
	return err.Error()
}
