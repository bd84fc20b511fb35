package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/access"
	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
	"xinfang/projections/report"
)

// timelinePage is how many entries of a timeline one page has.
const timelinePage = 100

// caseData is what case.html shows.
type caseData struct {
	*casefile.File
	Lights   [2]light // of the clock that runs out first, in each tier
	Held     *casefile.Desk
	Strip    strip
	Desks    []casefile.Desk
	Clocks   []clockRow
	Timeline []timelineRow
	Views    []tab
	Older    string // address of the entries before these
	Shown    int
	Commands []tab
	Correct  string           // address at which an entry is corrected; "" if it may not be
	Sealed   []personal.Field // fields of personal data that there are
	Purposes []option
	Erased   time.Time // when the key of the personal data was destroyed; zero if it was not
	Command  string    // identity of the look that the form asks for
	Raw      bool      // the visitor may see events as they are stored
	Report   bool
}

// A clockRow is one clock of a case in both tiers, and how its dates came about.
type clockRow struct {
	casefile.ClockEntry
	Tiers [2]clockTier
}

type clockTier struct {
	Light  light
	Steps  []law.Step
	Shares []casefile.Share
}

// A timelineRow is one entry of the timeline.
type timelineRow struct {
	casefile.Entry
	Action ledger.Text
	Facts  []fact
	Lag    int // days from happening to recording
}

// seen is a case that the visitor may see.
type seen struct {
	moment
	*casefile.File
	world petition.World
}

// look returns the case with number as known at the moment that q asks for. A
// case that the visitor may not know of now, or could not have then, is not
// there.
func (s *Server) look(ctx context.Context, number string, q url.Values) (seen, error) {
	m, err := s.momentOf(ctx, q)
	if err != nil {
		return seen{}, err
	}
	world, err := s.worldAt(ctx, m)
	if err != nil {
		return seen{}, err
	}
	f, err := casefile.Read(ctx, s.Store, petition.ID(number), 0)
	if err != nil {
		return seen{}, err
	}
	if f == nil || !visible(visitOf(ctx), world.Directory, f) {
		return seen{}, errNotFound
	}
	if m.Past {
		f, err = casefile.Read(ctx, s.Store, petition.ID(number), m.At.Position)
		if err != nil {
			return seen{}, err
		}
		if f == nil {
			return seen{}, errNotFound
		}
	}
	return seen{m, f, world}, nil
}

func (s *Server) showCase(w http.ResponseWriter, r *http.Request) {
	c, err := s.look(r.Context(), r.PathValue("no"), r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data := &caseData{File: c.File}
	p, err := s.newPage(r, c.Number, c.moment, c.world, data)
	if err == nil {
		err = s.fillCase(r.Context(), p, data)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "case", p)
}

func (s *Server) fillCase(ctx context.Context, p *page, data *caseData) error {
	f, now, cal := data.File, p.Moment.Now, p.world.Calendar
	for i, t := range law.Tiers {
		data.Lights[i] = light{Class: "none", Text: "—", Tier: t}
		if c, ok := f.Open(t); ok && f.Stage.Open() {
			data.Lights[i] = p.clockLight(c, t)
		}
	}
	data.Desks = f.Desks(now, cal)
	data.Strip = p.strip(data.Desks)
	if n := len(f.Holders); n > 0 && f.Holders[n-1].Present() && len(data.Desks) == n {
		data.Held = &data.Desks[n-1]
	}
	for _, c := range f.Clocks {
		data.Clocks = append(data.Clocks, p.clockRow(f, c))
	}
	p.fillTimeline(data, p.URL.Query())
	data.Raw = p.role() == org.Inspector
	data.Report = allowed("GET /reports/cases/{no}", p.role())
	if p.Moment.Past || p.Frozen {
		return nil // nothing can be done in the past, nor in a follower's replica
	}
	names, err := s.lawful(ctx, p.world, f.Number, p.Actor)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == "correct-entry" {
			data.Correct = p.Path("cases", f.Number, "commands", name) + "?" + prefixCommand + "target="
		}
		data.Commands = append(data.Commands, tab{Href: p.Path("cases", f.Number, "commands", name), Title: p.In(petition.Title(name))})
	}
	return s.fillReveal(ctx, p, data)
}

// lawful returns the commands that the actor could ask for now, but for those
// that a form cannot ask for; none if his role asks for none here.
func (s *Server) lawful(ctx context.Context, world petition.World, number string, by ledger.Actor) ([]string, error) {
	if s.ReadOnly || !slices.Contains(writers, org.Role(by.Role)) {
		return nil, nil
	}
	state, _, err := petition.Decider.State(ctx, s.Store, petition.ID(number))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(petition.Lawful(state, world, by, s.Now().UTC()), func(name string) bool {
		_, ok := newRequest(name)
		return !ok
	}), nil
}

func (s *Server) fillReveal(ctx context.Context, p *page, data *caseData) error {
	if !slices.Contains(revealers, p.role()) {
		return nil
	}
	for _, b := range boxes(data.File) {
		if !slices.Contains(data.Sealed, b.field) {
			data.Sealed = append(data.Sealed, b.field)
		}
	}
	for _, purpose := range access.Purposes {
		data.Purposes = append(data.Purposes, option{Value: string(purpose), Title: p.In(purpose.Title())})
	}
	id, err := s.newID()
	if err != nil {
		return err
	}
	data.Command = id.String()
	data.Erased, _, _, err = s.Vault.Erased(ctx, data.Petitioner.Subject)
	return err
}

func (p *page) clockRow(f *casefile.File, c casefile.ClockEntry) clockRow {
	row := clockRow{ClockEntry: c}
	for i, t := range law.Tiers {
		row.Tiers[i].Light = p.clockLight(c, t)
		if c.Limit(t) == nil {
			continue
		}
		row.Tiers[i].Steps = law.Explain(c.Clock, t, p.world.Calendar, p.world.Rules)
		row.Tiers[i].Shares = f.Attribute(c, t, p.Moment.Now, p.world.Calendar)
	}
	return row
}

// fillTimeline takes the newest entries of the view that was asked for, or those
// before the version that was.
func (p *page) fillTimeline(data *caseData, q url.Values) {
	view := timelineView(q.Get("view"))
	if !slices.Contains(timelineViews, view) {
		view = viewAll
	}
	for _, v := range timelineViews {
		data.Views = append(data.Views, tab{with(q, "view", string(v)) + "#timeline", p.T("view." + string(v)), v == view})
	}
	before, err := strconv.ParseInt(q.Get("before"), 10, 64)
	if err != nil || before < 1 {
		before = int64(data.Version) + 1
	}
	for _, e := range slices.Backward(data.File.Timeline) {
		if int64(e.Version) >= before || !view.shows(e) {
			continue
		}
		if len(data.Timeline) == timelinePage {
			last := data.Timeline[timelinePage-1].Version
			data.Older = with(q, "before", strconv.FormatInt(int64(last), 10)) + "#timeline"
			break
		}
		lag := law.DateOf(e.Recorded).Sub(law.DateOf(e.Occurred))
		data.Timeline = append(data.Timeline, timelineRow{e, report.Action(e.Event, p.world.Directory), p.facts(e.Event), lag})
	}
	data.Shown = len(data.Timeline)
}

// ActionOf returns what the entry with id is about, for tables that refer to it.
func (d *caseData) ActionOf(p *page, id uuid.UUID) string {
	for _, e := range d.File.Timeline {
		if e.ID == id {
			return p.In(report.Action(e.Event, p.world.Directory))
		}
	}
	return ""
}
