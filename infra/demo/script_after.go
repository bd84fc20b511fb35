package demo

import (
	"strconv"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// review takes the case to the district government, and some to the city's.
func (d *draft) review() {
	d.calendarDays(4, 24)
	who := d.someone("zf", org.Reviewer)
	d.do(who, petition.RequestReview{Organ: "zf"}, received(d.at), paper(d.no("复查申"), "复查申请书"))
	d.calendarDays(14, 26)
	ruling := pick(d.r, petition.Upheld, petition.Upheld, petition.Upheld, petition.Changed, petition.Revoked)
	who = d.someone("zf", org.Reviewer)
	d.do(who, petition.DecideReview{Ruling: ruling, No: d.no("府复查")}, paper(d.no("府复查"), "复查意见书"))
	d.days(0, 1)
	d.tell(who, petition.NoticeReview)
	switch {
	case ruling == petition.Revoked:
		d.again()
	case ruling == petition.Upheld && d.chance(0.75):
		d.recheck()
	default:
		d.archive("30y", 45, 90)
	}
}

// recheck is the last instance. A hearing in it stops its clock.
func (d *draft) recheck() {
	d.calendarDays(5, 25)
	who := d.someone("szf", org.Reviewer)
	d.do(who, petition.RequestRecheck{Organ: "szf"}, received(d.at), paper(d.no("复核申"), "复核申请书"))
	if d.chance(0.4) {
		d.calendarDays(5, 12)
		held := law.DateOf(d.at)
		d.do(who, petition.HoldHearing{From: held, To: held}, paper(d.no("府听"), "复核听证纪要"))
	}
	d.calendarDays(12, 18)
	ruling := pick(d.r, petition.Upheld, petition.Upheld, petition.Upheld, petition.Changed, petition.Revoked)
	if d.do(who, petition.DecideRecheck{Ruling: ruling, No: d.no("府复核")}, paper(d.no("府复核"), "复核意见书")) != uuid.Nil && ruling != petition.Revoked {
		d.ended = d.at
	}
	d.minutes(30, 200)
	d.tell(who, petition.NoticeRecheck)
	if ruling == petition.Revoked {
		d.again()
		return
	}
	d.archive("permanent", 30, 60)
}

// reopen handles the case again, because the trouble came back or was not looked
// at properly.
func (d *draft) reopen() {
	d.calendarDays(8, 40)
	why := "经回访，问题出现反复，重新办理"
	ground := petition.GroundRelapse
	if d.chance(0.3) {
		why, ground = "发现适用依据有误，予以纠正", petition.GroundError
	}
	d.do(d.dispatcher(), petition.Reopen{Ground: ground}, approved(d.head(bureau).Officer, why))
	d.again()
}

// again handles the case anew and closes it for good.
func (d *draft) again() {
	d.closed, d.assigned = time.Time{}, false
	d.days(2, 6)
	d.progress(0)
	d.calendarDays(6, 18)
	supported := d.answer()
	d.days(0, 2)
	d.handle(petition.ServeReply{Method: "当面", Opinion: "agree"}, paper(d.no("送达"), "送达回证"))
	d.days(0, 2)
	c := petition.Close{Result: d.matter.result}
	c.Evidence = append(c.Evidence, document(d.no("重结"), "重新办理材料"))
	if supported {
		c.Plan = law.DateOf(d.at).AddDays(30)
	}
	if d.handle(c) != uuid.Nil {
		d.closed = d.at
	}
	d.visit()
	d.archive("30y", 50, 100)
}

// supervise has the unit answer for how it goes (督办), some time into the work.
func (d *draft) supervise(length int) {
	d.calendarDays(max(2, length/3), max(3, length*2/3))
	unit, no := d.holder, d.no("信督")
	d.do(d.someone(bureau, org.BureauLeader), petition.Supervise{
		No: no, Unit: unit, Ground: strconv.Itoa(d.between(1, 4)), Demand: "请说明办理进度并于七日内书面反馈",
	}, paper(no, "督办通知"))
	if d.chance(0.12) {
		return
	}
	d.calendarDays(3, 8)
	d.do(d.clerk(unit), petition.FeedBack{No: no, Text: "已加快办理，预计可在期限内答复"}, paper(d.no("反馈"), "督办反馈"))
	d.days(1, 3)
	d.do(d.someone(bureau, org.BureauLeader), petition.CloseSupervision{No: no})
}

// correct corrects something that was entered wrongly, with another's approval
// (更正). Some corrections come after what depends on them was due.
func (d *draft) correct() {
	d.days(2, 25)
	c := petition.CorrectEntry{Target: d.entry.registered, Field: petition.FieldStreet, Old: d.matter.street, New: pick(d.r, streets...)}
	who, why := d.registrar(), "登记时属地选择有误"
	approver := d.head(bureau).Officer
	switch k := d.r.IntN(5); {
	case k == 0:
		c = petition.CorrectEntry{Target: d.entry.received, Field: petition.FieldHeadcount, Old: strconv.Itoa(d.group), New: strconv.Itoa(d.group + 1)}
		why = "现场实到人数核对有误"
	case k == 1 && d.entry.first != (petition.FirstTime{}):
		c.Field, c.Old, c.New = petition.FieldFirst, d.entry.first.String(), ""
		why = "经核对，信访人曾就同一事项提出信访"
	case k <= 3 && d.entry.signed != uuid.Nil:
		c = petition.CorrectEntry{Target: d.entry.signed, Field: petition.FieldReceived, Old: text(d.entry.arrived), New: text(d.entry.arrived.Add(time.Hour * 20))}
		who, why = d.clerk(d.holder), "签收日期录错"
		approver = d.head(d.holder).Officer
	}
	d.do(who, c, approved(approver, why))
}

// text writes a time as corrections do.
func text(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// erase authorises that the petitioner's data be destroyed.
func (d *draft) erase() {
	if d.person == nil {
		return
	}
	d.do(d.registrar(), petition.AuthoriseErasure{Subject: d.person.subject, Ground: "个人信息保护法第四十七条，信访人申请删除"},
		approved(d.head(bureau).Officer, "处理目的已实现，依申请删除"))
}
