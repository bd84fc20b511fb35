package petition

import (
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
)

// active refuses a unit that did not work when it happened (Art.24¶2).
func (q question) active(unit string) error {
	return need(q.w.Directory.Active(unit, q.m.Occurred), "ERR_UNIT_INACTIVE")
}

// approved refuses with code what has no reason or nobody's approval. That the
// approver is another is checked for every command.
func (q question) approved(code string) error {
	return need(q.m.Approver != "" && !blank(q.m.Reason), code)
}

// unaccused refuses to let an accusation reach a unit that it names, or one where
// a person that it names worked then (Art.30¶3).
func (q question) unaccused(unit string) error {
	named := func(a Accused) bool {
		return a.Unit == unit || a.Officer != "" && q.w.Directory.InUnit(a.Officer, unit, q.m.Occurred)
	}
	return need(!slices.ContainsFunc(q.s.Accused, named), "ERR_ACCUSED_RECIPIENT")
}

// listed refuses an accusation of which nobody has said whom it accuses.
func (q question) listed() error {
	return need(q.s.Class != Accusation || len(q.s.Accused) > 0, "ERR_ACCUSED_LIST_REQUIRED")
}

// number refuses what cannot be the number of a case: it stands in addresses, file
// names and spreadsheets.
func number(s string) error {
	return first(need(!blank(s), "ERR_NUMBER_REQUIRED"), need(caseNumber.MatchString(s), "ERR_BAD_NUMBER"))
}

var caseNumber = regexp.MustCompile(`^[\p{Han}A-Za-z0-9〔〕（）()][\p{Han}A-Za-z0-9〔〕（）()_-]*$`)

func receive(q question, c ReceivePetition) ([]Event, error) {
	received, err := q.received(time.Time{})
	if err := first(
		number(c.Number),
		channels.check(c.Channel, "ERR_BAD_CHANNEL"),
		levels.check(c.Level, "ERR_BAD_TERM"),
		need(headcount(c.Headcount, c.Representatives), "ERR_BAD_HEADCOUNT"),
		need(q.acts(c.Unit), "ERR_NOT_HOLDER"),
		q.active(c.Unit),
		err,
	); err != nil {
		return nil, err
	}
	ids := []law.ClockID{law.C1, law.C2}
	if c.Direct {
		ids[1] = law.C3
	}
	if c.Urgent {
		ids = append(ids, law.C13, law.C13Written)
	}
	return []Event{PetitionReceived{
		Number: c.Number, Channel: c.Channel, Unit: c.Unit, Direct: c.Direct, Level: c.Level, Place: c.Place,
		Headcount: c.Headcount, Representatives: c.Representatives, Urgent: c.Urgent,
		Clocks: q.start(received, ids...),
	}}, nil
}

func register(q question, c RegisterPetition) ([]Event, error) {
	if err := first(
		need(c.Petitioner.Anonymous || c.Petitioner.Name.set() && c.Petitioner.Address.set(), "ERR_PETITIONER_REQUIRED"),
		need(len(c.Claims) > 0, "ERR_NO_CLAIM"),
		need(!blank(c.Summary), "ERR_EMPTY"),
		need(c.Street == "" || known(q.w.Directory, c.Street), "ERR_UNIT_INACTIVE"),
	); err != nil {
		return nil, err
	}
	p := c.Petitioner
	sealed := []Sealed{p.Name, p.IDNumber, p.Phone, p.Address}
	for _, claim := range c.Claims {
		if blank(claim.Summary) {
			return nil, refuse("ERR_NO_CLAIM")
		}
		sealed = append(sealed, claim.Text)
	}
	return one(p.owns(sealed...), PetitionRegistered(c))
}

// set reports whether anything is known of s.
func (s Sealed) set() bool { return s.Masked != "" || len(s.Box) > 0 }

// owns refuses boxes if the person has no key that could open them.
func (p Person) owns(sealed ...Sealed) error {
	boxed := slices.ContainsFunc(sealed, func(s Sealed) bool { return len(s.Box) > 0 })
	return need(!boxed || p.Subject != uuid.Nil, "ERR_NO_SUBJECT")
}

func linkDuplicate(q question, c LinkDuplicate) ([]Event, error) {
	if err := first(
		need(!blank(c.Earlier), "ERR_NUMBER_REQUIRED"),
		need(c.Earlier != q.s.Number, "ERR_SELF_LINK"),
		need(q.holdsPost(c.ConfirmedBy, q.m.Occurred), "ERR_NEEDS_CONFIRM"),
	); err != nil {
		return nil, err
	}
	if slices.Contains(q.s.links, c.Earlier) {
		return nil, nil
	}
	return []Event{DuplicateLinked(c)}, nil
}

func merge(q question, c Merge) ([]Event, error) {
	return one(first(
		need(!blank(c.Into), "ERR_NUMBER_REQUIRED"),
		need(c.Into != q.s.Number, "ERR_SELF_LINK"),
		q.approved("ERR_UNAPPROVED"),
	), CaseMerged(c))
}

func classify(q question, c Classify) ([]Event, error) {
	if err := first(
		classes.check(c.Class, "ERR_BAD_TERM"),
		need((c.Class == Claiming) == paths.has(c.Path) && (c.Class == Claiming || c.Path == ""), "ERR_PATH_REQUIRED"),
	); err != nil {
		return nil, err
	}
	switch {
	case q.s.Stage == Registered:
		return []Event{PetitionClassified(c)}, nil
	case q.s.Class == c.Class && q.s.Path == c.Path:
		return nil, nil
	case q.s.Stage != Handling:
		return []Event{PetitionReclassified{Class: c.Class, Path: c.Path}}, nil
	}
	if err := q.approved("ERR_RECLASS_UNAPPROVED"); err != nil {
		return nil, err
	}
	e := PetitionReclassified{Class: c.Class, Path: c.Path}
	after := State{Class: c.Class, Path: c.Path}
	if _, running := q.s.clock(law.C6); after.procedural() && !running {
		e.Clocks = q.start(q.s.accepted, law.C6) // as if it had been right from acceptance on
	}
	return []Event{e}, nil
}

func restrict(q question, c MarkRestricted) ([]Event, error) {
	for _, a := range c.Accused {
		if blank(a.Officer) && blank(a.Unit) {
			return nil, refuse("ERR_ACCUSED_LIST_REQUIRED")
		}
	}
	return one(need(len(c.Accused) > 0, "ERR_ACCUSED_LIST_REQUIRED"), CaseRestricted(c))
}

func dispatch(q question, c Dispatch) ([]Event, error) {
	if err := first(
		modes.check(c.Mode, "ERR_BAD_TERM"),
		need(!blank(c.No), "ERR_NUMBER_REQUIRED"),
		need(c.To != q.m.Actor.Unit, "ERR_SELF_DISPATCH"),
		q.active(c.To),
		q.listed(),
		q.unaccused(c.To),
		need(c.Mode != Assign || !c.Due.IsZero(), "ERR_DUE_REQUIRED"),
	); err != nil {
		return nil, err
	}
	e := CaseDispatched{Mode: c.Mode, From: q.m.Actor.Unit, To: c.To, No: c.No, Demand: c.Demand}
	if c.Due.IsZero() {
		return []Event{e}, nil
	}
	e.Clocks = limited(q.w.Rules.StartOrdered(law.C7, q.m.Occurred, c.Due, q.w.Calendar))
	return one(need(!c.Due.Before(law.DateOf(q.m.Occurred)), "ERR_TIME_ORDER"), e)
}

func receiveDispatch(q question) ([]Event, error) {
	received, err := q.received(q.s.entries[q.s.turn].occurred())
	return one(err, DispatchReceived{Unit: q.m.Actor.Unit, Clocks: q.start(received, law.C4, law.C5)})
}

func object(q question, c RaiseObjection) ([]Event, error) {
	limit, ok := q.s.clock(law.C5)
	late := ok && !q.m.Occurred.Before(due(limit))
	return one(need(!blank(c.Reasons), "ERR_REASON_REQUIRED"), ObjectionRaised{Unit: q.m.Actor.Unit, Reasons: c.Reasons, Late: late})
}

func decideObjection(q question, c DecideObjection) ([]Event, error) {
	if c.Upheld {
		return []Event{ObjectionUpheld{Unit: q.s.Holder}}, nil
	}
	return []Event{ObjectionRejected{Unit: q.s.Holder}}, nil
}

func accept(q question, c Accept) ([]Event, error) {
	clocks := q.handling()
	if c.Simple {
		clocks = append(clocks, q.start(q.m.Occurred, law.C14)...)
	}
	return one(first(
		need(!blank(c.Officer), "ERR_NO_RESPONSIBLE_OFFICER"),
		q.fit(c.Officer),
	), AcceptanceDecided{Unit: q.m.Actor.Unit, Officer: c.Officer, Simple: c.Simple, Clocks: clocks})
}

func notAccept(q question, c NotAccept) ([]Event, error) {
	return one(need(!blank(c.Ground), "ERR_GROUND_REQUIRED"), NotAccepted{Unit: q.m.Actor.Unit, Ground: c.Ground})
}

func acceptNoLonger(q question, c AcceptNoLonger) ([]Event, error) {
	return one(first(
		need(!blank(c.Ground), "ERR_GROUND_REQUIRED"),
		need(!blank(c.Earlier), "ERR_NUMBER_REQUIRED"),
		need(c.Earlier != q.s.Number, "ERR_SELF_LINK"),
	), NoLongerAccepted(c))
}

func divert(q question, c Divert) ([]Event, error) {
	return one(first(
		need(paths.has(c.Path) && c.Path != PathPetition, "ERR_PATH_REQUIRED"),
		need(!blank(c.Explanation), "ERR_REASON_REQUIRED"),
	), DivertedToLegalChannel(c))
}

func transfer(q question, c TransferToDiscipline) ([]Event, error) {
	organ, _ := q.w.Directory.Unit(c.Organ)
	return one(first(
		need(q.s.Class == Accusation, "ERR_NOT_ACCUSATION"),
		q.active(c.Organ),
		need(organ.Kind == org.KindDiscipline, "ERR_NOT_DISCIPLINE_ORGAN"),
		q.listed(),
		q.unaccused(c.Organ),
	), TransferredToDiscipline(c))
}

func orderAcceptance(q question, c OrderAcceptance) ([]Event, error) {
	return one(first(
		q.active(c.Unit),
		need(q.above(c.Unit), "ERR_NOT_HIGHER"),
		q.unaccused(c.Unit),
	), AcceptanceOrdered{Unit: c.Unit, Clocks: q.start(q.m.Occurred, law.C4)})
}

func withdraw(c Withdraw) ([]Event, error) {
	return one(need(!blank(c.Proof), "ERR_PROOF_REQUIRED"), PetitionWithdrawn(c))
}

// fit refuses an officer who cannot be made responsible in the actor's unit.
func (q question) fit(officer string) error {
	return first(
		need(!q.s.recused[officer], "ERR_RECUSED"),
		need(!q.s.accuses(officer), "ERR_ACCUSED_RECIPIENT"),
		need(q.w.Directory.InUnit(officer, q.m.Actor.Unit, q.m.Occurred), "ERR_OFFICER_INACTIVE"),
	)
}

// told refuses a notice of what has not happened.
func (q question) told(n Notice) error {
	switch n {
	case NoticeReceipt, NoticeProgress:
		return nil
	default:
	}
	if q.s.told[n] {
		return nil
	}
	return refuseWith("ERR_WRONG_STAGE", ledger.Text{ZH: "尚无可告知的" + n.Title().ZH, EN: "there is nothing yet to tell of: " + n.Title().EN})
}
