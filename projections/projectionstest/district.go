// Package projectionstest has a small district in a ledger, to test what reads
// it, and [TestView], the promises of projections.View.
package projectionstest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
	"xinfang/domain/petition"
)

// Now is when the district is looked at: a Monday morning in Shanghai.
var Now = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

// A District is a ledger with a few cases in it.
type District struct {
	*ledgertest.Store
	t     *testing.T
	clock time.Time
}

// NewDistrict returns a ledger with these cases:
//
//	XF-1  zjj, in handling, accepted 09-21: overdue in both tiers; its dispatch was entered late
//	XF-2  zjj, received 11-20: not yet dispatched, due 11-27 (district) and 12-05
//	XF-3  rsj, closed in time
//	XF-4  an accusation, restricted, in handling
//	XF-5  rsj, awaiting acceptance since 11-16: due today in the district's tier
//	XF-6  imported from another ledger, closed late
func NewDistrict(t *testing.T) *District {
	d := &District{t: t}
	d.Store = &ledgertest.Store{Now: func() time.Time { return d.clock }}

	d.Open("XF-1", "2026-09-01", "反映拆迁补偿款未发放", petition.Letter, petition.Claiming)
	d.Event("XF-1", "2026-09-03", petition.CaseDispatched{Mode: petition.Forward, From: "xfj", To: "zjj", No: "转1"})
	d.Event("XF-1", "2026-09-04", petition.DispatchReceived{Unit: "zjj", Clocks: d.clocks("2026-09-04", law.C4, law.C5)})
	d.Event("XF-1", "2026-09-21", petition.AcceptanceDecided{Unit: "zjj", Officer: "zjj-1", Clocks: d.clocks("2026-09-21", law.C6)})
	d.Event("XF-1", "2026-09-22", petition.PetitionerNotified{Notice: petition.NoticeAccept, Method: "书面", Proof: "告知书"})
	d.Event("XF-1", "2026-10-09", petition.ProgressRecorded{Kind: petition.Talk, Note: "电话沟通"})

	d.Open("XF-2", "2026-11-20", "反映低保金被截留", petition.Online, "")

	d.Open("XF-3", "2026-08-03", "反映工资拖欠，信访人张𬭎提供材料", petition.Visit, petition.Claiming)
	d.Event("XF-3", "2026-08-04", petition.CaseDispatched{Mode: petition.Forward, From: "xfj", To: "rsj", No: "转3"})
	d.Event("XF-3", "2026-08-05", petition.DispatchReceived{Unit: "rsj", Clocks: d.clocks("2026-08-05", law.C4, law.C5)})
	d.Event("XF-3", "2026-08-06", petition.AcceptanceDecided{Unit: "rsj", Officer: "rsj-1", Clocks: d.clocks("2026-08-06", law.C6)})
	d.Event("XF-3", "2026-08-07", petition.PetitionerNotified{Notice: petition.NoticeAccept, Method: "书面", Proof: "告知书"})
	d.Event("XF-3", "2026-08-20", petition.ReplyIssued{No: "答3", Answers: []petition.Answer{{Claim: 1, Outcome: petition.Explained, Facts: "f", Basis: "b"}}, Rescue: "r", Reviewer: "rsj-2"})
	d.Event("XF-3", "2026-08-21", petition.ReplyServed{Method: "直接送达", Opinion: "agree", Clocks: d.clocks("2026-08-21", law.C8)})
	d.Event("XF-3", "2026-08-24", petition.CaseClosed{Result: "已解释"})

	d.Open("XF-4", "2026-10-12", "检举线索", petition.Letter, petition.Accusation)
	d.Event("XF-4", "2026-10-12", petition.CaseRestricted{Accused: []petition.Accused{{Unit: "zjj"}}})

	d.Open("XF-5", "2026-11-12", "反映学位安排", petition.Phone, petition.Claiming)
	d.Event("XF-5", "2026-11-13", petition.CaseDispatched{Mode: petition.Forward, From: "xfj", To: "rsj", No: "转5"})
	d.Event("XF-5", "2026-11-16", petition.DispatchReceived{Unit: "rsj", Clocks: d.clocks("2026-11-16", law.C4, law.C5)})

	at := func(s string) time.Time { return day(s) }
	d.Event("XF-6", "2026-11-20", petition.CaseImported{
		Number: "XF-6", Source: petition.Source{File: "旧台账.xlsx", Hash: "ab", Row: 2}, Unit: "rsj", Summary: "反映物业收费",
		Received: at("2026-05-06"), Accepted: at("2026-05-06"), Replied: at("2026-08-03"), Closed: at("2026-08-03"),
		Clocks: d.clocks("2026-05-06", law.C6),
	})
	return d
}

// Open receives, registers and classifies a case; without a class it is only
// received and registered.
func (d *District) Open(number, date, summary string, channel petition.Channel, class petition.Class) {
	received := day(date)
	d.append(number, received, ledger.Meta{Occurred: received, Received: received}, petition.PetitionReceived{
		Number: number, Channel: channel, Unit: "xfj", Level: petition.District, Headcount: 2, Clocks: d.clocks(date, law.C1, law.C2),
	})
	d.Event(number, date, petition.PetitionRegistered{
		Petitioner: petition.Person{Subject: uuid.NewSHA1(uuid.Nil, []byte(number)), Name: petition.Sealed{Masked: "李某", Box: []byte{1}}},
		Summary:    summary, Claims: []petition.Claim{{Summary: "诉求：" + summary}}, First: petition.FirstTime{National: true},
	})
	if class != "" {
		d.Event(number, date, petition.PetitionClassified{Class: class, Path: petition.PathPetition})
	}
}

// Event records e in the case, as having happened at noon of date.
func (d *District) Event(number, date string, e petition.Event) {
	at := day(date)
	d.append(number, at, ledger.Meta{Occurred: at, Received: at}, e)
}

func (d *District) append(number string, at time.Time, m ledger.Meta, e petition.Event) {
	d.t.Helper()
	d.clock = at
	head, err := d.Head(d.t.Context())
	if err != nil {
		d.t.Fatal(err)
	}
	m.Command = uuid.NewSHA1(uuid.Nil, fmt.Append(nil, head))
	m.Actor = ledger.Actor{Officer: "xfj-1", Unit: "xfj", Post: "科员", Role: "dispatcher"}
	version := ledger.Version(0)
	for env, err := range d.ReadStream(d.t.Context(), petition.StreamOf(number), 0) {
		if err != nil {
			d.t.Fatal(err)
		}
		version = env.Version
	}
	if _, err := d.Append(d.t.Context(), petition.StreamOf(number), version, petition.Codec.Record(e, m, 0)); err != nil {
		d.t.Fatal(err)
	}
}

// clocks starts clocks at noon of date.
func (d *District) clocks(date string, ids ...law.ClockID) (clocks []law.Clock) {
	for _, id := range ids {
		clocks = append(clocks, law.Default().Start(id, day(date), law.Embedded()))
	}
	return clocks
}

// day returns noon of date in Shanghai, in UTC.
func day(date string) time.Time {
	d, err := law.ParseDate(date)
	if err != nil {
		panic(err)
	}
	return d.Start().Add(12 * time.Hour).UTC()
}
