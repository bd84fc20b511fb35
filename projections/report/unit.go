package report

import (
	"fmt"
	"iter"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
	"xinfang/projections/measure"
)

// Unit returns the inspection report on the unit with code over a period
// (单位检查报告).
//
// facts are those of every case, for the figures of the unit and of the district.
// files are those of every case that the unit ever had to do with, read with
// their timelines; others among them do no harm. It stops at the first error of
// either and returns it.
func Unit(code string, w measure.Window, facts iter.Seq2[measure.Facts, error], files iter.Seq2[*casefile.File, error], in Inputs) (Report, error) {
	u := unitReport{code: code, window: w, in: in, names: names{in.World.Directory}, desks: make(map[deskKind]*sample), turns: make(map[turn]int)}
	figures, err := measure.Compute(measure.Query{Window: w, AsOf: in.AsOf, ByUnit: true}, u.accusations(facts), in.World.Calendar)
	if err != nil {
		return Report{}, err
	}
	for f, err := range files {
		if err != nil {
			return Report{}, err
		}
		if !f.Restricted && f.Class != petition.Accusation {
			u.add(f)
		}
	}
	name := u.unit(code)
	return Report{
		Kind:     KindUnit,
		Title:    text("单位检查报告："+name.ZH, "Inspection report on "+name.EN),
		Subject:  code,
		Window:   &w,
		AsOf:     in.AsOf.In(law.Shanghai),
		Position: in.Position,
		Sections: []Section{
			u.totals(), rates(figures, code), u.deskTimes(), u.overdueList(), u.gapList(), u.lateList(), u.correctionList(), u.returns(),
			opinion(),
		},
	}, nil
}

// A unitReport is a report on a unit being written.
type unitReport struct {
	code   string
	window measure.Window
	in     Inputs
	names

	restricted int // accusations registered in the district in the window

	held, arrived, closed, open tally
	overdueOpen                 [2]int // of open, by tier
	desks                       map[deskKind]*sample
	overdue                     []missed
	gaps, late, corrections     [][]Value
	turns                       map[turn]int
	turned                      [][]Value
}

// A tally counts cases and their people (件次、人次).
type tally struct{ cases, people int }

func (t *tally) add(f *casefile.File) {
	t.cases++
	t.people += f.Headcount
}

func (t tally) text() ledger.Text {
	people := "1 person"
	if t.people != 1 {
		people = fmt.Sprintf("%d people", t.people)
	}
	return text(fmt.Sprintf("%d件 / %d人", t.cases, t.people), plural(t.cases, "case")+" / "+people)
}

// accusations counts the accusations among facts on their way.
func (u *unitReport) accusations(facts iter.Seq2[measure.Facts, error]) iter.Seq2[measure.Facts, error] {
	return func(yield func(measure.Facts, error) bool) {
		for f, err := range facts {
			if err == nil && f.Restricted && u.window.Has(law.DateOf(f.Registered)) {
				u.restricted++
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// add takes what f says of the unit.
func (u *unitReport) add(f *casefile.File) {
	cal := u.in.World.Calendar
	first, held := time.Time{}, false
	for _, d := range f.Desks(u.in.AsOf, cal) {
		if d.Unit != u.code {
			continue
		}
		if first.IsZero() {
			first = d.From
		}
		from, to := law.DateOf(d.From), law.DateOf(d.To)
		held = held || !to.Before(u.window.From) && (u.window.To.IsZero() || from.Before(u.window.To))
		if ended := d.To.Before(u.in.AsOf); ended && u.window.Has(to) {
			kind := deskKind{d.Stage, d.Transit}
			if u.desks[kind] == nil {
				u.desks[kind] = new(sample)
			}
			u.desks[kind].add(d)
		}
	}
	if held {
		u.held.add(f)
	}
	if u.window.Has(law.DateOf(first)) {
		u.arrived.add(f)
	}
	if responsible := measure.Of(f).Unit; responsible == u.code && u.window.Has(law.DateOf(f.Closed)) {
		u.closed.add(f)
	}
	if f.Unit == u.code && f.Stage.Open() {
		u.addOpen(f)
	}
	u.addOverdue(f)
	u.addGaps(f)
	u.addEntries(f)
}

func (u *unitReport) addOpen(f *casefile.File) {
	u.open.add(f)
	for i, tier := range law.Tiers {
		if c, ok := f.Open(tier); ok && c.Verdict(tier, u.in.AsOf).Missed() {
			u.overdueOpen[i]++
		}
	}
}

func (u *unitReport) totals() Section {
	return Section{
		ID: "totals", Title: text("总体情况", "Totals"),
		Paragraphs: []ledger.Text{
			text("本报告只陈述台账所载事实，不作评价。检举控告件不在本单位各项之内，仅列全区合计。",
				"This report states what the ledger has and judges nobody. Accusations are in no figure of the unit; the district's total alone is given."),
		},
		Facts: []Fact{
			{text("期内经办", "had in the period"), u.held.text()},
			{text("期内新到", "came in the period"), u.arrived.text()},
			{text("期内办结", "closed in the period"), u.closed.text()},
			{text("截至时在办", "open as of the report"), u.open.text()},
			{text("其中法定超期", "of these overdue by law"), u.overdueOpen[0]},
			{text("其中区内超期", "of these overdue in the district's tier"), u.overdueOpen[1]},
			{text("期内登记的检举控告（全区合计）", "accusations registered in the period (whole district)"), u.restricted},
		},
	}
}
