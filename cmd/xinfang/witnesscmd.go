package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"xinfang/domain/ledger"
	"xinfang/infra/durable"
	"xinfang/infra/metrics"
	"xinfang/infra/witness"
)

// witnessVKey is the file in a witness's directory with its public key, and so its
// name.
const witnessVKey = "vkey.txt"

func (a *app) witnessCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "witness",
		Short: a.tr("见证：由检查组在自己的机器上为检查点签名", "the witness, which the inspection team runs on a machine of its own"),
		Long: a.tr("见证只签延续其所见一切的检查点。它应由不受台账管理员支配的单位运行：这样台账的历史即使由掌握全部口令的人重写，也必被发现。",
			"A witness signs only checkpoints that continue all that it has seen. Whoever runs it must not be under those who administer the ledger: then a rewritten history is seen, whatever passwords its author has."),
	}
	var dir string
	cmd.PersistentFlags().StringVar(&dir, "dir", "witness", a.tr("见证的目录", "`directory` of the witness"))
	cmd.AddCommand(a.witnessInit(&dir), a.witnessAdd(&dir), a.witnessServe(&dir), a.witnessCosign(&dir), a.witnessStatus(&dir))
	return cmd
}

func (a *app) witnessInit(dir *string) *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:     "init",
		Short:   a.tr("生成见证的密钥（一次）", "make the key of the witness (once)"),
		Example: "  xinfang witness init --name inspection.example.gov.cn/w1",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			if name == "" {
				return usage("--name 必须给出，如 inspection.example.gov.cn/w1", "give --name, such as inspection.example.gov.cn/w1")
			}
			vkey, err := a.makeWitness(*dir, name)
			if err != nil {
				return err
			}
			if err := durable.Replace(filepath.Join(*dir, witnessVKey), []byte(vkey+"\n"), 0o644); err != nil {
				return err
			}
			return a.print(table{header: []string{a.tr("公钥：用于 xinfang notary init --witness", "public key, for xinfang notary init --witness")}, rows: [][]string{{vkey}}, values: struct {
				VKey string `json:"vkey"`
			}{vkey}})
		},
	}
	cmd.Flags().StringVar(&name, "name", "", a.tr("见证的名称", "`name` of the witness"))
	return cmd
}

// makeWitness makes a witness and returns its public key. A crash after that leaves
// one of which nobody was told: then it is asked for its key, by its name.
func (a *app) makeWitness(dir, name string) (vkey string, err error) {
	told, err := exists(filepath.Join(dir, witnessVKey))
	if err != nil {
		return "", err
	}
	if !told {
		if w, err := witness.Open(dir, witness.Options{Name: name, Now: a.Now, Logger: a.logger()}); err == nil {
			return w.VKey(), w.Close()
		}
	}
	return witness.Create(dir, name, rand.Reader) // which has an error for one that is there
}

func (a *app) witnessAdd(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:   "add POLICY",
		Short: a.tr("加入一个台账：按其信任策略认其公证密钥", "add a ledger, whose notary's keys a policy lists"),
		Args:  exactArgs("POLICY"),
		RunE: func(_ *cobra.Command, args []string) error {
			policy, err := readPolicy(args[0])
			if err != nil {
				return err
			}
			return a.withWitness(*dir, a.logger(), func(w *witness.Witness) error {
				var keys []string
				for _, k := range policy.LogKeys {
					keys = append(keys, k.VKey)
				}
				if err := w.AddLog(policy.Origin, keys); err != nil {
					return err
				}
				return a.printLogs(w.Logs())
			})
		},
	}
}

func (a *app) witnessStatus(dir *string) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: a.tr("见证见过什么", "what the witness has seen"),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			name, err := witnessIn(*dir)
			if err != nil {
				return err
			}
			logs, err := witness.Look(*dir, witness.Options{Name: name, Now: a.Now, Logger: a.logger()})
			if err != nil {
				return err
			}
			return a.printLogs(logs)
		},
	}
}

func (a *app) witnessServe(dir *string) *cobra.Command {
	var addr, scrape string
	var silence time.Duration
	cmd := &cobra.Command{
		Use:   "serve",
		Short: a.tr("以 C2SP tlog-witness 协议提供签名", "cosign over the protocol C2SP tlog-witness"),
		Long: a.tr("以 C2SP tlog-witness 协议提供签名。台账的公证即使没有新条目也每分钟请求一次签名：超过 --silence 没有请求，即在日志中告警；--metrics 供检查组自己的 Prometheus 抓取（告警规则 LogSilent）。这条告警不在运行台账的人手里。",
			"Cosigns over the protocol C2SP tlog-witness. A ledger's notary asks for a signature every minute though nothing is new: if it has not for longer than --silence, the log says so; --metrics is for a Prometheus of the inspection team (rule LogSilent). Those who run the ledger have no hand in this alarm."),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if silence < time.Second {
				return usage("--silence 至少 1s", "--silence is 1s at least")
			}
			log := slog.New(slog.NewJSONHandler(a.Stderr, nil))
			return a.withWitness(*dir, log, func(w *witness.Witness) (err error) {
				open := new(listeners)
				defer func() { err = errors.Join(err, open.close()) }()
				if err := open.http("witness", addr, false, w.Handler(), log); err != nil {
					return err
				}
				v := vigil{witness: w, began: a.Now(), silence: silence, now: a.Now, log: log}
				if scrape != "" {
					if err := open.http("metrics", scrape, false, metrics.WitnessHandler(v.logs), log); err != nil {
						return err
					}
				}
				g, running := errgroup.WithContext(cmd.Context())
				open.serve(g, running, log)
				g.Go(func() error { return v.keep(running) })
				a.say("%s %s", a.tr("见证：", "witness:"), open.all[0].url)
				return g.Wait()
			})
		},
	}
	cmd.Flags().StringVar(&scrape, "metrics", "", a.tr("供 Prometheus 抓取的监听地址（默认不开）", "`address` to listen on for Prometheus (default none)"))
	cmd.Flags().DurationVar(&silence, "silence", 10*time.Minute, a.tr("台账多久没有请求签名即告警", "how long a ledger may ask for no signature before the log says so"))
	cmd.Flags().StringVar(&addr, "addr", "127.0.0.1:8490", a.tr("监听地址；对外服务请放在有 TLS 的网关后面", "`address` to listen on; anything but loopback belongs behind a gateway with TLS"))
	return cmd
}

func (a *app) witnessCosign(dir *string) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:     "cosign REQUEST",
		Short:   a.tr("离线签名：请求与签名以文件经 U 盘往返", "cosign offline: request and signature travel as files"),
		Example: "  xinfang notary request --to request.txt\n  xinfang witness cosign request.txt --to lines.txt\n  xinfang notary merge request.txt lines.txt",
		Args:    exactArgs("REQUEST"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withWitness(*dir, a.logger(), func(w *witness.Witness) error {
				lines, err := w.CosignFile(cmd.Context(), args[0])
				if seen, ok := errors.AsType[*witness.SizeConflict](err); ok {
					return ledger.Troubled("这个见证已见过 %d 条；请在台账一侧重做请求：xinfang notary request --from %[1]d", "this witness has seen %d entries; make the request anew, on the ledger's side: xinfang notary request --from %[1]d", seen.Size)
				}
				if err != nil {
					return err
				}
				if out == "" {
					_, err = a.Stdout.Write(lines)
					return err
				}
				return os.WriteFile(out, lines, 0o644)
			})
		},
	}
	cmd.Flags().StringVar(&out, "to", "", a.tr("写到这个文件（默认写到标准输出）", "write it to this `file` (default standard output)"))
	return cmd
}

// witnessIn returns the name of the witness in dir.
func witnessIn(dir string) (string, error) {
	vkey, err := os.ReadFile(filepath.Join(dir, witnessVKey))
	if errors.Is(err, fs.ErrNotExist) {
		return "", usage("%s 下没有见证；先运行 xinfang witness init", "there is no witness in %s; run xinfang witness init first", dir)
	}
	name, _, _ := strings.Cut(string(vkey), "+")
	return name, err
}

// withWitness opens the witness in dir.
func (a *app) withWitness(dir string, log *slog.Logger, f func(*witness.Witness) error) (err error) {
	name, err := witnessIn(dir)
	if err != nil {
		return err
	}
	w, err := witness.Open(dir, witness.Options{Name: name, Now: a.Now, Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return f(w)
}

// printLogs prints what a witness knows.
func (a *app) printLogs(logs []witness.Log) error {
	type row struct {
		Origin string `json:"origin"`
		Size   int64  `json:"size"`
		Root   string `json:"root,omitzero"`
	}
	rows := []row{}
	t := table{header: []string{a.tr("台账", "ledger"), a.tr("见过的条目", "entries seen"), a.tr("根", "root")}}
	for _, l := range logs {
		r := row{Origin: l.Last.Origin, Size: l.Last.Size}
		if r.Size > 0 {
			r.Root = l.Last.Root.String()
		}
		rows = append(rows, r)
		t.rows = append(t.rows, []string{r.Origin, fmt.Sprint(r.Size), r.Root})
	}
	t.values = rows
	return a.print(t)
}
