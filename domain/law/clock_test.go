package law

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"
)

// TestCalendarDays has the vectors of the domain dossier: the due date, and the
// date to which it would roll.
func TestCalendarDays(t *testing.T) {
	for _, tt := range []struct {
		clock            ClockID
		start            string
		due, rolled      string
		district, beside string
		law              Law
	}{
		{C2, "2021-09-16 09:00:00", "2021-10-01", "2021-10-08", "2021-09-24", "", Law2005},
		{C6, "2021-12-03 09:00:00", "2022-02-01", "2022-02-07", "2022-01-02", "2022-01-04", Law2005},
		{C2, "2025-09-30 09:00:00", "2025-10-15", "", "2025-10-14", "", Law2022},
		{C6, "2026-09-21 00:00:00", "2026-11-20", "", "2026-10-21", "", Law2022},
		{C6, "2026-09-21 23:59:59", "2026-11-20", "", "2026-10-21", "", Law2022}, // the hour does not matter
		{C6, "2022-04-30 23:59:59", "2022-06-29", "", "2022-05-30", "", Law2005}, // the last second of the old text
		{C6, "2022-05-01 00:00:00", "2022-06-30", "", "2022-05-31", "", Law2022},
		{C8, "2021-09-01 10:00:00", "2021-10-08", "", "", "", Law2005}, // a petitioner's right rolls over the holiday
		{C8, "2026-03-02 10:00:00", "2026-04-01", "", "", "", Law2022},
		{C1, "2026-02-13 10:00:00", "", "", "2026-02-14", "", Law2022},  // a Saturday worked in exchange
		{C18, "2026-03-02 00:00:00", "", "", "2026-03-08", "", Law2022}, // Monday, until Sunday
		{C18, "2026-03-08 23:00:00", "", "", "2026-03-08", "", Law2022},
		{C2, "2005-04-30 23:59:59", "", "", "", "", ""}, // before there was a text
	} {
		c := Default().Start(tt.clock, at(tt.start), Embedded())
		due := func(l *Limit) (last, rolled string) {
			if l == nil {
				return "", ""
			}
			if !l.Due.Equal(l.LastDay().AddDays(1).Start()) {
				t.Errorf("%s from %s is due at %v", tt.clock, tt.start, l.Due)
			}
			if !l.Rolled.IsZero() {
				rolled = DateOf(l.Rolled.Add(-1)).String()
			}
			return l.LastDay().String(), rolled
		}
		if last, rolled := due(c.Limit(Statutory)); last != tt.due || rolled != tt.rolled {
			t.Errorf("%s from %s is due %q (rolled %q), want %q (%q)", tt.clock, tt.start, last, rolled, tt.due, tt.rolled)
		}
		if last, rolled := due(c.Limit(District)); last != tt.district || rolled != tt.beside {
			t.Errorf("%s from %s is due %q (rolled %q) in the district, want %q (%q)", tt.clock, tt.start, last, rolled, tt.district, tt.beside)
		}
		if c.Law != tt.law || c.Calendar != "2026v1" || !c.Start.Equal(at(tt.start)) || c.ID != tt.clock {
			t.Errorf("%+v is not bound to its law and calendar", c)
		}
	}
}

func TestHours(t *testing.T) {
	c := Default().Start(C13, at("2026-02-13 23:30:00"), Embedded())
	if want := at("2026-02-14 00:30:00"); !c.District.Due.Equal(want) || c.District.LastDay() != on("2026-02-14") {
		t.Errorf("due %v, want %v", c.District.Due, want)
	}
	if !c.District.Rolled.IsZero() || c.Statutory != nil {
		t.Errorf("%+v: hours do not roll, and the law sets no number", c)
	}
}

// TestEveryStart checks, for a start on every day of six years, what the dossier
// says of the limits: that the district's never end after the statutory ones, and
// that 15 working days are never the 15 days of the law.
func TestEveryStart(t *testing.T) {
	cal, longest := Embedded(), 0
	for d := range eachDay {
		five, _ := cal.AddWorkingDays(d, 5)
		longest = max(longest, five.Sub(d)) // as from 2023-09-22, 2026-09-23 and 2026-09-24
		if fifteen, _ := cal.AddWorkingDays(d, 15); fifteen.Sub(d) <= 15 {
			t.Errorf("from %v 15 working days are %d days", d, fifteen.Sub(d))
		}
		for _, start := range []time.Time{d.Start(), d.AddDays(1).Start().Add(-time.Second)} {
			for _, id := range Clocks() {
				c := Default().Start(id, start, cal)
				for _, l := range []*Limit{c.Statutory, c.District} {
					if l == nil {
						continue
					}
					if !l.Due.After(start) || !l.Rolled.IsZero() && !l.Rolled.After(l.Due) {
						t.Fatalf("%s from %v: %+v", id, start, l)
					}
					if working, _ := cal.Working(l.LastDay()); l.Unit == CalendarDays && l.Roll == RollNone && working != l.Rolled.IsZero() {
						t.Fatalf("%s from %v: %+v, and the last day is worked: %t", id, start, l, working)
					}
				}
				if c.Statutory != nil && c.District != nil && c.District.Due.After(c.Statutory.Due) {
					t.Fatalf("%s from %v is due %v in the district, %v by law", id, start, c.District.LastDay(), c.Statutory.LastDay())
				}
			}
		}
	}
	if longest != 15 {
		t.Errorf("5 working days are at most %d days, want 15", longest)
	}
}

func TestStartOrdered(t *testing.T) {
	start, cal := at("2026-03-02 10:00:00"), Embedded()
	for _, id := range []ClockID{C7, C17} {
		c := Default().StartOrdered(id, start, on("2026-04-04"), cal)
		want := Limit{Rule: "2022-" + string(id), N: 33, Unit: CalendarDays, Roll: RollNone,
			Due: at("2026-04-05 00:00:00").UTC(), Rolled: at("2026-04-08 00:00:00").UTC()} // 清明
		if *c.Statutory != want || *c.District != want || c.Statutory == c.District {
			t.Errorf("%s: %+v and %+v, want %+v twice", id, c.Statutory, c.District, want)
		}
	}
	if c := Default().Start(C7, start, cal); c.Statutory != nil || c.District != nil {
		t.Errorf("C7 without an order is due: %+v", c)
	}
	if c := Default().Start(C17, start, cal); c.Statutory != nil || c.District.LastDay() != on("2026-03-09") {
		t.Errorf("C17 without an order: %+v", c)
	}
	if c := Default().StartOrdered(C6, start, on("2027-04-04"), cal); c.Statutory != nil || c.District != nil {
		t.Errorf("an order set the date of C6: %+v", c)
	}
}

// TestExtend checks that extensions count from the original due date, and no more
// than 30 days of them.
func TestExtend(t *testing.T) {
	started := Default().Start(C6, at("2021-12-03 09:00:00"), Embedded())
	before := *started.Statutory
	for _, tt := range []struct {
		days                []int
		extended            int
		statutory, district string
	}{
		{nil, 0, "2022-02-01", "2022-01-02"},
		{[]int{10}, 10, "2022-02-11", "2022-01-12"},
		{[]int{10, 20}, 30, "2022-03-03", "2022-02-01"},
		{[]int{30}, 30, "2022-03-03", "2022-02-01"},
		{[]int{20, 20}, 30, "2022-03-03", "2022-02-01"},
		{[]int{90, 90}, 30, "2022-03-03", "2022-02-01"},
		{[]int{0, -5}, 0, "2022-02-01", "2022-01-02"},
	} {
		c := started
		for _, n := range tt.days {
			c = c.Extend(n)
		}
		if s, d := c.Statutory, c.District; s.LastDay() != on(tt.statutory) || d.LastDay() != on(tt.district) ||
			s.Extended != tt.extended || d.Extended != tt.extended {
			t.Errorf("extended by %v: %v and %v (%d, %d)", tt.days, s.LastDay(), d.LastDay(), s.Extended, d.Extended)
		}
	}
	if *started.Statutory != before {
		t.Error("to extend a clock changed the one it was made from")
	}
	if c := Default().Start(C16, at("2026-03-02 10:00:00"), Embedded()).Extend(45); c.Statutory.LastDay() != on("2026-05-16") {
		t.Errorf("the parties to a mediation may agree on any extension: %v", c.Statutory.LastDay())
	}
	if c := Default().Start(C1, at("2005-04-01 10:00:00"), Embedded()).Extend(5); c.Statutory != nil || c.District != nil {
		t.Errorf("a limit came out of nothing: %+v", c)
	}
}

func TestPause(t *testing.T) {
	start, cal := at("2026-03-02 10:00:00"), Embedded()
	if c := Default().Start(C11, start, cal).Pause(2).Pause(1); c.Statutory.LastDay() != on("2026-04-04") || c.Statutory.Paused != 3 {
		t.Errorf("with a hearing of 3 days: %+v", c.Statutory)
	}
	if c := Default().Start(C9, start, cal); !reflect.DeepEqual(c.Pause(3), c) {
		t.Error("a clock was paused that the law does not pause")
	}
}

// TestRecompute publishes 2027 after clocks were started that rest on it.
func TestRecompute(t *testing.T) {
	cal, rules := Embedded(), Default()
	later := cal.Publish(2027, []Date{on("2027-01-01"), on("2027-02-05"), on("2027-02-08"), on("2027-02-09")}, nil)
	for _, tt := range []struct {
		name          string
		clock         Clock
		provisional   [2]bool // statutory, district
		due, district string  // afterwards
		changed       bool
	}{
		{"working days over New Year", rules.Start(C2, at("2026-12-28 10:00:00"), cal), [2]bool{false, true}, "2027-01-12", "2027-01-05", true},
		{"published all along", rules.Start(C2, at("2026-12-01 10:00:00"), cal), [2]bool{}, "2026-12-16", "2026-12-08", false},
		{"only the date beside moves", rules.Start(C6, at("2026-12-10 10:00:00"), cal), [2]bool{}, "2027-02-08", "2027-01-09", true},
		{"a petitioner's right", rules.Start(C8, at("2027-01-06 10:00:00"), cal), [2]bool{true, false}, "2027-02-10", "", true},
		{"extended while provisional", rules.Start(C2, at("2026-12-28 10:00:00"), cal).Extend(7), [2]bool{false, true}, "2027-01-19", "2027-01-12", true},
		{"a year that is still missing", rules.Start(C5, at("2027-12-30 10:00:00"), cal), [2]bool{true, true}, "2028-01-06", "2028-01-06", false},
		{"hours", rules.Start(C13, at("2026-12-31 23:30:00"), cal), [2]bool{}, "", "2027-01-01", false},
		{"an order", rules.StartOrdered(C7, at("2026-12-28 10:00:00"), on("2027-01-05"), cal), [2]bool{}, "2027-01-05", "2027-01-05", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i, tier := range Tiers {
				if l := tt.clock.Limit(tier); l != nil && l.Provisional != tt.provisional[i] {
					t.Errorf("%s: %+v", tier, l)
				}
			}
			got, changed := Recompute(tt.clock, later)
			for tier, want := range map[Tier]string{Statutory: tt.due, District: tt.district} {
				if l := got.Limit(tier); l != nil && l.LastDay() != on(want) || l == nil && want != "" {
					t.Errorf("%s: %+v, want %s", tier, l, want)
				}
			}
			if changed != tt.changed || changed != (got.Calendar == "2027v1") || !changed && !reflect.DeepEqual(got, tt.clock) {
				t.Errorf("changed %t: %+v", changed, got)
			}
			if again, changed := Recompute(got, later); changed || !reflect.DeepEqual(again, got) {
				t.Errorf("recomputed again: %+v", again)
			}
		})
	}
}

// TestRecomputeLeavesThePast overrides a day within a clock that was certain.
func TestRecomputeLeavesThePast(t *testing.T) {
	c := Default().Start(C5, at("2026-09-07 10:00:00"), Embedded())
	if got, changed := Recompute(c, Embedded().Override(on("2026-09-09"), false)); changed {
		t.Errorf("a date that was not provisional moved from %v to %v", c.Statutory.LastDay(), got.Statutory.LastDay())
	}
	c = c.Extend(1)
	if c.Statutory.LastDay() != on("2026-09-15") {
		t.Errorf("extended to %v", c.Statutory.LastDay())
	}
}

// TestDecision checks that a clock comes back from its stored form as it was.
func TestDecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := on("2004-01-01").Start().Add(time.Duration(rapid.Int64Range(0, int64(30*365*24*time.Hour)).Draw(t, "after 2004")))
		c := Default().Start(rapid.SampledFrom(Clocks()).Draw(t, "clock"), start, anyCalendar.Draw(t, "calendar")).
			Extend(rapid.IntRange(0, 40).Draw(t, "extended"))
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back Clock
		if err := json.Unmarshal(data, &back, json.RejectUnknownMembers(true)); err != nil || !reflect.DeepEqual(back, c) {
			t.Fatalf("%s\ncomes back as %+v, %v", data, back, err)
		}
	})
}

// TestClockFormat pins the stored form. A change to it is a change to history.
func TestClockFormat(t *testing.T) {
	full := Default().Start(C6, at("2021-12-03 09:00:00"), Embedded())
	full.Statutory.Extended, full.Statutory.Paused, full.Statutory.Provisional = 1, 2, true
	var got strings.Builder
	for _, c := range []Clock{
		full,
		Default().Start(C8, at("2026-12-15 00:00:00"), Embedded()),
		Default().Start(C2, at("2026-12-28 10:00:00.5"), Embedded()),
		Default().Start(C13, at("2026-03-02 10:00:00"), Embedded()),
		Default().StartOrdered(C7, at("2026-03-02 10:00:00"), on("2026-04-04"), Embedded()),
		Default().Start(C2, at("2005-04-30 10:00:00"), Embedded()),
	} {
		data, err := json.Marshal(c, json.Deterministic(true))
		if err != nil {
			t.Fatal(err)
		}
		got.Write(append(data, '\n'))
	}
	golden(t, "testdata/clocks.golden", got.String())
}

func BenchmarkStart(b *testing.B) {
	rules, cal, start := Default(), Embedded(), at("2025-09-30 09:00:00")
	for b.Loop() {
		rules.Start(C2, start, cal)
	}
}
