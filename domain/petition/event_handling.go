package petition

import (
	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

// PetitionerNotified (告知): the petitioner was told, in writing or otherwise.
type PetitionerNotified struct {
	Notice Notice      `json:"notice"`
	Method string      `json:"method"` // 送达方式, such as 书面, 短信, 当面
	Proof  string      `json:"proof"`  // 送达凭证: number or description of the proof
	No     string      `json:"no,omitzero"`
	Clocks []law.Clock `json:"clocks,omitzero"` // C10 when the review's outcome is served
}

// NotificationImpossible (无法告知): name or address is unclear (Art.23¶2).
type NotificationImpossible struct {
	Notice Notice `json:"notice"`
	Why    string `json:"why"`
}

// ResponsibleOfficerAssigned (确定责任人): a named officer is responsible from
// Meta.Occurred on (实名制).
type ResponsibleOfficerAssigned struct {
	Unit    string `json:"unit"`
	Officer string `json:"officer"`
}

// HandedOver (移交): responsibility passed from one officer to another, at the
// same instant.
type HandedOver struct {
	Unit string `json:"unit"`
	From string `json:"from"`
	To   string `json:"to"`
}

// ConflictDeclared (申报利害关系): an officer may have an interest (Art.28¶3).
type ConflictDeclared struct {
	Officer  string `json:"officer"`
	Relation string `json:"relation"`
}

// OfficerRecused (回避): the officer may not act in this case any more.
type OfficerRecused struct {
	Officer string `json:"officer"`
}

// ProgressRecorded (办理过程): something was done.
type ProgressRecorded struct {
	Kind     Work              `json:"kind"`
	Note     string            `json:"note"` // without personal data
	Evidence []ledger.Document `json:"evidence,omitzero"`
}

// ExtensionRequested (申请延期).
type ExtensionRequested struct {
	Days int `json:"days"` // calendar days
}

// ExtensionApproved (批准延期, Art.34): Clock is C6 with its new due date,
// counted from the old one.
type ExtensionApproved struct {
	Days  int       `json:"days"`
	Clock law.Clock `json:"clock"`
}

// ExtensionRefused (不予延期).
type ExtensionRefused struct{}

// HearingHeld (听证). Only in a re-check does it pause a clock: Clock is then C11
// with its new due date (Art.36¶2).
type HearingHeld struct {
	From  law.Date   `json:"from"`
	To    law.Date   `json:"to"`
	Clock *law.Clock `json:"clock,omitzero"`
}

// MediationOpened (启动调解): with the consent of the parties (Art.33).
type MediationOpened struct {
	Mediation string      `json:"mediation"` // number of the mediation
	Clocks    []law.Clock `json:"clocks,omitzero"`
}

// An Answer is what a reply says to one claim.
type Answer struct {
	Claim   int     `json:"claim"` // from 1
	Outcome Outcome `json:"outcome"`
	Facts   string  `json:"facts"`
	Basis   string  `json:"basis"` // law it rests on
}

// ReplyIssued (出具处理意见): the written opinion of Art.32.
type ReplyIssued struct {
	No       string   `json:"no"` // 意见书编号
	Answers  []Answer `json:"answers"`
	Rescue   string   `json:"rescue"`   // 复查复核权利告知: where to turn, and until when
	Reviewer string   `json:"reviewer"` // officer who checked it; not the author
	Text     Sealed   `json:"text,omitzero"`
}

// ReplyServed (送达): the petitioner has the reply.
type ReplyServed struct {
	Method  string      `json:"method"`
	Refused bool        `json:"refused,omitzero"` // 拒收
	Opinion string      `json:"opinion"`          // agree, disagree, none
	Clocks  []law.Clock `json:"clocks"`           // C8
}

// CompletionReported (办结报告): the unit reported back on an assignment (C7).
type CompletionReported struct {
	No string `json:"no"`
}

// CaseClosed (办结).
type CaseClosed struct {
	Result   string            `json:"result"`
	Evidence []ledger.Document `json:"evidence,omitzero"`
	Plan     law.Date          `json:"plan,omitzero"` // when what was supported will have been carried out (执行计划)
}

// Grounds to reopen a case.
const (
	GroundRelapse = "relapse" // 倒流
	GroundReview  = "review"  // 复查撤销
	GroundError   = "error"   // 纠错
)

// CaseReopened (重新办理). Clocks has C6, started anew.
type CaseReopened struct {
	Ground string      `json:"ground"`
	Clocks []law.Clock `json:"clocks,omitzero"`
}

func (PetitionerNotified) event()         {}
func (NotificationImpossible) event()     {}
func (ResponsibleOfficerAssigned) event() {}
func (HandedOver) event()                 {}
func (ConflictDeclared) event()           {}
func (OfficerRecused) event()             {}
func (ProgressRecorded) event()           {}
func (ExtensionRequested) event()         {}
func (ExtensionApproved) event()          {}
func (ExtensionRefused) event()           {}
func (HearingHeld) event()                {}
func (MediationOpened) event()            {}
func (ReplyIssued) event()                {}
func (ReplyServed) event()                {}
func (CompletionReported) event()         {}
func (CaseClosed) event()                 {}
func (CaseReopened) event()               {}
