package measure

import (
	"strings"
	"testing"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// TestBasis: counted from registration, M1 looks at the day that comes 15 days
// after it, and M2 at that which comes 30 days after, whatever the clock says.
func TestBasis(t *testing.T) {
	for id, tt := range map[ID]struct {
		basis   Basis
		clock   law.ClockID
		on      string // registered on this day, the last day is 03-31
		after   string // and on this one the first of April
		tooSoon string // and on this one the last of February
	}{
		M1: {BasisRegistered, law.C2, "2024-03-16", "2024-03-17", "2024-02-14"},
		M2: {BasisRegistered30, law.C4, "2024-03-01", "2024-03-02", "2024-01-30"},
	} {
		c := func(registered string, met, ended time.Time) Facts {
			f := owing(tt.clock, before("2030-01-01"), met) // the clock itself is of another year
			f.Clocks[0].Ended = ended
			if registered != "" {
				f.Registered = at(registered + " 23:59")
			}
			return f
		}
		last, late := at("2024-03-31 23:59:59"), at("2024-04-01 00:00")
		tests := []struct {
			name          string
			facts         Facts
			asOf          time.Time
			num, den, not int
		}{
			{name: "met in the last second", facts: c(tt.on, last, time.Time{}), num: 1, den: 1},
			{name: "met at 00:00 after", facts: c(tt.on, late, time.Time{}), den: 1},
			{name: "not met", facts: c(tt.on, time.Time{}, time.Time{}), den: 1},
			{name: "of April", facts: c(tt.after, last, time.Time{})},
			{name: "of February", facts: c(tt.tooSoon, at("2024-02-20 00:00"), time.Time{})},
			{name: "not registered", facts: c("", last, time.Time{})},
			{name: "not run out, though met", facts: c(tt.on, at("2024-03-20 00:00"), time.Time{}), asOf: last, not: 1},
			{name: "cancelled in time", facts: c(tt.on, time.Time{}, last)},
			{name: "cancelled too late", facts: c(tt.on, time.Time{}, late), den: 1},
		}
		for _, with := range tests {
			t.Run(string(id)+" "+with.name, func(t *testing.T) {
				figures := compute(t, Query{Basis: tt.basis, AsOf: with.asOf}, all(with.facts).seq)
				got := pick(t, figures, id, law.Statutory, All, "")
				if got.Num != with.num || got.Den != with.den || got.NotYetDue != with.not {
					t.Errorf("%v, %d not yet due; want %d/%d, %d", got.Rate, got.NotYetDue, with.num, with.den, with.not)
				}
				if want := string(id) + "(basis=" + string(tt.basis) + ")@" + Edition; got.Definition != want {
					t.Errorf("defined by %s, want %s", got.Definition, want)
				}
				for _, f := range figures {
					if f.Measure == id && f.Tier == law.District {
						t.Error("it has a tier")
					}
					if f.Measure != id && strings.Contains(f.Definition, "(") {
						t.Errorf("%s is defined by %s", f.Measure, f.Definition)
					}
				}
			})
		}
	}
}

// TestBasisCountsACaseOnce: a case that was sent on to another unit has two
// obligations by law and one from its registration, of the unit that had it last.
func TestBasisCountsACaseOnce(t *testing.T) {
	f := owing(law.C4, before("2024-03-10"), at("2024-03-09 00:00"))
	f.Registered = at("2024-03-01 09:00")
	second := f.Clocks[0]
	second.Unit, second.Met = "u2", time.Time{}
	f.Clocks = append(f.Clocks, second)
	figures := compute(t, Query{ByUnit: true, Basis: BasisRegistered30}, all(f).seq)
	for _, unit := range []string{All, "u2"} {
		if got := pick(t, figures, M2, law.Statutory, unit, ""); got.Num != 0 || got.Den != 1 {
			t.Errorf("M2 of %s = %v, want 0/1", unit, got.Rate)
		}
	}
}

// TestOverdueAsSatisfied: who did not evaluate in time is taken for satisfied
// where that is asked for, and only there.
func TestOverdueAsSatisfied(t *testing.T) {
	e := func(g petition.Grade, submitted, due time.Time) Facts {
		return Facts{Unit: "u1", Evaluations: []Evaluation{{petition.JudgedUnit, submitted, g, due}}}
	}
	excluded := e("", time.Time{}, before("2024-03-05"))
	excluded.Judicial = true
	cases := all(
		e(petition.Satisfied, at("2024-03-01 00:00"), before("2024-03-30")),
		e(petition.Dissatisfied, at("2024-03-02 00:00"), before("2024-03-30")),
		e("", time.Time{}, before("2024-03-19")), // run out
		e("", time.Time{}, before("2024-03-20")), // not yet
		e("", time.Time{}, before("2024-02-29")), // of February
		excluded,
	)
	for _, tt := range []struct {
		as                 OverdueAs
		num, den, not, out int
		definition         string
	}{
		{"", 1, 2, 0, 0, "M4@" + Edition},
		{OverdueExcluded, 1, 2, 0, 0, "M4@" + Edition},
		{OverdueSatisfied, 2, 3, 1, 1, "M4(overdue_as=satisfied)@" + Edition},
	} {
		got := pick(t, compute(t, Query{OverdueAs: tt.as, AsOf: at("2024-03-20 12:00")}, cases.seq), M4, "", All, "unit")
		if got.Num != tt.num || got.Den != tt.den || got.NotYetDue != tt.not || got.Excluded[Judicial] != tt.out || got.Definition != tt.definition {
			t.Errorf("as %q: %v, %d not yet due, without %v, by %s", tt.as, got.Rate, got.NotYetDue, got.Excluded, got.Definition)
		}
	}
}

// TestVariantsAreDefined: what a figure says of its definition differs from the
// usual in every part that does.
func TestVariantsAreDefined(t *testing.T) {
	for _, q := range []Query{{Basis: BasisRegistered}, {Basis: BasisRegistered30}, {OverdueAs: OverdueSatisfied}} {
		changed := 0
		for _, usual := range Definitions() {
			if d := q.Definition(usual.ID); d != usual {
				changed++
				if d.Title == usual.Title || d.Formula == usual.Formula || d.Window == usual.Window || d.Title.EN == "" || d.Formula.ZH == "" || d.Window.EN == "" {
					t.Errorf("%+v: %+v", q, d)
				}
			}
		}
		if changed != 1 {
			t.Errorf("%+v changes %d definitions", q, changed)
		}
	}
	for _, w := range append(Bases(), Basis(OverdueSatisfied)) {
		if found := variants[M1][string(w)].name + variants[M2][string(w)].name + variants[M4][string(w)].name; found == "" {
			t.Errorf("%s is no variant", w)
		}
	}
}

// TestProvisionalWorkingDays: working days of a year whose calendar is not
// published are a guess, and the figure says so; calendar days are none.
func TestProvisionalWorkingDays(t *testing.T) {
	c := func(accepted, closed string) Facts {
		return Facts{Unit: "u1", Received: at(accepted + " 09:00"), Accepted: at(accepted + " 09:00"), Closed: at(closed + " 09:00")}
	}
	for _, tt := range []struct {
		accepted, closed string
		want             bool
	}{
		{"2026-11-02", "2026-12-31", false}, {"2026-12-31", "2027-01-04", true}, {"2027-02-01", "2027-02-02", true},
		{"2020-12-30", "2021-01-04", true}, {"2021-01-04", "2021-01-05", false}, {"2018-01-02", "2022-01-04", true},
	} {
		q := Query{Window: Window{}, AsOf: at("2028-01-01 00:00")}
		q.Window.From = on("2000-01-01")
		figures := compute(t, q, all(c("2024-03-01", "2024-03-04"), c(tt.accepted, tt.closed)).seq)
		for _, id := range []ID{M16, M16Receipt} {
			if got := pick(t, figures, id, "", All, ""); got.Provisional != tt.want || got.N != 2 {
				t.Errorf("%s from %s to %s: provisional %t", id, tt.accepted, tt.closed, got.Provisional)
			}
		}
	}
}
