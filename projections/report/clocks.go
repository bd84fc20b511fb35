package report

import (
	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/projections/casefile"
)

// clocks lists every clock in both tiers, and how each due date came about.
func (c caseReport) clocks() Section {
	t := Table{ID: "clocks", Title: text("期限（法定、区内双层）", "Clocks, in both tiers"), Columns: cols(
		col("clock", Words, "期限", "clock"),
		col("tier", Words, "口径", "tier"),
		col("start", Time, "起算", "start"),
		col("due", Day, "到期日", "last day"),
		col("extended", Count, "延期（天）", "extended (days)"),
		col("rolled", Day, "顺延对照", "if it rolled"),
		col("met", Time, "完成时间", "met"),
		col("state", Words, "结果", "result"),
		col("margin", Slack, "自然日", "calendar days"),
		col("margin_wd", Slack, "工作日", "working days"),
		col("owed_by", Words, "应办单位/人", "owed by"),
		col("remark", Words, "说明", "remarks"),
	)}
	d := Table{ID: "derivations", Title: text("推算过程", "How the dates came about"), Columns: cols(
		col("clock", Words, "期限", "clock"),
		col("tier", Words, "口径", "tier"),
		col("step", Count, "步骤", "step"),
		col("text", Words, "推算", "derivation"),
	)}
	for _, k := range c.Clocks {
		for _, tier := range law.Tiers {
			l := k.Limit(tier)
			if l == nil {
				continue
			}
			t.Rows = append(t.Rows, c.clock(k, tier, *l))
			for i, step := range law.Explain(k.Clock, tier, c.in.World.Calendar, c.in.World.Rules) {
				d.Rows = append(d.Rows, []Value{clockTitle(k.ID), tier.Title(), i + 1, step.Text})
			}
		}
	}
	return Section{ID: "clocks", Title: text("期限核查", "Time limits"), Tables: []Table{t, d}}
}

func (c caseReport) clock(k casefile.ClockEntry, tier law.Tier, l law.Limit) []Value {
	v := k.Verdict(tier, c.in.AsOf)
	row := []Value{
		clockTitle(k.ID), tier.Title(), when(k.Start), v.Due, nil, lastDay(l.Rolled), when(k.Met), StateTitle(v.State),
		Margin(v.MarginDays), Margin(v.MarginWD(c.in.World.Calendar)), c.holder(k.Unit, k.Officer), remarks(k, v, l, c.in.World.Calendar),
	}
	if l.Extended > 0 {
		row[4] = l.Extended
	}
	if v.State == casefile.StateLapsed {
		row[8], row[9] = nil, nil
	}
	return row
}

// remarks says what must be known beside the result of a clock.
func remarks(k casefile.ClockEntry, v casefile.Verdict, l law.Limit, cal *law.Calendar) Value {
	var strict, late, provisional ledger.Text
	if v.StrictDue != v.Due {
		strict = text(
			"有延期在届满后批准；不计该延期则到期日为"+v.StrictDue.String()+"，"+StateTitle(v.StrictState).ZH,
			"extended only after it had run out; without that the last day is "+v.StrictDue.String()+": "+StateTitle(v.StrictState).EN,
		)
	}
	if k.MetLate {
		late = text("据补录认定完成", "met by a late entry")
	}
	switch {
	case l.Provisional:
		provisional = text("暂算：日历未公布", "provisional: the calendar is not published")
	case v.State != casefile.StateLapsed && v.ProvisionalWD(cal):
		provisional = text("工作日暂算：日历未公布", "working days provisional: the calendar is not published")
	}
	if t := join(strict, late, provisional); t != (ledger.Text{}) {
		return t
	}
	return nil
}

// clockTitle returns what people call a clock, such as C6 办结.
func clockTitle(id law.ClockID) ledger.Text {
	t := id.Title()
	return text(string(id)+" "+t.ZH, string(id)+" "+t.EN)
}

// StateTitle returns what is said of a clock.
func StateTitle(s casefile.State) ledger.Text {
	switch s {
	case casefile.StateRunning:
		return text("未到期", "running")
	case casefile.StateMet:
		return text("按期", "in time")
	case casefile.StateLate:
		return text("超期完成", "late")
	case casefile.StateOverdue:
		return text("超期未完成", "overdue")
	case casefile.StateLapsed:
		return text("终止", "lapsed")
	case casefile.StateNone:
	}
	return text("无期限", "no limit")
}

// responsibility lists who held the case for how long, when nobody was
// responsible, and to whom the time after a limit is charged.
func (c caseReport) responsibility() Section {
	cal := c.in.World.Calendar
	desks := Table{ID: "desks", Title: text("停留时长", "Time on each desk"), Columns: cols(
		col("holder", Words, "持有单位/责任人", "held by"),
		col("post", Words, "当时岗位", "post at the time"),
		col("stage", Words, "环节", "stage"),
		col("from", Time, "自", "from"),
		col("to", Time, "至", "to"),
		col("cd", Count, "自然日", "calendar days"),
		col("wd", Count, "工作日", "working days"),
		col("idle_wd", Count, "最长未动（工作日）", "longest idle (working days)"),
		col("events", Count, "记录数", "entries"),
		col("remark", Words, "说明", "remarks"),
	)}
	for _, d := range c.Desks(c.in.AsOf, cal) {
		var transit, open ledger.Text
		if d.Transit {
			transit = text("在途，未签收", "in transit, not acknowledged")
		}
		if d.To.Equal(c.in.AsOf) {
			open = text("至截至时间", "up to the time of the report")
		}
		desks.Rows = append(desks.Rows, []Value{
			c.holder(d.Unit, d.Officer), said(d.Post), d.Stage.Title(), when(d.From), when(d.To), d.CD, d.WD, d.IdleWD, d.Events, join(transit, open),
		})
	}

	gaps := Table{ID: "gaps", Title: text("责任真空（无责任人的时段）", "Times without an officer responsible"), Columns: cols(
		col("unit", Words, "单位", "unit"),
		col("from", Time, "自", "from"),
		col("to", Time, "至", "to"),
		col("wd", Count, "工作日", "working days"),
	)}
	for _, g := range c.Gaps() {
		to := g.To
		if g.Present() {
			to = c.in.AsOf
		}
		gaps.Rows = append(gaps.Rows, []Value{
			c.unit(g.Unit), when(g.From), when(g.To), cal.WorkingDays(law.DateOf(g.From), law.DateOf(to)),
		})
	}
	return Section{
		ID: "responsibility", Title: text("责任认定材料", "Who was responsible"),
		Tables: []Table{desks, gaps, c.attribution()},
	}
}

// attribution lists to whom the time after each missed limit is charged.
func (c caseReport) attribution() Table {
	t := Table{ID: "attribution", Title: text("超期时间归属", "To whom the time after a limit is charged"), Columns: cols(
		col("clock", Words, "期限", "clock"),
		col("tier", Words, "口径", "tier"),
		col("holder", Words, "单位/责任人", "held by"),
		col("from", Time, "自", "from"),
		col("to", Time, "至", "to"),
		col("cd", Count, "自然日", "calendar days"),
		col("wd", Count, "工作日", "working days"),
		col("miss", Words, "届满时持有", "held it when it ran out"),
	)}
	for _, k := range c.Clocks {
		for _, tier := range law.Tiers {
			for _, s := range c.Attribute(k, tier, c.in.AsOf, c.in.World.Calendar) {
				t.Rows = append(t.Rows, []Value{
					clockTitle(k.ID), tier.Title(), c.holder(s.Unit, s.Officer), when(s.From), when(s.To), s.CD, s.WD, s.Miss,
				})
			}
		}
	}
	return t
}
