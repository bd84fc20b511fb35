package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
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
		Long: a.tr("台账在数据目录；用 --store 指明 EventStoreDB 集群时，命令写入集群，数据目录保存经过核验的副本，其余一切从副本读取。用 --esdb-listen 以 EventStoreDB 协议对外提供台账。",
			"The ledger is in the data directory. With --store naming an EventStoreDB cluster, commands are recorded there, the data directory keeps a verified replica, and everything else reads that. With --esdb-listen the ledger is served over the EventStoreDB protocol."),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			n, err := a.openServer(cmd.Context())
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, n.Close()) }()
			v, err := a.openVault(cmd.Context(), true)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, v.Close()) }()
			return a.serve(cmd.Context(), n, service{vault: v, keep: v, now: a.Now, ready: a.ready})
		},
	}
	addressFlags(a, cmd)
	sourceFlags(a, cmd)
	listenFlags(a, cmd)
	cmd.Flags().String("notary-witnesses", "", a.tr("见证的地址，可有多个（逗号分隔）", "`addresses` of witnesses, with commas between them"))
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

// A service is what a node is served with.
type service struct {
	vault  web.Vault
	keep   *keeper          // the same vault, for imports; nil if nothing can be recorded
	now    func() time.Time // the time that people see
	guides []ledger.Actor   // in a demonstration, whom to be; nil elsewhere
	frozen bool             // nothing can be recorded here
	ready  func(addresses)  // told where everything is, once all listen
}

// addresses is where a server listens; "" is nowhere.
type addresses struct{ console, metrics, esdb string }

// ready says where the server is.
func (a *app) ready(at addresses) {
	a.say("%s %s", a.tr("网页与 API：", "console and API:"), at.console)
	metrics := at.metrics
	if metrics == "" {
		metrics = a.tr("未开", "none")
	}
	a.say("%s %s", a.tr("指标：", "metrics:"), metrics)
	if at.esdb != "" {
		a.say("%s %s", a.tr("EventStoreDB 协议：", "EventStoreDB protocol:"), at.esdb)
	}
}

// serve runs the servers over n until ctx is done.
func (a *app) serve(ctx context.Context, n *node, with service) (err error) {
	log := slog.New(slog.NewJSONHandler(a.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	version, revision, goversion := buildInfo()
	m := metrics.New(metrics.Build{Version: version, Revision: revision, GoVersion: goversion, Store: n.backend()})
	store := m.Meter(n.store)
	files := &importer{node: n, vault: with.keep, now: with.now, count: m.Imported, dir: a.path(importsDir), ctx: ctx}
	desk := &web.Server{
		Store: store, Views: n.Views, World: n.World, Wait: n.projector.Wait, Freshness: n.freshness(),
		Vault: with.vault, UnitReport: n.unitReport, Importer: files, Tokens: tokens{a.path(tokensFile), with.now},
		Now: with.now, Random: rand.Reader, Log: log, Demo: with.guides != nil, Guides: with.guides, Secure: a.cfg.HTTP.Secure,
		Version: version, ReadOnly: with.frozen,
		Observe: m.Observe, Commanded: m.Commanded, Revealed: m.Revealed,
	}
	var kept *notarised
	if !with.frozen {
		if kept, err = a.openNotary(ctx, n, with.now, log); err != nil {
			return err
		}
	}
	if kept != nil {
		defer func() { err = errors.Join(err, kept.Close()) }()
		kept.vault = with.keep
		if named := len(kept.Status().Witnesses); named < kept.policy.Quorum {
			log.Warn("the policy wants more witnesses than notary.witnesses names: until a courier has gone to them, all is UNWITNESSED", "wants", kept.policy.Quorum, "named", named)
		}
		desk.Notary = kept
		m.Sign(kept.gauge)
	}
	if n.remote != nil {
		desk.Source = n.remote.source
		m.Follow(n.remote.gauge)
	}
	if err := n.projector.CatchUp(ctx); err != nil {
		log.Error("the views stopped; the ledger goes on taking entries", "err", err)
	}
	from, err := n.local.Head(ctx)
	if err != nil {
		return err
	}
	var records, others ledger.Store
	if !with.frozen {
		records, others = store, m.Meter(n.bare)
	}
	guard := newCustodian(n, records, m, log)
	if kept != nil {
		guard.policy = *kept.policy
	}

	// Listen here, not in the background, so that a port in use is an error now.
	open := new(listeners)
	defer func() { err = errors.Join(err, open.close()) }() // those that nobody serves
	if err := open.http("console", a.cfg.HTTP.Addr, with.guides != nil, desk.Handler(), log); err != nil {
		return err
	}
	if a.cfg.Metrics.Addr != "" {
		token, err := a.scrapeToken()
		if err == nil {
			err = open.http("metrics", a.cfg.Metrics.Addr, with.guides != nil, m.Handler(token), log)
		}
		if err != nil {
			return err
		}
	}
	if a.cfg.ESDB.Listen != "" {
		if err := a.openProtocol(open, n, others, guard.refused, log); err != nil {
			return err
		}
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
	g.Go(func() error { return n.gauges(running, m, with.now, log) })
	g.Go(func() error { return guard.recordAttempts(running) })
	if kept != nil {
		g.Go(func() error { return kept.attest(running, log) })
		g.Go(func() error { return kept.audit(running, log) })
		if kept.tsa != nil {
			g.Go(func() error { return kept.anchor(running, log) })
		}
		g.Go(func() error {
			// So is a notary: what it will not sign is what there is to see.
			if err := kept.Run(running); running.Err() == nil {
				log.Error("the notary has stopped; the ledger goes on taking entries", "err", err)
			}
			return nil
		})
	}
	if n.remote != nil {
		n.remote.follow(running, func(err error) { log.Error("copying has stopped; what is held can be read", "err", err) })
		g.Go(func() error { return n.keepChecking(running, log) })
	}
	if n.remote != nil || guard.policy.Writers != nil {
		g.Go(func() error { return guard.watch(running, from) })
	}
	if guard.policy.Writers != nil {
		g.Go(func() error { return guard.review(running, from) })
	}
	open.serve(g, running, log)
	with.ready(open.addresses())
	err = g.Wait()
	guard.again.Wait()
	files.wait()
	return err
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
		return "", ledger.Troubled("metrics.bearer_token_file %s 是空的", "metrics.bearer_token_file %s is empty", file)
	}
	host, _, err := net.SplitHostPort(a.cfg.Metrics.Addr)
	if err != nil {
		return "", fmt.Errorf("metrics.addr: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", ledger.Troubled("metrics.addr %s 不是本机回环地址：须设 metrics.bearer_token_file", "metrics.addr %s is not loopback: set metrics.bearer_token_file", a.cfg.Metrics.Addr)
	}
	return "", nil
}
