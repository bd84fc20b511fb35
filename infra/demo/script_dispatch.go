package demo

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// dispatch sends the case to unit, or to others before it (踢皮球), and goes on
// from the acceptance.
func (d *draft) dispatch(unit string) {
	if d.misses(law.C2) {
		if d.pace.hard {
			d.days(13, 16)
		} else {
			d.days(6, 9)
		}
	} else {
		d.days(0, 2)
	}
	astray := 0
	switch {
	case d.chance(0.009):
		astray = d.between(2, 3)
	case d.chance(0.045):
		astray = 1
	}
	for range astray {
		d.send(pick(d.r, slices.DeleteFunc(slices.Clone(departments), func(u string) bool { return u == unit })...))
		d.object(true)
		d.days(0, 2)
	}
	d.send(unit)
	if d.pace.stall == petition.Objected || d.chance(0.025) {
		d.object(false)
	} else if d.chance(0.9) {
		d.assign(unit)
	}
	d.stop(petition.Pending)
	d.accept()
}

// send dispatches the case to unit, which receives it.
func (d *draft) send(unit string) {
	who := d.dispatcher()
	c := petition.Dispatch{Mode: petition.Forward, To: unit, No: d.no("信转")}
	switch k := d.r.IntN(100); {
	case k < 20:
		c.Mode, c.No, c.Due = petition.Assign, d.no("信交"), law.DateOf(d.at).AddDays(d.between(35, 55))
		c.Demand = "请于期限前报送办结报告"
		d.assigned = true
	case k < 26:
		c.Mode, c.No, c.Demand = petition.Urge, d.no("信督"), "请依法依规办理并及时告知信访人"
	}
	d.do(who, c, paper(c.No, c.Mode.Title().ZH+"函"), reason("属地管理、谁主管谁负责"))
	if d.chance(0.95) {
		d.minutes(5, 45)
		d.tell(d.registrar(), petition.NoticeDispatch)
	}
	d.stop(petition.Dispatched)
	d.days(0, 1)
	d.sign(unit)
}

// sign receives a dispatch at unit (签收).
func (d *draft) sign(unit string) {
	arrived, more := d.at, []with{received(d.at), happened(d.at)}
	if d.chance(0.03) {
		d.days(2, 8)
		more = append(more, lateEntry(d.head(unit).Officer, "纸质文件当日已签收，系统漏录，现予补录"), paper(d.no("签"), "纸质签收单"))
	}
	d.holder, d.officer = unit, ""
	d.entry.signed, d.entry.arrived = d.do(d.clerk(unit), petition.ReceiveDispatch{}, more...), arrived
}

// assign makes an officer of unit responsible as soon as it has the case, so that
// somebody always is (实名制); if the receipt is entered late, so is he.
func (d *draft) assign(unit string) {
	arrived := d.at
	d.minutes(1, 4)
	d.officer = d.someone(unit, org.Handler).Officer
	var at []with
	if d.entry.arrived.Equal(arrived) {
		at = append(at, happened(arrived))
	}
	d.do(d.clerk(unit), petition.AssignOfficer{Officer: d.officer}, append(at, reason("实名制确定责任人"))...)
}

// object raises an objection, which the bureau decides.
func (d *draft) object(upheld bool) {
	if d.chance(0.12) {
		d.days(6, 7)
	} else {
		d.days(2, 4)
	}
	d.do(d.clerk(d.holder), petition.RaiseObjection{
		Reasons: "经核对职责清单，本件所涉事项不属于本单位职权范围，建议转送有权处理单位；相关依据附后",
	}, paper(d.no("异议"), "异议说明"))
	d.stop(petition.Objected)
	d.days(1, 3)
	if upheld {
		d.do(d.dispatcher(), petition.DecideObjection{Upheld: true}, reason("经核实，异议成立，改转有权处理单位"))
		d.holder, d.officer = bureau, ""
		return
	}
	d.do(d.dispatcher(), petition.DecideObjection{}, reason("经核实，属于该单位职权，异议不成立"))
}

// accept takes the case up, or does not, and goes on from there.
func (d *draft) accept() {
	unit := d.holder
	switch {
	case !d.misses(law.C4):
		d.days(0, 3)
	case d.pace.hard:
		d.days(12, 16)
	default:
		d.days(6, 8)
	}
	if d.path == petition.PathPetition && d.chance(0.028) && !d.pace.stuck {
		d.turnAway(unit)
		return
	}
	if d.officer == "" || !d.roster.InUnit(d.officer, unit, d.at) {
		d.officer = d.someone(unit, org.Handler).Officer
	}
	decided, late := d.at, []with(nil)
	if d.chance(0.03) {
		d.days(3, 8)
		late = []with{happened(decided), lateEntry(d.head(unit).Officer, "当日已书面受理并告知，经办人外出未及时录入")}
	}
	if _, gone := d.departure(); gone {
		d.at, late = decided, nil
	}
	d.takeUp(d.path == petition.PathPetition && d.pace.miss != law.C6 && d.chance(0.05), decided, late...)
}

// takeUp accepts the case, tells the petitioner, and goes on from there.
func (d *draft) takeUp(simple bool, decided time.Time, late ...with) {
	if d.handle(petition.Accept{Officer: d.officer, Simple: simple}, append(late, paper(d.no("信受"), "受理告知书"))...) != uuid.Nil {
		d.accepted = decided
	}
	if d.chance(0.992) {
		d.minutes(5, 90)
		d.inform(petition.NoticeAccept, late...)
	}
	if d.chance(0.012) {
		d.withdraw()
		return
	}
	d.work(simple)
}

// turnAway refuses the case; sometimes a superior orders that it be taken up.
func (d *draft) turnAway(unit string) {
	who := d.clerk(unit)
	d.do(who, petition.NotAccept{Ground: "不属于本单位法定职权，依据《信访工作条例》第二十三条"}, paper(d.no("信不受"), "不予受理告知书"))
	if d.chance(0.92) {
		d.minutes(10, 90)
		d.tell(who, petition.NoticeRefuse)
	}
	if !d.chance(0.25) {
		d.archive("10y", 30, 80)
		return
	}
	d.days(5, 15)
	d.do(d.head("zf"), petition.OrderAcceptance{Unit: unit}, reason("经复核，属于该单位职权，责令受理"), paper(d.no("府责"), "责令受理通知"))
	d.days(0, 3)
	d.officer = d.someone(unit, org.Handler).Officer
	d.takeUp(false, d.at)
}
