package law

import (
	"errors"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"
)

// on returns the date that s writes.
func on(s string) Date {
	d, err := ParseDate(s)
	if err != nil {
		panic(s + ": " + err.Error())
	}
	return d
}

// at returns the instant that s writes in Shanghai.
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", s, Shanghai)
	if err != nil {
		panic(err)
	}
	return t
}

// anyDate draws a day of a century around the published calendar.
var anyDate = rapid.Map(rapid.IntRange(0, 36524), func(n int) Date { return on("1980-01-01").AddDays(n) })

func TestDateOf(t *testing.T) {
	for _, tt := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, 1, 2, 15, 59, 59, 999999999, time.UTC), "2026-01-02"},
		{time.Date(2026, 1, 2, 16, 0, 0, 0, time.UTC), "2026-01-03"}, // midnight in Shanghai
		{at("2024-02-29 23:59:59"), "2024-02-29"},
		{at("1969-12-31 12:00:00"), "1969-12-31"},
		{at("0001-01-01 12:00:00"), "0001-01-01"},
		{time.Time{}, ""},
	} {
		if got := DateOf(tt.at).String(); got != tt.want {
			t.Errorf("DateOf(%v) = %q, want %q", tt.at, got, tt.want)
		}
	}
}

// TestDateAgreesWithTime compares our arithmetic with package time's.
func TestDateAgreesWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, n := anyDate.Draw(t, "date"), rapid.IntRange(-40000, 40000).Draw(t, "n")
		start := d.Start()
		if DateOf(start) != d || DateOf(start.Add(-1)) != d.AddDays(-1) || start.Hour() != 0 {
			t.Fatalf("%v starts at %v", d, start)
		}
		if d.Year() != start.Year() || d.Weekday() != start.Weekday() || d.String() != start.Format(time.DateOnly) {
			t.Fatalf("%v is a %v of %d", d, d.Weekday(), d.Year())
		}
		other := d.AddDays(n)
		if want := start.AddDate(0, 0, n); !other.Start().Equal(want) {
			t.Fatalf("%v + %d = %v, want %v", d, n, other, want)
		}
		if other.Sub(d) != n || d.Before(other) != (n > 0) || d.After(other) != (n < 0) || (d.Compare(other) < 0) != (n > 0) {
			t.Fatalf("%v and %v, %d days later, are in the wrong order", d, other, n)
		}
		if again := on(d.String()); again != d {
			t.Fatalf("%v is read as %v", d, again)
		}
	})
}

func TestDateJSON(t *testing.T) {
	type pair struct {
		A Date `json:"a"`
		B Date `json:"b,omitzero"`
	}
	got, err := json.Marshal(pair{A: on("2026-02-28")})
	if want := `{"a":"2026-02-28"}`; err != nil || string(got) != want {
		t.Errorf("Marshal = %s, %v; want %s", got, err, want)
	}
	var p pair
	if err := json.Unmarshal([]byte(`{"a":"","b":"2024-02-29"}`), &p); err != nil || !p.A.IsZero() || p.B != on("2024-02-29") {
		t.Errorf("Unmarshal = %v, %v", p, err)
	}
	for _, bad := range []string{`"2026-2-28"`, `"2026-02-29"`, `"0000-01-01"`, `"440306199001011234"`, `20260228`} {
		if err := json.Unmarshal([]byte(bad), new(Date)); err == nil {
			t.Errorf("%s is taken for a date", bad)
		}
	}
}

// TestParseDateIsDiscreet: somebody may have typed an identity number.
func TestParseDateIsDiscreet(t *testing.T) {
	if _, err := ParseDate("440306199001011234"); !errors.Is(err, ErrDate) || err.Error() != ErrDate.Error() {
		t.Errorf("ParseDate = %v, want %v and no more", err, ErrDate)
	}
}
