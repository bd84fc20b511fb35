package measure

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

// An entry is one event of a history, with when it happened.
type entry struct {
	on    string
	event petition.Event
}

// fold returns the file of a case to which entries happened, each recorded at
// once.
func fold(entries ...entry) *casefile.File {
	f := casefile.NewFile(false)
	for i, e := range entries {
		id := ledger.EventID(uuid.UUID{1}, i)
		f.Apply(ledger.Envelope{
			Position: ledger.Position(i + 1), Version: ledger.Version(i + 1), Recorded: ledger.TicksOf(at(e.on)),
			Record: ledger.Record{ID: id, Type: "any"},
		}, e.event, ledger.Meta{Occurred: at(e.on), Actor: ledger.Actor{Officer: "1", Unit: "u1"}})
	}
	return f
}

func clocks(start string, ids ...law.ClockID) (cs []law.Clock) {
	for _, id := range ids {
		cs = append(cs, law.Default().Start(id, at(start), law.Embedded()))
	}
	return cs
}

// closed is a case from its receipt on 03-01 to its closing on 04-30.
var closed = []entry{
	{"2024-03-01 09:00:00", petition.PetitionReceived{Number: "XF-1", Channel: petition.Letter, Unit: "xfj", Headcount: 7, Clocks: clocks("2024-03-01 09:00", law.C1, law.C2)}},
	{"2024-03-01 10:00:00", petition.PetitionRegistered{Category: "环境保护", Street: "xx", First: petition.FirstTime{National: true}, Judicial: true}},
	{"2024-03-01 11:00:00", petition.PetitionClassified{Class: petition.Claiming, Path: petition.PathPetition}},
	{"2024-03-04 09:00:00", petition.CaseDispatched{From: "xfj", To: "u1"}},
	{"2024-03-05 09:00:00", petition.DispatchReceived{Unit: "u1", Clocks: clocks("2024-03-05 09:00", law.C4, law.C5)}},
	{"2024-03-08 09:00:00", petition.AcceptanceDecided{Unit: "u1", Officer: "1", Clocks: clocks("2024-03-08 09:00", law.C6)}},
	{"2024-03-09 09:00:00", petition.PetitionerNotified{Notice: petition.NoticeAccept, Method: "书面", Proof: "1"}},
	{"2024-04-29 09:00:00", petition.ReplyIssued{No: "1"}},
	{"2024-04-30 09:00:00", petition.ReplyServed{Clocks: clocks("2024-04-30 09:00", law.C8)}},
	{"2024-04-30 15:00:00", petition.CaseClosed{Result: "done"}},
}

func after(base []entry, more ...entry) *casefile.File {
	return fold(append(base[:len(base):len(base)], more...)...)
}

func TestOf(t *testing.T) {
	f := Of(after(closed, entry{"2024-05-01 09:00", petition.EvaluationOpened{Judged: petition.JudgedUnit, Clocks: clocks("2024-05-01 09:00", law.C15)}},
		entry{"2024-05-02 09:00", petition.EvaluationOpened{Judged: petition.JudgedBureau, Clocks: clocks("2024-05-02 09:00", law.C15)}},
		entry{"2024-05-03 09:00", petition.EvaluationSubmitted{Judged: petition.JudgedUnit, Grade: petition.Basically}}))
	both := func(s, d string) [2]time.Time { return [2]time.Time{before(s), before(d)} }
	want := Facts{
		Number: "XF-1", Unit: "u1", Bureau: "xfj", Street: "xx", Category: "环境保护", Channel: petition.Letter, Class: petition.Claiming,
		Headcount: 7, First: true, Judicial: true,
		Received: at("2024-03-01 09:00"), Registered: at("2024-03-01 10:00"), Accepted: at("2024-03-08 09:00"),
		Closed: at("2024-04-30 15:00"), Resolved: at("2024-04-30 15:00"),
		Clocks: []Clock{
			{ID: law.C2, Law: law.Law2022, Unit: "xfj", Met: at("2024-03-04 09:00"), Due: both("2024-03-16", "2024-03-08"), Strict: both("2024-03-16", "2024-03-08")},
			{ID: law.C4, Law: law.Law2022, Unit: "u1", Met: at("2024-03-09 09:00"), Due: both("2024-03-20", "2024-03-12"), Strict: both("2024-03-20", "2024-03-12")},
			{ID: law.C6, Law: law.Law2022, Unit: "u1", Met: at("2024-04-30 15:00"), Due: both("2024-05-07", "2024-04-07"), Strict: both("2024-05-07", "2024-04-07")},
		},
		Evaluations: []Evaluation{
			{Judged: petition.JudgedUnit, Submitted: at("2024-05-03 09:00"), Grade: petition.Basically, Due: before("2024-05-31")},
			{Judged: petition.JudgedBureau, Due: before("2024-06-01")},
		},
	}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestExtensionThatCameTooLateIsNotInTheStrictDate(t *testing.T) {
	handling := closed[:7]
	extended := clocks("2024-03-08 09:00", law.C6)[0].Extend(10)
	f := Of(after(handling, entry{"2024-04-20 09:00", petition.ExtensionApproved{Days: 10, Clock: extended}}))
	c := f.Clocks[len(f.Clocks)-1] // due 05-07 by law, 04-07 in the district
	if want := [2]time.Time{before("2024-05-17"), before("2024-04-17")}; c.Due != want {
		t.Errorf("due %v, want %v", c.Due, want)
	}
	if want := [2]time.Time{before("2024-05-17"), before("2024-04-07")}; c.Strict != want {
		t.Errorf("strictly due %v, want %v", c.Strict, want)
	}
}

func TestOutcome(t *testing.T) {
	resolved := at("2024-04-30 15:00")
	again := clocks("2024-05-20 09:00", law.C6)
	supervised := petition.SupervisionIssued{No: "1", Unit: "u1", Clock: clocks("2024-05-10 09:00", law.C17)[0]}
	earlySupervised := petition.SupervisionIssued{No: "2", Unit: "u1", Clock: clocks("2024-04-10 09:00", law.C17)[0]}
	suggestion := []entry{closed[0], closed[1], {"2024-03-01 11:00", petition.PetitionClassified{Class: petition.Suggestion}}, closed[7], closed[8], closed[9]}
	tests := []struct {
		name     string
		file     *casefile.File
		resolved time.Time
		setback  time.Time
	}{
		{"open", fold(closed[:7]...), time.Time{}, time.Time{}},
		{"closed", fold(closed...), resolved, time.Time{}},
		{"reopened", after(closed, entry{"2024-05-20 09:00", petition.CaseReopened{Ground: petition.GroundRelapse, Clocks: again}}), resolved, at("2024-05-20 09:00")},
		{"reopened and closed again", after(closed, entry{"2024-05-20 09:00", petition.CaseReopened{Clocks: again}}, entry{"2024-06-20 09:00", petition.CaseClosed{}}), resolved, at("2024-05-20 09:00")},
		{"review requested", after(closed, entry{"2024-05-15 09:00", petition.ReviewRequested{Organ: "gov", Clocks: clocks("2024-05-15 09:00", law.C9)}}), resolved, at("2024-05-15 09:00")},
		{"supervised, then reopened", after(closed, entry{"2024-05-10 09:00", supervised}, entry{"2024-05-20 09:00", petition.CaseReopened{Clocks: again}}), resolved, at("2024-05-10 09:00")},
		{"supervised before it was closed", after(closed[:7], entry{"2024-04-10 09:00", earlySupervised}, closed[7], closed[8], closed[9]), resolved, time.Time{}},
		{"a suggestion", fold(suggestion...), resolved, time.Time{}},
		{"a suggestion, reopened", after(suggestion, entry{"2024-05-20 09:00", petition.CaseReopened{}}), time.Time{}, time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := Of(tt.file)
			if !f.Resolved.Equal(tt.resolved) || !f.Setback.Equal(tt.setback) {
				t.Errorf("resolved %v, called in question %v; want %v, %v", f.Resolved, f.Setback, tt.resolved, tt.setback)
			}
		})
	}
}

// An upheld objection makes it as if the unit had never had to answer.
func TestVoidClockIsNoFact(t *testing.T) {
	f := Of(after(closed[:5], entry{"2024-03-06 09:00", petition.ObjectionRaised{Unit: "u1"}}, entry{"2024-03-07 09:00", petition.ObjectionUpheld{Unit: "u1"}}))
	for _, c := range f.Clocks {
		if c.ID == law.C4 {
			t.Errorf("kept %+v", c)
		}
	}
}

func TestResponsibleUnitDuringAReview(t *testing.T) {
	f := Of(after(closed, entry{"2024-05-15 09:00", petition.ReviewRequested{Organ: "gov", Clocks: clocks("2024-05-15 09:00", law.C9)}}))
	if f.Unit != "u1" {
		t.Errorf("the case is charged to %s", f.Unit)
	}
}

func TestAccusationIsRestricted(t *testing.T) {
	f := Of(fold(closed[0], closed[1], entry{"2024-03-01 11:00", petition.PetitionClassified{Class: petition.Accusation}}))
	if !f.Restricted {
		t.Error("an accusation is not restricted")
	}
}

// An import has what its source has. What it does not say is in no figure.
func TestImport(t *testing.T) {
	f := Of(fold(entry{"2020-01-10 00:00", petition.CaseImported{
		Number: "M-1", Channel: petition.Online, Unit: "住建局", Received: at("2020-01-10 08:00"), Accepted: at("2020-01-10 08:00"),
		Replied: at("2020-01-20 17:00"), Closed: at("2020-01-20 17:00"), Clocks: clocks("2020-01-10 08:00", law.C2, law.C6),
	}}))
	figures := compute(t, Query{Window: in("2020-01-01", "2021-01-01"), ByUnit: true}, all(f).seq)
	if got := pick(t, figures, M16, "", "住建局", ""); got.N != 1 || *got.Mean != 10 {
		t.Errorf("M16: %+v", got.Days)
	}
	if got := pick(t, figures, M3, law.Statutory, "住建局", ""); got.Num != 1 || got.Den != 1 || got.Laws[law.Law2005] != 1 {
		t.Errorf("M3 = %v, %v", got.Rate, got.Laws)
	}
	if got := pick(t, figures, M21, "", All, "online"); got.Num != 1 || got.Den != 1 {
		t.Errorf("online = %v", got.Rate)
	}
	for _, id := range []ID{M2, M6} {
		for _, got := range figures {
			if got.Measure == id && got.Den+got.NotYetDue > 0 {
				t.Errorf("%s has %v, of which the source says nothing", id, got.Rate)
			}
		}
	}
}
