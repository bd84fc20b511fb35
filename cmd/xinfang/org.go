package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/infra/web"
)

// A directoryFile is what "org load" reads: the units and posts of a district.
// Dates are days in Asia/Shanghai.
type directoryFile struct {
	Unit []struct {
		Code   string   `toml:"code"`
		Name   string   `toml:"name"`
		NameEN string   `toml:"name_en"`
		Kind   org.Kind `toml:"kind"`
		Parent string   `toml:"parent"`
		From   law.Date `toml:"from"`
	} `toml:"unit"`
	Post []struct {
		Officer string   `toml:"officer"`
		Name    string   `toml:"name"`
		Unit    string   `toml:"unit"`
		Title   string   `toml:"title"`
		Role    org.Role `toml:"role"`
		Head    bool     `toml:"head"`
		From    law.Date `toml:"from"`
		To      law.Date `toml:"to"`
	} `toml:"post"`
}

const orgSample = `# 机构与岗位：xinfang org load 机构.toml
# Units and posts. Loading a file again adds only what is new.
[[unit]]
code = "xfj"
name = "区信访局"
name_en = "Petition Bureau"
kind = "bureau"          # bureau department street government conference discipline other
from = "2021-01-01"

[[post]]
officer = "xfj-01"       # 工号 / officer number
name = "赵某"
unit = "xfj"
title = "转办科长"
role = "dispatcher"      # registrar dispatcher bureau_leader unit_clerk handler unit_head …
head = false             # 单位负责人
from = "2021-01-01"
# to = "2025-06-01"      # 离任
`

func (a *app) orgCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "org", Short: a.tr("机构、人员与岗位", "units, officers and posts")}
	cmd.AddCommand(
		&cobra.Command{
			Use: "template", Short: a.tr("写出机构文件的样例", "print a sample of a directory file"), Args: noArgs,
			RunE: func(*cobra.Command, []string) error {
				_, err := fmt.Fprint(a.Stdout, orgSample)
				return err
			},
		},
		&cobra.Command{
			Use: "load FILE", Short: a.tr("按文件登记机构与岗位（已有的不重复）", "record the units and posts of a file (what is there stays)"), Args: exactArgs("FILE"),
			RunE: func(cmd *cobra.Command, args []string) error { return a.orgLoad(cmd.Context(), args[0]) },
		},
		&cobra.Command{
			Use: "list", Short: a.tr("列出机构与在任岗位", "list units and the posts held now"), Args: noArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return a.orgList(cmd.Context()) },
		},
	)
	return cmd
}

func (a *app) orgLoad(ctx context.Context, path string) error {
	var file directoryFile
	if err := readTOML(path, &file, "xinfang org template"); err != nil {
		return err
	}
	return a.writing(ctx, func(n *node) error {
		commands, err := n.missing(ctx, file)
		if err != nil {
			return err
		}
		for _, c := range commands {
			if _, err := org.Decider.Handle(ctx, n.store, ledger.Ask[org.Command]{ID: org.Stream().ID, Command: c, Meta: n.system()}); err != nil {
				return fmt.Errorf("%T: %w", c, err)
			}
		}
		return a.print(table{
			rows:   [][]string{{fmt.Sprintf(a.tr("已登记 %d 项", "%d recorded"), len(commands))}},
			values: map[string]int{"recorded": len(commands)},
		})
	})
}

// missing returns the commands that bring the directory to what file says.
func (n *node) missing(ctx context.Context, file directoryFile) ([]org.Command, error) {
	w, err := n.World(ctx, 0)
	if err != nil {
		return nil, err
	}
	d := w.Directory
	var commands []org.Command
	for _, u := range file.Unit {
		if _, ok := d.Unit(u.Code); !ok {
			commands = append(commands, org.CreateUnit{Code: u.Code, Name: ledger.Text{ZH: u.Name, EN: u.NameEN}, Kind: u.Kind, Parent: u.Parent, From: u.From.Start()})
		}
	}
	for _, p := range file.Post {
		actor := ledger.Actor{Officer: p.Officer, Unit: p.Unit, Post: p.Title, Role: string(p.Role)}
		if !d.Holds(actor, p.From.Start()) {
			commands = append(commands, org.AppointOfficer{Officer: p.Officer, Name: p.Name, Unit: p.Unit, Title: p.Title, Role: p.Role, Head: p.Head, From: p.From.Start()})
		}
		if !p.To.IsZero() && (d.Holds(actor, p.To.Start()) || !d.Holds(actor, p.From.Start())) {
			commands = append(commands, org.LeavePost{Officer: p.Officer, Unit: p.Unit, Title: p.Title, At: p.To.Start()})
		}
	}
	return commands, nil
}

func (a *app) orgList(ctx context.Context) error {
	type post struct {
		Officer string `json:"officer"`
		Name    string `json:"name"`
		Unit    string `json:"unit"`
		Title   string `json:"title"`
		Role    string `json:"role"`
		Head    bool   `json:"head"`
	}
	return a.reading(ctx, func(r *reading) error {
		t := table{header: []string{a.tr("单位", "unit"), a.tr("名称", "name"), a.tr("工号", "officer"), a.tr("姓名", "name"), a.tr("岗位", "post"), a.tr("角色", "role")}}
		posts := []post{}
		for _, u := range r.world.Directory.Units() {
			for _, p := range r.world.Directory.Staff(u.Code, r.now) {
				name := r.world.Directory.OfficerName(p.Officer)
				t.rows = append(t.rows, []string{u.Code, u.Name.In(a.lang), p.Officer, name, p.Title, p.Role.Title().In(a.lang)})
				posts = append(posts, post{p.Officer, name, u.Code, p.Title, string(p.Role), p.Head})
			}
		}
		t.values = posts
		return a.print(t)
	})
}

// present returns the position that --at or --as-of asks for, 0 for the head,
// and what "now" is there.
func (n *node) present(ctx context.Context) (ledger.Position, time.Time, error) {
	at, err := n.app.at()
	if err != nil {
		return 0, time.Time{}, err
	}
	return n.moment(ctx, at)
}

// moment is [node.present] for a question that came with its own moment.
func (n *node) moment(ctx context.Context, at web.At) (ledger.Position, time.Time, error) {
	p, err := n.resolve(ctx, at)
	if err != nil {
		return 0, time.Time{}, err
	}
	switch {
	case !at.Time.IsZero():
		return p, at.Time, nil
	case p > 0:
		env, err := ledger.At(ctx, n.store, p)
		return p, env.Recorded.Time(), err
	}
	return 0, n.app.Now(), nil
}
