package measure

import (
	"time"

	"xinfang/domain/law"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

// Facts is what the measures need of one case. Times are UTC, cut to the second;
// a zero time means that it has not happened, or that the source does not say.
type Facts struct {
	Number   string
	Earlier  string // number of the case that this one repeats (重复件)
	Unit     string // the responsible unit: that accepted the case last, or holds it
	Bureau   string // the unit that received it
	Street   string
	Category string
	Channel  petition.Channel
	Class    petition.Class

	Headcount  int    // 0 if the source does not say
	Excluded   string // ground of exclusion that was marked; "" if counted
	First      bool   // 全国初次
	Judicial   bool   // 涉法涉诉
	Merged     bool   // 已并件
	Restricted bool   // 检举控告: counts for no unit

	Received   time.Time
	Registered time.Time // of an import that does not say: Received
	Accepted   time.Time
	Closed     time.Time // last closing; zero while open

	Resolved time.Time // first closing
	Setback  time.Time // first reopening, request for review, or supervision since then

	Clocks      []Clock
	Evaluations []Evaluation
}

// A Clock is one obligation. Due and Strict are by tier, in the order of
// law.Tiers: the first instant after the limit, zero if there is none.
type Clock struct {
	ID     law.ClockID
	Law    law.Law
	Unit   string // that had to meet it
	Met    time.Time
	Ended  time.Time // when it was cancelled
	Due    [2]time.Time
	Strict [2]time.Time // without the extensions that came too late
}

// An Evaluation is one that was opened.
type Evaluation struct {
	Judged    petition.Judged
	Submitted time.Time
	Grade     petition.Grade
	Due       time.Time // first instant after it could be given
}

// Of returns the facts of f.
func Of(f *casefile.File) Facts {
	x := Facts{
		Number: f.Number, Earlier: f.Earlier, Unit: f.Unit, Bureau: f.Bureau, Street: f.Street, Category: f.Category,
		Channel: f.Channel, Class: f.Class, Headcount: f.Headcount, Excluded: f.Excluded,
		First: f.First.National, Judicial: f.Judicial, Merged: f.MergedInto != "",
		Restricted: f.Restricted || f.Class == petition.Accusation,
		Received:   second(f.Received), Registered: second(f.Registered), Accepted: second(f.Accepted), Closed: second(f.Closed),
	}
	if f.Import != nil && x.Registered.IsZero() {
		x.Registered = x.Received
	}
	for i := range f.Clocks {
		x.clock(&f.Clocks[i])
	}
	for _, e := range f.Evaluations {
		x.Evaluations = append(x.Evaluations, Evaluation{
			Judged: e.Judged, Submitted: second(e.Submitted), Grade: e.Grade, Due: second(evaluationDue(f, e)),
		})
	}
	x.outcome(f)
	return x
}

// clock takes c, if a measure is about it.
func (x *Facts) clock(c *casefile.ClockEntry) {
	void := c.Cancelled && c.Ended.IsZero() // as if it had never run
	if void || c.ID != law.C2 && c.ID != law.C3 && c.ID != law.C4 && c.ID != law.C6 {
		return
	}
	if c.ID == law.C6 {
		x.Unit = c.Unit
	}
	k := Clock{ID: c.ID, Law: c.Law, Unit: c.Unit, Met: second(c.Met), Ended: second(c.Ended)}
	for i, t := range law.Tiers {
		v := c.Verdict(t, c.Start)
		k.Due[i], k.Strict[i] = second(v.DueAt), second(v.StrictDueAt)
	}
	x.Clocks = append(x.Clocks, k)
}

// evaluationDue returns until when e could be given: by its clock (C15), or when
// it was closed unused.
func evaluationDue(f *casefile.File, e casefile.Evaluation) time.Time {
	for _, c := range f.Clocks {
		if c.ID != law.C15 || c.About != string(e.Judged) || !c.Start.Equal(e.Opened) {
			continue
		}
		for _, t := range law.Tiers {
			if l := c.Limit(t); l != nil {
				return l.Due
			}
		}
	}
	return e.Expired
}

// outcome finds the first closing, and what first called it in question: handling
// that began anew, a request for review, a supervision. The first closing of a
// case without a clock of handling (C6) is not known once it was reopened.
func (x *Facts) outcome(f *casefile.File) {
	var setbacks []time.Time
	handled := false
	for _, c := range f.Clocks {
		switch c.ID {
		case law.C6:
			if handled {
				setbacks = append(setbacks, c.Start)
			} else if !c.Met.IsZero() {
				x.Resolved, handled = second(c.Met), true
			}
		case law.C9, law.C11, law.C17:
			setbacks = append(setbacks, c.Start)
		default: // the others say nothing of the outcome
		}
	}
	if !handled && f.Reopened == 0 {
		x.Resolved = second(f.Closed)
	}
	if x.Resolved.IsZero() {
		return
	}
	for _, at := range setbacks {
		if at = second(at); !at.Before(x.Resolved) && (x.Setback.IsZero() || at.Before(x.Setback)) {
			x.Setback = at
		}
	}
}

// second returns t in UTC, cut to the second. Limits in days begin and end with a
// whole second, so nothing that a measure compares is changed by it.
func second(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.Unix(t.Unix(), 0).UTC()
}
