package casefile

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

// The tests tell cases of 2024 in Shanghai. In that spring the calendar has no
// holiday before 04-04; 04-04, 04-05 and 05-01 to 05-03 are off, 04-07, 04-28
// and 05-11 are weekend days that are worked. 03-01 is a Friday.

var (
	cal    = law.Embedded()
	number = "宝信〔2024〕1号"
)

// at returns the time that s writes as "01-02 15:04", in UTC.
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", "2024-"+s, law.Shanghai)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

// run starts clocks at s.
func run(s string, ids ...law.ClockID) (clocks []law.Clock) {
	for _, id := range ids {
		clocks = append(clocks, law.Default().Start(id, at(s), cal))
	}
	return clocks
}

// ordered starts clock id at s with a last day from an order.
func ordered(s string, id law.ClockID, due string) law.Clock {
	return law.Default().StartOrdered(id, at(s), law.DateOf(at(due+" 12:00")), cal)
}

// A step is one entry of a history.
type step struct {
	event    petition.Event
	meta     ledger.Meta
	recorded time.Time
}

// GoString writes s for a failure of a property.
func (s step) GoString() string {
	return fmt.Sprintf("\n\t%s in %s by %s/%s: %T%+v", short(s.meta.Occurred), short(s.recorded), s.meta.Actor.Unit, s.meta.Actor.Officer, s.event, s.event)
}

// on is an entry of e, which happened and was recorded at s.
func on(s string, e petition.Event, change ...func(*step)) step {
	st := step{e, ledger.Meta{Occurred: at(s)}, at(s)}
	for _, c := range change {
		c(&st)
	}
	return st
}

// by says who acted.
func by(unit, officer string) func(*step) {
	return func(s *step) { s.meta.Actor = ledger.Actor{Unit: unit, Officer: officer, Post: officer + "'s post"} }
}

// got says when the matter was received.
func got(t string) func(*step) { return func(s *step) { s.meta.Received = at(t) } }

// approved says who approved.
func approved(officer string) func(*step) {
	return func(s *step) { s.meta.Approver, s.meta.Reason = officer, "reason" }
}

// lateOn says that the entry was recorded only at t.
func lateOn(t string) func(*step) {
	return func(s *step) {
		s.recorded = at(t)
		s.meta.Late = &ledger.LateEntry{Lag: int64(s.recorded.Sub(s.meta.Occurred).Seconds()), Reason: "forgotten", Approver: "9001"}
	}
}

// id returns the identity of the i-th entry of a history, from 0.
func id(i int) uuid.UUID { return ledger.EventID(command(i), 0) }

func command(i int) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i)) }

// write returns a ledger with one case, which has steps.
func write(t testing.TB, steps ...step) *ledgertest.Store {
	t.Helper()
	var now time.Time
	store := &ledgertest.Store{Now: func() time.Time { return now }}
	for i, s := range steps {
		now, s.meta.Command = s.recorded, command(i)
		if s.meta.Actor == (ledger.Actor{}) {
			s.meta.Actor.Officer = "system"
		}
		record := petition.Codec.Record(s.event, s.meta, 0)
		if _, err := store.Append(t.Context(), petition.StreamOf(number), ledger.Version(i), record); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// tell returns the file of a case that has steps.
func tell(t testing.TB, steps ...step) *File {
	t.Helper()
	f, err := Read(t.Context(), write(t, steps...), petition.ID(number), 0)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// join returns one history of several parts.
func join(parts ...[]step) (all []step) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// The parts that many histories start from. The bureau is XFJ, with officer
// 2001; the unit is ZJJ, with officers 1001 and 1002.
var (
	// received has C1 until 03-04 (district only) and C2 until 03-16 (district
	// 03-08).
	intake = []step{
		on("03-01 09:00", petition.PetitionReceived{
			Number: number, Channel: petition.Letter, Unit: "XFJ", Level: petition.District, Headcount: 1,
			Clocks: run("03-01 09:00", law.C1, law.C2),
		}, got("03-01 09:00"), by("XFJ", "2001")),
		on("03-04 10:00", petition.PetitionRegistered{
			Petitioner: petition.Person{Name: petition.Sealed{Masked: "李某"}}, Summary: "漏水",
			Claims: []petition.Claim{{Summary: "修"}}, First: petition.FirstTime{National: true},
		}, by("XFJ", "2001")),
		on("03-04 11:00", petition.PetitionClassified{Class: petition.Claiming, Path: petition.PathPetition}, by("XFJ", "2001")),
	}
	dispatch = on("03-12 09:00", petition.CaseDispatched{Mode: petition.Forward, From: "XFJ", To: "ZJJ", No: "1"}, by("XFJ", "2001"))

	// pending has C4 until 03-28 (district 03-20) and C5 until 03-20.
	pending = join(intake, []step{
		dispatch,
		on("03-13 10:00", petition.DispatchReceived{Unit: "ZJJ", Clocks: run("03-13 10:00", law.C4, law.C5)},
			got("03-13 10:00"), by("ZJJ", "1009")),
	})

	// handled has C6 until 05-18 (district 04-18).
	accept  = on("03-19 10:00", petition.AcceptanceDecided{Unit: "ZJJ", Officer: "1001", Clocks: run("03-19 10:00", law.C6)}, by("ZJJ", "1001"))
	handled = join(pending, []step{
		accept,
		on("03-22 15:00", petition.PetitionerNotified{Notice: petition.NoticeAccept, Method: "书面", Proof: "EMS1"}, by("ZJJ", "1001")),
		on("03-25 09:00", petition.ProgressRecorded{Kind: petition.OnSite, Note: "看现场"}, by("ZJJ", "1001")),
	})

	reply = on("04-10 09:00", petition.ReplyIssued{
		No: "住建复〔2024〕1号", Answers: []petition.Answer{{Claim: 1, Outcome: petition.Supported}}, Reviewer: "1003",
	}, by("ZJJ", "1001"))
	// served has C8 until 05-12, a Sunday, and so until 05-13.
	service  = on("04-12 09:00", petition.ReplyServed{Method: "书面", Opinion: "none", Clocks: run("04-12 09:00", law.C8)}, by("ZJJ", "1001"))
	answered = join(handled, []step{reply, service})
	closing  = on("04-15 09:00", petition.CaseClosed{Result: "已解决"}, by("ZJJ", "1001"))
	finished = join(answered, []step{closing})

	review = []step{
		on("05-13 09:00", petition.ReviewRequested{Organ: "QZF"}, by("QZF", "3001")),
		on("06-03 09:00", petition.ReviewDecided{Organ: "QZF", Ruling: petition.Upheld}, by("QZF", "3001")),
	}
)
