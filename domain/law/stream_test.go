package law

import (
	"bufio"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

var (
	document = ledger.Document{No: "国办发明电〔2026〕9号", Title: "通知", Hash: "9f86d0"}
	approved = ledger.Meta{Actor: ledger.Actor{Officer: "0001"}, Approver: "0002", Reason: "录入有误"}
	off2027  = []Date{on("2027-01-01"), on("2027-01-02")}
	work2027 = []Date{on("2027-01-03")}

	published2027  = CalendarPublished{Year: 2027, Notice: document, Off: off2027, Work: work2027, Version: 1}
	overridden2026 = DayOverridden{Date: on("2026-09-09"), Document: document, Version: 2}

	faster = Rule{ID: "district-C6-2026", Clock: C6, Tier: District, N: 20, Unit: WorkingDays, Roll: RollNone, From: on("2026-07-01"),
		Article: ledger.Text{ZH: "区工作方案", EN: "plan of the district"}}
)

// outcome is what a command led to: events, or the code of a refusal.
type outcome[E any] struct {
	then    []E
	refused string
}

// check asks c of what given leads to, and compares.
func check[S, C, E any](t *testing.T, d ledger.Decider[S, C, E], given []E, when C, m ledger.Meta, want outcome[E]) {
	t.Helper()
	var s S
	for _, e := range given {
		s = d.Evolve(s, e, ledger.Meta{})
	}
	got, err := d.Decide(s, when, m)
	refusal, ok := errors.AsType[*ledger.Refusal](err)
	switch {
	case !ok && err != nil:
		t.Errorf("Decide = %v, which is no refusal", err)
	case !ok:
		refusal = new(ledger.Refusal)
	case refusal.Text.ZH == "" || refusal.Text.EN == "" || refusal.Kind == "" || strings.Contains(refusal.Text.ZH+refusal.Text.EN, "%!"):
		t.Errorf("refused without a text, or with a bad one: %+v", refusal)
	}
	if refusal.Code != want.refused || !reflect.DeepEqual(got, want.then) {
		t.Errorf("given %+v\nwhen  %+v\ngot   %+v, refused %q\nwant  %+v, refused %q", given, when, got, refusal.Code, want.then, want.refused)
	}
	for _, e := range got {
		s = d.Evolve(s, e, m)
	}
	if again, _ := d.Decide(s, when, m); len(again) > 0 {
		t.Errorf("%+v, asked again, leads to %+v", when, again)
	}
}

func TestCalendarDecider(t *testing.T) {
	type given = []CalendarEvent
	publish := PublishCalendar{Year: 2027, Notice: document, Off: []Date{off2027[1], off2027[0]}, Work: work2027}
	with := func(change func(*PublishCalendar)) PublishCalendar {
		c := publish
		change(&c)
		return c
	}
	correct := CorrectCalendar{Year: 2027, Notice: document, Off: off2027[:1]}
	corrected := CalendarCorrected{Year: 2027, Notice: document, Off: off2027[:1], Version: 2}
	anonymous, alone := approved, approved
	anonymous.Reason, alone.Approver = "", approved.Actor.Officer

	for _, tt := range []struct {
		name    string
		given   given
		when    CalendarCommand
		meta    ledger.Meta
		then    given
		refused string
	}{
		{name: "a year is published, in order of days", when: publish, then: given{published2027}},
		{name: "but only once", given: given{published2027}, when: publish, refused: "ERR_CALENDAR_PUBLISHED"},
		{name: "and not a year that is embedded", when: with(func(c *PublishCalendar) { c.Year = 2026 }), refused: "ERR_CALENDAR_PUBLISHED"},
		{name: "a year before any law", when: with(func(c *PublishCalendar) { c.Year = 2004 }), refused: "ERR_CALENDAR_YEAR"},
		{name: "a year of another stream", given: given{overridden2026}, when: publish, refused: "ERR_CALENDAR_YEAR"},
		{name: "a day of another year", when: with(func(c *PublishCalendar) { c.Off = []Date{on("2026-12-31")} }), refused: "ERR_CALENDAR_YEAR"},
		{name: "a notice without a number", when: with(func(c *PublishCalendar) { c.Notice.No = "" }), refused: "ERR_DOC_REQUIRED"},
		{name: "a notice without a rest day", when: with(func(c *PublishCalendar) { c.Off = nil }), refused: "ERR_CALENDAR_EMPTY"},
		{name: "a day that is off and worked", when: with(func(c *PublishCalendar) { c.Work = off2027[1:] }), refused: "ERR_CALENDAR_DAY"},
		{name: "a Monday worked in exchange", when: with(func(c *PublishCalendar) { c.Work = []Date{on("2027-01-04")} }), refused: "ERR_CALENDAR_DAY"},

		{name: "a notice is corrected", given: given{published2027}, when: correct, meta: approved, then: given{corrected}},
		{name: "to what it is", given: given{published2027, corrected}, when: correct, meta: approved},
		{name: "an embedded year is corrected", when: CorrectCalendar{Year: 2026, Notice: document, Off: []Date{on("2026-01-01")}}, meta: approved,
			then: given{CalendarCorrected{Year: 2026, Notice: document, Off: []Date{on("2026-01-01")}, Version: 2}}},
		{name: "before there is one", when: correct, meta: approved, refused: "ERR_CALENDAR_UNPUBLISHED"},
		{name: "without a reason", given: given{published2027}, when: correct, meta: anonymous, refused: "ERR_REASON_REQUIRED"},
		{name: "by oneself", given: given{published2027}, when: correct, meta: alone, refused: "ERR_UNAPPROVED"},
		{name: "by nobody", given: given{published2027}, when: correct, meta: ledger.Meta{Reason: "?"}, refused: "ERR_UNAPPROVED"},
		{name: "to nonsense", given: given{published2027}, when: CorrectCalendar{Year: 2027, Notice: document}, meta: approved, refused: "ERR_CALENDAR_EMPTY"},
		{name: "a correction for a year that is none", when: CorrectCalendar{Year: 0}, meta: approved, refused: "ERR_CALENDAR_YEAR"},

		{name: "a typhoon stops work", when: OverrideDay{Date: on("2026-09-09"), Document: document}, then: given{overridden2026}},
		{name: "which it did already", given: given{overridden2026}, when: OverrideDay{Date: on("2026-09-09"), Document: document}},
		{name: "and then did not", given: given{overridden2026}, when: OverrideDay{Date: on("2026-09-09"), Working: true, Document: document},
			then: given{DayOverridden{Date: on("2026-09-09"), Working: true, Document: document, Version: 3}}},
		{name: "a Sunday is a rest day anyway", when: OverrideDay{Date: on("2026-03-08"), Document: document}},
		{name: "of a year not published nobody knows", when: OverrideDay{Date: on("2028-03-08"), Working: true, Document: document},
			then: given{DayOverridden{Date: on("2028-03-08"), Working: true, Document: document, Version: 1}}},
		{name: "without a document", when: OverrideDay{Date: on("2026-09-09")}, refused: "ERR_DOC_REQUIRED"},
		{name: "without a date", when: OverrideDay{Document: document}, refused: "ERR_CALENDAR_YEAR"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, publishes := tt.when.(PublishCalendar); publishes && tt.then != nil {
				defer func() {
					check(t, CalendarDecider, tt.then, tt.when, tt.meta, outcome[CalendarEvent]{refused: "ERR_CALENDAR_PUBLISHED"})
				}()
			}
			check(t, CalendarDecider, tt.given, tt.when, tt.meta, outcome[CalendarEvent]{tt.then, tt.refused})
		})
	}
}

func TestRuleDecider(t *testing.T) {
	with := func(change func(*Rule)) AdoptRule {
		r := faster
		change(&r)
		return AdoptRule{r, document}
	}
	statutory := func(n int) AdoptRule {
		return with(func(r *Rule) { r.ID, r.Tier, r.Law, r.N, r.Unit = "2030-C6", Statutory, "2030", n, CalendarDays })
	}
	adopted := []RuleEvent{RuleAdopted{faster, document}}
	for _, tt := range []struct {
		name    string
		given   []RuleEvent
		when    AdoptRule
		then    []RuleEvent
		refused string
	}{
		{name: "a rule is adopted", when: AdoptRule{faster, document}, then: adopted},
		{name: "once", given: adopted, when: AdoptRule{faster, document}},
		{name: "its number is not used again", given: adopted, when: with(func(r *Rule) { r.N = 10 }), refused: "ERR_RULE_EXISTS"},
		{name: "nor that of a text", when: with(func(r *Rule) { r.ID = "2022-C6" }), refused: "ERR_RULE_EXISTS"},
		{name: "without a document", when: AdoptRule{Rule: faster}, refused: "ERR_DOC_REQUIRED"},
		{name: "without a number", when: with(func(r *Rule) { r.ID = "" }), refused: "ERR_RULE_MALFORMED"},
		{name: "for no clock", when: with(func(r *Rule) { r.Clock = "C99" }), refused: "ERR_RULE_MALFORMED"},
		{name: "in no tier", when: with(func(r *Rule) { r.Tier = "province" }), refused: "ERR_RULE_MALFORMED"},
		{name: "in no unit", when: with(func(r *Rule) { r.Unit = "months" }), refused: "ERR_RULE_MALFORMED"},
		{name: "rolling backwards", when: with(func(r *Rule) { r.Roll = "before" }), refused: "ERR_RULE_MALFORMED"},
		{name: "resting on nothing", when: with(func(r *Rule) { r.Article.EN = "" }), refused: "ERR_RULE_MALFORMED"},
		{name: "statutory, of no law", when: with(func(r *Rule) { r.Tier = Statutory }), refused: "ERR_RULE_MALFORMED"},
		{name: "a negative limit", when: with(func(r *Rule) { r.N = -1 }), refused: "ERR_RULE_LIMIT"},
		{name: "a limit of a lifetime", when: with(func(r *Rule) { r.N = 40000 }), refused: "ERR_RULE_LIMIT"},
		{name: "from no day on", when: with(func(r *Rule) { r.From = Date{} }), refused: "ERR_RULE_PERIOD"},
		{name: "for no day", when: with(func(r *Rule) { r.To = r.From }), refused: "ERR_RULE_PERIOD"},
		{name: "a limit is given up", when: with(func(r *Rule) { r.N = 0 }),
			then: []RuleEvent{with(func(r *Rule) { r.N = 0 }).event()}},
		{name: "the district later than the law", when: with(func(r *Rule) { r.N = 61; r.Unit = CalendarDays }), refused: "ERR_DISTRICT_LATER"},
		{name: "on some starts only: 42 working days can be 63 days", when: with(func(r *Rule) { r.N = 42 }), refused: "ERR_DISTRICT_LATER"},
		{name: "for hours, which count from the instant", when: with(func(r *Rule) { r.N = 60*24 + 1; r.Unit = Hours }), refused: "ERR_DISTRICT_LATER"},
		{name: "as many hours as days are never later", when: with(func(r *Rule) { r.N = 60 * 24; r.Unit = Hours }),
			then: []RuleEvent{with(func(r *Rule) { r.N = 60 * 24; r.Unit = Hours }).event()}},
		{name: "a law shorter than the district", when: statutory(29), refused: "ERR_DISTRICT_LATER"},
		{name: "a law as long as the district", when: statutory(30), then: []RuleEvent{statutory(30).event()}},
		{name: "the district later than a law to come", given: []RuleEvent{
			with(func(r *Rule) {
				r.ID, r.Tier, r.Law, r.N, r.Unit, r.From = "2030-C6", Statutory, "2030", 30, CalendarDays, on("2030-01-01")
			}).event()},
			when: with(func(r *Rule) { r.N = 31; r.Unit = CalendarDays }), refused: "ERR_DISTRICT_LATER"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check[Rules, RuleCommand](t, RuleDecider, tt.given, tt.when, ledger.Meta{}, outcome[RuleEvent]{tt.then, tt.refused})
		})
	}
}

func (c AdoptRule) event() RuleEvent { return RuleAdopted(c) }

// TestStreams records a notice and a rule, and finds them in what anyone folds.
func TestStreams(t *testing.T) {
	store := new(ledgertest.Store)
	meta := func() ledger.Meta { return ledger.Meta{Command: uuid.New(), Occurred: time.Unix(0, 0).UTC()} }
	if _, err := CalendarDecider.Handle(t.Context(), store, ledger.Ask[CalendarCommand]{ID: CalendarStream(2027),
		Command: PublishCalendar{Year: 2027, Notice: document, Off: off2027, Work: work2027}, Meta: meta()}); err != nil {
		t.Fatal(err)
	}
	if _, err := CalendarDecider.Handle(t.Context(), store, ledger.Ask[CalendarCommand]{ID: CalendarStream(2026),
		Command: OverrideDay{Date: on("2026-09-09"), Document: document}, Meta: meta()}); err != nil {
		t.Fatal(err)
	}
	if _, err := RuleDecider.Handle(t.Context(), store, ledger.Ask[RuleCommand]{ID: RuleStream(),
		Command: AdoptRule{faster, document}, Meta: meta()}); err != nil {
		t.Fatal(err)
	}
	cal, rules := Embedded(), Default()
	for _, env := range ledgertest.Collect(t, store.ReadAll(t.Context(), 0)) {
		if CalendarCodec.Has(env.Type) {
			e, err := CalendarCodec.Decode(env.Type, env.Data)
			if err != nil {
				t.Fatal(err)
			}
			cal = cal.Evolve(e)
			continue
		}
		e, err := RuleCodec.Decode(env.Type, env.Data)
		if err != nil {
			t.Fatal(err)
		}
		rules = rules.Evolve(e)
	}
	if cal.Version() != "2027v1+2026v2" || cal.Day(on("2026-09-09")) != Rest || cal.Day(on("2027-01-03")) != Working {
		t.Errorf("the calendar is %s", cal.Version())
	}
	if c := rules.Start(C6, at("2026-09-07 10:00:00"), cal); c.District.Rule != faster.ID || c.District.LastDay() != on("2026-10-12") {
		t.Errorf("a clock is started by %+v", c.District)
	}
	year, version, err := CalendarDecider.State(t.Context(), store, CalendarStream(2026))
	if err != nil || version != 1 || !year.Published || len(year.Overrides) != 1 || len(year.Off) != 33 {
		t.Errorf("2026 is %+v, version %d, %v", year, version, err)
	}
	if CalendarStream(2026) == CalendarStream(2027) || CalendarStream(2026).Version() != 5 || RuleStream().Version() != 5 {
		t.Error("streams are not told apart")
	}
}

// TestStorageFormat checks that what was ever written can still be read, and
// that what is written now is what was written then. Lines are only ever added
// to the golden file; a change to one is a change to history.
func TestStorageFormat(t *testing.T) {
	closed := faster
	closed.Law, closed.To, closed.Own = Law2022, on("2027-01-01"), true
	var got strings.Builder
	write := func(r ledger.Record) { fmt.Fprintf(&got, "%s %s\n", r.Type, r.Data) }
	for _, e := range []CalendarEvent{
		published2027,
		CalendarCorrected{Year: 2027, Notice: document, Off: off2027, Work: work2027, Version: 2},
		DayOverridden{Date: on("2026-09-09"), Working: true, Document: document, Version: 2},
	} {
		whole(t, e)
		write(CalendarCodec.Record(e, approved, 0))
	}
	whole(t, RuleAdopted{closed, document})
	whole(t, closed)
	write(RuleCodec.Record(RuleAdopted{closed, document}, approved, 0))
	golden(t, "testdata/events.golden", got.String())

	for s := bufio.NewScanner(strings.NewReader(got.String())); s.Scan(); {
		name, data, _ := strings.Cut(s.Text(), " ")
		var err error
		if CalendarCodec.Has(name) {
			_, err = CalendarCodec.Decode(name, []byte(data))
		} else {
			_, err = RuleCodec.Decode(name, []byte(data))
		}
		if err != nil {
			t.Errorf("cannot read what was written before: %v", err)
		}
	}
}

// whole checks that a sample sets every field.
func whole(t *testing.T, sample any) {
	t.Helper()
	for v, i := reflect.ValueOf(sample), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("sample %T does not set %s", sample, v.Type().Field(i).Name)
		}
	}
}
