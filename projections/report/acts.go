package report

import (
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

// notices lists what the petitioner had to be told, and was (告知矩阵).
func (c caseReport) notices() Section {
	t := Table{ID: "notices", Title: text("应告知与已告知", "What the petitioner was owed, and was told"), Columns: cols(
		col("notice", Words, "告知环节", "notice"),
		col("unit", Words, "单位", "unit"),
		col("since", Time, "应告知自", "owed since"),
		col("given", Time, "告知时间", "told"),
		col("method", Words, "方式", "method"),
		col("proof", Words, "凭证", "proof"),
		col("result", Words, "结果", "result"),
	)}
	for _, n := range c.Notices {
		t.Rows = append(t.Rows, []Value{
			n.Notice.Title(), c.unit(n.Unit), when(n.Since), when(n.Given), said(n.Method), said(n.Proof), noticeResult(n),
		})
	}
	return Section{ID: "notices", Title: text("告知与送达", "Notices and service"), Tables: []Table{t}}
}

func noticeResult(n casefile.NoticeEntry) ledger.Text {
	switch {
	case !n.Given.IsZero():
		return text("已告知", "told")
	case !n.Declared.IsZero():
		return about(text("无法告知", "could not be told"), same(n.Impossible))
	}
	return text("尚未告知", "not told")
}

// approvals lists every act that needed an approval (审批链).
func (c caseReport) approvals() Section {
	t := Table{ID: "approvals", Title: text("审批", "Approvals"), Columns: cols(
		col("act", Words, "事项", "act"),
		col("requester", Words, "申请人（当时岗位）", "asked by (post at the time)"),
		col("approver", Words, "审批人", "approved by"),
		col("at", Time, "时间", "time"),
		col("result", Words, "结果", "result"),
		col("position", Count, "#位置", "#position"),
	)}
	for _, a := range c.Approvals {
		act := c.action(a.Act, a.Type)
		if a.Type == casefile.LateEntry {
			act = about(text("补录", "late entry"), act)
		}
		result := text("未经审批", "not approved")
		switch {
		case a.Pending:
			result = text("待审批", "pending")
		case a.Granted:
			result = text("批准", "approved")
		case a.Approver != "":
			result = text("不批准", "refused")
		}
		t.Rows = append(t.Rows, []Value{act, c.actor(a.Requester), said(c.officer(a.Approver)), when(a.At), result, c.position(a.Act)})
	}
	return Section{ID: "approvals", Title: text("审批链", "Approvals"), Tables: []Table{t}}
}

// changes lists corrections, with both values, and late entries.
func (c caseReport) changes() Section {
	fixed, late := correctionTable(), lateTable()
	for _, k := range c.Corrections {
		fixed.Rows = append(fixed.Rows, c.correction(k))
	}
	for _, l := range c.Lates {
		late.Rows = append(late.Rows, c.late(l))
	}
	return Section{ID: "changes", Title: text("更正与补录", "Corrections and late entries"), Tables: []Table{fixed, late}}
}

func correctionTable() Table {
	return Table{ID: "corrections", Title: text("更正", "Corrections"), Columns: cols(
		col("target", Words, "更正对象", "entry"),
		col("field", Words, "字段", "field"),
		col("old", Words, "原值", "old value"),
		col("new", Words, "新值", "new value"),
		col("actor", Words, "经办（当时岗位）", "by (post at the time)"),
		col("approver", Words, "审批", "approved by"),
		col("reason", Words, "理由", "reason"),
		col("recorded", Time, "录入时间", "recorded"),
		col("after_due", Words, "在相关期限届满后", "after the limit that it bears on"),
		col("position", Count, "#位置", "#position"),
	)}
}

func (c caseReport) correction(k casefile.Correction) []Value {
	return []Value{
		c.action(k.Target, ""), k.Field.Title(), Corrected(k.Field, k.Old, c.Directory), Corrected(k.Field, k.New, c.Directory), c.actor(k.Actor),
		said(c.officer(k.Approver)), said(k.Reason), when(k.Recorded), k.AfterDue, c.position(k.ID),
	}
}

func lateTable() Table {
	return Table{ID: "late", Title: text("补录", "Late entries"), Columns: cols(
		col("action", Words, "事项", "action"),
		col("occurred", Time, "发生时间", "happened"),
		col("recorded", Time, "录入时间", "recorded"),
		col("lag", Slack, "差", "lag"),
		col("actor", Words, "经办（当时岗位）", "by (post at the time)"),
		col("approver", Words, "审批", "approved by"),
		col("reason", Words, "原因", "reason"),
		col("cures", Words, "治愈超期", "cures"),
		col("position", Count, "#位置", "#position"),
	)}
}

func (c caseReport) late(l casefile.Late) []Value {
	return []Value{
		c.action(l.ID, l.Type), when(l.Occurred), when(l.Recorded), Lag(l.Recorded.Sub(l.Occurred).Seconds()), c.actor(l.Actor),
		said(c.officer(l.Approver)), said(l.Reason), cures(l), c.position(l.ID),
	}
}

// cures names the clocks that a late entry claims to have met in time.
func cures(l casefile.Late) Value {
	var t ledger.Text
	for _, id := range l.Cures {
		t = join(t, clockTitle(id))
	}
	if t == (ledger.Text{}) {
		return nil
	}
	return t
}

// opinions lists evaluations and return visits.
func (c caseReport) opinions() Section {
	grades := Table{ID: "evaluations", Title: text("满意度评价", "Evaluations"), Columns: cols(
		col("judged", Words, "评价对象", "of"),
		col("opened", Time, "开放时间", "opened"),
		col("submitted", Time, "评价时间", "given"),
		col("grade", Words, "评价", "grade"),
		col("expired", Time, "逾期时间", "expired"),
	)}
	for _, e := range c.Evaluations {
		row := []Value{e.Judged.Title(), when(e.Opened), when(e.Submitted), nil, when(e.Expired)}
		if e.Grade != "" {
			row[3] = e.Grade.Title()
		}
		grades.Rows = append(grades.Rows, row)
	}
	visits := Table{ID: "visits", Title: text("回访", "Return visits"), Columns: cols(
		col("at", Time, "时间", "time"),
		col("actor", Words, "回访人（当时岗位）", "by (post at the time)"),
		col("method", Words, "方式", "method"),
		col("reached", Words, "已联系上", "reached"),
		col("bureau", Words, "对信访部门", "of the bureau"),
		col("unit", Words, "对责任单位", "of the unit"),
		col("note", Words, "情况", "note"),
		col("position", Count, "#位置", "#position"),
	)}
	for _, e := range c.Timeline {
		v, ok := e.Event.(petition.ReturnVisitRecorded)
		if !ok {
			continue
		}
		visits.Rows = append(visits.Rows, []Value{
			when(e.Occurred), c.actor(e.Actor), said(v.Method), v.Reached, v.Bureau.Title(), v.Judged.Title(), said(v.Note), int(e.Position),
		})
	}
	return Section{ID: "opinions", Title: text("满意度与回访", "Satisfaction and return visits"), Tables: []Table{grades, visits}}
}

// supervision lists what was demanded of units, and what they answered (督办).
func (c caseReport) supervision() Section {
	t := Table{ID: "supervision", Title: text("督办", "Supervision"), Columns: cols(
		col("no", Words, "督办文号", "no."),
		col("unit", Words, "被督办单位", "unit"),
		col("ground", Words, "情形", "ground"),
		col("issued", Time, "督办时间", "issued"),
		col("due", Day, "反馈期限", "answer due"),
		col("fed_back", Time, "反馈时间", "answered"),
		col("closed", Time, "办结时间", "closed"),
	)}
	for _, s := range c.Supervision {
		t.Rows = append(t.Rows, []Value{
			s.No, c.unit(s.Unit), choice(petition.SupervisionGrounds(), s.Ground), when(s.Issued), supervisionDue(s), when(s.FedBack), when(s.Closed),
		})
	}
	return Section{ID: "supervision", Title: text("督办", "Supervision"), Tables: []Table{t}}
}

// supervisionDue returns the last day for an answer: that of the order, or the
// district's.
func supervisionDue(s casefile.Supervised) Value {
	switch {
	case s.Clock.Statutory != nil:
		return s.Clock.Statutory.LastDay()
	case s.Clock.District != nil:
		return s.Clock.District.LastDay()
	}
	return nil
}
