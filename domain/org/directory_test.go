package org

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xinfang/domain/ledger"
)

// TestHolds lets officers come and go and units end, in any order and at any
// time, and checks at every instant that an officer holds a post exactly inside
// [From, To), as counted from the events one by one.
func TestHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const hours = 12
		at := func(h int) time.Time { return day("2020-01-01").Add(time.Duration(h) * time.Hour) }
		hour := rapid.Map(rapid.IntRange(0, hours), at)
		officer := rapid.SampledFrom([]string{"1", "2"})
		unit := rapid.SampledFrom([]string{"A", "B", "C"})
		title := rapid.SampledFrom([]string{"科员", "科长"})
		role := rapid.SampledFrom([]Role{Handler, UnitHead})

		events := []Event{
			UnitCreated{"A", Name{"甲", ""}, KindOther, "", at(0)},
			UnitCreated{"B", Name{"乙", ""}, KindOther, "A", at(0)},
			UnitCreated{"C", Name{"丙", ""}, KindOther, "B", at(2)},
		}
		d := fold(events...)
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			var c Command
			switch rapid.IntRange(0, 9).Draw(t, "command") {
			case 0:
				c = AbolishUnit{unit.Draw(t, "unit"), unit.Draw(t, "successor"), hour.Draw(t, "at")}
			case 1, 2, 3:
				c = LeavePost{officer.Draw(t, "officer"), unit.Draw(t, "unit"), title.Draw(t, "title"), hour.Draw(t, "at")}
			default:
				n := officer.Draw(t, "officer")
				c = AppointOfficer{n, "张" + n, unit.Draw(t, "unit"), title.Draw(t, "title"), role.Draw(t, "role"), false, hour.Draw(t, "from")}
			}
			then, err := Decide(d, c, ledger.Meta{})
			if err != nil {
				continue
			}
			for _, e := range then {
				d, events = Evolve(d, e, ledger.Meta{}), append(events, e)
			}
			if again, err := Decide(d, c, ledger.Meta{}); len(again) > 0 || err != nil {
				t.Fatalf("%#v, asked again, led to %v, %v", c, again, err)
			}
		}

		for h := range hours + 1 {
			now := at(h)
			for _, a := range everyActor() {
				if got, want := d.Holds(a, now), heldByHand(events, a, now); got != want {
					t.Fatalf("after %+v\nat hour %d %+v holds the post: %t, want %t", events, h, a, got, want)
				}
			}
			for _, u := range d.Units() {
				acting, ok := d.Acting(u.Code, now)
				if ok == now.Before(u.From) || ok && !d.Active(acting, now) {
					t.Fatalf("after %+v\nat hour %d %s acts for %s: %t", events, h, acting, u.Code, ok)
				}
				if d.Above(u.Code, u.Code) {
					t.Fatalf("after %+v\n%s is above itself", events, u.Code)
				}
			}
		}
	})
}

func everyActor() (all []ledger.Actor) {
	for _, officer := range []string{"1", "2"} {
		for _, unit := range []string{"A", "B", "C"} {
			for _, title := range []string{"科员", "科长"} {
				for _, role := range []Role{Handler, UnitHead} {
					all = append(all, ledger.Actor{Officer: officer, Unit: unit, Post: title, Role: string(role)})
				}
			}
		}
	}
	return all
}

// heldByHand says what [Directory.Holds] should: each instant by itself, with no
// intervals and no indexes.
func heldByHand(events []Event, a ledger.Actor, now time.Time) bool {
	type appointment struct {
		OfficerAppointed
		over bool // by now
	}
	var posts []appointment
	ended := false
	for _, e := range events {
		switch e := e.(type) {
		case OfficerAppointed:
			if e.Officer == a.Officer && e.Unit == a.Unit && e.Title == a.Post && string(e.Role) == a.Role {
				posts = append(posts, appointment{OfficerAppointed: e})
			}
		case OfficerLeft:
			if e.Officer == a.Officer && e.Unit == a.Unit && e.Title == a.Post {
				for i := range posts {
					if !posts[i].From.After(e.At) && !now.Before(e.At) {
						posts[i].over = true
					}
				}
			}
		case UnitAbolished:
			ended = ended || e.Unit == a.Unit && !now.Before(e.At)
		case UnitMerged, UnitCreated, UnitRenamed, OfficerRenamed, LeaveStarted, LeaveEnded: // none here, or not about posts
		}
	}
	return !ended && slices.ContainsFunc(posts, func(p appointment) bool { return !p.over && !now.Before(p.From) })
}

func TestDirectory(t *testing.T) {
	d := fold(append(units[:3:3],
		OfficerAppointed{"1002", "李梅", "ZJJ", "局长", UnitHead, true, day("2020-01-01")},
		OfficerAppointed{"1001", "王强", "ZJJ", "副局长", UnitHead, true, day("2021-01-01")},
		OfficerAppointed{"1001", "王强", "ZJJ", "副局长", Handler, true, day("2021-01-01")},
		LeaveStarted{"1001", day("2021-05-01")},
		LeaveEnded{"1001", day("2021-06-01")},
		OfficerLeft{"1001", "ZJJ", "副局长", day("2022-01-01")},
	)...)
	past, later := day("2021-05-31"), day("2022-01-01")
	check := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}
	check("heads, each once", d.Heads("ZJJ", past), []string{"1001", "1002"})
	check("heads later", d.Heads("ZJJ", later), []string{"1002"})
	check("posts", len(d.PostsOf("1001", past)), 2)
	check("posts later", len(d.PostsOf("1001", later)), 0)
	check("staff", len(d.Staff("ZJJ", past)), 3)
	check("in unit", d.InUnit("1001", "ZJJ", past), true)
	check("in unit later", d.InUnit("1001", "ZJJ", later), false)
	check("head", d.IsHead("1001", "ZJJ", past), true)
	check("head of another", d.IsHead("1001", "GGJ", past), false)
	check("leave before", d.OnLeave("1001", day("2021-04-30")), false)
	check("leave", d.OnLeave("1001", past), true)
	check("leave after", d.OnLeave("1001", day("2021-06-01")), false)
	check("officers", d.Officers(), []Officer{{"1001", "王强"}, {"1002", "李梅"}})
	check("names", []string{d.UnitName("ZJJ", "zh"), d.UnitName("ZJJ", "en"), d.UnitName("X", "en"), d.OfficerName("1001"), d.OfficerName("9")},
		[]string{"住建局", "Housing bureau", "X", "王强", "9"})
	check("English name missing", fold(UnitCreated{"X", Name{"某局", ""}, KindOther, "", past}).UnitName("X", "en"), "某局")

	// Nothing that happens to a clone reaches d, and the other way round.
	c, was := d.Clone(), d.Clone()
	Evolve(c, UnitMerged{"ZJJ", "GGJ", later}, ledger.Meta{})
	Evolve(c, OfficerAppointed{"1001", "王小强", "GGJ", "科员", Handler, false, later}, ledger.Meta{})
	Evolve(c, LeaveStarted{"1002", later}, ledger.Meta{})
	check("the original", d.Clone(), was)
	check("its heads", d.Heads("ZJJ", later), []string{"1002"})
	check("the clone", c.Active("ZJJ", later), false)

	// The empty directory, nil or not, answers everything.
	for _, d := range []*Directory{nil, new(Directory)} {
		a := ledger.Actor{Officer: "1001", Unit: "ZJJ", Post: "局长", Role: string(UnitHead)}
		if d.Holds(a, past) || d.OnLeave("1001", past) || d.Active("ZJJ", past) || d.Above("QZF", "ZJJ") ||
			len(d.Units()) > 0 || len(d.Officers()) > 0 || len(d.PostsOf("1001", past)) > 0 || len(d.Heads("ZJJ", past)) > 0 ||
			d.UnitName("ZJJ", "zh") != "ZJJ" || d.OfficerName("1001") != "1001" {
			t.Errorf("%#v is not empty", d)
		}
	}
}

// TestSuccession checks who stands above whom, and acts for whom, as units end.
func TestSuccession(t *testing.T) {
	d := fold(append(units[:3:3],
		UnitCreated{"ZJK", Name{"科", ""}, KindDepartment, "ZJJ", day("2020-01-01")},
		UnitCreated{"ZJZ", Name{"站", ""}, KindDepartment, "ZJK", day("2020-01-01")},
		UnitAbolished{"ZJJ", "ZJZ", day("2022-01-01")}, // by a unit below itself
		UnitMerged{"ZJZ", "GGJ", day("2023-01-01")},
	)...)
	for _, tt := range []struct {
		higher, unit string
		want         bool
	}{
		{"QZF", "ZJZ", true}, {"QZF", "ZJK", true}, {"ZJK", "ZJZ", true}, {"QZF", "GGJ", true},
		{"ZJJ", "ZJZ", false}, {"ZJZ", "ZJK", false}, {"GGJ", "QZF", false},
	} {
		if got := d.Above(tt.higher, tt.unit); got != tt.want {
			t.Errorf("Above(%s, %s) = %t", tt.higher, tt.unit, got)
		}
	}
	for at, want := range map[string]string{"2019-12-31": "", "2020-01-01": "ZJJ", "2022-01-01": "ZJZ", "2023-01-01": "GGJ"} {
		if got, ok := d.Acting("ZJJ", day(at)); got != want || ok != (want != "") {
			t.Errorf("on %s %q acts for ZJJ, want %q", at, got, want)
		}
	}
}

// TestTitles checks that everything in the closed sets has a title of its own.
func TestTitles(t *testing.T) {
	seen := make(map[ledger.Text]bool)
	for _, r := range Roles {
		seen[r.Title()] = true
	}
	for _, k := range Kinds {
		seen[ledger.Text{ZH: "类别：" + k.Title().ZH, EN: k.Title().EN}] = k.Title().ZH != ""
	}
	delete(seen, ledger.Text{})
	if len(seen) != len(Roles)+len(Kinds) || len(Roles) != len(roleTitles) || len(Kinds) != len(kindTitles) {
		t.Errorf("%d titles for %d roles and %d kinds", len(seen), len(Roles), len(Kinds))
	}
}

// BenchmarkEvolve folds a district of 5,000 officers.
func BenchmarkEvolve(b *testing.B) {
	events := slices.Clone(units)
	for i := range 5000 {
		n := fmt.Sprint(i)
		events = append(events, OfficerAppointed{n, "张" + n, "ZJJ", "科员", Handler, false, day("2021-01-01")},
			OfficerLeft{n, "ZJJ", "科员", day("2022-01-01")})
	}
	for b.Loop() {
		fold(events...)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/event")
}
