package web

import (
	"net/http"
	"net/url"
	"slices"

	"xinfang/domain/law"
	"xinfang/domain/petition"
	"xinfang/projections"
)

// listData is what list.html shows.
type listData struct {
	Query  url.Values
	Queues []tab
	Chips  []chip
	Rows   []listRow
	Total  int
	Capped bool // there are more than Total
	People int
	Next   string // address of the next page
	CSV    string // address of the same list as CSV
	Forms  map[string][]option
	Sorts  []tab
}

// A tab is one of a few views of the same thing.
type tab struct {
	Href, Title string
	Here        bool
}

// A chip is one condition of a list, and the address without it.
type chip struct{ Name, Value, Without string }

// A listRow is one case as a list shows it.
type listRow struct {
	projections.Row
	Lights [2]light
	Marks  []string
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	ask, err := s.question(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	found, err := s.find(r, ask)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data := &listData{Query: q, Total: found.Total, People: found.People}
	if found.Total > projections.MaxCount {
		data.Total, data.Capped = projections.MaxCount, true
	}
	p, err := s.newPage(r, "nav.cases", ask.moment, ask.world, data)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.Wide = true
	for _, row := range found.Rows {
		data.Rows = append(data.Rows, p.listRow(row))
	}
	if found.Next != "" {
		next := url.Values{}
		for k, v := range q {
			next[k] = v
		}
		next.Set("cursor", found.Next)
		data.Next = "?" + next.Encode()
	}
	data.CSV = "/api/v1/cases" + with(q, "format", "csv")
	p.fillListForm(data, ask)
	s.show(w, r, http.StatusOK, "list", p)
}

// find returns the page of the list that was asked for.
func (s *Server) find(r *http.Request, ask question) (found projections.Page, err error) {
	views, err := s.Views(r.Context(), ask.At)
	if err != nil {
		return found, err
	}
	defer func() {
		if cerr := views.Close(); err == nil {
			err = cerr
		}
	}()
	return views.List(r.Context(), ask.Filter)
}

func (p *page) listRow(row projections.Row) listRow {
	l := listRow{Row: row, Lights: [2]light{{Tier: law.Statutory}, {Tier: law.District}}}
	if row.Open {
		l.Lights[0] = p.rowLight(row.Due[0], law.Statutory)
		l.Lights[1] = p.rowLight(row.Due[1], law.District)
	}
	for _, m := range []struct {
		on  bool
		key string
	}{
		{row.Restricted, "mark.restricted"}, {row.Urgent, "mark.urgent"}, {row.Repeat, "mark.repeat"}, {row.Gap, "mark.gap"},
		{row.Late > 0, "mark.late"}, {row.Curing > 0, "mark.curing"}, {row.Corrected > 0, "mark.corrected"},
		{row.Returned > 0, "mark.returned"}, {row.Extended > 0, "mark.extended"},
	} {
		if m.on {
			l.Marks = append(l.Marks, p.T(m.key))
		}
	}
	return l
}

// fillListForm makes the queues, the chips and the choices of the filter form.
func (p *page) fillListForm(data *listData, ask question) {
	q := data.Query
	here := ask.Queue
	if here == "" {
		here = projections.QueueAll
	}
	for _, queue := range projections.Queues() {
		data.Queues = append(data.Queues, tab{"/cases" + with(q, "queue", string(queue)), p.In(queue.Title()), queue == here})
	}
	for _, sort := range projections.Sorts() {
		data.Sorts = append(data.Sorts, tab{"/cases" + with(q, "sort", string(sort)), p.T("sort." + string(sort)), sort == ask.Sort})
	}
	for _, name := range filterNames {
		value := q.Get(name)
		if value == "" || name == "queue" || name == "sort" || name == "cursor" || name == "limit" {
			continue
		}
		data.Chips = append(data.Chips, chip{p.T("q." + name), p.spelt(name, value), "/cases" + with(q, name, "")})
	}
	if ask.Past {
		name, value := "as_of", p.Time(ask.At.Time)
		if q.Has("at") {
			name, value = "at", q.Get("at")
		}
		data.Chips = append(data.Chips, chip{p.T("q." + name), value, "/cases" + with(q, name, "")})
	}
	data.Forms = map[string][]option{
		"stage":   chosen(titled(petition.Stages())(p.Lang), q.Get("stage")),
		"channel": chosen(titled(petition.Channels())(p.Lang), q.Get("channel")),
		"class":   chosen(titled(petition.Classes())(p.Lang), q.Get("class")),
		"clock":   chosen(titled(law.Clocks())(p.Lang), q.Get("clock")),
		"mark":    chosen(titled(projections.Marks())(p.Lang), q.Get("mark")),
		"unit":    chosen(p.unitsSeen(), q.Get("unit")),
	}
}

// unitsSeen returns the units whose cases the visitor may see, as choices.
func (p *page) unitsSeen() []option {
	return slices.DeleteFunc(p.units(), func(o option) bool { return !p.sees(p.world.Directory, o.Value) })
}

func chosen(options []option, value string) []option {
	for i := range options {
		options[i].Selected = options[i].Value == value
	}
	return options
}

// units returns every unit of the directory as a choice.
func (p *page) units() []option {
	var options []option
	for _, u := range p.world.Directory.Units() {
		options = append(options, option{Value: u.Code, Title: p.Unit(u.Code)})
	}
	return options
}

// spelt returns what people call a value of a condition.
func (p *page) spelt(name, value string) string {
	switch name {
	case "stage":
		return p.In(petition.Stage(value).Title())
	case "unit", "street":
		return p.Unit(value)
	case "officer":
		return p.OfficerName(value)
	case "channel":
		return p.In(petition.Channel(value).Title())
	case "class":
		return p.In(petition.Class(value).Title())
	case "clock":
		return p.In(law.ClockID(value).Title())
	case "mark":
		return p.In(projections.Mark(value).Title())
	case "open":
		return p.T("yes")
	}
	return value
}
