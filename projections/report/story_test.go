package report

import (
	"iter"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
	"xinfang/projections/measure"
)

// The tests tell cases of 2026 in Shanghai, and report on them on 10-05.

// at returns the time that s writes as 06-01 09:00, in UTC.
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+s, law.Shanghai)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func day(s string) law.Date { return law.DateOf(at(s + " 12:00")) }

var cal = law.Embedded()

// run starts clocks at s.
func run(s string, ids ...law.ClockID) (clocks []law.Clock) {
	for _, id := range ids {
		clocks = append(clocks, law.Default().Start(id, at(s), cal))
	}
	return clocks
}

// officers are the cast, with the posts that they hold throughout.
var officers = map[string]struct{ name, unit, post string }{
	"1001": {"李某", "xfj", "接访员"}, "1002": {"赵某", "xfj", "转办科长"},
	"2001": {"孙某", "zjj", "收件员"}, "2002": {"陈某", "zjj", "信访科科员"}, "2003": {"刘某", "zjj", "信访科科员"}, "2009": {"周某", "zjj", "局长"},
	"3001": {"王某", "jdb", "综治办干部"}, "4001": {"何某", "gov", "复查科科长"},
}

func directory() *org.Directory {
	var d *org.Directory
	add := func(e org.Event) { d = org.Evolve(d, e, ledger.Meta{}) }
	for _, u := range []org.UnitCreated{
		{Unit: "xfj", Name: org.Name{ZH: "区信访局", EN: "Petition Bureau"}, Kind: org.KindBureau},
		{Unit: "zjj", Name: org.Name{ZH: "区住建局", EN: "Housing Bureau"}, Kind: org.KindDepartment},
		{Unit: "jdb", Name: org.Name{ZH: "街道B"}, Kind: org.KindStreet},
		{Unit: "gov", Name: org.Name{ZH: "区政府", EN: "District Government"}, Kind: org.KindGovernment},
	} {
		u.From = at("01-01 00:00")
		add(u)
	}
	for number, o := range officers {
		add(org.OfficerAppointed{Officer: number, Name: o.name, Unit: o.unit, Title: o.post, Role: org.Handler, From: at("01-01 00:00")})
	}
	return d
}

// An entry is one event of a story.
type entry struct {
	on, recorded string // recorded is on, if ""
	by           string // officer
	event        petition.Event
	meta         ledger.Meta
}

// tell returns the file of a case to which entries happened, its positions from
// first on.
func tell(first ledger.Position, entries ...entry) *casefile.File {
	f := casefile.NewFile(true)
	for i, e := range entries {
		if e.recorded == "" {
			e.recorded = e.on
		}
		m, o := e.meta, officers[e.by]
		m.Occurred = at(e.on)
		m.Actor = ledger.Actor{Officer: e.by, Unit: o.unit, Post: o.post}
		f.Apply(ledger.Envelope{
			Position: first + ledger.Position(i), Version: ledger.Version(i + 1), Recorded: ledger.TicksOf(at(e.recorded)),
			Record: ledger.Record{ID: eventID(first, i), Type: petition.Codec.Name(e.event)}, Leaf: ledger.Hash{byte(first), byte(i + 1)},
		}, e.event, m)
	}
	return f
}

func eventID(first ledger.Position, i int) uuid.UUID {
	return ledger.EventID(uuid.UUID{byte(first)}, i)
}

// late is the meta of a late entry.
func late(reason string) ledger.Meta {
	return ledger.Meta{Late: &ledger.LateEntry{Lag: 86400, Reason: reason, Approver: "2009"}}
}

// rich is a case in which nearly everything happened, at positions from 100.
func rich() *casefile.File {
	c6 := run("06-11 11:00", law.C6)[0]
	return tell(100,
		entry{on: "06-01 09:00", recorded: "06-01 09:03", by: "1001", meta: ledger.Meta{Received: at("06-01 08:30")},
			event: petition.PetitionReceived{Number: "XF-2026-000001", Channel: petition.Letter, Unit: "xfj", Level: petition.District, Headcount: 7, Clocks: run("06-01 08:30", law.C1, law.C2)}},
		entry{on: "06-01 09:10", by: "1001", event: petition.PetitionRegistered{
			Petitioner: petition.Person{Subject: uuid.UUID{9}, Name: petition.Sealed{Masked: "李某等7人"}}, Summary: "反映拆迁补偿款未发放", Category: "城乡建设", Street: "jdb",
			Claims: []petition.Claim{{Summary: "发放拆迁补偿款"}, {Summary: "公开补偿方案"}}, First: petition.FirstTime{National: true}, Rated: true}},
		entry{on: "06-01 10:00", by: "1002", event: petition.PetitionClassified{Class: petition.Claiming, Path: petition.PathPetition}},
		entry{on: "06-03 09:30", by: "1002", meta: ledger.Meta{Basis: &ledger.Document{Title: "交办函", No: "宝信交〔2026〕12号"}},
			event: petition.CaseDispatched{Mode: petition.Assign, From: "xfj", To: "zjj", No: "宝信交〔2026〕12号", Clocks: []law.Clock{law.Default().StartOrdered(law.C7, at("06-03 09:30"), day("07-31"), cal)}}},
		entry{on: "06-05 10:00", recorded: "06-05 10:20", by: "2001", meta: ledger.Meta{Received: at("06-05 10:00")},
			event: petition.DispatchReceived{Unit: "zjj", Clocks: run("06-05 10:00", law.C4, law.C5)}},
		entry{on: "06-08 09:00", by: "2001", event: petition.ObjectionRaised{Unit: "zjj", Reasons: "属街道职责"}},
		entry{on: "06-09 15:00", by: "1002", event: petition.ObjectionRejected{Unit: "zjj"}},
		entry{on: "06-11 11:00", by: "2002", event: petition.AcceptanceDecided{Unit: "zjj", Officer: "2002", Clocks: []law.Clock{c6}}},
		entry{on: "06-12 16:00", recorded: "06-25 17:40", by: "2002", meta: late("告知书存根遗漏"), event: petition.PetitionerNotified{Notice: petition.NoticeAccept, Method: "书面", Proof: "EMS 1234"}},
		entry{on: "06-26 09:00", by: "2001", meta: ledger.Meta{Approver: "2009", Reason: "录错"},
			event: petition.EntryCorrected{Target: eventID(100, 4), Field: petition.FieldReceived, Old: "2026-06-05T02:00:00Z", New: "2026-06-04T08:00:00Z"}},
		entry{on: "06-29 10:00", by: "2002", event: petition.ProgressRecorded{Kind: petition.OnSite, Note: "到现场核实"}},
		entry{on: "07-01 09:00", by: "2002", event: petition.ConflictDeclared{Officer: "2002", Relation: "近亲属"}},
		entry{on: "07-02 09:00", by: "2009", event: petition.OfficerRecused{Officer: "2002"}},
		entry{on: "07-06 09:00", by: "2009", event: petition.ResponsibleOfficerAssigned{Unit: "zjj", Officer: "2003"}},
		entry{on: "07-20 09:00", by: "2003", event: petition.ExtensionRequested{Days: 20}},
		entry{on: "07-22 09:00", by: "2009", meta: ledger.Meta{Reason: "案情复杂"}, event: petition.ExtensionApproved{Days: 20, Clock: c6.Extend(20)}},
		entry{on: "08-05 09:00", by: "1002", event: petition.SupervisionIssued{No: "督〔2026〕3号", Unit: "zjj", Ground: "1", Demand: "报告进展", Clock: run("08-05 09:00", law.C17)[0]}},
		entry{on: "08-10 09:00", by: "2003", event: petition.SupervisionFedBack{No: "督〔2026〕3号", Text: "正在核算"}},
		entry{on: "09-02 09:00", by: "2003", event: petition.ReplyIssued{No: "宝建信〔2026〕8号", Reviewer: "2009", Answers: []petition.Answer{
			{Claim: 1, Outcome: petition.Supported, Basis: "补偿条例第27条"}, {Claim: 2, Outcome: petition.Explained, Basis: "信息公开条例第20条"}}}},
		entry{on: "09-04 10:00", by: "2003", event: petition.ReplyServed{Method: "当面", Opinion: "disagree", Clocks: run("09-04 10:00", law.C8)}},
		entry{on: "09-04 11:00", by: "2003", event: petition.CaseClosed{Result: "补偿款分两期发放"}},
		entry{on: "09-05 09:00", by: "1001", event: petition.EvaluationOpened{Judged: petition.JudgedUnit, Clocks: run("09-05 09:00", law.C15)}},
		entry{on: "09-05 09:05", by: "1001", event: petition.EvaluationOpened{Judged: petition.JudgedBureau, Clocks: run("09-05 09:05", law.C15)}},
		entry{on: "09-08 20:00", by: "1001", event: petition.EvaluationSubmitted{Judged: petition.JudgedUnit, Grade: petition.Dissatisfied, Channel: "code"}},
		entry{on: "09-20 10:00", by: "1001", event: petition.ReturnVisitRecorded{Unit: "xfj", Method: "电话", Reached: true, Bureau: petition.Satisfied, Judged: petition.Dissatisfied}},
		entry{on: "09-25 10:00", by: "4001", meta: ledger.Meta{Received: at("09-25 09:00")}, event: petition.ReviewRequested{Organ: "gov", Clocks: run("09-25 09:00", law.C9)}},
	)
}

// accepted is a case that unit received on received, by its officer accepted and
// told within two days.
func accepted(first ledger.Position, number, unit, officer, month string) []entry {
	d := func(day string) string { return month + "-" + day + " 09:00" }
	return []entry{
		{on: d("01"), by: "1001", event: petition.PetitionReceived{Number: number, Channel: petition.Online, Unit: "xfj", Headcount: 1, Clocks: run(d("01"), law.C1, law.C2)}},
		{on: d("01"), by: "1001", event: petition.PetitionRegistered{Petitioner: petition.Person{Name: petition.Sealed{Masked: "张某"}}, Summary: "反映噪声", Claims: []petition.Claim{{Summary: "停止夜间施工"}}, First: petition.FirstTime{National: true}}},
		{on: d("01"), by: "1002", event: petition.PetitionClassified{Class: petition.Claiming, Path: petition.PathPetition}},
		{on: d("02"), by: "1002", event: petition.CaseDispatched{Mode: petition.Forward, From: "xfj", To: unit, No: "转"}},
		{on: d("03"), by: officer, event: petition.DispatchReceived{Unit: unit, Clocks: run(d("03"), law.C4, law.C5)}},
		{on: d("06"), by: officer, event: petition.AcceptanceDecided{Unit: unit, Officer: officer, Clocks: run(d("06"), law.C6)}},
		{on: d("07"), by: officer, event: petition.PetitionerNotified{Notice: petition.NoticeAccept, Method: "短信", Proof: "1"}},
	}
}

// closed is what follows in a case that was closed on day.
func closed(day, officer string) []entry {
	return []entry{
		{on: day + " 09:00", by: officer, event: petition.ReplyIssued{No: "复", Reviewer: "2009", Answers: []petition.Answer{{Claim: 1, Outcome: petition.Supported}}}},
		{on: day + " 10:00", by: officer, event: petition.ReplyServed{Method: "当面", Clocks: run(day+" 10:00", law.C8)}},
		{on: day + " 11:00", by: officer, event: petition.CaseClosed{Result: "已停止"}},
	}
}

// docket is all cases of the district.
func docket() []*casefile.File {
	accusation := append(accepted(600, "XF-2026-000006", "zjj", "2002", "07")[:2:2],
		entry{on: "07-01 10:00", by: "1002", event: petition.PetitionClassified{Class: petition.Accusation}},
		entry{on: "07-01 10:01", by: "1002", event: petition.CaseRestricted{Accused: []petition.Accused{{Unit: "zjj"}}}})
	return []*casefile.File{
		rich(),
		tell(200, append(accepted(200, "XF-2026-000002", "zjj", "2002", "07"), closed("07-20", "2002")...)...),
		tell(300, accepted(300, "XF-2026-000003", "zjj", "2003", "07")...), // never closed
		tell(400, append(accepted(400, "XF-2026-000004", "zjj", "2001", "08")[:5],
			entry{on: "08-05 09:00", by: "2001", event: petition.ObjectionRaised{Unit: "zjj", Reasons: "属街道职责"}},
			entry{on: "08-06 09:00", by: "1002", event: petition.ObjectionUpheld{Unit: "zjj"}})...),
		tell(500, append(accepted(500, "XF-2026-000005", "jdb", "3001", "07"), closed("07-25", "3001")...)...),
		tell(600, accusation...),
	}
}

func inputs() Inputs {
	return Inputs{AsOf: at("10-05 12:00"), Position: 4711, World: petition.World{Calendar: cal, Rules: law.Default(), Directory: directory()}}
}

func each[T any](list []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func factsOf(files []*casefile.File) (facts []measure.Facts) {
	for _, f := range files {
		facts = append(facts, measure.Of(f))
	}
	return facts
}
