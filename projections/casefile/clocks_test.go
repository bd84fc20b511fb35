package casefile

import (
	"testing"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// want is what a clock comes to in one tier. Margins are in calendar and working
// days.
type want struct {
	state  State
	due    string
	cd, wd int
}

func TestVerdicts(t *testing.T) {
	told := func(s string, n petition.Notice) step {
		return on(s, petition.PetitionerNotified{Notice: n, Method: "书面", Proof: "EMS"}, by("ZJJ", "1001"))
	}
	anonymous := join(intake[:1], []step{
		on("03-04 10:00", petition.PetitionRegistered{Petitioner: petition.Person{Anonymous: true}}),
	}, pending[2:])
	direct := []step{
		on("03-01 09:00", petition.PetitionReceived{Number: number, Unit: "ZJJ", Direct: true, Clocks: run("03-01 09:00", law.C1, law.C3)}, got("03-01 09:00")),
	}
	// The extended C6 is due 05-18 + 20 = 06-07, in the district 04-18 + 20 = 05-08.
	extension := petition.ExtensionApproved{Days: 20, Clock: run("03-19 10:00", law.C6)[0].Extend(20)}
	urgent := []step{
		on("03-01 09:00", petition.PetitionReceived{Number: number, Unit: "XFJ", Urgent: true,
			Clocks: run("03-01 09:00", law.C2, law.C13, law.C13Written)}, got("03-01 09:00")),
	}
	supervised := join(handled, []step{
		on("04-01 09:00", petition.SupervisionIssued{No: "督1", Unit: "ZJJ", Ground: "4", Clock: ordered("04-01 09:00", law.C17, "04-08")}, by("XFJ", "2001")),
		on("04-02 09:00", petition.SupervisionIssued{No: "督2", Unit: "ZJJ", Ground: "4", Clock: ordered("04-02 09:00", law.C17, "04-09")}, by("XFJ", "2001")),
	})
	reviewed := join(finished, []step{
		on("05-13 09:00", petition.ReviewRequested{Organ: "QZF", Clocks: run("05-13 09:00", law.C9)}, got("05-13 09:00")),
		on("06-03 09:00", petition.ReviewDecided{Organ: "QZF", Ruling: petition.Upheld, No: "复查1"}, by("QZF", "3001")),
	})
	rechecked := join(reviewed, []step{
		on("06-05 09:00", petition.PetitionerNotified{Notice: petition.NoticeReview, Method: "书面", Proof: "EMS", Clocks: run("06-05 09:00", law.C10)}),
		on("06-10 09:00", petition.RecheckRequested{Organ: "SZF", Clocks: run("06-10 09:00", law.C11)}, got("06-10 09:00")),
	})
	hearing := run("06-10 09:00", law.C11)[0].Pause(2)

	tests := []struct {
		name                string
		steps               []step
		clock               law.ClockID
		now                 string
		statutory, district want
	}{
		{"registration on the last day", intake, law.C1, "12-01 00:00", want{state: StateNone}, want{StateMet, "03-04", 0, 0}},
		{"registration is awaited", intake[:1], law.C1, "03-04 23:59", want{state: StateNone}, want{StateRunning, "03-04", 0, 0}},
		{"registration is overdue from midnight", intake[:1], law.C1, "03-05 00:00", want{state: StateNone}, want{StateOverdue, "03-04", -1, -1}},

		// 03-16 is a Saturday. After 03-12 there are 13, 14, 15 to go; from 03-08 it took 11, 12 too many.
		{"a dispatch meets C2", pending, law.C2, "12-01 00:00", want{StateMet, "03-16", 4, 3}, want{StateLate, "03-08", -4, -2}},
		{"but not before it happened", pending, law.C2, "03-08 12:00", want{StateRunning, "03-16", 8, 5}, want{StateRunning, "03-08", 0, 0}},
		{"a diversion meets C2", join(intake, []step{on("03-05 09:00", petition.DivertedToLegalChannel{Path: petition.PathLitigation})}),
			law.C2, "12-01 00:00", want{StateMet, "03-16", 11, 8}, want{StateMet, "03-08", 3, 3}},
		{"a transfer to discipline meets C2", join(intake, []step{on("03-05 09:00", petition.TransferredToDiscipline{Organ: "JW"})}),
			law.C2, "12-01 00:00", want{StateMet, "03-16", 11, 8}, want{StateMet, "03-08", 3, 3}},
		{"an urgent report meets C2", join(urgent, []step{on("03-05 09:00", petition.UrgentReported{To: "QZF", Form: "oral"})}),
			law.C2, "12-01 00:00", want{StateMet, "03-16", 11, 8}, want{StateMet, "03-08", 3, 3}},
		{"a direct answer meets C2", join(intake, []step{on("03-05 09:00", petition.ReplyIssued{No: "1"})}),
			law.C2, "12-01 00:00", want{StateMet, "03-16", 11, 8}, want{StateMet, "03-08", 3, 3}},
		{"a refusal alone does not", join(intake, []step{on("03-05 09:00", petition.NotAccepted{Unit: "XFJ"})}),
			law.C2, "03-18 12:00", want{StateOverdue, "03-16", -2, -1}, want{StateOverdue, "03-08", -10, -6}},
		{"a refusal that was told does", join(intake, []step{on("03-05 09:00", petition.NotAccepted{Unit: "XFJ"}), told("03-07 09:00", petition.NoticeRefuse)}),
			law.C2, "12-01 00:00", want{StateMet, "03-16", 9, 6}, want{StateMet, "03-08", 1, 1}},
		{"a merged case owes no dispatch", join(intake, []step{on("03-05 09:00", petition.CaseMerged{Into: "2"})}),
			law.C2, "12-01 00:00", want{StateLapsed, "03-16", 11, 8}, want{StateLapsed, "03-08", 3, 3}},
		{"but was late if it was merged too late", join(intake, []step{on("03-12 09:00", petition.CaseMerged{Into: "2"})}),
			law.C2, "12-01 00:00", want{StateLapsed, "03-16", 4, 3}, want{StateLate, "03-08", -4, -2}},

		// 25, 26, 27, 28 were left of 03-28; 21, 22 were too many.
		{"acceptance and notice meet C4 at the notice", handled, law.C4, "12-01 00:00", want{StateMet, "03-28", 6, 4}, want{StateLate, "03-20", -2, -2}},
		{"acceptance alone does not", join(pending, []step{accept}), law.C4, "03-29 12:00", want{StateOverdue, "03-28", -1, -1}, want{StateOverdue, "03-20", -9, -7}},
		{"a notice of something else does not", join(pending, []step{accept, told("03-20 09:00", petition.NoticeProgress)}),
			law.C4, "03-28 12:00", want{StateRunning, "03-28", 0, 0}, want{StateOverdue, "03-20", -8, -6}},
		{"a notice before the decision counts with it", join(pending, []step{told("03-18 09:00", petition.NoticeAccept), accept}),
			law.C4, "12-01 00:00", want{StateMet, "03-28", 9, 7}, want{StateMet, "03-20", 1, 1}},
		{"who cannot be told need not be", join(pending, []step{accept, on("03-20 09:00", petition.NotificationImpossible{Notice: petition.NoticeAccept, Why: "地址不清"})}),
			law.C4, "12-01 00:00", want{StateMet, "03-28", 8, 6}, want{StateMet, "03-20", 0, 0}},
		{"but saying so after the limit cures nothing", join(pending, []step{accept, on("03-29 09:00", petition.NotificationImpossible{Notice: petition.NoticeAccept, Why: "地址不清"})}),
			law.C4, "12-01 00:00", want{StateLate, "03-28", -1, -1}, want{StateLate, "03-20", -9, -7}},
		{"to the anonymous nothing is owed", join(anonymous, []step{accept}), law.C4, "12-01 00:00", want{StateMet, "03-28", 9, 7}, want{StateMet, "03-20", 1, 1}},
		{"a reply that was served tells it in any case", join(pending, []step{accept, reply, service}),
			law.C4, "12-01 00:00", want{StateLate, "03-28", -15, -10}, want{StateLate, "03-20", -23, -16}},
		{"a refusal with notice meets C4", join(pending, []step{on("03-15 09:00", petition.NotAccepted{Unit: "ZJJ"}), told("03-18 09:00", petition.NoticeRefuse)}),
			law.C4, "12-01 00:00", want{StateMet, "03-28", 10, 8}, want{StateMet, "03-20", 2, 2}},
		{"an upheld objection makes C4 void, even after it ran out", join(pending, []step{
			on("03-18 09:00", petition.ObjectionRaised{Unit: "ZJJ"}), on("04-08 09:00", petition.ObjectionUpheld{Unit: "ZJJ"})}),
			law.C4, "12-01 00:00", want{StateLapsed, "03-28", 0, 0}, want{StateLapsed, "03-20", 0, 0}},
		{"a direct matter has C3", join(direct, []step{
			on("03-06 09:00", petition.AcceptanceDecided{Unit: "ZJJ", Officer: "1001"}), told("03-07 09:00", petition.NoticeAccept)}),
			law.C3, "12-01 00:00", want{StateMet, "03-16", 9, 6}, want{StateMet, "03-08", 1, 1}},
		{"an order to accept starts C4 anew", join(pending, []step{
			on("03-15 09:00", petition.NotAccepted{Unit: "ZJJ"}), told("03-18 09:00", petition.NoticeRefuse),
			on("04-01 09:00", petition.AcceptanceOrdered{Unit: "ZJJ", Clocks: run("04-01 09:00", law.C4)})}),
			law.C4, "04-01 12:00", want{StateRunning, "04-16", 15, 10}, want{StateRunning, "04-09", 8, 5}},

		{"an objection meets C5", join(pending, []step{on("03-18 09:00", petition.ObjectionRaised{Unit: "ZJJ"})}),
			law.C5, "12-01 00:00", want{StateMet, "03-20", 2, 2}, want{StateMet, "03-20", 2, 2}},
		{"a late one is late", join(pending, []step{on("03-25 09:00", petition.ObjectionRaised{Unit: "ZJJ", Late: true})}),
			law.C5, "12-01 00:00", want{StateLate, "03-20", -5, -3}, want{StateLate, "03-20", -5, -3}},
		{"without one C5 lapses", pending, law.C5, "03-21 12:00", want{StateLapsed, "03-20", -1, -1}, want{StateLapsed, "03-20", -1, -1}},
		{"or with the acceptance", handled, law.C5, "12-01 00:00", want{StateLapsed, "03-20", 1, 1}, want{StateLapsed, "03-20", 1, 1}},

		// After 04-15 there are 16-19, 22-26, 28-30, 05-06 to 05-11, 05-13 to 05-17: 4+5+3+6+5 = 23.
		{"closing meets C6", finished, law.C6, "12-01 00:00", want{StateMet, "05-18", 33, 23}, want{StateMet, "04-18", 3, 3}},
		{"serving does not", answered, law.C6, "05-19 00:00", want{StateOverdue, "05-18", -1, 0}, want{StateOverdue, "04-18", -31, -20}},
		{"closing in the last minute is in time", join(answered, []step{on("05-18 23:59", petition.CaseClosed{})}),
			law.C6, "12-01 00:00", want{StateMet, "05-18", 0, 0}, want{StateLate, "04-18", -30, -20}},
		{"closing at midnight is not", join(answered, []step{on("05-19 00:00", petition.CaseClosed{})}),
			law.C6, "12-01 00:00", want{StateLate, "05-18", -1, 0}, want{StateLate, "04-18", -31, -20}},
		{"an extension moves both tiers", join(handled, []step{on("04-10 09:00", extension)}),
			law.C6, "05-09 12:00", want{StateRunning, "06-07", 29, 22}, want{StateOverdue, "05-08", -1, -1}},
		{"a case withdrawn in time", join(handled, []step{on("04-10 09:00", petition.PetitionWithdrawn{})}),
			law.C6, "12-01 00:00", want{StateLapsed, "05-18", 38, 26}, want{StateLapsed, "04-18", 8, 6}},
		{"a case withdrawn after the limit was missed", join(handled, []step{on("05-20 09:00", petition.PetitionWithdrawn{})}),
			law.C6, "12-01 00:00", want{StateLate, "05-18", -2, -1}, want{StateLate, "04-18", -32, -21}},
		{"a review asked for before closing ends C6 at the service", join(answered, []step{
			on("04-20 09:00", petition.ReviewRequested{Organ: "QZF", Clocks: run("04-20 09:00", law.C9)})}),
			law.C6, "12-01 00:00", want{StateMet, "05-18", 36, 24}, want{StateMet, "04-18", 6, 4}},
		{"a reopened case runs anew", join(finished, []step{on("06-03 09:00", petition.CaseReopened{Ground: petition.GroundRelapse, Clocks: run("06-03 09:00", law.C6)})}),
			law.C6, "06-03 12:00", want{StateRunning, "08-02", 60, 43}, want{StateRunning, "07-03", 30, 21}},
		{"a revoked opinion runs anew", join(reviewed[:len(reviewed)-1], []step{
			on("06-03 09:00", petition.ReviewDecided{Ruling: petition.Revoked, Clocks: run("06-03 09:00", law.C6)})}),
			law.C6, "06-03 12:00", want{StateRunning, "08-02", 60, 43}, want{StateRunning, "07-03", 30, 21}},
		{"a class without the procedure has no C6", join(handled, []step{on("04-10 09:00", petition.PetitionReclassified{Class: petition.Suggestion})}),
			law.C6, "12-01 00:00", want{StateLapsed, "05-18", 38, 26}, want{StateLapsed, "04-18", 8, 6}},

		{"unless it is put back", join(handled, []step{on("04-10 09:00", petition.PetitionReclassified{Class: petition.Suggestion}),
			on("04-20 09:00", petition.PetitionReclassified{Class: petition.Claiming, Path: petition.PathPetition})}),
			law.C6, "05-19 12:00", want{StateOverdue, "05-18", -1, 0}, want{StateOverdue, "04-18", -31, -20}},

		{"a report meets C7", join(intake, []step{
			on("03-12 09:00", petition.CaseDispatched{Mode: petition.Assign, From: "XFJ", To: "ZJJ", Clocks: []law.Clock{ordered("03-12 09:00", law.C7, "04-19")}}),
			on("04-17 09:00", petition.CompletionReported{No: "1"})}),
			law.C7, "12-01 00:00", want{StateMet, "04-19", 2, 2}, want{StateMet, "04-19", 2, 2}},

		{"a right that is not used lapses", finished, law.C8, "05-14 12:00", want{StateLapsed, "05-13", -1, -1}, want{state: StateNone}},
		{"it is used on the last day, rolled from a Sunday", reviewed, law.C8, "12-01 00:00", want{StateMet, "05-13", 0, 0}, want{state: StateNone}},
		{"a review is not over before it is told", reviewed, law.C9, "06-13 12:00", want{StateOverdue, "06-12", -1, -1}, want{state: StateNone}},
		{"a review that is told", rechecked, law.C9, "12-01 00:00", want{StateMet, "06-12", 7, 4}, want{state: StateNone}},
		{"a re-check asked for in time", rechecked, law.C10, "12-01 00:00", want{StateMet, "07-05", 25, 19}, want{state: StateNone}},
		{"a hearing pauses C11", join(rechecked, []step{on("06-20 09:00", petition.HearingHeld{Clock: &hearing})}),
			law.C11, "07-11 12:00", want{StateRunning, "07-12", 1, 1}, want{state: StateNone}},
		{"the decision meets C11", join(rechecked, []step{on("07-11 09:00", petition.RecheckDecided{Ruling: petition.Upheld})}),
			law.C11, "12-01 00:00", want{StateLate, "07-10", -1, -1}, want{state: StateNone}},

		{"an oral report in the hour", join(urgent, []step{on("03-01 09:59", petition.UrgentReported{Form: "oral"})}),
			law.C13, "12-01 00:00", want{state: StateNone}, want{StateMet, "03-01", 0, 0}},
		{"one after the hour", join(urgent, []step{on("03-01 10:00", petition.UrgentReported{Form: "oral"})}),
			law.C13, "12-01 00:00", want{state: StateNone}, want{StateLate, "03-01", 0, 0}},
		{"an oral report is not a written one", join(urgent, []step{on("03-01 09:59", petition.UrgentReported{Form: "oral"})}),
			law.C13Written, "03-01 13:00", want{state: StateNone}, want{StateOverdue, "03-01", 0, 0}},
		{"a written one is", join(urgent, []step{on("03-01 12:59", petition.UrgentReported{Form: "written"})}),
			law.C13Written, "12-01 00:00", want{state: StateNone}, want{StateMet, "03-01", 0, 0}},

		{"simple handling ends with the reply", join(pending, []step{
			on("03-19 10:00", petition.AcceptanceDecided{Unit: "ZJJ", Officer: "1001", Simple: true, Clocks: run("03-19 10:00", law.C6, law.C14)}),
			on("04-01 09:00", petition.ReplyIssued{No: "1"})}),
			law.C14, "12-01 00:00", want{StateMet, "04-02", 1, 1}, want{state: StateNone}},
		{"an evaluation of the unit is not one of the bureau", join(finished, []step{
			on("04-15 10:00", petition.EvaluationOpened{Judged: petition.JudgedUnit, Clocks: run("04-15 10:00", law.C15)}),
			on("04-15 10:00", petition.EvaluationOpened{Judged: petition.JudgedBureau, Clocks: run("04-15 10:00", law.C15)}),
			on("04-20 10:00", petition.EvaluationSubmitted{Judged: petition.JudgedUnit, Grade: petition.Satisfied})}),
			law.C15, "04-20 12:00", want{state: StateNone}, want{StateRunning, "05-15", 25, 17}},
		{"feedback meets its own supervision only", join(supervised, []step{on("04-08 09:00", petition.SupervisionFedBack{No: "督1"})}),
			law.C17, "04-10 12:00", want{StateOverdue, "04-09", -1, -1}, want{StateOverdue, "04-09", -1, -1}},
		{"a closed supervision asks for nothing more", join(supervised, []step{on("04-08 09:00", petition.SupervisionClosed{No: "督2"})}),
			law.C17, "12-01 00:00", want{StateLapsed, "04-09", 1, 1}, want{StateLapsed, "04-09", 1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, ok := tell(t, tt.steps...).Clock(tt.clock)
			if !ok {
				t.Fatalf("there is no %s", tt.clock)
			}
			for i, tier := range law.Tiers {
				v := c.Verdict(tier, at(tt.now))
				got := want{v.State, "", v.MarginDays, v.MarginWD(cal)}
				if s := v.Due.String(); s != "" {
					got.due = s[len("2024-"):]
				}
				if want := []want{tt.statutory, tt.district}[i]; got != want {
					t.Errorf("%s, %s: %+v, want %+v", tt.clock, tier, got, want)
				}
			}
		})
	}
}

// TestStrict checks that an extension which was approved after the limit had run
// out counts, but not in the strict sense, tier by tier.
func TestStrict(t *testing.T) {
	once := run("03-19 10:00", law.C6)[0].Extend(20)
	twice := once.Extend(10)
	tests := []struct {
		name                            string
		first, second                   string // approvals
		statutory, district             string // due
		strictStatutory, strictDistrict string
	}{
		{"in time for both", "04-18 23:59", "", "06-07", "05-08", "06-07", "05-08"},
		{"too late for the district", "04-19 00:00", "", "06-07", "05-08", "06-07", "04-18"},
		{"too late for both", "05-19 00:00", "", "06-07", "05-08", "05-18", "04-18"},
		{"the second too late for the district", "04-10 09:00", "05-09 00:00", "06-17", "05-18", "06-17", "05-08"},
		{"the first too late, the second not in time either", "04-20 09:00", "05-01 00:00", "06-17", "05-18", "06-17", "04-18"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			steps := join(handled, []step{on(tt.first, petition.ExtensionApproved{Days: 20, Clock: once})})
			if tt.second != "" {
				steps = append(steps, on(tt.second, petition.ExtensionApproved{Days: 10, Clock: twice}))
			}
			c, _ := tell(t, steps...).Clock(law.C6)
			for i, tier := range law.Tiers {
				v := c.Verdict(tier, at("12-01 00:00"))
				due, strict := []string{tt.statutory, tt.district}[i], []string{tt.strictStatutory, tt.strictDistrict}[i]
				if v.Due.String() != "2024-"+due || v.StrictDue.String() != "2024-"+strict {
					t.Errorf("%s: due %v, strictly %v; want %s, %s", tier, v.Due, v.StrictDue, due, strict)
				}
			}
		})
	}
}

func TestStrictState(t *testing.T) {
	f := tell(t, join(handled, []step{
		on("05-19 09:00", petition.ExtensionApproved{Days: 20, Clock: run("03-19 10:00", law.C6)[0].Extend(20)}),
		on("06-01 09:00", petition.CaseClosed{}),
	})...)
	c, _ := f.Clock(law.C6)
	if v := c.Verdict(law.Statutory, at("12-01 00:00")); v.State != StateMet || v.StrictState != StateLate {
		t.Errorf("closed within an extension that came too late: %s, strictly %s; want %s, %s", v.State, v.StrictState, StateMet, StateLate)
	}
}

func TestOpen(t *testing.T) {
	tests := []struct {
		name                string
		steps               []step
		statutory, district law.ClockID // "" for none
	}{
		{"received", intake[:1], law.C2, law.C1},
		{"registered", intake, law.C2, law.C2},
		{"on its way nothing runs", join(intake, []step{dispatch}), "", ""},
		{"pending: C5 is a right, though it ends first", pending, law.C4, law.C4},
		{"handled", handled, law.C6, law.C6},
		{"served: C8 is a right", answered, law.C6, law.C6},
		{"closed", finished, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tell(t, tt.steps...)
			for i, tier := range law.Tiers {
				c, ok := f.Open(tier)
				if want := []law.ClockID{tt.statutory, tt.district}[i]; c.ID != want || ok != (want != "") {
					t.Errorf("%s: %q, %v; want %q", tier, c.ID, ok, want)
				}
			}
		})
	}
}

// TestRecomputed checks that a due date that was settled replaces the
// provisional one of the same clock, and of no other.
func TestRecomputed(t *testing.T) {
	settled := run("03-19 10:00", law.C6)[0]
	limit := *settled.Statutory
	limit.Due = at("05-25 00:00")
	settled.Statutory = &limit
	f := tell(t, join(handled, []step{
		on("04-01 09:00", petition.DeadlineRecomputed{Clock: settled}),
		on("04-02 09:00", petition.DeadlineRecomputed{Clock: run("01-01 00:00", law.C4)[0]}),
	})...)
	c, _ := f.Clock(law.C6)
	if got := c.Limit(law.Statutory).Due; !got.Equal(limit.Due) {
		t.Errorf("C6 is due %v, want %v", got, limit.Due)
	}
	if c, _ := f.Clock(law.C4); !c.Start.Equal(at("03-13 10:00")) {
		t.Errorf("C4 was replaced by one that started %v", c.Start)
	}
}

// TestImported checks that a clock of an imported case is met by a fact of the
// source, or says nothing.
func TestImported(t *testing.T) {
	clocks := run("03-01 00:00", law.C1, law.C2, law.C6)
	const met = StateMet
	tests := []struct {
		name       string
		c          petition.CaseImported
		now        string
		c1, c2, c6 State // of the district for C1, else statutory
	}{
		{"every fact", petition.CaseImported{Registered: at("03-02 00:00"), Dispatched: at("03-05 00:00"), Accepted: at("03-07 00:00"), Closed: at("04-01 00:00")},
			"12-01 00:00", met, met, met},
		{"received and closed only", petition.CaseImported{Closed: at("03-10 00:00")}, "12-01 00:00", StateLapsed, StateLapsed, met},
		{"accepted, and when it was dispatched is not said", petition.CaseImported{Accepted: at("03-20 00:00"), Closed: at("04-01 00:00")}, "12-01 00:00", StateLapsed, StateLapsed, met},
		{"answered, and when it was closed is not said", petition.CaseImported{Replied: at("03-20 00:00")}, "12-01 00:00", StateLapsed, StateLapsed, StateLapsed},
		{"nothing has happened", petition.CaseImported{}, "12-01 00:00", StateLapsed, StateOverdue, StateOverdue},
		{"closed too late", petition.CaseImported{Closed: at("06-01 00:00")}, "12-01 00:00", StateLapsed, StateLapsed, StateLate},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.Number, tt.c.Unit, tt.c.Received, tt.c.Clocks = number, "ZJJ", at("03-01 00:00"), clocks
			f := tell(t, step{tt.c, ledger.Meta{Occurred: tt.c.Received}, at("11-01 00:00")})
			for i, id := range []law.ClockID{law.C1, law.C2, law.C6} {
				tier, want := law.Statutory, []State{tt.c1, tt.c2, tt.c6}[i]
				if id == law.C1 {
					tier = law.District
				}
				c, _ := f.Clock(id)
				if got := c.Verdict(tier, at(tt.now)).State; got != want {
					t.Errorf("%s is %s, want %s", id, got, want)
				}
			}
			if len(f.Lates) > 0 || len(f.Owed(at(tt.now))) > 0 || len(f.Gaps()) > 0 {
				t.Errorf("late entries %v, owed notices %v, gaps %v in an imported case", f.Lates, f.Notices, f.Gaps())
			}
		})
	}
}
