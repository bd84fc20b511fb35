// Package measure is the only place where a rate is computed (指标): M1–M7, M16
// and M21 of the district's figures, each with the numbers that it is made of.
//
// [Of] cuts a case file down to its [Facts], the few hundred bytes that all
// measures together need of it; a view keeps them. [Compute] runs once over the
// facts of all cases and returns every [Figure] that was asked for. The overview,
// the reports, the API, the command line and the gauges all show these figures,
// so they cannot disagree. [Definitions] says what each of them means, for the
// person who reads it.
//
// # The due cohort (到期口径)
//
// A figure of timeliness is about the obligations whose last day lies in the
// window, not about what was received or done in it. Those whose last day is not
// over yet count neither way, even if they have been met: counting them early
// would flatter the rate. They are shown beside it (未到期). So the figure of a
// period that is over changes only through a correction.
//
// An obligation that was cancelled before its last day was over, because the case
// took another way, is in no cohort. Cancelled later it was missed, and stays.
//
// # Zero
//
// A rate of nothing is no rate: with a denominator of 0 the value is null, and is
// shown as "—". It is never 100 %.
//
// # Variants
//
// Some districts count some measures otherwise. [Query] can ask for that; the
// figure then names the variant in its Definition, and [Query.Definition] says in
// words what it means. What is not asked for is never mixed in.
//
// # Accusations
//
// Cases of accusation (检举控告) count for the district and for no unit: even a
// count of one beside a unit's name would give the accuser away.
package measure

import (
	"fmt"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// An ID names a measure. It is part of the API: a value is never renamed.
type ID string

// The measures.
const (
	M1         ID = "M1"          // 及时受理率（信访部门）
	M2         ID = "M2"          // 及时受理率（责任单位）
	M3         ID = "M3"          // 按期答复率（按期办结率）
	M4         ID = "M4"          // 群众满意率, by who is judged
	M5         ID = "M5"          // 参评率, by who is judged
	M6         ID = "M6"          // 一次性化解率
	M7         ID = "M7"          // 重复信访率
	M16        ID = "M16"         // 办理时长: from acceptance to closing
	M16Receipt ID = "M16-receipt" // 办理时长: from receipt to closing
	M21        ID = "M21"         // 构成, by channel, class, category and street
)

// All is the unit of a figure of the whole district (全区).
const All = "all"

// A Window is a period of days in Shanghai, [From, To). A zero end is open.
type Window struct {
	From law.Date `json:"from,omitzero"`
	To   law.Date `json:"to,omitzero"`
}

// Has reports whether d is a day of the window. No date is in no window.
func (w Window) Has(d law.Date) bool {
	return !d.IsZero() && !d.Before(w.From) && (w.To.IsZero() || d.Before(w.To))
}

// A Query says which figures are wanted.
type Query struct {
	Window Window
	AsOf   time.Time // 截至: what was not due by then is not yet due

	Tier   law.Tier // of M1, M2 and M3; both if ""
	Unit   string   // the figures of one unit alone
	ByUnit bool     // unless Unit is set: those of every unit, after those of the district

	// Observation is how many days after its closing a case is watched for M6
	// (观察期); 0 is 30, the days in which a review may be requested.
	Observation int

	// Strict leaves out of a due date every extension that was approved only
	// after the limit had run out (违规延期, RF-06).
	Strict bool

	Basis     Basis     // of M1 or M2, if not the clock of the law
	OverdueAs OverdueAs // of M4; "" is OverdueExcluded
}

const observation = 30

// MaxObservation is the most days for which a closed case can be watched.
const MaxObservation = 365

// A Figure is one figure with all that it was made of. Exactly one of Rate and
// Days is set: Days for M16 and M16Receipt.
//
// As JSON it is one flat object. Encode it with json.Deterministic to get the
// same bytes every time.
type Figure struct {
	Measure ID       `json:"measure"`
	Tier    law.Tier `json:"tier"` // "" if the measure knows no tiers
	Unit    string   `json:"unit"` // code of the unit, or All
	By      By       `json:"by,omitzero"`
	Key     string   `json:"key,omitzero"` // what By comes to; "" if the case does not say

	*Rate
	*Days

	Excluded   map[string]int  `json:"excluded"` // left out, by reason (排除)
	AsOf       time.Time       `json:"as_of"`
	From       law.Date        `json:"from,omitzero"`
	To         law.Date        `json:"to,omitzero"`
	Definition string          `json:"definition"`            // measure, variant if any, and edition of its definition (口径)
	Laws       map[law.Law]int `json:"law_versions,omitzero"` // of Den, how many are under which text
}

// KeyTitle returns what people call the part that the figure is of. A street and a
// category are as they were given: one is the code of a unit.
func (f Figure) KeyTitle() ledger.Text {
	switch {
	case f.By == "":
		return ledger.Text{}
	case f.Key == "":
		return ledger.Text{ZH: "未填", EN: "not stated"}
	case f.By == ByJudged:
		return petition.Judged(f.Key).Title()
	case f.By == ByChannel:
		return petition.Channel(f.Key).Title()
	case f.By == ByClass:
		return petition.Class(f.Key).Title()
	}
	return ledger.Text{ZH: f.Key, EN: f.Key}
}

// String returns the figure as people read it: the rate with what it was made of,
// or the mean number of days.
func (f Figure) String() string {
	if f.Rate != nil {
		return f.Rate.String()
	}
	return f.Days.String()
}

// A By says into what a measure is divided.
type By string

// The divisions.
const (
	ByJudged   By = "judged"   // 评价对象: of M4 and M5
	ByChannel  By = "channel"  // 信访形式
	ByClass    By = "class"    // 信访目的分类
	ByCategory By = "category" // 内容分类
	ByStreet   By = "street"   // 问题属地
)

// A Rate is a share of a whole. Value is Num/Den, nil if Den is 0.
type Rate struct {
	Num       int      `json:"num"`
	Den       int      `json:"den"`
	NotYetDue int      `json:"not_yet_due"` // 未到期
	Value     *float64 `json:"value"`
}

// RateOf returns the rate of num in den.
func RateOf(num, den, notYetDue int) Rate {
	r := Rate{Num: num, Den: den, NotYetDue: notYetDue}
	if den > 0 {
		v := float64(num) / float64(den)
		r.Value = &v
	}
	return r
}

// String returns the rate as people read it, with what it was made of, such as
// "96.4% = 402/417", or "—" if there is none.
func (r Rate) String() string {
	if r.Value == nil {
		return "—"
	}
	return fmt.Sprintf("%.1f%% = %d/%d", *r.Value*100, r.Num, r.Den)
}
