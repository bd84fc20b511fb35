package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/spf13/cobra"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
	"xinfang/infra/web"
	"xinfang/projections/casefile"
	"xinfang/projections/measure"
	"xinfang/projections/report"
)

func (a *app) reportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report",
		Short: a.tr("报告与指标：案件检查、单位检查、时效", "reports and measures: one case, one unit, timeliness"),
	}
	var from, to string
	window := func(c *cobra.Command) *cobra.Command {
		c.Flags().StringVar(&from, "from", "", a.tr("统计期第一天", "first day of the period"))
		c.Flags().StringVar(&to, "to", "", a.tr("统计期结束的次日（不含）", "the day after the last day of the period"))
		return c
	}
	var q measure.Query
	timeliness := window(&cobra.Command{
		Use: "timeliness", Short: a.tr("及时受理、按期办结、满意、化解、重复、时长等指标（到期口径）", "measures M1–M7, M16 and M21, by due date"), Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if q.Window, err = parseWindow(from, to); err != nil {
				return err
			}
			if err := checkQuery(q); err != nil {
				return err
			}
			return a.timeliness(cmd.Context(), q)
		},
	})
	a.measureFlags(timeliness, &q)
	cmd.AddCommand(timeliness,
		&cobra.Command{
			Use: "case NO", Short: a.tr("案件检查报告（-o html 为可打印的网页）", "inspection report on a case (-o html: a page to print)"), Args: exactArgs("NO"),
			Annotations: standsAlone,
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.withCase(cmd.Context(), args[0], func(_ context.Context, c *present) error {
					return a.printReport(report.Case(c.File, report.Inputs{AsOf: c.now, Position: c.position, World: c.world}))
				})
			},
		},
		window(&cobra.Command{
			Use: "unit CODE", Short: a.tr("单位检查报告（-o html 为可打印的网页）", "inspection report on a unit (-o html: a page to print)"), Args: exactArgs("CODE"),
			Annotations: standsAlone,
			RunE:        func(cmd *cobra.Command, args []string) error { return a.reportUnit(cmd.Context(), args[0], from, to) },
		}),
	)
	return cmd
}

// standsAlone marks the commands that print a report, which may be a page.
var standsAlone = map[string]string{"output": "html"}

func (a *app) measureFlags(cmd *cobra.Command, q *measure.Query) {
	flags := cmd.Flags()
	flags.StringVar(&q.Unit, "unit", "", a.tr("只看一个单位", "one unit only"))
	flags.BoolVar(&q.ByUnit, "by-unit", true, a.tr("全区之外，再分单位列出", "those of every unit beside the district's"))
	flags.StringVar((*string)(&q.Tier), "tier", "", a.tr("只看一个层级：", "one tier only: ")+choices(law.Tiers))
	flags.BoolVar(&q.Strict, "strict", false, a.tr("严格口径：不计届满后才批准的延期", "leave out extensions approved only after the limit had run out"))
	flags.IntVar(&q.Observation, "observation", 30, a.tr("M6 的观察期（天）", "days for which a closed case is watched for M6"))
	flags.StringVar((*string)(&q.Basis), "basis", "", a.tr("M1、M2 的起算，不写则按法定期限：", "what M1 or M2 is counted from, if not the clock of the law: ")+choices(measure.Bases()))
	flags.StringVar((*string)(&q.OverdueAs), "overdue-as", string(measure.OverdueExcluded), a.tr("M4 把逾期未评价算作：", "what M4 takes an evaluation for that was not given in time: ")+choices(measure.OverdueAses()))
}

// checkQuery refuses words that are in no closed set.
func checkQuery(q measure.Query) error {
	if q.Observation < 1 || q.Observation > measure.MaxObservation {
		return usage("--observation 应为 1 至 %d 的整数", "--observation is a whole number from 1 to %d", measure.MaxObservation)
	}
	return cmp.Or(
		oneOf("tier", q.Tier, law.Tiers), oneOf("basis", q.Basis, measure.Bases()), oneOf("overdue-as", q.OverdueAs, measure.OverdueAses()),
	)
}

// parseWindow reads a period; an end that is not given is open.
func parseWindow(from, to string) (w measure.Window, err error) {
	for _, end := range []struct {
		flag, text string
		to         *law.Date
	}{{"--from", from, &w.From}, {"--to", to, &w.To}} {
		if end.text == "" {
			continue
		}
		if *end.to, err = law.ParseDate(end.text); err != nil {
			return w, usagef("%s: %w", end.flag, err)
		}
	}
	if !w.From.IsZero() && !w.To.IsZero() && !w.From.Before(w.To) {
		return w, usage("--to %s 应晚于 --from %s", "--to %s: not after --from %s", w.To, w.From)
	}
	return w, nil
}

func (a *app) timeliness(ctx context.Context, q measure.Query) error {
	return a.reading(ctx, func(r *reading) error {
		if err := r.knownUnit(ctx, q.Unit); err != nil {
			return err
		}
		q.AsOf = r.now
		figures, err := measure.Compute(q, r.views.Facts(ctx), r.world.Calendar)
		if err != nil {
			return err
		}
		t := table{header: []string{a.tr("指标", "measure"), a.tr("名称", "title"), a.tr("层级", "tier"), a.tr("单位", "unit"), a.tr("值", "value"),
			a.tr("未到期", "not yet due"), a.tr("排除", "excluded"), a.tr("口径", "definition")}}
		t.values = figures
		for _, f := range figures {
			t.lines = append(t.lines, f)
			t.rows = append(t.rows, a.figure(q, f, r.world.Directory))
		}
		return a.print(t)
	})
}

// figure returns a figure as the cells of a row.
func (a *app) figure(q measure.Query, f measure.Figure, names *org.Directory) []string {
	value, notYet := "", ""
	switch {
	case f.Rate != nil:
		value, notYet = f.Rate.String(), fmt.Sprint(f.NotYetDue)
	case f.Days != nil:
		value = report.Format(*f.Days, a.lang)
		if f.Provisional {
			value += a.tr("（工作日暂算）", " (working days provisional)")
		}
	}
	out := 0
	for _, n := range f.Excluded {
		out += n
	}
	title := q.Definition(f.Measure).Title.In(a.lang)
	if part := f.KeyTitle().In(a.lang); f.By == measure.ByStreet && f.Key != "" {
		title += " " + names.UnitName(f.Key, a.lang)
	} else if part != "" {
		title += " " + part
	}
	unit := names.UnitName(f.Unit, a.lang)
	if f.Unit == measure.All {
		unit = a.tr("全区", "whole district")
	}
	return []string{string(f.Measure), title, f.Tier.Title().In(a.lang), unit, value, notYet, fmt.Sprint(out), f.Definition}
}

func (a *app) reportUnit(ctx context.Context, code, from, to string) error {
	w, err := parseWindow(from, to)
	if err != nil {
		return err
	}
	at, err := a.at()
	if err != nil {
		return err
	}
	return a.reading(ctx, func(r *reading) error {
		unit, err := r.unitReport(ctx, code, w, at)
		if err != nil {
			return err
		}
		return a.printReport(unit)
	})
}

// unitReport implements web.MakeUnitReport.
func (n *node) unitReport(ctx context.Context, code string, w measure.Window, at web.At) (r report.Report, err error) {
	p, now, err := n.moment(ctx, at)
	if err != nil {
		return r, err
	}
	v, err := n.viewsAt(ctx, p)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	world, err := n.World(ctx, p)
	if err != nil {
		return r, err
	}
	if err := web.KnownUnit(ctx, v, world.Directory, code); err != nil {
		return r, err
	}
	numbers, err := v.Involving(ctx, code)
	if err != nil {
		return r, err
	}
	if p == 0 {
		if p, err = v.Position(ctx); err != nil {
			return r, err
		}
	}
	return report.Unit(code, w, v.Facts(ctx), n.files(ctx, numbers, p), report.Inputs{AsOf: now, Position: p, World: world})
}

// files yields the cases with numbers, as known at position p.
func (n *node) files(ctx context.Context, numbers []string, p ledger.Position) iter.Seq2[*casefile.File, error] {
	return func(yield func(*casefile.File, error) bool) {
		for _, number := range numbers {
			file, err := casefile.Read(ctx, n.store, petition.ID(number), p)
			if file == nil && err == nil {
				continue
			}
			if !yield(file, err) {
				return
			}
		}
	}
}

// printReport writes a report: laid out on a terminal, as a page in html, as rows
// in csv, as data in json.
func (a *app) printReport(r report.Report) error {
	if a.format == "html" {
		return web.WriteReport(a.Stdout, r, a.lang)
	}
	if a.format != "table" {
		rows := r.Rows(a.lang)
		return a.print(table{header: rows[0], rows: rows[1:], values: r})
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n\n", r.Title.In(a.lang))
	facts := func(w io.Writer, list []report.Fact) error {
		var t table
		for _, f := range list {
			t.rows = append(t.rows, []string{f.Key.In(a.lang), report.Format(f.Value, a.lang)})
		}
		return writeTable(w, t)
	}
	if err := facts(&out, r.Basis()); err != nil {
		return err
	}
	for _, s := range r.Sections {
		fmt.Fprintf(&out, "\n== %s\n", s.Title.In(a.lang))
		for _, p := range s.Paragraphs {
			fmt.Fprintln(&out, p.In(a.lang))
		}
		if err := facts(&out, s.Facts); err != nil {
			return err
		}
		for _, t := range s.Tables {
			text := t.Text(a.lang)
			fmt.Fprintf(&out, "\n-- %s\n", t.Title.In(a.lang))
			if err := writeTable(&out, table{header: text[0], rows: text[1:]}); err != nil {
				return err
			}
		}
	}
	_, err := out.WriteTo(a.Stdout)
	return err
}
