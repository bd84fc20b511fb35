package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"xinfang/domain/proof"
	"xinfang/infra/notary"
	"xinfang/infra/witness"
)

func (a *app) notaryCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "notary", Short: a.tr("公证：设置密钥与信任策略、查看检查点", "the notary: its key and policy, and its checkpoint")}
	cmd.AddCommand(a.notaryInit(), a.notaryShow(), a.notaryRequest(), a.notaryMerge(), a.notaryGuard(), a.notaryRotate(), a.notaryAmend())
	return cmd
}

func (a *app) notaryShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: a.tr("查看信任策略与最近的检查点", "show the policy and the last checkpoint"),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			dir := a.notaryPath(notaryDir, a.cfg.Notary.Dir)
			policy, err := a.believed("")
			if err != nil {
				return err
			}
			kept, err := notary.ReadKept(dir, policy.Origin)
			if err != nil {
				return err
			}
			signed, err := checkpointIn(dir, policy, kept)
			if errors.Is(err, errNoCheckpoint) {
				return a.printPolicy(policy)
			}
			if err != nil {
				return a.unproven(err)
			}
			s, err := policy.Open(signed)
			if err != nil {
				return a.unproven(err)
			}
			return a.printCheckpoint(policy, s, string(signed), kept)
		},
	}
}

func (a *app) notaryRequest() *cobra.Command {
	var out string
	var from int64
	cmd := &cobra.Command{
		Use:   "request",
		Short: a.tr("把最近的检查点写成文件，带给没有网络的见证", "write the last checkpoint to a file, for a witness without a network"),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			dir, policy, signed, err := a.published()
			if err != nil {
				return err
			}
			s, err := policy.Open(signed)
			if err != nil {
				return err
			}
			growth, err := notary.Growth(dir, s.Checkpoint, from)
			if err != nil {
				return err
			}
			request := witness.FormatRequest(from, growth, signed)
			if out == "" {
				_, err = a.Stdout.Write(request)
				return err
			}
			return os.WriteFile(out, request, 0o644)
		},
	}
	cmd.Flags().StringVar(&out, "to", "", a.tr("写到这个文件（默认写到标准输出）", "write it to this `file` (default standard output)"))
	cmd.Flags().Int64Var(&from, "from", 0, a.tr("见证上次见过的条目数（xinfang witness status）", "how many entries the witness has seen (xinfang witness status)"))
	return cmd
}

func (a *app) notaryMerge() *cobra.Command {
	return &cobra.Command{
		Use:   "merge REQUEST LINES...",
		Short: a.tr("并入各见证带回的签名", "add the signatures that came back from witnesses"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage("用法：xinfang notary merge REQUEST LINES...", "usage: xinfang notary merge REQUEST LINES...")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			dir, policy, _, err := a.published()
			if err != nil {
				return err
			}
			raw, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			request, err := witness.ParseRequest(raw)
			if err != nil {
				return err
			}
			lines := make([][]byte, len(args)-1)
			for i, name := range args[1:] {
				if lines[i], err = os.ReadFile(name); err != nil {
					return err
				}
			}
			s, err := notary.Merge(dir, policy, request.Note, lines...)
			if err != nil {
				return err
			}
			return a.printCheckpoint(policy, s.Signed, string(s.Note), notary.Kept{})
		},
	}
}

func (a *app) notaryGuard() *cobra.Command {
	var socket string
	cmd := &cobra.Command{
		Use:   "guard",
		Short: a.tr("以另一用户运行签名守护：密钥不在台账管理员手里", "run the guard as another user, so that the ledger's administrators have not the key"),
		Long: a.tr("签名守护持有公证密钥（notary.key_file）与自己的记录（notary.dir），只签延续此前所签的检查点。台账一方以 notary.guard 指明其套接字；套接字所在目录的权限决定谁能请它签名。",
			"The guard has the notary's key (notary.key_file) and a memory of its own (notary.dir), and signs only what continues what it signed before. The ledger's side names its socket by notary.guard; the rights of the directory that the socket is in say who may ask it."),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if socket == "" {
				return usage("--listen 必须给出：套接字的路径", "give --listen: the path of the socket")
			}
			dir := a.notaryPath(notaryDir, a.cfg.Notary.Dir)
			policy, err := a.believed("")
			if err != nil {
				return err
			}
			signers, err := notary.ReadKeys(a.notaryPath(notaryKey, a.cfg.Notary.KeyFile))
			if err != nil {
				return err
			}
			guard, err := notary.OpenGuard(filepath.Join(dir, "guard"), policy, signers...)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, guard.Close()) }()
			log := slog.New(slog.NewJSONHandler(a.Stderr, nil))
			open := new(listeners)
			defer func() { err = errors.Join(err, open.close()) }()
			if err := open.socket("guard", socket, guard.Handler(log), log); err != nil {
				return err
			}
			g, running := errgroup.WithContext(cmd.Context())
			open.serve(g, running, log)
			a.say("%s %s", a.tr("签名守护：", "guard:"), socket)
			return g.Wait()
		},
	}
	cmd.Flags().StringVar(&socket, "listen", "", a.tr("套接字的路径", "`path` of the socket"))
	return cmd
}

// published returns the notary's directory, its policy and its last checkpoint.
func (a *app) published() (dir string, policy *proof.Policy, signed []byte, err error) {
	dir = a.notaryPath(notaryDir, a.cfg.Notary.Dir)
	if policy, err = a.believed(""); err == nil {
		signed, err = checkpointIn(dir, policy, notary.Kept{})
	}
	return dir, policy, signed, err
}

// printPolicy prints a policy; as a table, as whoever keeps it stores it.
func (a *app) printPolicy(p *proof.Policy) error {
	t := table{header: []string{a.tr("信任策略", "policy")}, values: struct {
		Policy string `json:"policy"`
	}{p.String()}}
	for line := range strings.Lines(p.String()) {
		t.rows = append(t.rows, []string{strings.TrimSuffix(line, "\n")})
	}
	return a.print(t)
}

// witnessed says whether witnesses have cosigned s, and how many.
func (a *app) witnessed(s proof.Signed) string {
	if s.Witnessed {
		return fmt.Sprintf(a.tr("✓ %d 个见证", "✓ witnesses: %d"), len(s.Cosigned))
	}
	return a.tr("✗ UNWITNESSED 未经见证", "✗ UNWITNESSED")
}

// printCheckpoint prints the last checkpoint of a notary that has kept k.
func (a *app) printCheckpoint(p *proof.Policy, s proof.Signed, signed string, k notary.Kept) error {
	state := a.witnessed(s)
	if !s.Witnessed {
		state += a.witnessedTo(p, k)
	}
	return a.print(table{
		header: []string{a.tr("台账", "ledger"), a.tr("条目", "entries"), a.tr("根", "root"), a.tr("见证", "witnessed")},
		rows:   [][]string{{s.Origin, fmt.Sprint(s.Size), s.Root.String(), state}},
		values: struct {
			Origin    string `json:"origin"`
			Size      int64  `json:"size"`
			Root      string `json:"root"`
			Witnessed bool   `json:"witnessed"`
			Note      string `json:"note"`
			Policy    string `json:"policy"`
		}{s.Origin, s.Size, s.Root.String(), s.Witnessed, signed, p.String()},
	})
}
