package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
	"xinfang/infra/web"
	"xinfang/projections"
	"xinfang/projections/casefile"
	"xinfang/projections/report"
)

func (a *app) caseCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "case", Short: a.tr("信访件：列表、查看、时间轴、检索、期限、办理", "cases: list, show, timeline, search, due dates, acts")}
	var f projections.Filter
	list := &cobra.Command{
		Use: "list", Short: a.tr("列出信访件（默认法定期限最紧的在前）", "list cases, the most pressing first"), Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.caseList(cmd.Context(), f) },
	}
	a.filterFlags(list, &f)
	search := &cobra.Command{
		Use: "search WORDS", Short: a.tr("按字词检索编号、概况与诉求摘要；有主密钥时也按信访人姓名、证件、电话", "search numbers and the summaries of cases and claims; with the master key also petitioners by name, id or phone"),
		Long: a.tr("按字词检索编号、概况与各项诉求的摘要。诉求原文加密保存，不在检索之列。有主密钥时也按信访人姓名、证件号码、电话查找。",
			"Searches numbers, and the summaries of cases and of their claims. The text of a claim is sealed and cannot be searched. With the master key petitioners are found too, by name, id number or phone."),
		Args: exactArgs("WORDS"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(args[0]) == "" {
				return usage("检索要有字词", "a search takes words")
			}
			f.Text, f.Subjects = args[0], a.petitioners(cmd.Context(), args[0])
			return a.caseList(cmd.Context(), f)
		},
	}
	a.filterFlags(search, &f)
	one := func(use, zh, en string, show func(context.Context, *present) error) *cobra.Command {
		return &cobra.Command{Use: use, Short: a.tr(zh, en), Args: exactArgs("NO"), RunE: func(cmd *cobra.Command, args []string) error {
			return a.withCase(cmd.Context(), args[0], show)
		}}
	}
	cmd.AddCommand(list, search,
		one("show NO", "一件的现状", "a case as it stands", a.caseShow),
		one("timeline NO", "一件的时间轴（发生与录入两个时间）", "the timeline of a case, with both times", a.caseTimeline),
		one("explain-deadline NO", "每个期限怎么算出来的", "how each due date came about", a.caseExplain),
		a.actCommand(), a.registerCommand(),
	)
	return cmd
}

func (a *app) filterFlags(cmd *cobra.Command, f *projections.Filter) {
	flags := cmd.Flags()
	flags.StringVar((*string)(&f.Queue), "queue", "all", a.tr("队列（waiting 另须 --officer）：", "queue (waiting also takes --officer): ")+choices(projections.Queues()))
	flags.StringVar((*string)(&f.Stage), "stage", "", a.tr("环节：", "stage: ")+choices(petition.Stages()))
	flags.StringVar(&f.Unit, "unit", "", a.tr("单位代码", "unit code"))
	flags.StringVar(&f.Officer, "officer", "", a.tr("责任人工号；--queue waiting 时为等谁处理", "officer number; with --queue waiting, for whom cases wait"))
	flags.StringVar((*string)(&f.Channel), "channel", "", a.tr("信访形式：", "channel: ")+choices(petition.Channels()))
	flags.StringVar((*string)(&f.Class), "class", "", a.tr("分类：", "class: ")+choices(petition.Classes()))
	flags.StringVar((*string)(&f.Marked), "mark", "", a.tr("标记：", "mark: ")+choices(projections.Marks()))
	flags.StringVar((*string)(&f.Sort), "sort", "due", a.tr("排序：", "order: ")+choices(projections.Sorts()))
	flags.IntVar(&f.Limit, "limit", 0, a.tr("最多列出多少件；0 为全部", "how many cases at most; 0 is all"))
	flags.BoolVar(&f.Open, "open", false, a.tr("只列在办", "open cases only"))
}

// caseList prints a list. On the command line the operator of the machine reads
// the ledger itself, so restricted cases are listed.
func (a *app) caseList(ctx context.Context, f projections.Filter) error {
	if err := check(f); err != nil {
		return err
	}
	return a.reading(ctx, func(r *reading) error {
		if err := r.knownUnit(ctx, f.Unit); err != nil {
			return err
		}
		f.Now, f.Restricted = r.now, true
		f.Soon, _ = r.world.Calendar.AddWorkingDays(law.DateOf(r.now), 3)
		if f.Queue == projections.QueueWaiting { // for him, or for his units; not only what he is responsible for
			f.Viewer, f.ViewerUnit, f.Officer = f.Officer, web.UnitsOf(r.world.Directory, f.Officer, r.now), ""
			if len(f.ViewerUnit) == 0 {
				return &ledger.Refusal{Code: "ERR_NO_POST", Kind: ledger.NotFound, Text: ledger.Text{ZH: "没有这个工号的现任人员", EN: "no officer with this number holds a post"}}
			}
		}
		rows, err := all(ctx, r.views, f)
		if err != nil {
			return err
		}
		return a.printList(r, rows)
	})
}

func (a *app) printList(r *reading, rows []projections.Row) error {
	t := table{header: []string{a.tr("编号", "number"), a.tr("概况", "summary"), a.tr("单位", "unit"), a.tr("责任人", "officer"), a.tr("环节", "stage"),
		a.tr("法定期限", "statutory"), a.tr("区内期限", "district")}, lines: []any{}}
	cases := []web.ListedCase{}
	names := r.world.Directory
	for _, row := range rows {
		c := web.NewListedCase(row, r.now)
		cases = append(cases, c)
		t.lines = append(t.lines, c)
		t.rows = append(t.rows, []string{row.Number, clip(row.Summary, 24), names.UnitName(row.Unit, a.lang), names.OfficerName(row.Officer),
			row.Stage.Title().In(a.lang), a.due(c.Statutory), a.due(c.District)})
	}
	t.values = cases
	return a.print(t)
}

// check refuses words that are in no closed set, and questions that lack what
// they are relative to.
func check(f projections.Filter) error {
	if f.Queue == projections.QueueWaiting && f.Officer == "" {
		return usage("--queue waiting 要用 --officer 指明工号：等谁处理", "--queue waiting takes --officer: for whom the cases wait")
	}
	if f.Limit < 0 {
		return usage("--limit 应为不小于 0 的整数", "--limit is a whole number, 0 or more")
	}
	return cmp.Or(
		oneOf("queue", f.Queue, projections.Queues()), oneOf("stage", f.Stage, petition.Stages()), oneOf("channel", f.Channel, petition.Channels()),
		oneOf("class", f.Class, petition.Classes()), oneOf("mark", f.Marked, projections.Marks()), oneOf("sort", f.Sort, projections.Sorts()),
	)
}

// all returns every row of a list, or as many as f.Limit says.
func all(ctx context.Context, v web.Views, f projections.Filter) (rows []projections.Row, err error) {
	most := f.Limit
	for {
		f.Limit = projections.MaxPage
		if most > 0 {
			f.Limit = min(f.Limit, most-len(rows))
		}
		page, err := v.List(ctx, f)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.Rows...)
		if f.Cursor = page.Next; f.Cursor == "" || len(rows) == most {
			return rows, nil
		}
	}
}

func (a *app) due(d *web.DueDate) string {
	switch {
	case d == nil:
		return "—"
	case d.Overdue > 0:
		return fmt.Sprintf(a.tr("✗ 超%d天 %s %s", "✗ %d days over %s %s"), d.Overdue, d.Due, d.Clock)
	}
	return d.Due + " " + d.Clock
}

// clip cuts s to n characters.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// A present is a case at the moment that a question is about.
type present struct {
	*casefile.File
	node     *node
	world    petition.World
	now      time.Time
	position ledger.Position
}

// withCase reads the case with number and shows it.
func (a *app) withCase(ctx context.Context, number string, show func(context.Context, *present) error) (err error) {
	n, err := a.openNode(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	c, err := n.readCase(ctx, number)
	if err != nil {
		return err
	}
	return show(ctx, c)
}

var errNoCase = &ledger.Refusal{Code: "ERR_NO_CASE", Kind: ledger.NotFound, Text: ledger.Text{ZH: "没有这个编号的信访件", EN: "there is no case with this number"}}

func (n *node) readCase(ctx context.Context, number string) (*present, error) {
	p, now, err := n.present(ctx)
	if err != nil {
		return nil, err
	}
	file, err := casefile.Read(ctx, n.store, petition.ID(number), p)
	if err != nil {
		return nil, err
	}
	if file == nil {
		return nil, errNoCase
	}
	w, err := n.World(ctx, p)
	if err != nil {
		return nil, err
	}
	if p == 0 {
		if p, err = n.store.Head(ctx); err != nil {
			return nil, err
		}
	}
	return &present{file, n, w, now, p}, nil
}

func (a *app) caseShow(_ context.Context, c *present) error {
	t := table{values: web.NewCase(c.File)}
	r := report.Case(c.File, report.Inputs{AsOf: c.now, Position: c.position, World: c.world})
	for _, f := range r.Sections[0].Facts {
		t.rows = append(t.rows, []string{f.Key.In(a.lang), report.Format(f.Value, a.lang)})
	}
	return a.print(t)
}

func (a *app) caseTimeline(_ context.Context, c *present) error {
	t := table{header: []string{a.tr("发生时间", "occurred"), a.tr("录入时间", "recorded"), a.tr("动作", "act"), a.tr("经办", "actor"), "#"}}
	entries := []web.TimelineEntry{}
	for _, e := range c.Timeline {
		entry, err := web.NewTimelineEntry(e)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
		t.lines = append(t.lines, entry)
		who := c.world.Directory.OfficerName(e.Actor.Officer)
		if e.Actor.Unit != "" {
			who = c.world.Directory.UnitName(e.Actor.Unit, a.lang) + " " + who
		}
		if e.Actor.Officer == "system" {
			who = org.System.Title().In(a.lang)
		}
		t.rows = append(t.rows, []string{minute(e.Occurred), minute(e.Recorded), report.Action(e.Event, c.world.Directory).In(a.lang), who, strconv.FormatInt(int64(e.Position), 10)})
	}
	t.values = entries
	return a.print(t)
}

// minute writes t for people, in Shanghai.
func minute(t time.Time) string { return t.In(law.Shanghai).Format("2006-01-02 15:04") }

func (a *app) caseExplain(_ context.Context, c *present) error {
	type limit struct {
		Clock string     `json:"clock"`
		Tier  law.Tier   `json:"tier"`
		State string     `json:"state"`
		Due   string     `json:"due"`
		Days  int        `json:"margin_days"`
		Steps []string   `json:"steps"`
		Limit *law.Limit `json:"limit"`
		Law   law.Law    `json:"law"`
	}
	limits := []limit{}
	var t table
	for _, k := range c.Clocks {
		for _, tier := range law.Tiers {
			if k.Limit(tier) == nil {
				continue
			}
			v := k.Verdict(tier, c.now)
			l := limit{Clock: string(k.ID), Tier: tier, State: string(v.State), Due: v.Due.String(), Days: v.MarginDays, Limit: k.Limit(tier), Law: k.Law}
			t.rows = append(t.rows, []string{string(k.ID) + " " + k.ID.Title().In(a.lang), tier.Title().In(a.lang), v.Due.String(), report.StateTitle(v.State).In(a.lang)})
			for _, step := range law.Explain(k.Clock, tier, c.world.Calendar, c.world.Rules) {
				l.Steps = append(l.Steps, step.Text.In(a.lang))
				t.rows = append(t.rows, []string{"    " + step.Text.In(a.lang)})
			}
			limits = append(limits, l)
		}
	}
	t.values = limits
	return a.print(t)
}
