package law

import (
	"fmt"
	"strings"
	"time"

	"xinfang/domain/ledger"
)

// A Step is one line of a derivation.
type Step struct {
	Date Date        `json:"date,omitzero"` // the day that it is about, if it is about one
	Text ledger.Text `json:"text"`
}

// Explain says step by step how the limit of a clock in one tier came about
// (推算过程): the start, the number, unit, rule and article, each run of days that
// were left out and why, extension and hearing, what became of a rest day, what
// is provisional, and the due date.
//
// The days are told by cal. If that is not the version that the clock was
// reckoned with, a step says so; the due date is that of the clock.
func Explain(c Clock, t Tier, cal *Calendar, rules Rules) []Step {
	l := c.Limit(t)
	if l == nil {
		return []Step{{Text: ledger.Text{
			ZH: t.Title().ZH + "：该期限无规定天数",
			EN: t.Title().EN + ": there is no number for this clock",
		}}}
	}
	e := explanation{clock: c, limit: *l, cal: cal}
	e.basis(t, rules)
	e.count()
	e.added()
	e.restDay()
	e.footing()
	e.step(l.LastDay(), e.due("到期：%s", "due: %s"))
	return e.steps
}

// An explanation is a derivation being written.
type explanation struct {
	clock Clock
	limit Limit
	cal   *Calendar
	steps []Step
}

func (e *explanation) step(d Date, t ledger.Text) { e.steps = append(e.steps, Step{d, t}) }

// both fills the same values into a text of each language.
func both(zh, en string, args ...any) ledger.Text {
	return ledger.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// minute writes an instant as the clock in Shanghai shows it.
func minute(t time.Time) string { return t.In(Shanghai).Format("2006-01-02 15:04") }

// due says when the limit ends, as 2026-11-20 24:00.
func (e *explanation) due(zh, en string) ledger.Text {
	if e.limit.Unit == Hours {
		return both(zh, en, minute(e.limit.Due))
	}
	return both(zh, en, e.limit.LastDay().String()+" 24:00")
}

// basis says where the limit starts and on what it rests.
func (e *explanation) basis(t Tier, rules Rules) {
	l, start := e.limit, DateOf(e.clock.Start)
	switch l.Unit {
	case Hours:
		e.step(start, both("起算：%s，自该时刻起计", "start: %s, counted from that instant", minute(e.clock.Start)))
	case Weeks:
		e.step(start, both("起算：%s，所在的 ISO 周为第 1 周", "start: %s, whose ISO week is week 1", start))
	default:
		e.step(start, both("起算：%s，当日不计入，次日为第 1 日（类推适用民法典第201条）",
			"start: %s, not counted; day 1 is the next day (by analogy with the Civil Code, Art. 201)", start))
	}

	rule, known := rules.Rule(l.Rule)
	if !known {
		rule.Article = ledger.Text{ZH: "规则集中没有此规则", EN: "no such rule in this rule set"}
	}
	limit := ledger.Text{ZH: fmt.Sprintf("%d %s", l.N, l.Unit.Title().ZH), EN: fmt.Sprintf("%d %s", l.N, l.Unit.Title().EN)}
	if l.N == 1 {
		limit.EN = strings.TrimSuffix(limit.EN, "s")
	}
	if known && rule.N == 0 {
		limit = ledger.Text{ZH: "由文书指定到期日", EN: "the date is set in an order"}
	}
	e.step(Date{}, ledger.Text{
		ZH: fmt.Sprintf("%s：%s；规则 %s，%s", t.Title().ZH, limit.ZH, l.Rule, rule.Article.ZH),
		EN: fmt.Sprintf("%s: %s; rule %s, %s", t.Title().EN, limit.EN, l.Rule, rule.Article.EN),
	})
}

// count lists the days that are left out, and the Saturdays and Sundays that are
// not, in runs of one reason.
func (e *explanation) count() {
	if e.limit.Unit == CalendarDays {
		e.step(Date{}, both("自然日连续计算，休息日不扣除", "calendar days run on; rest days are counted"))
	}
	if e.limit.Unit != WorkingDays {
		return
	}
	start := DateOf(e.clock.Start)
	last, _ := e.cal.AddWorkingDays(start, e.limit.N)
	for d := start.AddDays(1); !d.After(last); {
		why, from := e.cal.why(d), d
		for !d.After(last) && e.cal.why(d) == why {
			d = d.AddDays(1)
		}
		if why != (ledger.Text{}) {
			e.run(from, d.AddDays(-1), why)
		}
	}
}

// run says why the days from first to last are left out, or counted.
func (e *explanation) run(first, last Date, why ledger.Text) {
	days := ledger.Text{ZH: first.String(), EN: first.String()}
	if n := last.Sub(first) + 1; n > 1 {
		days = both("%s 至 %s 共 %d 日", "%s to %s, %d days", first, last, n)
	}
	counted := ledger.Text{ZH: "不计入", EN: "not counted"}
	if working, _ := e.cal.Working(first); working {
		counted = ledger.Text{ZH: "计入", EN: "counted"}
	}
	e.step(first, ledger.Text{
		ZH: fmt.Sprintf("%s：%s，%s", days.ZH, why.ZH, counted.ZH),
		EN: fmt.Sprintf("%s: %s, %s", days.EN, why.EN, counted.EN),
	})
}

// added says by how much the limit was moved after it was set.
func (e *explanation) added() {
	if n := e.limit.Extended; n > 0 {
		e.step(Date{}, both("延期 %d 日，自原到期日起加", "extended by %d days, from the original due date", n))
	}
	if n := e.limit.Paused; n > 0 {
		e.step(Date{}, both("听证 %d 日不计入期限", "%d days of a hearing are not counted", n))
	}
}

// restDay says what became of a last day that is a rest day.
func (e *explanation) restDay() {
	l := e.limit
	if !l.Rolled.IsZero() {
		rolled := DateOf(l.Rolled.Add(-1))
		e.step(l.LastDay(), both("最后一日 %s 为休息日，不顺延（如顺延则为 %s，仅供对照）",
			"the last day, %s, is a rest day; the limit does not roll (it would to %s, shown for comparison only)", l.LastDay(), rolled))
		return
	}
	if l.Roll != RollNextWorkday || l.Unit != CalendarDays {
		return
	}
	unrolled := DateOf(e.clock.Start).AddDays(l.N + l.Extended + l.Paused)
	if unrolled != l.LastDay() {
		e.step(unrolled, both("最后一日 %s 为休息日，顺延至 %s", "the last day, %s, is a rest day; the limit rolls to %s", unrolled, l.LastDay()))
	}
}

// footing says which calendar the date rests on, and how firmly.
func (e *explanation) footing() {
	if e.limit.Provisional {
		e.provisional()
	}
	if e.limit.Unit == Hours || e.limit.Unit == Weeks {
		return
	}
	if now := e.cal.Version(); now != e.clock.Calendar {
		e.step(Date{}, both("日历 %s（以上各日按现行日历 %s 列示）", "calendar %s (the days above are told by the present one, %s)", e.clock.Calendar, now))
		return
	}
	e.step(Date{}, both("日历 %s", "calendar %s", e.clock.Calendar))
}

// provisional says why the date may move.
func (e *explanation) provisional() {
	year := e.cal.missing(DateOf(e.clock.Start).AddDays(1), e.limit.LastDay())
	if year == 0 {
		e.step(Date{}, both("暂算：推算时日历未公布，现已公布，待重算",
			"provisional: a calendar was not published then; it is now, and the date is to be settled"))
		return
	}
	e.step(Date{}, both("暂算：%d 年日历未公布，按周六周日休息推算，公布后重算",
		"provisional: the calendar of %d is not published; reckoned with Saturdays and Sundays alone, to be settled when it is", year))
}
