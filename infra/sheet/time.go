package sheet

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"
)

// beijing is the legal time of China (北京时间). Summer time, kept from 1986 to
// 1991, is left aside, as the law's clocks do.
var beijing = time.FixedZone("Asia/Shanghai", 8*60*60)

// Times before firstYear or from lastYear on are taken for mistakes: so is a
// number such as 2019, which as an Excel date is a day of 1905.
const (
	firstYear = 1950
	lastYear  = 2100
)

var errTime = refuse("ERR_CELL_TIME",
	"不是可识别的时间。应为日期或日期时间，如 2026-01-31、2026/1/31 9:05:00、2026年1月31日9时5分，或 Excel 日期（1950—2099 年）。",
	"not a time that can be read; a date or a date and time is expected, such as 2026-01-31, 2026/1/31 9:05:00 or 2026年1月31日9时5分, or an Excel date (years 1950 to 2099)")

// ParseTime returns the time in c, to the second, in Asia/Shanghai (fixed
// +08:00), and whether c is a date without a time of day, which then is 00:00.
//
// It reads what people and programs write: 2019-04-25, 2019/4/25 9:32:09,
// 2019.4.25, 2019年4月25日 9时32分, 20190425, 上午/下午 before the hour, full-width
// digits, RFC 3339 with its own zone, and the serial number of an Excel date,
// stored as a number or as text; a serial number without a fraction is a date.
// Anything else is a [*ledger.Refusal] with the code ERR_CELL_TIME: days that do
// not exist, two-digit years, and the month first, which would be guesswork.
func ParseTime(c Cell) (t time.Time, dateOnly bool, err error) {
	switch c.Kind {
	case Text, Number, Date:
	case Empty, Inexact, Uncomputed, Broken, Unreadable, TooLong:
		return time.Time{}, false, errTime
	}
	text := width.Fold.String(strings.TrimSpace(c.Text))
	if len(text) > 64 {
		return time.Time{}, false, errTime
	}
	ok := true
	switch {
	case serial.MatchString(text):
		t, dateOnly, ok = parseSerial(text, c.Date1904)
	default:
		if t, err = time.Parse(time.RFC3339, text); err == nil {
			t = t.In(beijing).Truncate(time.Second)
		} else {
			t, dateOnly, ok = parseWritten(text)
		}
	}
	if !ok || t.Year() < firstYear || t.Year() >= lastYear {
		return time.Time{}, false, errTime
	}
	return t, dateOnly, nil
}

var serial = regexp.MustCompile(`^\d{5}(\.\d+)?$`)

// parseSerial reads the number of days since the workbook's epoch. Day 60 of the
// 1900 system, the 29 February 1900 that never was, is long before firstYear, so
// the epoch can be set as if the days were counted rightly.
func parseSerial(text string, date1904 bool) (time.Time, bool, bool) {
	days, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return time.Time{}, false, false
	}
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, beijing)
	if date1904 {
		epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, beijing)
	}
	seconds := math.Round(days * 24 * 60 * 60)
	return epoch.Add(time.Duration(seconds) * time.Second), days == math.Trunc(days), true
}

var (
	writtenDate  = regexp.MustCompile(`^(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))$`)
	writtenClock = regexp.MustCompile(`^(上午|下午)?(\d{1,2})(?::(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?|[时点](?:(\d{1,2})分(?:(\d{1,2})秒)?)?)$`)
)

// parseWritten reads a date, or a date and a time of day.
func parseWritten(text string) (t time.Time, dateOnly, ok bool) {
	date, clock := text, ""
	if i := strings.Index(text, "日"); i >= 0 {
		date, clock = text[:i+len("日")], text[i+len("日"):]
	} else if i := strings.IndexFunc(text, func(r rune) bool { return r == 'T' || unicode.IsSpace(r) }); i >= 0 {
		date, clock = text[:i], strings.TrimPrefix(text[i:], "T")
	}
	d := writtenDate.FindStringSubmatch(unspaced(date))
	if d == nil {
		return time.Time{}, false, false
	}
	year, month, day := number(d[1]), number(d[2], d[4], d[6]), number(d[3], d[5], d[7])
	var hour, minute, second int
	if clock = unspaced(clock); clock != "" {
		c := writtenClock.FindStringSubmatch(clock)
		if c == nil {
			return time.Time{}, false, false
		}
		hour, minute, second = number(c[2]), number(c[3], c[5]), number(c[4], c[6])
		switch {
		case c[1] == "上午" && hour == 12:
			hour = 0
		case c[1] == "上午" && hour > 12:
			return time.Time{}, false, false
		case c[1] == "下午" && hour < 12:
			hour += 12
		}
	}
	t = time.Date(year, time.Month(month), day, hour, minute, second, 0, beijing)
	exists := t.Month() == time.Month(month) && t.Day() == day && t.Hour() == hour && t.Minute() == minute && t.Second() == second
	return t, clock == "", exists
}

// unspaced returns s without white space.
func unspaced(s string) string { return strings.Join(strings.Fields(s), "") }

// number returns the first of digits that is not empty, as a number.
func number(digits ...string) int {
	for _, d := range digits {
		if d != "" {
			n, _ := strconv.Atoi(d) // at most four digits, by the patterns
			return n
		}
	}
	return 0
}
