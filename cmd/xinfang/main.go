// Xinfang is an audit ledger for petition handling (信访监督台账).
//
//	xinfang demo      a district's year of petitions, in the browser
//	xinfang serve     the console, the API and the metrics
//	xinfang help      everything else
//
// This package is wiring: it reads flags and configuration, opens the parts and
// puts them together. A file for each subcommand; node.go has the parts.
package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	// A reader who goes away, such as head(1), ends nothing halfway: what was begun in a
	// temporary directory is removed.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], process{
		Getenv: os.Getenv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
	})
	stop()
	os.Exit(code)
}

// A process is everything that the program uses from outside, so that tests can
// run it too.
type process struct {
	Getenv         func(string) string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time
}

// The exit codes. Scripts rely on them.
const (
	exitOK         = 0
	exitFailure    = 1
	exitUsage      = 2
	exitUnverified = 3  // the ledger, or a proof, does not verify
	exitConflict   = 4  // someone else acted first
	exitDenied     = 5  // not permitted
	exitNotFound   = 6  // no such case, unit or officer
	exitTemporary  = 75 // try again later
)

// run is main without the process. It returns the exit code.
func run(ctx context.Context, args []string, p process) int {
	app := newApp(p, args)
	root := app.root()
	root.SetArgs(args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var quiet quietError
	if !errors.As(err, &quiet) && !readerGone(err) {
		app.warn("xinfang: %s", app.explain(err))
	}
	return exitCode(err)
}

// readerGone reports whether err says that the reader of the output has gone away: he does
// not want to be told.
func readerGone(err error) bool {
	path, ok := errors.AsType[*fs.PathError](err)
	return ok && path.Path == os.Stdout.Name() && errors.Is(err, syscall.EPIPE)
}
