package law

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// CalendarStream returns the identity of the stream of one year of the calendar:
// a UUIDv5, so that every node finds the same one.
func CalendarStream(year int) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "urn:xinfang:calendar:%d", year))
}

// CalendarDecider is the behaviour of one year of the calendar. What may be asked
// by whom is for the caller.
var CalendarDecider = ledger.Decider[Year, CalendarCommand, CalendarEvent]{
	Category: "calendar",
	Codec:    CalendarCodec,
	Decide:   decideCalendar,
	Evolve:   func(y Year, e CalendarEvent, _ ledger.Meta) Year { return y.Evolve(e) },
}

// CalendarCodec names the events of the calendar in the ledger.
var CalendarCodec = ledger.NewCodec(map[string]CalendarEvent{
	"CalendarPublished": CalendarPublished{},
	"CalendarCorrected": CalendarCorrected{},
	"DayOverridden":     DayOverridden{},
})

// A CalendarEvent is a change of one year of the calendar. Version is that of the
// year after it.
//
//sumtype:decl
type CalendarEvent interface {
	calendarEvent()
	year() int
}

type (
	// CalendarPublished: the notice of the State Council for a year is out
	// (节假日安排公布).
	CalendarPublished struct {
		Year    int             `json:"year"`
		Notice  ledger.Document `json:"notice"`
		Off     []Date          `json:"off"`  // rest days that it lists, Saturdays and Sundays among them
		Work    []Date          `json:"work"` // Saturdays and Sundays worked in exchange (调休上班)
		Version int             `json:"version"`
	}

	// CalendarCorrected: the notice had been entered wrongly, or was amended. Who
	// approved it and why is in the Meta.
	CalendarCorrected struct {
		Year    int             `json:"year"`
		Notice  ledger.Document `json:"notice"`
		Off     []Date          `json:"off"`
		Work    []Date          `json:"work"`
		Version int             `json:"version"`
	}

	// DayOverridden: a document made one day a working day or a rest day, such as
	// a stoppage for a typhoon (停工).
	DayOverridden struct {
		Date     Date            `json:"date"`
		Working  bool            `json:"working"`
		Document ledger.Document `json:"document"`
		Version  int             `json:"version"`
	}
)

func (CalendarPublished) calendarEvent() {}
func (CalendarCorrected) calendarEvent() {}
func (DayOverridden) calendarEvent()     {}

func (e CalendarPublished) year() int { return e.Year }
func (e CalendarCorrected) year() int { return e.Year }
func (e DayOverridden) year() int     { return e.Date.Year() }

// A CalendarCommand asks for a change of one year of the calendar, in the stream
// of that year.
//
//sumtype:decl
type CalendarCommand interface{ calendarCommand() }

type (
	// PublishCalendar enters the notice for a year.
	PublishCalendar struct {
		Year      int
		Notice    ledger.Document
		Off, Work []Date // in any order
	}

	// CorrectCalendar replaces a notice that was entered. It needs a reason and an
	// approver in the Meta.
	CorrectCalendar struct {
		Year      int
		Notice    ledger.Document
		Off, Work []Date
	}

	// OverrideDay makes one day a working day or a rest day.
	OverrideDay struct {
		Date     Date
		Working  bool
		Document ledger.Document
	}
)

func (PublishCalendar) calendarCommand() {}
func (CorrectCalendar) calendarCommand() {}
func (OverrideDay) calendarCommand()     {}

// firstYear and lastYear bound what can be a year of the calendar.
const firstYear, lastYear = 2005, 2199

func decideCalendar(y Year, c CalendarCommand, m ledger.Meta) ([]CalendarEvent, error) {
	switch c := c.(type) {
	case PublishCalendar:
		return y.publish(c)
	case CorrectCalendar:
		return y.correct(c, m)
	case OverrideDay:
		return y.overrideDay(c)
	}
	panic(fmt.Sprintf("law: unknown command %T", c))
}

// of returns the state of year, of which y is the stream.
func (y Year) of(year int) (Year, error) {
	switch {
	case year < firstYear || year > lastYear:
		return y, refuse(ledger.Invalid, "ERR_CALENDAR_YEAR",
			"请给出 %d 至 %d 之间的年份", "give a year from %d to %d", firstYear, lastYear)
	case y.Version == 0:
		y, _, _ = Embedded().year(year)
	case y.Year != year:
		return y, refuse(ledger.Invalid, "ERR_CALENDAR_YEAR",
			"这是 %d 年的日历，不能用于 %d 年", "this is the calendar of %d, not of %d", y.Year, year)
	}
	return y, nil
}

func (y Year) publish(c PublishCalendar) ([]CalendarEvent, error) {
	y, err := y.of(c.Year)
	if err != nil {
		return nil, err
	}
	if y.Published {
		return nil, refuse(ledger.Conflict, "ERR_CALENDAR_PUBLISHED",
			"%d 年的日历已公布；如有错误请更正", "the calendar of %d is published already; correct it if it is wrong", c.Year)
	}
	if err := checkNotice(c.Year, c.Notice, c.Off, c.Work); err != nil {
		return nil, err
	}
	return []CalendarEvent{CalendarPublished{c.Year, c.Notice, sorted(c.Off), sorted(c.Work), y.Version + 1}}, nil
}

func (y Year) correct(c CorrectCalendar, m ledger.Meta) ([]CalendarEvent, error) {
	y, err := y.of(c.Year)
	if err != nil {
		return nil, err
	}
	switch {
	case !y.Published:
		return nil, refuse(ledger.Conflict, "ERR_CALENDAR_UNPUBLISHED",
			"%d 年的日历尚未公布，无可更正", "the calendar of %d is not published, so there is nothing to correct", c.Year)
	case m.Reason == "":
		return nil, refuse(ledger.Invalid, "ERR_REASON_REQUIRED", "更正日历须说明理由", "say why the calendar is corrected")
	case m.Approver == "" || m.Approver == m.Actor.Officer:
		return nil, refuse(ledger.Denied, "ERR_UNAPPROVED", "更正日历须由他人审批", "a correction of the calendar needs the approval of another officer")
	}
	if err := checkNotice(c.Year, c.Notice, c.Off, c.Work); err != nil {
		return nil, err
	}
	off, work := sorted(c.Off), sorted(c.Work)
	if slices.Equal(off, y.Off) && slices.Equal(work, y.Work) {
		return nil, nil
	}
	return []CalendarEvent{CalendarCorrected{c.Year, c.Notice, off, work, y.Version + 1}}, nil
}

func (y Year) overrideDay(c OverrideDay) ([]CalendarEvent, error) {
	y, err := y.of(c.Date.Year())
	if err != nil {
		return nil, err
	}
	if err := needsDocument(c.Document); err != nil {
		return nil, err
	}
	if now := y.day(c.Date); now == Working && c.Working || now == Rest && !c.Working {
		return nil, nil
	}
	return []CalendarEvent{DayOverridden{c.Date, c.Working, c.Document, y.Version + 1}}, nil
}

// checkNotice checks that the days of a notice can be true.
func checkNotice(year int, notice ledger.Document, off, work []Date) error {
	if err := needsDocument(notice); err != nil {
		return err
	}
	if len(off) == 0 {
		return refuse(ledger.Invalid, "ERR_CALENDAR_EMPTY", "请列出通知中的放假日期", "list the rest days of the notice")
	}
	seen := make(map[Date]bool)
	for _, d := range slices.Concat(off, work) {
		switch {
		case d.Year() != year:
			return refuse(ledger.Invalid, "ERR_CALENDAR_YEAR", "%[2]s 不在 %[1]d 年内", "%[2]s is not in %[1]d", year, d)
		case seen[d]:
			return refuse(ledger.Invalid, "ERR_CALENDAR_DAY", "%s 列了两次", "%s is listed twice", d)
		}
		seen[d] = true
	}
	for _, d := range work {
		if !d.weekend() {
			return refuse(ledger.Invalid, "ERR_CALENDAR_DAY",
				"%s 不是周六或周日，本就是工作日", "%s is neither a Saturday nor a Sunday, so it is worked anyway", d)
		}
	}
	return nil
}
