package law

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"xinfang/domain/ledger"
)

// A Day says what a calendar knows of a date.
type Day int

// The three answers. Not to know is an answer: of a year whose notice is not out
// it must not be said that New Year's Day is worked.
const (
	Unpublished Day = iota // 未公布
	Working                // 工作日 (班)
	Rest                   // 休息日 (休)
)

// A Calendar is the working-day calendar (工作日历), immutable. Where a year is
// not published it goes on with the weekends alone, and says that the result is
// provisional (暂算).
type Calendar struct {
	years   []Year // in order
	covered Date   // see CoveredUntil
	version string // see Version

	// Working days from the first day of the first year to the last day of the
	// last one, so that no question needs to walk from day to day. Outside, every
	// Monday to Friday is one.
	first, last Date
	upTo        []int32 // upTo[i]: how many among the first i days
	nth         []int32 // nth[k]: days from first to the k-th, from 0
}

// FirstYear is the first year of the embedded calendar.
const FirstYear = 2021

var coveredFrom = date(FirstYear, time.January, 1)

// newCalendar returns the calendar of years, which are in order and not none.
func newCalendar(years []Year) *Calendar {
	c := &Calendar{
		years: years, covered: coveredFrom.AddDays(-1),
		first: date(years[0].Year, time.January, 1),
		last:  date(years[len(years)-1].Year, time.December, 31),
	}
	for _, y := range years {
		if y.Published && y.Year == c.covered.Year()+1 {
			c.covered = date(y.Year, time.December, 31)
		}
	}
	c.version = name(years, c.covered.Year())
	n := c.last.Sub(c.first) + 1
	c.upTo, c.nth = make([]int32, 1, n+1), make([]int32, 0, n)
	for i := range n {
		if d := c.first.AddDays(i); c.Day(d) == Working || c.Day(d) == Unpublished && !d.weekend() {
			c.nth = append(c.nth, int32(i))
		}
		c.upTo = append(c.upTo, int32(len(c.nth)))
	}
	return c
}

// year returns what is known of year y and where it stands in c.years; a Year
// with nothing but its number, and where it would stand, if nothing is.
func (c *Calendar) year(y int) (Year, int, bool) {
	i, ok := slices.BinarySearchFunc(c.years, y, func(k Year, y int) int { return cmp.Compare(k.Year, y) })
	if !ok {
		return Year{Year: y}, i, false
	}
	return c.years[i], i, true
}

// Day returns what is known of d.
func (c *Calendar) Day(d Date) Day {
	y, _, _ := c.year(d.Year())
	return y.day(d)
}

// Working reports whether d is a working day. In a year that is not published
// every day but Saturday and Sunday is one, provisionally.
func (c *Calendar) Working(d Date) (working, provisional bool) {
	switch c.Day(d) {
	case Working:
		return true, false
	case Rest:
		return false, false
	case Unpublished:
	}
	return !d.weekend(), true
}

// AddWorkingDays returns the n-th working day after d; d itself if n is less
// than 1. The result is provisional if any day in between, or itself, is of a
// year that is not published.
func (c *Calendar) AddWorkingDays(d Date, n int) (_ Date, provisional bool) {
	if n < 1 {
		return d, false
	}
	to := c.ranked(c.rank(d) + n)
	return to, c.missing(d.AddDays(1), to) != 0
}

// WorkingDays returns the number of working days after from, up to and including
// to. It is negative if to is before from.
func (c *Calendar) WorkingDays(from, to Date) int { return c.rank(to) - c.rank(from) }

// rank returns how many working days there have been up to and including d.
func (c *Calendar) rank(d Date) int {
	if d.Before(c.first) {
		return weekdays(d)
	}
	known := weekdays(c.first.AddDays(-1)) + int(c.upTo[min(d.Sub(c.first)+1, len(c.upTo)-1)])
	if d.After(c.last) {
		known += weekdays(d) - weekdays(c.last)
	}
	return known
}

// ranked returns the first day of rank k.
func (c *Calendar) ranked(k int) Date {
	before := weekdays(c.first.AddDays(-1))
	switch {
	case k <= before:
		return weekday(k)
	case k <= before+len(c.nth):
		return c.first.AddDays(int(c.nth[k-before-1]))
	}
	return weekday(k - before - len(c.nth) + weekdays(c.last))
}

// weekdays returns how many days from Monday to Friday there are up to d.
func weekdays(d Date) int { return int(d.day)/7*5 + min(int(d.day)%7, 5) }

// weekday returns the k-th day from Monday to Friday, from 1.
func weekday(k int) Date { return Date{int32((k-1)/5*7 + (k-1)%5 + 1)} }

// missing returns the first year from that of from to that of to that is not
// published, 0 if all are.
func (c *Calendar) missing(from, to Date) int {
	if from.day >= coveredFrom.day && to.day <= c.covered.day {
		return 0
	}
	for n := from.Year(); n <= to.Year(); n++ {
		if y, _, _ := c.year(n); !y.Published {
			return n
		}
	}
	return 0
}

// roll returns d, or the next working day if d is a rest day.
func (c *Calendar) roll(d Date) (_ Date, provisional bool) {
	working, provisional := c.Working(d)
	if working {
		return d, provisional
	}
	next, p := c.AddWorkingDays(d, 1)
	return next, provisional || p
}

// why says why d is what it is; nothing of an ordinary working day.
func (c *Calendar) why(d Date) ledger.Text {
	y, _, _ := c.year(d.Year())
	return y.why(d)
}

// LateBy reports whether what happened at occurred was recorded late (补录):
// more than one working day after the day on which it happened.
func (c *Calendar) LateBy(occurred, recorded time.Time) bool {
	limit, _ := c.AddWorkingDays(DateOf(occurred), 1)
	return DateOf(recorded).After(limit)
}

// CoveredUntil returns the last day of the published years that follow one another
// from [FirstYear] on.
func (c *Calendar) CoveredUntil() Date { return c.covered }

// Version names the state of the calendar (日历版本), such as 2026v1: the version
// of the last year that is covered, then of every year that is not, or was changed
// since it was published, as in 2027v1+2026v2.
func (c *Calendar) Version() string { return c.version }

// name returns the version of the calendar that has years and covers them up to
// the year last.
func name(years []Year, last int) string {
	version := make([]string, 1)
	for _, y := range years {
		switch v := fmt.Sprintf("%dv%d", y.Year, y.Version); {
		case y.Year == last:
			version[0] = v
		case y.Version > 1 || y.Year < FirstYear || y.Year > last:
			version = append(version, v)
		}
	}
	return strings.Join(version, "+")
}

// Years returns what is known of each year, in order.
func (c *Calendar) Years() []Year { return slices.Clone(c.years) }

// Evolve returns the calendar after e; c stays as it is.
func (c *Calendar) Evolve(e CalendarEvent) *Calendar {
	y, i, ok := c.year(e.year())
	years := slices.Clone(c.years)
	if !ok {
		years = slices.Insert(years, i, y)
	}
	years[i] = y.Evolve(e)
	return newCalendar(years)
}

// Publish returns the calendar with the notice of year, as if it had been
// recorded as [CalendarPublished].
func (c *Calendar) Publish(year int, off, work []Date) *Calendar {
	y, _, _ := c.year(year)
	return c.Evolve(CalendarPublished{Year: year, Off: off, Work: work, Version: y.Version + 1})
}

// Override returns the calendar with d made a working day or a rest day, as if
// it had been recorded as [DayOverridden].
func (c *Calendar) Override(d Date, working bool) *Calendar {
	y, _, _ := c.year(d.Year())
	return c.Evolve(DayOverridden{Date: d, Working: working, Version: y.Version + 1})
}
