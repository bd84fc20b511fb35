package demo

import (
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// script writes the whole of an ordinary case.
func (d *draft) script() {
	d.setPace()
	before := d.before()
	switch k := d.r.Float64(); {
	case before != nil:
		d.repeat(before)
	case k < 0.06:
		d.suggest()
	case k < 0.10:
		d.accuse()
	case k < 0.17:
		d.divert()
	default:
		d.claim()
	}
}

// claim is the ordinary case: a claim that the petition procedure is for.
func (d *draft) claim() {
	d.invent(topicOf(d.r, int(d.received.In(law.Shanghai).Month())), 0.04)
	unit := bureau
	if d.chance(0.1) {
		unit = d.matter.unit
	}
	d.intake(unit, petition.FirstTime{National: d.chance(0.9), Local: d.chance(0.95), Channel: true})
	d.classify(petition.Claiming, petition.PathPetition)
	switch {
	case unit != bureau:
		d.accept()
	case d.chance(0.012):
		d.withdraw()
	default:
		d.dispatch(d.matter.unit)
	}
}

// invent makes up who comes with what.
func (d *draft) invent(t topic, anonymous float64) {
	d.matter = t.matter(d.r, pick(d.r, streets...))
	if !d.chance(anonymous) {
		d.person = d.petitioner(d.r, d.index, d.matter.street)
	}
	switch {
	case d.person == nil:
		d.group = 1
	case d.chance(0.045):
		d.group = d.between(5, 36)
	case d.chance(0.1):
		d.group = d.between(2, 4)
	default:
		d.group = 1
	}
}

// intake receives and registers the case at unit.
func (d *draft) intake(unit string, first petition.FirstTime) {
	d.holder = unit
	if d.at = d.office(d.received.Add(time.Duration(d.between(240, 2100)) * time.Second)); d.at.After(d.o.today()) {
		d.at = d.o.today()
	}
	who := d.desk()
	urgent := d.group >= 5 && d.chance(0.3) || d.chance(0.004)
	level, place := petition.District, "区信访大厅"
	switch {
	case unit != bureau:
		place = streetName(d.matter.street) + "窗口"
	case d.group >= 5 && d.chance(0.3):
		level, place = petition.City, "市信访大厅"
	}
	channel := d.channel()
	if channel != petition.Visit {
		place = ""
	}
	representatives := 0
	if d.group >= 5 {
		representatives = d.between(2, 5)
	}
	d.entry.received = d.do(who, petition.ReceivePetition{
		Number: d.number, Channel: channel, Unit: unit, Direct: unit != bureau, Level: level, Place: place,
		Headcount: d.group, Representatives: representatives, Urgent: urgent,
	}, received(d.received), paper(d.no("信收"), "收件登记单"))
	if urgent {
		d.aside(d.reportUrgent)
	}
	d.stop(petition.Received)

	if d.chance(0.03) {
		d.days(2, 3)
	} else {
		d.minutes(6, 70)
	}
	c := petition.RegisterPetition{
		Petitioner: petition.Person{Anonymous: d.person == nil},
		Summary:    d.matter.summary, Category: d.matter.category, Street: d.matter.street, First: first,
		Joint: d.group >= 3 && channel == petition.Letter, Rated: d.person != nil && d.chance(0.5), Judicial: d.path == petition.PathLitigation,
	}
	var pleas []string
	for i, ask := range d.matter.claims {
		c.Claims = append(c.Claims, petition.Claim{Summary: ask})
		if d.person != nil {
			plea := "本人" + d.person.name + "，电话" + d.person.phone + "。请求：" + ask + "。"
			if i == 0 {
				plea += d.matter.plea
			}
			pleas = append(pleas, plea)
		}
	}
	d.rated = c.Rated
	d.entry.registered, d.entry.first = d.do(who, c, sealing(pleas...)), first
	if d.chance(0.95) {
		d.minutes(2, 20)
		d.tell(who, petition.NoticeReceipt)
	}
	d.stop(petition.Registered)
}

// channel picks how the petition came; nobody lodges one in person by night.
func (d *draft) channel() petition.Channel {
	if d.office(d.received) != d.received {
		return petition.Online
	}
	switch k := d.r.IntN(100); {
	case k < 36:
		return petition.Online
	case k < 58:
		return petition.Letter
	case k < 85:
		return petition.Visit
	case k < 98:
		return petition.Phone
	case k < 99:
		return petition.Fax
	}
	return petition.Other
}

// reportUrgent reports upwards, by word within the hour, mostly, and in writing.
func (d *draft) reportUrgent() {
	d.at = d.at.Add(time.Duration(d.between(8, 20)) * time.Minute)
	if d.chance(0.2) {
		d.at = d.at.Add(3 * time.Hour)
	}
	d.do(d.registrar(), petition.ReportUrgent{To: "区委区政府总值班室", Form: "oral"})
	d.at = d.at.Add(time.Duration(d.between(60, 110)) * time.Minute)
	d.do(d.registrar(), petition.ReportUrgent{To: "市信访局、国家信访局", Form: "written"}, paper(d.no("信急"), "重大紧急信息专报"))
}

// notice makes up how the petitioner is told n, if he can be told.
func (d *draft) notice(n petition.Notice) (c petition.NotifyPetitioner, ok bool) {
	c.Notice = n
	switch k := d.r.IntN(100); {
	case k < 2:
		c.Impossible = "登记的电话停机、地址查无此人，无法告知"
	case k < 55 || n == petition.NoticeReceipt:
		c.Method, c.Proof = "短信", d.no("短信回执")
	case k < 70:
		c.Method, c.Proof = "当面", d.no("签收回执")
	default:
		c.Method, c.Proof, c.No = "书面", d.no("邮寄凭证"), d.no("信告")
	}
	return c, d.person != nil
}

// tell has who tell the petitioner something, if he can be told.
func (d *draft) tell(who ledger.Actor, n petition.Notice) {
	if c, ok := d.notice(n); ok {
		d.do(who, c)
	}
}

// inform has the officer responsible tell him.
func (d *draft) inform(n petition.Notice, more ...with) {
	if c, ok := d.notice(n); ok {
		d.handle(c, more...)
	}
}

// classify puts the case in a class.
func (d *draft) classify(class petition.Class, path petition.Path) {
	d.days(0, 1)
	who := d.dispatcher()
	if d.holder != bureau {
		who = d.clerk(d.holder)
	}
	d.path = path
	if d.chance(0.02) && path == petition.PathPetition { // at first it was taken for something else
		d.do(who, petition.Classify{Class: petition.Suggestion}, reason("初步甄别"))
		d.minutes(30, 90)
	}
	d.do(who, petition.Classify{Class: class, Path: path}, reason("依法分类处理甄别"))
	d.stop(petition.Classified)
}

// withdraw takes the petition back.
func (d *draft) withdraw() {
	d.days(0, 2)
	d.do(d.desk(), petition.Withdraw{Proof: d.no("撤回申请")}, reason("信访人与对方自行和解"))
	d.halted = true
}
