package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/infra/web"
	"xinfang/projections"
)

func (a *app) benchHTTP() *cobra.Command {
	var rounds int
	cmd := &cobra.Command{
		Use:   "http",
		Short: a.tr("网页响应时间：件页与各种筛选的列表，经本机 TCP", "response times of case pages and filtered lists, over loopback TCP"),
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.measurePages(cmd.Context(), rounds) },
	}
	cmd.Flags().IntVar(&rounds, "rounds", 50, a.tr("每种页面请求多少次", "requests for each kind of page"))
	return cmd
}

// measuredPages are the kinds of page that are measured; %s is a case number.
var measuredPages = []struct{ name, path string }{
	{"case", "/cases/%s"}, {"list", "/cases"}, {"overdue", "/cases?queue=statutory"}, {"overdue district", "/cases?queue=district"},
	{"today", "/cases?queue=today"}, {"soon", "/cases?queue=soon"}, {"by unit", "/cases?unit=zjj"}, {"by channel", "/cases?channel=visit"},
	{"by class and stage", "/cases?class=claim&stage=CLOSED"}, {"received in a month", "/cases?from=2026-03-01&to=2026-04-01&sort=received"},
	{"late entries", "/cases?mark=late"}, {"corrected, by due date", "/cases?mark=corrected&sort=due"}, {"a word", "/cases?q=低保"}, {"one character", "/cases?q=低"},
	{"a word in a unit", "/cases?q=补偿&unit=zjj"}, {"overview", "/"},
}

// onlyToken lets one officer in, whatever the token.
type onlyToken struct{ actor ledger.Actor }

func (o onlyToken) Actor(context.Context, string) (ledger.Actor, bool) { return o.actor, true }

// measurePages serves the ledger to itself, and asks for each kind of page, one
// request after another.
func (a *app) measurePages(ctx context.Context, rounds int) (err error) {
	n, err := a.openNode(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	if err := n.projector.CatchUp(ctx); err != nil {
		return err
	}
	v, err := a.openVault(ctx, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	inspector, err := n.inspector(ctx)
	if err != nil {
		return err
	}
	desk := &web.Server{
		Store: readOnly{n.store}, Views: n.Views, World: n.World, Wait: n.projector.Wait, Freshness: n.freshness(), UnitReport: n.unitReport, Vault: v.Vault,
		Tokens: onlyToken{inspector}, Now: a.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: desk.Handler(), ReadHeaderTimeout: web.HeaderTimeout}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() {
		if stopped := <-served; !errors.Is(stopped, http.ErrServerClosed) {
			err = errors.Join(err, stopped)
		}
	}()
	defer func() { err = errors.Join(err, server.Close()) }()

	numbers, err := n.someCases(ctx, rounds)
	if err != nil {
		return err
	}
	type timing struct {
		Page  string  `json:"page"`
		P50ms float64 `json:"p50_ms"`
		P95ms float64 `json:"p95_ms"`
		Max   float64 `json:"max_ms"`
	}
	timings := []timing{}
	t := table{header: []string{a.tr("页面", "page"), "p50 ms", "p95 ms", "max ms"}}
	for _, p := range measuredPages {
		var took []time.Duration
		for i := range rounds {
			path := p.path
			if p.name == "case" {
				path = fmt.Sprintf(path, numbers[i%len(numbers)])
			}
			d, err := fetch(ctx, "http://"+l.Addr().String()+path)
			if err != nil {
				return err
			}
			took = append(took, d)
		}
		slices.Sort(took)
		ms := func(share float64) float64 {
			return float64(took[min(int(share*float64(len(took))), len(took)-1)].Microseconds()) / 1000
		}
		one := timing{p.name, ms(.5), ms(.95), ms(1)}
		timings = append(timings, one)
		t.rows = append(t.rows, []string{one.Page, fmt.Sprintf("%.1f", one.P50ms), fmt.Sprintf("%.1f", one.P95ms), fmt.Sprintf("%.1f", one.Max)})
	}
	t.values = timings
	return a.print(t)
}

func fetch(ctx context.Context, url string) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer bench")
	start := time.Now()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	took := time.Since(start)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return 0, err
	}
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("%s: %s", url, answer.Status)
	}
	return took, nil
}

// inspector returns somebody who may see everything.
func (n *node) inspector(ctx context.Context) (ledger.Actor, error) {
	w, err := n.World(ctx, 0)
	if err != nil {
		return ledger.Actor{}, err
	}
	for _, o := range w.Directory.Officers() {
		for _, p := range w.Directory.PostsOf(o.Number, n.app.Now()) {
			if p.Role == org.Inspector {
				return ledger.Actor{Officer: o.Number, Unit: p.Unit, Post: p.Title, Role: string(p.Role)}, nil
			}
		}
	}
	return ledger.Actor{}, errors.New("nobody in the directory is an inspector")
}

// someCases returns the numbers of some cases, old and new.
func (n *node) someCases(ctx context.Context, count int) ([]string, error) {
	var numbers []string
	for _, sort := range []projections.Sort{projections.SortNewest, projections.SortReceived, projections.SortDue} {
		page, err := n.views.List(ctx, projections.Filter{Sort: sort, Limit: max(count/3, 1), Now: n.app.Now(), Restricted: true})
		if err != nil {
			return nil, err
		}
		for _, r := range page.Rows {
			numbers = append(numbers, r.Number)
		}
	}
	if len(numbers) == 0 {
		return nil, errors.New("there are no cases to look at")
	}
	return numbers, nil
}

// readOnly is a log as a store that takes nothing.
type readOnly struct{ ledger.Log }

// Append implements [ledger.Store].
func (readOnly) Append(context.Context, ledger.Stream, ledger.Version, ...ledger.Record) ([]ledger.Envelope, error) {
	return nil, ledger.ErrRejected
}
