package projections

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
	"xinfang/projections/measure"
)

// A Row is one case as lists, queues, search and measures need it. It holds no
// personal data in clear. All times are UTC; a zero time means that it has not
// happened.
type Row struct {
	First    ledger.Position // of the case's first event: orders cases by age, and identifies the row
	Position ledger.Position // of the last
	Version  ledger.Version
	Recorded time.Time // when the last event was recorded

	Number     string
	Stage      petition.Stage
	Channel    petition.Channel
	Class      petition.Class
	Category   string
	Street     string
	Unit       string // that holds the case, or held it last
	Officer    string
	Bureau     string
	Summary    string
	Claims     string // summaries of all claims
	Petitioner string // masked
	Subject    uuid.UUID
	Headcount  int
	Received   time.Time
	Registered time.Time
	Closed     time.Time

	Open       bool
	Restricted bool
	Urgent     bool
	Repeat     bool
	Gap        bool // nobody is responsible now (责任真空)
	Late       int  // late entries (补录)
	Curing     int  // of them, those that cure a missed due date (治愈超期)
	Corrected  int  // corrections (更正)
	Returned   int  // objections upheld (退件)
	Extended   int  // days of extension

	Due         [2]Due // of the running clock that runs out first, by [TierIndex]
	WaitUnit    string // who must act next
	WaitOfficer string
	Involved    []string // codes of all units that ever held the case, sorted

	Facts measure.Facts
}

// A Due is when a running clock runs out.
type Due struct {
	Clock law.ClockID
	At    time.Time // exclusive instant
}

// TierIndex returns the place of t in [Row.Due].
func TierIndex(t law.Tier) int {
	if t == law.District {
		return 1
	}
	return 0
}

// RowOf returns the row of f, whose first event is at first.
func RowOf(f *casefile.File, first ledger.Position) Row {
	r := Row{
		First: first, Position: f.Position, Version: f.Version, Recorded: f.Recorded,
		Number: f.Number, Stage: f.Stage, Channel: f.Channel, Class: f.Class, Category: f.Category,
		Street: f.Street, Unit: f.Unit, Officer: f.Officer, Bureau: f.Bureau, Summary: f.Summary,
		Petitioner: f.Petitioner.Name.Masked, Subject: f.Petitioner.Subject, Headcount: f.Headcount,
		Received: f.Received, Registered: f.Registered, Closed: f.Closed,
		Open: f.Stage.Open(), Restricted: f.Restricted, Urgent: f.Urgent, Repeat: f.Earlier != "",
		Late: len(f.Lates), Corrected: len(f.Corrections), Returned: f.Returns, Extended: f.Extended,
		Facts: measure.Of(f),
	}
	for _, h := range f.Holders {
		if h.Unit != "" {
			r.Involved = append(r.Involved, h.Unit)
		}
	}
	slices.Sort(r.Involved)
	r.Involved = slices.Compact(r.Involved)
	for _, c := range f.Claims {
		r.Claims += c.Summary + "\n"
	}
	for _, l := range f.Lates {
		if len(l.Cures) > 0 {
			r.Curing++
		}
	}
	if gaps := f.Gaps(); len(gaps) > 0 && gaps[len(gaps)-1].To.IsZero() {
		r.Gap = r.Open
	}
	if r.Open {
		for _, t := range []law.Tier{law.Statutory, law.District} {
			if c, ok := f.Open(t); ok {
				r.Due[TierIndex(t)] = Due{c.ID, c.Limit(t).Due}
			}
		}
		r.WaitUnit, r.WaitOfficer, _ = f.WaitingFor()
	}
	return r
}
