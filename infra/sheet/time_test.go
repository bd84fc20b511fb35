package sheet

import (
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseTime(t *testing.T) {
	at := func(text string) time.Time {
		v, err := time.ParseInLocation(time.DateTime, text, beijing)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct {
		text string
		want string // "" if refused
		date bool
	}{
		{"2019/4/25 9:32:09", "2019-04-25 09:32:09", false},
		{"2019-04-25 09:32", "2019-04-25 09:32:00", false},
		{" 2019/4/25\u00a09:32:09 ", "2019-04-25 09:32:09", false},
		{"２０１９／４／２５　９：３２：０９", "2019-04-25 09:32:09", false},
		{"2019-04-25", "2019-04-25 00:00:00", true},
		{"2019/4/25", "2019-04-25 00:00:00", true},
		{"2019.4.25", "2019-04-25 00:00:00", true},
		{"20190425", "2019-04-25 00:00:00", true},
		{"2019年4月25日", "2019-04-25 00:00:00", true},
		{"2019 年 4 月 25 日", "2019-04-25 00:00:00", true},
		{"2019年4月25日 9时32分", "2019-04-25 09:32:00", false},
		{"2019年4月25日9时32分5秒", "2019-04-25 09:32:05", false},
		{"2019年4月25日9时", "2019-04-25 09:00:00", false},
		{"2019年4月25日9:32", "2019-04-25 09:32:00", false},
		{"2019/4/25 上午9:32", "2019-04-25 09:32:00", false},
		{"2019/4/25 下午 3:05", "2019-04-25 15:05:00", false},
		{"2019/4/25 上午12:05", "2019-04-25 00:05:00", false},
		{"2019/4/25 下午12:05", "2019-04-25 12:05:00", false},
		{"2019-04-25 00:00:00", "2019-04-25 00:00:00", false},
		{"2019-04-25 09:32:09.0", "2019-04-25 09:32:09", false},
		{"2019-04-25T09:32:09", "2019-04-25 09:32:09", false},
		{"2019-04-25T01:32:09Z", "2019-04-25 09:32:09", false},
		{"2019-04-25T09:32:09.75+08:00", "2019-04-25 09:32:09", false},
		{"43580.397222", "2019-04-25 09:32:00", false},
		{"43580.397326388888", "2019-04-25 09:32:09", false},
		{"43580", "2019-04-25 00:00:00", true},
		{"2024/2/29", "2024-02-29 00:00:00", true},

		{"2026.13.2", "", false},
		{"2023-02-29", "", false},
		{"2019-4-31", "", false},
		{"2019-04-25 24:00", "", false},
		{"2019-04-25 12:60", "", false},
		{"2019-04-25 上午15:00", "", false},
		{"2019-04-25 下午", "", false},
		{"2019-04-2509:32", "", false},
		{"2019", "", false},
		{"201904", "", false},
		{"4/25/2019", "", false},
		{"19-04-25", "", false},
		{"25.4.2019", "", false},
		{"1019-04-25", "", false},
		{"2100-01-01", "", false},
		{"18263", "", false},
		{"73051", "", false},
		{"-43580", "", false},
		{"4.358E+04", "", false},
		{"昨天", "", false},
		{"2019年4月", "", false},
		{"2019-04-25 09:32:09 +", "", false},
	} {
		for _, kind := range []Kind{Text, Number, Date} {
			got, date, err := ParseTime(Cell{Text: tt.text, Kind: kind})
			switch {
			case tt.want == "" && err == nil:
				t.Errorf("%q = %v, want an error", tt.text, got)
			case tt.want != "" && (err != nil || !got.Equal(at(tt.want)) || date != tt.date):
				t.Errorf("%q = %v, date %v, %v; want %s, date %v", tt.text, got, date, err, tt.want, tt.date)
			}
		}
	}
}

func TestParseTimeOf1904(t *testing.T) {
	got, date, err := ParseTime(Cell{Text: "42118.5", Kind: Date, Date1904: true})
	if want := time.Date(2019, 4, 25, 12, 0, 0, 0, beijing); err != nil || date || !got.Equal(want) {
		t.Errorf("got %v %v %v, want %v", got, date, err, want)
	}
}

func TestParseTimeOfNothing(t *testing.T) {
	for _, kind := range []Kind{Empty, Inexact, Uncomputed, Broken, Unreadable, TooLong} {
		if got, _, err := ParseTime(Cell{Text: "2019-04-25", Kind: kind}); err == nil {
			t.Errorf("kind %d = %v, want an error", kind, got)
		}
	}
}

// TestEveryWriting writes one instant in every way and expects it back.
func TestEveryWriting(t *testing.T) {
	first := time.Date(firstYear, 1, 1, 0, 0, 0, 0, beijing)
	span := int64(time.Date(lastYear, 1, 1, 0, 0, 0, 0, beijing).Sub(first) / time.Second)
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, beijing)
	rapid.Check(t, func(t *rapid.T) {
		want := first.Add(time.Duration(rapid.Int64Range(0, span-1).Draw(t, "second")) * time.Second)
		days := float64(want.Sub(epoch)/time.Second) / 86400
		writings := []string{strconv.FormatFloat(days, 'f', -1, 64), want.UTC().Format(time.RFC3339)}
		for _, layout := range []string{time.DateTime, "2006/1/2 15:04:05", "2006.1.2 15:04:05", "2006年1月2日15时4分5秒", "2006年01月02日 15:04:05", "2006-01-02T15:04:05"} {
			writings = append(writings, want.Format(layout))
		}
		for _, w := range writings {
			if got, _, err := ParseTime(Cell{Text: w, Kind: Text}); err != nil || !got.Equal(want) {
				t.Fatalf("%s = %v, %v; want %v", w, got, err, want)
			}
		}
	})
}

func FuzzParseTime(f *testing.F) {
	for _, seed := range []string{"2019/4/25 9:32:09", "43580.397222", "2019年4月25日 9时32分", "20190425", "2019-04-25T01:32:09Z", "日", "2019年4月25日下午"} {
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, text string, date1904 bool) {
		c := Cell{Text: text, Kind: Text, Date1904: date1904}
		got, date, err := ParseTime(c)
		if err != nil {
			if !got.IsZero() || date {
				t.Errorf("an error, and yet %v %v", got, date)
			}
			return
		}
		if y := got.Year(); y < firstYear || y >= lastYear || got.Nanosecond() != 0 {
			t.Errorf("%v is out of range", got)
		}
		if date && got != day(got) {
			t.Errorf("%v is called a date", got)
		}
		again, _, err := ParseTime(Cell{Text: got.Format(time.DateTime), Kind: Text})
		if err != nil || !again.Equal(got) {
			t.Errorf("%v, written out, is read as %v, %v", got, again, err)
		}
	})
}
