package web

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections"
	"xinfang/projections/casefile"
)

// These are the answers of the API. Words of closed sets appear as they are
// stored; times are RFC 3339 in Shanghai, "" and left out if they are not.

// stampOf writes a time as the API does.
func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(law.Shanghai).Format(time.RFC3339)
}

// exactly writes the time of a recording with all its digits, so that asking as of
// that time includes what was recorded then.
func exactly(t time.Time) string { return t.In(law.Shanghai).Format(time.RFC3339Nano) }

// A ListedCase is one case of a list.
type ListedCase struct {
	Number     string   `json:"number"`
	Stage      string   `json:"stage"`
	Open       bool     `json:"open"`
	Channel    string   `json:"channel,omitempty"`
	Class      string   `json:"class,omitempty"`
	Category   string   `json:"category,omitempty"`
	Street     string   `json:"street,omitempty"`
	Unit       string   `json:"unit,omitempty"`
	Officer    string   `json:"officer,omitempty"`
	Summary    string   `json:"summary,omitempty"`
	Petitioner string   `json:"petitioner,omitempty" doc:"masked"`
	Headcount  int      `json:"headcount,omitzero"`
	Received   string   `json:"received_at,omitempty"`
	Registered string   `json:"registered_at,omitempty"`
	Closed     string   `json:"closed_at,omitempty"`
	Statutory  *DueDate `json:"statutory,omitempty"`
	District   *DueDate `json:"district,omitempty"`
	WaitUnit   string   `json:"waiting_for_unit,omitempty"`
	WaitFor    string   `json:"waiting_for_officer,omitempty"`
	Marks      []string `json:"marks,omitempty"`
	Version    int64    `json:"version"`
	Position   int64    `json:"position"`
}

// A DueDate is when the clock that runs out first does so.
type DueDate struct {
	Clock   string `json:"clock"`
	Due     string `json:"due" doc:"last day" example:"2026-11-20"`
	Overdue int    `json:"overdue_days" doc:"calendar days since then; 0 if it has not run out"`
}

// NewListedCase returns row as the API shows it at now.
func NewListedCase(row projections.Row, now time.Time) ListedCase {
	c := ListedCase{
		Number: row.Number, Stage: string(row.Stage), Open: row.Open, Channel: string(row.Channel), Class: string(row.Class),
		Category: row.Category, Street: row.Street, Unit: row.Unit, Officer: row.Officer, Summary: row.Summary,
		Petitioner: row.Petitioner, Headcount: row.Headcount,
		Received: stampOf(row.Received), Registered: stampOf(row.Registered), Closed: stampOf(row.Closed),
		Statutory: dueDate(row.Due[projections.TierIndex(law.Statutory)], now), District: dueDate(row.Due[projections.TierIndex(law.District)], now),
		WaitUnit: row.WaitUnit, WaitFor: row.WaitOfficer, Version: int64(row.Version), Position: int64(row.Position),
	}
	for _, m := range []struct {
		on   bool
		mark projections.Mark
	}{
		{row.Late > 0, projections.MarkLate}, {row.Curing > 0, projections.MarkCuring}, {row.Corrected > 0, projections.MarkCorrected},
		{row.Gap, projections.MarkGap}, {row.Returned > 0, projections.MarkReturned}, {row.Extended > 0, projections.MarkExtended}, {row.Repeat, projections.MarkRepeat},
	} {
		if m.on {
			c.Marks = append(c.Marks, string(m.mark))
		}
	}
	return c
}

func dueDate(d projections.Due, now time.Time) *DueDate {
	if d.At.IsZero() {
		return nil
	}
	last := law.DateOf(d.At.Add(-1))
	due := &DueDate{Clock: string(d.Clock), Due: last.String()}
	if !now.Before(d.At) {
		due.Overdue = max(law.DateOf(now).Sub(last), 0)
	}
	return due
}

// A Case is one case.
type Case struct {
	Number     string      `json:"number"`
	Version    int64       `json:"version"`
	Position   int64       `json:"position"`
	Leaf       string      `json:"leaf" doc:"leaf hash of the last event: identifies the whole history of the case"`
	Stage      string      `json:"stage"`
	Open       bool        `json:"open"`
	Restricted bool        `json:"restricted,omitzero"`
	Imported   bool        `json:"imported,omitzero"`
	Erased     bool        `json:"erased,omitzero" doc:"the petitioner's data key was destroyed, or that was authorised"`
	Channel    string      `json:"channel,omitempty"`
	Level      string      `json:"level,omitempty"`
	Class      string      `json:"class,omitempty"`
	Path       string      `json:"path,omitempty"`
	Category   string      `json:"category,omitempty"`
	Street     string      `json:"street,omitempty"`
	Summary    string      `json:"summary,omitempty"`
	Claims     []CaseClaim `json:"claims,omitempty"`
	Petitioner CasePerson  `json:"petitioner,omitzero"`
	Headcount  int         `json:"headcount,omitzero"`
	Unit       string      `json:"unit,omitempty"`
	Officer    string      `json:"officer,omitempty"`
	Earlier    string      `json:"earlier,omitempty"`
	MergedInto string      `json:"merged_into,omitempty"`
	Excluded   string      `json:"excluded,omitempty"`
	Extended   int         `json:"extended_days,omitzero"`
	Received   string      `json:"received_at,omitempty"`
	Registered string      `json:"registered_at,omitempty"`
	Dispatched string      `json:"dispatched_at,omitempty"`
	Accepted   string      `json:"accepted_at,omitempty"`
	Replied    string      `json:"replied_at,omitempty"`
	Served     string      `json:"served_at,omitempty"`
	Closed     string      `json:"closed_at,omitempty"`
	Lawful     []string    `json:"lawful_commands,omitempty" doc:"what the caller could ask for now"`
}

// A CaseClaim is one claim, masked.
type CaseClaim struct {
	Summary string `json:"summary"`
	Text    string `json:"text,omitempty"`
}

// A CasePerson is the petitioner, masked.
type CasePerson struct {
	Anonymous bool   `json:"anonymous,omitzero"`
	Name      string `json:"name,omitempty"`
	IDNumber  string `json:"id_number,omitempty"`
	Phone     string `json:"phone,omitempty"`
	Address   string `json:"address,omitempty"`
}

// NewCase returns f as the API shows it.
func NewCase(f *casefile.File) Case {
	c := Case{
		Number: f.Number, Version: int64(f.Version), Position: int64(f.Position), Leaf: f.Leaf.String(), Stage: string(f.Stage), Open: f.Stage.Open(),
		Restricted: f.Restricted, Imported: f.Import != nil, Erased: f.Erased, Channel: string(f.Channel), Level: string(f.Level),
		Class: string(f.Class), Path: string(f.Path), Category: f.Category, Street: f.Street, Summary: f.Summary,
		Petitioner: CasePerson{f.Petitioner.Anonymous, f.Petitioner.Name.Masked, f.Petitioner.IDNumber.Masked, f.Petitioner.Phone.Masked, f.Petitioner.Address.Masked},
		Headcount:  f.Headcount, Unit: f.Unit, Officer: f.Officer, Earlier: f.Earlier, MergedInto: f.MergedInto, Excluded: f.Excluded, Extended: f.Extended,
		Received: stampOf(f.Received), Registered: stampOf(f.Registered), Dispatched: stampOf(f.Dispatched), Accepted: stampOf(f.Accepted),
		Replied: stampOf(f.Replied), Served: stampOf(f.Served), Closed: stampOf(f.Closed),
	}
	for _, claim := range f.Claims {
		c.Claims = append(c.Claims, CaseClaim{claim.Summary, claim.Text.Masked})
	}
	return c
}

// A TimelineEntry is one event of a case.
type TimelineEntry struct {
	ID        string            `json:"id"`
	Position  int64             `json:"position"`
	Version   int64             `json:"version"`
	Type      string            `json:"type"`
	Occurred  string            `json:"occurred_at"`
	Recorded  string            `json:"recorded_at"`
	Actor     ledger.Actor      `json:"actor"`
	Approver  string            `json:"approver,omitempty"`
	Reason    string            `json:"reason,omitempty"`
	Basis     *ledger.Document  `json:"basis,omitempty"`
	Late      *ledger.LateEntry `json:"late_entry,omitempty"`
	Curing    bool              `json:"curing,omitzero" doc:"entered after a due date that it claims to have met (治愈超期)"`
	Corrected []string          `json:"corrected_by,omitempty"`
	Leaf      string            `json:"leaf"`
	Event     jsontext.Value    `json:"event" doc:"what it says; personal data masked"`
}

// NewTimelineEntry returns e as the API shows it.
func NewTimelineEntry(e casefile.Entry) (TimelineEntry, error) {
	data, err := json.Marshal(e.Event, json.Deterministic(true), json.WithMarshalers(masked))
	t := TimelineEntry{
		ID: e.ID.String(), Position: int64(e.Position), Version: int64(e.Version), Type: e.Type,
		Occurred: stampOf(e.Occurred), Recorded: exactly(e.Recorded), Actor: e.Actor, Approver: e.Approver, Reason: e.Reason,
		Basis: e.Basis, Late: e.Late, Curing: e.Curing, Leaf: e.Leaf.String(), Event: data,
	}
	for _, id := range e.Fixed {
		t.Corrected = append(t.Corrected, id.String())
	}
	return t, err
}

// masked writes sealed values masked, and nothing of their box.
var masked = json.MarshalToFunc(func(e *jsontext.Encoder, s petition.Sealed) error {
	return e.WriteToken(jsontext.String(s.Masked))
})
