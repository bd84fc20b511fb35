package law

import (
	"fmt"
	"strings"
	"testing"
)

// TestExplain pins the derivations that people read, in both languages.
func TestExplain(t *testing.T) {
	cal, rules := Embedded(), Default()
	typhoon := cal.Evolve(DayOverridden{Date: on("2026-09-09"), Document: document, Version: 2})
	newYear := rules.Start(C5, at("2026-12-28 10:00:00"), cal)
	var got strings.Builder
	for _, tt := range []struct {
		name  string
		clock Clock
		tier  Tier
		cal   *Calendar
	}{
		{"working days over a holiday and a Saturday worked in exchange", rules.Start(C2, at("2025-09-30 09:30:00"), cal), District, cal},
		{"calendar days that end on a rest day", rules.Start(C6, at("2021-12-03 09:00:00"), cal), Statutory, cal},
		{"a petitioner's right, which rolls", rules.Start(C8, at("2021-09-01 10:00:00"), cal), Statutory, cal},
		{"a year that is not published", newYear, Statutory, cal},
		{"the same, published since", newYear, Statutory, cal.Publish(2027, []Date{on("2027-01-01")}, nil)},
		{"a day overridden by a document", rules.Start(C5, at("2026-09-07 10:00:00"), typhoon), Statutory, typhoon},
		{"extended", rules.Start(C6, at("2026-03-02 10:00:00"), cal).Extend(15), Statutory, cal},
		{"a hearing", rules.Start(C11, at("2026-03-02 10:00:00"), cal).Pause(2), Statutory, cal},
		{"a date set in an order", rules.StartOrdered(C7, at("2026-03-02 10:00:00"), on("2026-04-03"), cal), Statutory, cal},
		{"hours", rules.Start(C13, at("2026-03-02 10:00:00"), cal), District, cal},
		{"weeks", rules.Start(C18, at("2026-03-04 10:00:00"), cal), District, cal},
		{"no number", rules.Start(C1, at("2026-03-02 10:00:00"), cal), Statutory, cal},
	} {
		fmt.Fprintf(&got, "# %s\n", tt.name)
		for _, lang := range []string{"zh", "en"} {
			for _, s := range Explain(tt.clock, tt.tier, tt.cal, rules) {
				fmt.Fprintf(&got, "%10s  %s\n", s.Date, s.Text.In(lang))
			}
		}
	}
	golden(t, "testdata/explain.golden", got.String())
}

// TestExplainUnknownRule: a clock of a rule that these rules do not have is still
// explained by what it holds itself.
func TestExplainUnknownRule(t *testing.T) {
	adopted := Default().With(Rule{ID: "local", Clock: C1, Tier: District, N: 2, Unit: WorkingDays, Roll: RollNone, From: on("2026-01-01")})
	c := adopted.Start(C1, at("2026-03-02 10:00:00"), Embedded())
	steps := Explain(c, District, Embedded(), Default())
	if text := steps[1].Text.ZH; !strings.Contains(text, "2 工作日") || !strings.Contains(text, "没有此规则") {
		t.Errorf("explained as %s", text)
	}
}
