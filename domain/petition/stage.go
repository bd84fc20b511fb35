package petition

import "xinfang/domain/ledger"

// A Stage is how far a case has come (DOMAIN §3.2).
type Stage string

// The stages of a case.
const (
	None         Stage = ""                      // there is no such case
	Received     Stage = "RECEIVED"              // 已收件
	Registered   Stage = "REGISTERED"            // 已登记
	Classified   Stage = "CLASSIFIED"            // 已分类
	Dispatched   Stage = "DISPATCHED"            // 待签收
	Pending      Stage = "PENDING_ACCEPT"        // 待受理
	Objected     Stage = "OBJECTION"             // 异议中
	Handling     Stage = "HANDLING"              // 办理中
	Replied      Stage = "REPLIED"               // 已出具
	Served       Stage = "SERVED"                // 已送达
	Closed       Stage = "CLOSED"                // 已办结
	InReview     Stage = "IN_REVIEW"             // 复查中
	Reviewed     Stage = "REVIEWED"              // 已复查
	InRecheck    Stage = "IN_RECHECK"            // 复核中
	Terminated   Stage = "TERMINATED"            // 已终结
	Refused      Stage = "NOT_ACCEPTED"          // 不予受理
	NoLonger     Stage = "NO_LONGER"             // 不再受理
	Diverted     Stage = "DIVERTED"              // 已导入法定途径
	ToDiscipline Stage = "TRANSFERRED_DISC"      // 已转纪检
	Merged       Stage = "MERGED"                // 已并件
	Withdrawn    Stage = "WITHDRAWN"             // 已撤回
	Archived     Stage = "ARCHIVED"              // 已归档
	Foreign      Stage = "IMPORTED_ACTIONS_ONLY" // 仅导入日志: an event log whose actions have no meaning in this law
)

var stages = terms[Stage]{
	{Received, "已收件", "received"}, {Registered, "已登记", "registered"}, {Classified, "已分类", "classified"},
	{Dispatched, "待签收", "dispatched"}, {Pending, "待受理", "awaiting acceptance"}, {Objected, "异议中", "objection raised"},
	{Handling, "办理中", "in handling"}, {Replied, "已出具答复", "reply issued"}, {Served, "已送达", "reply served"},
	{Closed, "已办结", "closed"}, {InReview, "复查中", "in review"}, {Reviewed, "已复查", "reviewed"},
	{InRecheck, "复核中", "in re-check"}, {Terminated, "已终结", "terminated"}, {Refused, "不予受理", "not accepted"},
	{NoLonger, "不再受理", "no longer accepted"}, {Diverted, "已导入法定途径", "diverted to a legal channel"},
	{ToDiscipline, "已转纪检监察", "transferred to discipline inspection"}, {Merged, "已并件", "merged"},
	{Withdrawn, "已撤回", "withdrawn"}, {Archived, "已归档", "archived"}, {Foreign, "仅导入日志", "imported log"},
}

// Title returns the stage's name.
func (s Stage) Title() ledger.Text { return stages.title(s) }

// Stages returns every stage but None, in the order of a case's life.
func Stages() []Stage { return stages.values() }

// Open reports whether somebody still owes something in a case at this stage.
func (s Stage) Open() bool {
	switch s {
	case Closed, Terminated, Refused, NoLonger, Diverted, ToDiscipline, Merged, Withdrawn, Archived, Foreign, None:
		return false
	case Received, Registered, Classified, Dispatched, Pending, Objected, Handling, Replied, Served, InReview, Reviewed, InRecheck:
	}
	return true
}
