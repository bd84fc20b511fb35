package casefile

import (
	"fmt"
	"testing"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// notice is the telling of the acceptance at s, by the unit.
func notice(s string, change ...func(*step)) step {
	return on(s, petition.PetitionerNotified{Notice: petition.NoticeAccept, Method: "书面", Proof: "EMS1"}, append(change, by("ZJJ", "1001"))...)
}

// TestCuring has C4, which was due 03-20 in the district and 03-28 by law.
func TestCuring(t *testing.T) {
	tests := []struct {
		name  string
		steps []step
		want  []string // every late entry
		clock law.ClockID
		late  bool // what met the clock was one
	}{
		{"in time", join(pending, []step{accept, notice("03-20 09:00")}), nil, law.C4, false},
		{"late, but recorded before the limit", join(pending, []step{accept, notice("03-18 09:00", lateOn("03-20 23:59"))}),
			[]string{"PetitionerNotified 03-18 09:00 in 03-20 23:59, cures []"}, law.C4, true},
		{"recorded after the limit of the district", join(pending, []step{accept, notice("03-18 09:00", lateOn("03-21 00:00"))}),
			[]string{"PetitionerNotified 03-18 09:00 in 03-21 00:00, cures [C4]"}, law.C4, true},
		{"late, and no pretence of being in time", join(pending, []step{accept, notice("03-29 09:00", lateOn("04-02 09:00"))}),
			[]string{"PetitionerNotified 03-29 09:00 in 04-02 09:00, cures []"}, law.C4, true},
		{"the decision cures it as well", join(pending, []step{
			on("03-18 09:00", petition.AcceptanceDecided{Unit: "ZJJ", Officer: "1001"}, lateOn("04-02 09:00")),
			notice("03-19 09:00", lateOn("04-02 09:00"))}),
			[]string{"AcceptanceDecided 03-18 09:00 in 04-02 09:00, cures [C4]", "PetitionerNotified 03-19 09:00 in 04-02 09:00, cures [C4]"}, law.C4, true},
		{"an entry that meets nothing", join(handled, []step{
			on("03-18 09:00", petition.ProgressRecorded{Kind: petition.Talk}, lateOn("06-01 09:00"))}),
			[]string{"ProgressRecorded 03-18 09:00 in 06-01 09:00, cures []"}, law.C4, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tell(t, tt.steps...)
			equal(t, "late entries", lines(f.Lates, func(l Late) string {
				return fmt.Sprintf("%s %s in %s, cures %v", l.Type, short(l.Occurred), short(l.Recorded), l.Cures)
			}), tt.want)
			if c, _ := f.Clock(tt.clock); c.MetLate != tt.late {
				t.Errorf("%s was met by a late entry: %v, want %v", tt.clock, c.MetLate, tt.late)
			}
			for _, e := range f.Timeline {
				l := f.late(e.ID)
				if want := l != nil && len(l.Cures) > 0; e.Curing != want {
					t.Errorf("entry %d is marked as curing: %v, want %v", e.Version, e.Curing, want)
				}
			}
		})
	}
}

func TestCorrections(t *testing.T) {
	correct := func(recorded string, target int, field petition.Field, old, new string) step {
		return on(recorded, petition.EntryCorrected{Target: id(target), Field: field, Old: old, New: new}, approved("9001"))
	}
	rfc := func(s string) string { return at(s).Format("2006-01-02T15:04:05Z07:00") }
	// The entries: 0 received, 1 registered, 2 classified, 3 dispatched, 4 received
	// by the unit, 5 accepted, 6 told, 7 progress, 8 reply, 9 served, 10 closed.
	const entries = 11
	tests := []struct {
		name     string
		after    int // entries before it
		step     step
		show     func(*File) string
		want     string
		afterDue bool
	}{
		{"the receipt", 1, correct("03-02 09:00", 0, petition.FieldReceived, "", rfc("02-28 09:00")),
			func(f *File) string { return short(f.Received) + ", " + held(f.Holders[0]) }, "02-28 09:00, 02-28 09:00– XFJ/", false},
		{"the receipt, after the limits it started", entries, correct("03-09 00:00", 0, petition.FieldReceived, "", rfc("02-28 09:00")),
			func(f *File) string { return short(f.Received) }, "02-28 09:00", true},
		{"the unit's receipt moves both holders", 5, correct("03-14 09:00", 4, petition.FieldReceived, "", rfc("03-12 15:00")),
			func(f *File) string { return short(f.Arrived) + ", " + held(f.Holders[1]) + ", " + held(f.Holders[2]) },
			"03-12 15:00, 03-12 09:00–03-12 15:00 XFJ/ in transit, 03-12 15:00– ZJJ/", false},
		{"but not before the dispatch", 5, correct("03-14 09:00", 4, petition.FieldReceived, "", rfc("03-01 15:00")),
			func(f *File) string { return held(f.Holders[1]) + ", " + held(f.Holders[2]) },
			"03-12 09:00–03-12 09:00 XFJ/ in transit, 03-12 09:00– ZJJ/", false},
		{"the notice moves what it met", entries, correct("04-16 09:00", 6, petition.FieldOccurred, "", rfc("03-19 12:00")),
			func(f *File) string {
				c, _ := f.Clock(law.C4)
				return fmt.Sprint(short(c.Met), " ", c.Verdict(law.District, at("12-01 00:00")).State, " ", short(f.Notices[1].Given), " ", short(f.Timeline[6].Occurred))
			}, "03-19 12:00 met 03-19 12:00 03-19 12:00", true},
		{"but not before the decision", entries, correct("04-16 09:00", 6, petition.FieldOccurred, "", rfc("03-18 12:00")),
			func(f *File) string { c, _ := f.Clock(law.C4); return short(c.Met) }, "03-19 10:00", true},
		{"the closing", entries, correct("04-18 23:59", 10, petition.FieldOccurred, "", rfc("04-16 09:00")),
			func(f *File) string {
				c, _ := f.Clock(law.C6)
				return short(f.Closed) + " " + short(c.Met) + " " + held(f.Holders[3])
			},
			"04-16 09:00 04-16 09:00 03-19 10:00–04-16 09:00 ZJJ/1001", false},
		{"the closing, after the limit", entries, correct("04-19 00:00", 10, petition.FieldOccurred, "", rfc("04-16 09:00")),
			func(f *File) string { return short(f.Closed) }, "04-16 09:00", true},
		{"the result, after the limit", entries, correct("04-19 00:00", 10, petition.FieldResult, "已解决", "未解决"),
			func(f *File) string { return f.Result }, "未解决", true},
		{"whether it is a first petition, after the limit", entries, correct("04-19 00:00", 1, petition.FieldFirst, "national", "local"),
			func(f *File) string { return f.First.String() }, "local", true},
		{"the headcount feeds no clock", entries, correct("06-01 00:00", 0, petition.FieldHeadcount, "1", "7"), func(f *File) string { return fmt.Sprint(f.Headcount) }, "7", false},
		{"the channel", entries, correct("06-01 00:00", 0, petition.FieldChannel, "letter", "visit"), func(f *File) string { return string(f.Channel) }, "visit", false},
		{"the summary", entries, correct("06-01 00:00", 1, petition.FieldSummary, "漏水", "渗水"), func(f *File) string { return f.Summary }, "渗水", false},
		{"the category", entries, correct("06-01 00:00", 1, petition.FieldCategory, "", "城乡建设"), func(f *File) string { return f.Category }, "城乡建设", false},
		{"the street", entries, correct("06-01 00:00", 1, petition.FieldStreet, "", "XXJD"), func(f *File) string { return f.Street }, "XXJD", false},
		{"what is no time changes nothing", 1, correct("03-02 09:00", 0, petition.FieldReceived, "", "昨天"), func(f *File) string { return short(f.Received) }, "03-01 09:00", false},
		{"nor what targets nothing", entries, correct("06-01 09:00", 99, petition.FieldOccurred, "", rfc("01-01 00:00")), func(f *File) string { return short(f.Closed) }, "04-15 09:00", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tell(t, join(finished[:tt.after], []step{tt.step})...)
			if got := tt.show(f); got != tt.want {
				t.Errorf("the file shows %s, want %s", got, tt.want)
			}
			e := tt.step.event.(petition.EntryCorrected)
			c := f.Corrections[0]
			if c.Old != e.Old || c.New != e.New || c.Approver != "9001" || c.AfterDue != tt.afterDue {
				t.Errorf("noted as %+v, want after due %v", c, tt.afterDue)
			}
			for _, entry := range f.Timeline {
				if fixed := len(entry.Fixed) == 1 && entry.Fixed[0] == c.ID; fixed != (entry.ID == e.Target) {
					t.Errorf("entry %d is marked as corrected: %v", entry.Version, fixed)
				}
			}
		})
	}
}

func TestApprovals(t *testing.T) {
	head := by("ZJJ", "1000")
	tests := []struct {
		name string
		step []step
		want []string
	}{
		{"a request waits", []step{on("04-01 09:00", petition.ExtensionRequested{Days: 5}, by("ZJJ", "1001"))},
			[]string{"ExtensionRequested by 1001: pending"}},
		{"and is granted", []step{on("04-01 09:00", petition.ExtensionRequested{Days: 5}, by("ZJJ", "1001")), on("04-02 09:00", petition.ExtensionApproved{Days: 5}, head)},
			[]string{"ExtensionRequested by 1001: granted by 1000"}},
		{"or refused", []step{on("04-01 09:00", petition.ExtensionRequested{Days: 5}, by("ZJJ", "1001")), on("04-02 09:00", petition.ExtensionRefused{}, head)},
			[]string{"ExtensionRequested by 1001: refused by 1000"}},
		{"a reply is checked", []step{reply}, []string{"ReplyIssued by 1001: granted by 1003"}},
		{"a reopening is approved", []step{on("04-01 09:00", petition.CaseReopened{}, by("ZJJ", "1001"), approved("1000"))},
			[]string{"CaseReopened by 1001: granted by 1000"}},
		{"or should be", []step{on("04-01 09:00", petition.CaseReopened{}, by("ZJJ", "1001"))}, []string{"CaseReopened by 1001: missing"}},
		{"so is a late entry, and what it enters", []step{on("04-01 09:00", petition.PetitionReclassified{Class: petition.Suggestion}, by("ZJJ", "1001"), approved("1000"), lateOn("05-01 09:00"))},
			[]string{"LateEntry by 1001: granted by 9001", "PetitionReclassified by 1001: granted by 1000"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tell(t, join(handled, tt.step)...)
			equal(t, "approvals", lines(f.Approvals, func(p Approval) string {
				state := "refused by " + p.Approver
				switch {
				case p.Pending:
					state = "pending"
				case p.Granted:
					state = "granted by " + p.Approver
				case p.Approver == "":
					state = "missing"
				}
				return fmt.Sprintf("%s by %s: %s", p.Type, p.Requester.Officer, state)
			}), tt.want)
		})
	}
}

// TestImportIsNotLate checks that what was imported long after it happened is no
// late entry.
func TestImportIsNotLate(t *testing.T) {
	f := tell(t,
		step{petition.CaseImported{Number: number, Received: at("03-01 00:00")}, ledger.Meta{Occurred: at("03-01 00:00")}, at("11-01 00:00")},
		step{petition.ActionImported{Activity: "Send Fine", At: at("03-02 00:00")}, ledger.Meta{Occurred: at("03-02 00:00")}, at("11-01 00:00")},
	)
	if len(f.Lates) > 0 || f.Actions != 1 || f.Stage != petition.Foreign || len(f.Holders) > 0 {
		t.Errorf("late entries %v, %d actions, stage %s, holders %v", f.Lates, f.Actions, f.Stage, f.Holders)
	}
}
