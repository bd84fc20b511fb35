package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
	"xinfang/projections/report"
)

//go:embed templates
var templates embed.FS

//go:embed static
var static embed.FS

// sheets is every page's template, by its file's name, each with the layout and
// the shared parts.
var sheets = parseSheets()

func parseSheets() map[string]*template.Template {
	shared := template.Must(template.New("").Option("missingkey=error").ParseFS(templates, "templates/layout.html", "templates/paper.html", "templates/parts.html"))
	files, err := templates.ReadDir("templates")
	if err != nil {
		panic(err)
	}
	all := make(map[string]*template.Template)
	for _, f := range files {
		if shared.Lookup(f.Name()) != nil {
			continue
		}
		t := template.Must(shared.Clone())
		all[strings.TrimSuffix(f.Name(), ".html")] = template.Must(t.ParseFS(templates, "templates/"+f.Name()))
	}
	return all
}

// A page is what every template gets: who is looking, from where, and D, which is
// the page's own.
type page struct {
	visit
	Title  string
	URL    *url.URL
	Nonce  string
	Demo   bool
	Source *Source    // nil if the ledger is kept here
	Signed *Integrity // nil if there is no notary
	Frozen bool       // nothing can be recorded here
	Fresh  Freshness
	Moment moment
	Nav    []navItem
	Wide   bool
	D      any

	world petition.World
}

// A navItem is one link of the rail.
type navItem struct {
	Href, Key string
	Here      bool
}

// rail is every link that the rail can have; a visitor sees those he may use.
var rail = []struct {
	pattern, href, key string
	records            bool // its page is there to record something
}{
	{"GET /{$}", "/", "nav.overview", false},
	{"GET /cases", "/cases", "nav.cases", false},
	{"GET /registration", "/registration", "nav.registration", true},
	{"GET /imports", "/imports", "nav.imports", true},
	{"GET /measures", "/measures", "nav.measures", false},
	{"GET /reports", "/reports", "nav.reports", false},
	{"GET /ledger", "/ledger", "nav.ledger", false},
	{"GET /ledger/events", "/ledger/events", "nav.events", false},
	{"GET /help", "/help", "nav.help", false},
}

// newPage returns a page about m. world is as known then.
func (s *Server) newPage(r *http.Request, title string, m moment, world petition.World, data any) (*page, error) {
	nonce, err := s.nonce(r)
	if err != nil {
		return nil, err
	}
	p := s.blank(r, visitOf(r.Context()), title)
	p.Nonce, p.Moment, p.D, p.world = nonce, m, data, world
	return p, nil
}

// blank returns a page that knows of the ledger only what every page says.
func (s *Server) blank(r *http.Request, v visit, title string) *page {
	p := &page{visit: v, Title: title, URL: r.URL, Demo: s.Demo, Frozen: s.ReadOnly, Fresh: s.Freshness()}
	if s.Source != nil {
		source := s.Source()
		p.Source = &source
	}
	if s.Notary != nil {
		signed := s.Notary.Integrity()
		p.Signed = &signed
	}
	p.Nav = navFor(v, r.URL.Path, s.ReadOnly)
	return p
}

// navFor returns the links of the rail for a visitor at path. frozen leaves out
// those to pages that only record something.
func navFor(v visit, path string, frozen bool) (nav []navItem) {
	for _, item := range rail {
		if v.Actor.Officer != "" && allowed(item.pattern, v.role()) && (!frozen || !item.records) {
			here := path == item.href || item.href != "/" && strings.HasPrefix(path, item.href+"/")
			nav = append(nav, navItem{item.href, item.key, here})
		}
	}
	return nav
}

// show answers with a page.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, name string, p *page) {
	var body bytes.Buffer // so that a template that fails halfway sends nothing
	if err := sheets[name].ExecuteTemplate(&body, "layout", p); err != nil {
		s.Log.ErrorContext(r.Context(), "a template failed", slog.String("trace_id", p.Trace), slog.String("template", name), slog.Any("err", err))
		http.Error(w, errInternal.Text.In(p.Lang), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if _, err := body.WriteTo(w); err != nil {
		s.Log.DebugContext(r.Context(), "the client went away", slog.String("trace_id", p.Trace))
	}
}

// now is newPage and show for a page about the present.
func (s *Server) now(w http.ResponseWriter, r *http.Request, status int, name, title string, data any) {
	world, err := s.World(r.Context(), 0)
	if err == nil {
		var p *page
		if p, err = s.newPage(r, title, moment{Now: s.Now().UTC()}, world, data); err == nil {
			s.show(w, r, status, name, p)
			return
		}
	}
	s.fail(w, r, err)
}

// failPage answers with a page that says what is wrong.
func (s *Server) failPage(w http.ResponseWriter, r *http.Request, v visit, f *fault) {
	p := s.blank(r, v, f.Text.In(v.Lang))
	p.Moment, p.D = moment{Now: s.Now().UTC()}, f
	if world, err := s.World(r.Context(), 0); err == nil { // only names come from it, and numbers will do
		p.world = world
	}
	s.show(w, r, f.Status, "fault", p)
}

// T returns the console's own text for key.
func (p *page) T(key string, args ...any) string {
	words := make([]string, len(args))
	for i, a := range args {
		words[i] = fmt.Sprint(a)
	}
	return fill(say(p.Lang, key), words...)
}

// With is what a part of a page gets that is drawn for each of a list.
func (p *page) With(value any) any {
	return struct {
		Page  *page
		Value any
	}{p, value}
}

// Corrected returns what a correction writes for a field.
func (p *page) Corrected(f petition.Field, value string) string {
	return p.In(report.Corrected(f, value, p.world.Directory))
}

// In returns t in the visitor's language.
func (p *page) In(t ledger.Text) string { return t.In(p.Lang) }

// Unit returns the name of a unit.
func (p *page) Unit(code string) string { return p.world.Directory.UnitName(code, p.Lang) }

// OfficerName returns the name of an officer (实名制: officers are named in full).
func (p *page) OfficerName(number string) string { return p.world.Directory.OfficerName(number) }

// RoleTitle returns the name of a role.
func (p *page) RoleTitle(role string) string { return org.Role(role).Title().In(p.Lang) }

var weekdays = [...]ledger.Text{
	{ZH: "周日", EN: "Sun"}, {ZH: "周一", EN: "Mon"}, {ZH: "周二", EN: "Tue"}, {ZH: "周三", EN: "Wed"},
	{ZH: "周四", EN: "Thu"}, {ZH: "周五", EN: "Fri"}, {ZH: "周六", EN: "Sat"},
}

// Day returns d as 2026-11-23 周一.
func (p *page) Day(d law.Date) string {
	if d.IsZero() {
		return "—"
	}
	return d.String() + " " + weekdays[d.Weekday()].In(p.Lang)
}

// Date returns the day of t.
func (p *page) Date(t time.Time) string { return p.Day(law.DateOf(t)) }

// Time returns t to the minute, in Shanghai.
func (p *page) Time(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(law.Shanghai).Format("2006-01-02 15:04")
}

// Lag says how far the views are behind; "" if they are not.
func (p *page) Lag() string {
	switch {
	case p.Fresh.Err != nil:
		return p.T("fresh.stopped", int64(p.Fresh.Views))
	case p.Fresh.Since.IsZero():
		return ""
	}
	return p.T("fresh.behind", int64(p.Fresh.Head-p.Fresh.Views))
}

// OtherLanguage returns this address in the other language.
func (p *page) OtherLanguage() string {
	q := p.URL.Query()
	q.Set("lang", english)
	if p.Lang == english {
		q.Set("lang", chinese)
	}
	return p.URL.EscapedPath() + "?" + q.Encode()
}

// CaseURL returns the address of a case.
// marks are those of the states of an [Integrity], and of what it covers.
var marks = map[string]string{"passed": "✓", "witnessed": "✓", "signed": "⚠", "nobody": "⚠", "forged": "⚠", "open": "◌", "stale": "○", "stopped": "⛔"}

// Badge says a state of the [Integrity] of this page, or of what it covers.
func (p *page) Badge(state string) string {
	if f := p.Signed.Stopped; f != nil && f.Index >= 0 {
		return marks[state] + " " + p.T("badge.at", f.Index+1)
	}
	return marks[state] + " " + p.T("badge."+state)
}

func (p *page) CaseURL(number string) string { return caseURL(number) }

func caseURL(number string) string { return "/cases/" + url.PathEscape(number) }

// Path joins parts, each escaped, to an address of this site.
func (p *page) Path(parts ...string) string {
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return "/" + strings.Join(parts, "/")
}

// CommandTitle returns what people call a command.
func (p *page) CommandTitle(name string) string { return p.In(petition.Title(name)) }

// Holder says who held a case.
func (p *page) Holder(h casefile.Holding) string { return p.holder(h) }

// Before returns the position before at.
func (p *page) Before(at ledger.Position) ledger.Position { return at - 1 }

// Plus returns the number of the element with index i, from 1.
func (p *page) Plus(i int) int { return i + 1 }

// serveStatic answers with a file of the program.
func (s *Server) serveStatic(w http.ResponseWriter, r *http.Request) {
	name := path.Base(r.PathValue("file"))
	data, err := static.ReadFile("static/" + name)
	if err != nil {
		s.fail(w, r, errNotFound)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=600")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}

// worldAt returns the world as known at m.
func (s *Server) worldAt(ctx context.Context, m moment) (petition.World, error) {
	world, err := s.World(ctx, m.At.Position)
	if err != nil {
		return world, fmt.Errorf("reading the world: %w", err)
	}
	return world, nil
}
