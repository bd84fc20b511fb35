package law

import (
	"testing"

	"pgregory.net/rapid"
)

// eachDay yields every day that the embedded calendar covers.
func eachDay(yield func(Date) bool) {
	for d := on("2021-01-01"); d.Before(on("2027-01-01")); d = d.AddDays(1) {
		if !yield(d) {
			return
		}
	}
}

// TestAddWorkingDays has the vectors of the domain dossier, which were computed
// by another program.
func TestAddWorkingDays(t *testing.T) {
	for _, tt := range []struct{ from, want string }{
		{"2021-02-10", "2021-02-23"},
		{"2021-09-30", "2021-10-13"},
		{"2022-01-28", "2022-02-09"},
		{"2023-09-22", "2023-10-07"},
		{"2023-09-28", "2023-10-11"},
		{"2024-09-30", "2024-10-12"},
		{"2025-09-30", "2025-10-14"},
		{"2026-02-13", "2026-02-27"},
		{"2026-09-30", "2026-10-13"},
		{"2025-06-14", "2025-06-20"}, // a Saturday of an ordinary week: next Friday
	} {
		if got, provisional := Embedded().AddWorkingDays(on(tt.from), 5); got != on(tt.want) || provisional {
			t.Errorf("%s + 5 working days = %v (provisional %t), want %s", tt.from, got, provisional, tt.want)
		}
	}
}

func TestEmbedded(t *testing.T) {
	cal := Embedded()
	for year, want := range map[int]int{2021: 250, 2022: 249, 2023: 249, 2024: 251, 2025: 248, 2026: 248} {
		if got := cal.WorkingDays(date(year-1, 12, 31), date(year, 12, 31)); got != want {
			t.Errorf("%d has %d working days, want %d", year, got, want)
		}
	}
	years := cal.Years()
	if len(years) != 6 || cal.CoveredUntil() != on("2026-12-31") || cal.Version() != "2026v1" {
		t.Errorf("%d years until %v, version %s", len(years), cal.CoveredUntil(), cal.Version())
	}
	for _, y := range years {
		for _, d := range y.Work {
			if !d.weekend() || d.Year() != y.Year || cal.Day(d) != Working {
				t.Errorf("%v is listed as worked: a %v, which is %v", d, d.Weekday(), cal.Day(d))
			}
		}
		for _, d := range y.Off {
			if d.Year() != y.Year || cal.Day(d) != Rest {
				t.Errorf("%v is listed as off: %v", d, cal.Day(d))
			}
		}
	}
}

func TestThreeAnswers(t *testing.T) {
	cal := Embedded()
	for _, tt := range []struct {
		day                  string
		want                 Day
		working, provisional bool
	}{
		{"2026-09-30", Working, true, false},
		{"2026-10-01", Rest, false, false},
		{"2026-10-10", Working, true, false},     // a Saturday worked in exchange
		{"2026-10-11", Rest, false, false},       // a Sunday
		{"2027-01-01", Unpublished, true, true},  // a Friday, and New Year's Day
		{"2027-01-02", Unpublished, false, true}, // a Saturday
		{"2015-10-01", Unpublished, true, true},  // before the table
		{"0001-01-01", Unpublished, true, true},  // a Monday
		{"2199-12-29", Unpublished, false, true}, // a Sunday
		{"2021-03-08", Working, true, false},     // 妇女节, half a day
	} {
		working, provisional := cal.Working(on(tt.day))
		if got := cal.Day(on(tt.day)); got != tt.want || working != tt.working || provisional != tt.provisional {
			t.Errorf("%s is %v, working %t, provisional %t", tt.day, got, working, provisional)
		}
	}
}

// anyCalendar draws a calendar with a gap, years before and after the embedded
// ones, and days overridden in published and unpublished years.
var anyCalendar = rapid.Custom(func(t *rapid.T) *Calendar {
	cal := Embedded()
	if rapid.Bool().Draw(t, "2029 is published") {
		cal = cal.Publish(2029, []Date{on("2029-10-01"), on("2029-10-02")}, []Date{on("2029-09-30")})
	}
	for range rapid.IntRange(0, 4).Draw(t, "overrides") {
		day := rapid.IntRange(0, 365*16).Draw(t, "day")
		cal = cal.Override(on("2016-01-01").AddDays(day), rapid.Bool().Draw(t, "working"))
	}
	return cal
})

// TestArithmetic compares the arithmetic with a walk from day to day.
func TestArithmetic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cal := anyCalendar.Draw(t, "calendar")
		from := on("2014-01-01").AddDays(rapid.IntRange(0, 365*20).Draw(t, "from"))
		n := rapid.IntRange(0, 400).Draw(t, "n")
		to, guess := from, false
		for left := n; left > 0; {
			to = to.AddDays(1)
			working, provisional := cal.Working(to)
			y, _, _ := cal.year(to.Year())
			if guess = guess || provisional || !y.Published; working {
				left--
			}
		}
		if got, provisional := cal.AddWorkingDays(from, n); got != to || provisional != guess {
			t.Fatalf("%v + %d = %v (provisional %t), want %v (%t)", from, n, got, provisional, to, guess)
		}
		if got := cal.WorkingDays(from, to); got != n {
			t.Fatalf("from %v to %v there are %d working days, want %d", from, to, got, n)
		}
		if next, _ := cal.AddWorkingDays(from.AddDays(1), n); n > 0 && next.Before(to) {
			t.Fatalf("%v + %d is before %v + %d", from.AddDays(1), n, from, n)
		}
		if more, _ := cal.AddWorkingDays(from, n+1); !more.After(to) {
			t.Fatalf("%v + %d = %v is not after %v", from, n+1, more, to)
		}
		if back := cal.WorkingDays(to, from); back != -n {
			t.Fatalf("backwards there are %d working days, want %d", back, -n)
		}
	})
}

// TestEdges steps over both ends of the table, with a rest day on the very edge.
func TestEdges(t *testing.T) {
	cal := Embedded().Override(on("2026-12-31"), false).Override(on("2021-01-04"), false)
	for _, tt := range []struct {
		from, want  string
		provisional bool
	}{
		{"2020-12-30", "2020-12-31", true},
		{"2020-12-31", "2021-01-05", false},
		{"2021-01-05", "2021-01-06", false},
		{"2026-12-29", "2026-12-30", false},
		{"2026-12-30", "2027-01-01", true},
		{"2026-12-31", "2027-01-01", true},
		{"2027-01-01", "2027-01-04", true},
	} {
		if got, provisional := cal.AddWorkingDays(on(tt.from), 1); got != on(tt.want) || provisional != tt.provisional {
			t.Errorf("%s + 1 = %v (provisional %t), want %s", tt.from, got, provisional, tt.want)
		}
	}
}

func TestCalendarVersions(t *testing.T) {
	cal := Embedded()
	published := cal.Publish(2027, []Date{on("2027-01-01")}, nil)
	overridden := published.Override(on("2026-09-09"), false)
	ahead := overridden.Override(on("2029-09-09"), false)
	for _, tt := range []struct {
		cal     *Calendar
		version string
		until   string
	}{
		{cal, "2026v1", "2026-12-31"},
		{published, "2027v1", "2027-12-31"},
		{overridden, "2027v1+2026v2", "2027-12-31"},
		{ahead, "2027v1+2026v2+2029v1", "2027-12-31"},
		{cal.Publish(2029, []Date{on("2029-01-01")}, nil), "2026v1+2029v1", "2026-12-31"},
		{cal.Publish(2010, []Date{on("2010-01-01")}, nil), "2026v1+2010v1", "2026-12-31"},
		{cal.Override(on("2016-01-04"), false), "2026v1+2016v1", "2026-12-31"},
	} {
		if got := tt.cal.Version(); got != tt.version || tt.cal.CoveredUntil() != on(tt.until) {
			t.Errorf("version %s covers until %v, want %s until %s", got, tt.cal.CoveredUntil(), tt.version, tt.until)
		}
	}
	if cal.Day(on("2026-09-09")) != Working || overridden.Day(on("2026-09-09")) != Rest {
		t.Error("an override changed the calendar that it was made from, or not the one it made")
	}
	if back := overridden.Override(on("2026-09-09"), true); back.Day(on("2026-09-09")) != Working || len(back.Years()[5].Overrides) != 1 {
		t.Error("of two overrides of a day not the last one holds, alone")
	}
	if ahead.Day(on("2029-09-09")) != Rest || ahead.Day(on("2029-09-10")) != Unpublished {
		t.Error("one day of a year was overridden, and the rest of the year is known")
	}
	if later := ahead.Publish(2029, []Date{on("2029-01-01")}, nil); later.Day(on("2029-09-09")) != Rest {
		t.Error("a notice undid an override")
	}
}

func TestLateBy(t *testing.T) {
	for _, tt := range []struct {
		occurred, recorded string
		want               bool
	}{
		{"2026-03-02 09:00:00", "2026-03-02 09:01:00", false},
		{"2026-03-02 00:00:00", "2026-03-03 23:59:59", false}, // Monday, until the end of Tuesday
		{"2026-03-02 23:59:59", "2026-03-04 00:00:00", true},
		{"2026-03-06 10:00:00", "2026-03-09 18:00:00", false}, // Friday, until the end of Monday
		{"2026-09-30 10:00:00", "2026-10-08 23:59:59", false}, // over the holiday
		{"2026-09-30 10:00:00", "2026-10-09 00:00:00", true},
		{"2026-03-03 10:00:00", "2026-03-02 10:00:00", false},
	} {
		if got := Embedded().LateBy(at(tt.occurred), at(tt.recorded)); got != tt.want {
			t.Errorf("happened %s, recorded %s: late %t", tt.occurred, tt.recorded, got)
		}
	}
}

func BenchmarkAddWorkingDays(b *testing.B) {
	cal, from := Embedded(), on("2021-02-10")
	for b.Loop() {
		cal.AddWorkingDays(from, 1000)
	}
}

func BenchmarkWorkingDays(b *testing.B) {
	cal, from, to := Embedded(), on("2015-02-10"), on("2030-02-10")
	for b.Loop() {
		cal.WorkingDays(from, to)
	}
}
