package petition

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// with returns a copy of v after f changed it, for rows that differ in one thing.
func with[T any](v T, f func(*T)) T {
	f(&v)
	return v
}

func receiving(f func(*ReceivePetition)) step    { return by(registrar, with(intake, f)) }
func registering(f func(*RegisterPetition)) step { return by(registrar, with(entryOf, f)) }

var (
	toHousing = Dispatch{Mode: Forward, To: "housing", No: "D-1"}
	gotIt     = PetitionReceived{Number: "XF-1", Channel: Letter, Unit: "bureau", Level: District, Headcount: 1}
)

// intakeRows: 收件至受理.
var intakeRows = []row{
	{name: "receipt starts the clocks of registration and of dispatch", when: by(registrar, intake), then: []Event{gotIt}, clocks: "C1 -/2025-09-02, C2 2025-09-16/2025-09-08"},
	{name: "as from when it was received", when: by(registrar, intake, receivedAt(noon("2025-08-28"))), then: []Event{gotIt}, clocks: "C1 -/2025-08-29, C2 2025-09-12/2025-09-04"},
	{name: "lodged with the unit itself, it is another clock", when: by(clerk, ReceivePetition{Number: "XF-1", Channel: Visit, Unit: "housing", Direct: true, Level: Street, Place: "hall", Headcount: 9, Representatives: 6}),
		then: []Event{PetitionReceived{Number: "XF-1", Channel: Visit, Unit: "housing", Direct: true, Level: Street, Place: "hall", Headcount: 9, Representatives: 6}}, clocks: "C1 -/2025-09-02, C3 2025-09-16/2025-09-08"},
	{name: "urgent, it is to be reported", when: receiving(func(c *ReceivePetition) { c.Urgent = true }), then: []Event{with(gotIt, func(e *PetitionReceived) { e.Urgent = true })},
		clocks: "C1 -/2025-09-02, C2 2025-09-16/2025-09-08, C13 -/2025-09-01, C13w -/2025-09-01"},
	{name: "under the old law there were the same fifteen days", when: by(registrar, intake).happening(noon("2021-09-16")), then: []Event{gotIt}, clocks: "C1 -/2021-09-17, C2 2021-10-01/2021-09-24"},
	{name: "a number is used once", given: received, when: by(registrar, intake), refused: "ERR_DUP_CASE_NO"},
	{name: "a case number is of letters, digits and Han", when: receiving(func(c *ReceivePetition) { c.Number = "深信访〔2025〕7-A_1(转)（二）" }),
		then: []Event{with(gotIt, func(e *PetitionReceived) { e.Number = "深信访〔2025〕7-A_1(转)（二）" })}, clocks: "C1 -/2025-09-02, C2 2025-09-16/2025-09-08"},
	{name: "and of nothing else", when: receiving(func(c *ReceivePetition) { c.Number = "XF-1; DROP" }), refused: "ERR_BAD_NUMBER"},
	{name: "nor a formula", when: receiving(func(c *ReceivePetition) { c.Number = "=XF" }), refused: "ERR_BAD_NUMBER"},
	{name: "of any kind", when: receiving(func(c *ReceivePetition) { c.Number = "-1" }), refused: "ERR_BAD_NUMBER"},
	{name: "it has no lines", when: receiving(func(c *ReceivePetition) { c.Number = "XF-1\n" }), refused: "ERR_BAD_TEXT"},
	{name: "and an end", when: receiving(func(c *ReceivePetition) { c.Number = strings.Repeat("1", 65) }), refused: "ERR_TOO_LONG"},
	{name: "a case has a number", when: receiving(func(c *ReceivePetition) { c.Number = " " }), refused: "ERR_NUMBER_REQUIRED"},
	{name: "a channel is one of six", when: receiving(func(c *ReceivePetition) { c.Channel = "pigeon" }), refused: "ERR_BAD_CHANNEL"},
	{name: "a level is one of six", when: receiving(func(c *ReceivePetition) { c.Level = "" }), refused: "ERR_BAD_TERM"},
	{name: "somebody came", when: receiving(func(c *ReceivePetition) { c.Headcount = 0 }), refused: "ERR_BAD_HEADCOUNT"},
	{name: "represented by some of them", when: receiving(func(c *ReceivePetition) { c.Representatives = 2 }), refused: "ERR_BAD_HEADCOUNT"},
	{name: "nobody receives for another unit", when: receiving(func(c *ReceivePetition) { c.Unit = "labour" }), refused: "ERR_NOT_HOLDER"},
	{name: "nor for one that has ended", when: by(clerk, with(intake, func(c *ReceivePetition) { c.Unit = "old-housing" })), refused: "ERR_UNIT_INACTIVE"},
	{name: "when it was received must be said", when: by(registrar, intake, receivedAt(time.Time{})), refused: "ERR_TIME_REQUIRED"},
	{name: "and is not after it was entered", when: by(registrar, intake, receivedAt(dawn.Add(3*time.Hour))).recorded(dawn.Add(4 * time.Hour)), refused: "ERR_TIME_ORDER"},

	{name: "a petition is registered", given: received, when: by(registrar, entryOf), then: []Event{PetitionRegistered(entryOf)}},
	{name: "once", given: registered, when: by(registrar, entryOf), refused: "ERR_WRONG_STAGE"},
	{name: "with a name", given: received, when: registering(func(c *RegisterPetition) { c.Petitioner.Name = Sealed{} }), refused: "ERR_PETITIONER_REQUIRED"},
	{name: "or anonymously", given: received, when: registering(func(c *RegisterPetition) { c.Petitioner = Person{Anonymous: true} }),
		then: []Event{PetitionRegistered(with(entryOf, func(c *RegisterPetition) { c.Petitioner = Person{Anonymous: true} }))}},
	{name: "sealed for somebody", given: received, when: registering(func(c *RegisterPetition) { c.Petitioner.Subject = uuid.Nil }), refused: "ERR_NO_SUBJECT"},
	{name: "with claims", given: received, when: registering(func(c *RegisterPetition) { c.Claims = nil }), refused: "ERR_NO_CLAIM"},
	{name: "each of which says something", given: received, when: registering(func(c *RegisterPetition) { c.Claims = []Claim{{}} }), refused: "ERR_NO_CLAIM"},
	{name: "and a summary", given: received, when: registering(func(c *RegisterPetition) { c.Summary = "" }), refused: "ERR_EMPTY"},
	{name: "of a street that there is", given: received, when: registering(func(c *RegisterPetition) { c.Street = "nowhere" }), refused: "ERR_UNIT_INACTIVE"},

	{name: "a duplicate is linked", given: registered, when: by(registrar, LinkDuplicate{"XF-0", "B2"}), then: []Event{DuplicateLinked{"XF-0", "B2"}}},
	{name: "to which it is linked already", given: registered.then(registrar, LinkDuplicate{"XF-0", "B2"}), when: by(registrar, LinkDuplicate{"XF-0", "B2"})},
	{name: "but not to itself", given: registered, when: by(registrar, LinkDuplicate{"XF-1", "B2"}), refused: "ERR_SELF_LINK"},
	{name: "nor to nothing", given: registered, when: by(registrar, LinkDuplicate{"", "B2"}), refused: "ERR_NUMBER_REQUIRED"},
	{name: "by a person", given: registered, when: by(registrar, LinkDuplicate{"XF-0", "system"}), refused: "ERR_NEEDS_CONFIRM"},
	{name: "before the reply", given: replied, when: by(registrar, LinkDuplicate{"XF-0", "B2"}), refused: "ERR_WRONG_STAGE"},
	{name: "a case is merged", given: registered, when: by(registrar, Merge{"XF-0"}, approvedBy(leader)), then: []Event{CaseMerged{"XF-0"}}},
	{name: "with approval", given: registered, when: by(registrar, Merge{"XF-0"}), refused: "ERR_UNAPPROVED"},
	{name: "not into itself", given: registered, when: by(registrar, Merge{"XF-1"}, approvedBy(leader)), refused: "ERR_SELF_LINK"},

	{name: "a case is classified", given: registered, when: by(dispatcher, Classify{Claiming, PathPetition}), then: []Event{PetitionClassified{Claiming, PathPetition}}},
	{name: "in one of three classes", given: registered, when: by(dispatcher, Classify{Class: "rumour"}), refused: "ERR_BAD_TERM"},
	{name: "a claim has a path", given: registered, when: by(dispatcher, Classify{Class: Claiming}), refused: "ERR_PATH_REQUIRED"},
	{name: "and nothing else has", given: registered, when: by(dispatcher, Classify{Suggestion, PathPetition}), refused: "ERR_PATH_REQUIRED"},
	{name: "it is reclassified freely at first", given: classified, when: by(dispatcher, Classify{Class: Suggestion}), then: []Event{PetitionReclassified{Class: Suggestion}}},
	{name: "not to what it is", given: classified, when: by(dispatcher, Classify{Claiming, PathPetition})},
	{name: "after acceptance with approval", given: handling, when: by(handler, Classify{Class: Suggestion}), refused: "ERR_RECLASS_UNAPPROVED"},
	{name: "and with it", given: handling, when: by(handler, Classify{Class: Suggestion}, approvedBy(chief)), then: []Event{PetitionReclassified{Class: Suggestion}}},
	{name: "what becomes a matter of the procedure has sixty days from acceptance",
		given: suggested.then(dispatcher, toHousing).then(clerk, ReceiveDispatch{}).then(clerk, Accept{Officer: "H2"}),
		when:  by(handler, Classify{Claiming, PathPetition}, approvedBy(chief)).happening(noon("2025-09-10")), then: []Event{PetitionReclassified{Class: Claiming, Path: PathPetition}}, clocks: "C6 2025-10-31/2025-10-01"},

	{name: "an accusation names somebody", given: accused, when: by(dispatcher, MarkRestricted{}), refused: "ERR_ACCUSED_LIST_REQUIRED"},
	{name: "really", given: accused, when: by(dispatcher, MarkRestricted{[]Accused{{}}}), refused: "ERR_ACCUSED_LIST_REQUIRED"},
	{name: "a case is restricted", given: accused, when: by(dispatcher, MarkRestricted{[]Accused{{Unit: "street"}}}), then: []Event{CaseRestricted{[]Accused{{Unit: "street"}}}}},
	{name: "before that it goes nowhere", given: accused, when: by(dispatcher, toHousing), refused: "ERR_ACCUSED_LIST_REQUIRED"},
	{name: "never to a unit that it names", given: listed, when: by(dispatcher, with(toHousing, func(c *Dispatch) { c.To = "street" })), refused: "ERR_ACCUSED_RECIPIENT"},
	{name: "nor to one where somebody works whom it names", given: listed, when: by(dispatcher, with(toHousing, func(c *Dispatch) { c.To = "labour" })), refused: "ERR_ACCUSED_RECIPIENT"},
	{name: "but to the organ of discipline", given: listed, when: by(dispatcher, TransferToDiscipline{"discipline"}), then: []Event{TransferredToDiscipline{"discipline"}}},
	{name: "only there", given: listed, when: by(dispatcher, TransferToDiscipline{"housing"}), refused: "ERR_NOT_DISCIPLINE_ORGAN"},
	{name: "and nothing else goes there", given: classified, when: by(dispatcher, TransferToDiscipline{"discipline"}), refused: "ERR_NOT_ACCUSATION"},

	{name: "a case is forwarded", given: classified, when: by(dispatcher, toHousing), then: []Event{CaseDispatched{Mode: Forward, From: "bureau", To: "housing", No: "D-1"}}},
	{name: "or assigned until a day", given: classified, when: by(dispatcher, Dispatch{Assign, "housing", "D-1", "report", day("2025-09-30")}),
		then: []Event{CaseDispatched{Mode: Assign, From: "bureau", To: "housing", No: "D-1", Demand: "report"}}, clocks: "C7 2025-09-30/2025-09-30"},
	{name: "which must be said", given: classified, when: by(dispatcher, Dispatch{Mode: Assign, To: "housing", No: "D-1"}), refused: "ERR_DUE_REQUIRED"},
	{name: "and not be over", given: classified, when: by(dispatcher, Dispatch{Mode: Assign, To: "housing", No: "D-1", Due: day("2025-08-31")}), refused: "ERR_TIME_ORDER"},
	{name: "in one of three modes", given: classified, when: by(dispatcher, with(toHousing, func(c *Dispatch) { c.Mode = "throw" })), refused: "ERR_BAD_TERM"},
	{name: "with a number", given: classified, when: by(dispatcher, with(toHousing, func(c *Dispatch) { c.No = "" })), refused: "ERR_NUMBER_REQUIRED"},
	{name: "to a unit that works", given: classified, when: by(dispatcher, with(toHousing, func(c *Dispatch) { c.To = "old-housing" })), refused: "ERR_UNIT_INACTIVE"},
	{name: "not to oneself", given: classified, when: by(dispatcher, with(toHousing, func(c *Dispatch) { c.To = "bureau" })), refused: "ERR_SELF_DISPATCH"},
	{name: "after it was classified", given: registered, when: by(dispatcher, toHousing), refused: "ERR_WRONG_STAGE"},
	{name: "by who has it", given: classified, when: by(labour, toHousing), refused: "ERR_NOT_HOLDER"},

	{name: "receipt by the unit starts its clocks", given: dispatched, when: by(clerk, ReceiveDispatch{}), then: []Event{DispatchReceived{Unit: "housing"}}, clocks: "C4 2025-09-16/2025-09-08, C5 2025-09-08/2025-09-08"},
	{name: "which no other unit can", given: dispatched, when: by(labour, ReceiveDispatch{}), refused: "ERR_NOT_ADDRESSEE"},
	{name: "nor the sender", given: dispatched, when: by(dispatcher, ReceiveDispatch{}), refused: "ERR_NOT_ADDRESSEE"},
	{name: "and not without saying when", given: dispatched, when: by(clerk, ReceiveDispatch{}, receivedAt(time.Time{})), refused: "ERR_TIME_REQUIRED"},
	{name: "a unit objects", given: pending, when: by(clerk, RaiseObjection{"labour's"}), then: []Event{ObjectionRaised{Unit: "housing", Reasons: "labour's"}}},
	{name: "late, if it is late", given: pending, when: by(clerk, RaiseObjection{"labour's"}).happening(noon("2025-09-09")), then: []Event{ObjectionRaised{Unit: "housing", Reasons: "labour's", Late: true}}},
	{name: "in time on the last day", given: pending, when: by(clerk, RaiseObjection{"labour's"}).happening(noon("2025-09-08")), then: []Event{ObjectionRaised{Unit: "housing", Reasons: "labour's"}}},
	{name: "with reasons", given: pending, when: by(clerk, RaiseObjection{}), refused: "ERR_REASON_REQUIRED"},
	{name: "an upheld objection sends it back", given: objected, when: by(dispatcher, DecideObjection{true}), then: []Event{ObjectionUpheld{"housing"}}},
	{name: "a rejected one does not", given: objected, when: by(government, DecideObjection{false}), then: []Event{ObjectionRejected{"housing"}}},
	{name: "a unit does not decide its own", given: objected, when: by(clerk, DecideObjection{true}), refused: "ERR_NOT_SENDER"},
	{name: "then the sender has it and sends it on", given: objected.then(dispatcher, DecideObjection{true}), when: by(dispatcher, with(toHousing, func(c *Dispatch) { c.To = "labour" })),
		then: []Event{CaseDispatched{Mode: Forward, From: "bureau", To: "labour", No: "D-1"}}},

	{name: "acceptance starts sixty days, and thirty", given: pending, when: by(clerk, Accept{Officer: "H2"}), then: []Event{AcceptanceDecided{Unit: "housing", Officer: "H2"}}, clocks: "C6 2025-10-31/2025-10-01"},
	{name: "a simple one ten working days", given: pending, when: by(clerk, Accept{Officer: "H2", Simple: true}), then: []Event{AcceptanceDecided{Unit: "housing", Officer: "H2", Simple: true}}, clocks: "C6 2025-10-31/2025-10-01, C14 2025-09-15/-"},
	{name: "what is not of the petition procedure has no sixty days", given: registered.then(dispatcher, Classify{Claiming, PathDuty}).then(dispatcher, toHousing).then(clerk, ReceiveDispatch{}),
		when: by(clerk, Accept{Officer: "H2"}), then: []Event{AcceptanceDecided{Unit: "housing", Officer: "H2"}}},
	{name: "a unit takes up what was lodged with it", given: direct, when: by(clerk, Accept{Officer: "H2"}), then: []Event{AcceptanceDecided{Unit: "housing", Officer: "H2"}}, clocks: "C6 2025-10-31/2025-10-01"},
	{name: "the bureau does not take up what it has to pass on", given: classified, when: by(dispatcher, Accept{Officer: "B2"}), refused: "ERR_WRONG_STAGE"},
	{name: "somebody is responsible", given: pending, when: by(clerk, Accept{}), refused: "ERR_NO_RESPONSIBLE_OFFICER"},
	{name: "of the unit", given: pending, when: by(clerk, Accept{Officer: "L1"}), refused: "ERR_OFFICER_INACTIVE"},
	{name: "who was not recused", given: pending.then(chief, Recuse{"H2"}), when: by(clerk, Accept{Officer: "H2"}), refused: "ERR_RECUSED"},
	{name: "or accused", given: pending.then(dispatcher, MarkRestricted{[]Accused{{Officer: "H2"}}}), when: by(clerk, Accept{Officer: "H2"}), refused: "ERR_ACCUSED_RECIPIENT"},
	{name: "a refusal has a ground", given: pending, when: by(clerk, NotAccept{}), refused: "ERR_GROUND_REQUIRED"},
	{name: "with one it is recorded", given: pending, when: by(clerk, NotAccept{"court"}), then: []Event{NotAccepted{"housing", "court"}}},
	{name: "what was decided is not taken up again", given: classified, when: by(dispatcher, AcceptNoLonger{"re-check is final", "XF-0"}), then: []Event{NoLongerAccepted{"re-check is final", "XF-0"}}},
	{name: "which must be said of a case", given: classified, when: by(dispatcher, AcceptNoLonger{"g", ""}), refused: "ERR_NUMBER_REQUIRED"},
	{name: "another", given: classified, when: by(dispatcher, AcceptNoLonger{"g", "XF-1"}), refused: "ERR_SELF_LINK"},
	{name: "on a ground", given: classified, when: by(dispatcher, AcceptNoLonger{"", "XF-0"}), refused: "ERR_GROUND_REQUIRED"},
	{name: "a matter for the court goes there", given: classified, when: by(dispatcher, Divert{PathLitigation, "told him"}), then: []Event{DivertedToLegalChannel{PathLitigation, "told him"}}},
	{name: "not round in a circle", given: classified, when: by(dispatcher, Divert{PathPetition, "told him"}), refused: "ERR_PATH_REQUIRED"},
	{name: "and he is told", given: classified, when: by(dispatcher, Divert{Path: PathLitigation}), refused: "ERR_REASON_REQUIRED"},
	{name: "a superior orders acceptance", given: turned, when: by(government, OrderAcceptance{"housing"}), then: []Event{AcceptanceOrdered{Unit: "housing"}}, clocks: "C4 2025-09-16/2025-09-08"},
	{name: "not an equal", given: turned, when: by(dispatcher, OrderAcceptance{"housing"}), refused: "ERR_NOT_HIGHER"},
	{name: "nor of one who is not below", given: turned, when: by(government, OrderAcceptance{"city"}), refused: "ERR_NOT_HIGHER"},
	{name: "then it is taken up", given: turned.then(government, OrderAcceptance{"housing"}), when: by(clerk, Accept{Officer: "H2"}), then: []Event{AcceptanceDecided{Unit: "housing", Officer: "H2"}}, clocks: "C6 2025-10-31/2025-10-01"},
	{name: "a petition is taken back", given: handling, when: by(handler, Withdraw{"letter"}), then: []Event{PetitionWithdrawn{"letter"}}},
	{name: "with proof", given: handling, when: by(handler, Withdraw{}), refused: "ERR_PROOF_REQUIRED"},
	{name: "not when it is over", given: closed, when: by(handler, Withdraw{"letter"}), refused: "ERR_WRONG_STAGE"},
}
