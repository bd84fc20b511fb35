package petition

import (
	"slices"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

func notify(q question, c NotifyPetitioner) ([]Event, error) {
	if err := first(notices.check(c.Notice, "ERR_BAD_TERM"), q.told(c.Notice)); err != nil {
		return nil, err
	}
	if c.Impossible != "" {
		return one(need(!blank(c.Impossible) && c.Method == "" && c.Proof == "", "ERR_PROOF_REQUIRED"),
			NotificationImpossible{c.Notice, c.Impossible})
	}
	e := PetitionerNotified{Notice: c.Notice, Method: c.Method, Proof: c.Proof, No: c.No}
	if c.Notice == NoticeReview && q.s.Stage == Reviewed && !q.s.reviewTold {
		e.Clocks = q.start(q.m.Occurred, law.C10)
	}
	return one(need(!blank(c.Method) && !blank(c.Proof), "ERR_PROOF_REQUIRED"), e)
}

func assignOfficer(q question, c AssignOfficer) ([]Event, error) {
	return one(first(
		need(!blank(c.Officer), "ERR_NO_RESPONSIBLE_OFFICER"),
		q.fit(c.Officer),
	), ResponsibleOfficerAssigned{q.m.Actor.Unit, c.Officer})
}

func handOver(q question, c HandOver) ([]Event, error) {
	return one(first(
		need(!blank(c.To), "ERR_NO_RESPONSIBLE_OFFICER"),
		need(c.To != q.s.Officer, "ERR_GAP"),
		q.fit(c.To),
	), HandedOver{q.m.Actor.Unit, q.s.Officer, c.To})
}

func declareConflict(q question, c DeclareConflict) ([]Event, error) {
	return one(first(
		need(!blank(c.Relation), "ERR_EMPTY"),
		need(q.holdsPost(c.Officer, q.m.Occurred), "ERR_OFFICER_INACTIVE"),
	), ConflictDeclared(c))
}

// recuse is for the head of a unit in which the officer works, or of one above
// it; if the officer is a head himself, only for the latter.
func recuse(q question, c Recuse) ([]Event, error) {
	d, at, actor := q.w.Directory, q.m.Occurred, q.m.Actor
	posts := d.PostsOf(c.Officer, at)
	if len(posts) == 0 {
		return nil, refuse("ERR_OFFICER_INACTIVE")
	}
	if q.s.recused[c.Officer] {
		return nil, nil
	}
	competent := c.Officer != actor.Officer && d.IsHead(actor.Officer, actor.Unit, at)
	for _, p := range posts {
		if competent && (q.above(p.Unit) || p.Unit == actor.Unit && !d.IsHead(c.Officer, p.Unit, at)) {
			return []Event{OfficerRecused(c)}, nil
		}
	}
	return nil, refuse("ERR_SELF_DECIDE")
}

func recordProgress(c RecordProgress) ([]Event, error) {
	return one(first(
		works.check(c.Kind, "ERR_BAD_TERM"),
		need(!blank(c.Note), "ERR_EMPTY"),
		identified(c.Evidence),
	), ProgressRecorded(c))
}

// identified refuses evidence that nothing identifies.
func identified(docs []ledger.Document) error {
	return need(!slices.Contains(docs, ledger.Document{}), "ERR_NO_EVIDENCE")
}

func requestExtension(q question, c RequestExtension) ([]Event, error) {
	_, running := q.s.clock(law.C6)
	return one(first(
		need(running, "ERR_NO_CLOCK"),
		need(!blank(q.m.Reason), "ERR_REASON_REQUIRED"),
		need(c.Days >= 1 && c.Days <= law.MaxExtension, "ERR_EXT_GT_30"),
		need(q.s.request == nil && q.s.extended+c.Days <= law.MaxExtension, "ERR_ALREADY_EXTENDED"),
	), ExtensionRequested(c))
}

func approveExtension(q question, c ApproveExtension) ([]Event, error) {
	if q.s.request.by == q.m.Actor.Officer || q.s.request.by == q.m.BehalfOf {
		return nil, refuse("ERR_SELF_APPROVAL")
	}
	if !c.Granted {
		return []Event{ExtensionRefused{}}, nil
	}
	clock, _ := q.s.clock(law.C6) // there was one when the extension was requested
	return one(need(c.Days >= 1 && c.Days <= law.MaxExtension-q.s.extended, "ERR_EXT_GT_30"),
		ExtensionApproved{c.Days, clock.Extend(c.Days)})
}

func holdHearing(q question, c HoldHearing) ([]Event, error) {
	if err := first(
		need(!c.From.IsZero() && !c.To.IsZero(), "ERR_TIME_REQUIRED"),
		need(!c.To.After(law.DateOf(q.now)), "ERR_FUTURE_TIME"),
		need(!c.To.Before(c.From) && c.From.After(q.s.heard), "ERR_TIME_ORDER"),
	); err != nil {
		return nil, err
	}
	e := HearingHeld{From: c.From, To: c.To}
	if q.s.Stage == InRecheck {
		clock, _ := q.s.clock(law.C11)
		if c.From.Before(law.DateOf(clock.Start)) {
			return nil, refuse("ERR_TIME_ORDER")
		}
		if limited(clock) != nil {
			paused := clock.Pause(c.To.Sub(c.From) + 1)
			e.Clock = &paused
		}
	}
	return []Event{e}, nil
}

func startMediation(q question, c StartMediation) ([]Event, error) {
	return one(first(
		need(!blank(c.Mediation), "ERR_NUMBER_REQUIRED"),
		need(c.Consent, "ERR_CONSENT"),
	), MediationOpened{c.Mediation, q.start(q.m.Occurred, law.C16)})
}

func issueReply(q question, c IssueReply) ([]Event, error) {
	if err := first(
		need(!blank(c.No), "ERR_NUMBER_REQUIRED"),
		q.answers(c.Answers),
		need(!q.s.procedural() || !blank(c.Rescue), "ERR_BASIS_REQUIRED"),
		need(c.Reviewer != q.m.Actor.Officer && c.Reviewer != q.m.BehalfOf && q.fit(c.Reviewer) == nil, "ERR_NO_REVIEWER"),
		Person{Subject: q.s.Subject}.owns(c.Text),
	); err != nil {
		return nil, err
	}
	return []Event{ReplyIssued(c)}, nil
}

// answers refuses a reply that leaves a claim unanswered, answers one twice, or
// does not say on what it rests (Art.32).
func (q question) answers(as []Answer) error {
	seen := make(map[int]bool)
	for _, a := range as {
		if a.Claim < 1 || a.Claim > q.s.claims || seen[a.Claim] {
			return refuse("ERR_CLAIM_UNANSWERED")
		}
		seen[a.Claim] = true
		if err := first(
			outcomes.check(a.Outcome, "ERR_BAD_TERM"),
			need(!blank(a.Facts) && !blank(a.Basis), "ERR_BASIS_REQUIRED"),
		); err != nil {
			return err
		}
	}
	return need(len(seen) == q.s.claims, "ERR_CLAIM_UNANSWERED")
}

func serveReply(q question, c ServeReply) ([]Event, error) {
	var clocks []law.Clock
	if q.s.opinion {
		clocks = q.start(q.m.Occurred, law.C8)
	}
	return one(first(
		need(!blank(c.Method), "ERR_PROOF_REQUIRED"),
		opinions.check(c.Opinion, "ERR_BAD_TERM"),
	), ReplyServed{c.Method, c.Refused, c.Opinion, clocks})
}

func reportCompletion(c ReportCompletion) ([]Event, error) {
	return one(need(!blank(c.No), "ERR_NUMBER_REQUIRED"), CompletionReported(c))
}

func closeCase(q question, c Close) ([]Event, error) {
	return one(first(
		need(q.s.Stage != Replied || q.s.unreachable, "ERR_REPLY_NOT_SERVED"),
		need(!blank(c.Result), "ERR_EMPTY"),
		// A suggestion may be answered without having been taken up, and so
		// without a place for progress.
		need(q.s.progress > 0 || q.s.Class == Suggestion && q.s.accepted.IsZero(), "ERR_NO_PROGRESS"),
		need(q.s.evidence+len(c.Evidence) > 0, "ERR_NO_EVIDENCE"),
		identified(c.Evidence),
		need(!q.s.supported || !c.Plan.IsZero(), "ERR_PLAN_REQUIRED"),
	), CaseClosed(c))
}

func reopen(q question, c Reopen) ([]Event, error) {
	return one(first(
		reopenings.check(c.Ground, "ERR_BAD_TERM"),
		q.approved("ERR_UNAPPROVED"),
	), CaseReopened{c.Ground, q.handling()})
}
