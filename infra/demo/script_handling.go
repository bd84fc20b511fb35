package demo

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// post returns the post that officer holds at that time.
func (d *draft) post(officer string) ledger.Actor {
	return d.somebody(d.holder, func(p org.Post) bool { return p.Officer == officer })
}

// handle writes down what the officer responsible does, or whoever acts for him
// while he is away.
func (d *draft) handle(c petition.Command, more ...with) uuid.UUID {
	d.relieve()
	if !d.roster.OnLeave(d.officer, d.at) {
		return d.do(d.post(d.officer), c, more...)
	}
	deputy := d.other(d.holder, d.officer, d.recused, d.head(d.holder).Officer)
	return d.do(deputy, c, append(more, onBehalf(d.officer))...)
}

// relieve hands the case over if the officer responsible has left his post: on
// the same day, or only now, when somebody asks for it (责任真空).
func (d *draft) relieve() {
	left, gone := d.departure()
	if !gone {
		return
	}
	if d.chance(0.5) && d.steps[len(d.steps)-1].at.Before(left) {
		d.aside(func() {
			d.at = left.Add(time.Duration(d.between(7200, 9000)) * time.Second)
			d.handOver("原责任人调离，移交接任人员")
		})
		return
	}
	d.at = d.at.Add(-time.Minute)
	d.handOver("原责任人离任后无人承接，现予移交")
	d.at = d.at.Add(time.Minute)
}

// departure returns when the officer responsible left his post, if he has.
func (d *draft) departure() (at time.Time, gone bool) {
	if d.roster.InUnit(d.officer, d.holder, d.at) {
		return time.Time{}, false
	}
	for i, c := range changes {
		at = d.o.change(i)
		if left, ok := c.command(at).(org.LeavePost); ok && left.Officer == d.officer {
			break
		}
	}
	return at, true
}

// handOver passes the case on to another officer of the unit, if there is one.
func (d *draft) handOver(why string) {
	head := d.head(d.holder)
	to := d.other(d.holder, d.officer, d.recused, head.Officer).Officer
	if to != "" && d.do(head, petition.HandOver{To: to}, reason(why)) != uuid.Nil {
		d.officer = to
	}
}

// until goes on to day, if it is yet to come, and otherwise for a while.
func (d *draft) until(day law.Date) {
	if day.After(law.DateOf(d.at)) {
		d.on(day)
		return
	}
	d.minutes(20, 90)
}

// work handles the case from its acceptance to its closing, and what follows.
func (d *draft) work(simple bool) {
	from, length := law.DateOf(d.at), d.length(simple)
	if d.chance(0.05) || d.pace.hard && d.chance(0.5) {
		d.aside(func() { d.supervise(length) })
	}
	if d.chance(0.035) {
		d.aside(d.correct)
	}
	if d.chance(0.008) {
		d.recuse()
	}
	if d.path == petition.PathPetition && !simple {
		length += d.extend(from, length)
	}
	records := d.between(1, 2)
	for i := range records {
		d.until(from.AddDays(length * (i + 1) / (records + 2)))
		d.progress(i)
	}
	switch {
	case d.chance(0.02):
		d.hear()
	case d.chance(0.05):
		d.minutes(30, 90)
		d.handle(petition.StartMediation{Mediation: d.no("调"), Consent: true}, reason("双方同意调解"))
	case d.chance(0.02):
		d.minutes(30, 90)
		d.handOver("岗位调整")
	}
	if d.pace.stuck {
		d.halted = true
		return
	}
	d.until(from.AddDays(length))
	if d.path == petition.PathDuty && d.chance(0.15) {
		d.handle(petition.Divert{Path: petition.PathAdmin, Explanation: "经核查，须先行申请行政复议"}, paper(d.no("信导"), "法定途径告知书"))
		d.halted = true
		return
	}
	d.reply()
}

// works are the kinds of work, with what is noted of each.
var works = []struct {
	kind petition.Work
	note string
}{
	{petition.Investigation, "调取相关资料，向当事各方核实情况，形成询问笔录"},
	{petition.Talk, "电话联系信访人，听取诉求，说明办理进度和法律规定"},
	{petition.OnSite, "到现场查看并拍照固定证据，与社区工作人员一同核实"},
	{petition.Coordination, "召集相关单位开会协调，明确分工和时限"},
	{petition.Policy, "研究适用的法规和政策口径，征求法制部门意见"},
	{petition.Measure, "约谈责任方，督促其限期整改并提交书面承诺"},
}

// progress records the n-th thing that was done.
func (d *draft) progress(n int) {
	w := pick(d.r, works...)
	if n == 0 {
		w = works[d.r.IntN(3)]
	}
	c := petition.RecordProgress{Kind: w.kind, Note: w.note}
	if d.chance(0.5) {
		c.Evidence = []ledger.Document{document(fmt.Sprintf("%s-%d", d.no("证"), len(d.steps)), w.kind.Title().ZH+"记录")}
	}
	d.handle(c)
	if d.chance(0.15) {
		d.minutes(5, 40)
		d.inform(petition.NoticeProgress)
	}
}

// recuse replaces the officer responsible because he may have an interest.
func (d *draft) recuse() {
	d.days(1, 2)
	d.relieve()
	d.handle(petition.DeclareConflict{Officer: d.officer, Relation: "与被反映企业负责人系亲属"})
	d.minutes(30, 200)
	if d.do(d.head(d.holder), petition.Recuse{Officer: d.officer}, reason("存在利害关系，决定回避")) == uuid.Nil {
		return
	}
	d.recused = d.officer
	d.days(0, 4)
	d.officer = d.other(d.holder, d.recused, d.head(d.holder).Officer).Officer
	d.do(d.head(d.holder), petition.AssignOfficer{Officer: d.officer}, reason("回避后另行确定责任人"))
}

// extend asks for more time, and returns how many days it took in the end.
func (d *draft) extend(from law.Date, length int) (more int) {
	late := d.pace.miss == law.C6 && d.chance(0.15)
	if !late && !(length > 25 && d.chance(0.3)) && !d.chance(0.045) {
		return 0
	}
	// It is asked for some time before the limit, or only when that is over.
	switch {
	case late && d.pace.hard:
		d.until(from.AddDays(d.between(61, 64)))
	case late:
		d.until(from.AddDays(d.between(31, 33)))
	default:
		d.until(from.AddDays(d.between(10, max(11, min(length-4, 26)))))
	}
	days := pick(d.r, 10, 15, 20, 30)
	if d.chance(0.08) {
		d.handle(petition.RequestExtension{Days: 40}, reason("情况复杂"), refusedWith("ERR_EXT_GT_30"))
		d.minutes(5, 30)
	}
	d.handle(petition.RequestExtension{Days: days}, reason(pick(d.r, "需委托第三方检测鉴定", "涉及多方协调，尚需时间", "需等待上级批复")), paper(d.no("信延"), "延期申请"))
	if d.chance(0.05) {
		d.minutes(5, 20)
		d.do(d.clerk(d.holder), petition.ApproveExtension{Granted: true, Days: days}, refusedWith("ERR_APPROVER_NOT_HEAD"))
	}
	d.days(0, 2)
	if d.chance(0.14) {
		d.do(d.head(d.holder), petition.ApproveExtension{}, reason("理由不充分，请在原期限内办结"))
		return 0
	}
	d.do(d.head(d.holder), petition.ApproveExtension{Granted: true, Days: days}, reason("情况复杂，同意延期"))
	if d.chance(0.9) {
		d.minutes(10, 120)
		d.inform(petition.NoticeExtension)
	}
	if d.pace.miss == law.C6 {
		return 0
	}
	return d.between(days/2, days)
}

// hear holds a hearing.
func (d *draft) hear() {
	d.days(1, 3)
	held := law.DateOf(d.at)
	d.handle(petition.HoldHearing{From: held, To: held}, paper(d.no("听"), "听证会议纪要"), reason("案情重大复杂，公开听证"))
}
