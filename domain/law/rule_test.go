package law

import (
	"fmt"
	"testing"
)

// TestTable is the table of limits of the domain dossier, each clock under each
// text and in each tier.
func TestTable(t *testing.T) {
	const none, ordered = "", "as ordered"
	under2005, under2022 := on("2022-04-30"), on("2022-05-01")
	for _, tt := range []struct {
		clock                    ClockID
		in2005, in2022           string // "" for no number
		district                 string
		article2005, article2022 string
		own                      bool
	}{
		{C1, none, none, "1 WD none", "", "", true},
		{C2, "15 CD none", "15 CD none", "5 WD none", "《信访条例》第21条第1款", "《信访工作条例》第22条第1款", false},
		{C3, "15 CD none", "15 CD none", "5 WD none", "《信访条例》第22条第2款", "《信访工作条例》第23条第2款", false},
		{C4, "15 CD none", "15 CD none", "5 WD none", "《信访条例》第21条第2款", "《信访工作条例》第23条第3款", false},
		{C5, none, "5 WD none", "5 WD none", "", "《信访工作条例》第23条第3款", false},
		{C6, "60 CD none", "60 CD none", "30 CD none", "《信访条例》第33条", "《信访工作条例》第34条", false},
		{C7, ordered, ordered, none, "《信访条例》第21条第1款第4项", "《信访工作条例》第22条第1款第3项", false},
		{C8, "30 CD next_workday", "30 CD next_workday", none, "《信访条例》第34条", "《信访工作条例》第35条", false},
		{C9, "30 CD none", "30 CD none", none, "《信访条例》第34条", "《信访工作条例》第35条", false},
		{C10, "30 CD next_workday", "30 CD next_workday", none, "《信访条例》第35条第1款", "《信访工作条例》第36条第1款", false},
		{C11, "30 CD none", "30 CD none", none, "《信访条例》第35条第1款", "《信访工作条例》第36条第1款", false},
		{C12, "30 CD none", none, "30 CD none", "《信访条例》第36条第2款", "", true},
		{C13, none, none, "1 H none", "", "", true},
		{C13Written, none, none, "4 H none", "", "", true},
		{C14, none, "10 WD none", none, "", "《信访事项简易办理办法（试行）》（2016年）", false},
		{C15, none, none, "30 CD none", "", "", true},
		{C16, none, "30 CD none", none, "", "《深圳经济特区矛盾纠纷多元化解条例》第25条（当事人未约定的）", false},
		{C17, ordered, ordered, "7 CD none", "《信访条例》第36条第1款", "《信访工作条例》第40条第1款", true},
		{C18, none, none, "1 WK none", "", "", false},
	} {
		say := func(tier Tier, d Date) (limit string, r Rule) {
			r, ok := Default().Find(tt.clock, tier, d)
			switch {
			case !ok:
				return none, r
			case r.N == 0:
				return ordered, r
			}
			return fmt.Sprint(r.N, " ", r.Unit, " ", r.Roll), r
		}
		if got, r := say(Statutory, under2005); got != tt.in2005 || r.Article.ZH != tt.article2005 || r.Law != "" && r.Law != Law2005 {
			t.Errorf("%s in the text of 2005: %q, %s", tt.clock, got, r.Article.ZH)
		}
		if got, r := say(Statutory, under2022); got != tt.in2022 || r.Article.ZH != tt.article2022 || r.Law != "" && r.Law != Law2022 {
			t.Errorf("%s in the text of 2022: %q, %s", tt.clock, got, r.Article.ZH)
		}
		for _, d := range []Date{inForce2005, under2005, under2022, on("2040-01-01")} {
			if got, r := say(District, d); got != tt.district || r.Own != tt.own {
				t.Errorf("%s of the district on %v: %q, own %t", tt.clock, d, got, r.Own)
			}
		}
		for _, tier := range Tiers {
			if got, _ := say(tier, inForce2005.AddDays(-1)); got != none {
				t.Errorf("%s in tier %s, before there was a text: %q", tt.clock, tier, got)
			}
		}
		if title := tt.clock.Title(); title.ZH == "" || title.EN == "" {
			t.Errorf("%s has no title", tt.clock)
		}
	}
}

// TestDefaultRules checks every rule of the table for what adopting one would.
func TestDefaultRules(t *testing.T) {
	ids := make(map[string]bool)
	for _, r := range Default().All() {
		if err := r.check(); err != nil {
			t.Errorf("%s: %v", r.ID, err)
		}
		if err := Default().checkTiers(r); err != nil {
			t.Errorf("%s: %v", r.ID, err)
		}
		if ids[r.ID] {
			t.Errorf("two rules are %s", r.ID)
		}
		ids[r.ID] = true
	}
	if len(Clocks()) != 19 {
		t.Errorf("there are %d clocks", len(Clocks()))
	}
}

// TestWith checks that the rule adopted last wins where it holds, and that a set
// of rules does not change when another is made from it.
func TestWith(t *testing.T) {
	first := Rule{ID: "a", Clock: C6, Tier: District, N: 20, Unit: CalendarDays, Roll: RollNone, From: on("2026-01-01"), To: on("2026-07-01")}
	second := Rule{ID: "b", Clock: C6, Tier: District, N: 10, Unit: CalendarDays, Roll: RollNone, From: on("2026-06-01")}
	one := Default().With(first)
	two, three := one.With(second), one.With(Rule{ID: "c", Clock: C6, Tier: District, From: on("2026-02-01")})
	for _, tt := range []struct {
		rules Rules
		on    string
		want  string
	}{
		{Default(), "2026-06-15", "district-C6"},
		{one, "2025-12-31", "district-C6"},
		{one, "2026-01-01", "a"},
		{one, "2026-06-30", "a"},
		{one, "2026-07-01", "district-C6"}, // To is exclusive
		{two, "2026-05-31", "a"},
		{two, "2026-06-01", "b"},
		{three, "2026-06-01", "c"},
		{two, "2026-06-01", "b"}, // three was made of the same set as two
	} {
		if got, ok := tt.rules.Find(C6, District, on(tt.on)); !ok || got.ID != tt.want {
			t.Errorf("on %s holds %s, want %s", tt.on, got.ID, tt.want)
		}
	}
	if r, ok := two.Rule("a"); !ok || r != first {
		t.Errorf("Rule(a) = %v, %t", r, ok)
	}
	if _, ok := Default().Rule("a"); ok {
		t.Error("the default rules were changed")
	}
}

// TestRulesDoNotShare makes two sets of rules from one, of every size.
func TestRulesDoNotShare(t *testing.T) {
	base := Default()
	for n := range 9 {
		a, b := base.With(Rule{ID: "a"}), base.With(Rule{ID: "b"})
		if _, ok := a.Rule("a"); !ok {
			t.Errorf("of %d rules, one was overwritten by those of another set", n+1)
		}
		base = b
	}
}
