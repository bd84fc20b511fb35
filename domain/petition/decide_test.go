package petition

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
)

// A row is one sentence of the law of a case: given this history, when that is
// asked, then these events, or a refusal.
type row struct {
	name    string
	given   history
	when    step
	then    []Event // without clocks
	clocks  string  // that they set
	refused string  // code; "" for allowed
}

func by(a ledger.Actor, c Command, meta ...func(*ledger.Meta)) step {
	return step{by: a, do: c, meta: all(meta)}
}

func (st step) happening(at time.Time) step { st.at = at; return st }
func (st step) knowing(w World) step        { st.in = &w; return st }
func (st step) recorded(now time.Time) step { st.now = now; return st }

// The life of a case, as far as most rows need it.
var (
	petitioner1 = Person{Subject: uuid.MustParse("7c4e5b1e-0000-4000-8000-000000000001"),
		Name: Sealed{"李某", []byte{1}}, Address: Sealed{"某街道", []byte{2}}}
	intake  = ReceivePetition{Number: "XF-1", Channel: Letter, Unit: "bureau", Level: District, Headcount: 1}
	entryOf = RegisterPetition{Petitioner: petitioner1, Summary: "wages", First: FirstTime{National: true},
		Claims: []Claim{{Summary: "pay"}, {Summary: "apologise"}}}
	reply1 = IssueReply{No: "R-1", Rescue: "government, 30 days", Reviewer: "H3", Answers: []Answer{
		{Claim: 1, Outcome: Explained, Facts: "f", Basis: "b"}, {Claim: 2, Outcome: Rejected, Facts: "f", Basis: "b"}}}
	paper = []ledger.Document{{No: "E-1"}}

	received   = history{}.then(registrar, intake)
	registered = received.then(registrar, entryOf)
	classified = registered.then(dispatcher, Classify{Claiming, PathPetition})
	dispatched = classified.then(dispatcher, Dispatch{Mode: Forward, To: "housing", No: "D-1"})
	pending    = dispatched.then(clerk, ReceiveDispatch{})
	objected   = pending.then(clerk, RaiseObjection{Reasons: "labour's"})
	handling   = pending.then(clerk, Accept{Officer: "H2"})
	worked     = handling.then(handler, RecordProgress{Kind: Talk, Note: "met him"})
	replied    = worked.then(handler, reply1)
	served     = replied.then(handler, ServeReply{Method: "mail", Opinion: "disagree"})
	closed     = served.then(handler, Close{Result: "explained", Evidence: paper})
	inReview   = closed.then(registrar, RequestReview{Organ: "government"})
	reviewed1  = inReview.then(government, DecideReview{Upheld, "V-1"})
	inRecheck  = reviewed1.then(registrar, NotifyPetitioner{Notice: NoticeReview, Method: "mail", Proof: "p"}).
			then(registrar, RequestRecheck{Organ: "city"})
	terminated = inRecheck.then(city, DecideRecheck{Upheld, "W-1"})

	suggested  = registered.then(dispatcher, Classify{Class: Suggestion})
	accused    = registered.then(dispatcher, Classify{Class: Accusation})
	listed     = accused.then(dispatcher, MarkRestricted{[]Accused{{Officer: "L1"}, {Unit: "street"}}})
	turned     = pending.then(clerk, NotAccept{Ground: "g"})
	withdrawn  = registered.then(registrar, Withdraw{Proof: "p"})
	requested1 = handling.then(handler, RequestExtension{20}, because("survey"))
	watched    = handling.then(leader, Supervise{No: "S-1", Unit: "housing", Ground: "4", Demand: "act"})
	evaluable  = closed.then(program, OpenEvaluation{JudgedUnit})
	direct     = history{}.then(clerk, ReceivePetition{Number: "XF-1", Channel: Visit, Unit: "housing", Direct: true, Level: District, Headcount: 1}).
			then(clerk, entryOf).then(clerk, Classify{Claiming, PathPetition})
)

// rows are all rows, by chapter.
var rowsByFile = [][]row{commonRows, intakeRows, handlingRows, afterRows, oversightRows, importRows}

func TestDecide(t *testing.T) {
	produced, allowed := make(map[string]bool), make(map[string]bool)
	for _, r := range slices.Concat(rowsByFile...) {
		t.Run(r.name, func(t *testing.T) {
			p := r.given.run(t)
			before := fmt.Sprintf("%+v", p.state)
			given := r.given.run(t)
			events, m, err := p.ask(r.when)
			got, clocks := bare(events)

			refusal, _ := errors.AsType[*ledger.Refusal](err)
			if refusal == nil {
				refusal = new(ledger.Refusal)
			}
			if refusal.Code != r.refused || !reflect.DeepEqual(got, r.then) || clocks != r.clocks {
				t.Errorf("when %+v\ngot  %+v, clocks %q, refused %q (%v)\nwant %+v, clocks %q, refused %q",
					r.when.do, got, clocks, refusal.Code, err, r.then, r.clocks, r.refused)
			}
			if err != nil && (len(events) > 0 || fmt.Sprintf("%+v", p.state) != before) {
				t.Errorf("a refusal changed the case")
			}
			name := CommandName(r.when.do)
			if lawful := slices.Contains(Lawful(given.state, world, r.when.by, m.Occurred), name); lawful && refusal.Code == "ERR_WRONG_STAGE" && r.when.do != nil && name != "notify-petitioner" || !lawful && err == nil {
				t.Errorf("lawful: %v, decided: %v", lawful, err)
			}
			produced[refusal.Code] = true
			if len(events) > 0 {
				allowed[name] = true
			}
		})
	}
	for _, r := range Refusals() {
		if !produced[r.Code] {
			t.Errorf("no row is refused with %s", r.Code)
		}
	}
	for _, name := range CommandNames() {
		if !allowed[name] {
			t.Errorf("no row allows %s", name)
		}
	}
}

func lateBy(reason string, approver ledger.Actor) func(*ledger.Meta) {
	return func(m *ledger.Meta) {
		m.Late = &ledger.LateEntry{Lag: 3600, Reason: reason, Approver: approver.Officer}
	}
}

var progress = RecordProgress{Kind: Talk, Note: "called him"}
var noted = []Event{ProgressRecorded{Kind: Talk, Note: "called him"}}

// commonRows: what all commands share (DOMAIN §3.1).
var commonRows = []row{
	{name: "nothing can be done with a case that does not exist", when: by(handler, progress), refused: "ERR_NO_CASE"},
	{name: "nothing can be done that is no command", given: handling, when: by(handler, nil), refused: "ERR_NO_COMMAND"},
	{name: "not even a pointer to nothing", given: handling, when: by(handler, (*Accept)(nil)), refused: "ERR_NO_COMMAND"},
	{name: "a pointer to a command is as good as the command", given: handling, when: by(handler, &progress), then: noted},
	{name: "a case is not handled before it was taken up", given: pending, when: by(clerk, progress), refused: "ERR_WRONG_STAGE"},

	{name: "a text is bounded", given: handling, when: by(handler, RecordProgress{Kind: Talk, Note: strings.Repeat("字", 4001)}), refused: "ERR_TOO_LONG"},
	{name: "and may be as long as that", given: handling, when: by(handler, RecordProgress{Kind: Talk, Note: strings.Repeat("字", 4000)}),
		then: []Event{ProgressRecorded{Kind: Talk, Note: strings.Repeat("字", 4000)}}},
	{name: "a note may have lines", given: handling, when: by(handler, RecordProgress{Kind: Talk, Note: "a\nb"}), then: []Event{ProgressRecorded{Kind: Talk, Note: "a\nb"}}},
	{name: "a number may not", given: handling, when: by(handler, ReportCompletion{No: "a\nb"}), refused: "ERR_BAD_TEXT"},
	{name: "nor anything be what is not text", given: handling, when: by(handler, RecordProgress{Kind: Talk, Note: "\xff"}), refused: "ERR_BAD_TEXT"},
	{name: "not even who approved", given: handling, when: by(handler, progress, func(m *ledger.Meta) { m.Reason = "\x00" }), refused: "ERR_BAD_TEXT"},
	{name: "a list is bounded", given: handling, when: by(handler, RecordProgress{Talk, "n", make([]ledger.Document, 101)}), refused: "ERR_TOO_MANY"},
	{name: "a sealed value is bounded", given: worked, when: by(handler, IssueReply{Text: Sealed{Box: make([]byte, 256<<10+1)}}), refused: "ERR_TOO_LONG"},
	{name: "all together is bounded", given: received, when: by(registrar, RegisterPetition{Claims: []Claim{
		{Text: Sealed{Box: make([]byte, 256<<10)}}, {Text: Sealed{Box: make([]byte, 256<<10)}}}}), refused: "ERR_TOO_LONG"},

	{name: "when it happened must be said", given: handling, when: by(handler, progress, func(m *ledger.Meta) { m.Occurred = time.Time{} }), refused: "ERR_TIME_REQUIRED"},
	{name: "and be a time", given: handling, when: by(handler, progress).happening(time.Date(1, 2, 3, 0, 0, 0, 0, time.UTC)), refused: "ERR_TIME_REQUIRED"},
	{name: "what has not happened is not recorded", given: handling, when: by(handler, progress).happening(dawn.Add(8 * time.Hour)).recorded(dawn.Add(8*time.Hour - 2*time.Minute - 1)), refused: "ERR_FUTURE_TIME"},
	{name: "but clocks may differ by two minutes", given: handling, when: by(handler, progress).happening(dawn.Add(8 * time.Hour)).recorded(dawn.Add(8*time.Hour - 2*time.Minute)), then: noted},
	{name: "what was not received yet is not recorded", given: dispatched, when: by(clerk, ReceiveDispatch{}, receivedAt(noon("2025-09-02"))).happening(noon("2025-09-01")), refused: "ERR_FUTURE_TIME"},

	{name: "the next working day is not late", given: handling, when: by(handler, progress).happening(noon("2025-09-05")).recorded(noon("2025-09-08")), then: noted},
	{name: "the one after is", given: handling, when: by(handler, progress).happening(noon("2025-09-05")).recorded(noon("2025-09-09")), refused: "ERR_LATE_ENTRY_UNAPPROVED"},
	{name: "unless there is a reason and an approval", given: handling, when: by(handler, progress, lateBy("ill", chief)).happening(noon("2025-09-05")).recorded(noon("2025-09-09")), then: noted},
	{name: "a reason", given: handling, when: by(handler, progress, lateBy(" ", chief)).happening(noon("2025-09-05")).recorded(noon("2025-09-09")), refused: "ERR_LATE_ENTRY_UNAPPROVED"},
	{name: "of another", given: handling, when: by(handler, progress, lateBy("ill", handler)).happening(noon("2025-09-05")).recorded(noon("2025-09-09")), refused: "ERR_LATE_ENTRY_UNAPPROVED"},
	{name: "in post", given: handling, when: by(handler, progress, lateBy("ill", stranger)).happening(noon("2025-09-05")).recorded(noon("2025-09-09")), refused: "ERR_LATE_ENTRY_UNAPPROVED"},

	{name: "who holds no post does not act", given: handling, when: by(stranger, progress), refused: "ERR_NO_AUTHORITY_AT_TIME"},
	{name: "nor who held it later", given: handling, when: by(handler, progress, lateBy("old", chief)).happening(time.Date(2019, 12, 31, 0, 0, 0, 0, time.UTC)).recorded(noon("2025-09-09")), refused: "ERR_NO_AUTHORITY_AT_TIME"},
	{name: "nor in a post that is not his", given: handling, when: by(actor("H2", "bureau", org.Dispatcher), progress), refused: "ERR_NO_AUTHORITY_AT_TIME"},
	{name: "the program handles no case", given: handling, when: by(program, progress), refused: "ERR_NO_AUTHORITY_AT_TIME"},
	{name: "nobody acts for who holds no post", given: handling, when: by(handler, progress, func(m *ledger.Meta) { m.BehalfOf = "X1" }), refused: "ERR_NO_AUTHORITY_AT_TIME"},
	{name: "nor is approved by him", given: handling, when: by(handler, progress, func(m *ledger.Meta) { m.Approver = "X1" }), refused: "ERR_NO_AUTHORITY_AT_TIME"},
	{name: "an inspector reads and does not write", given: handling, when: by(inspector, ReportUrgent{To: "x", Form: "oral"}), refused: "ERR_ROLE"},
	{name: "nor does an administrator", given: handling, when: by(admin, ReportUrgent{To: "x", Form: "oral"}), refused: "ERR_ROLE"},
	{name: "nobody approves his own", given: handling, when: by(handler, progress, func(m *ledger.Meta) { m.Approver = "H2" }), refused: "ERR_SELF_APPROVAL"},
	{name: "not even through another", given: handling, when: by(handler, progress, func(m *ledger.Meta) { m.BehalfOf, m.Approver = "H3", "H3" }), refused: "ERR_SELF_APPROVAL"},
	{name: "who was recused does not act", given: handling.then(chief, Recuse{"H2"}), when: by(handler, progress), refused: "ERR_RECUSED"},
	{name: "nor does anyone for him", given: handling.then(chief, Recuse{"H2"}), when: by(colleague, progress, func(m *ledger.Meta) { m.BehalfOf = "H2" }), refused: "ERR_RECUSED"},
	{name: "nor does he approve", given: handling.then(chief, Recuse{"H2"}), when: by(colleague, progress, func(m *ledger.Meta) { m.Approver = "H2" }), refused: "ERR_RECUSED"},
	{name: "who was accused learns nothing", given: listed, when: by(labour, ReportUrgent{To: "x", Form: "oral"}), refused: "ERR_NOT_INVOLVED"},
	{name: "another unit does not handle the case", given: handling, when: by(labour, progress), refused: "ERR_NOT_HOLDER"},
	{name: "nor does it note anything", given: handling, when: by(labour, LinkDuplicate{"XF-0", "L1"}), refused: "ERR_NOT_INVOLVED"},
	{name: "nothing precedes what it follows from", given: dispatched, when: by(clerk, ReceiveDispatch{}, receivedAt(noon("2025-08-28"))), refused: "ERR_TIME_ORDER"},
	{name: "a stage does not come before the one before", given: handling, when: by(clerk, Divert{PathAdmin, "x"}).happening(dawn.Add(5*time.Hour - 1)), refused: "ERR_TIME_ORDER"},
	{name: "after a correction the corrected time counts", given: handling.then(chief, CorrectEntry{Target: eventOf(6), Field: FieldOccurred,
		Old: instantText(dawn.Add(5 * time.Hour)), New: instantText(dawn.Add(4 * time.Hour))}, approvedBy(leader)),
		when: by(clerk, Divert{PathAdmin, "x"}).happening(dawn.Add(5*time.Hour - 1)), then: []Event{DivertedToLegalChannel{PathAdmin, "x"}}},
	{name: "a missed deadline blocks nothing", given: replied, when: by(handler, ServeReply{Method: "mail", Opinion: "none"}).happening(noon("2026-03-02")),
		then: []Event{ReplyServed{Method: "mail", Opinion: "none"}}, clocks: "C8 2026-04-01/-"},
}

// eventOf is the identity of the first event of the n-th command of a history.
func eventOf(n uint64) uuid.UUID { return ledger.EventID(commandID(n), 0) }

// TestRefusalsSpeakBothLanguages checks that the table is fit to be read: every
// refusal has a text in both languages and says so with its code.
func TestRefusalsSpeakBothLanguages(t *testing.T) {
	seen := make(map[string]bool)
	for _, r := range Refusals() {
		if seen[r.Code] || !strings.HasPrefix(r.Code, "ERR_") || r.Kind == "" || r.Text.ZH == "" || r.Text.EN == "" {
			t.Errorf("%+v: repeated, or incomplete", r)
		}
		seen[r.Code] = true
	}
	err, _ := errors.AsType[*ledger.Refusal](refuseWith("ERR_WRONG_STAGE", ledger.Text{ZH: "甲", EN: "a"}))
	if !strings.HasSuffix(err.Text.ZH, "（甲）") || !strings.HasSuffix(err.Error(), " (a)") {
		t.Errorf("the detail is lost: %+v", err)
	}
}

// TestLawful checks that what is said to be lawful is what Decide does not refuse
// for its stage or its actor, for everyone at every stage.
func TestLawful(t *testing.T) {
	at := noon("2025-09-03")
	people := []ledger.Actor{registrar, dispatcher, leader, clerk, handler, chief, labour, street, government, mayor, city, inspector, admin, program, stranger}
	for _, h := range []history{nil, received, registered, classified, dispatched, pending, objected, handling, requested1, replied, served, closed,
		inReview, reviewed1, inRecheck, terminated, turned, listed, suggested, withdrawn, watched, evaluable, direct} {
		p := h.run(t)
		for _, who := range people {
			lawful := Lawful(p.state, world, who, at)
			for _, name := range CommandNames() {
				c, _ := NewCommand(name)
				events, err := Decide(p.state, Act{c, at, world}, ledger.Meta{Command: commandID(99), Actor: who, Occurred: at})
				why := May(p.state, world, who, at, name)
				switch said := slices.Contains(lawful, name); {
				case said != (why == nil):
					t.Errorf("%s for %s at %q: lawful is %v, and yet %v", name, who.Officer, stageOf(p.state), said, why)
				case !said && fmt.Sprint(err) != fmt.Sprint(why):
					t.Errorf("%s is not lawful for %s at %q because of %v, and was refused because of %v", name, who.Officer, stageOf(p.state), why, err)
				case !said && len(events) > 0:
					t.Errorf("%s is not lawful for %s at %q, and led to %v", name, who.Officer, stageOf(p.state), events)
				}
			}
		}
	}
	if err := May(nil, world, handler, at, "no-such-command"); err == nil {
		t.Error("what is no command is lawful")
	}
}

func stageOf(s *State) Stage {
	if s == nil {
		return None
	}
	return s.Stage
}

// TestLawfulOnThePage checks the buttons of one page, by hand.
func TestLawfulOnThePage(t *testing.T) {
	p := pending.run(t)
	got := Lawful(p.state, world, clerk, noon("2025-09-03"))
	want := []string{"link-duplicate", "merge", "classify", "mark-restricted", "raise-objection", "accept", "not-accept", "withdraw",
		"notify-petitioner", "assign-officer", "declare-conflict", "recuse", "open-evaluation", "report-urgent",
		"exclude-from-statistics", "recompute-deadline", "correct-entry", "authorise-erasure"}
	if !slices.Equal(got, want) {
		t.Errorf("a unit that has to decide on acceptance may\n%q, not\n%q", got, want)
	}
	if got := Lawful(p.state, world, inspector, noon("2025-09-03")); got != nil {
		t.Errorf("an inspector may %q", got)
	}
}

// TestCommandNames checks that names and commands are one to one.
func TestCommandNames(t *testing.T) {
	for _, name := range CommandNames() {
		c, ok := NewCommand(name)
		if !ok || CommandName(c) != name || CommandName(plain(c)) != name {
			t.Errorf("%s makes %T, whose name is %q", name, c, CommandName(c))
		}
		if title := Title(name); title.ZH == "" || title.EN == "" || title.ZH == name {
			t.Errorf("%s has no title: %+v", name, title)
		}
	}
	if _, ok := NewCommand("no-such-command"); ok || CommandName(nil) != "" || Title("no-such-command").EN != "no-such-command" {
		t.Error("there is a command that is none")
	}
}
