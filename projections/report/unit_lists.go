package report

import (
	"cmp"
	"fmt"
	"slices"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
	"xinfang/projections/measure"
)

// A deskKind is what a case lay with the unit for.
type deskKind struct {
	stage   petition.Stage
	transit bool
}

// A sample is how long cases lay, each in calendar and in working days.
type sample struct{ cd, wd, idle []int }

func (s *sample) add(d casefile.Desk) {
	s.cd, s.wd, s.idle = append(s.cd, d.CD), append(s.wd, d.WD), append(s.idle, d.IdleWD)
}

func (u *unitReport) deskTimes() Section {
	t := Table{ID: "desks", Title: text("各环节停留时长（期内结束的）", "Time on the unit's desks, by stage (ended in the period)"), Columns: cols(
		col("stage", Words, "环节", "stage"),
		col("n", Count, "件次", "times"),
		col("median_wd", Real, "中位（工作日）", "median (working days)"),
		col("p90_wd", Count, "90%分位（工作日）", "90th percentile (working days)"),
		col("max_wd", Count, "最长（工作日）", "longest (working days)"),
		col("max_cd", Count, "最长（自然日）", "longest (calendar days)"),
		col("max_idle_wd", Count, "最长未动（工作日）", "longest idle (working days)"),
	)}
	for _, stage := range petition.Stages() {
		for _, transit := range []bool{false, true} {
			s := u.desks[deskKind{stage, transit}]
			if s == nil {
				continue
			}
			title := stage.Title()
			if transit {
				title = about(title, text("在途", "in transit"))
			}
			d, idle := measure.DaysOf(s.cd, s.wd), measure.DaysOf(s.idle, nil)
			t.Rows = append(t.Rows, []Value{title, d.N, value(d.MedianWD), value(d.P90WD), value(d.MaxWD), value(d.Max), value(idle.Max)})
		}
	}
	return Section{ID: "desks", Title: text("停留时长", "Desk times"), Tables: []Table{t}}
}

// A missed is a row of the list of missed limits, with what it is sorted by: the
// statutory tier first, then the longest overdue.
type missed struct {
	tier, days int
	number     string
	row        []Value
}

// addOverdue takes the limits that fell due in the window and were missed, if the
// unit had to meet them or is charged with some of the time after.
func (u *unitReport) addOverdue(f *casefile.File) {
	cal := u.in.World.Calendar
	for _, k := range f.Clocks {
		for i, tier := range law.Tiers {
			v := k.Verdict(tier, u.in.AsOf)
			if !v.Missed() || !u.window.Has(v.Due) {
				continue
			}
			shares := f.Attribute(k, tier, u.in.AsOf, cal)
			charged := slices.ContainsFunc(shares, func(s casefile.Share) bool { return s.Unit == u.code })
			if k.Unit != u.code && !charged {
				continue
			}
			u.overdue = append(u.overdue, missed{i, -v.MarginDays, f.Number, []Value{
				f.Number, clockTitle(k.ID), tier.Title(), when(k.Start), v.Due, when(k.Met), StateTitle(v.State),
				Margin(v.MarginDays), Margin(v.MarginWD(cal)), u.holder(k.Unit, k.Officer), u.charged(shares), remarks(k, v, *k.Limit(tier), cal),
			}})
		}
	}
}

// charged says to whom the time after a limit is charged.
func (u *unitReport) charged(shares []casefile.Share) ledger.Text {
	var t ledger.Text
	for _, s := range shares {
		who := u.holder(s.Unit, s.Officer)
		zh, en := fmt.Sprintf("%s %d天", who.ZH, s.CD), fmt.Sprintf("%s %s", who.EN, plural(s.CD, "day"))
		if s.Miss {
			zh, en = zh+"（届满时持有）", en+" (held it when it ran out)"
		}
		t = join(t, text(zh, en))
	}
	return t
}

func (u *unitReport) overdueList() Section {
	t := Table{ID: "overdue", Title: text("期内到期而超期的期限", "Limits that fell due in the period and were missed"), Columns: cols(
		col("number", Words, "信访件编号", "case"),
		col("clock", Words, "期限", "clock"),
		col("tier", Words, "口径", "tier"),
		col("start", Time, "起算", "start"),
		col("due", Day, "到期日", "last day"),
		col("met", Time, "完成时间", "met"),
		col("state", Words, "结果", "result"),
		col("margin", Slack, "自然日", "calendar days"),
		col("margin_wd", Slack, "工作日", "working days"),
		col("owed_by", Words, "应办单位/人", "owed by"),
		col("charged", Words, "超期时间归属", "the time after it is charged to"),
		col("remark", Words, "说明", "remarks"),
	)}
	slices.SortStableFunc(u.overdue, func(a, b missed) int {
		return cmp.Or(cmp.Compare(a.tier, b.tier), cmp.Compare(b.days, a.days), cmp.Compare(a.number, b.number))
	})
	for _, o := range u.overdue {
		t.Rows = append(t.Rows, o.row)
	}
	return Section{ID: "overdue", Title: text("超期清单", "Missed limits"), Tables: []Table{t}}
}

// addGaps takes the times in the window when the unit had the case and named
// nobody.
func (u *unitReport) addGaps(f *casefile.File) {
	for _, g := range f.Gaps() {
		to := g.To
		if g.Present() {
			to = u.in.AsOf
		}
		from, until := law.DateOf(g.From), law.DateOf(to)
		if g.Unit != u.code || until.Before(u.window.From) || !u.window.To.IsZero() && !from.Before(u.window.To) {
			continue
		}
		u.gaps = append(u.gaps, []Value{f.Number, g.Stage.Title(), when(g.From), when(g.To), u.in.World.Calendar.WorkingDays(from, until)})
	}
}

func (u *unitReport) gapList() Section {
	return Section{ID: "gaps", Title: text("责任真空", "Nobody responsible"), Tables: []Table{{
		ID: "gaps", Title: text("无责任人的时段", "Times without an officer responsible"), Rows: sorted(u.gaps), Columns: cols(
			col("number", Words, "信访件编号", "case"),
			col("stage", Words, "环节", "stage"),
			col("from", Time, "自", "from"),
			col("to", Time, "至", "to"),
			col("wd", Count, "工作日", "working days"),
		),
	}}}
}

// sorted sorts rows by their first value, a case number, and keeps the order of
// the case's own.
func sorted(rows [][]Value) [][]Value {
	slices.SortStableFunc(rows, func(a, b []Value) int { return cmp.Compare(Format(a[0], ""), Format(b[0], "")) })
	return rows
}
