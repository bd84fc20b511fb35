package petition

import (
	"github.com/google/uuid"

	"xinfang/domain/law"
)

// Sealed is one value of personal data: what everyone may see, and the value
// itself under the petitioner's data key.
type Sealed struct {
	Masked string `json:"masked,omitzero"`
	Box    []byte `json:"box,omitzero"`
}

// A Person is a petitioner (信访人).
type Person struct {
	Subject   uuid.UUID `json:"subject,omitzero"` // key in the vault
	Anonymous bool      `json:"anonymous,omitzero"`
	Name      Sealed    `json:"name,omitzero"`
	IDNumber  Sealed    `json:"id_number,omitzero"`
	Phone     Sealed    `json:"phone,omitzero"`
	Address   Sealed    `json:"address,omitzero"`
}

// A Claim is one thing that is asked for (诉求). Claims of a case are numbered
// from 1 in their order.
type Claim struct {
	Summary string `json:"summary"` // reviewed, without personal data (摘要)
	Text    Sealed `json:"text,omitzero"`
}

// FirstTime says in which sense a petition is a first one (初次信访). Measures
// use National.
type FirstTime struct {
	National bool `json:"national,omitzero"` // 全国初次
	Local    bool `json:"local,omitzero"`    // 登记机构初次
	Channel  bool `json:"channel,omitzero"`  // 信访形式初次
}

// PetitionReceived (收件): somebody's petition came in. Meta.Received is when.
type PetitionReceived struct {
	Number          string      `json:"number"` // 信访件编号
	Channel         Channel     `json:"channel"`
	Unit            string      `json:"unit"`            // code of the unit that received it
	Direct          bool        `json:"direct,omitzero"` // lodged with the responsible unit itself: clock C3, not C2
	Level           Level       `json:"level"`
	Place           string      `json:"place,omitzero"`
	Headcount       int         `json:"headcount"` // 人数
	Representatives int         `json:"representatives,omitzero"`
	Clocks          []law.Clock `json:"clocks"` // C1, and C2 or C3; C13 if urgent
	Urgent          bool        `json:"urgent,omitzero"`
}

// PetitionRegistered (登记): it was entered in the register (Art.22, 23).
type PetitionRegistered struct {
	Petitioner Person    `json:"petitioner"`
	Summary    string    `json:"summary"` // reviewed, without personal data (概况)
	Claims     []Claim   `json:"claims"`
	Category   string    `json:"category,omitzero"` // 内容分类
	Street     string    `json:"street,omitzero"`   // unit code of the street it concerns (问题属地)
	First      FirstTime `json:"first,omitzero"`
	Joint      bool      `json:"joint,omitzero"`    // 联名信
	Rated      bool      `json:"rated,omitzero"`    // 国家满意度信访件
	Judicial   bool      `json:"judicial,omitzero"` // 涉法涉诉
}

// PetitionClassified (甄别分类): it was put in one of the three classes.
type PetitionClassified struct {
	Class Class `json:"class"`
	Path  Path  `json:"path,omitzero"` // of a claim
}

// PetitionReclassified (改变分类): it was put in another class.
type PetitionReclassified struct {
	Class  Class       `json:"class"`
	Path   Path        `json:"path,omitzero"`
	Clocks []law.Clock `json:"clocks,omitzero"` // C6 as from acceptance, if it has one only now
}

// An Accused is a person or unit that an accusation names (被检举控告人).
type Accused struct {
	Officer string `json:"officer,omitzero"`
	Unit    string `json:"unit,omitzero"`
}

// CaseRestricted (限制知悉): nothing of the case may reach the accused
// (Art.30¶3).
type CaseRestricted struct {
	Accused []Accused `json:"accused"`
}

// DuplicateLinked (重复件关联): a person confirmed that the case repeats an
// earlier one.
type DuplicateLinked struct {
	Earlier     string `json:"earlier"` // number of the earlier case
	ConfirmedBy string `json:"confirmed_by"`
}

// CaseMerged (并件): the case goes on as part of another.
type CaseMerged struct {
	Into string `json:"into"`
}

// CaseDispatched (转送/交办/转督): the case was sent to a unit (Art.22).
type CaseDispatched struct {
	Mode   Mode        `json:"mode"`
	From   string      `json:"from"` // unit code of the sender
	To     string      `json:"to"`   // unit code
	No     string      `json:"no"`   // 文号
	Demand string      `json:"demand,omitzero"`
	Clocks []law.Clock `json:"clocks,omitzero"` // C7 of an assignment
}

// DispatchReceived (签收): the unit has it. Meta.Received is when.
type DispatchReceived struct {
	Unit   string      `json:"unit"`
	Clocks []law.Clock `json:"clocks"` // C4, C5
}

// ObjectionRaised (异议): the unit says that it is not the competent one
// (Art.23¶3).
type ObjectionRaised struct {
	Unit    string `json:"unit"`
	Reasons string `json:"reasons"`
	Late    bool   `json:"late,omitzero"` // after the five working days
}

// ObjectionUpheld (异议成立): the sender agrees; the case goes back to it.
type ObjectionUpheld struct {
	Unit string `json:"unit"` // unit that objected
}

// ObjectionRejected (异议不成立): the unit keeps the case.
type ObjectionRejected struct {
	Unit string `json:"unit"`
}

// AcceptanceDecided (受理): the unit takes the case up, and says who is
// responsible (实名制).
type AcceptanceDecided struct {
	Unit    string      `json:"unit"`
	Officer string      `json:"officer"`
	Simple  bool        `json:"simple,omitzero"` // 简易办理
	Clocks  []law.Clock `json:"clocks"`          // C6; C14 if simple
}

// NotAccepted (不予受理): the unit does not take it up, on a legal ground.
type NotAccepted struct {
	Unit   string `json:"unit"`
	Ground string `json:"ground"`
}

// NoLongerAccepted (不再受理): the same matter is being handled or was finally
// decided (Art.19¶3, 36¶3).
type NoLongerAccepted struct {
	Ground  string `json:"ground"`
	Earlier string `json:"earlier"`
}

// DivertedToLegalChannel (导入法定途径): the matter belongs to one of the paths
// of Art.31(1)–(5).
type DivertedToLegalChannel struct {
	Path        Path   `json:"path"`
	Explanation string `json:"explanation"` // what the petitioner was told
}

// TransferredToDiscipline (转纪检监察): an accusation went to the organ that
// supervises the accused (Art.22¶2).
type TransferredToDiscipline struct {
	Organ string `json:"organ"`
}

// AcceptanceOrdered (责令受理): a superior overturned a refusal; the case awaits
// acceptance again.
type AcceptanceOrdered struct {
	Unit   string      `json:"unit"`   // who must now take it up
	Clocks []law.Clock `json:"clocks"` // C4
}

// PetitionWithdrawn (撤回): the petitioner took it back.
type PetitionWithdrawn struct {
	Proof string `json:"proof"`
}

func (PetitionReceived) event()        {}
func (PetitionRegistered) event()      {}
func (PetitionClassified) event()      {}
func (PetitionReclassified) event()    {}
func (CaseRestricted) event()          {}
func (DuplicateLinked) event()         {}
func (CaseMerged) event()              {}
func (CaseDispatched) event()          {}
func (DispatchReceived) event()        {}
func (ObjectionRaised) event()         {}
func (ObjectionUpheld) event()         {}
func (ObjectionRejected) event()       {}
func (AcceptanceDecided) event()       {}
func (NotAccepted) event()             {}
func (NoLongerAccepted) event()        {}
func (DivertedToLegalChannel) event()  {}
func (TransferredToDiscipline) event() {}
func (AcceptanceOrdered) event()       {}
func (PetitionWithdrawn) event()       {}
