package casefile

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// short writes a time as the tests do, "" for none.
func short(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(law.Shanghai).Format("01-02 15:04")
}

// held writes a holding in one line.
func held(h Holding) string {
	s := fmt.Sprintf("%s–%s %s/%s", short(h.From), short(h.To), h.Unit, h.Officer)
	if h.Transit {
		s += " in transit"
	}
	return s
}

func lines[T any](ts []T, line func(T) string) (all []string) {
	for _, t := range ts {
		all = append(all, line(t))
	}
	return all
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:", what)
		for _, s := range got {
			t.Errorf("\tgot  %s", s)
		}
		for _, s := range want {
			t.Errorf("\twant %s", s)
		}
	}
}

func TestHolders(t *testing.T) {
	objection := join(pending, []step{
		on("03-15 09:00", petition.ObjectionRaised{Unit: "ZJJ"}, by("ZJJ", "1009")),
		on("03-18 09:00", petition.ObjectionUpheld{Unit: "ZJJ"}, by("XFJ", "2001")),
	})
	tests := []struct {
		name  string
		steps []step
		want  []string
		gaps  []string // the intervals of want in which nobody was responsible
	}{
		{
			name:  "from the bureau to an officer until the closing",
			steps: finished,
			want: []string{
				"03-01 09:00–03-12 09:00 XFJ/", "03-12 09:00–03-13 10:00 XFJ/ in transit",
				"03-13 10:00–03-19 10:00 ZJJ/", "03-19 10:00–04-15 09:00 ZJJ/1001",
			},
			gaps: []string{"03-13 10:00–03-19 10:00 ZJJ/"},
		},
		{
			name: "an officer named on receipt leaves no gap to speak of",
			steps: join(pending, []step{
				on("03-13 10:00", petition.ResponsibleOfficerAssigned{Unit: "ZJJ", Officer: "1001"}), accept,
			}),
			want: []string{
				"03-01 09:00–03-12 09:00 XFJ/", "03-12 09:00–03-13 10:00 XFJ/ in transit",
				"03-13 10:00–03-19 10:00 ZJJ/1001", "03-19 10:00– ZJJ/1001",
			},
		},
		{
			name:  "back to the sender when an objection is upheld",
			steps: objection,
			want: []string{
				"03-01 09:00–03-12 09:00 XFJ/", "03-12 09:00–03-13 10:00 XFJ/ in transit",
				"03-13 10:00–03-18 09:00 ZJJ/", "03-18 09:00– XFJ/",
			},
			gaps: []string{"03-13 10:00–03-18 09:00 ZJJ/"},
		},
		{
			name: "a recusal leaves a gap until another is named",
			steps: join(handled, []step{
				on("04-01 09:00", petition.OfficerRecused{Officer: "1001"}),
				on("04-02 09:00", petition.OfficerRecused{Officer: "1001"}),
				on("04-08 09:00", petition.ResponsibleOfficerAssigned{Unit: "ZJJ", Officer: "1002"}),
			}),
			want: []string{
				"03-01 09:00–03-12 09:00 XFJ/", "03-12 09:00–03-13 10:00 XFJ/ in transit", "03-13 10:00–03-19 10:00 ZJJ/",
				"03-19 10:00–04-01 09:00 ZJJ/1001", "04-01 09:00–04-08 09:00 ZJJ/", "04-08 09:00– ZJJ/1002",
			},
			gaps: []string{"03-13 10:00–03-19 10:00 ZJJ/", "04-01 09:00–04-08 09:00 ZJJ/"},
		},
		{
			name: "a review lies with its organ until it is told, and then with nobody",
			steps: join(finished, []step{
				on("05-13 09:00", petition.ReviewRequested{Organ: "QZF"}, got("05-10 09:00")),
				on("06-03 09:00", petition.ReviewDecided{Organ: "QZF", Ruling: petition.Upheld}),
				on("06-05 09:00", petition.PetitionerNotified{Notice: petition.NoticeReview}),
			}),
			want: []string{
				"03-01 09:00–03-12 09:00 XFJ/", "03-12 09:00–03-13 10:00 XFJ/ in transit", "03-13 10:00–03-19 10:00 ZJJ/",
				"03-19 10:00–04-15 09:00 ZJJ/1001", "05-10 09:00–06-05 09:00 QZF/",
			},
			gaps: []string{"03-13 10:00–03-19 10:00 ZJJ/"},
		},
		{
			name: "and then again with the unit, if that has yet to close the case",
			steps: join(answered, review, []step{
				on("06-04 09:00", petition.HandedOver{Unit: "ZJJ", From: "1001", To: "1002"}),
				on("06-05 09:00", petition.PetitionerNotified{Notice: petition.NoticeReview}),
				on("06-06 09:00", petition.CaseClosed{}),
			}),
			want: []string{
				"03-01 09:00–03-12 09:00 XFJ/", "03-12 09:00–03-13 10:00 XFJ/ in transit", "03-13 10:00–03-19 10:00 ZJJ/",
				"03-19 10:00–05-13 09:00 ZJJ/1001", "05-13 09:00–06-05 09:00 QZF/", "06-05 09:00–06-06 09:00 ZJJ/1002",
			},
			gaps: []string{"03-13 10:00–03-19 10:00 ZJJ/"},
		},
		{
			name:  "an officer who is named after the closing does not hold the case again",
			steps: join(finished, []step{on("04-16 09:00", petition.HandedOver{Unit: "ZJJ", From: "1001", To: "1002"})}),
			want: []string{
				"03-01 09:00–03-12 09:00 XFJ/", "03-12 09:00–03-13 10:00 XFJ/ in transit", "03-13 10:00–03-19 10:00 ZJJ/",
				"03-19 10:00–04-15 09:00 ZJJ/1001",
			},
			gaps: []string{"03-13 10:00–03-19 10:00 ZJJ/"},
		},
		{
			name: "a revoked opinion goes back to who handled it",
			steps: join(finished, []step{
				on("05-13 09:00", petition.ReviewRequested{Organ: "QZF"}),
				on("06-03 09:00", petition.ReviewDecided{Organ: "QZF", Ruling: petition.Revoked}),
			}),
			want: []string{
				"03-01 09:00–03-12 09:00 XFJ/", "03-12 09:00–03-13 10:00 XFJ/ in transit", "03-13 10:00–03-19 10:00 ZJJ/",
				"03-19 10:00–04-15 09:00 ZJJ/1001", "05-13 09:00–06-03 09:00 QZF/", "06-03 09:00– ZJJ/1001",
			},
			gaps: []string{"03-13 10:00–03-19 10:00 ZJJ/"},
		},
		{
			name: "a handover that claims to be older than the assignment begins with it",
			steps: join(handled, []step{
				on("04-02 09:00", petition.HandedOver{Unit: "ZJJ", From: "1001", To: "1002"}),
				on("03-10 09:00", petition.HandedOver{Unit: "ZJJ", From: "1002", To: "1003"}, lateOn("04-08 09:00")),
			}),
			want: []string{
				"03-01 09:00–03-12 09:00 XFJ/", "03-12 09:00–03-13 10:00 XFJ/ in transit", "03-13 10:00–03-19 10:00 ZJJ/",
				"03-19 10:00–04-02 09:00 ZJJ/1001", "04-02 09:00– ZJJ/1003",
			},
			gaps: []string{"03-13 10:00–03-19 10:00 ZJJ/"},
		},
		{
			name: "and correcting what came to nothing changes nothing",
			steps: join(handled, []step{
				on("04-02 09:00", petition.HandedOver{Unit: "ZJJ", From: "1001", To: "1002"}),
				on("03-10 09:00", petition.HandedOver{Unit: "ZJJ", From: "1002", To: "1003"}, lateOn("04-08 09:00")),
				on("04-09 09:00", petition.EntryCorrected{Target: id(len(handled)), Field: petition.FieldOccurred, New: at("04-01 09:00").Format(time.RFC3339)}),
			}),
			want: []string{
				"03-01 09:00–03-12 09:00 XFJ/", "03-12 09:00–03-13 10:00 XFJ/ in transit", "03-13 10:00–03-19 10:00 ZJJ/",
				"03-19 10:00–04-02 09:00 ZJJ/1001", "04-02 09:00– ZJJ/1003",
			},
			gaps: []string{"03-13 10:00–03-19 10:00 ZJJ/"},
		},
		{
			name: "a matter lodged with the unit needs an officer once it is to be accepted",
			steps: []step{
				on("03-01 09:00", petition.PetitionReceived{Number: number, Unit: "ZJJ", Direct: true}),
				on("03-04 09:00", petition.NotAccepted{Unit: "ZJJ"}),
				on("03-11 09:00", petition.AcceptanceOrdered{Unit: "ZJJ"}),
			},
			want: []string{"03-01 09:00–03-04 09:00 ZJJ/", "03-11 09:00– ZJJ/"},
			gaps: []string{"03-11 09:00– ZJJ/"},
		},
		{
			name: "an imported case lay with nobody known before its unit had it",
			steps: []step{{petition.CaseImported{Number: number, Unit: "ZJJ", Received: at("03-01 00:00"), Accepted: at("03-05 00:00"), Closed: at("04-01 00:00")},
				ledger.Meta{Occurred: at("03-01 00:00")}, at("11-01 00:00")}},
			want: []string{"03-01 00:00–03-05 00:00 /", "03-05 00:00–04-01 00:00 ZJJ/"},
		},
		{
			name: "nor is it known who was responsible in it",
			steps: []step{
				{petition.CaseImported{Number: number, Unit: "ZJJ", Received: at("03-01 00:00"), Accepted: at("03-01 00:00")}, ledger.Meta{Occurred: at("03-01 00:00")}, at("03-05 00:00")},
				on("03-06 09:00", petition.ProgressRecorded{}, by("ZJJ", "1001")),
			},
			want: []string{"03-01 00:00– ZJJ/"},
		},
		{
			name: "one accepted on receipt and answered at once lay nowhere",
			steps: []step{{petition.CaseImported{Number: number, Unit: "ZJJ", Received: at("03-01 00:00"), Accepted: at("03-01 00:00"), Closed: at("03-01 00:00")},
				ledger.Meta{Occurred: at("03-01 00:00")}, at("11-01 00:00")}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tell(t, tt.steps...)
			equal(t, "holders", lines(f.Holders, held), tt.want)
			equal(t, "gaps", lines(f.Gaps(), held), tt.gaps)
		})
	}
}

func TestWhoHolds(t *testing.T) {
	f := tell(t, join(finished, review)...)
	if f.Unit != "QZF" || f.Officer != "" {
		t.Errorf("before the review is told the case is with %s/%s, want QZF", f.Unit, f.Officer)
	}
	if post := f.Holders[3].Post; post != "1001's post" {
		t.Errorf("the officer accepted in post %q, want his own", post)
	}
	f = tell(t, join(finished, review, []step{on("06-05 09:00", petition.PetitionerNotified{Notice: petition.NoticeReview})})...)
	if f.Unit != "ZJJ" || f.Officer != "1001" {
		t.Errorf("after the review the case is with %s/%s, want ZJJ/1001", f.Unit, f.Officer)
	}
}

func TestDesks(t *testing.T) {
	f := tell(t, handled...)
	desks := lines(f.Desks(at("04-10 12:00"), cal), func(d Desk) string {
		return fmt.Sprintf("%s: %d CD, %d WD, idle %d WD, %d events", held(d.Holding), d.CD, d.WD, d.IdleWD, d.Events)
	})
	// Working days: 03-04…08, 11, 12; 13; 14, 15, 18, 19; 20–22, 25–29, 04-01, 02,
	// 03, 07, 08, 09, 10. The bureau did nothing from 03-04 to 03-12, the officer
	// nothing from 03-25 on: 26–29, 04-01, 02, 03, 07, 08, 09, 10.
	equal(t, "desks", desks, []string{
		"03-01 09:00–03-12 09:00 XFJ/: 11 CD, 7 WD, idle 6 WD, 4 events",
		"03-12 09:00–03-13 10:00 XFJ/ in transit: 1 CD, 1 WD, idle 1 WD, 0 events",
		"03-13 10:00–03-19 10:00 ZJJ/: 6 CD, 4 WD, idle 4 WD, 2 events",
		"03-19 10:00–04-10 12:00 ZJJ/1001: 22 CD, 15 WD, idle 11 WD, 2 events",
	})
	if early := f.Desks(at("03-12 09:00"), cal); len(early) != 1 {
		t.Errorf("on the day of the dispatch the case had lain at %d desks, want 1", len(early))
	}
}

func TestAttribution(t *testing.T) {
	handedOver := join(handled, []step{
		on("05-15 09:00", petition.HandedOver{Unit: "ZJJ", From: "1001", To: "1002"}),
		on("05-20 09:00", petition.ReplyIssued{No: "1"}),
		on("05-22 09:00", petition.ReplyServed{}),
		on("05-24 09:00", petition.CaseClosed{}),
	})
	tests := []struct {
		name  string
		steps []step
		clock law.ClockID
		tier  law.Tier
		now   string
		want  []string
	}{
		// C6 of the district ran out with 04-18, held by 1001. To 05-15: 27 calendar
		// days; working days 19, 22–26, 28–30, 05-06…11, 13, 14, 15 = 1+5+3+6+3 = 18.
		// To 05-24: 9; 16, 17, 20–24 = 7.
		{"a handover after the limit divides the time, not the miss", handedOver, law.C6, law.District, "12-01 00:00", []string{
			"ZJJ/1001 04-19 00:00–05-15 09:00 27 CD 18 WD, missed it", "ZJJ/1002 05-15 09:00–05-24 09:00 9 CD 7 WD"}},
		// The statutory limit ran out with 05-18, a Saturday, held by 1002.
		{"a handover before the limit hands it over", handedOver, law.C6, law.Statutory, "12-01 00:00", []string{
			"ZJJ/1002 05-19 00:00–05-24 09:00 6 CD 5 WD, missed it"}},
		{"as it was known on the way", handedOver, law.C6, law.District, "04-19 09:00", []string{
			"ZJJ/1001 04-19 00:00–04-19 09:00 1 CD 1 WD, missed it"}},
		{"in time is nobody's", handedOver, law.C6, law.District, "04-18 23:00", nil},
		// C2 of the district ran out with 03-08 at the bureau, until the dispatch.
		{"the bureau's own", handled, law.C2, law.District, "12-01 00:00", []string{
			"XFJ/ 03-09 00:00–03-12 09:00 4 CD 2 WD, missed it"}},
		// After a refusal nobody holds the case; its notice is still the unit's.
		{"what is owed after the end is charged to the last holder", join(pending, []step{on("03-15 09:00", petition.NotAccepted{Unit: "ZJJ"})}),
			law.C4, law.Statutory, "04-01 12:00", []string{"ZJJ/ 03-29 00:00–04-01 12:00 4 CD 2 WD, missed it"}},
		// A supervision is answered by whom it was put to.
		{"a supervision is the supervised unit's", join(handled, []step{
			on("04-01 09:00", petition.SupervisionIssued{No: "督1", Unit: "JDB", Clock: ordered("04-01 09:00", law.C17, "04-08")})}),
			law.C17, law.Statutory, "04-09 12:00", []string{"JDB/ 04-09 00:00–04-09 12:00 1 CD 1 WD, missed it"}},
		{"no such clock", intake, law.C6, law.Statutory, "12-01 00:00", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shares := tell(t, tt.steps...).Attribution(tt.clock, tt.tier, at(tt.now), cal)
			equal(t, "shares", lines(shares, func(s Share) string {
				line := fmt.Sprintf("%s/%s %s–%s %d CD %d WD", s.Unit, s.Officer, short(s.From), short(s.To), s.CD, s.WD)
				if s.Miss {
					line += ", missed it"
				}
				return line
			}), tt.want)
		})
	}
}
