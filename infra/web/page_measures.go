package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"xinfang/domain/law"
	"xinfang/projections/measure"
)

// measureNames are the parameters of a question for figures.
var measureNames = []string{"from", "to", "unit", "by_unit", "tier", "strict", "observation", "basis", "overdue_as"}

// measureData is what measures.html shows.
type measureData struct {
	Query       measure.Query
	Groups      []measureGroup
	Units       []option
	Tiers       []option
	Bases       []option
	Position    int64
	DateFrom    string
	DateTo      string
	Definitions []measure.Definition
}

// A measureGroup is the figures of one measure.
type measureGroup struct {
	measure.Definition
	Figures []measure.Figure
}

// A count is a question for figures.
type count struct {
	moment
	measure.Query
}

// countOf reads a question for figures. Who sees his unit alone asks for it.
func (s *Server) countOf(ctx context.Context, q url.Values) (count, error) {
	if err := onlyNames(q, measureNames, otherNames); err != nil {
		return count{}, err
	}
	m, err := s.momentOf(ctx, q)
	if err != nil {
		return count{}, err
	}
	p := parameters{q: q}
	c := count{m, measure.Query{
		Window: measure.Window{From: p.date("from"), To: p.date("to")}, AsOf: m.Now,
		Tier: word(&p, "tier", law.Tiers), Unit: q.Get("unit"), ByUnit: p.truth("by_unit"),
		Strict: p.truth("strict"), Observation: p.number("observation", 1, measure.MaxObservation),
		Basis: word(&p, "basis", measure.Bases()), OverdueAs: word(&p, "overdue_as", measure.OverdueAses()),
	}}
	if v := visitOf(ctx); v.scope() == scopeUnit && c.Unit == "" {
		c.Unit = v.Actor.Unit
	}
	world, err := s.worldAt(ctx, m)
	if err != nil {
		return count{}, err
	}
	if err := s.mayAsk(ctx, m.At, world.Directory, c.Unit); err != nil {
		return count{}, err
	}
	if !c.Window.To.IsZero() && !c.Window.From.Before(c.Window.To) {
		p.fail("to", "应晚于 from；统计期含 from、不含 to", "a day after from is expected; the period includes from and not to")
	}
	return c, p.err
}

// figures computes the figures that c asks for, and the position they rest on.
func (s *Server) figures(ctx context.Context, c count) (figures []measure.Figure, position int64, err error) {
	world, err := s.worldAt(ctx, c.moment)
	if err != nil {
		return nil, 0, err
	}
	views, err := s.Views(ctx, c.At)
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if cerr := views.Close(); err == nil {
			err = cerr
		}
	}()
	at, err := views.Position(ctx)
	if err != nil {
		return nil, 0, err
	}
	figures, err = measure.Compute(c.Query, views.Facts(ctx), world.Calendar)
	if err != nil {
		return nil, 0, fmt.Errorf("computing the measures: %w", err)
	}
	return figures, int64(at), nil
}

func (s *Server) measures(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	for name, v := range q { // what a form leaves empty is not asked for
		if len(v) > 0 && v[0] == "" {
			delete(q, name)
		}
	}
	if !q.Has("from") { // the year so far, unless another period is asked for
		q.Set("from", fmt.Sprintf("%d-01-01", law.DateOf(s.Now()).Year()))
	}
	c, err := s.countOf(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	figures, position, err := s.figures(r.Context(), c)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	world, err := s.worldAt(r.Context(), c.moment)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data := &measureData{Query: c.Query, Position: position, DateFrom: c.Window.From.String(), DateTo: c.Window.To.String()}
	p, err := s.newPage(r, "nav.measures", c.moment, world, data)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	for _, d := range measure.Definitions() {
		g := measureGroup{Definition: c.Definition(d.ID)}
		for _, f := range figures {
			if f.Measure == d.ID {
				g.Figures = append(g.Figures, f)
			}
		}
		data.Groups = append(data.Groups, g)
	}
	data.Units = chosen(p.unitsSeen(), c.Unit)
	data.Tiers = chosen(titled(law.Tiers)(p.Lang), string(c.Tier))
	for _, b := range measure.Bases() {
		data.Bases = append(data.Bases, option{Value: string(b), Title: p.T("basis." + string(b)), Selected: b == c.Basis})
	}
	p.Wide = true
	s.show(w, r, http.StatusOK, "measures", p)
}

// FigureKey returns what a figure is divided by, in words.
func (p *page) FigureKey(f measure.Figure) string {
	if f.By == measure.ByStreet && f.Key != "" {
		return p.Unit(f.Key)
	}
	return p.In(f.KeyTitle())
}

// Excluded returns what a figure leaves out, by reason.
func (p *page) Excluded(f measure.Figure) string {
	var reasons []string
	for reason := range f.Excluded {
		reasons = append(reasons, reason)
	}
	slices.Sort(reasons)
	text := ""
	for _, reason := range reasons {
		if text != "" {
			text += p.T("semicolon")
		}
		text += p.T("excluded."+reason) + " " + fmt.Sprint(f.Excluded[reason])
	}
	if text == "" {
		return "—"
	}
	return text
}

// UnitOr returns the name of a unit, or what the whole district is called.
func (p *page) UnitOr(code string) string {
	if code == measure.All {
		return p.T("district")
	}
	return p.Unit(code)
}

// Number returns a mean or a quantile of days to one decimal.
func (p *page) Number(f *float64) string {
	if f == nil {
		return "—"
	}
	return fmt.Sprintf("%.1f", *f)
}

// Whole returns a number of days.
func (p *page) Whole(n *int) string {
	if n == nil {
		return "—"
	}
	return fmt.Sprint(*n)
}
