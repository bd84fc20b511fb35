package casefile

import (
	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// LateEntry is the type of the approval of a late entry.
const LateEntry = "LateEntry"

// enter puts the act on the timeline, and notes a late entry and an approval.
//
// A late entry is one that the decider recorded as such: more than one working
// day after it happened, which only the calendar of that day could say. What was
// imported has no such mark, because nobody claims to have recorded it in time.
func (f *File) enter(a *act, env ledger.Envelope, e petition.Event) {
	m := &a.meta
	if !f.light {
		f.Timeline = append(f.Timeline, Entry{
			ID: a.id, Position: env.Position, Version: env.Version, Type: a.kind, Occurred: a.at, Received: m.Received, Recorded: a.recorded,
			Actor: m.Actor, Approver: m.Approver, Reason: m.Reason, Basis: m.Basis, Late: m.Late, Event: e, Leaf: env.Leaf,
		})
	}
	if m.Late != nil {
		f.Lates = append(f.Lates, Late{
			ID: a.id, Type: a.kind, Occurred: a.at, Recorded: a.recorded,
			Reason: m.Late.Reason, Approver: m.Late.Approver, Actor: m.Actor,
		})
		f.approve(a, LateEntry, m.Late.Approver)
	}
	switch e := e.(type) {
	case petition.ReplyIssued:
		f.approve(a, a.kind, e.Reviewer)
	case petition.ExtensionApproved, petition.ExtensionRefused:
		return // see answer
	case petition.CaseMerged, petition.CaseReopened, petition.StatisticsExclusionMarked,
		petition.EntryCorrected, petition.ErasureAuthorised:
		if m.Approver == "" { // an approval is missing (审批缺失, RF-27)
			f.approve(a, a.kind, "")
		}
	default:
	}
	if m.Approver != "" {
		f.approve(a, a.kind, m.Approver)
	}
}

// approve notes that approver approved the act, or that nobody did.
func (f *File) approve(a *act, kind, approver string) {
	f.Approvals = append(f.Approvals, Approval{
		Act: a.id, Type: kind, Requester: a.meta.Actor, Approver: approver, At: a.at, Granted: approver != "",
	})
}

// answer notes the answer to the request for an extension.
func (f *File) answer(a *act, granted bool) {
	approver := a.meta.Approver
	if approver == "" {
		approver = a.meta.Actor.Officer
	}
	for i := len(f.Approvals) - 1; i >= 0; i-- {
		if p := &f.Approvals[i]; p.Pending {
			p.Approver, p.At, p.Granted, p.Pending = approver, a.at, granted, false
			return
		}
	}
	f.Approvals = append(f.Approvals, Approval{Act: a.id, Type: a.kind, Approver: approver, At: a.at, Granted: granted})
}

// late returns the late entry of id, nil if it is not one.
func (f *File) late(id uuid.UUID) *Late {
	for i := len(f.Lates) - 1; i >= 0; i-- {
		if f.Lates[i].ID == id {
			return &f.Lates[i]
		}
	}
	return nil
}

// cure marks the entry of id on the timeline.
func (f *File) cure(id uuid.UUID) {
	if e := f.entry(id); e != nil {
		e.Curing = true
	}
}

// entry returns the entry of id on the timeline, nil if it is not there.
func (f *File) entry(id uuid.UUID) *Entry {
	for i := len(f.Timeline) - 1; i >= 0; i-- {
		if f.Timeline[i].ID == id {
			return &f.Timeline[i]
		}
	}
	return nil
}
