package web

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"net/url"
	"sync"

	"xinfang/domain/law"
	"xinfang/projections/measure"
	"xinfang/projections/report"
)

// reportData is what report.html shows.
type reportData struct {
	report.Report
	CSV, JSON, HTML string       // addresses of the same; "" on paper
	Style           template.CSS // on paper
}

// paperStyle is the style sheet, for a file that has nothing beside it.
var paperStyle = sync.OnceValue(func() template.CSS {
	css, err := static.ReadFile("static/style.css")
	if err != nil {
		panic(err)
	}
	return template.CSS(css)
})

// paperPolicy is the content security policy of a report that stands alone: it
// has its style in it, and nothing else.
var paperPolicy = sync.OnceValue(func() string {
	sum := sha256.Sum256([]byte(paperStyle()))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'; base-uri 'none'"
})

// WriteReport writes a report as an HTML file that needs nothing beside it: what
// the console shows of it, to be kept or printed. lang is "zh-CN" or "en".
func WriteReport(w io.Writer, rep report.Report, lang string) error {
	p := &page{visit: visit{Lang: lang}, Title: rep.Title.In(lang), D: &reportData{Report: rep, Style: paperStyle()}}
	if err := sheets["report"].ExecuteTemplate(w, "paper", p); err != nil {
		return fmt.Errorf("writing a report as HTML: %w", err)
	}
	return nil
}

// caseReport makes the inspection report on a case that the visitor may see.
func (s *Server) caseReport(ctx context.Context, number string, q url.Values) (seen, report.Report, error) {
	if err := s.unverified(); err != nil {
		return seen{}, report.Report{}, err
	}
	c, err := s.look(ctx, number, q)
	if err != nil {
		return c, report.Report{}, err
	}
	position := c.At.Position
	if position == 0 {
		if position, err = s.Store.Head(ctx); err != nil {
			return c, report.Report{}, err
		}
	}
	return c, report.Case(c.File, report.Inputs{AsOf: c.Now, Position: position, World: c.world}), nil
}

// unverified returns why nothing may be reported of the ledger: it is not what was signed.
// Nil if it is, or nobody signs for it.
func (s *Server) unverified() error {
	if s.Notary == nil {
		return nil
	}
	if i := s.Notary.Integrity(); i.Stopped != nil {
		return i.Stopped
	}
	return nil
}

// A period is a unit over a period, as of a moment.
type period struct {
	moment
	code   string
	window measure.Window
}

// periodOf reads which unit and period is asked for. Without a period it is the
// year so far.
func (s *Server) periodOf(ctx context.Context, code string, q url.Values) (period, error) {
	if err := s.unverified(); err != nil {
		return period{}, err
	}
	if err := onlyNames(q, []string{"from", "to"}, otherNames); err != nil {
		return period{}, err
	}
	m, err := s.momentOf(ctx, q)
	if err != nil {
		return period{}, err
	}
	p := parameters{q: q}
	w := measure.Window{From: p.date("from"), To: p.date("to")}
	today := law.DateOf(m.Now)
	if w.To.IsZero() {
		w.To = today.AddDays(1)
	}
	if w.From.IsZero() {
		w.From = yearOf(w.To.AddDays(-1))
	}
	if !w.From.Before(w.To) {
		p.fail("to", "应晚于 from；统计期含 from、不含 to", "a day after from is expected; the period includes from and not to")
	}
	world, err := s.worldAt(ctx, m)
	if err != nil {
		return period{}, err
	}
	if _, ok := world.Directory.Unit(code); !ok {
		return period{}, errNotFound
	}
	return period{m, code, w}, p.err
}

// yearOf returns the first day of the year of d.
func yearOf(d law.Date) law.Date {
	first := d
	for first.AddDays(-1).Year() == d.Year() {
		first = first.AddDays(-1)
	}
	return first
}

func (s *Server) reports(w http.ResponseWriter, r *http.Request) {
	if unit := r.URL.Query().Get("unit"); unit != "" {
		q := r.URL.Query()
		q.Del("unit")
		for name := range q {
			if q.Get(name) == "" {
				q.Del(name)
			}
		}
		http.Redirect(w, r, "/reports/units/"+url.PathEscape(unit)+"?"+q.Encode(), http.StatusSeeOther)
		return
	}
	s.now(w, r, http.StatusOK, "reports", "nav.reports", nil)
}

// Units returns every unit of the directory as a choice.
func (p *page) Units() []option { return p.units() }

func (s *Server) showCaseReport(w http.ResponseWriter, r *http.Request) {
	c, rep, err := s.caseReport(r.Context(), r.PathValue("no"), r.URL.Query())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.showReport(w, r, "/api/v1/reports/case/"+url.PathEscape(c.Number), c.moment, rep)
}

func (s *Server) showUnitReport(w http.ResponseWriter, r *http.Request) {
	p, err := s.periodOf(r.Context(), r.PathValue("code"), r.URL.Query())
	if err == nil {
		var rep report.Report
		if rep, err = s.UnitReport(r.Context(), p.code, p.window, p.At); err == nil {
			s.showReport(w, r, "/api/v1/reports/unit/"+url.PathEscape(p.code), p.moment, rep)
			return
		}
	}
	s.fail(w, r, err)
}

func (s *Server) showReport(w http.ResponseWriter, r *http.Request, api string, m moment, rep report.Report) {
	world, err := s.worldAt(r.Context(), m)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	as := func(format string) string { return api + with(r.URL.Query(), "format", format) }
	data := &reportData{Report: rep, CSV: as("csv"), JSON: as("json"), HTML: as("html")}
	p, err := s.newPage(r, rep.Title.In(visitOf(r.Context()).Lang), m, world, data)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.Wide = true
	s.show(w, r, http.StatusOK, "report", p)
}

// Cell returns a value of a report as people read it.
func (p *page) Cell(v report.Value) string { return report.Format(v, p.Lang) }
