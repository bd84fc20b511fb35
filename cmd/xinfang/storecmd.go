package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"xinfang/infra/esdb"
	"xinfang/infra/esdbnode"
)

func (a *app) storeCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "store", Short: a.tr("EventStoreDB：权限、迁移、证书与账号", "EventStoreDB: rights, moving, certificates and accounts")}
	cmd.AddCommand(a.storeSetup(), a.storeCheck(), a.storeMigrate(), a.storeCerts(), a.storeUser())
	return cmd
}

func (a *app) storeSetup() *cobra.Command {
	var who esdb.Roles
	cmd := &cobra.Command{
		Use:   "setup",
		Short: a.tr("写入默认权限：任何账号都不能删除或截断（由管理员运行一次）", "write the default rights under which nobody deletes or truncates (once, as an administrator)"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(who.Writers) == 0 {
				return usage("--writers 必须给出：至少一个追加账号", "give --writers: at least one account that appends")
			}
			return a.withClient(cmd.Context(), func(c *esdb.Client) error {
				changed, err := c.Setup(cmd.Context(), who)
				fixed := errors.Is(err, esdb.ErrFixed)
				if err != nil && !fixed {
					return err
				}
				what := strings.Join(changed, " ")
				switch {
				case fixed:
					what = a.tr("服务器的权限固定，已不可删改，未作改动", "the rights of this server are fixed, and nothing can be deleted; nothing was changed")
				case len(changed) == 0:
					what = a.tr("已是如此，未作改动", "all is so already; nothing was changed")
				}
				return a.print(table{
					header: []string{a.tr("集群", "cluster"), a.tr("写入", "written")},
					rows:   [][]string{{c.Host(), what}},
					values: struct {
						Changed []string `json:"changed"`
						Fixed   bool     `json:"fixed"`
					}{append([]string{}, changed...), fixed},
				})
			})
		},
	}
	sourceFlags(a, cmd)
	cmd.Flags().StringSliceVar(&who.Readers, "readers", nil, a.tr("只读账号或组（检查组的副本）", "`accounts` or groups that read (the inspection team's replicas)"))
	cmd.Flags().StringSliceVar(&who.Writers, "writers", nil, a.tr("追加账号或组（本系统的节点）", "`accounts` or groups that append (nodes of this program)"))
	return cmd
}

func (a *app) storeCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: a.tr("核查本账号能否在集群中删除或截断（能则退出码 3）", "check whether this account could delete or truncate in the cluster (exit code 3 if so)"),
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withClient(cmd.Context(), func(c *esdb.Client) error {
				found, err := c.Immutable(cmd.Context())
				if err != nil {
					return fmt.Errorf("%w: %w", errUnheard, err)
				}
				type finding struct {
					Code string `json:"code"`
					Text string `json:"text"`
				}
				t := table{header: []string{a.tr("代码", "code"), a.tr("发现", "finding")}}
				list := []finding{}
				for _, f := range found.Findings {
					t.rows = append(t.rows, []string{f.Code, f.Text.In(a.lang)})
					list = append(list, finding{f.Code, f.Text.In(a.lang)})
				}
				if found.OK {
					t.rows = [][]string{{"✓", a.tr("不能删除、截断或隐藏", "nothing can be deleted, truncated or hidden")}}
				}
				t.values = struct {
					OK       bool      `json:"ok"`
					Findings []finding `json:"findings"`
				}{found.OK, list}
				if err := a.print(t); err != nil || found.OK {
					return err
				}
				return quietError{exitUnverified}
			})
		},
	}
	sourceFlags(a, cmd)
	return cmd
}

// withClient lets use a client of the cluster that --store names.
func (a *app) withClient(ctx context.Context, use func(*esdb.Client) error) error {
	if a.cfg.Store == "" {
		return usagef("%s", a.tr("用 --store 指明 EventStoreDB 的连接串", "name the EventStoreDB with --store"))
	}
	c, err := a.dial(a.cfg.Store)
	if err != nil {
		return err
	}
	err = use(c)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	return errors.Join(err, c.Close(closing))
}

func (a *app) storeCerts() *cobra.Command {
	var dir, client string
	var nodes []string
	cmd := &cobra.Command{
		Use:   "certs",
		Short: a.tr("生成 TLS 证书：自建签发者，每个节点一张（已有的不动）", "make TLS certificates: an authority of your own, and one for each node (what there is stays)"),
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			if dir == "" || len(nodes) == 0 && client == "" {
				return usagef("%s", a.tr("--out 与 --node（或 --client）必须给出", "give --out and --node (or --client)"))
			}
			if err := esdbnode.WriteCertificates(dir, nodes, a.Now(), rand.Reader); err != nil {
				return err
			}
			made := []string{filepath.Join(dir, "ca.crt")}
			for _, n := range nodes {
				made = append(made, filepath.Join(dir, n, "node.crt"))
			}
			if client != "" {
				if err := esdbnode.ClientCertificate(dir, client, a.Now(), rand.Reader); err != nil {
					return err
				}
				made = append(made, filepath.Join(dir, "user-"+client, "client.crt"))
			}
			t := table{values: made}
			for _, name := range made {
				t.rows = append(t.rows, []string{name})
			}
			return a.print(t)
		},
	}
	cmd.Flags().StringVar(&dir, "out", "", a.tr("写入的目录", "`directory` to write to"))
	cmd.Flags().StringArrayVar(&nodes, "node", nil, a.tr("节点的域名或 IP（可多次）", "DNS `name` or IP of a node (may be repeated)"))
	cmd.Flags().StringVar(&client, "client", "", a.tr("另为该账号生成客户端证书", "also make a client certificate for this `account`"))
	return cmd
}

// addUser makes an account and returns its password, or the file that it is in: a
// new one, for what is in another is somebody's.
//
// If we crash in between, the account is there and nobody has its password: remove
// it, and add it again.
func (a *app) addUser(name string, roles []string, file string) (string, error) {
	for _, role := range roles {
		if err := oneOf("role", role, esdbnode.Roles); err != nil {
			return "", err
		}
	}
	if file == "" {
		return esdbnode.AddUser(a.usersPath(), name, roles, rand.Reader)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return "", usage("%s 已存在，不会覆盖；换一个文件名", "%s exists and is not overwritten; name another file", file)
	}
	if err != nil {
		return "", err
	}
	secret, err := esdbnode.AddUser(a.usersPath(), name, roles, rand.Reader)
	if err == nil {
		_, err = f.WriteString(secret + "\n")
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file))
	}
	return file, nil
}

func (a *app) storeUser() *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: a.tr("本节点 EventStoreDB 协议的账号", "accounts of this node's EventStoreDB protocol")}
	var roles []string
	var file string
	add := &cobra.Command{
		Use: "add NAME", Short: a.tr("新建账号（口令只显示一次）", "make an account (its password is shown once)"), Args: exactArgs("NAME"),
		RunE: func(_ *cobra.Command, args []string) error {
			secret, err := a.addUser(args[0], roles, file)
			if err != nil {
				return err
			}
			return a.print(table{
				header: []string{a.tr("账号", "account"), a.tr("口令", "password")},
				rows:   [][]string{{args[0], secret}},
				values: map[string]string{"account": args[0], "password": secret},
			})
		},
	}
	add.Flags().StringSliceVar(&roles, "role", []string{"read"}, a.tr("权限：read、append（以 --store 运行的节点要两者）", "`rights`: read, append (a node with --store takes both)"))
	add.Flags().StringVar(&file, "password-file", "", a.tr("把口令写入这个文件，不显示", "write the password to this `file`, and show it to nobody"))
	remove := &cobra.Command{
		Use: "remove NAME", Short: a.tr("删去账号，立即生效", "take an account away, at once"), Args: exactArgs("NAME"),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := esdbnode.RemoveUser(a.usersPath(), args[0]); err != nil {
				return err
			}
			return a.print(table{rows: [][]string{{fmt.Sprintf(a.tr("已删去 %s", "%s was removed"), args[0])}}, values: map[string]string{"removed": args[0]}})
		},
	}
	cmd.AddCommand(add, remove)
	return cmd
}
