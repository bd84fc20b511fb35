package demo

import (
	"fmt"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// showcaseScript writes the case to look at first: a compensation that was not
// paid, lodged by seven. The unit objects on the fourth working day, but its
// receipt and its objection are entered only thirteen days later; the case comes
// back to it from the bureau; the receipt's date is corrected after the limit to
// object has run out; and the sixty days end on 2026-11-20 with nothing decided.
func (d *draft) showcaseScript() {
	for _, t := range topics {
		if t.category == "拆迁补偿" {
			d.matter = t.matter(d.r, "jd08")
		}
	}
	d.matter.summary = "反映拆迁补偿款未发放"
	d.matter.claims = []string{"按协议发放补偿款", "支付逾期过渡安置费", "公开补偿标准和发放明细"}
	d.person, d.group, d.path, d.holder = d.petitioner(d.r, d.index, d.matter.street), 7, petition.PathPetition, bureau
	d.person.name = "李锦棠"

	var (
		registrar  = ledger.Actor{Officer: "xfj04", Unit: "xfj", Post: "接访员", Role: "registrar"}
		dispatcher = identities()[2].Actor
		clerk      = ledger.Actor{Officer: "zjj02", Unit: "zjj", Post: "收件员", Role: "unit-clerk"}
		handler    = identities()[3].Actor
		leader     = ledger.Actor{Officer: "xfj02", Unit: "xfj", Post: "副局长", Role: "bureau-leader"}
	)
	const head = "zjj01"

	d.when("09-01 10:15")
	d.do(registrar, petition.ReceivePetition{
		Number: d.number, Channel: petition.Letter, Unit: bureau, Level: petition.District, Headcount: 7, Representatives: 3,
	}, received(moment("09-01 10:12")), happened(moment("09-01 10:12")), paper("信访登记1号", "来信登记单"))
	d.when("09-01 10:38")
	register := petition.RegisterPetition{
		Summary: d.matter.summary, Category: d.matter.category, Street: d.matter.street,
		First: petition.FirstTime{National: true, Local: true, Channel: true}, Joint: true, Rated: true,
	}
	var pleas []string
	for _, ask := range d.matter.claims {
		register.Claims = append(register.Claims, petition.Claim{Summary: ask})
		pleas = append(pleas, d.person.name+"等七人（电话"+d.person.phone+"）："+d.matter.plea+"请求"+ask+"。")
	}
	d.do(registrar, register, sealing(pleas...))
	d.when("09-01 10:45")
	d.do(registrar, petition.NotifyPetitioner{Notice: petition.NoticeReceipt, Method: "短信", Proof: d.no("短信回执")})
	d.when("09-01 15:20")
	d.do(dispatcher, petition.Classify{Class: petition.Claiming, Path: petition.PathPetition}, reason("依法分类处理甄别"))

	d.when("09-02 09:31")
	d.do(dispatcher, petition.Dispatch{Mode: petition.Forward, To: "zjj", No: d.no("信转")},
		happened(moment("09-02 09:30")), paper(d.no("信转"), "转送函"), reason("属地管理、谁主管谁负责"))
	d.when("09-02 10:05")
	d.do(registrar, petition.NotifyPetitioner{Notice: petition.NoticeDispatch, Method: "短信", Proof: d.no("短信回执")})
	d.when("09-18 17:40")
	arrived := moment("09-05 09:30")
	signed := d.do(clerk, petition.ReceiveDispatch{}, received(arrived), happened(arrived),
		lateEntry(head, "纸质签收单当日已签，系统漏录，现予补录"), paper("附件3", "纸质签收单"))
	d.when("09-18 17:52")
	d.do(clerk, petition.RaiseObjection{Reasons: "补偿协议由项目主体与信访人签订，补偿款监管账户由街道办管理，建议转送有权处理单位"},
		happened(moment("09-09 11:00")), lateEntry(head, "异议已书面提出，随签收一并补录"), paper(d.no("异议"), "异议说明"))
	d.when("09-20 10:10")
	d.do(dispatcher, petition.DecideObjection{Upheld: true}, reason("材料不全，退回核实职责分工"))
	d.when("09-20 15:30")
	d.do(dispatcher, petition.Dispatch{Mode: petition.Forward, To: "zjj", No: d.no("信再转"), Demand: "经联席会议协调，由你局牵头，请依法受理并书面告知"},
		paper(d.no("信再转"), "转送函"), reason("经协调明确牵头单位"))
	d.when("09-21 09:20")
	d.do(clerk, petition.ReceiveDispatch{}, received(moment("09-21 09:15")), happened(moment("09-21 09:15")))
	d.when("09-21 15:02")
	d.do(clerk, petition.CorrectEntry{Target: signed, Field: petition.FieldReceived, Old: text(arrived), New: text(moment("09-03 09:30"))},
		approved(head, "录错"))

	d.holder, d.officer = "zjj", handler.Officer
	d.when("09-21 16:10")
	d.accepted = d.at
	d.do(handler, petition.Accept{Officer: handler.Officer}, happened(moment("09-21 16:05")), paper(d.no("信受"), "受理告知书"))
	d.when("09-21 16:30")
	d.do(handler, petition.NotifyPetitioner{Notice: petition.NoticeAccept, Method: "书面", Proof: "告知书 附件5", No: d.no("信受")})

	for i, p := range []string{"09-28 10:20", "10-14 15:05", "10-29 11:10", "11-06 16:40"} {
		d.when(p)
		w := works[[]int{0, 2, 3, 1}[i]]
		d.do(handler, petition.RecordProgress{Kind: w.kind, Note: w.note, Evidence: []ledger.Document{document(fmt.Sprintf("%s-%d", d.no("证"), i+1), w.kind.Title().ZH+"记录")}})
	}
	d.when("11-06 17:00")
	d.do(handler, petition.NotifyPetitioner{Notice: petition.NoticeProgress, Method: "电话", Proof: d.no("通话记录")})
	no := d.no("信督")
	d.when("11-12 09:40")
	d.do(leader, petition.Supervise{No: no, Unit: "zjj", Ground: "4", Demand: "区内时限已过，请说明原因并于七日内书面反馈"}, paper(no, "督办通知"))
	d.when("11-19 17:20")
	d.do(clerk, petition.FeedBack{No: no, Text: "监管账户资金尚未到位，正在协调项目主体"}, paper(d.no("反馈"), "督办反馈"))
}

// when goes on to the time of the year of the showcase that s writes.
func (d *draft) when(s string) { d.at = moment(s) }

func moment(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", showcaseDay[:5]+s, law.Shanghai)
	if err != nil {
		panic("demo: " + err.Error())
	}
	return t
}
