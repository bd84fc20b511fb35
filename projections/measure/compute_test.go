// Over 400 lines: the tables of every measure, worked by hand, which read best
// beside each other.

package measure

import (
	"errors"
	"iter"
	"math"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// at returns the time that s writes as 2024-03-01 09:00 in Shanghai, in UTC.
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", (s + ":00")[:19], law.Shanghai)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// on returns a day; before the first instant after it.
func on(s string) law.Date       { return law.DateOf(at(s + " 12:00")) }
func before(s string) time.Time  { return on(s).AddDays(1).Start().UTC() }
func in(from, to string) Window  { return Window{on(from), on(to)} }
func all(cases ...Facts) facts   { return cases }
func ratio(num, den int) float64 { return float64(num) / float64(den) }

type facts []Facts

func (fs facts) seq(yield func(Facts, error) bool) {
	for _, f := range fs {
		if !yield(f, nil) {
			return
		}
	}
}

var march = in("2024-03-01", "2024-04-01")

// compute returns the figures of q, which is as of the middle of 2024 unless it
// says otherwise.
func compute(t testing.TB, q Query, cases iter.Seq2[Facts, error]) []Figure {
	t.Helper()
	if q.AsOf.IsZero() {
		q.AsOf = at("2024-06-30 12:00")
	}
	if q.Window == (Window{}) {
		q.Window = march
	}
	figures, err := Compute(q, cases, law.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	return figures
}

// pick returns the one figure of measure, tier, unit and key.
func pick(t testing.TB, figures []Figure, id ID, tier law.Tier, unit, key string) Figure {
	t.Helper()
	var found []Figure
	for _, f := range figures {
		if f.Measure == id && f.Tier == tier && f.Unit == unit && (key == "" || f.Key == key) {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%s %s of %s %s: %d figures, want 1", id, tier, unit, key, len(found))
	}
	return found[0]
}

// owing is a case with one obligation, in the statutory tier alone.
func owing(id law.ClockID, due, met time.Time) Facts {
	due2 := [2]time.Time{due}
	return Facts{Unit: "u1", Bureau: "b", Clocks: []Clock{{ID: id, Law: law.Law2022, Unit: "u1", Met: met, Due: due2, Strict: due2}}}
}

func TestDueCohort(t *testing.T) {
	last := before("2024-03-31")
	tests := []struct {
		name          string
		due, met      time.Time
		ended         time.Time
		asOf          time.Time
		num, den, not int
	}{
		{name: "met in the last second", due: last, met: at("2024-03-31 23:59:59"), num: 1, den: 1},
		{name: "met at 00:00 after", due: last, met: at("2024-04-01 00:00"), den: 1},
		{name: "not met", due: last, den: 1},
		{name: "due on the first day", due: before("2024-03-01"), met: at("2024-02-01 00:00"), num: 1, den: 1},
		{name: "due the day before the first", due: before("2024-02-29"), met: at("2024-02-01 00:00")},
		{name: "due on the day after the last", due: before("2024-04-01"), met: at("2024-03-05 00:00")},
		{name: "not run out, though met", due: last, met: at("2024-03-05 00:00"), asOf: at("2024-03-31 23:59:59"), not: 1},
		{name: "run out that instant", due: last, met: at("2024-03-05 00:00"), asOf: last, num: 1, den: 1},
		{name: "hours, run out at noon", due: at("2024-03-31 12:00"), met: at("2024-03-31 11:59"), num: 1, den: 1},
		{name: "cancelled in time", due: last, ended: at("2024-03-31 23:59:59")},
		{name: "cancelled too late", due: last, ended: last, den: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for id, clock := range map[ID]law.ClockID{M1: law.C2, M2: law.C4, M3: law.C6} {
				f := owing(clock, tt.due, tt.met)
				f.Clocks[0].Ended = tt.ended
				figures := compute(t, Query{AsOf: tt.asOf, ByUnit: true}, all(f, owing(law.C6, before("2025-01-01"), time.Time{})).seq)
				for _, unit := range []string{All, "u1"} {
					if tt.num+tt.den+tt.not == 0 && unit != All {
						continue // then it need not have figures
					}
					got := pick(t, figures, id, law.Statutory, unit, "")
					if got.Num != tt.num || got.Den != tt.den || got.NotYetDue != tt.not {
						t.Errorf("%s of %s = %d/%d, %d not yet due; want %d/%d, %d", id, unit, got.Num, got.Den, got.NotYetDue, tt.num, tt.den, tt.not)
					}
				}
				if got := pick(t, figures, id, law.District, All, ""); got.Den != 0 || got.Value != nil || got.String() != "—" {
					t.Errorf("%s in the tier without a limit = %v", id, got.Rate)
				}
			}
		})
	}
}

func TestEitherNoticeCountsForTheUnit(t *testing.T) {
	figures := compute(t, Query{}, all(
		owing(law.C3, before("2024-03-05"), at("2024-03-04 00:00")),
		owing(law.C4, before("2024-03-05"), time.Time{}),
		owing(law.C2, before("2024-03-05"), time.Time{}),
	).seq)
	if got := pick(t, figures, M2, law.Statutory, All, ""); got.Num != 1 || got.Den != 2 || *got.Value != 0.5 {
		t.Errorf("M2 = %v, want 1/2", got.Rate)
	}
}

func TestStrictIgnoresExtensionsThatCameTooLate(t *testing.T) {
	f := owing(law.C6, before("2024-04-10"), at("2024-04-09 00:00"))
	f.Clocks[0].Strict[0] = before("2024-03-11")
	if got := pick(t, compute(t, Query{}, all(f).seq), M3, law.Statutory, All, ""); got.Den != 0 {
		t.Errorf("in March by its new date: %v", got.Rate)
	}
	if got := pick(t, compute(t, Query{Strict: true}, all(f).seq), M3, law.Statutory, All, ""); got.Num != 0 || got.Den != 1 {
		t.Errorf("in March by its old date: %v, want 0/1", got.Rate)
	}
}

func TestTierAndUnit(t *testing.T) {
	a, b := owing(law.C6, before("2024-03-05"), at("2024-03-04 00:00")), owing(law.C6, before("2024-03-05"), time.Time{})
	b.Unit, b.Clocks[0].Unit, b.Clocks[0].Law = "u2", "u2", law.Law2005
	figures := compute(t, Query{ByUnit: true, Tier: law.Statutory}, all(b, a).seq)
	var units []string
	for _, f := range figures {
		if f.Tier == law.District {
			t.Fatalf("%s in the other tier", f.Measure)
		}
		if f.Measure == M3 {
			units = append(units, f.Unit)
		}
	}
	if want := []string{All, "u1", "u2"}; !cmp.Equal(units, want) {
		t.Errorf("units %v, want %v", units, want)
	}
	if got := pick(t, figures, M3, law.Statutory, All, ""); !cmp.Equal(got.Laws, map[law.Law]int{law.Law2005: 1, law.Law2022: 1}) {
		t.Errorf("laws %v", got.Laws)
	}
	one := compute(t, Query{Unit: "u2", ByUnit: true}, all(a, b).seq)
	if got := pick(t, one, M3, law.Statutory, "u2", ""); got.Num != 0 || got.Den != 1 {
		t.Errorf("M3 of u2 = %v, want 0/1", got.Rate)
	}
	for _, f := range one {
		if f.Unit != "u2" {
			t.Fatalf("a figure of %s", f.Unit)
		}
	}
	if got := pick(t, compute(t, Query{Unit: "nobody"}, all(a).seq), M3, law.Statutory, "nobody", ""); got.Den != 0 {
		t.Errorf("a unit without cases has %v", got.Rate)
	}
}

// An accusation counts for the district, and beside no unit's name.
func TestAccusationsCountForNoUnit(t *testing.T) {
	secret := owing(law.C6, before("2024-03-05"), time.Time{})
	secret.Restricted, secret.Registered, secret.Excluded = true, at("2024-03-01 09:00"), ""
	marked := secret
	marked.Excluded = NotCounted
	open := owing(law.C6, before("2024-03-05"), at("2024-03-04 00:00"))
	figures := compute(t, Query{ByUnit: true}, all(secret, marked, open).seq)
	if got := pick(t, figures, M3, law.Statutory, All, ""); got.Num != 1 || got.Den != 2 || got.Excluded[NotCounted] != 1 {
		t.Errorf("of the district: %v without %v", got.Rate, got.Excluded)
	}
	for _, f := range figures {
		if f.Unit == "u1" && f.Rate != nil && (f.Den > 1 || f.Measure == M21 && f.Den > 0 || len(f.Excluded) > 0) {
			t.Errorf("%s of the unit counts them: %v without %v", f.Measure, f.Rate, f.Excluded)
		}
	}
}

func TestLeftOut(t *testing.T) {
	full := func(change func(*Facts)) Facts {
		f := owing(law.C6, before("2024-03-05"), at("2024-03-04 00:00"))
		f.Registered, f.Resolved, f.First, f.Headcount = at("2024-03-01 09:00"), at("2024-02-10 09:00"), true, 1
		f.Evaluations = []Evaluation{{Judged: petition.JudgedUnit, Submitted: at("2024-03-09 09:00"), Grade: petition.Satisfied}}
		f.Accepted, f.Closed = at("2024-03-02 09:00"), at("2024-03-04 09:00")
		change(&f)
		return f
	}
	tests := []struct {
		name  string
		facts Facts
		// The reason in M3, M4, M6, M7, M16 and M21; "-" if the case is not of their kind.
		want [6]string
	}{
		{"counted", full(func(*Facts) {}), [6]string{}},
		{"marked", full(func(f *Facts) { f.Excluded, f.Judicial, f.Headcount = NotCounted, true, 10000 }), [6]string{NotCounted, NotCounted, NotCounted, NotCounted, NotCounted, NotCounted}},
		{"repeat", full(func(f *Facts) { f.Earlier = "XF-0" }), [6]string{Duplicate, "", "-", "", "", ""}},
		{"merged", full(func(f *Facts) { f.Merged = true }), [6]string{Duplicate, Duplicate, Duplicate, "", Duplicate, Duplicate}},
		{"judicial", full(func(f *Facts) { f.Judicial = true }), [6]string{"", Judicial, Judicial, Judicial, "", ""}},
		{"too many people", full(func(f *Facts) { f.Headcount = 10000 }), [6]string{Headcount, Headcount, Headcount, Headcount, Headcount, Headcount}},
		{"as many as may be", full(func(f *Facts) { f.Headcount = 9999 }), [6]string{}},
		{"people not known", full(func(f *Facts) { f.Headcount = 0 }), [6]string{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			figures := compute(t, Query{}, all(tt.facts).seq)
			for i, got := range []Figure{
				pick(t, figures, M3, law.Statutory, All, ""), pick(t, figures, M4, "", All, "unit"), pick(t, figures, M6, "", All, ""),
				pick(t, figures, M7, "", All, ""), pick(t, figures, M16, "", All, ""), pick(t, figures, M21, "", All, "online"),
			} {
				want := map[string]int{}
				if tt.want[i] != "" && tt.want[i] != "-" {
					want[tt.want[i]] = 1
				}
				if !cmp.Equal(got.Excluded, want) {
					t.Errorf("%s leaves out %v, want %v", got.Measure, got.Excluded, want)
				}
				n := 0
				if got.Rate != nil {
					n = got.Den
				} else {
					n = got.N
				}
				if counted := tt.want[i] == ""; counted != (n == 1) {
					t.Errorf("%s counts %d", got.Measure, n)
				}
			}
		})
	}
}

func TestEvaluations(t *testing.T) {
	e := func(j petition.Judged, g petition.Grade, submitted, due time.Time) Facts {
		return Facts{Unit: "u1", Bureau: "b", Evaluations: []Evaluation{{j, submitted, g, due}}}
	}
	none, never := petition.Grade(""), time.Time{}
	figures := compute(t, Query{ByUnit: true, AsOf: at("2024-03-20 12:00")}, all(
		e(petition.JudgedUnit, petition.Satisfied, at("2024-03-01 00:00"), before("2024-03-30")),
		e(petition.JudgedUnit, petition.Basically, at("2024-03-19 12:00"), never),
		e(petition.JudgedUnit, petition.Dissatisfied, at("2024-03-10 12:00"), before("2024-05-01")),
		e(petition.JudgedUnit, petition.Dissatisfied, at("2024-02-29 23:59"), before("2024-03-05")), // last month's
		e(petition.JudgedUnit, none, never, before("2024-03-19")),                                   // run out
		e(petition.JudgedUnit, none, never, before("2024-03-20")),                                   // not yet
		e(petition.JudgedUnit, none, never, before("2024-04-01")),                                   // next month's
		e(petition.JudgedUnit, none, never, never),                                                  // without end
		e(petition.JudgedBureau, petition.Satisfied, at("2024-03-02 00:00"), never),
	).seq)
	for _, want := range []struct {
		id            ID
		unit, key     string
		num, den, not int
	}{
		{M4, All, "unit", 2, 3, 0}, {M4, "u1", "unit", 2, 3, 0}, {M5, "u1", "unit", 3, 4, 1},
		{M4, All, "bureau", 1, 1, 0}, {M4, "b", "bureau", 1, 1, 0}, {M5, "b", "bureau", 1, 1, 0}, {M4, "u1", "bureau", 0, 0, 0},
	} {
		got := pick(t, figures, want.id, "", want.unit, want.key)
		if got.Num != want.num || got.Den != want.den || got.NotYetDue != want.not {
			t.Errorf("%s of %s, %s = %v and %d not yet due; want %d/%d, %d", want.id, want.unit, want.key, got.Rate, got.NotYetDue, want.num, want.den, want.not)
		}
	}
}

func TestResolvedAtTheFirstHandling(t *testing.T) {
	// Closed on 02-10, watched to 03-11.
	base := Facts{Number: "XF-1", Unit: "u1", First: true, Resolved: at("2024-02-10 15:00")}
	with := func(change func(*Facts)) Facts { f := base; change(&f); return f }
	repeat := func(received string) Facts { return Facts{Number: "XF-9", Earlier: "XF-1", Received: at(received)} }
	tests := []struct {
		name          string
		cases         facts
		q             Query
		num, den, not int
	}{
		{name: "nothing came after", cases: all(base), num: 1, den: 1},
		{name: "observation not over", cases: all(base), q: Query{AsOf: at("2024-03-11 23:59")}, not: 1},
		{name: "observation just over", cases: all(base), q: Query{AsOf: before("2024-03-11")}, num: 1, den: 1},
		{name: "longer observation", cases: all(base), q: Query{Observation: 60}},
		{name: "a repeat, read first", cases: all(repeat("2024-02-20 09:00"), base), den: 1},
		{name: "a repeat, read last, on the last day", cases: all(base, repeat("2024-03-11 23:59")), den: 1},
		{name: "a repeat on the day after", cases: all(base, repeat("2024-03-12 00:00")), num: 1, den: 1},
		{name: "a repeat before the closing", cases: all(base, repeat("2024-02-09 00:00")), num: 1, den: 1},
		{name: "a repeat of another case", cases: all(base, Facts{Earlier: "XF-2", Received: at("2024-02-20 09:00")}), num: 1, den: 1},
		{name: "called in question", cases: all(with(func(f *Facts) { f.Setback = at("2024-03-01 09:00") })), den: 1},
		{name: "called in question later", cases: all(with(func(f *Facts) { f.Setback = at("2024-03-12 00:00") })), num: 1, den: 1},
		{name: "not a first petition", cases: all(with(func(f *Facts) { f.First = false }))},
		{name: "itself a repeat", cases: all(with(func(f *Facts) { f.Earlier = "XF-0" }))},
		{name: "not closed", cases: all(with(func(f *Facts) { f.Resolved = time.Time{} }))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := pick(t, compute(t, tt.q, tt.cases.seq), M6, "", All, "")
			if got.Num != tt.num || got.Den != tt.den || got.NotYetDue != tt.not {
				t.Errorf("%v, %d not yet due; want %d/%d, %d", got.Rate, got.NotYetDue, tt.num, tt.den, tt.not)
			}
		})
	}
}

func TestRepeatsAndComposition(t *testing.T) {
	reg := func(day, earlier string, c petition.Channel, street string) Facts {
		return Facts{Unit: "u1", Registered: at(day + " 09:00"), Earlier: earlier, Channel: c, Street: street, Class: petition.Claiming}
	}
	merged := reg("2024-03-03", "", petition.Letter, "s1")
	merged.Merged = true
	figures := compute(t, Query{}, all(
		reg("2024-03-01", "", petition.Online, "s1"), reg("2024-03-31", "XF-1", petition.Online, "s2"),
		reg("2024-03-02", "", petition.Visit, ""), merged, reg("2024-04-01", "", petition.Online, "s1"),
	).seq)
	if got := pick(t, figures, M7, "", All, ""); got.Num != 2 || got.Den != 4 {
		t.Errorf("M7 = %v, want 2/4", got.Rate)
	}
	for key, num := range map[string]int{"online": 2, "visit": 1, "letter": 0, "phone": 0, "s1": 1, "s2": 1, "claim": 3, "accusation": 0} {
		if got := pick(t, figures, M21, "", All, key); got.Num != num || got.Den != 3 || math.Abs(*got.Value-ratio(num, 3)) > 1e-12 {
			t.Errorf("%s = %v, want %d/3", key, got.Rate, num)
		}
	}
}

func TestHandlingTime(t *testing.T) {
	c := func(received, accepted, closed string) Facts {
		f := Facts{Unit: "u1", Received: at(received + " 23:30"), Closed: at(closed + " 00:30")}
		if accepted != "" {
			f.Accepted = at(accepted + " 23:30")
		}
		return f
	}
	figures := compute(t, Query{}, all(
		c("2024-02-27", "2024-03-01", "2024-03-04"), // 3 days, one of them worked: Friday to Monday
		c("2024-03-01", "2024-03-01", "2024-03-01"),
		c("2024-03-01", "2024-03-04", "2024-03-14"),
		c("2024-01-01", "2024-03-01", "2024-03-31"),
		c("2024-03-01", "", "2024-03-02"),           // not known when it was accepted
		c("2024-03-01", "2024-03-09", "2024-03-05"), // closed before it was accepted
		c("2024-01-01", "2024-01-02", "2024-04-01"), // closed in April
	).seq)
	got := pick(t, figures, M16, "", All, "")
	if got.Rate != nil || got.N != 4 || *got.Mean != 10.75 || *got.Median != 6.5 || *got.Max != 30 || *got.P90 != 30 {
		t.Errorf("M16: n %d, mean %v, median %v, p90 %v, max %v", got.N, *got.Mean, *got.Median, *got.P90, *got.Max)
	}
	if *got.MedianWD != 4.5 || *got.MaxWD != 20 {
		t.Errorf("M16 in working days: median %v, max %v", *got.MedianWD, *got.MaxWD)
	}
	if !cmp.Equal(got.Excluded, map[string]int{Reversed: 1}) {
		t.Errorf("M16 leaves out %v", got.Excluded)
	}
	if got := pick(t, figures, M16Receipt, "", All, ""); got.N != 6 || *got.Max != 90 {
		t.Errorf("from receipt: n %d, max %v", got.N, *got.Max)
	}
	if got := pick(t, compute(t, Query{}, all().seq), M16, "", All, ""); got.N != 0 || got.Mean != nil || got.Max != nil {
		t.Errorf("of nothing: %+v", got.Days)
	}
}

// The calls from outside rely on these names.
func TestJSON(t *testing.T) {
	f := owing(law.C6, before("2024-03-05"), at("2024-03-04 00:00"))
	f.Accepted, f.Closed = at("2024-03-01 09:00"), at("2024-03-04 00:00")
	figures := compute(t, Query{}, all(f).seq)
	for _, tt := range []struct {
		figure Figure
		want   string
	}{
		{pick(t, figures, M3, law.Statutory, All, ""), `{"measure":"M3","tier":"statutory","unit":"all","num":1,"den":1,"not_yet_due":0,"value":1,` +
			`"excluded":{},"as_of":"2024-06-30T12:00:00+08:00","from":"2024-03-01","to":"2024-04-01","definition":"M3@2026.1","law_versions":{"2022":1}}`},
		{pick(t, figures, M7, "", All, ""), `{"measure":"M7","tier":"","unit":"all","num":0,"den":0,"not_yet_due":0,"value":null,` +
			`"excluded":{},"as_of":"2024-06-30T12:00:00+08:00","from":"2024-03-01","to":"2024-04-01","definition":"M7@2026.1"}`},
		{pick(t, figures, M16, "", All, ""), `{"measure":"M16","tier":"","unit":"all","n":1,"mean_days":3,"median_days":3,"p90_days":3,"max_days":3,` +
			`"mean_working_days":1,"median_working_days":1,"p90_working_days":1,"max_working_days":1,` +
			`"excluded":{},"as_of":"2024-06-30T12:00:00+08:00","from":"2024-03-01","to":"2024-04-01","definition":"M16@2026.1"}`},
	} {
		got, err := json.Marshal(tt.figure, json.Deterministic(true))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.figure.Measure, jsontext.Value(got), tt.want)
		}
	}
}

func TestText(t *testing.T) {
	for want, r := range map[string]Rate{"96.4% = 402/417": RateOf(402, 417, 3), "—": RateOf(0, 0, 7), "0.0% = 0/9": RateOf(0, 9, 0), "100.0% = 2/2": RateOf(2, 2, 0)} {
		if got := r.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for want, d := range map[string]Days{"10.8 (n=4)": DaysOf([]int{30, 0, 3, 10}, nil), "—": DaysOf(nil, nil)} {
		if got := (Figure{Days: &d}).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestEveryFigureIsDefined(t *testing.T) {
	seen := make(map[ID]bool)
	for _, f := range compute(t, Query{}, all().seq) {
		seen[f.Measure] = true
		if d := DefinitionOf(f.Measure); d.Title.ZH == "" || d.Title.EN == "" || d.Formula.ZH == "" || d.Window.EN == "" || d.Notes.EN == "" {
			t.Errorf("%s has no definition", f.Measure)
		}
	}
	if len(seen) != len(Definitions()) {
		t.Errorf("%d measures have figures, %d definitions", len(seen), len(Definitions()))
	}
}

func TestComputeStopsAtAnError(t *testing.T) {
	broken := errors.New("broken")
	_, err := Compute(Query{Window: march}, func(yield func(Facts, error) bool) {
		if yield(Facts{}, broken) {
			t.Error("it went on")
		}
	}, law.Embedded())
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}
