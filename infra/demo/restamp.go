package demo

import (
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// meta returns the meta of an entry as it is of this case.
func (c *printed) meta(en entry) ledger.Meta {
	m := en.meta
	m.Command, m.Correlation, m.Causation = c.command(en.command), c.command(0), c.command(en.before)
	m.Occurred, m.Received = c.later(m.Occurred), c.later(m.Received)
	return m
}

// later returns t by as much later as the case is.
func (c *printed) later(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.AddDate(0, 0, c.days)
}

func (c *printed) clocks(clocks []law.Clock) []law.Clock {
	if c.days == 0 {
		return clocks
	}
	moved := make([]law.Clock, len(clocks))
	for i, k := range clocks {
		moved[i] = c.clock(k)
	}
	return moved
}

func (c *printed) clock(k law.Clock) law.Clock {
	k.Start = c.later(k.Start)
	for _, l := range []**law.Limit{&k.Statutory, &k.District} {
		if *l != nil {
			moved := **l
			moved.Due, moved.Rolled = c.later(moved.Due), c.later(moved.Rolled)
			*l = &moved
		}
	}
	return k
}

// event returns the event as it is of this case. Those that are the same in every
// case, and say no time, are as they were.
func (c *printed) event(en entry) petition.Event {
	switch e := en.event.(type) {
	case petition.PetitionReceived:
		e.Number, e.Clocks = c.number, c.clocks(e.Clocks)
		return e
	case petition.PetitionRegistered:
		if e.Petitioner.Subject != uuid.Nil {
			e.Petitioner.Subject = c.subject
		}
		return e
	case petition.PetitionReclassified:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.DuplicateLinked:
		e.Earlier = c.p.number(c.n - en.earlier)
		return e
	case petition.NoLongerAccepted:
		e.Earlier = c.p.number(c.n - en.earlier)
		return e
	case petition.CaseMerged:
		e.Into = c.p.number(c.n - en.earlier)
		return e
	case petition.CaseDispatched:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.DispatchReceived:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.AcceptanceDecided:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.AcceptanceOrdered:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.PetitionerNotified:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.ExtensionApproved:
		e.Clock = c.clock(e.Clock)
		return e
	case petition.HearingHeld:
		e.From, e.To = e.From.AddDays(c.days), e.To.AddDays(c.days)
		if e.Clock != nil {
			moved := c.clock(*e.Clock)
			e.Clock = &moved
		}
		return e
	case petition.MediationOpened:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.ReplyServed:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.CaseClosed:
		if !e.Plan.IsZero() {
			e.Plan = e.Plan.AddDays(c.days)
		}
		return e
	case petition.CaseReopened:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.ReviewRequested:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.ReviewDecided:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.RecheckRequested:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.RecheckDecided:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.EvaluationOpened:
		e.Clocks = c.clocks(e.Clocks)
		return e
	case petition.SupervisionIssued:
		e.Clock = c.clock(e.Clock)
		return e
	case petition.EntryCorrected:
		e.Target = ledger.EventID(c.command(en.target), 0)
		e.Old, e.New = c.corrected(e.Field, e.Old), c.corrected(e.Field, e.New)
		return e
	case petition.ErasureAuthorised:
		e.Subject = c.subject
		return e
	default:
		return e
	}
}

// corrected returns the value of a correction, later if it is a time.
func (c *printed) corrected(f petition.Field, value string) string {
	if t, err := time.Parse(time.RFC3339Nano, value); err == nil && (f == petition.FieldReceived || f == petition.FieldOccurred) {
		return text(c.later(t))
	}
	return value
}
