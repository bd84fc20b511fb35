package main

import (
	"bytes"
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
	var from, to, unit string
	window := func(c *cobra.Command) *cobra.Command {
		c.Flags().StringVar(&from, "from", "", a.tr("统计期第一天", "first day of the period"))
		c.Flags().StringVar(&to, "to", "", a.tr("统计期结束的次日（不含）", "the day after the last day of the period"))
		return c
	}
	timeliness := window(&cobra.Command{
		Use: "timeliness", Short: a.tr("及时受理、按期办结、满意、化解、重复、时长等指标（到期口径）", "measures M1–M7, M16 and M21, by due date"), Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.timeliness(cmd.Context(), from, to, unit) },
	})
	timeliness.Flags().StringVar(&unit, "unit", "", a.tr("只看一个单位", "one unit only"))
	cmd.AddCommand(timeliness,
		&cobra.Command{
			Use: "case NO", Short: a.tr("案件检查报告", "inspection report on a case"), Args: exactArgs("NO"),
			RunE: func(cmd *cobra.Command, args []string) error {
				return a.withCase(cmd.Context(), args[0], func(_ context.Context, c *present) error {
					return a.printReport(report.Case(c.File, report.Inputs{AsOf: c.now, Position: c.position, World: c.world}))
				})
			},
		},
		window(&cobra.Command{
			Use: "unit CODE", Short: a.tr("单位检查报告", "inspection report on a unit"), Args: exactArgs("CODE"),
			RunE: func(cmd *cobra.Command, args []string) error { return a.reportUnit(cmd.Context(), args[0], from, to) },
		}),
	)
	return cmd
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
		return w, usagef("--to %s: not after --from %s", w.To, w.From)
	}
	return w, nil
}

func (a *app) timeliness(ctx context.Context, from, to, unit string) error {
	w, err := parseWindow(from, to)
	if err != nil {
		return err
	}
	return a.reading(ctx, func(r *reading) error {
		figures, err := measure.Compute(measure.Query{Window: w, AsOf: r.now, Unit: unit, ByUnit: true}, r.views.Facts(ctx), r.world.Calendar)
		if err != nil {
			return err
		}
		t := table{header: []string{a.tr("指标", "measure"), "", a.tr("层级", "tier"), a.tr("单位", "unit"), a.tr("值", "value"), a.tr("未到期", "not yet due"), a.tr("排除", "excluded")}}
		t.values = figures
		for _, f := range figures {
			t.lines = append(t.lines, f)
			t.rows = append(t.rows, a.figure(f, r.world.Directory))
		}
		return a.print(t)
	})
}

// figure returns a figure as the cells of a row.
func (a *app) figure(f measure.Figure, names *org.Directory) []string {
	value, notYet := "", ""
	switch {
	case f.Rate != nil:
		value, notYet = f.Rate.String(), fmt.Sprint(f.NotYetDue)
	case f.Days != nil:
		value = report.Format(*f.Days, a.lang)
	}
	out := 0
	for _, n := range f.Excluded {
		out += n
	}
	title := measure.DefinitionOf(f.Measure).Title.In(a.lang)
	if f.Key != "" {
		title += " " + f.Key
	}
	return []string{string(f.Measure), title, f.Tier.Title().In(a.lang), names.UnitName(f.Unit, a.lang), value, notYet, fmt.Sprint(out)}
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
	numbers, err := v.(interface {
		Involving(ctx context.Context, unit string) ([]string, error)
	}).Involving(ctx, code)
	if err != nil {
		return r, err
	}
	if _, known := world.Directory.Unit(code); !known && len(numbers) == 0 {
		return r, &ledger.Refusal{Code: "ERR_NO_UNIT", Kind: ledger.NotFound, Text: ledger.Text{ZH: "没有这个代码的单位", EN: "there is no unit with this code"}}
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

// printReport writes a report: laid out on a terminal, as rows in csv, as data in
// json.
func (a *app) printReport(r report.Report) error {
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
