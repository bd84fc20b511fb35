package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections/measure"
)

// few is below how many a rate says little (样本不足).
const few = 5

// rates lists the figures of the unit beside those of the district.
func rates(figures []measure.Figure, code string) Section {
	own := make(map[string]measure.Figure)
	for _, f := range figures {
		if f.Unit == code {
			own[series(f)] = f
		}
	}
	share := Table{ID: "rates", Title: text("各项比率", "Rates"), Columns: cols(
		col("measure", Words, "指标", "measure"),
		col("tier", Words, "口径", "tier"),
		col("value", Share, "本单位", "unit"),
		col("not_yet_due", Count, "未到期", "not yet due"),
		col("excluded", Words, "排除", "left out"),
		col("remark", Words, "说明", "remarks"),
		col("district", Share, "全区", "district"),
		col("definition", Words, "口径编号", "definition"),
	)}
	spent := Table{ID: "durations", Title: text("办理时长（自然日）", "Handling time (calendar days)"), Columns: cols(
		col("measure", Words, "指标", "measure"),
		col("n", Count, "件数", "cases"),
		col("mean", Real, "平均", "mean"),
		col("median", Real, "中位", "median"),
		col("p90", Count, "90%分位", "90th percentile"),
		col("max", Count, "最长", "longest"),
		col("excluded", Words, "排除", "left out"),
		col("district_median", Real, "全区中位", "median of the district"),
		col("definition", Words, "口径编号", "definition"),
	)}
	for _, all := range figures {
		if all.Unit != measure.All || all.Measure == measure.M21 {
			continue
		}
		f, ok := own[series(all)]
		if !ok { // nothing in the figures is the unit's
			f = measure.Figure{Rate: new(measure.Rate), Days: new(measure.Days)}
		}
		title := judged(measure.DefinitionOf(all.Measure).Title, all)
		if all.Rate != nil {
			share.Rows = append(share.Rows, []Value{
				title, all.Tier.Title(), *f.Rate, f.NotYetDue, excluded(f.Excluded), small(f.Rate), *all.Rate, all.Definition,
			})
		} else {
			spent.Rows = append(spent.Rows, []Value{
				title, f.N, value(f.Mean), value(f.Median), value(f.P90), value(f.Max), excluded(f.Excluded), value(all.Median), all.Definition,
			})
		}
	}
	return Section{ID: "rates", Title: text("各项指标", "Figures"), Tables: []Table{share, spent, definitions()}}
}

// definitions says what each figure means.
func definitions() Table {
	t := Table{ID: "definitions", Title: text("口径（"+measure.Edition+"）", "Definitions ("+measure.Edition+")"), Columns: cols(
		col("measure", Words, "指标", "measure"),
		col("formula", Words, "公式", "formula"),
		col("window", Words, "统计期依据", "period"),
		col("notes", Words, "说明", "notes"),
	)}
	for _, d := range measure.Definitions() {
		if d.ID != measure.M21 {
			t.Rows = append(t.Rows, []Value{text(string(d.ID)+" "+d.Title.ZH, string(d.ID)+" "+d.Title.EN), d.Formula, d.Window, d.Notes})
		}
	}
	return t
}

// series names what a figure is about, whoever's it is.
func series(f measure.Figure) string { return fmt.Sprint(f.Measure, f.Tier, f.By, f.Key) }

func judged(title ledger.Text, f measure.Figure) ledger.Text {
	if f.By != measure.ByJudged {
		return title
	}
	j := petition.Judged(f.Key).Title()
	return text(title.ZH+"（对"+j.ZH+"）", title.EN+" ("+j.EN+")")
}

func small(r *measure.Rate) Value {
	if r.Den < few {
		return text("样本不足", "too few")
	}
	return nil
}

// excluded says how many cases were left out for which reason.
func excluded(reasons map[string]int) Value {
	var zh, en []string
	for _, r := range slices.Sorted(maps.Keys(reasons)) {
		t := reason(r)
		zh = append(zh, fmt.Sprintf("%s %d", t.ZH, reasons[r]))
		en = append(en, fmt.Sprintf("%s %d", t.EN, reasons[r]))
	}
	if zh == nil {
		return nil
	}
	return text(strings.Join(zh, "、"), strings.Join(en, ", "))
}

func reason(r string) ledger.Text {
	if r == measure.Reversed {
		return text("办结早于起算", "closed before the start")
	}
	return choice(petition.ExclusionGrounds(), r)
}

// value returns what p points to, nothing if it is nil.
func value[T any](p *T) Value {
	if p == nil {
		return nil
	}
	return *p
}
