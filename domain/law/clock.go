package law

import "time"

// A Limit is one tier of a clock as it was reckoned. It holds all that the
// reckoning rested on but the start and the calendar, which are the clock's.
type Limit struct {
	Rule string `json:"rule"` // ID of the rule
	N    int    `json:"n"`    // for a date set in an order: calendar days up to it
	Unit Unit   `json:"unit"`
	Roll Roll   `json:"roll"`

	Extended int `json:"extended,omitzero"` // calendar days granted (延期)
	Paused   int `json:"paused,omitzero"`   // whole days of a hearing, not counted (听证)

	// Due is the first instant after the limit, UTC: the 00:00 +08:00 that
	// follows the last day, or for hours the instant itself. What happens at Due
	// is late.
	Due time.Time `json:"due"`

	// Rolled is Due as it would be if the last day, being a rest day, moved to
	// the next working day; zero if it would be the same. It is shown beside Due,
	// and counts for nothing in any figure.
	Rolled time.Time `json:"rolled,omitzero"`

	// Provisional (暂算) says that Due rests on a year whose calendar was not
	// published, and may move when it is.
	Provisional bool `json:"provisional,omitzero"`
}

// LastDay returns the due date that people say (到期日): the day with which the
// limit ends.
func (l Limit) LastDay() Date { return DateOf(l.Due.Add(-1)) }

// reckon returns l with its dates, for a clock that started at start.
func (l Limit) reckon(start time.Time, cal *Calendar) Limit {
	from, more := DateOf(start), l.Extended+l.Paused
	var last Date
	l.Rolled, l.Provisional = time.Time{}, false
	switch l.Unit {
	case Hours:
		l.Due = start.Add(time.Duration(l.N)*time.Hour).AddDate(0, 0, more).UTC()
		return l
	case Weeks:
		untilSunday := (7 - int(from.Weekday())) % 7
		l.Due = from.AddDays(untilSunday + 7*(l.N-1) + more).end()
		return l
	case CalendarDays:
		last = from.AddDays(l.N)
	case WorkingDays:
		last, l.Provisional = cal.AddWorkingDays(from, l.N)
	}
	last = last.AddDays(more)
	rolled, provisional := cal.roll(last)
	switch {
	case l.Roll == RollNextWorkday:
		last, l.Provisional = rolled, l.Provisional || provisional
	case rolled != last:
		l.Rolled = rolled.end()
	}
	l.Due = last.end()
	return l
}

// same reports whether l and other are due alike.
func (l Limit) same(other Limit) bool {
	return l.Due.Equal(other.Due) && l.Rolled.Equal(other.Rolled) && l.Provisional == other.Provisional
}

// A Clock is one running time limit of one case, as it was set (期限). Its methods
// return a changed copy.
type Clock struct {
	ID       ClockID   `json:"id"`
	Start    time.Time `json:"start"`             // what started it (起算), UTC; its day in Shanghai is not counted
	Law      Law       `json:"law,omitzero"`      // the text in force at Start; "" before 2005-05-01
	Calendar string    `json:"calendar,omitzero"` // version of the calendar it was reckoned with

	Statutory *Limit `json:"statutory,omitzero"` // nil if there was no rule with a number
	District  *Limit `json:"district,omitzero"`  // likewise
}

// Limit returns the limit of one tier, nil if it has none.
func (c Clock) Limit(t Tier) *Limit {
	switch t {
	case Statutory:
		return c.Statutory
	case District:
		return c.District
	}
	return nil
}

// Start starts a clock in both tiers, by the rules that hold on the day of start.
// A tier without a rule, or whose rule leaves the number to an order, is nil.
func (r Rules) Start(id ClockID, start time.Time, cal *Calendar) Clock {
	return r.start(id, start, cal, func(t Tier) (Limit, bool) {
		rule, ok := r.Find(id, t, DateOf(start))
		return Limit{Rule: rule.ID, N: rule.N, Unit: rule.Unit, Roll: rule.Roll}, ok && rule.N > 0
	})
}

// StartOrdered starts a clock whose last day, due, was set in an order (指定期限,
// C7 and C17). It is the same in both tiers, whatever number the district has
// otherwise. Without a rule that lets an order set the date both are nil.
func (r Rules) StartOrdered(id ClockID, start time.Time, due Date, cal *Calendar) Clock {
	return r.start(id, start, cal, func(Tier) (Limit, bool) {
		rule, ok := r.Find(id, Statutory, DateOf(start))
		return Limit{Rule: rule.ID, N: due.Sub(DateOf(start)), Unit: CalendarDays, Roll: RollNone}, ok && rule.N == 0
	})
}

func (r Rules) start(id ClockID, start time.Time, cal *Calendar, limit func(Tier) (Limit, bool)) Clock {
	start = start.Round(0).UTC() // without the monotonic clock, which is not stored
	reckoned := func(t Tier) *Limit {
		l, ok := limit(t)
		if !ok {
			return nil
		}
		l = l.reckon(start, cal)
		return &l
	}
	return Clock{
		ID: id, Start: start, Law: LawAt(DateOf(start)), Calendar: cal.Version(),
		Statutory: reckoned(Statutory), District: reckoned(District),
	}
}

// Extend adds calendar days to the original due date of each tier (延期). For
// handling (C6) no more than [MaxExtension] count in all; the rest is void.
//
// Rolled is dropped: it takes a calendar to say, and [Recompute] has one.
func (c Clock) Extend(days int) Clock {
	return c.each(func(l Limit) Limit {
		granted := days
		if c.ID == C6 {
			granted = min(days, MaxExtension-l.Extended)
		}
		l.Extended += max(granted, 0)
		return l.later(granted)
	})
}

// Pause adds the whole days of a hearing (听证) to each tier. The law knows this
// for re-review (C11) alone: any other clock is returned as it is. Rolled is
// dropped as by [Clock.Extend].
func (c Clock) Pause(days int) Clock {
	if c.ID != C11 {
		return c
	}
	return c.each(func(l Limit) Limit {
		l.Paused += max(days, 0)
		return l.later(days)
	})
}

// later returns l due days later, if days is positive.
func (l Limit) later(days int) Limit {
	if days > 0 {
		l.Due, l.Rolled = l.Due.AddDate(0, 0, days), time.Time{}
	}
	return l
}

// each returns c with every limit that it has replaced by what f makes of it.
func (c Clock) each(f func(Limit) Limit) Clock {
	for _, tier := range []**Limit{&c.Statutory, &c.District} {
		if *tier != nil {
			l := f(**tier)
			*tier = &l
		}
	}
	return c
}

// Recompute settles with cal what was provisional in c (DeadlineRecomputed), and
// says the date beside, Rolled, anew. A due date that was not provisional stays,
// and so does every number: a limit is reckoned as it was set, whatever the rules
// say by now, so none of them is looked up.
func Recompute(c Clock, cal *Calendar) (_ Clock, changed bool) {
	again := c.each(func(l Limit) Limit {
		fresh := l.reckon(c.Start, cal)
		if !l.Provisional && !fresh.Due.Equal(l.Due) || fresh.same(l) {
			return l
		}
		changed = true
		return fresh
	})
	if !changed {
		return c, false
	}
	again.Calendar = cal.Version()
	return again, true
}
