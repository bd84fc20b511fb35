package petition

import (
	"slices"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

// Evolve returns the state after e. It changes s in place, unless that is nil.
func Evolve(s *State, e Event, m ledger.Meta) *State {
	if s == nil || s.entries == nil {
		s = newState()
	}
	was, id := s.Stage, s.next(m)
	s.apply(e, m)
	if en := entered(e, m); en != nil {
		s.entries[id] = en
	}
	if s.Stage != was {
		s.turn = id
	}
	return s
}

func (s *State) apply(e Event, m ledger.Meta) {
	switch e := e.(type) {
	case PetitionReceived:
		s.Stage, s.Number, s.Holder, s.direct = Received, e.Number, e.Unit, e.Direct
		s.involve(e.Unit)
		s.set(e.Clocks...)
	case PetitionRegistered:
		s.Stage, s.Subject, s.claims = Registered, e.Petitioner.Subject, len(e.Claims)
	case PetitionClassified:
		s.Stage, s.Class, s.Path = Classified, e.Class, e.Path
		s.Restricted = s.Restricted || e.Class == Accusation
	case PetitionReclassified:
		s.Class, s.Path = e.Class, e.Path
		s.Restricted = s.Restricted || e.Class == Accusation
		s.set(e.Clocks...)
	case CaseRestricted:
		s.Restricted = true
		s.Accused = append(s.Accused, e.Accused...)
	case DuplicateLinked:
		s.links = append(s.links, e.Earlier)
	case CaseMerged:
		s.Stage = Merged

	case CaseDispatched:
		s.Stage, s.Sender, s.Addressee = Dispatched, e.From, e.To
		s.told[NoticeDispatch] = true
		s.involve(e.From, e.To)
		s.set(e.Clocks...)
	case DispatchReceived:
		s.Stage, s.Holder, s.Officer = Pending, e.Unit, ""
		s.involve(e.Unit)
		s.set(e.Clocks...)
	case ObjectionRaised:
		s.Stage = Objected
	case ObjectionUpheld:
		s.Stage, s.Holder, s.Officer = Classified, s.Sender, ""
	case ObjectionRejected:
		s.Stage = Pending
	case AcceptanceDecided:
		s.restart()
		s.Holder, s.Officer, s.accepted = e.Unit, e.Officer, m.Occurred
		s.told[NoticeAccept] = true
		s.handled(m, e.Officer)
		s.set(e.Clocks...)
	case NotAccepted:
		s.Stage = Refused
		s.told[NoticeRefuse] = true
		s.handled(m)
	case NoLongerAccepted:
		s.Stage = NoLonger
		s.told[NoticeNoLonger] = true
	case DivertedToLegalChannel:
		s.Stage = Diverted
		s.told[NoticeDivert] = true
	case TransferredToDiscipline:
		s.Stage = ToDiscipline
		s.involve(e.Organ)
	case AcceptanceOrdered:
		s.Stage, s.Holder, s.Sender, s.Officer = Pending, e.Unit, m.Actor.Unit, ""
		s.involve(e.Unit, m.Actor.Unit)
		s.set(e.Clocks...)
	case PetitionWithdrawn:
		s.Stage = Withdrawn

	case PetitionerNotified:
		s.reviewTold = s.reviewTold || s.reviewed && e.Notice == NoticeReview
		s.set(e.Clocks...)
	case NotificationImpossible:
		s.unreachable = s.unreachable || s.Stage == Replied && e.Notice == NoticeReply
		s.reviewTold = s.reviewTold || s.reviewed && e.Notice == NoticeReview
	case ResponsibleOfficerAssigned:
		s.Officer = e.Officer
		s.handled(m, e.Officer)
	case HandedOver:
		s.Officer = e.To
		s.handled(m, e.To)
	case ConflictDeclared:
	case OfficerRecused:
		s.recused[e.Officer] = true
		if s.Officer == e.Officer {
			s.Officer = ""
		}
	case ProgressRecorded:
		s.progress++
		s.evidence += len(e.Evidence)
		s.handled(m)
	case ExtensionRequested:
		s.request = &extension{by: m.Actor.Officer}
		s.handled(m)
	case ExtensionApproved:
		s.request = nil
		s.extended += e.Days
		s.told[NoticeExtension] = true
		s.handled(m)
		s.set(e.Clock)
	case ExtensionRefused:
		s.request = nil
		s.handled(m)
	case HearingHeld:
		s.heard = e.To
		if s.Stage == Handling {
			s.handled(m)
		}
		if e.Clock != nil {
			s.set(*e.Clock)
		}
	case MediationOpened:
		s.handled(m)
		s.set(e.Clocks...)
	case ReplyIssued:
		s.Stage, s.opinion = Replied, s.procedural()
		s.supported = slices.ContainsFunc(e.Answers, func(a Answer) bool { return a.Outcome == Supported })
		s.told[NoticeReply] = true
		s.handled(m, e.Reviewer)
	case ReplyServed:
		s.Stage = Served
		s.handled(m)
		s.set(e.Clocks...)
	case CompletionReported:
	case CaseClosed:
		s.Stage, s.closed = Closed, true
		s.evidence += len(e.Evidence)
		s.handled(m)
	case CaseReopened:
		s.restart()
		s.set(e.Clocks...)

	case ReviewRequested:
		s.Stage, s.Review = InReview, e.Organ
		s.involve(e.Organ)
		s.set(e.Clocks...)
	case ReviewDecided:
		s.told[NoticeReview] = true
		if e.Ruling == Revoked {
			s.restart()
		} else {
			s.Stage, s.reviewed = Reviewed, true
			s.reviewers = []string{m.Actor.Officer, m.BehalfOf}
			s.supported = s.supported || e.Ruling == Changed
		}
		s.set(e.Clocks...)
	case RecheckRequested:
		s.Stage, s.Recheck, s.heard = InRecheck, e.Organ, law.Date{}
		s.involve(e.Organ)
		s.set(e.Clocks...)
	case RecheckDecided:
		s.told[NoticeRecheck] = true
		if e.Ruling == Revoked {
			s.restart()
		}
		s.supported = s.supported || e.Ruling == Changed
		s.set(e.Clocks...)
	case CaseTerminated:
		s.Stage = Terminated
	case ExecutionConfirmed:
	case EvaluationOpened:
		opened := evaluation{open: true}
		if len(e.Clocks) > 0 {
			opened.clock = e.Clocks[0]
		}
		s.evaluation[e.Judged] = opened
		s.set(e.Clocks...)
	case EvaluationSubmitted:
		s.evaluation[e.Judged] = evaluation{}
	case EvaluationExpired:
		s.evaluation[e.Judged] = evaluation{}
	case ReturnVisitRecorded:
	case SupervisionIssued:
		s.supervised = append(s.supervised, supervision{e.No, e.Unit, m.Actor.Unit, true})
		s.involve(e.Unit, m.Actor.Unit)
		s.set(e.Clock)
	case SupervisionFedBack:
	case SupervisionClosed:
		if i := s.supervision(e.No); i >= 0 {
			s.supervised[i].open = false
		}
	case UrgentReported:
	case StatisticsExclusionMarked:
		s.excluded = append(s.excluded, e.Ground)
	case DeadlineRecomputed:
		s.set(e.Clock)
		for j, v := range s.evaluation {
			if v.clock.ID == e.Clock.ID && v.clock.Start.Equal(e.Clock.Start) {
				v.clock = e.Clock
				s.evaluation[j] = v
			}
		}
	case EntryCorrected:
		if en := s.entries[e.Target]; en != nil {
			en[e.Field] = e.New
		}
	case ErasureAuthorised:
		s.erased = true
	case CaseArchived:
		s.Stage = Archived

	case CaseImported:
		s.Stage, s.Number, s.Subject = e.stage(), e.Number, e.Petitioner.Subject
		s.Class, s.Restricted = e.Class, e.Class == Accusation
		s.Holder, s.Addressee, s.accepted = e.Unit, e.Unit, e.Accepted
		s.opinion = s.procedural() && (!e.Replied.IsZero() || !e.Served.IsZero())
		s.closed = !e.Closed.IsZero()
		s.told[NoticeAccept] = !e.Accepted.IsZero()
		s.told[NoticeReply] = s.opinion
		s.involve(e.Unit)
		s.set(e.Clocks...)
	case ActionImported:
		s.Stage = Foreign
	}
}
