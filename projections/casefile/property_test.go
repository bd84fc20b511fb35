package casefile

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// envelopes gives steps their places, as a store would but for hashes.
func envelopes(steps []step) []ledger.Envelope {
	envs := make([]ledger.Envelope, len(steps))
	for i, s := range steps {
		envs[i] = ledger.Envelope{
			Position: ledger.Position(i + 1), Version: ledger.Version(i + 1), Recorded: ledger.TicksOf(s.recorded),
			Record: ledger.Record{ID: id(i), Type: petition.Codec.Name(s.event)},
		}
	}
	return envs
}

// fold folds steps.
func fold(f *File, steps []step, envs []ledger.Envelope) *File {
	for i, s := range steps {
		f.Apply(envs[i], s.event, s.meta)
	}
	return f
}

// history draws histories of any events in any order, whether they make sense or
// not, that go forward in time as a ledger does; what they claim of when they
// happened may be anything up to then. It begins with a receipt.
func history(events func(*rapid.T, string) petition.Event) *rapid.Generator[[]step] {
	return rapid.Custom(func(t *rapid.T) []step {
		n := rapid.IntRange(1, 25).Draw(t, "entries")
		now := at("03-01 09:00")
		steps := []step{{intake[0].event, intake[0].meta, now}}
		for range n {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "hours")) * time.Hour)
			m := ledger.Meta{
				Occurred: now,
				Actor:    ledger.Actor{Unit: rapid.SampledFrom(units).Draw(t, "unit"), Officer: rapid.SampledFrom(officers).Draw(t, "actor")},
				Approver: rapid.SampledFrom([]string{"", "9001"}).Draw(t, "approver"),
			}
			if rapid.IntRange(0, 4).Draw(t, "late") == 0 {
				m.Occurred = now.Add(-time.Duration(rapid.IntRange(0, 2000).Draw(t, "before")) * time.Hour)
				m.Late = &ledger.LateEntry{Reason: "r", Approver: "9001"}
			}
			if rapid.Bool().Draw(t, "incoming") {
				m.Received = m.Occurred.Add(-time.Duration(rapid.IntRange(0, 50).Draw(t, "received")) * time.Hour)
			}
			e := events(t, m.Occurred.In(law.Shanghai).Format("01-02 15:04"))
			if c, ok := e.(petition.EntryCorrected); ok {
				c.Target = id(rapid.IntRange(0, len(steps)).Draw(t, "target"))
				c.New = now.Add(-time.Duration(rapid.IntRange(0, 2000).Draw(t, "new")) * time.Hour).Format(time.RFC3339)
				e = c
			}
			steps = append(steps, step{e, m, now})
		}
		return steps
	})
}

var (
	units    = []string{"XFJ", "ZJJ", "QZF"}
	officers = []string{"1001", "1002", "1003"}
	notices  = petition.Notices()
)

// onward draws an event after which somebody still holds the case.
func onward(t *rapid.T, now string) petition.Event {
	unit, officer := rapid.SampledFrom(units).Draw(t, "of"), rapid.SampledFrom(officers).Draw(t, "officer")
	notice := rapid.SampledFrom(notices).Draw(t, "notice")
	return rapid.SampledFrom([]petition.Event{
		petition.PetitionRegistered{Petitioner: petition.Person{Anonymous: unit == "QZF"}},
		petition.PetitionClassified{Class: petition.Claiming}, petition.PetitionReclassified{Class: petition.Suggestion},
		petition.PetitionReclassified{Class: petition.Claiming, Path: petition.PathPetition, Clocks: run(now, law.C6)},
		petition.CaseRestricted{}, petition.DuplicateLinked{},
		petition.CaseDispatched{From: unit, To: "ZJJ", Clocks: []law.Clock{ordered(now, law.C7, "12-01")}},
		petition.DispatchReceived{Unit: unit, Clocks: run(now, law.C4, law.C5)},
		petition.ObjectionRaised{Unit: unit}, petition.ObjectionUpheld{Unit: unit}, petition.ObjectionRejected{Unit: unit},
		petition.AcceptanceDecided{Unit: unit, Officer: officer, Clocks: run(now, law.C6, law.C14)},
		petition.AcceptanceOrdered{Unit: unit, Clocks: run(now, law.C4)},
		petition.PetitionerNotified{Notice: notice}, petition.NotificationImpossible{Notice: notice},
		petition.ResponsibleOfficerAssigned{Unit: unit, Officer: officer}, petition.HandedOver{Unit: unit, To: officer},
		petition.ConflictDeclared{Officer: officer}, petition.OfficerRecused{Officer: officer},
		petition.ProgressRecorded{}, petition.ExtensionRequested{}, petition.ExtensionRefused{},
		petition.ExtensionApproved{Days: 5, Clock: run(now, law.C6)[0].Extend(5)},
		petition.HearingHeld{}, petition.HearingHeld{Clock: &run(now, law.C11)[0]}, petition.MediationOpened{Clocks: run(now, law.C16)},
		petition.ReplyIssued{}, petition.ReplyServed{Clocks: run(now, law.C8)}, petition.CompletionReported{},
		petition.ReviewDecided{}, petition.ReviewDecided{Ruling: petition.Revoked, Clocks: run(now, law.C6)},
		petition.ReviewRequested{Organ: unit, Clocks: run(now, law.C9)}, petition.RecheckRequested{Organ: unit, Clocks: run(now, law.C11)},
		petition.RecheckDecided{}, petition.ExecutionConfirmed{}, petition.EvaluationOpened{Clocks: run(now, law.C15)},
		petition.EvaluationSubmitted{}, petition.EvaluationExpired{}, petition.ReturnVisitRecorded{},
		petition.SupervisionIssued{No: unit, Unit: unit, Clock: ordered(now, law.C17, "12-02")},
		petition.SupervisionFedBack{No: unit}, petition.SupervisionClosed{No: unit}, petition.UrgentReported{Form: "written"},
		petition.StatisticsExclusionMarked{}, petition.DeadlineRecomputed{Clock: run(now, law.C6)[0]}, petition.ErasureAuthorised{},
	}).Draw(t, "event")
}

// anything draws any event at all, with nothing in it or something.
func anything(t *rapid.T, now string) petition.Event {
	return rapid.SampledFrom([]petition.Event{
		onward(t, now), onward(t, now), onward(t, now), intake[0].event,
		petition.CaseMerged{}, petition.NotAccepted{}, petition.NoLongerAccepted{}, petition.DivertedToLegalChannel{},
		petition.TransferredToDiscipline{}, petition.PetitionWithdrawn{}, petition.CaseClosed{}, petition.CaseReopened{Clocks: run(now, law.C6)},
		petition.RecheckDecided{Ruling: petition.Revoked}, petition.CaseTerminated{}, petition.CaseArchived{},
		petition.EntryCorrected{Field: petition.FieldOccurred}, petition.EntryCorrected{Field: petition.FieldReceived},
		petition.CaseImported{Unit: "ZJJ", Received: at(now), Accepted: at(now), Clocks: run(now, law.C1, law.C2, law.C6)},
		petition.CaseImported{Registered: at(now), Closed: at("04-01 00:00")}, petition.ActionImported{},
	}).Draw(t, "any event")
}

// TestEveryEventIsDrawn checks that the properties below leave no event out.
func TestEveryEventIsDrawn(t *testing.T) {
	drawn := make(map[string]bool)
	for seed := range 2000 {
		drawn[petition.Codec.Name(rapid.Custom(func(t *rapid.T) petition.Event { return anything(t, "05-01 09:00") }).Example(seed))] = true
	}
	files, err := filepath.Glob("../../domain/petition/event_*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no events in %v, %v", files, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Recv == nil || f.Name.Name != "event" {
				continue
			}
			if name := f.Recv.List[0].Type.(*ast.Ident).Name; !drawn[name] {
				t.Errorf("no history has %s", name)
			}
		}
	}
}

// TestHeldWithoutHole checks that as long as nothing ends a case, somebody holds
// it at every instant from its receipt on, and only one.
func TestHeldWithoutHole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := history(onward).Draw(t, "history")
		f := fold(NewFile(true), steps, envelopes(steps))
		if len(f.Holders) == 0 || !f.Holders[0].From.Equal(f.Received) {
			t.Fatalf("received %v, held %+v", f.Received, f.Holders)
		}
		for i, h := range f.Holders[1:] {
			if before := f.Holders[i]; !before.To.Equal(h.From) || !before.From.Before(before.To) {
				t.Fatalf("%s, then %s", held(before), held(h))
			}
		}
		if last := f.Holders[len(f.Holders)-1]; !last.Present() || f.Unit != last.Unit || f.Officer != last.Officer {
			t.Fatalf("with %s/%s, but last held %s", f.Unit, f.Officer, held(last))
		}
		now := f.Recorded.Add(time.Hour)
		cd, wd := 0, 0
		for _, d := range f.Desks(now, cal) {
			cd, wd = cd+d.CD, wd+d.WD
		}
		from, to := law.DateOf(f.Received), law.DateOf(now)
		if cd != to.Sub(from) || wd != cal.WorkingDays(from, to) {
			t.Fatalf("desks add up to %d CD and %d WD, want %d and %d", cd, wd, to.Sub(from), cal.WorkingDays(from, to))
		}
	})
}

// TestCorrectedWithoutHole checks that corrections of times leave no hole either.
func TestCorrectedWithoutHole(t *testing.T) {
	corrected := func(t *rapid.T, now string) petition.Event {
		field := rapid.SampledFrom([]petition.Field{petition.FieldReceived, petition.FieldOccurred, ""}).Draw(t, "field")
		if field == "" {
			return onward(t, now)
		}
		return petition.EntryCorrected{Field: field}
	}
	rapid.Check(t, func(t *rapid.T) {
		steps := history(corrected).Draw(t, "history")
		f := fold(NewFile(true), steps, envelopes(steps))
		for i, h := range f.Holders[1:] {
			if before := f.Holders[i]; !before.To.Equal(h.From) || before.To.Before(before.From) {
				t.Fatalf("%s, then %s", held(before), held(h))
			}
		}
	})
}

// TestHistories checks what must hold of any history.
func TestHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steps := history(anything).Draw(t, "history")
		envs := envelopes(steps)
		f := fold(NewFile(true), steps, envs)

		var state *petition.State
		for _, s := range steps {
			state = petition.Evolve(state, s.event, s.meta)
		}
		if f.Stage != state.Stage {
			t.Fatalf("the file is at stage %s, the case at %s", f.Stage, state.Stage)
		}
		for i, h := range f.Holders {
			if i > 0 && (f.Holders[i-1].Present() || h.From.Before(f.Holders[i-1].To)) || !h.Present() && h.To.Before(h.From) {
				t.Fatalf("intervals overlap: %v", lines(f.Holders, held))
			}
		}
		for _, d := range f.Desks(f.Recorded, cal) {
			if s := d.Idle; s.To.Before(s.From) || !s.To.IsZero() && (s.From.Before(d.From) || s.To.After(d.To)) || d.Last.After(d.To) {
				t.Fatalf("idle %v in %s", s, held(d.Holding))
			}
		}
		cut := rapid.IntRange(0, len(steps)).Draw(t, "cut")
		again := fold(fold(NewFile(true), steps[:cut], envs), steps[cut:], envs[cut:])
		if !reflect.DeepEqual(f, again) {
			t.Fatalf("folded in two steps: %s", cmp.Diff(f.Clocks, again.Clocks, cmp.AllowUnexported(ClockEntry{}, moment{}, stamp{})))
		}
		now := f.Recorded.Add(time.Duration(rapid.IntRange(-2000, 2000).Draw(t, "now")) * time.Hour)
		for _, c := range f.Clocks {
			for _, tier := range law.Tiers {
				checkAttribution(t, f, c, tier, now)
			}
		}
		f.WaitingFor()
		f.Owed(now)
	})
}

// checkAttribution checks that the shares of c lie end to end and add up to the
// time after it ran out.
func checkAttribution(t *rapid.T, f *File, c ClockEntry, tier law.Tier, now time.Time) {
	v := c.Verdict(tier, now)
	shares := f.Attribute(c, tier, now, cal)
	if v.Missed() != (len(shares) > 0) {
		t.Fatalf("%s is %s, and has %d shares", c.ID, v.State, len(shares))
	}
	if len(shares) == 0 {
		return
	}
	at, cd, wd := v.DueAt, 0, 0
	for i, s := range shares {
		if !s.From.Equal(at) || s.To.Before(s.From) || s.Miss != (i == 0) {
			t.Fatalf("%s ran out %v; shares %+v", c.ID, v.DueAt, shares)
		}
		at, cd, wd = s.To, cd+s.CD, wd+s.WD
	}
	if cd != -v.MarginDays || wd != -v.MarginWD(cal) {
		t.Fatalf("%s is late by %d CD and %d WD, its shares by %d and %d", c.ID, -v.MarginDays, -v.MarginWD(cal), cd, wd)
	}
}

// FuzzApply decodes whatever comes and folds it, on top of a case and as the
// first event of one: either it cannot be decoded, or it can be folded.
func FuzzApply(f *testing.F) {
	for _, s := range rich {
		r := petition.Codec.Record(s.event, s.meta, 0)
		f.Add(r.Type, r.Data, r.Meta)
	}
	f.Add("DeadlineRecomputed", []byte(`{"clock":{"id":"C6","start":"2024-03-19T02:00:00Z"}}`), []byte(`{"command":"00a028e4-2335-5002-9de1-9ff966cb3341","actor":{"officer":"1"},"occurred_at":"0001-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, kind string, data, meta []byte) {
		env := ledger.Envelope{Position: 99, Version: 99, Recorded: ledger.TicksOf(at("12-01 00:00")), Record: ledger.Record{Type: kind, Data: data, Meta: meta}}
		e, m, err := Decode(env)
		if err != nil {
			if !strings.Contains(err.Error(), "position 99") {
				t.Fatalf("the error does not name the position: %v", err)
			}
			return
		}
		for _, before := range [][]step{nil, rich} {
			file := fold(NewFile(true), before, envelopes(before))
			file.Apply(env, e, m)
			file.Apply(env, e, m)
			for _, tier := range law.Tiers {
				for _, c := range file.Clocks {
					file.Attribute(c, tier, at("12-31 00:00"), cal)
				}
				file.Open(tier)
			}
			file.Desks(at("12-31 00:00"), cal)
			file.WaitingFor()
			if int(file.Version) != 99 || len(file.Timeline) != len(before)+2 {
				t.Fatalf("version %d, %d entries", file.Version, len(file.Timeline))
			}
		}
	})
}
