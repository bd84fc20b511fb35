package casefile

import (
	"slices"
	"testing"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

func TestNotices(t *testing.T) {
	line := func(n NoticeEntry) string {
		s := n.Unit + " " + string(n.Notice)
		if n.Since.IsZero() {
			s += ", not owed"
		} else {
			s += " since " + short(n.Since)
		}
		switch {
		case !n.Given.IsZero():
			s += ", given " + short(n.Given) + " " + n.Method + n.Proof
		case n.Impossible != "":
			s += ", impossible " + short(n.Declared) + " " + n.Impossible
		}
		return s
	}
	tests := []struct {
		name  string
		steps []step
		now   string
		want  []string // the matrix
		owed  []string // the notices of want that are owed
	}{
		{
			name:  "sent, accepted, answered",
			steps: finished,
			now:   "12-01 00:00",
			want:  []string{"XFJ dispatch since 03-12 09:00", "ZJJ accept since 03-19 10:00, given 03-22 15:00 书面EMS1", "ZJJ reply since 04-10 09:00, given 04-12 09:00 书面"},
			owed:  []string{"dispatch"},
		},
		{
			name:  "what is given later is owed until then",
			steps: finished,
			now:   "03-22 14:59",
			want:  []string{"XFJ dispatch since 03-12 09:00", "ZJJ accept since 03-19 10:00, given 03-22 15:00 书面EMS1", "ZJJ reply since 04-10 09:00, given 04-12 09:00 书面"},
			owed:  []string{"dispatch", "accept"},
		},
		{
			name: "each dispatch owes its own notice",
			steps: join(pending, []step{
				on("03-14 09:00", petition.PetitionerNotified{Notice: petition.NoticeDispatch, Method: "短信", Proof: "1"}, by("XFJ", "2001")),
				on("03-15 09:00", petition.ObjectionRaised{Unit: "ZJJ"}, by("ZJJ", "1009")),
				on("03-18 09:00", petition.ObjectionUpheld{Unit: "ZJJ"}, by("XFJ", "2001")),
				on("03-19 09:00", petition.CaseDispatched{From: "XFJ", To: "JDB"}, by("XFJ", "2001")),
			}),
			now:  "03-20 09:00",
			want: []string{"XFJ dispatch since 03-12 09:00, given 03-14 09:00 短信1", "XFJ dispatch since 03-19 09:00"},
			owed: []string{"dispatch"},
		},
		{
			name: "what need not be told may be",
			steps: join(intake, []step{
				on("03-05 09:00", petition.PetitionerNotified{Notice: petition.NoticeReceipt, Method: "短信", Proof: "1"}, by("XFJ", "2001")),
			}),
			now:  "12-01 00:00",
			want: []string{"XFJ receipt, not owed, given 03-05 09:00 短信1"},
		},
		{
			name: "who cannot be told is not owed it",
			steps: join(intake, []step{
				on("03-05 09:00", petition.DivertedToLegalChannel{Path: petition.PathLitigation}, by("XFJ", "2001")),
				on("03-06 09:00", petition.NotificationImpossible{Notice: petition.NoticeDivert, Why: "地址不清"}, by("XFJ", "2001")),
			}),
			now:  "12-01 00:00",
			want: []string{"XFJ divert since 03-05 09:00, impossible 03-06 09:00 地址不清"},
		},
		{
			name: "nor are the anonymous",
			steps: join(intake[:1], []step{
				on("03-04 10:00", petition.PetitionRegistered{Petitioner: petition.Person{Anonymous: true}}), dispatch,
			}),
			now: "12-01 00:00",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tell(t, tt.steps...)
			equal(t, "notices", lines(f.Notices, line), tt.want)
			equal(t, "owed", lines(f.Owed(at(tt.now)), func(n NoticeEntry) string { return string(n.Notice) }), tt.owed)
		})
	}
}

func TestWaitingFor(t *testing.T) {
	tests := []struct {
		name     string
		steps    []step
		unit     string
		officer  string
		commands []string
	}{
		{"received", intake[:1], "XFJ", "", []string{"register-petition"}},
		{"registered", intake[:2], "XFJ", "", []string{"classify"}},
		{"classified", intake, "XFJ", "", []string{"dispatch", "accept-no-longer"}},
		{"on its way", join(intake, []step{dispatch}), "ZJJ", "", []string{"receive-dispatch"}},
		{"pending", pending, "ZJJ", "", []string{"accept", "not-accept", "raise-objection"}},
		{"objected", join(pending, []step{on("03-15 09:00", petition.ObjectionRaised{})}), "XFJ", "", []string{"decide-objection", "notify-petitioner"}},
		{"accepted and not told", join(pending, []step{accept}), "ZJJ", "1001", []string{"record-progress", "issue-reply", "notify-petitioner"}},
		{"handled", handled, "ZJJ", "1001", []string{"record-progress", "issue-reply"}},
		{"more time asked for", join(handled, []step{on("04-01 09:00", petition.ExtensionRequested{Days: 5})}),
			"ZJJ", "1001", []string{"record-progress", "issue-reply", "approve-extension"}},
		{"supervised", join(handled, []step{on("04-01 09:00", petition.SupervisionIssued{No: "督1", Unit: "ZJJ"})}),
			"ZJJ", "1001", []string{"record-progress", "issue-reply", "feed-back"}},
		{"answered", join(handled, []step{reply}), "ZJJ", "1001", []string{"serve-reply"}},
		{"served", answered, "ZJJ", "1001", []string{"close"}},
		{"closed, but the bureau told nobody where it went", finished, "XFJ", "", []string{"notify-petitioner"}},
		{"closed", join(finished, []step{on("04-16 09:00", petition.PetitionerNotified{Notice: petition.NoticeDispatch})}), "", "", nil},
		{"lodged with the unit", []step{
			on("03-01 09:00", petition.PetitionReceived{Number: number, Unit: "ZJJ", Direct: true, Clocks: run("03-01 09:00", law.C3)}),
			on("03-01 09:00", petition.PetitionClassified{Class: petition.Claiming})},
			"ZJJ", "", []string{"accept", "not-accept", "dispatch"}},
		{"reviewed and not told", join(finished, review), "QZF", "", []string{"notify-petitioner"}},
		{"reviewed before it was closed, and not told", join(answered, review), "QZF", "", []string{"notify-petitioner"}},
		{"reviewed before it was closed", join(answered, review, []step{on("06-05 09:00", petition.PetitionerNotified{Notice: petition.NoticeReview})}),
			"ZJJ", "1001", []string{"close"}},
		{"under review", join(finished, []step{on("05-01 09:00", petition.ReviewRequested{Organ: "QZF"})}), "QZF", "", []string{"decide-review"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			unit, officer, commands := tell(t, tt.steps...).WaitingFor()
			if unit != tt.unit || officer != tt.officer {
				t.Errorf("waiting for %q/%q, want %q/%q", unit, officer, tt.unit, tt.officer)
			}
			equal(t, "commands", commands, tt.commands)
			for _, c := range commands {
				if !slices.Contains(petition.CommandNames(), c) {
					t.Errorf("there is no command %s", c)
				}
			}
		})
	}
}
