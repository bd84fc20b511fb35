package casefile

import (
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// This file is longer than most: it says for every event there is what it does
// to a case, and that is one switch. What an event does to the clocks, holders,
// notices and approvals is in the files of those names.

// An act is one event with what the fold needs of its envelope and meta.
type act struct {
	id       uuid.UUID
	kind     string
	at       time.Time // 发生时间
	received time.Time // 收到时间; at, if the event has none
	recorded time.Time // 录入时间
	meta     ledger.Meta
}

// now is when the act happened.
func (a *act) now() moment { return moment{a.at, stamp{a.id, false}} }

// receipt is when the matter of the act was received.
func (a *act) receipt() moment {
	if a.meta.Received.IsZero() {
		return a.now()
	}
	return moment{a.received, stamp{a.id, true}}
}

// Apply folds e, which was recorded as env with meta m, into the file. Events
// must come in the order of the stream, without gap. Apply cannot fail: e has
// happened, and a history that makes no sense is still a history.
func (f *File) Apply(env ledger.Envelope, e petition.Event, m ledger.Meta) {
	a := act{id: env.ID, kind: env.Type, at: m.Occurred, received: m.Received, recorded: env.Recorded.Time(), meta: m}
	if a.at.IsZero() {
		a.at = a.recorded
	}
	if a.received.IsZero() {
		a.received = a.at
	}
	f.Version, f.Position, f.Recorded, f.Leaf = env.Version, env.Position, a.recorded, env.Leaf
	f.enter(&a, env, e)
	worked := f.work(&a)
	before := f.Stage
	f.apply(&a, e)
	f.split(&a, before)
	if !worked {
		f.work(&a)
	}
}

// apply is the part of Apply that depends on the event.
func (f *File) apply(a *act, e petition.Event) {
	switch e := e.(type) {

	// Intake.
	case petition.PetitionReceived:
		f.Stage = petition.Received
		f.Number, f.Channel, f.Level, f.Headcount, f.Urgent, f.Bureau = e.Number, e.Channel, e.Level, e.Headcount, e.Urgent, e.Unit
		f.date(received, a.receipt())
		f.hold(a, a.receipt(), e.Unit, "")
		f.start(a, holder{unit: e.Unit}, "", e.Clocks...)
	case petition.PetitionRegistered:
		f.Stage = petition.Registered
		f.Petitioner, f.Summary, f.Claims, f.Category, f.Street = e.Petitioner, e.Summary, e.Claims, e.Category, e.Street
		f.First, f.Joint, f.Rated, f.Judicial = e.First, e.Joint, e.Rated, e.Judicial
		f.date(registered, a.now())
		f.meet(a.now(), law.C1)
	case petition.PetitionClassified:
		f.Stage = petition.Classified
		f.classify(e.Class, e.Path)
	case petition.PetitionReclassified:
		f.reclassify(a, e)
	case petition.CaseRestricted:
		f.Restricted = true
		f.Accused = append(f.Accused, e.Accused...)
	case petition.DuplicateLinked:
		f.Earlier = e.Earlier
	case petition.CaseMerged:
		f.Stage, f.MergedInto = petition.Merged, e.Into
		f.cancel(a.at, handling...)
		f.end(a.now())
	case petition.CaseDispatched:
		f.Stage, f.sender, f.addressee = petition.Dispatched, e.From, e.To
		f.date(dispatched, a.now())
		f.meet(a.now(), law.C2)
		f.owe(a, petition.NoticeDispatch)
		f.transit(a, e.From)
		f.start(a, holder{unit: e.To}, "", e.Clocks...)
	case petition.DispatchReceived:
		f.Stage = petition.Pending
		f.date(arrived, a.receipt())
		f.hold(a, a.receipt(), e.Unit, "")
		f.start(a, holder{unit: e.Unit}, "", e.Clocks...)
	case petition.ObjectionRaised:
		f.Stage = petition.Objected
		f.meet(a.now(), law.C5)
	case petition.ObjectionUpheld:
		f.Stage = petition.Classified
		f.Returns++
		f.void(law.C4, law.C5, law.C7)
		f.hold(a, a.now(), f.sender, "")
	case petition.ObjectionRejected:
		f.Stage = petition.Pending
	case petition.AcceptanceDecided:
		f.Stage = petition.Handling
		f.date(accepted, a.now())
		f.hold(a, a.now(), e.Unit, e.Officer)
		f.decide(a, petition.NoticeAccept, law.C3, law.C4)
		f.cancel(a.at, law.C5)
		f.start(a, holder{e.Unit, e.Officer}, "", e.Clocks...)
	case petition.NotAccepted:
		f.turnAway(a, petition.Refused, petition.NoticeRefuse, law.C2, law.C3, law.C4)
	case petition.NoLongerAccepted:
		f.Earlier = e.Earlier
		f.turnAway(a, petition.NoLonger, petition.NoticeNoLonger, law.C2, law.C3, law.C4)
	case petition.DivertedToLegalChannel:
		f.Path = e.Path
		f.meet(a.now(), law.C2)
		f.turnAway(a, petition.Diverted, petition.NoticeDivert, law.C3, law.C4)
	case petition.TransferredToDiscipline:
		f.Stage = petition.ToDiscipline
		f.meet(a.now(), law.C2)
		f.cancel(a.at, handling...)
		f.end(a.now())
	case petition.AcceptanceOrdered:
		f.Stage, f.sender = petition.Pending, a.meta.Actor.Unit
		f.hold(a, a.now(), e.Unit, "")
		f.start(a, holder{unit: e.Unit}, "", e.Clocks...)
	case petition.PetitionWithdrawn:
		f.Stage = petition.Withdrawn
		f.cancel(a.at, handling...)
		f.cancel(a.at, remedies...)
		f.end(a.now())

	// Handling.
	case petition.PetitionerNotified:
		f.tell(a, e.Notice, e.Method, e.Proof)
		f.start(a, holder{}, "", e.Clocks...)
	case petition.NotificationImpossible:
		f.cannotTell(a, e.Notice, e.Why)
	case petition.ResponsibleOfficerAssigned:
		f.assign(a, holder{e.Unit, e.Officer})
	case petition.HandedOver:
		f.assign(a, holder{e.Unit, e.To})
	case petition.ConflictDeclared:
	case petition.OfficerRecused:
		if e.Officer == f.handler.officer {
			f.assign(a, holder{unit: f.handler.unit})
		}
	case petition.ProgressRecorded:
		f.Progress++
	case petition.ExtensionRequested:
		f.Approvals = append(f.Approvals, Approval{Act: a.id, Type: a.kind, Requester: a.meta.Actor, Pending: true})
	case petition.ExtensionApproved:
		f.Extended += e.Days
		f.extend(a, e.Clock)
		f.answer(a, true)
		f.owe(a, petition.NoticeExtension)
	case petition.ExtensionRefused:
		f.answer(a, false)
	case petition.HearingHeld:
		if e.Clock != nil {
			f.replace(*e.Clock)
		}
	case petition.MediationOpened:
		f.start(a, f.handler, e.Mediation, e.Clocks...)
	case petition.ReplyIssued:
		f.Stage, f.Reply = petition.Replied, &e
		f.date(replied, a.now())
		f.meet(a.now(), law.C2, law.C14)
		f.owe(a, petition.NoticeReply)
	case petition.ReplyServed:
		f.Stage = petition.Served
		f.date(served, a.now())
		f.tell(a, petition.NoticeReply, e.Method, "")
		f.start(a, holder{}, "", e.Clocks...)
	case petition.CompletionReported:
		f.meet(a.now(), law.C7)
	case petition.CaseClosed:
		f.Stage, f.Result = petition.Closed, e.Result
		f.date(closed, a.now())
		f.meet(a.now(), law.C6, law.C7)
		f.cancel(a.at, law.C14, law.C16)
		f.end(a.now())
	case petition.CaseReopened:
		f.Stage, f.Closed = petition.Handling, time.Time{}
		f.Reopened++
		f.cancel(a.at, law.C8, law.C10)
		f.hold(a, a.now(), f.handler.unit, f.handler.officer)
		f.start(a, f.handler, "", e.Clocks...)

	// After handling.
	case petition.ReviewRequested:
		f.Stage = petition.InReview
		f.appeal(a, e.Organ, law.C8, e.Clocks)
	case petition.ReviewDecided:
		f.Stage = petition.Reviewed
		f.decide(a, petition.NoticeReview, law.C9)
		f.endReview(a)
		f.redo(a, e.Ruling, e.Clocks)
	case petition.RecheckRequested:
		f.Stage = petition.InRecheck
		f.appeal(a, e.Organ, law.C10, e.Clocks)
	case petition.RecheckDecided:
		f.meet(a.now(), law.C11)
		f.owe(a, petition.NoticeRecheck)
		f.redo(a, e.Ruling, e.Clocks)
	case petition.CaseTerminated:
		f.Stage = petition.Terminated
		f.cancel(a.at, law.C8, law.C10)
		f.end(a.now())
	case petition.ExecutionConfirmed:
		f.Executed = e.Done
	case petition.EvaluationOpened:
		f.Evaluations = append(f.Evaluations, Evaluation{Judged: e.Judged, Opened: a.at})
		f.start(a, holder{}, string(e.Judged), e.Clocks...)
	case petition.EvaluationSubmitted:
		v := f.evaluation(e.Judged)
		v.Submitted, v.Grade = a.at, e.Grade
		f.meetAbout(a.now(), law.C15, string(e.Judged))
	case petition.EvaluationExpired:
		f.evaluation(e.Judged).Expired = a.at
		f.cancelAbout(a.at, law.C15, string(e.Judged))
	case petition.ReturnVisitRecorded:
	case petition.SupervisionIssued:
		f.Supervision = append(f.Supervision, Supervised{No: e.No, Unit: e.Unit, Ground: e.Ground, Clock: e.Clock, Issued: a.at})
		f.start(a, holder{unit: e.Unit}, e.No, e.Clock)
	case petition.SupervisionFedBack:
		if s := f.supervision(e.No); s != nil && s.FedBack.IsZero() {
			s.FedBack = a.at
		}
		f.meetAbout(a.now(), law.C17, e.No)
	case petition.SupervisionClosed:
		if s := f.supervision(e.No); s != nil {
			s.Closed = a.at
		}
		f.cancelAbout(a.at, law.C17, e.No)
	case petition.UrgentReported:
		f.meet(a.now(), law.C2, law.C13)
		if e.Form == "written" {
			f.meet(a.now(), law.C13Written)
		}
	case petition.StatisticsExclusionMarked:
		f.Excluded = e.Ground
	case petition.DeadlineRecomputed:
		f.replace(e.Clock)
	case petition.EntryCorrected:
		f.correct(a, e)
	case petition.ErasureAuthorised:
		f.Erased = true
	case petition.CaseArchived:
		f.Stage = petition.Archived
		f.cancel(a.at, law.Clocks()...)
		f.end(a.now())

	// Import.
	case petition.CaseImported:
		f.take(a, e)
	case petition.ActionImported:
		f.Stage = petition.Foreign
		f.Actions++
		f.Holders = nil
	}
}

// turnAway ends the case at stage by a decision of which the petitioner is told
// n; clocks are met once he has been.
func (f *File) turnAway(a *act, stage petition.Stage, n petition.Notice, clocks ...law.ClockID) {
	f.Stage = stage
	f.decide(a, n, clocks...)
	for i := range f.Clocks {
		if c := &f.Clocks[i]; c.awaits == "" {
			c.cancel(a.at, handling)
		}
	}
	f.end(a.now())
}

// appeal takes the case to organ, which was asked for a review or a re-check.
// The request is the use of right. If the reply was served and the case never
// closed, handling was over when it was served.
func (f *File) appeal(a *act, organ string, right law.ClockID, clocks []law.Clock) {
	f.Reviews++
	f.meet(a.receipt(), right)
	if f.Served.IsZero() {
		f.cancel(a.at, law.C6)
	} else {
		f.meet(moment{f.Served, f.marks[served]}, law.C6, law.C7)
	}
	f.hold(a, a.receipt(), organ, "")
	f.start(a, holder{unit: organ}, "", clocks...)
}

// redo gives the case back to who handled it, if ruling says so.
func (f *File) redo(a *act, ruling petition.Ruling, clocks []law.Clock) {
	if ruling != petition.Revoked {
		return
	}
	f.Stage, f.Closed = petition.Handling, time.Time{}
	f.hold(a, a.now(), f.handler.unit, f.handler.officer)
	f.start(a, f.handler, "", clocks...)
}

// classify puts the case in a class. An accusation is closed to the accused.
func (f *File) classify(c petition.Class, p petition.Path) {
	f.Class, f.Path = c, p
	f.Restricted = f.Restricted || c == petition.Accusation
}

// reclassify puts the case in another class. The limit of handling ends with a
// class that does not have it, and goes on as it was with one that has it again.
func (f *File) reclassify(a *act, e petition.PetitionReclassified) {
	f.classify(e.Class, e.Path)
	switch c := f.last(law.C6); {
	case !f.procedural():
		f.cancel(a.at, law.C6)
	case c != nil && c.Cancelled && f.Stage.Open():
		c.Cancelled, c.Ended = false, time.Time{}
	}
	f.start(a, f.handler, "", e.Clocks...)
}

// procedural reports whether the limit of handling (C6) is for the case: only a
// claim on the petition procedure itself has it (Art.31(6), 34).
func (f *File) procedural() bool {
	return f.Class == petition.Claiming && (f.Path == "" || f.Path == petition.PathPetition)
}

// The dates of a case that a correction of an entry can move.
const (
	received = iota
	registered
	dispatched
	arrived
	accepted
	replied
	served
	closed
	dates
)

// at returns the field that holds date d.
func (f *File) at(d int) *time.Time {
	return [dates]*time.Time{&f.Received, &f.Registered, &f.Dispatched, &f.Arrived, &f.Accepted, &f.Replied, &f.Served, &f.Closed}[d]
}

// date sets date d to m; the first dispatch is the one that counts.
func (f *File) date(d int, m moment) {
	if at := f.at(d); d != dispatched || at.IsZero() {
		*at, f.marks[d] = m.at, m.by
	}
}

// evaluation returns the evaluation of j that is open, or a new one.
func (f *File) evaluation(j petition.Judged) *Evaluation {
	for i := len(f.Evaluations) - 1; i >= 0; i-- {
		if v := &f.Evaluations[i]; v.Judged == j && v.Submitted.IsZero() && v.Expired.IsZero() {
			return v
		}
	}
	f.Evaluations = append(f.Evaluations, Evaluation{Judged: j})
	return &f.Evaluations[len(f.Evaluations)-1]
}

// supervision returns the supervision with number no, nil if there is none.
func (f *File) supervision(no string) *Supervised {
	for i := len(f.Supervision) - 1; i >= 0; i-- {
		if s := &f.Supervision[i]; s.No == no {
			return s
		}
	}
	return nil
}
