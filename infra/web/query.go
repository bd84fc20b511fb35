package web

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/org"
	"xinfang/domain/petition"
	"xinfang/projections"
)

// soonDays is how many working days ahead is soon.
const soonDays = 3

// filterNames are the parameters of a list, in the order in which pages show
// them. An address that has others is refused: a misspelt condition that is
// ignored shows the wrong cases.
var filterNames = []string{"queue", "q", "stage", "unit", "officer", "channel", "class", "category", "street", "clock", "from", "to",
	"open", "mark", "sort", "cursor", "limit"}

// otherNames are the parameters that any address may have beside.
var otherNames = []string{"as_of", "at", "lang", "format"}

// A question is a list that somebody asked for.
type question struct {
	projections.Filter
	moment
	world petition.World
}

// question reads the parameters of a list, and adds what the visitor may see.
func (s *Server) question(ctx context.Context, q url.Values) (question, error) {
	if err := onlyNames(q, filterNames, otherNames); err != nil {
		return question{}, err
	}
	m, err := s.momentOf(ctx, q)
	if err != nil {
		return question{}, err
	}
	world, err := s.World(ctx, m.At.Position)
	if err != nil {
		return question{}, fmt.Errorf("reading the world: %w", err)
	}
	f, err := parseFilter(q)
	if err != nil {
		return question{}, err
	}
	if err := s.mayAsk(ctx, m.At, world.Directory, f.Unit); err != nil {
		return question{}, err
	}
	f.Now = m.Now
	f.Soon, _ = world.Calendar.AddWorkingDays(law.DateOf(m.Now), soonDays)
	s.narrow(visitOf(ctx), world, &f)
	if text := strings.TrimSpace(f.Text); text != "" && slices.Contains(revealers, visitOf(ctx).role()) {
		if f.Subjects, err = s.Vault.Find(ctx, text); err != nil {
			return question{}, fmt.Errorf("finding petitioners: %w", err)
		}
	}
	return question{f, m, world}, nil
}

// narrow adds to f what the visitor is and may see. Who sees the cases of his unit
// alone, and names none, asks for them, or for those that wait for it.
func (s *Server) narrow(v visit, w petition.World, f *projections.Filter) {
	f.Viewer = v.Actor.Officer
	f.ViewerUnit = UnitsOf(w.Directory, v.Actor.Officer, s.Now())
	f.Restricted = v.restricted()
	if v.scope() == scopeUnit && f.Queue != projections.QueueWaiting && f.Unit == "" {
		if v.role() == org.Street && (f.Street == "" || f.Street == v.Actor.Unit) {
			f.Street = v.Actor.Unit
		} else {
			f.Unit = v.Actor.Unit
		}
	}
}

// UnitsOf returns the units in which an officer holds a post at an instant.
func UnitsOf(d *org.Directory, officer string, at time.Time) (units []string) {
	for _, p := range d.PostsOf(officer, at) {
		if !slices.Contains(units, p.Unit) {
			units = append(units, p.Unit)
		}
	}
	return units
}

var errOtherUnit = newFault(http.StatusForbidden, "ERR_OTHER_UNIT", "当前岗位只能查看本单位及下级单位的信访件", "your post sees the cases of its own unit, and of those below it",
	"请去掉单位条件，或改为本单位", "leave the unit out, or name your own")

// mayAsk refuses a unit that does not exist, and one that the visitor may not ask
// about: an answer about his own instead would pass for what he asked for. No unit
// is no condition.
func (s *Server) mayAsk(ctx context.Context, at At, d *org.Directory, unit string) error {
	if unit == "" {
		return nil
	}
	if err := s.knownUnit(ctx, at, d, unit); err != nil {
		return err
	}
	if v := visitOf(ctx); !v.sees(d, unit) {
		return errOtherUnit
	}
	return nil
}

// sees reports whether the visitor may see the cases of unit.
func (v visit) sees(d *org.Directory, unit string) bool {
	return v.scope() != scopeUnit || unit == v.Actor.Unit || d.Above(v.Actor.Unit, unit)
}

func (s *Server) knownUnit(ctx context.Context, at At, d *org.Directory, unit string) error {
	if _, ok := d.Unit(unit); ok {
		return nil
	}
	views, err := s.Views(ctx, at)
	if err != nil {
		return err
	}
	return errors.Join(KnownUnit(ctx, views, d, unit), views.Close())
}

// KnownUnit returns [projections.ErrNoUnit] if unit is not in the directory, and
// holds no imported case either: a ledger that was taken in may name units that
// nobody has entered here.
func KnownUnit(ctx context.Context, v Views, d *org.Directory, unit string) error {
	if _, ok := d.Unit(unit); ok {
		return nil
	}
	numbers, err := v.Involving(ctx, unit)
	if err == nil && len(numbers) == 0 {
		err = projections.ErrNoUnit
	}
	return err
}

func onlyNames(q url.Values, sets ...[]string) error {
	all := slices.Concat(sets...)
	for name := range q {
		if !slices.Contains(all, name) {
			list := strings.Join(all, ", ")
			return badParameter("?", "有未知的参数；可用的是："+list, "a parameter is not known; those that are: "+list)
		}
	}
	return nil
}

func parseFilter(q url.Values) (projections.Filter, error) {
	p := parameters{q: q}
	f := projections.Filter{
		Queue:    word(&p, "queue", projections.Queues()),
		Text:     q.Get("q"),
		Stage:    word(&p, "stage", petition.Stages()),
		Unit:     q.Get("unit"),
		Officer:  q.Get("officer"),
		Channel:  word(&p, "channel", petition.Channels()),
		Class:    word(&p, "class", petition.Classes()),
		Category: q.Get("category"),
		Street:   q.Get("street"),
		Clock:    word(&p, "clock", law.Clocks()),
		From:     p.date("from"),
		To:       p.date("to"),
		Open:     p.truth("open"),
		Marked:   word(&p, "mark", projections.Marks()),
		Sort:     word(&p, "sort", projections.Sorts()),
		Cursor:   q.Get("cursor"),
		Limit:    p.number("limit", 1, projections.MaxPage),
	}
	if f.Sort == "" {
		f.Sort = projections.SortDue
		if f.Queue == projections.QueueDistrict {
			f.Sort = projections.SortDistrict
		}
	}
	return f, p.err
}

// parameters reads parameters and keeps the first error.
type parameters struct {
	q   url.Values
	err error
}

func (p *parameters) fail(name, zh, en string) {
	if p.err == nil {
		p.err = badParameter(name, zh, en)
	}
}

// word reads a word of a closed set.
func word[T ~string](p *parameters, name string, set []T) T {
	w := T(p.q.Get(name))
	if w != "" && !slices.Contains(set, w) {
		var list []string
		for _, s := range set {
			list = append(list, string(s))
		}
		p.fail(name, "应为以下之一："+strings.Join(list, "、"), "one of these is expected: "+strings.Join(list, ", "))
		return ""
	}
	return w
}

func (p *parameters) date(name string) law.Date {
	text := p.q.Get(name)
	if text == "" {
		return law.Date{}
	}
	d, err := law.ParseDate(text)
	if err != nil {
		p.fail(name, "应为日期，如 2026-01-31", "a date is expected, such as 2026-01-31")
	}
	return d
}

func (p *parameters) number(name string, low, high int) int {
	text := p.q.Get(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		p.fail(name, fmt.Sprintf("应为 %d 至 %d 的整数", low, high), fmt.Sprintf("a whole number from %d to %d is expected", low, high))
		return 0
	}
	return n
}

func (p *parameters) truth(name string) bool {
	switch p.q.Get(name) {
	case "":
		return false
	case "1", "true", "on":
		return true
	case "0", "false":
		return false
	}
	p.fail(name, "应为 true 或 false", "true or false is expected")
	return false
}

// with returns the query of q with one parameter set, or removed if value is "",
// and from the first page on.
func with(q url.Values, name, value string) string {
	changed := maps.Clone(q)
	if changed == nil {
		changed = make(url.Values)
	}
	delete(changed, "cursor")
	delete(changed, "lang")
	delete(changed, "done")
	delete(changed, name)
	if value != "" {
		changed.Set(name, value)
	}
	return "?" + changed.Encode()
}

func escape(s string) string { return url.QueryEscape(s) }
