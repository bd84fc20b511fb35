package petition

import "xinfang/domain/ledger"

// An Event is something that happened to one case.
//
// Events are the storage format. A field may be added if its zero value means
// "as before"; anything else needs a new event with a new name. Who acted, when
// it happened, when it was received and why is in the [ledger.Meta] beside it.
//
//sumtype:decl
type Event interface{ event() }

// Codec names the events in the ledger.
var Codec = ledger.NewCodec(map[string]Event{
	// event_intake.go
	"PetitionReceived":        PetitionReceived{},
	"PetitionRegistered":      PetitionRegistered{},
	"PetitionClassified":      PetitionClassified{},
	"PetitionReclassified":    PetitionReclassified{},
	"CaseRestricted":          CaseRestricted{},
	"DuplicateLinked":         DuplicateLinked{},
	"CaseMerged":              CaseMerged{},
	"CaseDispatched":          CaseDispatched{},
	"DispatchReceived":        DispatchReceived{},
	"ObjectionRaised":         ObjectionRaised{},
	"ObjectionUpheld":         ObjectionUpheld{},
	"ObjectionRejected":       ObjectionRejected{},
	"AcceptanceDecided":       AcceptanceDecided{},
	"NotAccepted":             NotAccepted{},
	"NoLongerAccepted":        NoLongerAccepted{},
	"DivertedToLegalChannel":  DivertedToLegalChannel{},
	"TransferredToDiscipline": TransferredToDiscipline{},
	"AcceptanceOrdered":       AcceptanceOrdered{},
	"PetitionWithdrawn":       PetitionWithdrawn{},

	// event_handling.go
	"PetitionerNotified":         PetitionerNotified{},
	"NotificationImpossible":     NotificationImpossible{},
	"ResponsibleOfficerAssigned": ResponsibleOfficerAssigned{},
	"HandedOver":                 HandedOver{},
	"ConflictDeclared":           ConflictDeclared{},
	"OfficerRecused":             OfficerRecused{},
	"ProgressRecorded":           ProgressRecorded{},
	"ExtensionRequested":         ExtensionRequested{},
	"ExtensionApproved":          ExtensionApproved{},
	"ExtensionRefused":           ExtensionRefused{},
	"HearingHeld":                HearingHeld{},
	"MediationOpened":            MediationOpened{},
	"ReplyIssued":                ReplyIssued{},
	"ReplyServed":                ReplyServed{},
	"CompletionReported":         CompletionReported{},
	"CaseClosed":                 CaseClosed{},
	"CaseReopened":               CaseReopened{},

	// event_after.go
	"ReviewRequested":           ReviewRequested{},
	"ReviewDecided":             ReviewDecided{},
	"RecheckRequested":          RecheckRequested{},
	"RecheckDecided":            RecheckDecided{},
	"CaseTerminated":            CaseTerminated{},
	"ExecutionConfirmed":        ExecutionConfirmed{},
	"EvaluationOpened":          EvaluationOpened{},
	"EvaluationSubmitted":       EvaluationSubmitted{},
	"EvaluationExpired":         EvaluationExpired{},
	"ReturnVisitRecorded":       ReturnVisitRecorded{},
	"SupervisionIssued":         SupervisionIssued{},
	"SupervisionFedBack":        SupervisionFedBack{},
	"SupervisionClosed":         SupervisionClosed{},
	"UrgentReported":            UrgentReported{},
	"StatisticsExclusionMarked": StatisticsExclusionMarked{},
	"DeadlineRecomputed":        DeadlineRecomputed{},
	"EntryCorrected":            EntryCorrected{},
	"ErasureAuthorised":         ErasureAuthorised{},
	"CaseArchived":              CaseArchived{},

	// event_import.go
	"CaseImported":   CaseImported{},
	"ActionImported": ActionImported{},
})
