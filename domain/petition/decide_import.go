package petition

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"xinfang/domain/law"
)

// maxActions is the most actions of one imported trace. With the case itself they
// are one batch of [ledger.MaxBatch].
const maxActions = 1000

// importCase takes a case as another ledger has it. Only its clocks are ours:
// what would have been due, by the rules of then.
func importCase(q question, c ImportCase) ([]Event, error) {
	e, err := q.foreign(c.Case)
	if err != nil {
		return nil, err
	}
	if !e.Received.IsZero() {
		e.Clocks = q.start(e.Received, law.C1, law.C2)
	}
	if after := (&State{Class: e.Class}); !e.Accepted.IsZero() && after.procedural() {
		e.Clocks = append(e.Clocks, q.start(e.Accepted, law.C6)...)
	}
	return []Event{e}, nil
}

// importActions takes one trace of an event log. Its actions are not acts of this
// law, so they start no clocks.
func importActions(q question, c ImportActions) ([]Event, error) {
	if len(c.Actions) == 0 {
		return nil, refuse("ERR_EMPTY")
	}
	if len(c.Actions) > maxActions {
		return nil, refuse("ERR_TOO_MANY")
	}
	e, err := q.foreign(c.Case)
	if err != nil {
		return nil, err
	}
	events := make([]Event, 1, len(c.Actions)+1)
	events[0] = e
	for _, a := range c.Actions {
		a.At = stored(a.At)
		if err := first(
			check(a),
			need(!blank(a.Activity), "ERR_EMPTY"),
			need(!a.At.IsZero(), "ERR_TIME_REQUIRED"),
			q.past(a.At),
			a.Source.check(),
		); err != nil {
			return nil, err
		}
		events = append(events, a)
	}
	return events, nil
}

// foreign returns e as it may be stored, without clocks, or why it may not be.
func (q question) foreign(e CaseImported) (CaseImported, error) {
	e.Clocks = nil
	received := law.DateOf(e.Received)
	for _, t := range e.times() {
		*t = stored(*t)
		if err := q.past(*t); err != nil {
			return e, err
		}
		// The day alone is compared: the source may know no more.
		if !t.IsZero() && !received.IsZero() && law.DateOf(*t).Before(received) {
			return e, refuse("ERR_TIME_ORDER")
		}
	}
	return e, first(
		check(e),
		number(e.Number),
		e.Source.check(),
		need(e.Channel == "" || channels.has(e.Channel), "ERR_BAD_CHANNEL"),
		need(e.Class == "" || classes.has(e.Class), "ERR_BAD_TERM"),
		need(e.Headcount == 0 || headcount(e.Headcount, 0), "ERR_BAD_HEADCOUNT"),
		need(!slices.ContainsFunc(e.DateOnly, func(name string) bool { return !slices.Contains(timesOfCase, name) }), "ERR_BAD_TERM"),
		e.Petitioner.owns(e.Petitioner.Name, e.Petitioner.IDNumber, e.Petitioner.Phone, e.Petitioner.Address, e.Claim, e.Reply),
	)
}

// timesOfCase are the words of CaseImported.DateOnly, in the order of times.
var timesOfCase = []string{"received", "registered", "dispatched", "accepted", "replied", "served", "closed"}

func (e *CaseImported) times() []*time.Time {
	return []*time.Time{&e.Received, &e.Registered, &e.Dispatched, &e.Accepted, &e.Replied, &e.Served, &e.Closed}
}

// stored returns t as the ledger will give it back: in UTC, and without the
// monotonic clock.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.Round(0).UTC()
}

func (q question) past(t time.Time) error {
	return need(!t.After(q.now.Add(tolerance)), "ERR_FUTURE_TIME")
}

var sha256Hex = regexp.MustCompile(`^[0-9a-f]{64}$`)

// check refuses a source that could not be found again.
func (s Source) check() error {
	return need(!blank(s.File) && !strings.ContainsAny(s.File, `/\`) && sha256Hex.MatchString(s.Hash) && s.Row >= 0, "ERR_BAD_SOURCE")
}

// stage returns how far a case has come by what the source says happened to it.
func (e CaseImported) stage() Stage {
	switch {
	case !e.Closed.IsZero():
		return Closed
	case !e.Served.IsZero():
		return Served
	case !e.Replied.IsZero():
		return Replied
	case !e.Accepted.IsZero():
		return Handling
	case !e.Dispatched.IsZero():
		return Dispatched
	case e.Class != "" && !e.Registered.IsZero():
		return Classified
	case !e.Registered.IsZero():
		return Registered
	}
	return Received
}
