package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// A plan is what all drafts of a year share.
type plan struct {
	o        Options
	roster   *org.Directory // of the whole year
	calendar *law.Calendar
	past     []*draft // those that came in before, in order
}

// A draft is one case as it is being written.
type draft struct {
	*plan
	r        *rand.Rand
	index    int
	number   string
	received time.Time
	showcase bool

	at       time.Time // where the script has come: when the next step is recorded
	occurred time.Time // when the last one happened
	halted   bool      // nothing more was done
	steps    []*step

	person   *person // nil for an anonymous petitioner
	matter   matter
	path     petition.Path
	group    int    // headcount
	holder   string // code of the unit that has it
	officer  string // number of the officer responsible; "" for nobody
	recused  string // number of an officer who may not act; "" for nobody
	pace     pace
	late     bool // what the pace was to miss has been missed
	assigned bool // with a date by which to report
	rated    bool // the petitioner may evaluate
	accepted time.Time
	served   time.Time // zero if nobody could be served
	closed   time.Time // zero as long as it is open
	ended    time.Time // for good, by a re-check
	entry    entries
}

// Entries are what may be corrected later.
type entries struct {
	received, registered, signed uuid.UUID
	first                        petition.FirstTime
	arrived                      time.Time // at the unit
}

// year returns the year in which the case came in.
func (d *draft) year() int { return d.received.In(law.Shanghai).Year() }

// chance is true with probability p.
func (d *draft) chance(p float64) bool { return chance(d.r, p) }

// between returns a number from lo to hi.
func (d *draft) between(lo, hi int) int { return lo + d.r.IntN(hi-lo+1) }

// A with adds to a step.
type with func(*step)

func received(t time.Time) with    { return func(s *step) { s.meta.Received = t.UTC() } }
func reason(why string) with       { return func(s *step) { s.meta.Reason = why } }
func refusedWith(code string) with { return func(s *step) { s.refusal = code } }
func sealing(plain ...string) with { return func(s *step) { s.plain = plain } }
func happened(t time.Time) with    { return func(s *step) { s.meta.Occurred = t.UTC() } }
func onBehalf(officer string) with { return func(s *step) { s.meta.BehalfOf = officer } }
func paper(no, title string) with {
	return func(s *step) { d := document(no, title); s.meta.Basis = &d }
}
func approved(by, why string) with { return func(s *step) { s.meta.Approver, s.meta.Reason = by, why } }
func lateEntry(by, why string) with {
	return func(s *step) { s.meta.Late = &ledger.LateEntry{Reason: why, Approver: by} }
}

// document makes up a paper.
func document(no, title string) ledger.Document {
	sum := sha256.Sum256([]byte(no + title))
	return ledger.Document{No: no, Title: title, Hash: hex.EncodeToString(sum[:])}
}

// do writes down that who did c, recorded now and done a little earlier, unless
// it is said when. It returns the identity of the event; the nil identity if
// nothing is done any more, or not before today.
func (d *draft) do(who ledger.Actor, c petition.Command, more ...with) uuid.UUID {
	if d.halted || d.at.After(d.o.today()) {
		return uuid.Nil
	}
	number := len(d.steps)
	s := &step{at: d.at, number: d.number, command: c, meta: ledger.Meta{
		Command: d.o.id("step", d.index, number), Actor: who, Correlation: d.o.id("step", d.index, 0),
	}}
	for _, w := range more {
		w(s)
	}
	if s.plain != nil {
		s.person = d.person
	}
	if s.meta.Occurred.IsZero() {
		s.meta.Occurred = d.at.Add(-time.Duration(d.between(20, 600)) * time.Second)
		if s.meta.Occurred.Before(d.occurred) {
			s.meta.Occurred = d.occurred
		}
		s.meta.Occurred = s.meta.Occurred.UTC()
	}
	if s.meta.Occurred.Before(s.meta.Received) {
		s.meta.Occurred = s.meta.Received
	}
	if s.meta.Late != nil {
		s.meta.Late.Lag = int64(d.at.Sub(s.meta.Occurred) / time.Second)
	}
	if s.refusal == "" {
		d.occurred = s.meta.Occurred
	}
	d.steps = append(d.steps, s)
	return ledger.EventID(s.meta.Command, 0)
}

// aside writes down, with f, what goes on beside the script: the script goes on
// where it was. It returns where f has come.
func (d *draft) aside(f func()) time.Time {
	at, occurred := d.at, d.occurred
	f()
	end := d.at
	d.at, d.occurred = at, occurred
	return end
}

// minutes lets time pass, by the hours of an office.
func (d *draft) minutes(lo, hi int) {
	d.at = d.office(d.at.Add(time.Duration(d.between(lo*60, hi*60)) * time.Second))
}

// days lets working days pass; none is a while of the same day.
func (d *draft) days(lo, hi int) {
	n := d.between(lo, hi)
	if n == 0 {
		d.minutes(15, 150)
		return
	}
	day, _ := d.calendar.AddWorkingDays(law.DateOf(d.at), n)
	d.on(day)
}

// calendarDays lets calendar days pass, and then goes on to a day of work.
func (d *draft) calendarDays(lo, hi int) { d.on(law.DateOf(d.at).AddDays(d.between(lo, hi))) }

// on goes on to some moment of a day of work, that day if it is one.
func (d *draft) on(day law.Date) {
	at := day.Start().Add(9*time.Hour + time.Duration(d.r.IntN(8*3600))*time.Second)
	d.at = d.office(at)
}

// office returns t, or if it is no moment of work, a moment of the next hours
// that are.
func (d *draft) office(t time.Time) time.Time {
	day := law.DateOf(t)
	clock := t.Sub(day.Start())
	working, _ := d.calendar.Working(day)
	a := time.Duration(d.r.IntN(1800)) * time.Second
	switch {
	case !working || clock > 18*time.Hour:
		day, _ = d.calendar.AddWorkingDays(day, 1)
		return day.Start().Add(8*time.Hour + 40*time.Minute + a)
	case clock < 8*time.Hour+30*time.Minute:
		return day.Start().Add(8*time.Hour + 30*time.Minute + a)
	case clock > 12*time.Hour && clock < 14*time.Hour:
		return day.Start().Add(14*time.Hour + a)
	}
	return t
}

// someone returns an officer of unit in one of roles, who is there at that time.
func (d *draft) someone(unit string, roles ...org.Role) ledger.Actor {
	return d.somebody(unit, func(p org.Post) bool { return slices.Contains(roles, p.Role) })
}

// somebody returns a post of unit that fits, and is held by somebody who is there
// if there is one.
func (d *draft) somebody(unit string, fits func(org.Post) bool) ledger.Actor {
	var there, all []org.Post
	for _, p := range d.roster.Staff(unit, d.at) {
		if !fits(p) {
			continue
		}
		all = append(all, p)
		if !d.roster.OnLeave(p.Officer, d.at) {
			there = append(there, p)
		}
	}
	switch {
	case len(there) > 0:
		return actor(pick(d.r, there...))
	case len(all) > 0:
		return actor(pick(d.r, all...))
	}
	return ledger.Actor{Unit: unit} // the decider will refuse him, and so the demo fails
}

func actor(p org.Post) ledger.Actor {
	return ledger.Actor{Officer: p.Officer, Unit: p.Unit, Post: p.Title, Role: string(p.Role)}
}

// other returns somebody of unit who is not one of officers.
func (d *draft) other(unit string, officers ...string) ledger.Actor {
	return d.somebody(unit, func(p org.Post) bool { return !slices.Contains(officers, p.Officer) })
}

// head returns the head of unit.
func (d *draft) head(unit string) ledger.Actor {
	return d.somebody(unit, func(p org.Post) bool { return p.Head })
}

// clerk returns who receives for unit.
func (d *draft) clerk(unit string) ledger.Actor { return d.someone(unit, org.UnitClerk) }

// dispatcher returns who dispatches at the bureau, registrar who receives there.
func (d *draft) dispatcher() ledger.Actor { return d.someone(bureau, org.Dispatcher) }
func (d *draft) registrar() ledger.Actor  { return d.someone(bureau, org.Registrar) }

// desk returns who receives at whoever has the case.
func (d *draft) desk() ledger.Actor {
	if d.holder == bureau {
		return d.registrar()
	}
	return d.clerk(d.holder)
}

// bureau is the code of the district's petition bureau.
const bureau = "xfj"

// system is the program itself.
var system = ledger.Actor{Officer: org.SystemOfficer, Role: string(org.System)}

// no makes up the number of a paper of the case.
func (d *draft) no(kind string) string {
	return fmt.Sprintf("%s〔%d〕%s号", kind, d.at.In(law.Shanghai).Year(), d.number[len(d.number)-6:])
}
