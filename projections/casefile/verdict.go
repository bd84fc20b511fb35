package casefile

import (
	"time"

	"xinfang/domain/law"
)

// A State is what is to be said of a clock, in one tier, at some time.
type State string

// The states of a clock.
const (
	StateNone    State = "none"    // 无期限: the tier has no limit
	StateRunning State = "running" // 未到期
	StateMet     State = "met"     // 按期
	StateLate    State = "late"    // 超期完成: met, or cancelled, only after it had run out
	StateOverdue State = "overdue" // 超期未完成
	StateLapsed  State = "lapsed"  // 终止: cancelled before it ran out, or a right that was not used
)

// A Verdict is what is to be said of a clock, in one tier, at some time.
type Verdict struct {
	State State
	Due   law.Date  // last day, extensions included
	DueAt time.Time // first instant after it, UTC

	// The same without the extensions that were approved only after the limit
	// had run out (违规延期, RF-06). Strict measures use these.
	StrictState State
	StrictDue   law.Date
	StrictDueAt time.Time

	// MarginDays is how many calendar days were left over when the clock was met
	// or cancelled, or are left now; negative is how many it took too many.
	MarginDays int

	at law.Date // of what was compared with Due
}

// MarginWD is MarginDays in working days.
func (v Verdict) MarginWD(cal *law.Calendar) int {
	if v.at.IsZero() {
		return 0
	}
	return cal.WorkingDays(v.at, v.Due)
}

// ProvisionalWD reports whether MarginWD is counted in a year whose calendar is
// not published (暂算), which a limit in calendar days does not tell.
func (v Verdict) ProvisionalWD(cal *law.Calendar) bool {
	return !v.at.IsZero() && Provisional(cal, v.at, v.Due)
}

// Provisional reports whether the working days between two dates are counted in a
// year whose calendar is not published (暂算).
func Provisional(cal *law.Calendar, from, to law.Date) bool {
	if to.Before(from) {
		from, to = to, from
	}
	for d := from; d.Before(to); d = d.AddDays(365) { // no step skips a year
		if _, guess := cal.Working(d); guess {
			return true
		}
	}
	_, guess := cal.Working(to)
	return guess
}

// Missed reports whether the clock ran out before what it waits for happened.
func (v Verdict) Missed() bool { return v.State == StateLate || v.State == StateOverdue }

// Verdict says what is to be said of the clock in tier t at now. What happened
// after now has not happened.
func (c ClockEntry) Verdict(t law.Tier, now time.Time) Verdict {
	l := c.Limit(t)
	if l == nil {
		return Verdict{State: StateNone, StrictState: StateNone}
	}
	strict := c.strict(t)
	v := Verdict{
		State: c.state(l.Due, now), Due: l.LastDay(), DueAt: l.Due,
		StrictState: c.state(strict.Due, now), StrictDue: strict.LastDay(), StrictDueAt: strict.Due,
	}
	if !c.isVoid() {
		at, _ := c.end(now)
		v.at = law.DateOf(at)
		v.MarginDays = v.Due.Sub(v.at)
	}
	return v
}

// isVoid reports whether the clock counts as if it had never run.
func (c *ClockEntry) isVoid() bool { return c.Cancelled && c.Ended.IsZero() }

// end returns when the clock was met or cancelled, or now if that is not before.
func (c *ClockEntry) end(now time.Time) (_ time.Time, ended bool) {
	for _, at := range []time.Time{c.Met, c.Ended} {
		if !at.IsZero() && !at.After(now) {
			return at, true
		}
	}
	return now, false
}

// state compares the clock with a due instant.
func (c *ClockEntry) state(due, now time.Time) State {
	at, ended := c.end(now)
	inTime := at.Before(due)
	switch {
	case c.isVoid():
		return StateLapsed
	case !ended && inTime:
		return StateRunning
	case ended && !c.Cancelled && inTime:
		return StateMet
	case ended && !c.Cancelled:
		return StateLate
	case inTime || !obliges(c.ID):
		return StateLapsed
	case ended:
		return StateLate
	}
	return StateOverdue
}
