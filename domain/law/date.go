package law

import (
	"cmp"
	"errors"
	"time"
)

// A Date is a day in Shanghai (日期). Dates are comparable with ==; the zero Date
// is no date, which comes before every other.
//
// Its text form is 2006-01-02, "" for the zero Date.
type Date struct {
	day int32 // day 1 is 0001-01-01, a Monday
}

// epoch is the day of 1970-01-01.
const epoch = 719163

// ErrDate reports a text that is not a date. It does not repeat the text, which
// may be anything that somebody typed.
var ErrDate = errors.New("not a date; write it as 2006-01-31 (日期应写作 2006-01-31)")

// ParseDate returns the date that s writes as 2006-01-02. The error is [ErrDate].
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1 {
		return Date{}, ErrDate
	}
	return date(t.Date()), nil
}

// date returns the date of a year, month and day, which may be out of range as
// for [time.Date].
func date(y int, m time.Month, d int) Date {
	return Date{int32(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/86400 + epoch)}
}

// DateOf returns the day in Shanghai in which t falls; no date for the zero time.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return Date{}
	}
	const day, zone = 86400, 8 * 3600
	return Date{int32((t.Unix() + zone + epoch*day) / day)}
}

// Start returns the first instant of d, 00:00 +08:00; the zero time for no date.
func (d Date) Start() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Unix(d.unix(), 0).In(Shanghai)
}

// end returns the first instant after d, in UTC.
func (d Date) end() time.Time { return d.AddDays(1).Start().UTC() }

// unix returns the first instant of d in seconds since the Unix epoch.
func (d Date) unix() int64 { return (int64(d.day)-epoch)*86400 - 8*3600 }

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// AddDays returns the day n days after d, before it if n is negative.
func (d Date) AddDays(n int) Date { return Date{d.day + int32(n)} }

// Sub returns the number of days from other to d.
func (d Date) Sub(other Date) int { return int(d.day - other.day) }

// Compare returns -1, 0 or +1 as d is before, the same as or after other.
func (d Date) Compare(other Date) int { return cmp.Compare(d.day, other.day) }

// Before reports whether d is before other.
func (d Date) Before(other Date) bool { return d.day < other.day }

// After reports whether d is after other.
func (d Date) After(other Date) bool { return d.day > other.day }

// Weekday returns the day of the week of d.
func (d Date) Weekday() time.Weekday { return time.Weekday(d.day % 7) }

// weekend reports whether d is a Saturday or a Sunday.
func (d Date) weekend() bool { return d.Weekday() == time.Saturday || d.Weekday() == time.Sunday }

// Year returns the year of d, 0 for no date.
func (d Date) Year() int {
	if d.IsZero() {
		return 0
	}
	return d.Start().Year()
}

// String returns d as 2006-01-02, "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Start().Format(time.DateOnly)
}

// MarshalText implements [encoding.TextMarshaler].
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]. The error is [ErrDate].
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
