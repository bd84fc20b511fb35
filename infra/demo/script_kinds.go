package demo

import (
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// What is not an ordinary claim: repeats, suggestions, accusations, and claims
// that another legal path is for.

// before returns an earlier case that this one repeats, or nil, as for most.
func (d *draft) before() *draft {
	if !d.chance(0.085) {
		return nil
	}
	for range min(40, len(d.past)) {
		e := d.past[max(0, len(d.past)-1-d.r.IntN(400))]
		known := e.person != nil && e.path == petition.PathPetition && !e.showcase
		if known && !e.accepted.IsZero() && e.accepted.Before(d.received.AddDate(0, 0, -2)) {
			return e
		}
	}
	return nil
}

// repeat is a petition of somebody who has been there before, for the same thing.
func (d *draft) repeat(e *draft) {
	d.person, d.matter, d.group = e.person, e.matter, e.group
	d.intake(bureau, petition.FirstTime{Channel: d.chance(0.3)})
	d.minutes(20, 120)
	open := e.closed.IsZero() || e.closed.After(d.at)
	who := d.dispatcher()
	if open && d.chance(0.6) {
		d.do(who, petition.Merge{Into: e.number}, approved(d.head(bureau).Officer, "同一信访人、同一事项，原件正在办理"))
		if d.chance(0.7) {
			d.minutes(10, 60)
			d.do(who, petition.ExcludeFromStatistics{Ground: "duplicate"}, approved(d.head(bureau).Officer, "并件"))
		}
		d.halted = true
		return
	}
	d.do(who, petition.LinkDuplicate{Earlier: e.number, ConfirmedBy: who.Officer}, reason("经核对姓名和事项，系重复件"))
	d.classify(petition.Claiming, petition.PathPetition)
	if open || !e.ended.IsZero() && e.ended.Before(d.at) {
		d.days(0, 1)
		d.do(d.dispatcher(), petition.AcceptNoLonger{Ground: "同一事项正在办理或者已经终结", Earlier: e.number}, paper(d.no("信不再受"), "不再受理告知书"))
		d.minutes(20, 60)
		d.tell(d.dispatcher(), petition.NoticeNoLonger)
		d.halted = true
		return
	}
	d.dispatch(d.matter.unit)
}

// suggest is a suggestion (建议意见). The bureau answers some itself.
func (d *draft) suggest() {
	d.invent(suggestion, 0.1)
	d.matter.unit = pick(d.r, "jtj", "cgj", "jyj", "zjj")
	d.intake(bureau, petition.FirstTime{National: true, Local: true, Channel: true})
	d.classify(petition.Suggestion, "")
	if d.chance(0.45) {
		d.days(1, 3)
		d.officer = d.dispatcher().Officer
		d.reply()
		return
	}
	d.dispatch(d.matter.unit)
}

// accuse is an accusation (检举控告): nothing of it may reach the accused.
func (d *draft) accuse() {
	d.invent(accusation, 0.4)
	d.intake(bureau, petition.FirstTime{National: true, Local: true, Channel: true})
	d.classify(petition.Accusation, "")
	d.minutes(10, 40)
	who := d.dispatcher()
	accused := petition.Accused{Unit: pick(d.r, departments...)}
	if d.chance(0.6) {
		accused.Officer = d.someone(accused.Unit, org.UnitHead, org.Handler).Officer
	}
	d.do(who, petition.MarkRestricted{Accused: []petition.Accused{accused}}, reason("检举控告，限制知悉"))
	if d.chance(0.12) { // by mistake, to those whom it is about
		d.minutes(10, 60)
		d.do(who, petition.Dispatch{Mode: petition.Forward, To: accused.Unit, No: d.no("信转")}, refusedWith("ERR_ACCUSED_RECIPIENT"))
	}
	d.days(0, 2)
	d.do(who, petition.TransferToDiscipline{Organ: "jw"}, paper(d.no("信移"), "移送函"), reason("按管理权限转送"))
	d.halted = true
}

// divert is a claim that another legal path is for (导入法定途径).
func (d *draft) divert() {
	path := pick(d.r, petition.PathLitigation, petition.PathLitigation, petition.PathArbitration, petition.PathParty, petition.PathAdmin, petition.PathDuty)
	d.path = path
	d.invent(topicOf(d.r, 6), 0.02)
	d.intake(bureau, petition.FirstTime{National: true, Local: true, Channel: true})
	d.classify(petition.Claiming, path)
	explain := petition.Divert{Path: path, Explanation: "该事项依法应当通过" + path.Title().ZH + "处理，已当面说明途径、材料和期限"}
	if path == petition.PathLitigation && d.chance(0.5) {
		d.aside(func() {
			d.minutes(10, 60)
			d.do(d.dispatcher(), petition.ExcludeFromStatistics{Ground: "judicial"}, approved(d.head(bureau).Officer, "涉法涉诉"))
		})
	}
	if path == petition.PathDuty { // the unit handles it by its own law, without the sixty days
		d.dispatch(d.matter.unit)
		return
	}
	d.days(0, 3)
	who := d.dispatcher()
	d.do(who, explain, paper(d.no("信导"), "法定途径告知书"))
	if d.chance(0.93) {
		d.minutes(10, 50)
		d.tell(who, petition.NoticeDivert)
	}
	d.archive("10y", 20, 60)
}
