package petition

import (
	"github.com/google/uuid"

	"xinfang/domain/law"
)

// ReviewRequested (申请复查, Art.35). Meta.Received is when the organ had it.
type ReviewRequested struct {
	Organ  string      `json:"organ"`
	Late   bool        `json:"late,omitzero"` // after the 30 days; the organ may refuse
	Clocks []law.Clock `json:"clocks"`        // C9
}

// ReviewDecided (复查意见).
type ReviewDecided struct {
	Organ  string      `json:"organ"`
	Ruling Ruling      `json:"ruling"`
	No     string      `json:"no"`
	Clocks []law.Clock `json:"clocks,omitzero"` // C6, started anew, if revoked
}

// RecheckRequested (申请复核, Art.36).
type RecheckRequested struct {
	Organ  string      `json:"organ"`
	Late   bool        `json:"late,omitzero"`
	Clocks []law.Clock `json:"clocks"` // C11
}

// RecheckDecided (复核意见).
type RecheckDecided struct {
	Organ  string      `json:"organ"`
	Ruling Ruling      `json:"ruling"`
	No     string      `json:"no"`
	Clocks []law.Clock `json:"clocks,omitzero"` // C6, started anew, if revoked
}

// CaseTerminated (终结): after the re-check there is no further remedy, unless it
// revoked what had been decided.
type CaseTerminated struct{}

// ExecutionConfirmed (执行到位, Art.32¶2): what was supported was carried out, or
// was found not to have been.
type ExecutionConfirmed struct {
	Done bool `json:"done"`
}

// EvaluationOpened (开放评价).
type EvaluationOpened struct {
	Judged Judged      `json:"judged"`
	Clocks []law.Clock `json:"clocks"` // C15
}

// EvaluationSubmitted (评价): what the petitioner thinks.
type EvaluationSubmitted struct {
	Judged  Judged `json:"judged"`
	Grade   Grade  `json:"grade"`
	Channel string `json:"channel"`         // code, phone
	Device  string `json:"device,omitzero"` // keyed hash of the phone or device it came from
}

// EvaluationExpired (逾期未评价).
type EvaluationExpired struct {
	Judged Judged `json:"judged"`
}

// ReturnVisitRecorded (回访).
type ReturnVisitRecorded struct {
	Unit    string `json:"unit"`   // the visitor's; never the evaluated unit
	Method  string `json:"method"` // 当面, 电话, 其他
	Reached bool   `json:"reached"`
	Bureau  Grade  `json:"bureau,omitzero"`
	Judged  Grade  `json:"judged,omitzero"` // of the responsible unit
	Note    string `json:"note,omitzero"`
}

// SupervisionIssued (督办, Art.40).
type SupervisionIssued struct {
	No     string    `json:"no"`
	Unit   string    `json:"unit"`   // who must answer
	Ground string    `json:"ground"` // 1–6, as in Art.36 of the 2005 regulation
	Demand string    `json:"demand"`
	Clock  law.Clock `json:"clock"` // C17
}

// SupervisionFedBack (督办反馈).
type SupervisionFedBack struct {
	No   string `json:"no"`
	Text string `json:"text"`
}

// SupervisionClosed (督办办结).
type SupervisionClosed struct {
	No string `json:"no"`
}

// UrgentReported (重大紧急信息报告, Art.25).
type UrgentReported struct {
	To   string `json:"to"`
	Form string `json:"form"` // oral, written
}

// StatisticsExclusionMarked (不纳入统计): with a ground that every measure
// prints.
type StatisticsExclusionMarked struct {
	Ground string `json:"ground"` // duplicate, judicial, not_counted, headcount
}

// DeadlineRecomputed (期限重算): a provisional due date became a real one when
// the calendar was published.
type DeadlineRecomputed struct {
	Clock law.Clock `json:"clock"`
}

// EntryCorrected (更正): Field of the event Target should have been New. Both
// stay. Meta.Approver is who approved.
type EntryCorrected struct {
	Target uuid.UUID `json:"target"`
	Field  Field     `json:"field"`
	Old    string    `json:"old"`
	New    string    `json:"new"`
}

// A Field is something in an entry that may be corrected (可更正字段).
type Field string

// The fields that may be corrected. Times are written in RFC 3339.
const (
	FieldReceived  Field = "received_at"
	FieldOccurred  Field = "occurred_at"
	FieldChannel   Field = "channel"
	FieldHeadcount Field = "headcount"
	FieldSummary   Field = "summary"
	FieldCategory  Field = "category"
	FieldStreet    Field = "street"
	FieldFirst     Field = "first_time"
	FieldResult    Field = "result"
)

var fields = terms[Field]{
	{FieldReceived, "收到时间", "time of receipt"}, {FieldOccurred, "发生时间", "time of the act"}, {FieldChannel, "信访形式", "channel"},
	{FieldHeadcount, "人数", "headcount"}, {FieldSummary, "概况", "summary"}, {FieldCategory, "内容分类", "category"},
	{FieldStreet, "问题属地", "street"}, {FieldFirst, "初次信访", "first time"}, {FieldResult, "办理结果", "result"},
}

// ErasureAuthorised (批准清除个人信息, 个人信息保护法第47条): the petitioner's
// data key is to be destroyed. The entry stays, and so do all hashes.
type ErasureAuthorised struct {
	Subject uuid.UUID `json:"subject"`
	Ground  string    `json:"ground"`
}

// Retention periods of an archived case (国家档案局令第8号).
const (
	RetainPermanent = "permanent"
	Retain30        = "30y"
	Retain10        = "10y"
)

// CaseArchived (归档).
type CaseArchived struct {
	Retention string `json:"retention"`
}

func (ReviewRequested) event()           {}
func (ReviewDecided) event()             {}
func (RecheckRequested) event()          {}
func (RecheckDecided) event()            {}
func (CaseTerminated) event()            {}
func (ExecutionConfirmed) event()        {}
func (EvaluationOpened) event()          {}
func (EvaluationSubmitted) event()       {}
func (EvaluationExpired) event()         {}
func (ReturnVisitRecorded) event()       {}
func (SupervisionIssued) event()         {}
func (SupervisionFedBack) event()        {}
func (SupervisionClosed) event()         {}
func (UrgentReported) event()            {}
func (StatisticsExclusionMarked) event() {}
func (DeadlineRecomputed) event()        {}
func (EntryCorrected) event()            {}
func (ErasureAuthorised) event()         {}
func (CaseArchived) event()              {}
