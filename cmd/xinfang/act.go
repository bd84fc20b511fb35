package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/infra/web"
)

// tokenEnv names the environment variable with the token of who acts.
const tokenEnv = "XINFANG_TOKEN"

func (a *app) actCommand() *cobra.Command {
	var version int64
	var command string
	cmd := &cobra.Command{
		Use:   "act NO COMMAND [FILE]",
		Short: a.tr("对一件下达命令（JSON 来自文件或标准输入；口令在 XINFANG_TOKEN）", "put a command to a case (JSON from a file or standard input; token in XINFANG_TOKEN)"),
		Example: `  echo '{"reasons":"不属本单位职责"}' | xinfang case act XF-2026-000001 raise-objection
  xinfang case act XF-2026-000001 accept accept.json --if-version 5`,
		Args: argsOf(2, "NO", "COMMAND", "FILE"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) != 1 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			var names []string
			for _, name := range petition.CommandNames() {
				names = append(names, name+"\t"+petition.Title(name).In(a.lang))
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := a.body(args[2:])
			if err != nil {
				return err
			}
			path := "/api/v1/cases/" + url.PathEscape(args[0])
			if version < 0 {
				if version, err = a.versionOf(cmd.Context(), args[0]); err != nil {
					return err
				}
			}
			return a.call(cmd.Context(), path+"/commands/"+url.PathEscape(args[1]), fmt.Sprintf(`"%d"`, version), command, body)
		},
	}
	cmd.Flags().Int64Var(&version, "if-version", -1, a.tr("该件应处于的版本（默认为当前版本）", "the version the case must be at (default: the present one)"))
	cmd.Flags().StringVar(&command, "id", "", a.tr("命令标识 UUID；重复执行同一标识只记一次", "command id, a UUID: asking twice with the same one is asking once"))
	return cmd
}

func (a *app) registerCommand() *cobra.Command {
	var command string
	cmd := &cobra.Command{
		Use:     "register [FILE]",
		Short:   a.tr("收件并登记（JSON；口令在 XINFANG_TOKEN）", "receive and register a petition (JSON; token in XINFANG_TOKEN)"),
		Example: `  xinfang case register petition.json`,
		Args:    argsOf(0, "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := a.body(args)
			if err != nil {
				return err
			}
			return a.call(cmd.Context(), "/api/v1/cases", "", command, body)
		},
	}
	cmd.Flags().StringVar(&command, "id", "", a.tr("命令标识 UUID；重复执行同一标识只记一次", "command id, a UUID: asking twice with the same one is asking once"))
	return cmd
}

// body reads the JSON of a command.
func (a *app) body(args []string) ([]byte, error) {
	if len(args) == 0 {
		return io.ReadAll(a.Stdin)
	}
	return os.ReadFile(args[0])
}

func (a *app) versionOf(ctx context.Context, number string) (version int64, err error) {
	err = a.withCase(ctx, number, func(_ context.Context, c *present) error {
		version = int64(c.Version)
		return nil
	})
	return version, err
}

// call posts to the API: that of the server, if one has the ledger open, or else
// our own, without a socket. So there is one way in for every command.
func (a *app) call(ctx context.Context, path, ifMatch, command string, body []byte) error {
	if command == "" {
		command = uuid.NewString()
	}
	request := func(base string) (*http.Request, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept-Language", a.lang)
		r.Header.Set("Idempotency-Key", command)
		r.Header.Set("Authorization", "Bearer "+a.Getenv(tokenEnv))
		if ifMatch != "" {
			r.Header.Set("If-Match", ifMatch)
		}
		return r, nil
	}
	n, err := a.openNode(ctx, true)
	if errors.Is(err, errBusy) {
		r, err := request("http://" + a.cfg.HTTP.Addr)
		if err != nil {
			return err
		}
		client := http.Client{Timeout: time.Minute}
		answer, err := client.Do(r)
		if err != nil {
			return locate(err, "台账正由服务使用，而该服务在 http.addr（%s）没有应答", "a server has the ledger open, and does not answer at http.addr (%s)", a.cfg.HTTP.Addr)
		}
		return errors.Join(a.answer(answer), answer.Body.Close())
	}
	if err != nil {
		return err
	}
	r, err := request("http://localhost")
	if err != nil {
		return errors.Join(err, n.Close())
	}
	v, err := a.openVault(ctx, true)
	if err != nil {
		return errors.Join(err, n.Close())
	}
	recorder := httptest.NewRecorder()
	a.desk(n, v).Handler().ServeHTTP(recorder, r)
	err = n.projector.CatchUp(ctx)
	return errors.Join(a.answer(recorder.Result()), err, v.Close(), n.Close())
}

// desk is our own API, for one request.
func (a *app) desk(n *node, v *keeper) *web.Server {
	return &web.Server{
		Store: n.store, Views: n.Views, World: n.World, Wait: func(context.Context, ledger.Position) error { return nil },
		Vault: v.Vault, Tokens: tokens{a.path(tokensFile), a.Now}, Now: a.Now, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	}
}

// answer prints what the API said, and makes a problem an exit code: in words for
// people, and as it came for programs.
func (a *app) answer(r *http.Response) error {
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if r.StatusCode < 300 {
		a.say("%s", strings.TrimSpace(string(text)))
		return nil
	}
	var p web.Problem
	if a.format == "json" || a.format == "jsonl" || json.Unmarshal(text, &p) != nil || p.Code == "" {
		a.warn("%s", strings.TrimSpace(string(text)))
	} else {
		a.warn("xinfang: %s", a.problem(p))
	}
	code := exitFailure
	switch r.StatusCode {
	case http.StatusInternalServerError:
		if p.Code == web.CodeUnverified {
			code = exitUnverified
		}
	case http.StatusConflict, http.StatusPreconditionFailed:
		code = exitConflict
	case http.StatusForbidden, http.StatusUnauthorized:
		code = exitDenied
	case http.StatusNotFound:
		code = exitNotFound
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		code = exitTemporary
	}
	return quietError{code}
}
