package measure

import (
	"iter"
	"maps"
	"slices"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// Compute runs once over cases and returns the figures that q asks for: the
// district first, then the units by code; the measures in the order of
// [Definitions]. It stops at the first error of cases and returns it.
//
// It holds a few numbers for each unit, and for M6 the numbers of the cases under
// observation and of all repeats.
func Compute(q Query, cases iter.Seq2[Facts, error], cal *law.Calendar) ([]Figure, error) {
	if q.Observation == 0 {
		q.Observation = observation
	}
	t := tally{q: q, cal: cal, sheets: make(map[string]*sheet), repeats: make(map[string][]time.Time)}
	if q.Unit == "" {
		t.sheets[All] = newSheet()
	} else {
		t.sheets[q.Unit] = newSheet()
	}
	for f, err := range cases {
		if err != nil {
			return nil, err
		}
		t.add(&f)
	}
	t.observe()
	var figures []Figure
	for _, unit := range t.units() {
		figures = t.sheets[unit].figures(figures, q, unit)
	}
	return figures, nil
}

// A tally is a computation under way.
type tally struct {
	q        Query
	cal      *law.Calendar
	sheets   map[string]*sheet
	observed []observed             // the cases that M6 may count
	repeats  map[string][]time.Time // when the repeats of a case were received, by its number
}

// units returns the units that have a sheet, the district first.
func (t *tally) units() []string {
	units := slices.Sorted(maps.Keys(t.sheets))
	if i := slices.Index(units, All); i > 0 {
		units = slices.Insert(slices.Delete(units, i, i+1), 0, All)
	}
	return units
}

// on calls count with each sheet on which f counts for unit.
func (t *tally) on(f *Facts, unit string, count func(*sheet)) {
	if s := t.sheets[All]; s != nil {
		count(s)
	}
	if f.Restricted || unit == "" || unit == All {
		return
	}
	s := t.sheets[unit]
	if s == nil && t.q.ByUnit && t.q.Unit == "" {
		s = newSheet()
		t.sheets[unit] = s
	}
	if s != nil {
		count(s)
	}
}

// deadlines are the measures of timeliness and the clocks that they are about.
var deadlines = [...]struct {
	id     ID
	clocks [2]law.ClockID
}{
	{M1, [2]law.ClockID{law.C2}},
	{M2, [2]law.ClockID{law.C3, law.C4}},
	{M3, [2]law.ClockID{law.C6}},
}

func (t *tally) add(f *Facts) {
	if f.Earlier != "" {
		t.repeats[f.Earlier] = append(t.repeats[f.Earlier], f.Received)
	}
	for d := range deadlines {
		if v, ok := t.q.variant(deadlines[d].id); ok {
			t.registered(f, d, v.days)
			continue
		}
		for i := range f.Clocks {
			if c := &f.Clocks[i]; slices.Contains(deadlines[d].clocks[:], c.ID) {
				t.deadline(f, c, d)
			}
		}
	}
	for i := range f.Evaluations {
		t.evaluation(f, &f.Evaluations[i])
	}
	if t.q.Window.Has(law.DateOf(f.Registered)) {
		t.on(f, f.Unit, func(s *sheet) { s.register(f) })
	}
	if t.q.Window.Has(law.DateOf(f.Closed)) {
		t.on(f, f.Unit, func(s *sheet) {
			s.handling.add(f, M16, f.Accepted, t.cal)
			s.receipt.add(f, M16Receipt, f.Received, t.cal)
		})
	}
	if f.First && f.Earlier == "" && !f.Resolved.IsZero() {
		over := law.DateOf(f.Resolved).AddDays(t.q.Observation)
		if t.q.Window.Has(over) {
			t.observed = append(t.observed, observed{*f, over.AddDays(1).Start()})
		}
	}
}

// deadline counts c in the cohort of its last day.
func (t *tally) deadline(f *Facts, c *Clock, d int) {
	dues := &c.Due
	if t.q.Strict {
		dues = &c.Strict
	}
	for tier, due := range dues {
		if due.IsZero() || !t.q.Window.Has(law.DateOf(due.Add(-1))) || !c.Ended.IsZero() && c.Ended.Before(due) {
			continue
		}
		t.on(f, c.Unit, func(s *sheet) {
			k := &s.deadlines[d][tier]
			if k.left(f, deadlines[d].id) || k.early(due, t.q.AsOf) {
				return
			}
			k.count(!c.Met.IsZero() && c.Met.Before(due))
			k.laws[c.Law]++
		})
	}
}

// evaluation counts e on the day it was given or, if it was not, on the last day
// on which it could be.
func (t *tally) evaluation(f *Facts, e *Evaluation) {
	unit, j := f.Unit, judgedUnit
	if e.Judged == petition.JudgedBureau {
		unit, j = f.Bureau, judgedBureau
	}
	day, given := law.DateOf(e.Submitted), !e.Submitted.IsZero()
	if !given && !e.Due.IsZero() {
		day = law.DateOf(e.Due.Add(-1))
	}
	if !t.q.Window.Has(day) {
		return
	}
	t.on(f, unit, func(s *sheet) {
		if k := &s.answered[j]; !k.left(f, M5) && (given || !k.early(e.Due, t.q.AsOf)) {
			k.count(given)
		}
		if given || t.q.OverdueAs == OverdueSatisfied {
			if k := &s.satisfied[j]; !k.left(f, M4) && (given || !k.early(e.Due, t.q.AsOf)) {
				k.count(!given || e.Grade == petition.Satisfied || e.Grade == petition.Basically)
			}
		}
	})
}

// An observed is a case whose observation ends in the window, at until.
type observed struct {
	Facts
	until time.Time
}

// observe counts M6, once all repeats are known.
func (t *tally) observe() {
	for _, o := range t.observed {
		t.on(&o.Facts, o.Unit, func(s *sheet) {
			if s.resolved.left(&o.Facts, M6) || s.resolved.early(o.until, t.q.AsOf) {
				return
			}
			back := func(at time.Time) bool { return !at.IsZero() && !at.Before(o.Resolved) && at.Before(o.until) }
			s.resolved.count(!back(o.Setback) && !slices.ContainsFunc(t.repeats[o.Number], back))
		})
	}
}
