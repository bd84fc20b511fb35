package petition

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/ledger/ledgertest"
)

var people = []ledger.Actor{registrar, dispatcher, leader, clerk, handler, colleague, chief, labour, street, government, mayor, city,
	inspector, admin, program, stranger}

// offers are commands to choose from, by name: some that are right at some stage,
// some that are not. A command that is not here is asked for empty.
var offers = map[string][]Command{
	"receive-petition":        {intake, with(intake, func(c *ReceivePetition) { c.Unit, c.Direct = "housing", true }), with(intake, func(c *ReceivePetition) { c.Urgent = true })},
	"register-petition":       {entryOf, with(entryOf, func(c *RegisterPetition) { c.Claims = nil })},
	"link-duplicate":          {LinkDuplicate{"XF-0", "B2"}},
	"merge":                   {Merge{"XF-0"}},
	"classify":                {Classify{Claiming, PathPetition}, Classify{Claiming, PathDuty}, Classify{Class: Suggestion}, Classify{Class: Accusation}, Classify{Claiming, PathPetition}},
	"mark-restricted":         {MarkRestricted{[]Accused{{Officer: "L1"}}}, MarkRestricted{[]Accused{{Unit: "street"}}}},
	"dispatch":                {toHousing, Dispatch{Assign, "housing", "D-2", "report", day("2025-12-31")}, Dispatch{Mode: Urge, To: "labour", No: "D-3"}, Dispatch{Mode: Forward, To: "street", No: "D-4"}},
	"raise-objection":         {RaiseObjection{"not ours"}},
	"decide-objection":        {DecideObjection{true}, DecideObjection{false}},
	"accept":                  {Accept{Officer: "H2"}, Accept{Officer: "H3", Simple: true}, Accept{Officer: "L1"}, Accept{Officer: "B1"}},
	"not-accept":              {NotAccept{"court"}},
	"accept-no-longer":        {AcceptNoLonger{"final", "XF-0"}},
	"divert":                  {Divert{PathAdmin, "told"}},
	"transfer-to-discipline":  {TransferToDiscipline{"discipline"}},
	"order-acceptance":        {OrderAcceptance{"housing"}, OrderAcceptance{"labour"}},
	"withdraw":                {Withdraw{"letter"}},
	"notify-petitioner":       {NotifyPetitioner{Notice: NoticeAccept, Method: "mail", Proof: "p"}, NotifyPetitioner{Notice: NoticeReply, Impossible: "moved"}, told, NotifyPetitioner{Notice: NoticeReview, Impossible: "moved"}},
	"assign-officer":          {AssignOfficer{"H2"}, AssignOfficer{"L1"}},
	"hand-over":               {HandOver{"H3"}, HandOver{"H2"}},
	"declare-conflict":        {DeclareConflict{"H2", "cousin"}},
	"recuse":                  {Recuse{"H2"}, Recuse{"H9"}},
	"record-progress":         {progress, RecordProgress{OnSite, "went", paper}},
	"request-extension":       {RequestExtension{10}, RequestExtension{20}, RequestExtension{30}},
	"approve-extension":       {ApproveExtension{true, 10}, ApproveExtension{true, 20}, ApproveExtension{true, 30}, ApproveExtension{}},
	"hold-hearing":            {HoldHearing{day("2025-09-02"), day("2025-09-03")}},
	"start-mediation":         {StartMediation{"M-1", true}},
	"issue-reply":             {reply1, support, with(reply1, func(c *IssueReply) { c.Reviewer = "B1" }), with(reply1, func(c *IssueReply) { c.Reviewer = "H9" })},
	"serve-reply":             {ServeReply{"mail", false, "agree"}},
	"report-completion":       {ReportCompletion{"C-1"}},
	"close":                   {Close{"r", paper, day("2026-01-05")}, Close{Result: "r", Evidence: paper}, Close{Result: "r"}},
	"reopen":                  {Reopen{GroundRelapse}},
	"request-review":          {RequestReview{"government"}},
	"decide-review":           {DecideReview{Upheld, "V-1"}, DecideReview{Revoked, "V-2"}, DecideReview{Changed, "V-3"}},
	"request-recheck":         {RequestRecheck{"city"}},
	"decide-recheck":          {DecideRecheck{Upheld, "W-1"}, DecideRecheck{Revoked, "W-2"}},
	"confirm-execution":       {ConfirmExecution{true}},
	"open-evaluation":         {OpenEvaluation{JudgedUnit}, OpenEvaluation{JudgedBureau}},
	"submit-evaluation":       {ballot},
	"expire-evaluation":       {ExpireEvaluation{JudgedUnit}, ExpireEvaluation{JudgedBureau}},
	"record-return-visit":     {visit},
	"supervise":               {overdue, with(overdue, func(c *Supervise) { c.No = "S-2" })},
	"feed-back":               {FeedBack{"S-1", "done"}},
	"close-supervision":       {CloseSupervision{"S-1"}},
	"report-urgent":           {ReportUrgent{"city", "written"}},
	"exclude-from-statistics": {ExcludeFromStatistics{"judicial"}},
	"recompute-deadline":      {RecomputeDeadline{law.C6}, RecomputeDeadline{law.C2}},
	"correct-entry":           {CorrectEntry{eventOf(1), FieldChannel, "letter", "visit"}, CorrectEntry{eventOf(1), FieldChannel, "visit", "letter"}},
	"authorise-erasure":       {AuthoriseErasure{petitioner1.Subject, "asked"}},
	"archive":                 {Archive{Retain30}},
	"import-case":             {ImportCase{foreign}},
	"import-actions":          {ImportActions{foreign, []ActionImported{action}}},
}

// ways are the changes of stage that DOMAIN §3.2 has, and what follows from it:
// from CLOSED a re-check may be asked for if the review came before the closing.
var ways = map[Stage][]Stage{
	None:         {Received, Registered, Classified, Dispatched, Handling, Replied, Served, Closed, Foreign}, // all but the first by import
	Received:     {Registered, Withdrawn},
	Registered:   {Classified, Merged, Withdrawn},
	Classified:   {Dispatched, Handling, Refused, NoLonger, Diverted, ToDiscipline, Replied, Merged, Withdrawn},
	Dispatched:   {Pending, Merged, Withdrawn},
	Pending:      {Objected, Handling, Refused, Merged, Withdrawn},
	Objected:     {Classified, Pending, Merged, Withdrawn},
	Handling:     {Replied, Diverted, Merged, Withdrawn},
	Replied:      {Served, Closed, Withdrawn},
	Served:       {Closed, InReview, Withdrawn},
	Closed:       {Handling, InReview, InRecheck, Archived},
	InReview:     {Reviewed, Handling, Withdrawn},
	Reviewed:     {InRecheck, Closed, Archived, Withdrawn},
	InRecheck:    {Terminated, Handling, Withdrawn},
	Terminated:   {Archived},
	Refused:      {Pending, Archived},
	NoLonger:     {Pending, Archived},
	Diverted:     {Pending, Archived},
	ToDiscipline: {Archived},
	Merged:       {Archived},
	Withdrawn:    {Archived},
	Archived:     {},
	Foreign:      {},
}

// A witness watches a case from outside, by its events alone, and says what can
// never be.
type witness struct {
	proper   bool // a matter of the petition procedure
	imported bool
	replied  bool // in the handling that goes on
	given    bool // and the reply was served, or cannot be
	extended int
}

func (w *witness) see(e Event, m ledger.Meta, s *State) error {
	if m.Approver != "" && m.Approver == m.Actor.Officer {
		return errors.New("somebody approved his own")
	}
	anew := func() { w.replied, w.given, w.extended = false, false, 0 }
	switch e := e.(type) {
	case PetitionClassified:
		w.proper = e.Class == Claiming && e.Path == PathPetition
	case PetitionReclassified:
		w.proper = e.Class == Claiming && e.Path == PathPetition
	case CaseImported:
		w.imported = true
	case AcceptanceDecided:
		anew()
		if e.Officer == "" || s.Officer == "" {
			return errors.New("accepted by nobody")
		}
		if c, ok := s.clock(law.C6); (w.proper || w.imported) && (!ok || !c.Start.Equal(m.Occurred)) {
			return errors.New("accepted without a limit")
		}
	case CaseReopened:
		anew()
	case ReviewDecided:
		if e.Ruling == Revoked {
			anew()
		}
	case RecheckDecided:
		if e.Ruling == Revoked {
			anew()
		}
	case ExtensionApproved:
		w.extended += e.Days
		if w.extended > law.MaxExtension || e.Clock.Statutory.Extended != w.extended {
			return fmt.Errorf("extended by %d days in all, %d on the clock", w.extended, e.Clock.Statutory.Extended)
		}
	case ReplyIssued:
		w.replied = true
	case ReplyServed:
		w.given = true
	case NotificationImpossible:
		w.given = w.given || w.replied && e.Notice == NoticeReply
	case CaseClosed:
		if !w.given && !w.imported {
			return errors.New("closed without a reply that was served")
		}
	case CaseDispatched:
		for _, a := range s.Accused {
			if a.Unit == e.To {
				return errors.New("sent to the accused")
			}
		}
	default:
	}
	return nil
}

// perform plays a script of commands against a ledger, three bytes to a command,
// and checks what must hold whatever is asked, in whatever order: see witness,
// and that a refusal records nothing, that asking again with the same command id
// records nothing again, and that what was recorded reads back as it was.
func perform(t interface{ Fatalf(string, ...any) }, script []byte) *State {
	ctx := context.Background()
	var (
		store ledgertest.Store
		state *State
		seen  witness
		at    = dawn
	)
	for n := range uint64(min(len(script)/3, 60)) {
		b := script[n*3 : n*3+3]
		names := CommandNames()
		if b[1]&4 == 4 { // something that somebody could ask for now
			names = slices.DeleteFunc(names, func(name string) bool { return !possible(state, at, name) })
		}
		name := names[int(b[0])%len(names)]
		m := ledger.Meta{Command: commandID(n + 1), Reason: "because"}
		at = at.Add(time.Duration(b[2]) * 5 * time.Hour)
		m.Occurred, m.Received = at, at
		m.Actor = people[int(b[1])%len(people)]
		if b[1]&1 == 1 { // somebody who could, if there is one
			if i := slices.IndexFunc(people, func(a ledger.Actor) bool { return May(state, world, a, at, name) == nil }); i >= 0 {
				m.Actor = people[i]
			}
		}
		if b[1]&2 == 0 {
			m.Approver = leader.Officer
		}
		c, _ := NewCommand(name)
		if offer := offers[name]; len(offer) > 0 {
			c = offer[int(b[1]>>4)%len(offer)]
		}
		act := Act{c, at, world}
		ask := ledger.Ask[Act]{ID: ID("XF-1"), Command: act, Meta: m}

		decided, refusal := Decide(state, act, m)
		if refusal != nil {
			if r, ok := errors.AsType[*ledger.Refusal](refusal); !ok || refusalAt[r.Code] == 0 && r.Code != refusals[0].Code {
				t.Fatalf("%T was refused with %v", c, refusal)
			}
			if len(decided) > 0 {
				t.Fatalf("%T was refused and yet led to %v", c, decided)
			}
		}
		recorded, err := Decider.Handle(ctx, &store, ask)
		if fmt.Sprint(err) != fmt.Sprint(refusal) || len(recorded) != len(decided) {
			t.Fatalf("%T was decided as %v, %v and handled as %v, %v", c, decided, refusal, recorded, err)
		}
		again, err := Decider.Handle(ctx, &store, ask)
		if head, _ := store.Head(ctx); err == nil && len(recorded) > 0 && head != recorded[len(recorded)-1].Position || len(again) != len(recorded) {
			t.Fatalf("%T, asked again, led to %v, %v", c, again, err)
		}
		before := stageOf(state)
		for i, env := range recorded {
			e, err := Codec.Decode(env.Type, env.Data)
			if err != nil {
				t.Fatalf("%v", err)
			}
			if data := Codec.Record(e, m, i).Data; !bytes.Equal(data, env.Data) {
				t.Fatalf("%s\nreads back as\n%s", env.Data, data)
			}
			stamped := stamp(e, m)
			state = Evolve(state, e, stamped)
			if err := seen.see(decided[i], m, state); err != nil {
				t.Fatalf("after %T: %v", c, err)
			}
		}
		if now := stageOf(state); now != before && !slices.Contains(ways[before], now) {
			t.Fatalf("%T led from %q to %q", c, before, now)
		}
	}
	return state
}

func possible(s *State, at time.Time, name string) bool {
	return slices.ContainsFunc(people, func(a ledger.Actor) bool { return May(s, world, a, at, name) == nil })
}

// TestAnyScript performs scripts at random, most of whose commands somebody could
// ask for at that stage.
func TestAnyScript(t *testing.T) {
	reached := make(map[Stage]bool)
	rapid.Check(t, func(t *rapid.T) {
		reached[stageOf(perform(t, rapid.SliceOfN(rapid.Byte(), 30, 180).Draw(t, "script")))] = true
	})
	if len(reached) < 4 {
		t.Errorf("every script ended at one of %v", reached)
	}
}

// FuzzDecide is [TestAnyScript] for scripts that the fuzzer finds, beginning with
// a case that goes all the way.
func FuzzDecide(f *testing.F) {
	var straight []byte
	for _, name := range []string{"receive-petition", "register-petition", "classify", "dispatch", "receive-dispatch", "accept", "record-progress",
		"request-extension", "approve-extension", "issue-reply", "serve-reply", "close", "request-review", "decide-review", "notify-petitioner",
		"request-recheck", "decide-recheck", "archive"} {
		choice := byte(0)
		if name == "notify-petitioner" {
			choice = 2
		}
		straight = append(straight, byte(slices.Index(CommandNames(), name)), choice<<4|1, 1)
	}
	if end := stageOf(perform(f, straight)); end != Archived {
		f.Fatalf("a case that goes all the way ends at %q", end)
	}
	f.Add(straight)
	f.Add(append(slices.Clone(straight[:15*3]), 30, 0x11, 200, 10, 1, 1))
	f.Add([]byte{48, 1, 0, 45, 1, 0, 49, 1, 1})
	f.Add([]byte{0, 0x11, 0, 1, 1, 0, 4, 1, 0, 10, 1, 9, 9, 3, 100, 21, 0x11, 0})
	f.Fuzz(func(t *testing.T, script []byte) { perform(t, script) })
}

// FuzzCommand gives any command with any fields to a case at any stage: it may be
// refused, but nothing may panic, and what is decided can be stored.
func FuzzCommand(f *testing.F) {
	histories := []history{nil, received, registered, classified, dispatched, pending, objected, handling, requested1, replied, served, closed,
		inReview, reviewed1, inRecheck, terminated, turned, listed, suggested, watched, evaluable, direct}
	states := make([]*State, len(histories))
	for i, h := range histories {
		p := &play{last: dawn.Add(-time.Hour)}
		for _, st := range h {
			if _, _, err := p.ask(st); err != nil {
				f.Fatal(err)
			}
		}
		states[i] = p.state
	}
	for name, offer := range offers {
		for _, c := range offer {
			body, err := json.Marshal(c)
			if err != nil {
				f.Fatal(err)
			}
			for stage := range states {
				f.Add(byte(stage), name, body, "H2")
			}
		}
	}
	f.Fuzz(func(t *testing.T, stage byte, name string, body []byte, other string) {
		c, ok := NewCommand(name)
		if !ok || json.Unmarshal(body, c) != nil {
			t.Skip("not a command")
		}
		s := states[int(stage)%len(states)]
		at := dawn.Add(24 * time.Hour)
		for _, who := range people {
			m := ledger.Meta{Command: commandID(1), Actor: who, Occurred: at, Received: at, Reason: other, Approver: other}
			events, err := Decide(s, Act{c, at, world}, m)
			if err != nil && len(events) > 0 {
				t.Fatalf("%T was refused and yet led to %v", c, events)
			}
			for i, e := range events {
				if r := Codec.Record(e, stamp(e, m), i); len(r.Data)+len(r.Meta)+ledger.SealSize > ledger.MaxRecordSize {
					t.Fatalf("%T is %d bytes", e, len(r.Data)+len(r.Meta))
				}
			}
		}
	})
}
