package petition

import (
	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

// A Command asks for something to be done with one case. Who asks, for whom,
// with whose approval and when it happened comes in the [ledger.Meta] beside it.
//
//sumtype:decl
type Command interface{ command() }

// Intake (收件至受理).
type (
	// ReceivePetition records that a petition came in (收件).
	ReceivePetition struct {
		Number          string  `json:"number,omitzero"`
		Channel         Channel `json:"channel,omitzero"`
		Unit            string  `json:"unit,omitzero"`
		Direct          bool    `json:"direct,omitzero"`
		Level           Level   `json:"level,omitzero"`
		Place           string  `json:"place,omitzero"`
		Headcount       int     `json:"headcount,omitzero"`
		Representatives int     `json:"representatives,omitzero"`
		Urgent          bool    `json:"urgent,omitzero"`
	}

	// RegisterPetition enters it in the register (登记).
	RegisterPetition struct {
		Petitioner Person    `json:"petitioner,omitzero"`
		Summary    string    `json:"summary,omitzero"`
		Claims     []Claim   `json:"claims,omitzero"`
		Category   string    `json:"category,omitzero"`
		Street     string    `json:"street,omitzero"`
		First      FirstTime `json:"first,omitzero"`
		Joint      bool      `json:"joint,omitzero"`
		Rated      bool      `json:"rated,omitzero"`
		Judicial   bool      `json:"judicial,omitzero"`
	}

	// LinkDuplicate records that it repeats an earlier case (关联重复件). The
	// caller has made sure that the earlier case exists.
	LinkDuplicate struct {
		Earlier     string `json:"earlier,omitzero"`
		ConfirmedBy string `json:"confirmed_by,omitzero"`
	}

	// Merge makes it part of another case (并件).
	Merge struct {
		Into string `json:"into,omitzero"`
	}

	// Classify puts it in a class, for the first time or another (甄别分类).
	Classify struct {
		Class Class `json:"class,omitzero"`
		Path  Path  `json:"path,omitzero"`
	}

	// MarkRestricted closes it to the accused (限制知悉).
	MarkRestricted struct {
		Accused []Accused `json:"accused,omitzero"`
	}

	// Dispatch sends it to a unit (转送/交办/转督). Due is needed by an assignment.
	Dispatch struct {
		Mode   Mode     `json:"mode,omitzero"`
		To     string   `json:"to,omitzero"`
		No     string   `json:"no,omitzero"`
		Demand string   `json:"demand,omitzero"`
		Due    law.Date `json:"due,omitzero"`
	}

	// ReceiveDispatch acknowledges it at the unit (签收).
	ReceiveDispatch struct{}

	// RaiseObjection says that another unit is competent (提出异议).
	RaiseObjection struct {
		Reasons string `json:"reasons,omitzero"`
	}

	// DecideObjection is the sender's answer (异议处理).
	DecideObjection struct {
		Upheld bool `json:"upheld,omitzero"`
	}

	// Accept takes it up, with a named officer (受理).
	Accept struct {
		Officer string `json:"officer,omitzero"`
		Simple  bool   `json:"simple,omitzero"`
	}

	// NotAccept does not take it up (不予受理).
	NotAccept struct {
		Ground string `json:"ground,omitzero"`
	}

	// AcceptNoLonger turns away what was decided or is being handled (不再受理).
	AcceptNoLonger struct {
		Ground  string `json:"ground,omitzero"`
		Earlier string `json:"earlier,omitzero"`
	}

	// Divert points to another legal path (导入法定途径).
	Divert struct {
		Path        Path   `json:"path,omitzero"`
		Explanation string `json:"explanation,omitzero"`
	}

	// TransferToDiscipline hands an accusation on (转送纪检监察).
	TransferToDiscipline struct {
		Organ string `json:"organ,omitzero"`
	}

	// OrderAcceptance overturns a refusal (责令受理).
	OrderAcceptance struct {
		Unit string `json:"unit,omitzero"`
	}

	// Withdraw takes the petition back, for the petitioner (撤回).
	Withdraw struct {
		Proof string `json:"proof,omitzero"`
	}
)

// Handling (办理).
type (
	// NotifyPetitioner records that the petitioner was told (告知).
	NotifyPetitioner struct {
		Notice     Notice `json:"notice,omitzero"`
		Method     string `json:"method,omitzero"`
		Proof      string `json:"proof,omitzero"`
		No         string `json:"no,omitzero"`
		Impossible string `json:"impossible,omitzero"` // why he could not be told; then Method and Proof are empty
	}

	// AssignOfficer makes a first officer responsible (确定责任人).
	AssignOfficer struct {
		Officer string `json:"officer,omitzero"`
	}

	// HandOver passes responsibility on (移交).
	HandOver struct {
		To string `json:"to,omitzero"`
	}

	// DeclareConflict declares an interest (申报利害关系).
	DeclareConflict struct {
		Officer  string `json:"officer,omitzero"`
		Relation string `json:"relation,omitzero"`
	}

	// Recuse decides that an officer may not act (决定回避).
	Recuse struct {
		Officer string `json:"officer,omitzero"`
	}

	// RecordProgress records that something was done (记录办理过程).
	RecordProgress struct {
		Kind     Work              `json:"kind,omitzero"`
		Note     string            `json:"note,omitzero"`
		Evidence []ledger.Document `json:"evidence,omitzero"`
	}

	// RequestExtension asks for more time (申请延期).
	RequestExtension struct {
		Days int `json:"days,omitzero"`
	}

	// ApproveExtension grants or refuses it (审批延期).
	ApproveExtension struct {
		Granted bool `json:"granted,omitzero"`
		Days    int  `json:"days,omitzero"`
	}

	// HoldHearing records a hearing (听证).
	HoldHearing struct {
		From law.Date `json:"from,omitzero"`
		To   law.Date `json:"to,omitzero"`
	}

	// StartMediation opens a mediation (启动调解).
	StartMediation struct {
		Mediation string `json:"mediation,omitzero"`
		Consent   bool   `json:"consent,omitzero"`
	}

	// IssueReply issues the written opinion (出具处理意见).
	IssueReply struct {
		No       string   `json:"no,omitzero"`
		Answers  []Answer `json:"answers,omitzero"`
		Rescue   string   `json:"rescue,omitzero"`
		Reviewer string   `json:"reviewer,omitzero"`
		Text     Sealed   `json:"text,omitzero"`
	}

	// ServeReply records its service (送达).
	ServeReply struct {
		Method  string `json:"method,omitzero"`
		Refused bool   `json:"refused,omitzero"`
		Opinion string `json:"opinion,omitzero"`
	}

	// ReportCompletion reports back on an assignment (办结报告).
	ReportCompletion struct {
		No string `json:"no,omitzero"`
	}

	// Close closes the case (办结).
	Close struct {
		Result   string            `json:"result,omitzero"`
		Evidence []ledger.Document `json:"evidence,omitzero"`
		Plan     law.Date          `json:"plan,omitzero"`
	}

	// Reopen opens it again (重新办理).
	Reopen struct {
		Ground string `json:"ground,omitzero"`
	}
)

func (ReceivePetition) command()      {}
func (RegisterPetition) command()     {}
func (LinkDuplicate) command()        {}
func (Merge) command()                {}
func (Classify) command()             {}
func (MarkRestricted) command()       {}
func (Dispatch) command()             {}
func (ReceiveDispatch) command()      {}
func (RaiseObjection) command()       {}
func (DecideObjection) command()      {}
func (Accept) command()               {}
func (NotAccept) command()            {}
func (AcceptNoLonger) command()       {}
func (Divert) command()               {}
func (TransferToDiscipline) command() {}
func (OrderAcceptance) command()      {}
func (Withdraw) command()             {}
func (NotifyPetitioner) command()     {}
func (AssignOfficer) command()        {}
func (HandOver) command()             {}
func (DeclareConflict) command()      {}
func (Recuse) command()               {}
func (RecordProgress) command()       {}
func (RequestExtension) command()     {}
func (ApproveExtension) command()     {}
func (HoldHearing) command()          {}
func (StartMediation) command()       {}
func (IssueReply) command()           {}
func (ServeReply) command()           {}
func (ReportCompletion) command()     {}
func (Close) command()                {}
func (Reopen) command()               {}
