package petition

import (
	"slices"
	"time"

	"xinfang/domain/law"
)

// requestReview: a request that comes too late is recorded as late; the organ may
// refuse it (Art.35).
func requestReview(q question, c RequestReview) ([]Event, error) {
	clocks, late, err := q.remedy(c.Organ, q.s.Holder, law.C8, law.C9)
	return one(err, ReviewRequested{c.Organ, late, clocks})
}

func requestRecheck(q question, c RequestRecheck) ([]Event, error) {
	clocks, late, err := q.remedy(c.Organ, q.s.Review, law.C10, law.C11)
	return one(err, RecheckRequested{c.Organ, late, clocks})
}

// remedy checks a request to organ against what below decided. It was to be made
// while the clock until ran; another one starts with its receipt.
func (q question) remedy(organ, below string, until, next law.ClockID) (_ []law.Clock, late bool, err error) {
	window, ok := q.s.clock(until)
	received, err := q.received(window.Start)
	late = ok && !received.Before(due(window))
	return q.start(received, next), late, first(
		err,
		q.active(organ),
		need(q.w.Directory.Above(organ, below), "ERR_NOT_HIGHER"),
		q.unaccused(organ),
	)
}

// fresh refuses who has handled the case, or decided on what is now re-checked.
func (q question) fresh() error {
	for _, o := range []string{q.m.Actor.Officer, q.m.BehalfOf} {
		if o != "" && (q.s.handlers[o] || slices.Contains(q.s.reviewers, o)) {
			return refuse("ERR_PRIOR_HANDLER")
		}
	}
	return nil
}

func decideReview(q question, c DecideReview) ([]Event, error) {
	e := ReviewDecided{Organ: q.s.Review, Ruling: c.Ruling, No: c.No}
	if c.Ruling == Revoked {
		e.Clocks = q.handling()
	}
	return one(first(
		rulings.check(c.Ruling, "ERR_BAD_TERM"),
		need(!blank(c.No), "ERR_NUMBER_REQUIRED"),
		q.fresh(),
	), e)
}

// decideRecheck ends the case, unless it has to be handled anew (Art.36¶3).
func decideRecheck(q question, c DecideRecheck) ([]Event, error) {
	e := RecheckDecided{Organ: q.s.Recheck, Ruling: c.Ruling, No: c.No}
	if err := first(
		rulings.check(c.Ruling, "ERR_BAD_TERM"),
		need(!blank(c.No), "ERR_NUMBER_REQUIRED"),
		q.fresh(),
	); err != nil {
		return nil, err
	}
	if c.Ruling == Revoked {
		e.Clocks = q.handling()
		return []Event{e}, nil
	}
	return []Event{e, CaseTerminated{}}, nil
}

// openEvaluation: each of the two is evaluated once, and once more after the
// case was handled anew. The unit is evaluated for its reply.
func openEvaluation(q question, c OpenEvaluation) ([]Event, error) {
	_, before := q.s.evaluation[c.Judged]
	return one(first(
		judged.check(c.Judged, "ERR_BAD_TERM"),
		need(!before, "ERR_EVAL_CLOSED"),
		need(c.Judged == JudgedBureau || q.s.told[NoticeReply] && q.s.Stage != Replied, "ERR_REPLY_NOT_SERVED"),
	), EvaluationOpened{c.Judged, q.start(q.m.Occurred, law.C15)})
}

func submitEvaluation(q question, c SubmitEvaluation) ([]Event, error) {
	return one(first(
		judged.check(c.Judged, "ERR_BAD_TERM"),
		grades.check(c.Grade, "ERR_BAD_TERM"),
		evaluated.check(c.Channel, "ERR_BAD_TERM"),
		need(q.s.evaluation[c.Judged].open, "ERR_EVAL_CLOSED"),
	), EvaluationSubmitted(c))
}

func expireEvaluation(q question, c ExpireEvaluation) ([]Event, error) {
	e := q.s.evaluation[c.Judged]
	return one(first(
		judged.check(c.Judged, "ERR_BAD_TERM"),
		need(e.open, "ERR_EVAL_CLOSED"),
		need(!q.m.Occurred.Before(due(e.clock)), "ERR_TIME_ORDER"),
	), EvaluationExpired(c))
}

func recordVisit(q question, c RecordReturnVisit) ([]Event, error) {
	silent := c.Bureau == "" && c.Judged == ""
	if err := first(
		need(!blank(c.Method), "ERR_PROOF_REQUIRED"),
		need(c.Reached || silent, "ERR_BAD_TERM"),
	); err != nil {
		return nil, err
	}
	for _, g := range []Grade{c.Bureau, c.Judged} {
		if g == "" {
			continue
		}
		if err := grades.check(g, "ERR_BAD_TERM"); err != nil {
			return nil, err
		}
	}
	return []Event{ReturnVisitRecorded{
		Unit: q.m.Actor.Unit, Method: c.Method, Reached: c.Reached, Bureau: c.Bureau, Judged: c.Judged, Note: c.Note,
	}}, nil
}

// archive files the case away once nobody can ask for a review any more.
func archive(q question, c Archive) ([]Event, error) {
	return one(first(
		retentions.check(c.Retention, "ERR_BAD_TERM"),
		need(!q.m.Occurred.Before(q.s.reviewable()), "ERR_REVIEW_WINDOW_OPEN"),
	), CaseArchived(c))
}

// never is after everything that a case can know.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// reviewable returns until when what stands may be taken further.
func (s *State) reviewable() time.Time {
	id := law.C8
	switch {
	case s.Stage != Closed && s.Stage != Reviewed:
		return time.Time{}
	case s.reviewed && !s.reviewTold:
		return never // the time begins when the petitioner has it
	case s.reviewed:
		id = law.C10
	}
	c, _ := s.clock(id)
	return due(c)
}
