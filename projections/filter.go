package projections

import (
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// A Queue is a fixed list of cases that wait for something (工作队列).
type Queue string

// The queues.
const (
	QueueAll       Queue = "all"       // 全部
	QueueToday     Queue = "today"     // 今日到期, in either tier
	QueueSoon      Queue = "soon"      // 三个工作日内到期
	QueueStatutory Queue = "statutory" // 法定超期
	QueueDistrict  Queue = "district"  // 区内超期
	QueueWaiting   Queue = "waiting"   // 待我处理: for Viewer and his units
)

// Queues returns every queue, in the order in which pages show them.
func Queues() []Queue {
	return []Queue{QueueToday, QueueSoon, QueueStatutory, QueueDistrict, QueueWaiting, QueueAll}
}

// Title returns the queue's name.
func (q Queue) Title() ledger.Text {
	switch q {
	case QueueToday:
		return ledger.Text{ZH: "今日到期", EN: "due today"}
	case QueueSoon:
		return ledger.Text{ZH: "三个工作日内到期", EN: "due in 3 working days"}
	case QueueStatutory:
		return ledger.Text{ZH: "法定超期", EN: "overdue (statutory)"}
	case QueueDistrict:
		return ledger.Text{ZH: "区内超期", EN: "overdue (district)"}
	case QueueWaiting:
		return ledger.Text{ZH: "待我处理", EN: "waiting for me"}
	case QueueAll:
		return ledger.Text{ZH: "全部", EN: "all"}
	}
	return ledger.Text{ZH: string(q), EN: string(q)}
}

// A Sort is an order of a list.
type Sort string

// The orders.
const (
	SortDue      Sort = "due"      // statutory due date, the most overdue first; cases without one last
	SortDistrict Sort = "district" // district due date
	SortReceived Sort = "received" // the latest received first
	SortNewest   Sort = "newest"   // the latest in the ledger first
)

// Sorts returns every order, the usual first.
func Sorts() []Sort { return []Sort{SortDue, SortDistrict, SortReceived, SortNewest} }

// A Filter says which cases a list shows. The zero value of a field is no
// condition.
type Filter struct {
	Queue    Queue
	Text     string      // words of the number, the summary or a claim
	Subjects []uuid.UUID // petitioners found by name; alternative to Text
	Stage    petition.Stage
	Unit     string
	Officer  string
	Channel  petition.Channel
	Class    petition.Class
	Category string
	Street   string
	Clock    law.ClockID // whose due date Queue looks at
	From, To law.Date    // received in [From, To)
	Open     bool        // only open cases
	Marked   Mark

	Sort   Sort
	Cursor string // where the last page ended
	Limit  int    // 1 to MaxPage; 0 is 50

	// What the queues are relative to.
	Now        time.Time
	Soon       law.Date // the last day that is "soon": three working days from now
	Viewer     string   // officer number
	ViewerUnit []string // units in which the viewer holds a post now

	// Restricted says that the viewer may see restricted cases (检举控告).
	Restricted bool
}

// A Mark is something that an inspector looks for.
type Mark string

// The marks.
const (
	MarkLate      Mark = "late"      // 有补录
	MarkCuring    Mark = "curing"    // 治愈超期
	MarkCorrected Mark = "corrected" // 有更正
	MarkGap       Mark = "gap"       // 责任真空
	MarkReturned  Mark = "returned"  // 有退件
	MarkExtended  Mark = "extended"  // 有延期
	MarkRepeat    Mark = "repeat"    // 重复件
)

// Marks returns every mark.
func Marks() []Mark {
	return []Mark{MarkLate, MarkCuring, MarkCorrected, MarkGap, MarkReturned, MarkExtended, MarkRepeat}
}

// Title returns the mark's name.
func (m Mark) Title() ledger.Text {
	switch m {
	case MarkLate:
		return ledger.Text{ZH: "有补录", EN: "late entries"}
	case MarkCuring:
		return ledger.Text{ZH: "治愈超期的补录", EN: "late entries that cure a due date"}
	case MarkCorrected:
		return ledger.Text{ZH: "有更正", EN: "corrected"}
	case MarkGap:
		return ledger.Text{ZH: "责任真空", EN: "nobody responsible"}
	case MarkReturned:
		return ledger.Text{ZH: "有退件", EN: "returned"}
	case MarkExtended:
		return ledger.Text{ZH: "有延期", EN: "extended"}
	case MarkRepeat:
		return ledger.Text{ZH: "重复件", EN: "repeat"}
	}
	return ledger.Text{ZH: string(m), EN: string(m)}
}

// ErrCursor is what a list says of a cursor that did not come from it.
var ErrCursor = &ledger.Refusal{Code: "ERR_CURSOR", Kind: ledger.Invalid, Text: ledger.Text{
	ZH: "不是这个列表的游标；请从第一页重新开始", EN: "not a cursor of this list; start from the first page",
}}

// ErrNoUnit is what is said of a condition or a question about a unit that does
// not exist, and never did: an empty answer would pass for a unit without cases.
var ErrNoUnit = &ledger.Refusal{Code: "ERR_NO_UNIT", Kind: ledger.NotFound, Text: ledger.Text{
	ZH: "没有这个代码的单位", EN: "there is no unit with this code",
}}

const (
	MaxPage  = 200   // rows that one page may have
	MaxCount = 10000 // beyond which a list says "more than"
)

// A Page is a part of a list.
type Page struct {
	Rows   []Row // without Facts
	Total  int   // of the whole list, at most MaxCount+1
	People int   // sum of headcounts of the page's rows
	Next   string
}

// An Overview is what a first page shows of the whole district.
type Overview struct {
	Open   int // open cases (在办)
	People int // their headcounts
	Stages map[petition.Stage]int
	Queues map[Queue]int
	Units  []UnitLoad // the most overdue first
}

// A UnitLoad is what one unit has on its desk.
type UnitLoad struct {
	Unit             string
	Open             int
	OverdueStatutory int
	OverdueDistrict  int
}
