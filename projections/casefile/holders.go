package casefile

import (
	"time"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// Who holds the case (责任链), after DOMAIN §4.1. From the receipt on somebody
// always does, until the case is closed or ends otherwise, and again from a
// reopening: first the unit that received it; while it is in transit (在途) the
// sender; the unit from its receipt (签收); within the unit an officer, from the
// acceptance, assignment or handover; the sender again from an objection that was
// upheld; the organ of a review until the petitioner was told its outcome.
//
// Intervals follow one another as the events do. One that claims to have
// happened before the interval it would end began, begins with it: a late entry
// does not make two hold the case at once.

// A holder is a unit and, within it, the officer responsible, if there is one.
type holder struct{ unit, officer string }

// Present reports whether the case is still held so.
func (h Holding) Present() bool { return h.To.IsZero() }

// Gaps returns the intervals between the unit's receipt and the closing in which
// no officer was responsible (责任真空, RF-26). What a case was like before it was
// imported is not known, and so no gap.
func (f *File) Gaps() []Holding {
	var gaps []Holding
	for _, h := range f.Holders {
		if h.Officer == "" && !h.Transit && needsOfficer(h.Stage) {
			gaps = append(gaps, h)
		}
	}
	return gaps
}

// needsOfficer reports whether a named officer must be responsible (实名制) for a
// case that comes to s.
func needsOfficer(s petition.Stage) bool {
	return s == petition.Pending || s == petition.Objected || s == petition.Handling
}

// present returns the interval that has not ended, nil if there is none.
func (f *File) present() *Holding {
	if n := len(f.Holders); n > 0 && f.Holders[n-1].Present() {
		return &f.Holders[n-1]
	}
	return nil
}

// hold makes unit and officer hold the case from m on.
func (f *File) hold(a *act, m moment, unit, officer string) {
	from := f.release(m)
	h := Holding{Unit: unit, Officer: officer, From: from, Stage: f.Stage, by: m.by}
	if officer != "" && a.meta.Actor.Officer == officer {
		h.Post = a.meta.Actor.Post
	}
	if f.Holders == nil {
		f.Holders = make([]Holding, 0, 4)
	}
	f.Holders = append(f.Holders, h)
	f.Unit, f.Officer = unit, officer
	if !f.reviewing() {
		f.handler = holder{unit, officer}
	}
}

// transit puts the case on its way from sender, who still holds it.
func (f *File) transit(a *act, sender string) {
	var officer string
	if h := f.present(); h != nil && h.Unit == sender {
		officer = h.Officer
	}
	f.hold(a, a.now(), sender, officer)
	f.Holders[len(f.Holders)-1].Transit = true
}

// split begins a new interval of the present holder if the case came to need a
// responsible officer, and has none. An import does not make it come to that: who
// was responsible before is not known.
func (f *File) split(a *act, before petition.Stage) {
	if before == petition.None || needsOfficer(before) || !needsOfficer(f.Stage) {
		return
	}
	if h := f.present(); h != nil && h.Officer == "" && !h.Transit && !needsOfficer(h.Stage) {
		f.hold(a, a.now(), h.Unit, "")
	}
}

// release ends the present interval at m, and returns when it did: not before it
// began. An interval of no length is dropped. Without one it returns when the
// last one ended, if that is after m.
func (f *File) release(m moment) time.Time {
	if len(f.Holders) == 0 {
		return m.at
	}
	h := &f.Holders[len(f.Holders)-1]
	switch {
	case !h.Present():
		return later(h.To, m.at)
	case !m.at.After(h.From):
		from, by := h.From, h.by
		f.Holders = f.Holders[:len(f.Holders)-1]
		if before := f.before(len(f.Holders)); before != nil && before.until == by {
			before.until = m.by
		}
		return from
	}
	h.To, h.until = m.at, m.by
	h.clip()
	h.rest(m.at)
	return m.at
}

// assign makes who responsible for the handling. As long as the case lies with
// the organ of a review, or with nobody, that says only who would have it back.
func (f *File) assign(a *act, who holder) {
	switch h := f.present(); {
	case h == nil:
		f.handler = who
		f.restore()
	case f.reviewing():
		f.handler = who
	default:
		f.hold(a, a.now(), who.unit, who.officer)
	}
}

// reviewing reports whether the case lies with the organ of a review.
func (f *File) reviewing() bool {
	n := len(f.Holders)
	return n > 0 && f.Holders[n-1].Present() && (f.Holders[n-1].Stage == petition.InReview || f.Holders[n-1].Stage == petition.InRecheck)
}

// endReview ends the holding of the organ of a review, once the review is decided
// and the petitioner was told. A case that had not been closed before goes back to
// who has to close it.
func (f *File) endReview(a *act) {
	if n := f.notice(petition.NoticeReview); f.Stage != petition.Reviewed || n != nil && n.owing() {
		return
	}
	if f.Closed.IsZero() {
		f.hold(a, a.now(), f.handler.unit, f.handler.officer)
		return
	}
	f.end(a.now())
}

// end makes nobody hold the case from m on. Who handled it last is still named.
func (f *File) end(m moment) {
	f.release(m)
	f.restore()
}

// restore names those again who handled the case before a review.
func (f *File) restore() { f.Unit, f.Officer = f.handler.unit, f.handler.officer }

// work counts the act to the present holder, if the holder's unit did it.
func (f *File) work(a *act) bool {
	h := f.present()
	if h == nil || h.Unit == "" || h.Unit != a.meta.Actor.Unit {
		return false
	}
	h.Events++
	h.rest(a.at)
	h.Last = later(later(h.Last, h.From), a.at)
	return true
}

// rest takes the stretch without an event that ends at at.
func (h *Holding) rest(at time.Time) {
	since := later(h.Last, h.From)
	if at.Sub(since) > h.Idle.To.Sub(h.Idle.From) {
		h.Idle = Span{since, at}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// A Desk is how long the case lay with one holder (停留时长).
type Desk struct {
	Holding
	CD, WD int // calendar and working days, the day of the beginning not counted
	IdleWD int // working days of the longest stretch without an event of the holder
}

// Desks returns how long the case lay with each holder up to now. An interval
// that has not ended is shown as one that ends now. Days add up: those of all
// holders are those of the whole.
func (f *File) Desks(now time.Time, cal *law.Calendar) []Desk {
	var desks []Desk
	for _, h := range f.Holders {
		if !h.From.Before(now) {
			break
		}
		d := Desk{Holding: h}
		if h.Present() || h.To.After(now) {
			d.To = now
			d.clip()
			d.rest(now)
		}
		from, to := law.DateOf(d.From), law.DateOf(d.To)
		d.CD, d.WD = to.Sub(from), cal.WorkingDays(from, to)
		d.IdleWD = cal.WorkingDays(law.DateOf(d.Idle.From), law.DateOf(d.Idle.To))
		desks = append(desks, d)
	}
	return desks
}
