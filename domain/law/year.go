package law

import (
	_ "embed"
	"slices"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"

	"xinfang/domain/ledger"
)

// A Year is one year of the calendar: what the State Council's notice lists, and
// what was overridden since. It is the state of one calendar stream; the zero
// Year is a stream without events.
type Year struct {
	Year      int
	Version   int  // counts the events of the year; the embedded years start at 1
	Published bool // whether the notice is known
	Off       []Date
	Work      []Date
	Overrides []DayOverridden // one for each day, by date
}

// day returns what the year knows of d, which is in it.
func (y Year) day(d Date) Day {
	if i, ok := y.override(d); ok {
		if y.Overrides[i].Working {
			return Working
		}
		return Rest
	}
	switch {
	case !y.Published:
		return Unpublished
	case listed(y.Work, d):
		return Working
	case d.weekend() || listed(y.Off, d):
		return Rest
	}
	return Working
}

// why says why d is what it is; nothing of an ordinary working day.
func (y Year) why(d Date) ledger.Text {
	if i, ok := y.override(d); ok {
		no := y.Overrides[i].Document.No
		if y.Overrides[i].Working {
			return ledger.Text{ZH: "依文件" + no + "上班", EN: "a working day by document " + no}
		}
		return ledger.Text{ZH: "依文件" + no + "休息", EN: "a rest day by document " + no}
	}
	switch {
	case listed(y.Work, d):
		return ledger.Text{ZH: "调休上班", EN: "worked in exchange for a holiday"}
	case listed(y.Off, d):
		return ledger.Text{ZH: "节假日", EN: "holiday"}
	case !d.weekend():
		return ledger.Text{}
	case !y.Published:
		return ledger.Text{ZH: "周末（该年日历未公布）", EN: "weekend (no calendar published for that year)"}
	}
	return ledger.Text{ZH: "周末", EN: "weekend"}
}

func (y Year) override(d Date) (int, bool) {
	return slices.BinarySearchFunc(y.Overrides, d, func(o DayOverridden, d Date) int { return o.Date.Compare(d) })
}

func listed(days []Date, d Date) bool {
	_, ok := slices.BinarySearchFunc(days, d, Date.Compare)
	return ok
}

// Evolve returns the year after e; y stays as it is. A stream of an embedded year
// goes on from the embedded one. A correction replaces the notice, and what was
// overridden stays so.
func (y Year) Evolve(e CalendarEvent) Year {
	if y.Version == 0 {
		y, _, _ = Embedded().year(e.year())
	}
	switch e := e.(type) {
	case CalendarPublished:
		y.Published, y.Version = true, e.Version
		y.Off, y.Work = sorted(e.Off), sorted(e.Work)
	case CalendarCorrected:
		y.Version = e.Version
		y.Off, y.Work = sorted(e.Off), sorted(e.Work)
	case DayOverridden:
		y.Version = e.Version
		i, ok := y.override(e.Date)
		y.Overrides = slices.Clone(y.Overrides)
		if ok {
			y.Overrides[i] = e
		} else {
			y.Overrides = slices.Insert(y.Overrides, i, e)
		}
	}
	return y
}

func sorted(days []Date) []Date { return slices.SortedFunc(slices.Values(days), Date.Compare) }

//go:embed calendar_2021_2026.json
var notices []byte

// Embedded returns the calendar of the years from [FirstYear] to 2026 as the
// State Council announced them (国务院办公厅节假日安排通知). The file names the source
// of the table.
//
// 2022-12-31 is listed under its own year, though the notice for 2023 lists it;
// it is a Saturday.
func Embedded() *Calendar { return embedded() }

var embedded = sync.OnceValue(func() *Calendar {
	var table struct {
		Source string `json:"source"`
		Years  map[string]struct {
			Off  []Date `json:"off"`
			Work []Date `json:"work"`
		} `json:"years"`
	}
	if err := json.Unmarshal(notices, &table, json.RejectUnknownMembers(true)); err != nil {
		panic("law: the embedded calendar: " + err.Error())
	}
	var years []Year
	for y := FirstYear; ; y++ {
		notice, ok := table.Years[strconv.Itoa(y)]
		if !ok {
			return newCalendar(years)
		}
		years = append(years, Year{Year: y, Version: 1, Published: true, Off: sorted(notice.Off), Work: sorted(notice.Work)})
	}
})
