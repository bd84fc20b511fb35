package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/infra/web"
)

// An app is one run of the program.
type app struct {
	process
	lang   string // "zh-CN" or "en"
	cfg    config
	origin map[string]string // where each setting came from; "" is the default

	// Flags of every command.
	configFile string
	format     string
	asOf       string
	position   int64
}

// newApp prepares a run. The language is needed before the command line is
// parsed, because the help is written in it.
func newApp(p process, args []string) *app {
	a := &app{process: p, lang: "zh-CN"}
	choice := p.Getenv("XINFANG_LANG")
	for i, arg := range args {
		if v, ok := strings.CutPrefix(arg, "--lang="); ok {
			choice = v
		} else if arg == "--lang" && i+1 < len(args) {
			choice = args[i+1]
		}
	}
	if strings.EqualFold(choice, "en") {
		a.lang = "en"
	}
	return a
}

// tr returns the text in the run's language.
func (a *app) tr(zh, en string) string { return ledger.Text{ZH: zh, EN: en}.In(a.lang) }

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "xinfang",
		Short:         a.tr("信访监督台账：每一步都记下来，事后改动必被发现", "an audit ledger for petition handling"),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.configure(cmd)
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	flags := root.PersistentFlags()
	flags.StringVar(&a.configFile, "config", "", a.tr("配置文件（默认 ./xinfang.toml，如有）", "configuration `file` (default ./xinfang.toml if it exists)"))
	flags.String("data", "", a.tr("数据目录（默认 ./data）", "data `directory` (default ./data)"))
	flags.String("store", "", a.tr("台账所在：EventStoreDB 连接串；不写则在数据目录", "where the ledger is kept: `address` of an EventStoreDB; empty is the data directory"))
	flags.String("lang", "", a.tr("语言：zh-CN 或 en", "`language`: zh-CN or en"))
	flags.StringVarP(&a.format, "output", "o", "table", a.tr("输出格式：table、json、jsonl、csv", "output `format`: table, json, jsonl, csv"))
	flags.StringVar(&a.asOf, "as-of", "", a.tr("按该时刻已知的情况回答（RFC 3339 或 2006-01-02）", "answer as known at this `time` (RFC 3339 or 2006-01-02)"))
	flags.Int64Var(&a.position, "at", 0, a.tr("按台账到该位置为止的情况回答", "answer as known at this `position` of the ledger"))
	must(root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)))
	must(root.RegisterFlagCompletionFunc("lang", cobra.FixedCompletions([]string{"zh-CN", "en"}, cobra.ShellCompDirectiveNoFileComp)))

	for _, g := range []struct{ id, zh, en string }{
		{"run", "运行：", "Running:"}, {"work", "业务：", "Cases:"}, {"check", "核查：", "Checking:"}, {"admin", "管理：", "Administration:"},
	} {
		root.AddGroup(&cobra.Group{ID: g.id, Title: a.tr(g.zh, g.en)})
	}
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("run", a.demoCommand(), a.serveCommand(), a.followCommand())
	add("work", a.caseCommand(), a.importCommand(), a.reportCommand())
	add("check", a.verifyCommand(), a.evidenceCommand(), a.mirrorCommand(), a.auditCommand(), a.rebuildCommand(), a.benchCommand())
	add("admin", a.orgCommand(), a.calendarCommand(), a.tokenCommand(), a.vaultCommand(), a.notaryCommand(), a.policyCommand(), a.witnessCommand(), a.storeCommand(), a.configCommand(), a.versionCommand())
	a.speak(root)
	a.finish(root)
	return root
}

// formats is what every command can print.
var formats = []string{"table", "json", "jsonl", "csv"}

// configure settles the configuration: file, environment, flags.
func (a *app) configure(cmd *cobra.Command) error {
	path := a.configFile
	if path == "" {
		path = defaultConfig()
	}
	cfg, origin, err := loadConfig(path, a.Getenv)
	if err != nil {
		return usageError{err}
	}
	for _, s := range cfg.settings() {
		for _, name := range []string{s.key, s.flag()} {
			if f := cmd.Flags().Lookup(name); f != nil && f.Changed {
				if err := s.set(f.Value.String()); err != nil {
					return usagef("--%s: %w", name, err)
				}
				origin[s.key] = "--" + name
			}
		}
	}
	if l := strings.ToLower(cfg.Lang); l != "en" && !strings.HasPrefix(l, "zh") {
		return usagef("lang %q: zh-CN or en", cfg.Lang)
	}
	if !slices.Contains(formats, a.format) && (a.format != "html" || cmd.Annotations["output"] != "html") {
		return usage("--output 应为 %s；案件与单位报告还可用 html", "--output is one of %s; a report on a case or a unit knows html, too", strings.Join(formats, ", "))
	}
	if a.lang = "zh-CN"; strings.EqualFold(cfg.Lang, "en") {
		a.lang = "en"
	}
	a.cfg, a.origin = cfg, origin
	return nil
}

// at returns what --as-of and --at ask for.
func (a *app) at() (web.At, error) {
	if a.position < 0 {
		return web.At{}, usagef("%s", a.tr("--at 应为 1 起的位置", "--at is a position, from 1"))
	}
	if a.asOf == "" {
		return web.At{Position: ledger.Position(a.position)}, nil
	}
	if a.position != 0 {
		return web.At{}, usagef("%s", a.tr("--as-of 与 --at 只能给一个", "give --as-of or --at, not both"))
	}
	t, err := parseTime(a.asOf)
	if err != nil {
		return web.At{}, usagef("--as-of: %w", err)
	}
	return web.At{Time: t}, nil
}

// parseTime reads an instant in RFC 3339, or a date, which means its end in
// Asia/Shanghai: what was known on a day is what was known when it was over.
func parseTime(s string) (time.Time, error) {
	if d, err := law.ParseDate(s); err == nil {
		return d.AddDays(1).Start().Add(-time.Nanosecond).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	return t.UTC(), err
}

// must panics on an error that only a bug can cause.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
