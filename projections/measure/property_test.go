package measure

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// anyTime draws a time of the first half of 2024, or the zero time.
func anyTime(t *rapid.T, name string) time.Time {
	if rapid.IntRange(0, 4).Draw(t, name+" is there") == 0 {
		return time.Time{}
	}
	start := at("2024-01-01 00:00").Unix()
	return time.Unix(start+int64(rapid.IntRange(0, 180*24).Draw(t, name))*3600, 0).UTC()
}

var anyFacts = rapid.Custom(func(t *rapid.T) Facts {
	unit := rapid.SampledFrom([]string{"u1", "u2", "b"})
	numbers := rapid.SampledFrom([]string{"", "", "XF-1", "XF-2", "XF-3"})
	f := Facts{
		Number: numbers.Draw(t, "number"), Earlier: numbers.Draw(t, "earlier"), Unit: unit.Draw(t, "unit"), Bureau: "b",
		Street: rapid.SampledFrom([]string{"", "s1", "s2"}).Draw(t, "street"), Category: rapid.StringN(0, 3, -1).Draw(t, "category"),
		Channel: rapid.SampledFrom(petition.Channels()).Draw(t, "channel"), Class: rapid.SampledFrom(petition.Classes()).Draw(t, "class"),
		Headcount: rapid.SampledFrom([]int{0, 1, 7, 10000}).Draw(t, "headcount"), Excluded: rapid.SampledFrom([]string{"", "", NotCounted}).Draw(t, "excluded"),
		First: rapid.Bool().Draw(t, "first"), Judicial: rapid.Bool().Draw(t, "judicial"), Merged: rapid.Bool().Draw(t, "merged"),
		Restricted: rapid.Bool().Draw(t, "restricted"),
		Received:   anyTime(t, "received"), Registered: anyTime(t, "registered"), Accepted: anyTime(t, "accepted"),
		Closed: anyTime(t, "closed"), Resolved: anyTime(t, "resolved"), Setback: anyTime(t, "setback"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "clocks") {
		f.Clocks = append(f.Clocks, Clock{
			ID:  rapid.SampledFrom([]law.ClockID{law.C2, law.C3, law.C4, law.C6}).Draw(t, "clock"),
			Law: law.Law2022, Unit: unit.Draw(t, "clock's unit"), Met: anyTime(t, "met"), Ended: anyTime(t, "ended"),
			Due:    [2]time.Time{anyTime(t, "due"), anyTime(t, "district due")},
			Strict: [2]time.Time{anyTime(t, "strict due"), anyTime(t, "strict district due")},
		})
	}
	for range rapid.IntRange(0, 2).Draw(t, "evaluations") {
		f.Evaluations = append(f.Evaluations, Evaluation{
			Judged: rapid.SampledFrom(petition.Judges()).Draw(t, "judged"), Grade: rapid.SampledFrom(petition.Grades()).Draw(t, "grade"),
			Submitted: anyTime(t, "submitted"), Due: anyTime(t, "evaluation due"),
		})
	}
	return f
})

var anyDay = rapid.Map(rapid.IntRange(0, 182), func(n int) law.Date { return on("2023-12-31").AddDays(n) })

// numbers is what of a figure adds up.
type numbers struct{ num, den, notYet, n, excluded int }

func (a numbers) plus(b numbers) numbers {
	return numbers{a.num + b.num, a.den + b.den, a.notYet + b.notYet, a.n + b.n, a.excluded + b.excluded}
}

// sum adds up what figures has for each unit that ok accepts, by measure, tier and
// part. Of a composition only the parts add up: which parts there are depends on
// the cases.
func sum(figures []Figure, ok func(unit string) bool) map[string]numbers {
	sums := make(map[string]numbers)
	for _, f := range figures {
		if !ok(f.Unit) || f.Measure == M21 && f.Num == 0 {
			continue
		}
		var n numbers
		switch {
		case f.Measure == M21:
			n.num = f.Num
		case f.Rate != nil:
			n.num, n.den, n.notYet = f.Num, f.Den, f.NotYetDue
		default:
			n.n = f.N
		}
		if f.Measure != M21 {
			for _, e := range f.Excluded {
				n.excluded += e
			}
		}
		key := fmt.Sprint(f.Measure, f.Tier, f.By, f.Key)
		sums[key] = sums[key].plus(n)
	}
	return sums
}

func whole(unit string) bool { return unit == All }

func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cases := facts(rapid.SliceOfN(anyFacts, 0, 12).Draw(t, "cases"))
		from := anyDay.Draw(t, "from")
		mid := from.AddDays(rapid.IntRange(0, 60).Draw(t, "mid"))
		to := mid.AddDays(rapid.IntRange(0, 60).Draw(t, "to"))
		q := Query{
			Window: Window{from, to}, AsOf: anyDay.Draw(t, "as of").Start(), ByUnit: true,
			Strict: rapid.Bool().Draw(t, "strict"), Observation: rapid.IntRange(1, 60).Draw(t, "observation"),
			Basis:     rapid.SampledFrom(append(Bases(), "")).Draw(t, "basis"),
			OverdueAs: rapid.SampledFrom(OverdueAses()).Draw(t, "overdue as"),
		}
		run := func(q Query, cases facts) []Figure {
			figures, err := Compute(q, cases.seq, law.Embedded())
			if err != nil {
				t.Fatal(err)
			}
			return figures
		}
		figures := run(q, cases)

		for _, f := range figures {
			if f.Rate == nil {
				continue
			}
			if f.Num < 0 || f.Num > f.Den || f.NotYetDue < 0 || (f.Value == nil) != (f.Den == 0) {
				t.Errorf("%s %s of %s: %+v", f.Measure, f.Tier, f.Unit, *f.Rate)
			}
		}

		for d := range deadlines {
			for i, tier := range law.Tiers {
				got := sum(figures, whole)[fmt.Sprint(deadlines[d].id, tier, "", "")]
				if cohort := cohort(q, cases, d, i); got.den+got.notYet+got.excluded != cohort {
					t.Errorf("%s %s: %+v do not make up the cohort of %d", deadlines[d].id, tier, got, cohort)
				}
			}
		}

		early, late := q, q
		early.Window.To, late.Window.From = mid, mid
		parts := sum(append(run(early, cases), run(late, cases)...), whole)
		if diff := cmp.Diff(sum(figures, whole), parts, cmp.AllowUnexported(numbers{})); diff != "" {
			t.Errorf("two windows do not make up the whole (-whole +parts):\n%s", diff)
		}

		open := slices.Clone(cases)
		for i := range open {
			open[i].Restricted = false
		}
		figures = run(q, open)
		units := sum(figures, func(unit string) bool { return unit != All })
		for key, n := range sum(figures, whole) {
			if n != units[key] {
				t.Errorf("%s: the units have %+v, the district %+v", key, units[key], n)
			}
		}

		shuffled := slices.Clone(cases)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(run(q, cases), run(q, shuffled), cmpopts.EquateComparable(law.Date{})); diff != "" {
			t.Errorf("the order of the cases matters:\n%s", diff)
		}
	})
}

// cohort counts the obligations of deadlines[d] whose last day is in the window,
// the slow way.
func cohort(q Query, cases facts, d, tier int) (n int) {
	in := func(day law.Date) bool {
		return day.String() >= q.Window.From.String() && day.String() < q.Window.To.String()
	}
	for _, f := range cases {
		if days := map[Basis]int{BasisRegistered: 15, BasisRegistered30: 30}[q.Basis]; days > 0 && (q.Basis == BasisRegistered) == (d == 0) && d < 2 {
			last := law.DateOf(f.Registered).AddDays(days)
			owes := slices.ContainsFunc(f.Clocks, func(c Clock) bool {
				return slices.Contains(deadlines[d].clocks[:], c.ID) && (c.Ended.IsZero() || law.DateOf(c.Ended).After(last))
			})
			if tier == 0 && owes && !f.Registered.IsZero() && in(last) {
				n++
			}
			continue
		}
		for _, c := range f.Clocks {
			due := c.Due[tier]
			if q.Strict {
				due = c.Strict[tier]
			}
			if due.IsZero() || !c.Ended.IsZero() && c.Ended.Before(due) || !slices.Contains(deadlines[d].clocks[:], c.ID) {
				continue
			}
			if in(law.DateOf(due.Add(-time.Second))) {
				n++
			}
		}
	}
	return n
}

func TestFactsSurviveStorage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts.Draw(t, "facts")
		for i := range f.Clocks {
			f.Clocks[i].Unit = rapid.StringN(0, 4, -1).Draw(t, "unit")
		}
		raw := f.Append([]byte("before"))[len("before"):]
		got, err := Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(f, got); diff != "" {
			t.Errorf("after storage:\n%s", diff)
		}
		cut := rapid.IntRange(0, len(raw)-1).Draw(t, "cut")
		if _, err := Decode(raw[:cut]); !errors.Is(err, ErrFacts) {
			t.Errorf("cut to %d of %d bytes: %v", cut, len(raw), err)
		}
		if _, err := Decode(append(raw, 0)); !errors.Is(err, ErrFacts) {
			t.Errorf("with a byte more: %v", err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{layout, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add(typical(1).Append(nil))
	f.Fuzz(func(t *testing.T, raw []byte) {
		facts, err := Decode(raw)
		if err != nil {
			return
		}
		again, err := Decode(facts.Append(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(facts, again); diff != "" {
			t.Errorf("what was read is not what is stored:\n%s", diff)
		}
	})
}

// typical returns the facts of a case of the usual size.
func typical(n int) Facts {
	day := func(i int) time.Time { return on("2024-01-01").AddDays(n%365 + i).Start().Add(9 * time.Hour).UTC() }
	due := func(i int) time.Time { return on("2024-01-01").AddDays(n%365 + i).Start().UTC() }
	dues := func(s, d int) [2]time.Time { return [2]time.Time{due(s), due(d)} }
	f := Facts{
		Number: fmt.Sprintf("XF-2024-%06d", n), Unit: fmt.Sprintf("unit-%02d", n%50), Bureau: "xfj", Street: "xixiang", Category: "劳动和社会保障",
		Channel: petition.Online, Class: petition.Claiming, Headcount: 1, First: true,
		Received: day(0), Registered: day(0), Accepted: day(5), Closed: day(40), Resolved: day(40),
		Clocks: []Clock{
			{ID: law.C2, Law: law.Law2022, Unit: "xfj", Met: day(2), Due: dues(16, 8), Strict: dues(16, 8)},
			{ID: law.C4, Law: law.Law2022, Unit: fmt.Sprintf("unit-%02d", n%50), Met: day(5), Due: dues(19, 10), Strict: dues(19, 10)},
			{ID: law.C6, Law: law.Law2022, Unit: fmt.Sprintf("unit-%02d", n%50), Met: day(40), Due: dues(66, 36), Strict: dues(66, 36)},
		},
		Evaluations: []Evaluation{{Judged: petition.JudgedUnit, Grade: petition.Satisfied, Submitted: day(50), Due: due(71)}, {Judged: petition.JudgedBureau, Due: due(71)}},
	}
	if n%20 == 0 {
		f.Earlier = fmt.Sprintf("XF-2024-%06d", n/2)
	}
	return f
}

// A year of a large city: 200,000 cases, decoded and measured for every unit.
func BenchmarkCompute(b *testing.B) {
	const n = 200_000
	stored := make([][]byte, n)
	size := 0
	for i := range stored {
		stored[i] = typical(i).Append(nil)
		size += len(stored[i])
	}
	q := Query{Window: in("2024-04-01", "2024-07-01"), AsOf: at("2024-12-31 12:00"), ByUnit: true}
	for b.Loop() {
		figures, err := Compute(q, func(yield func(Facts, error) bool) {
			for _, raw := range stored {
				if !yield(Decode(raw)) {
					return
				}
			}
		}, law.Embedded())
		if err != nil || len(figures) == 0 {
			b.Fatal(err, len(figures))
		}
	}
	b.ReportMetric(float64(size)/n, "B/case")
}
