package casefile

import (
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// correct notes a correction and makes the file show the new value.
func (f *File) correct(a *act, e petition.EntryCorrected) {
	f.Corrections = append(f.Corrections, Correction{
		ID: a.id, Target: e.Target, Field: e.Field, Old: e.Old, New: e.New, Actor: a.meta.Actor,
		Approver: a.meta.Approver, Reason: a.meta.Reason, Recorded: a.recorded, AfterDue: f.afterDue(a, e),
	})
	if t := f.entry(e.Target); t != nil {
		t.Fixed = append(t.Fixed, a.id)
	}
	switch e.Field {
	case petition.FieldReceived, petition.FieldOccurred:
		if at, err := time.Parse(time.RFC3339Nano, e.New); err == nil {
			f.move(stamp{e.Target, e.Field == petition.FieldReceived}, at.UTC())
		}
	case petition.FieldChannel:
		f.Channel = petition.Channel(e.New)
	case petition.FieldHeadcount:
		if n, err := strconv.Atoi(e.New); err == nil {
			f.Headcount = n
		}
	case petition.FieldSummary:
		f.Summary = e.New
	case petition.FieldCategory:
		f.Category = e.New
	case petition.FieldStreet:
		f.Street = e.New
	case petition.FieldFirst:
		if first, ok := petition.ParseFirstTime(e.New); ok {
			f.First = first
		}
	case petition.FieldResult:
		f.Result = e.New
	}
}

// afterDue reports whether a correction was recorded after the due date of a
// clock that the corrected field feeds (RF-17). A time and a result feed the
// clocks that their entry started or met; whether it is a first petition decides
// whether dispatch and closing (C2, C6) go into the figures.
func (f *File) afterDue(a *act, e petition.EntryCorrected) bool {
	for i := range f.Clocks {
		c := &f.Clocks[i]
		fed := false
		switch e.Field {
		case petition.FieldReceived, petition.FieldOccurred, petition.FieldResult:
			fed = c.Started == e.Target || c.metBy[0].by.entry == e.Target || c.metBy[1].by.entry == e.Target
		case petition.FieldFirst:
			fed = c.ID == law.C2 || c.ID == law.C6
		case petition.FieldChannel, petition.FieldHeadcount, petition.FieldSummary, petition.FieldCategory, petition.FieldStreet:
		}
		if fed && slices.ContainsFunc(law.Tiers, func(t law.Tier) bool {
			l := c.Limit(t)
			return l != nil && !a.recorded.Before(l.Due)
		}) {
			return true
		}
	}
	return false
}

// move makes at the time that s stands for, in all that rests on it.
func (f *File) move(s stamp, at time.Time) {
	for d, by := range f.marks {
		if by == s && !f.at(d).IsZero() {
			*f.at(d) = at
		}
	}
	if e := f.entry(s.entry); e != nil && s.receipt {
		e.Received = at
	} else if e != nil {
		e.Occurred = at
	}
	if !s.receipt {
		for i := range f.Notices {
			f.Notices[i].move(s.entry, at)
		}
	}
	for i := range f.Clocks {
		c := &f.Clocks[i]
		for _, m := range []*moment{&c.metBy[0], &c.metBy[1]} {
			if m.by == s && !m.at.IsZero() {
				m.at = at
			}
		}
		if !c.Met.IsZero() {
			c.settle()
		}
	}
	for i := range f.Holders {
		f.moveHolder(i, s, at)
	}
}

func (n *NoticeEntry) move(entry uuid.UUID, at time.Time) {
	if n.Owed == entry && !n.Since.IsZero() {
		n.Since = at
	}
	if n.By != entry {
		return
	}
	if !n.Given.IsZero() {
		n.Given = at
	}
	if !n.Declared.IsZero() {
		n.Declared = at
	}
}

// moveHolder moves the ends of interval i that rest on s, as far as its
// neighbours leave room.
func (f *File) moveHolder(i int, s stamp, at time.Time) {
	h := &f.Holders[i]
	if h.by == s {
		if !h.Present() && at.After(h.To) {
			at = h.To
		}
		switch before := f.before(i); {
		case before == nil:
		case before.until == s:
			at = later(before.From, at)
			before.To = at
			before.clip()
		default:
			at = later(before.To, at)
		}
		if h.Idle.From.Equal(h.From) {
			h.Idle.From = at
		}
		h.From = at
		h.clip()
	}
	last := i == len(f.Holders)-1
	switch {
	case h.until != s || h.Present():
	case !last && at.After(f.Holders[i+1].From):
		h.To = f.Holders[i+1].From
	default:
		h.To = later(h.From, at)
	}
	h.clip()
}

// clip cuts what is known of the work in the interval to the interval, after one
// of its ends has moved.
func (h *Holding) clip() {
	for _, t := range []*time.Time{&h.Last, &h.Idle.From, &h.Idle.To} {
		switch {
		case t.IsZero():
		case t.Before(h.From):
			*t = h.From
		case !h.Present() && t.After(h.To):
			*t = h.To
		}
	}
}

// before returns the interval before interval i, nil if that is the first.
func (f *File) before(i int) *Holding {
	if i == 0 {
		return nil
	}
	return &f.Holders[i-1]
}
