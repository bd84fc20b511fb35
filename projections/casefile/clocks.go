package casefile

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// When a clock is met (期限的终止), after DOMAIN §2.2. A clock starts as the
// event says that starts it; here is what ends it.
//
//	C1 登记        registration
//	C2 转送交办告知  the first of: a dispatch, a diversion, a transfer to discipline
//	               inspection, an urgent report, a reply issued, a refusal told
//	C3 C4 受理告知  a decision and the telling of it, at the later of the two; or
//	               the telling of the reply, which says as much
//	C5 异议        the objection; lapses with the decision to accept or refuse
//	C6 办结        closing; or the service of the reply, if a review was asked for
//	               before the case was closed; ends when the case is put in a
//	               class that has no such limit
//	C7 交办反馈     the report of completion, or closing
//	C8 C10 申请    the request
//	C9 复查        the decision and the telling of it
//	C11 复核       the decision
//	C13 紧急报告    the report; C13w only a written one
//	C14 简易办理    the reply issued
//	C15 评价       the evaluation; lapses when it expires
//	C17 督办反馈    the feedback; ends with the supervision
//
// The telling is any notice (告知) with its proof, or the finding that he cannot
// be told (无法告知). To an anonymous petitioner nothing is owed, and the
// decision alone meets the clock.
//
// A clock is cancelled when the case takes another way: it was merged,
// withdrawn, turned away. If it had run out by then, it was missed nonetheless:
// see [ClockEntry.Verdict]. One is void, as if it had never run: that of a unit
// whose objection was upheld, because it was never the one to answer.
//
// A new clock of the same kind ends the one before.

// The clocks that end when the handling of a case does, and those of the
// remedies after it. An urgent report and an answer to a supervision are owed
// whatever becomes of the case.
var (
	handling = []law.ClockID{law.C1, law.C2, law.C3, law.C4, law.C5, law.C6, law.C7, law.C14, law.C16}
	remedies = []law.ClockID{law.C8, law.C9, law.C10, law.C11, law.C15}
)

// obliges reports whether clock id binds an organ. The others are rights
// (权利): not to use one is no failure.
func obliges(id law.ClockID) bool {
	switch id {
	case law.C5, law.C8, law.C10, law.C15, law.C16:
		return false
	default:
		return true
	}
}

// A stamp says which time of which entry something rests on.
type stamp struct {
	entry   uuid.UUID
	receipt bool // when it was received, not when it happened
}

// A moment is a time and where it comes from.
type moment struct {
	at time.Time
	by stamp
}

// Running reports whether the clock still waits for something.
func (c ClockEntry) Running() bool { return c.Met.IsZero() && !c.Cancelled }

// Clock returns the last clock of id.
func (f *File) Clock(id law.ClockID) (ClockEntry, bool) {
	if c := f.last(id); c != nil {
		return *c, true
	}
	return ClockEntry{}, false
}

// Open returns the running clock of tier t that runs out first, or has run out
// first. It looks only at what an organ owes; a right may lapse unused.
func (f *File) Open(t law.Tier) (ClockEntry, bool) {
	var first *ClockEntry
	for i := range f.Clocks {
		c := &f.Clocks[i]
		if l := c.Limit(t); l == nil || !c.Running() || !obliges(c.ID) {
			continue
		}
		if first == nil || c.Limit(t).Due.Before(first.Limit(t).Due) {
			first = c
		}
	}
	if first == nil {
		return ClockEntry{}, false
	}
	return *first, true
}

// last returns the last clock of id, nil if there is none.
func (f *File) last(id law.ClockID) *ClockEntry {
	for i := len(f.Clocks) - 1; i >= 0; i-- {
		if f.Clocks[i].ID == id {
			return &f.Clocks[i]
		}
	}
	return nil
}

// start starts clocks, which are for who to meet and about something.
func (f *File) start(a *act, who holder, about string, clocks ...law.Clock) {
	for _, c := range clocks {
		f.cancelAbout(a.at, c.ID, about)
		if f.Clocks == nil {
			f.Clocks = make([]ClockEntry, 0, 8)
		}
		f.Clocks = append(f.Clocks, ClockEntry{Clock: c, Started: a.id, About: about, Unit: who.unit, Officer: who.officer})
	}
}

// extend gives the last clock of c's kind the due dates of c. In the tier whose
// limit had run out when it was approved, the strict limit stays as it was.
func (f *File) extend(a *act, c law.Clock) {
	old := f.last(c.ID)
	if old == nil {
		return
	}
	for _, t := range law.Tiers {
		if kept := old.strict(t); kept != nil && !a.at.Before(kept.Due) {
			old.keep(t, kept)
		} else {
			old.keep(t, nil)
		}
	}
	old.Clock = c
	old.Extended = append(old.Extended, a.id)
}

// replace gives the clock that c was reckoned from the dates of c.
func (f *File) replace(c law.Clock) {
	for i := len(f.Clocks) - 1; i >= 0; i-- {
		if old := &f.Clocks[i]; old.ID == c.ID && old.Start.Equal(c.Start) {
			old.Clock = c
			return
		}
	}
}

// strict returns the limit of tier t without the extensions that came too late.
func (c *ClockEntry) strict(t law.Tier) *law.Limit {
	kept := c.StrictStatutory
	if t == law.District {
		kept = c.StrictDistrict
	}
	if kept == nil {
		kept = c.Limit(t)
	}
	return kept
}

func (c *ClockEntry) keep(t law.Tier, l *law.Limit) {
	if t == law.District {
		c.StrictDistrict = l
	} else {
		c.StrictStatutory = l
	}
}

// meet meets the running clocks of ids at m.
func (f *File) meet(m moment, ids ...law.ClockID) {
	for i := range f.Clocks {
		if c := &f.Clocks[i]; c.Running() && slices.Contains(ids, c.ID) {
			f.finish(c, m)
		}
	}
}

// meetAbout meets the running clock of id that is about something.
func (f *File) meetAbout(m moment, id law.ClockID, about string) {
	for i := range f.Clocks {
		if c := &f.Clocks[i]; c.Running() && c.ID == id && c.About == about {
			f.finish(c, m)
		}
	}
}

// decide records a decision of which the petitioner must be told n, and which
// meets the clocks of ids once he has been.
func (f *File) decide(a *act, n petition.Notice, ids ...law.ClockID) {
	told, done := f.owe(a, n)
	for i := range f.Clocks {
		c := &f.Clocks[i]
		if !c.Running() || !slices.Contains(ids, c.ID) {
			continue
		}
		if c.awaits = n; c.metBy[0].at.IsZero() {
			c.metBy[0] = a.now()
		}
		if done {
			f.finish(c, told)
		}
	}
}

// told meets the clocks that waited for the petitioner to be told n.
func (f *File) told(m moment, n petition.Notice) {
	for i := range f.Clocks {
		if c := &f.Clocks[i]; c.Running() && c.awaits == n {
			f.finish(c, m)
		}
	}
}

// finish meets c by a decision, if it has one, and by m, at the later of the two.
func (f *File) finish(c *ClockEntry, m moment) {
	c.metBy[1] = m
	c.settle()
	for _, m := range c.metBy {
		l := f.late(m.by.entry)
		if l == nil {
			continue
		}
		c.MetLate = true
		if c.cured(l.Recorded) {
			l.Cures = append(l.Cures, c.ID)
			f.cure(l.ID)
		}
	}
}

// settle sets when, and by what, c was met.
func (c *ClockEntry) settle() {
	last := c.metBy[1]
	if first := c.metBy[0]; first.at.After(last.at) {
		last = first
	}
	c.Met, c.MetBy = last.at, last.by.entry
}

// cured reports whether c is said to have been met in time by what was recorded
// only after it had run out (治愈超期): met < due ≤ recorded, in either tier.
func (c *ClockEntry) cured(recorded time.Time) bool {
	for _, t := range law.Tiers {
		if l := c.Limit(t); l != nil && c.Met.Before(l.Due) && !recorded.Before(l.Due) {
			return true
		}
	}
	return false
}

// cancel ends the running clocks of ids at at.
func (f *File) cancel(at time.Time, ids ...law.ClockID) {
	for i := range f.Clocks {
		f.Clocks[i].cancel(at, ids)
	}
}

func (c *ClockEntry) cancel(at time.Time, ids []law.ClockID) {
	if c.Running() && slices.Contains(ids, c.ID) {
		c.Cancelled, c.Ended = true, at
	}
}

// cancelAbout ends the running clock of id that is about something.
func (f *File) cancelAbout(at time.Time, id law.ClockID, about string) {
	for i := range f.Clocks {
		if c := &f.Clocks[i]; c.Running() && c.ID == id && c.About == about {
			c.Cancelled, c.Ended = true, at
		}
	}
}

// void makes the running clocks of ids as if they had never run.
func (f *File) void(ids ...law.ClockID) {
	for i := range f.Clocks {
		f.Clocks[i].cancel(time.Time{}, ids)
	}
}
