package casefile

import (
	"time"

	"xinfang/domain/law"
)

// A Share is the part of the time after a clock ran out that is charged to one
// holder (超期责任归属).
type Share struct {
	Unit, Officer string
	From, To      time.Time
	CD, WD        int  // calendar and working days; all shares add up to the days overdue
	Miss          bool // held the case when the clock ran out: the miss itself is his
}

// Attribution is [File.Attribute] of the last clock of id.
func (f *File) Attribution(id law.ClockID, t law.Tier, now time.Time, cal *law.Calendar) []Share {
	c, ok := f.Clock(id)
	if !ok {
		return nil
	}
	return f.Attribute(c, t, now, cal)
}

// Attribute says who is to answer for the time between the due instant of c in
// tier t and when it was met, or now (DOMAIN §4.1): each part of it, who held the
// case then. Time that nobody held the case, as between a refusal and the notice
// of it, is charged to who held it last.
//
// A review, a re-check and a supervision (C9, C11, C17) are owed by the organ that
// was asked, whoever holds the case, and charged to it whole.
//
// It returns nothing if c was not missed.
func (f *File) Attribute(c ClockEntry, t law.Tier, now time.Time, cal *law.Calendar) []Share {
	v := c.Verdict(t, now)
	if !v.Missed() {
		return nil
	}
	end, _ := c.end(now)
	if !end.After(v.DueAt) { // met at the very instant: late by nothing
		end = v.DueAt
	}
	shares := []Share{{Unit: c.Unit, Officer: c.Officer, From: v.DueAt, To: end, Miss: true}}
	if !owedByOrgan(c.ID) {
		shares = f.shares(shares[0])
	}

	// Days are counted from the last day of the limit, so that what is done on the
	// day after it is one day late.
	from := v.Due
	for i := range shares {
		s := &shares[i]
		to := law.DateOf(s.To)
		s.CD, s.WD = to.Sub(from), cal.WorkingDays(from, to)
		from = to
	}
	return shares
}

func owedByOrgan(id law.ClockID) bool { return id == law.C9 || id == law.C11 || id == law.C17 }

// shares divides whole among the holders.
func (f *File) shares(whole Share) []Share {
	shares := []Share{whole}
	for _, h := range f.Holders {
		last := &shares[len(shares)-1]
		switch {
		case !h.From.Before(whole.To):
			return shares
		case !h.From.After(whole.From):
			last.Unit, last.Officer = h.Unit, h.Officer
		case h.Unit != last.Unit || h.Officer != last.Officer:
			to := last.To
			last.To = h.From
			shares = append(shares, Share{Unit: h.Unit, Officer: h.Officer, From: h.From, To: to})
		}
	}
	return shares
}
