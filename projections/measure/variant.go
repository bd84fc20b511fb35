package measure

import (
	"slices"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

// A Basis is what the due dates of M1 or M2 are counted from, in place of the
// clock of the law, as the province's statistics have it.
type Basis string

// The bases.
const (
	BasisRegistered   Basis = "registered"   // of M1: 15 days from the registration
	BasisRegistered30 Basis = "registered30" // of M2: 30 days from the registration
)

// Bases returns every basis.
func Bases() []Basis { return []Basis{BasisRegistered, BasisRegistered30} }

// An OverdueAs is what M4 takes an evaluation for that was not given in time.
type OverdueAs string

// What it may be taken for.
const (
	OverdueExcluded  OverdueAs = "excluded"  // nothing: it is not counted
	OverdueSatisfied OverdueAs = "satisfied" // satisfied, as some districts count
)

// OverdueAses returns all that it may be taken for, the usual first.
func OverdueAses() []OverdueAs { return []OverdueAs{OverdueExcluded, OverdueSatisfied} }

// A variant is a measure as it is counted on demand.
type variant struct {
	name    string // as it is asked for
	days    int    // from registration to the last day; 0 if that is no matter
	title   ledger.Text
	formula ledger.Text
	window  ledger.Text
}

var byRegisteredDue = ledger.Text{
	ZH: "按登记日起算的到期日：该日在统计期内；截至时点尚未届满的计入未到期，已办的也不计入分子分母。每件计一次，不分层级",
	EN: "by the last day counted from registration: that day is in the period; what had not run out as of the time of the figure is not yet due, even if done. Each case counts once; there are no tiers",
}

var variants = map[ID]map[string]variant{
	M1: {string(BasisRegistered): {
		name: "basis=registered", days: 15,
		title:   ledger.Text{ZH: "（登记起15日）", EN: " (15 days from registration)"},
		formula: ledger.Text{ZH: "登记之日起15日内首次转送、交办、告知等处理的件数 ÷ 该期限到期件数", EN: "first disposed of within 15 days of registration ÷ cases for which they had run out"},
		window:  byRegisteredDue,
	}},
	M2: {string(BasisRegistered30): {
		name: "basis=registered30", days: 30,
		title:   ledger.Text{ZH: "（登记起30日）", EN: " (30 days from registration)"},
		formula: ledger.Text{ZH: "登记之日起30日内作出受理或不予受理决定并告知信访人的件数 ÷ 该期限到期件数", EN: "decided, and the petitioner told, within 30 days of registration ÷ cases for which they had run out"},
		window:  byRegisteredDue,
	}},
	M4: {string(OverdueSatisfied): {
		name:    "overdue_as=satisfied",
		title:   ledger.Text{ZH: "（逾期未评价视为满意）", EN: " (not evaluated in time taken for satisfied)"},
		formula: ledger.Text{ZH: "（满意 + 基本满意 + 逾期未评价）÷（已评价 + 逾期未评价）", EN: "(satisfied + basically satisfied + not evaluated in time) ÷ (evaluated + not evaluated in time)"},
		window:  ledger.Text{ZH: "已评价的按评价日，未评价的按评价截止日；未截止的计入未到期", EN: "by date of evaluation, or by the last day for it; before that day it is not yet due"},
	}},
}

// variant returns how q wants the measure of id counted, if otherwise than usual.
func (q Query) variant(id ID) (variant, bool) {
	asked := string(q.Basis)
	if id == M4 {
		asked = string(q.OverdueAs)
	}
	v, ok := variants[id][asked]
	return v, ok
}

// Definition returns what the figures of id mean that q asks for.
func (q Query) Definition(id ID) Definition {
	d := DefinitionOf(id)
	if v, ok := q.variant(id); ok {
		d.Title = ledger.Text{ZH: d.Title.ZH + v.title.ZH, EN: d.Title.EN + v.title.EN}
		d.Formula, d.Window = v.formula, v.window
	}
	return d
}

// code names the definition of id that q asks for.
func (q Query) code(id ID) string {
	name := string(id)
	if v, ok := q.variant(id); ok {
		name += "(" + v.name + ")"
	}
	return name + "@" + Edition
}

// registered counts f once in the cohort of the day that comes days after its
// registration, by the obligation of deadlines[d] that it had last: whoever had
// to meet that is who is measured.
func (t *tally) registered(f *Facts, d, days int) {
	if f.Registered.IsZero() {
		return
	}
	last := law.DateOf(f.Registered).AddDays(days)
	due := last.AddDays(1).Start()
	if !t.q.Window.Has(last) {
		return
	}
	for i := range slices.Backward(f.Clocks) {
		c := &f.Clocks[i]
		if !slices.Contains(deadlines[d].clocks[:], c.ID) || !c.Ended.IsZero() && c.Ended.Before(due) {
			continue
		}
		t.on(f, c.Unit, func(s *sheet) {
			k := &s.deadlines[d][0]
			if k.left(f, deadlines[d].id) || k.early(due, t.q.AsOf) {
				return
			}
			k.count(!c.Met.IsZero() && c.Met.Before(due))
			k.laws[c.Law]++
		})
		return
	}
}
