package petition

import (
	"github.com/google/uuid"

	"xinfang/domain/law"
)

// After handling (办结之后).
type (
	// RequestReview asks the next higher organ to review (申请复查).
	RequestReview struct {
		Organ string `json:"organ,omitzero"`
	}

	// DecideReview is what that organ says (复查意见).
	DecideReview struct {
		Ruling Ruling `json:"ruling,omitzero"`
		No     string `json:"no,omitzero"`
	}

	// RequestRecheck asks the organ above that one (申请复核).
	RequestRecheck struct {
		Organ string `json:"organ,omitzero"`
	}

	// DecideRecheck is the last word (复核意见): the case is terminated.
	DecideRecheck struct {
		Ruling Ruling `json:"ruling,omitzero"`
		No     string `json:"no,omitzero"`
	}

	// ConfirmExecution says whether what was supported was done (确认执行).
	ConfirmExecution struct {
		Done bool `json:"done,omitzero"`
	}

	// OpenEvaluation lets the petitioner evaluate (开放评价).
	OpenEvaluation struct {
		Judged Judged `json:"judged,omitzero"`
	}

	// SubmitEvaluation is the petitioner's evaluation (提交评价).
	SubmitEvaluation struct {
		Judged  Judged `json:"judged,omitzero"`
		Grade   Grade  `json:"grade,omitzero"`
		Channel string `json:"channel,omitzero"` // code, phone
		Device  string `json:"device,omitzero"`
	}

	// ExpireEvaluation closes it unused (评价逾期).
	ExpireEvaluation struct {
		Judged Judged `json:"judged,omitzero"`
	}

	// RecordReturnVisit records a visit or call afterwards (回访).
	RecordReturnVisit struct {
		Method  string `json:"method,omitzero"`
		Reached bool   `json:"reached,omitzero"`
		Bureau  Grade  `json:"bureau,omitzero"`
		Judged  Grade  `json:"judged,omitzero"`
		Note    string `json:"note,omitzero"`
	}

	// Supervise demands something of a unit (督办). Without Due, seven days.
	Supervise struct {
		No     string   `json:"no,omitzero"`
		Unit   string   `json:"unit,omitzero"`
		Ground string   `json:"ground,omitzero"`
		Demand string   `json:"demand,omitzero"`
		Due    law.Date `json:"due,omitzero"`
	}

	// FeedBack answers a supervision (督办反馈).
	FeedBack struct {
		No   string `json:"no,omitzero"`
		Text string `json:"text,omitzero"`
	}

	// CloseSupervision ends it (督办办结).
	CloseSupervision struct {
		No string `json:"no,omitzero"`
	}

	// ReportUrgent records an urgent report upwards (报告重大紧急信息).
	ReportUrgent struct {
		To   string `json:"to,omitzero"`
		Form string `json:"form,omitzero"`
	}

	// ExcludeFromStatistics leaves the case out of measures (不纳入统计).
	ExcludeFromStatistics struct {
		Ground string `json:"ground,omitzero"`
	}

	// RecomputeDeadline replaces a provisional due date (期限重算).
	RecomputeDeadline struct {
		Clock law.ClockID `json:"clock,omitzero"`
	}

	// CorrectEntry corrects one field of one entry (更正).
	CorrectEntry struct {
		Target uuid.UUID `json:"target,omitzero"`
		Field  Field     `json:"field,omitzero"`
		Old    string    `json:"old,omitzero"`
		New    string    `json:"new,omitzero"`
	}

	// AuthoriseErasure allows the petitioner's data key to be destroyed
	// (批准清除个人信息).
	AuthoriseErasure struct {
		Subject uuid.UUID `json:"subject,omitzero"`
		Ground  string    `json:"ground,omitzero"`
	}

	// Archive files the case away (归档).
	Archive struct {
		Retention string `json:"retention,omitzero"`
	}
)

// Import (导入).
type (
	// ImportCase records a case of another ledger. Its clocks are computed here;
	// the rest is taken as it is.
	ImportCase struct {
		Case CaseImported `json:"case,omitzero"`
	}

	// ImportActions records one trace of an event log: a case and its actions, in
	// order.
	ImportActions struct {
		Case    CaseImported     `json:"case,omitzero"`
		Actions []ActionImported `json:"actions,omitzero"`
	}
)

func (RequestReview) command()         {}
func (DecideReview) command()          {}
func (RequestRecheck) command()        {}
func (DecideRecheck) command()         {}
func (ConfirmExecution) command()      {}
func (OpenEvaluation) command()        {}
func (SubmitEvaluation) command()      {}
func (ExpireEvaluation) command()      {}
func (RecordReturnVisit) command()     {}
func (Supervise) command()             {}
func (FeedBack) command()              {}
func (CloseSupervision) command()      {}
func (ReportUrgent) command()          {}
func (ExcludeFromStatistics) command() {}
func (RecomputeDeadline) command()     {}
func (CorrectEntry) command()          {}
func (AuthoriseErasure) command()      {}
func (Archive) command()               {}
func (ImportCase) command()            {}
func (ImportActions) command()         {}
