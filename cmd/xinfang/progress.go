package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A progress shows how far a long job has come: a bar on a terminal, a line
// every few seconds elsewhere. It writes to standard error only.
type progress struct {
	title string
	out   io.Writer
	bar   *progressbar.ProgressBar // nil if out is not a terminal
	start time.Time
	said  time.Time
	n     int64
}

// lineEvery is how often a progress that is no bar says something.
const lineEvery = 5 * time.Second

func (a *app) progress(title string) *progress {
	p := &progress{title: title, out: a.Stderr, start: time.Now(), said: time.Now()}
	if f, ok := a.Stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(a.Stderr), progressbar.OptionSetDescription(title),
			progressbar.OptionShowIts(), progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
	}
	return p
}

// set says that done of total are done; total is 0 if nobody knows it.
func (p *progress) set(done, total int64) {
	p.n = done
	if p.bar != nil {
		if total > 0 {
			p.bar.ChangeMax64(total)
		}
		_ = p.bar.Set64(done) // a bar that cannot be drawn stops nothing
		return
	}
	if time.Since(p.said) < lineEvery {
		return
	}
	p.said = time.Now()
	rate := float64(done) / time.Since(p.start).Seconds()
	_, _ = fmt.Fprintln(p.out, line(p.title, done, total, rate))
}

// line is what a progress says: with a total, how long the rest takes.
func line(title string, done, total int64, rate float64) string {
	if total <= 0 {
		return fmt.Sprintf("%s %d  %.0f/s", title, done, rate)
	}
	eta := "?"
	if rate > 0 && total >= done {
		eta = (time.Duration(float64(total-done)/rate) * time.Second).String()
	}
	return fmt.Sprintf("%s %d/%d  %.0f/s  ETA %s", title, done, total, rate, eta)
}

func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

// logger returns where a command that is no server says what is odd.
func (a *app) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(a.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
