package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"xinfang/domain/ledger"
	"xinfang/infra/metrics"
	"xinfang/infra/web"
)

func (a *app) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: a.tr("启动服务：网页、API 与指标", "serve the console, the API and the metrics"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			n, err := a.openNode(cmd.Context(), true)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, n.Close()) }()
			v, err := a.openVault(cmd.Context(), true)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, v.Close()) }()
			return a.serve(cmd.Context(), n, v, a.Now, nil, func(console, metrics string) {
				a.say("%s %s", a.tr("网页与 API：", "console and API:"), console)
				a.say("%s %s", a.tr("指标：", "metrics:"), metrics)
			})
		},
	}
	addressFlags(a, cmd)
	return cmd
}

func addressFlags(a *app, cmd *cobra.Command) {
	cmd.Flags().String("http.addr", "", a.tr("网页与 API 的地址（默认 127.0.0.1:8480）", "`address` of the console and the API (default 127.0.0.1:8480)"))
	cmd.Flags().String("metrics.addr", "", a.tr("指标的地址（默认 127.0.0.1:9480）", "`address` of the metrics (default 127.0.0.1:9480)"))
}

// How often the gauges are counted, and how long requests may take to end when
// the program is told to stop.
const (
	gaugeEvery = 10 * time.Second
	drainTime  = 10 * time.Second
)

// serve runs the servers over n until ctx is done. now is the time that people
// see; ready is told where they are.
func (a *app) serve(ctx context.Context, n *node, v *keeper, now func() time.Time, guides []ledger.Actor, ready func(console, metrics string)) error {
	log := slog.New(slog.NewJSONHandler(a.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	version, revision, goversion := buildInfo()
	m := metrics.New(metrics.Build{Version: version, Revision: revision, GoVersion: goversion, Store: "segment"})
	files := &importer{node: n, vault: v, now: now, count: m.Imported, dir: a.path(importsDir), ctx: ctx}
	desk := &web.Server{
		Store: m.Meter(n.store), Views: n.Views, World: n.World, Wait: n.projector.Wait, Freshness: n.freshness(),
		Vault: v.Vault, UnitReport: n.unitReport, Importer: files, Tokens: tokens{a.path(tokensFile), now},
		Now: now, Random: rand.Reader, Log: log, Demo: guides != nil, Guides: guides, Secure: a.cfg.HTTP.Secure, Version: version,
		Observe: m.Observe, Commanded: m.Commanded, Revealed: m.Revealed,
	}
	if err := n.projector.CatchUp(ctx); err != nil {
		log.Error("the views stopped; the ledger goes on taking entries", "err", err)
	}

	// Listen here, not in the background, so that a port in use is an error now.
	console, err := listen(a.cfg.HTTP.Addr, guides != nil)
	if err != nil {
		return err
	}
	servers := []*http.Server{{
		Handler: desk.Handler(), ReadHeaderTimeout: web.HeaderTimeout, ReadTimeout: web.ReadTimeout, IdleTimeout: web.IdleTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}}
	listeners := []net.Listener{console}
	if a.cfg.Metrics.Addr != "" {
		token, err := a.scrapeToken()
		if err != nil {
			return errors.Join(err, console.Close())
		}
		l, err := listen(a.cfg.Metrics.Addr, guides != nil)
		if err != nil {
			return errors.Join(err, console.Close())
		}
		servers = append(servers, &http.Server{Handler: m.Handler(token), ReadHeaderTimeout: web.HeaderTimeout, ReadTimeout: web.HeaderTimeout})
		listeners = append(listeners, l)
	}

	// Every goroutine of the server starts here, and none outlives serve.
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error {
		// A projector that has stopped is shown, by pages and metrics, and
		// stops nothing else.
		if err := n.projector.Run(running); running.Err() == nil {
			log.Error("the views stopped; the ledger goes on taking entries", "err", err)
		}
		return nil
	})
	g.Go(func() error { return n.gauges(running, m, now, log) })
	for i, srv := range servers {
		g.Go(func() error {
			if err := srv.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
		g.Go(func() error {
			<-running.Done()
			drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
			defer cancel()
			return srv.Shutdown(drain)
		})
	}
	for i, l := range listeners {
		log.Info("listening", "what", []string{"console", "metrics"}[i], "addr", l.Addr().String())
	}
	where := [2]string{1: a.tr("未开", "none")}
	for i, l := range listeners {
		where[i] = "http://" + l.Addr().String() + []string{"", "/metrics"}[i]
	}
	ready(where[0], where[1])
	err = g.Wait()
	files.wait()
	return err
}

// listen listens on addr. In a demo any free port will do if it is taken.
func listen(addr string, demo bool) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil && demo {
		if host, _, err := net.SplitHostPort(addr); err == nil {
			return net.Listen("tcp", net.JoinHostPort(host, "0"))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s; choose another address in the configuration: %w", addr, err)
	}
	return l, nil
}

// scrapeToken returns what a scraper must send; it may be empty on loopback
// only.
func (a *app) scrapeToken() (string, error) {
	if file := a.cfg.Metrics.BearerTokenFile; file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("metrics.bearer_token_file: %w", err)
		}
		if token := strings.TrimSpace(string(raw)); token != "" {
			return token, nil
		}
		return "", fmt.Errorf("metrics.bearer_token_file %s is empty", file)
	}
	host, _, err := net.SplitHostPort(a.cfg.Metrics.Addr)
	if err != nil {
		return "", fmt.Errorf("metrics.addr: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", fmt.Errorf("metrics.addr %s is not loopback: set metrics.bearer_token_file", a.cfg.Metrics.Addr)
	}
	return "", nil
}
