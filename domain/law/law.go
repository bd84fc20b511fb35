// Package law is the arithmetic of time limits (期限) in petition handling: what
// runs, from when, for how long, until when, and by which article.
//
// A [Clock] is one running time limit of one case, in two tiers: the statutory
// limit (法定期限) and the district's own shorter commitment (区内压缩时限). It is
// started by [Rules.Start] from a [Rule] and a [Calendar], and is stored as it
// was reckoned: start, number, unit, roll, rule, calendar version and due date.
// A later rule or calendar changes no clock that has been started; the one
// exception, a date that rested on a calendar not yet published (暂算), is
// settled by [Recompute] and recorded as an event of its own.
//
// # Counting
//
// The day on which a clock starts is not counted; day 1 is the next day. A limit
// ends with its last day, at 24:00, and is stored as that instant, exclusive:
// 00:00 of the following day. The petition regulations do not say how to count;
// this follows 民法典 Art. 201 and 203 by analogy. "日" is a calendar day,
// "工作日" a working day of the State Council's holiday notices; the former is
// never read as the latter. Days are days in Shanghai; instants are UTC.
//
// # Rest days
//
// A limit in calendar days whose last day is a rest day stays there if it binds
// an organ ([RollNone]; the date to which it would roll is shown beside it), and
// moves to the next working day if it is a right of the petitioner
// ([RollNextWorkday]).
//
// # Reading the package
//
// statute.go is the table of limits, rule.go how one is found, clock.go how it is
// applied, calendar.go the working days, explain.go the derivation shown to
// people (推算过程). Calendar and rules change only by events of their own
// streams: calendar_stream.go and rule_stream.go. Every type here is a value or
// immutable, and may be used concurrently.
package law

import (
	"time"

	"xinfang/domain/ledger"
)

// Shanghai is the time zone of the law (北京时间), +08:00 without exception: the
// summer time of 1986–1991 is older than anything here.
var Shanghai = time.FixedZone("CST", 8*60*60)

// A Tier says who set a limit. It is stored: a value is never renamed.
type Tier string

// The tiers. A limit of the district never ends after the statutory one.
const (
	Statutory Tier = "statutory" // 法定
	District  Tier = "district"  // 区内
)

// Tiers is the closed set of tiers, in the order in which they are shown.
var Tiers = []Tier{Statutory, District}

// Title returns what people call the tier.
func (t Tier) Title() ledger.Text {
	switch t {
	case Statutory:
		return ledger.Text{ZH: "法定期限", EN: "statutory limit"}
	case District:
		return ledger.Text{ZH: "区内时限", EN: "district limit"}
	}
	return ledger.Text{}
}

// A Law is the text that governs a clock, bound to it when it starts. It is
// stored: a value is never renamed.
type Law string

// The two texts.
const (
	Law2005 Law = "2005" // 信访条例, State Council Order 431, in force 2005-05-01
	Law2022 Law = "2022" // 信访工作条例, in force 2022-05-01 (Art. 50)
)

var (
	inForce2005 = date(2005, time.May, 1)
	inForce2022 = date(2022, time.May, 1)
)

// LawAt returns the text in force on d, "" before the first.
func LawAt(d Date) Law {
	switch {
	case d.Before(inForce2005):
		return ""
	case d.Before(inForce2022):
		return Law2005
	}
	return Law2022
}

// Title returns the name of the text.
func (l Law) Title() ledger.Text {
	switch l {
	case Law2005:
		return ledger.Text{ZH: "信访条例", EN: "Regulations on Letters and Visits (2005)"}
	case Law2022:
		return ledger.Text{ZH: "信访工作条例", EN: "Regulations on Petition Work (2022)"}
	}
	return ledger.Text{ZH: string(l), EN: string(l)}
}

// A Unit is what a limit is counted in. It is stored: a value is never renamed.
type Unit string

// The units.
const (
	CalendarDays Unit = "CD" // 日, 自然日
	WorkingDays  Unit = "WD" // 工作日
	Hours        Unit = "H"  // 小时, from the instant of the start
	Weeks        Unit = "WK" // 周: whole ISO weeks, Monday to Sunday, the week of the start being the first
)

// Title returns what people call the unit.
func (u Unit) Title() ledger.Text {
	switch u {
	case CalendarDays:
		return ledger.Text{ZH: "自然日", EN: "calendar days"}
	case WorkingDays:
		return ledger.Text{ZH: "工作日", EN: "working days"}
	case Hours:
		return ledger.Text{ZH: "小时", EN: "hours"}
	case Weeks:
		return ledger.Text{ZH: "周", EN: "ISO weeks"}
	}
	return ledger.Text{}
}

// A Roll says what becomes of a last day that is a rest day. It is stored: a
// value is never renamed.
type Roll string

// The rolls.
const (
	RollNone        Roll = "none"         // 不顺延: the limit ends on the rest day
	RollNextWorkday Roll = "next_workday" // 顺延至下一工作日
)
