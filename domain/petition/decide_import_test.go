package petition

import (
	"strings"
	"testing"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

var (
	source  = Source{File: "mail.xlsx", Hash: strings.Repeat("0", 64), Row: 2}
	foreign = CaseImported{Number: "M-1", Source: source, Summary: "lamp", Received: noon("2019-08-06"), Accepted: noon("2019-08-06"),
		Replied: noon("2019-08-20"), Closed: noon("2019-08-20"), DateOnly: []string{"received"}}
	action = ActionImported{Activity: "Create Fine", At: noon("2006-07-24"), Actor: "561", Source: source, Attributes: []Attribute{{"amount", "35.0"}}}
)

func importing(f func(*CaseImported)) step { return by(admin, ImportCase{with(foreign, f)}) }

// importRows: 导入.
var importRows = []row{
	{name: "a case of another ledger comes in with the clocks of then", when: by(admin, ImportCase{foreign}), then: []Event{foreign}, clocks: "C1 -/2019-08-07, C2 2019-08-21/2019-08-13, C6 2019-10-05/2019-09-05"},
	{name: "by the program", when: by(program, ImportCase{foreign}), then: []Event{foreign}, clocks: "C1 -/2019-08-07, C2 2019-08-21/2019-08-13, C6 2019-10-05/2019-09-05"},
	{name: "without what the source does not say", when: importing(func(e *CaseImported) { e.Received, e.Accepted, e.DateOnly = time.Time{}, time.Time{}, nil }),
		then: []Event{with(foreign, func(e *CaseImported) { e.Received, e.Accepted, e.DateOnly = time.Time{}, time.Time{}, nil })}},
	{name: "nor with clocks of its own", when: importing(func(e *CaseImported) { e.Accepted, e.Clocks = time.Time{}, []law.Clock{{ID: law.C6}} }),
		then: []Event{with(foreign, func(e *CaseImported) { e.Accepted = time.Time{} })}, clocks: "C1 -/2019-08-07, C2 2019-08-21/2019-08-13"},
	{name: "a suggestion has no sixty days there either", when: importing(func(e *CaseImported) { e.Class = Suggestion }),
		then: []Event{with(foreign, func(e *CaseImported) { e.Class = Suggestion })}, clocks: "C1 -/2019-08-07, C2 2019-08-21/2019-08-13"},
	{name: "times are kept in UTC", when: importing(func(e *CaseImported) { e.Received = e.Received.In(law.Shanghai) }), then: []Event{foreign}, clocks: "C1 -/2019-08-07, C2 2019-08-21/2019-08-13, C6 2019-10-05/2019-09-05"},
	{name: "once", given: history{}.then(admin, ImportCase{foreign}), when: by(admin, ImportCase{foreign}), refused: "ERR_DUP_CASE_NO"},
	{name: "not by anyone", when: by(handler, ImportCase{foreign}), refused: "ERR_ROLE"},
	{name: "with a number", when: importing(func(e *CaseImported) { e.Number = "" }), refused: "ERR_NUMBER_REQUIRED"},
	{name: "that is one", when: importing(func(e *CaseImported) { e.Number = "@SUM(A1)" }), refused: "ERR_BAD_NUMBER"},
	{name: "from somewhere", when: importing(func(e *CaseImported) { e.Source.Hash = "" }), refused: "ERR_BAD_SOURCE"},
	{name: "but not from where that was", when: importing(func(e *CaseImported) { e.Source.File = "/home/li/mail.xlsx" }), refused: "ERR_BAD_SOURCE"},
	{name: "through a channel", when: importing(func(e *CaseImported) { e.Channel = "pigeon" }), refused: "ERR_BAD_CHANNEL"},
	{name: "of a class", when: importing(func(e *CaseImported) { e.Class = "rumour" }), refused: "ERR_BAD_TERM"},
	{name: "with dates that there are", when: importing(func(e *CaseImported) { e.DateOnly = []string{"born"} }), refused: "ERR_BAD_TERM"},
	{name: "of somebody", when: importing(func(e *CaseImported) { e.Headcount = -1 }), refused: "ERR_BAD_HEADCOUNT"},
	{name: "sealed for somebody", when: importing(func(e *CaseImported) { e.Claim = Sealed{Box: []byte{1}} }), refused: "ERR_NO_SUBJECT"},
	{name: "not answered before it came", when: importing(func(e *CaseImported) { e.Replied = noon("2019-08-05") }), refused: "ERR_TIME_ORDER"},
	{name: "nor yet to come", when: importing(func(e *CaseImported) { e.Closed = noon("2029-08-05") }), refused: "ERR_FUTURE_TIME"},
	{name: "nor of another age", when: importing(func(e *CaseImported) { e.Received = noon("1900-01-01") }), refused: "ERR_TIME_REQUIRED"},
	{name: "nor endless", when: importing(func(e *CaseImported) { e.Summary = strings.Repeat("字", 501) }), refused: "ERR_TOO_LONG"},

	{name: "a log comes in as it is, without clocks", when: by(admin, ImportActions{foreign, []ActionImported{action, action}}), then: []Event{foreign, action, action}},
	{name: "and is not of this law", given: history{}.then(admin, ImportActions{foreign, []ActionImported{action}}), when: by(registrar, Archive{Retain10}), refused: "ERR_WRONG_STAGE"},
	{name: "with actions", when: by(admin, ImportActions{Case: foreign}), refused: "ERR_EMPTY"},
	{name: "as many as one batch has", when: by(admin, ImportActions{foreign, make([]ActionImported, 1001)}), refused: "ERR_TOO_MANY"},
	{name: "each of which says what", when: by(admin, ImportActions{foreign, []ActionImported{with(action, func(a *ActionImported) { a.Activity = "" })}}), refused: "ERR_EMPTY"},
	{name: "and when", when: by(admin, ImportActions{foreign, []ActionImported{with(action, func(a *ActionImported) { a.At = time.Time{} })}}), refused: "ERR_TIME_REQUIRED"},
	{name: "of a case whose number is one", when: by(admin, ImportActions{with(foreign, func(e *CaseImported) { e.Number = "M 1" }), []ActionImported{action}}), refused: "ERR_BAD_NUMBER"},
	{name: "which is over", when: by(admin, ImportActions{foreign, []ActionImported{with(action, func(a *ActionImported) { a.At = noon("2029-01-01") })}}), refused: "ERR_FUTURE_TIME"},
	{name: "of a case that can be", when: by(admin, ImportActions{CaseImported{Source: source}, []ActionImported{action}}), refused: "ERR_NUMBER_REQUIRED"},
	{name: "what was imported closed is opened again by who has it", given: history{}.then(admin, ImportCase{with(foreign, func(e *CaseImported) { e.Unit = "housing" })}),
		when: by(handler, Reopen{GroundRelapse}, approvedBy(chief)).happening(noon("2025-09-02")), then: []Event{CaseReopened{Ground: GroundRelapse}}, clocks: "C6 2025-11-01/2025-10-02"},
	{name: "and corrected", given: history{}.then(admin, ImportCase{foreign}), when: by(registrar, CorrectEntry{eventOf(1), FieldSummary, "lamp", "street lamp"}, approvedBy(leader)).happening(noon("2025-09-02")),
		then: []Event{EntryCorrected{eventOf(1), FieldSummary, "lamp", "street lamp"}}},
}

// TestImportedStage checks that a case is as far as the source says, and no
// farther.
func TestImportedStage(t *testing.T) {
	at := noon("2019-08-06")
	for want, e := range map[Stage]CaseImported{
		Received:   {},
		Registered: {Registered: at},
		Classified: {Registered: at, Class: Claiming},
		Dispatched: {Registered: at, Dispatched: at},
		Handling:   {Dispatched: at, Accepted: at},
		Replied:    {Accepted: at, Replied: at},
		Served:     {Replied: at, Served: at},
		Closed:     {Accepted: at, Served: at, Closed: at},
	} {
		if got := Evolve(nil, e, ledger.Meta{}).Stage; got != want {
			t.Errorf("%+v is at %q, not %q", e, got, want)
		}
		if got := Evolve(Evolve(nil, e, ledger.Meta{}), action, ledger.Meta{}).Stage; got != Foreign {
			t.Errorf("with an action of a log it is at %q", got)
		}
	}
}
