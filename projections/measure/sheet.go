package measure

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

// A sheet counts for the district or for one unit.
type sheet struct {
	deadlines           [len(deadlines)][2]counter // by tier, as law.Tiers
	satisfied, answered [2]counter                 // by judged
	resolved, repeated  counter
	handling, receipt   sample
	items               counter // Den counts what was registered
	parts               map[part]int
}

// The places of those who are judged in a sheet.
const (
	judgedBureau = iota
	judgedUnit
)

func newSheet() *sheet {
	s := &sheet{parts: make(map[part]int)}
	for d := range s.deadlines {
		for tier := range s.deadlines[d] {
			s.deadlines[d][tier].laws = make(map[law.Law]int)
		}
	}
	for _, c := range petition.Channels() {
		s.parts[part{ByChannel, string(c)}] = 0
	}
	for _, c := range petition.Classes() {
		s.parts[part{ByClass, string(c)}] = 0
	}
	return s
}

// A part is one share of a composition (M21). Those of a closed set are shown
// even if no case is of them.
type part struct {
	by  By
	key string
}

// register counts f among what was registered.
func (s *sheet) register(f *Facts) {
	if !s.repeated.left(f, M7) {
		s.repeated.count(f.Earlier != "" || f.Merged)
	}
	if s.items.left(f, M21) {
		return
	}
	s.items.count(true)
	s.parts[part{ByChannel, string(f.Channel)}]++
	s.parts[part{ByClass, string(f.Class)}]++
	s.parts[part{ByCategory, f.Category}]++
	s.parts[part{ByStreet, f.Street}]++
}

// A counter counts one rate.
type counter struct {
	num, den, notYet int
	excluded         map[string]int
	laws             map[law.Law]int
}

func (k *counter) count(met bool) {
	k.den++
	if met {
		k.num++
	}
}

// left reports whether f is left out of measure id, and counts that.
func (k *counter) left(f *Facts, id ID) bool {
	reason := f.left(id)
	if reason == "" {
		return false
	}
	k.exclude(reason)
	return true
}

func (k *counter) exclude(reason string) {
	if k.excluded == nil {
		k.excluded = make(map[string]int)
	}
	k.excluded[reason]++
}

// early reports whether due is still to come at asOf, and counts that.
func (k *counter) early(due, asOf time.Time) bool {
	if due.After(asOf) {
		k.notYet++
		return true
	}
	return false
}

func (k *counter) rate() *Rate {
	r := RateOf(k.num, k.den, k.notYet)
	return &r
}

// A sample holds how long the handling of each closed case took.
type sample struct {
	counter
	cd, wd      []int
	provisional bool // the working days of one of them
}

// add adds the days from one date to the closing of f, if both are known.
func (s *sample) add(f *Facts, id ID, from time.Time, cal *law.Calendar) {
	if from.IsZero() || s.left(f, id) {
		return
	}
	a, b := law.DateOf(from), law.DateOf(f.Closed)
	if b.Before(a) {
		s.exclude(Reversed)
		return
	}
	s.cd, s.wd = append(s.cd, b.Sub(a)), append(s.wd, cal.WorkingDays(a, b))
	s.provisional = s.provisional || casefile.Provisional(cal, a, b)
}

// A Days is how long something took. All but N are nil if N is 0.
type Days struct {
	N int `json:"n"`

	Mean   *float64 `json:"mean_days"` // calendar days
	Median *float64 `json:"median_days"`
	P90    *int     `json:"p90_days"`
	Max    *int     `json:"max_days"`

	MeanWD   *float64 `json:"mean_working_days"`
	MedianWD *float64 `json:"median_working_days"`
	P90WD    *int     `json:"p90_working_days"`
	MaxWD    *int     `json:"max_working_days"`

	// Provisional says that working days were counted in a year whose calendar is
	// not published (暂算).
	Provisional bool `json:"provisional,omitzero"`
}

// String returns the mean number of calendar days, such as "10.8 (n=4)", or "—" if
// there is none.
func (d Days) String() string {
	if d.Mean == nil {
		return "—"
	}
	return fmt.Sprintf("%.1f (n=%d)", *d.Mean, d.N)
}

// DaysOf returns how long things took that took cd calendar and wd working days.
// It sorts both.
func DaysOf(cd, wd []int) Days {
	d := Days{N: len(cd)}
	d.Mean, d.Median, d.P90, d.Max = spread(cd)
	d.MeanWD, d.MedianWD, d.P90WD, d.MaxWD = spread(wd)
	return d
}

// spread returns the mean, the median (of the two middle ones their mean), the
// 90th percentile (the smallest that at least 90 % do not exceed) and the largest.
func spread(days []int) (mean, median *float64, p90, most *int) {
	n := len(days)
	if n == 0 {
		return nil, nil, nil, nil
	}
	slices.Sort(days)
	sum := 0
	for _, d := range days {
		sum += d
	}
	m := float64(sum) / float64(n)
	mid := float64(days[(n-1)/2]+days[n/2]) / 2
	nine, last := days[(9*n+9)/10-1], days[n-1]
	return &m, &mid, &nine, &last
}

// figures appends the figures of the sheet.
func (s *sheet) figures(to []Figure, q Query, unit string) []Figure {
	emit := func(id ID, tier law.Tier, p part, k *counter, r *Rate, d *Days) {
		excluded := k.excluded
		if excluded == nil {
			excluded = make(map[string]int)
		}
		to = append(to, Figure{
			Measure: id, Tier: tier, Unit: unit, By: p.by, Key: p.key, Rate: r, Days: d, Excluded: excluded,
			AsOf: q.AsOf.In(law.Shanghai), From: q.Window.From, To: q.Window.To, Definition: q.code(id), Laws: k.laws,
		})
	}
	for d := range deadlines {
		_, varied := q.variant(deadlines[d].id)
		for i, tier := range law.Tiers {
			if varied && i > 0 { // it has no tiers
				continue
			}
			if k := &s.deadlines[d][i]; q.Tier == "" || q.Tier == tier {
				emit(deadlines[d].id, tier, part{}, k, k.rate(), nil)
			}
		}
	}
	for j, judged := range []petition.Judged{petition.JudgedBureau, petition.JudgedUnit} {
		emit(M4, "", part{ByJudged, string(judged)}, &s.satisfied[j], s.satisfied[j].rate(), nil)
	}
	for j, judged := range []petition.Judged{petition.JudgedBureau, petition.JudgedUnit} {
		emit(M5, "", part{ByJudged, string(judged)}, &s.answered[j], s.answered[j].rate(), nil)
	}
	emit(M6, "", part{}, &s.resolved, s.resolved.rate(), nil)
	emit(M7, "", part{}, &s.repeated, s.repeated.rate(), nil)
	handling, receipt := DaysOf(s.handling.cd, s.handling.wd), DaysOf(s.receipt.cd, s.receipt.wd)
	handling.Provisional, receipt.Provisional = s.handling.provisional, s.receipt.provisional
	emit(M16, "", part{}, &s.handling.counter, nil, &handling)
	emit(M16Receipt, "", part{}, &s.receipt.counter, nil, &receipt)
	for _, p := range slices.SortedFunc(maps.Keys(s.parts), orderParts) {
		r := RateOf(s.parts[p], s.items.den, 0)
		emit(M21, "", p, &s.items, &r, nil)
	}
	return to
}

// compositions are the divisions of M21, in the order in which they are shown.
var compositions = []By{ByChannel, ByClass, ByCategory, ByStreet}

func orderParts(a, b part) int {
	return cmp.Or(cmp.Compare(slices.Index(compositions, a.by), slices.Index(compositions, b.by)), cmp.Compare(a.key, b.key))
}
