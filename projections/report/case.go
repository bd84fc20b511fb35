package report

import (
	"strconv"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

// Case returns the inspection report on one case (案件检查报告). f must have been
// read with its timeline, up to in.Position.
func Case(f *casefile.File, in Inputs) Report {
	c := caseReport{f, in, names{in.World.Directory}}
	return Report{
		Kind:     KindCase,
		Title:    text("案件检查报告："+f.Number, "Inspection report on case "+f.Number),
		Subject:  f.Number,
		AsOf:     in.AsOf.In(law.Shanghai),
		Position: in.Position,
		Head:     &Head{f.Version, f.Leaf.String()},
		Sections: []Section{
			c.basics(), c.timeline(), c.clocks(), c.responsibility(), c.notices(), c.approvals(), c.changes(), c.opinions(), c.supervision(),
			opinion(),
		},
	}
}

// A caseReport is a report on a case being written.
type caseReport struct {
	*casefile.File
	in Inputs
	names
}

func (c caseReport) basics() Section {
	s := Section{ID: "basics", Title: text("基本情况", "The case")}
	add := func(zh, en string, v Value) {
		if v != nil && v != "" && v != (ledger.Text{}) && v != 0 && v != false {
			s.Facts = append(s.Facts, Fact{text(zh, en), v})
		}
	}
	add("信访件编号", "number", c.Number)
	add("目前环节", "stage", c.Stage.Title())
	add("信访人（脱敏）", "petitioner (masked)", c.petitioner())
	add("人数", "people", c.Headcount)
	add("联名", "joint petition", c.Joint)
	add("信访形式", "channel", c.Channel.Title())
	add("收件地层级", "level of the place of receipt", c.Level.Title())
	add("分类", "class", class(c.Class, c.Path))
	add("内容分类", "category", c.Category)
	add("问题属地", "street", c.unit(c.Street))
	add("概况", "summary", c.Summary)
	add("全国初次信访", "first petition, nationally", c.First.National)
	add("国家满意度信访件", "rated nationally", c.Rated)
	add("涉法涉诉", "judicial matter", c.Judicial)
	add("重大紧急", "urgent", c.Urgent)
	add("限制知悉", "restricted", c.Restricted)
	add("重复件，初件为", "repeats", c.Earlier)
	add("已并入", "merged into", c.MergedInto)
	add("不纳入统计", "left out of the figures", choice(petition.ExclusionGrounds(), c.Excluded))
	add("收到时间", "received", when(c.Received))
	add("登记时间", "registered", when(c.Registered))
	add("首次转送交办时间", "first dispatched", when(c.Dispatched))
	add("最近签收时间", "last acknowledged", when(c.Arrived))
	add("受理时间", "accepted", when(c.Accepted))
	add("出具答复时间", "reply issued", when(c.Replied))
	add("答复送达时间", "reply served", when(c.Served))
	add("办结时间", "closed", when(c.Closed))
	add("办理结果", "result", c.Result)
	add("收件单位", "received by", c.unit(c.Bureau))
	add("目前（最后）持有", "held now, or last, by", c.holder(c.Unit, c.Officer))
	add("执行到位", "carried out", c.Executed)
	if c.Import != nil {
		add("导入来源", "imported from", source(c.Import.Source))
		add("来源文件 SHA-256", "SHA-256 of the source", c.Import.Source.Hash)
		add("导入的动作数", "imported actions", c.Actions)
	}
	if len(c.Claims) > 0 {
		s.Tables = []Table{c.claims()}
	}
	return s
}

func (c caseReport) petitioner() ledger.Text {
	switch {
	case c.Petitioner.Anonymous:
		return text("匿名", "anonymous")
	case c.Erased:
		return text("个人信息已批准清除", "personal data erased")
	}
	return same(c.Petitioner.Name.Masked)
}

// claims lists what was asked for, and what the last reply says to it.
func (c caseReport) claims() Table {
	t := Table{ID: "claims", Title: text("诉求与答复", "Claims and what the reply says to them"), Columns: cols(
		col("claim", Count, "序号", "no."),
		col("summary", Words, "诉求摘要", "claim"),
		col("outcome", Words, "处理意见", "outcome"),
		col("basis", Words, "依据", "basis"),
	)}
	for i, claim := range c.Claims {
		row := []Value{i + 1, claim.Summary, nil, nil}
		if c.Reply != nil {
			for _, a := range c.Reply.Answers {
				if a.Claim == i+1 {
					row[2], row[3] = a.Outcome.Title(), said(a.Basis)
				}
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// timeline lists every event with its two times.
func (c caseReport) timeline() Section {
	t := Table{ID: "timeline", Title: text("时间轴", "Timeline"), Columns: cols(
		col("occurred", Time, "发生时间", "happened"),
		col("recorded", Time, "录入时间", "recorded"),
		col("lag", Slack, "差", "lag"),
		col("action", Words, "环节/动作", "action"),
		col("actor", Words, "经办（当时岗位）", "by (post at the time)"),
		col("approver", Words, "审批", "approved by"),
		col("basis", Words, "依据", "document"),
		col("remark", Words, "说明", "remarks"),
		col("position", Count, "#位置", "#position"),
	)}
	for _, e := range c.Timeline {
		t.Rows = append(t.Rows, []Value{
			when(e.Occurred), when(e.Recorded), lag(e), Action(e.Event, c.Directory), c.actor(e.Actor),
			said(c.officer(e.Approver)), document(e.Basis), c.remark(e), int(e.Position),
		})
	}
	return Section{ID: "timeline", Title: text("办理经过", "What happened"), Tables: []Table{t}}
}

// lag returns how long after it happened e was recorded. Nobody claims that of
// what was imported.
func lag(e casefile.Entry) Value {
	_, imported := e.Event.(petition.CaseImported)
	_, action := e.Event.(petition.ActionImported)
	if imported || action {
		return nil
	}
	return Lag(e.Recorded.Sub(e.Occurred).Seconds())
}

func (c caseReport) remark(e casefile.Entry) Value {
	var late, curing, fixed ledger.Text
	if e.Late != nil {
		late = text("补录，审批："+c.officer(e.Late.Approver)+"，原因："+e.Late.Reason, "late entry, approved by "+c.officer(e.Late.Approver)+": "+e.Late.Reason)
	}
	if e.Curing {
		curing = text("治愈超期：发生 ≤ 到期 < 录入", "cures a due date: happened ≤ due < recorded")
	}
	if n := len(e.Fixed); n > 0 {
		fixed = text("后经更正"+strconv.Itoa(n)+"次", "corrected later ("+strconv.Itoa(n)+")")
	}
	if t := join(late, curing, fixed, same(e.Reason)); t != (ledger.Text{}) {
		return t
	}
	return nil
}

// action returns what the entry of id was, or what events of its type are.
func (c caseReport) action(id uuid.UUID, kind string) ledger.Text {
	for _, e := range c.Timeline {
		if e.ID == id {
			return Action(e.Event, c.Directory)
		}
	}
	return same(kind)
}

// position returns where the entry of id is in the ledger.
func (c caseReport) position(id uuid.UUID) Value {
	for _, e := range c.Timeline {
		if e.ID == id {
			return int(e.Position)
		}
	}
	return nil
}
