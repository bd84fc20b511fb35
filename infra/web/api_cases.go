package web

import (
	"context"
	"slices"

	"xinfang/domain/law"
	"xinfang/projections"
)

// caseInput is the input of what is asked of one case.
type caseInput struct {
	call
	Number string `path:"no" doc:"number of the case (信访件编号)"`
	AsOf   string `query:"as_of" doc:"as known then: a date (its end) or a time"`
	At     string `query:"at" doc:"as known at this position"`
}

// A caseOutput is a case and its version.
type caseOutput struct {
	ETag string `header:"ETag" doc:"version of the case; send it back in If-Match"`
	Body Case
}

func (s *Server) apiCase(ctx context.Context, in *caseInput) (*caseOutput, error) {
	c, err := s.lookAt(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &caseOutput{ETag: etag(c.Version), Body: NewCase(c.File)}
	if !c.Past {
		out.Body.Lawful, err = s.lawful(ctx, c.world, c.Number, visitOf(ctx).Actor)
	}
	return out, err
}

func (s *Server) lookAt(ctx context.Context, in *caseInput, more ...string) (seen, error) {
	q := in.r.URL.Query()
	if err := onlyNames(q, otherNames, more); err != nil {
		return seen{}, err
	}
	return s.look(ctx, in.r.PathValue("no"), q)
}

// timelineInput is the input of a timeline.
type timelineInput struct {
	caseInput
	View   string `query:"view" enum:"key,deadlines,notices,corrections,all"`
	Before string `query:"before" doc:"entries before this version"`
	Limit  string `query:"limit" doc:"1 to 200; 100 if not given"`
}

type timelineOutput struct {
	ETag string `header:"ETag"`
	Body struct {
		Number  string          `json:"number"`
		Version int64           `json:"version"`
		Entries []TimelineEntry `json:"entries"`
		Next    int64           `json:"next,omitzero" doc:"give it as before for the next page"`
	}
}

func (s *Server) apiTimeline(ctx context.Context, in *timelineInput) (*timelineOutput, error) {
	c, err := s.lookAt(ctx, &in.caseInput, "view", "before", "limit")
	if err != nil {
		return nil, err
	}
	p := parameters{q: in.r.URL.Query()}
	view, before, limit := word(&p, "view", timelineViews), p.number("before", 1, int(c.Version)+1), p.number("limit", 1, projections.MaxPage)
	if p.err != nil {
		return nil, p.err
	}
	if before == 0 {
		before = int(c.Version) + 1
	}
	if limit == 0 {
		limit = timelinePage
	}
	out := &timelineOutput{ETag: etag(c.Version)}
	out.Body.Number, out.Body.Version, out.Body.Entries = c.Number, int64(c.Version), []TimelineEntry{}
	for _, e := range slices.Backward(c.Timeline) {
		if int(e.Version) >= before || !view.shows(e) {
			continue
		}
		if len(out.Body.Entries) == limit {
			out.Body.Next = out.Body.Entries[limit-1].Version
			break
		}
		entry, err := NewTimelineEntry(e)
		if err != nil {
			return nil, err
		}
		out.Body.Entries = append(out.Body.Entries, entry)
	}
	return out, nil
}

// A CaseClock is one clock of a case.
type CaseClock struct {
	Clock     string     `json:"clock"`
	Title     string     `json:"title"`
	About     string     `json:"about,omitempty"`
	Unit      string     `json:"unit,omitempty"`
	Officer   string     `json:"officer,omitempty"`
	Start     string     `json:"start"`
	Met       string     `json:"met_at,omitempty"`
	MetLate   bool       `json:"met_by_late_entry,omitzero"`
	Cancelled bool       `json:"cancelled,omitzero"`
	Law       string     `json:"law,omitempty"`
	Calendar  string     `json:"calendar,omitempty"`
	Statutory *CaseLimit `json:"statutory,omitempty"`
	District  *CaseLimit `json:"district,omitempty"`
}

// A CaseLimit is one tier of a clock.
type CaseLimit struct {
	State       string      `json:"state" enum:"none,running,met,late,overdue,lapsed"`
	Due         string      `json:"due" doc:"last day"`
	DueAt       string      `json:"due_at" doc:"first instant after it"`
	MarginDays  int         `json:"margin_days" doc:"negative: that many days too late"`
	MarginWD    int         `json:"margin_working_days"`
	Provisional bool        `json:"provisional,omitzero"`
	Rule        string      `json:"rule"`
	Extended    int         `json:"extended_days,omitzero"`
	Derivation  []string    `json:"derivation"`
	Attribution []CaseShare `json:"attribution,omitempty"`
}

// A CaseShare is the part of the time overdue that one holder answers for.
type CaseShare struct {
	Unit    string `json:"unit"`
	Officer string `json:"officer,omitempty"`
	From    string `json:"from"`
	To      string `json:"to"`
	Days    int    `json:"days"`
	WD      int    `json:"working_days"`
	Miss    bool   `json:"miss,omitzero"`
}

type clocksOutput struct {
	Body struct {
		Number string      `json:"number"`
		AsOf   string      `json:"as_of"`
		Clocks []CaseClock `json:"clocks"`
	}
}

func (s *Server) apiClocks(ctx context.Context, in *caseInput) (*clocksOutput, error) {
	c, err := s.lookAt(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &clocksOutput{}
	out.Body.Number, out.Body.AsOf, out.Body.Clocks = c.Number, stampOf(c.Now), []CaseClock{}
	lang := visitOf(ctx).Lang
	for _, k := range c.Clocks {
		clock := CaseClock{
			Clock: string(k.ID), Title: k.ID.Title().In(lang), About: k.About, Unit: k.Unit, Officer: k.Officer, Start: stampOf(k.Start),
			Met: stampOf(k.Met), MetLate: k.MetLate, Cancelled: k.Cancelled, Law: string(k.Law), Calendar: k.Calendar,
		}
		for _, t := range law.Tiers {
			limit := k.Limit(t)
			if limit == nil {
				continue
			}
			v := k.Verdict(t, c.Now)
			l := &CaseLimit{State: string(v.State), Due: v.Due.String(), DueAt: stampOf(v.DueAt), MarginDays: v.MarginDays, MarginWD: v.MarginWD(c.world.Calendar),
				Provisional: limit.Provisional, Rule: limit.Rule, Extended: limit.Extended}
			for _, step := range law.Explain(k.Clock, t, c.world.Calendar, c.world.Rules) {
				l.Derivation = append(l.Derivation, step.Text.In(lang))
			}
			for _, share := range c.Attribute(k, t, c.Now, c.world.Calendar) {
				l.Attribution = append(l.Attribution, CaseShare{share.Unit, share.Officer, stampOf(share.From), stampOf(share.To), share.CD, share.WD, share.Miss})
			}
			if t == law.Statutory {
				clock.Statutory = l
			} else {
				clock.District = l
			}
		}
		out.Body.Clocks = append(out.Body.Clocks, clock)
	}
	return out, nil
}

// A CaseHolder is an interval in which a unit, and within it an officer, held the
// case.
type CaseHolder struct {
	Unit    string `json:"unit"`
	Officer string `json:"officer,omitempty"`
	From    string `json:"from"`
	To      string `json:"to,omitempty" doc:"left out for the present holder"`
	Days    int    `json:"days"`
	WD      int    `json:"working_days"`
	IdleWD  int    `json:"idle_working_days" doc:"longest stretch without an event of the holder"`
	Events  int    `json:"events"`
	Transit bool   `json:"transit,omitzero"`
	Gap     bool   `json:"gap,omitzero" doc:"nobody was responsible (责任真空)"`
}

type holdersOutput struct {
	Body struct {
		Number  string       `json:"number"`
		AsOf    string       `json:"as_of"`
		Holders []CaseHolder `json:"holders"`
	}
}

func (s *Server) apiHolders(ctx context.Context, in *caseInput) (*holdersOutput, error) {
	c, err := s.lookAt(ctx, in)
	if err != nil {
		return nil, err
	}
	out := &holdersOutput{}
	out.Body.Number, out.Body.AsOf, out.Body.Holders = c.Number, stampOf(c.Now), []CaseHolder{}
	desks := c.Desks(c.Now, c.world.Calendar)
	for i, d := range desks {
		h := CaseHolder{Unit: d.Unit, Officer: d.Officer, From: stampOf(d.From), To: stampOf(d.To), Days: d.CD, WD: d.WD, IdleWD: d.IdleWD,
			Events: d.Events, Transit: d.Transit, Gap: isGap(d.Holding)}
		if i == len(c.Holders)-1 && c.Holders[i].Present() {
			h.To = ""
		}
		out.Body.Holders = append(out.Body.Holders, h)
	}
	return out, nil
}
