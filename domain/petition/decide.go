package petition

import (
	"reflect"
	"time"

	"xinfang/domain/ledger"
)

// Decide says what a command leads to, given what has happened so far.
//
// First come the checks that all commands share: that what was written can be
// stored, that the actor held his post when it happened and may act in this
// case, that nobody approves his own, that a late entry is explained, and that
// the case is at a stage where it can be done. Then each command has a function
// of its own. What asks for what is already so leads to nothing. Everything that
// may not be done is a [*ledger.Refusal]; nothing panics, whatever is asked.
func Decide(s *State, a Act, m ledger.Meta) ([]Event, error) {
	if s == nil {
		s = newState()
	}
	c := plain(a.Command)
	r, ok := ruleOf[reflect.TypeOf(c)]
	if !ok {
		return nil, refuse("ERR_NO_COMMAND")
	}
	q := question{s, a.World, m, a.Now}
	if err := q.admit(r, c); err != nil {
		return nil, err
	}
	return q.decide(c)
}

// admit makes the checks that all commands share.
func (q question) admit(r rule, c Command) error {
	if err := first(r.check(c, q.m), q.times(r), q.authority(r), q.others()); err != nil {
		return err
	}
	if err := q.may(r); err != nil {
		return err
	}
	if since := q.s.entries[q.s.turn].occurred(); r.moves && q.m.Occurred.Before(since) {
		return refuse("ERR_TIME_ORDER")
	}
	return nil
}

// check refuses what could not be stored. Imports are checked piece by piece, by
// their own functions: each piece is a record of its own.
func (r rule) check(c Command, m ledger.Meta) error {
	if r.foreign {
		return check(m)
	}
	return check(struct {
		Command Command
		Meta    ledger.Meta
	}{c, m})
}

// may refuses who may not ask for this, and what comes too early or too late.
func (q question) may(r rule) error {
	if q.s.Stage == None && r.at[0] != None {
		return refuse("ERR_NO_CASE")
	}
	if code := r.who(q); code != "" {
		return refuse(code)
	}
	return r.stage(q.s)
}

// May says why the actor could not ask for the command of that name at that
// instant; nil if he could. What the command brings is not looked at, so it may
// be refused all the same.
func May(s *State, w World, by ledger.Actor, at time.Time, name string) error {
	r, ok := ruleBy[name]
	if !ok {
		return refuse("ERR_NO_COMMAND")
	}
	if s == nil {
		s = newState()
	}
	q := question{s, w, ledger.Meta{Actor: by, Occurred: at}, at}
	return first(q.authority(r), q.may(r))
}

// Lawful returns the names of the commands that the actor could ask for at that
// instant, in the order of a case's life; see [May].
func Lawful(s *State, w World, by ledger.Actor, at time.Time) (names []string) {
	for _, r := range rules {
		if May(s, w, by, at, r.name) == nil {
			names = append(names, r.name)
		}
	}
	return names
}

func (q question) decide(c Command) ([]Event, error) {
	switch c := c.(type) {
	// decide_intake.go
	case ReceivePetition:
		return receive(q, c)
	case RegisterPetition:
		return register(q, c)
	case LinkDuplicate:
		return linkDuplicate(q, c)
	case Merge:
		return merge(q, c)
	case Classify:
		return classify(q, c)
	case MarkRestricted:
		return restrict(q, c)
	case Dispatch:
		return dispatch(q, c)
	case ReceiveDispatch:
		return receiveDispatch(q)
	case RaiseObjection:
		return object(q, c)
	case DecideObjection:
		return decideObjection(q, c)
	case Accept:
		return accept(q, c)
	case NotAccept:
		return notAccept(q, c)
	case AcceptNoLonger:
		return acceptNoLonger(q, c)
	case Divert:
		return divert(q, c)
	case TransferToDiscipline:
		return transfer(q, c)
	case OrderAcceptance:
		return orderAcceptance(q, c)
	case Withdraw:
		return withdraw(c)

	// decide_handling.go
	case NotifyPetitioner:
		return notify(q, c)
	case AssignOfficer:
		return assignOfficer(q, c)
	case HandOver:
		return handOver(q, c)
	case DeclareConflict:
		return declareConflict(q, c)
	case Recuse:
		return recuse(q, c)
	case RecordProgress:
		return recordProgress(c)
	case RequestExtension:
		return requestExtension(q, c)
	case ApproveExtension:
		return approveExtension(q, c)
	case HoldHearing:
		return holdHearing(q, c)
	case StartMediation:
		return startMediation(q, c)
	case IssueReply:
		return issueReply(q, c)
	case ServeReply:
		return serveReply(q, c)
	case ReportCompletion:
		return reportCompletion(c)
	case Close:
		return closeCase(q, c)
	case Reopen:
		return reopen(q, c)

	// decide_after.go
	case RequestReview:
		return requestReview(q, c)
	case DecideReview:
		return decideReview(q, c)
	case RequestRecheck:
		return requestRecheck(q, c)
	case DecideRecheck:
		return decideRecheck(q, c)
	case ConfirmExecution:
		return []Event{ExecutionConfirmed(c)}, nil
	case OpenEvaluation:
		return openEvaluation(q, c)
	case SubmitEvaluation:
		return submitEvaluation(q, c)
	case ExpireEvaluation:
		return expireEvaluation(q, c)
	case RecordReturnVisit:
		return recordVisit(q, c)
	case Archive:
		return archive(q, c)

	// decide_oversight.go
	case Supervise:
		return supervise(q, c)
	case FeedBack:
		return feedBack(q, c)
	case CloseSupervision:
		return closeSupervision(q, c)
	case ReportUrgent:
		return reportUrgent(c)
	case ExcludeFromStatistics:
		return exclude(q, c)
	case AuthoriseErasure:
		return authoriseErasure(q, c)

	// entry.go
	case RecomputeDeadline:
		return recompute(q, c)
	case CorrectEntry:
		return correct(q, c)

	// decide_import.go
	case ImportCase:
		return importCase(q, c)
	case ImportActions:
		return importActions(q, c)
	}
	return nil, refuse("ERR_NO_COMMAND")
}

// one returns the event unless there is something against it.
func one(err error, e Event) ([]Event, error) {
	if err != nil {
		return nil, err
	}
	return []Event{e}, nil
}
