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

// reply answers the case, closes it, and goes on to what follows.
func (d *draft) reply() {
	supported := d.answer()
	d.stop(petition.Replied)
	d.days(0, 2)
	if d.chance(0.01) {
		d.handle(petition.Close{Result: d.matter.result, Evidence: []ledger.Document{document(d.no("证"), "办结材料")}},
			refusedWith("ERR_REPLY_NOT_SERVED"))
		d.minutes(10, 60)
	}
	if d.person == nil {
		d.handle(petition.NotifyPetitioner{Notice: petition.NoticeReply, Impossible: "匿名信访，无法送达"})
	} else {
		d.handle(petition.ServeReply{
			Method: pick(d.r, "当面", "邮寄", "邮寄", "网上"), Refused: d.chance(0.03),
			Opinion: pick(d.r, "agree", "agree", "agree", "disagree", "none"),
		}, paper(d.no("送达"), "送达回证"))
		d.served = d.occurred
	}
	d.stop(petition.Served)
	d.days(0, 2)
	if d.assigned {
		d.handle(petition.ReportCompletion{No: d.no("信办")}, paper(d.no("信办"), "办结报告"))
		d.minutes(5, 40)
	}
	c := petition.Close{Result: d.matter.result, Evidence: []ledger.Document{document(d.no("结"), "办结材料")}}
	if supported {
		c.Plan = law.DateOf(d.at).AddDays(d.between(10, 60))
	}
	if d.handle(c) != uuid.Nil {
		d.closed = d.at
	}
	d.after(supported)
}

// answer issues the reply, and reports whether it supports any claim.
func (d *draft) answer() (supported bool) {
	c := petition.IssueReply{No: d.no("信复"), Reviewer: d.head(d.holder).Officer, Rescue: "如不服本意见，可自收到之日起三十日内向区人民政府复查复核办提出复查申请"}
	for i := range d.matter.claims {
		a := petition.Answer{Claim: i + 1, Outcome: petition.Supported, Facts: d.matter.found, Basis: d.matter.basis}
		switch k := d.r.IntN(100); {
		case k >= 78:
			a.Outcome, a.Facts = petition.Rejected, "经查，所反映情况缺乏事实依据"
		case k >= 50:
			a.Outcome = petition.Explained
		}
		supported = supported || a.Outcome == petition.Supported
		c.Answers = append(c.Answers, a)
	}
	var text with = func(*step) {}
	if d.person != nil {
		text = sealing(fmt.Sprintf("%s：你反映的%s收悉。%s。依据%s，答复如上。", d.person.name, d.matter.summary, d.matter.found, d.matter.basis))
	}
	d.handle(c, text, paper(d.no("信复"), "信访事项处理意见书"))
	return supported
}

// after is what follows the closing of the case.
func (d *draft) after(supported bool) {
	over := d.at
	if d.rated {
		over = d.evaluate()
	}
	switch {
	case d.path == petition.PathPetition && !d.served.IsZero() && d.chance(0.075):
		d.review()
		return
	case !d.accepted.IsZero() && d.chance(0.022):
		d.reopen()
		return
	}
	if supported && d.chance(0.7) {
		over = later(over, d.aside(func() {
			d.calendarDays(5, 30)
			d.handle(petition.ConfirmExecution{Done: d.chance(0.93)}, reason("核查支持诉求的落实情况"))
		}))
	}
	if d.chance(0.5) {
		d.visit()
	}
	d.at = later(d.at, over)
	if d.chance(0.007) {
		d.days(2, 6)
		d.erase()
	}
	d.archive(pick(d.r, "10y", "10y", "10y", "30y"), 45, 100)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// evaluate opens the evaluation of the bureau and of the unit, and returns when
// both were over.
func (d *draft) evaluate() (over time.Time) {
	for _, j := range []petition.Judged{petition.JudgedBureau, petition.JudgedUnit} {
		end := d.aside(func() {
			d.at = d.at.Add(time.Duration(d.between(30, 90)) * time.Second)
			d.do(system, petition.OpenEvaluation{Judged: j})
			if !d.chance(0.6) {
				d.at = law.DateOf(d.at).AddDays(31).Start().Add(10 * time.Minute)
				d.do(system, petition.ExpireEvaluation{Judged: j})
				return
			}
			d.at = d.at.Add(time.Duration(d.between(60, 24*60*24)) * time.Minute)
			d.do(system, petition.SubmitEvaluation{
				Judged:  j,
				Grade:   pick(d.r, petition.Satisfied, petition.Satisfied, petition.Basically, petition.Dissatisfied),
				Channel: pick(d.r, "code", "code", "phone"), Device: d.o.id("device", d.index).String()[:8],
			})
		})
		over = later(over, end)
	}
	return over
}

// visit is the return visit (回访) of somebody who was not part of it.
func (d *draft) visit() {
	d.days(5, 15)
	c := petition.RecordReturnVisit{Method: "电话", Reached: d.chance(0.85), Note: "核实答复送达和落实情况"}
	if c.Reached {
		c.Bureau = pick(d.r, petition.Satisfied, petition.Satisfied, petition.Basically)
		c.Judged = pick(d.r, petition.Satisfied, petition.Basically, petition.Basically, petition.Dissatisfied)
	}
	who := d.someone(bureau, org.Visitor)
	if d.holder == bureau {
		who = d.someone("sxfj", org.Dispatcher)
	}
	d.do(who, c)
}

// archive files the case away after some days, if it gets that far.
func (d *draft) archive(retention string, from, to int) {
	d.calendarDays(from, to)
	if !d.chance(0.9) {
		return
	}
	d.do(d.registrar(), petition.Archive{Retention: retention})
}
