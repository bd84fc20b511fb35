package web

import (
	"net/http"

	"xinfang/domain/petition"
	"xinfang/projections"
)

// overviewData is what overview.html shows.
type overviewData struct {
	projections.Overview
	Cards  []card
	Stages []stageBar
	Lists  bool // the visitor may open lists
}

// A card is one number of the overview, and the list that makes it.
type card struct {
	Href, Title string
	N           int
	Class       string
}

// A stageBar is how many open cases are at a stage.
type stageBar struct {
	Stage petition.Stage
	N     int
	Width int // of barRoom
}

// barRoom is how wide the longest bar of a chart is, in units of its viewBox.
const barRoom = 300

func (s *Server) overview(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if err := onlyNames(q, otherNames); err != nil {
		s.fail(w, r, err)
		return
	}
	ask, err := s.question(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data := &overviewData{Lists: allowed("GET /cases", visitOf(r.Context()).role())}
	if data.Overview, err = s.count(r, ask); err != nil {
		s.fail(w, r, err)
		return
	}
	p, err := s.newPage(r, "nav.overview", ask.moment, ask.world, data)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.fillOverview(data)
	s.show(w, r, http.StatusOK, "overview", p)
}

func (s *Server) count(r *http.Request, ask question) (o projections.Overview, err error) {
	views, err := s.Views(r.Context(), ask.At)
	if err != nil {
		return o, err
	}
	defer func() {
		if cerr := views.Close(); err == nil {
			err = cerr
		}
	}()
	return views.Overview(r.Context(), ask.Filter)
}

var cardClasses = map[projections.Queue]string{
	projections.QueueStatutory: "red", projections.QueueDistrict: "red",
	projections.QueueToday: "amber", projections.QueueSoon: "amber",
}

func (p *page) fillOverview(data *overviewData) {
	if p.scope() == scopeUnit {
		data.Overview = p.ownOverview(data.Overview)
	}
	for _, queue := range projections.Queues() {
		c := card{"/cases" + with(p.URL.Query(), "queue", string(queue)), p.In(queue.Title()), data.Queues[queue], cardClasses[queue]}
		if c.N == 0 {
			c.Class = ""
		}
		data.Cards = append(data.Cards, c)
	}
	most := 1
	for _, n := range data.Overview.Stages {
		most = max(most, n)
	}
	for _, stage := range petition.Stages() {
		if n := data.Overview.Stages[stage]; n > 0 {
			data.Stages = append(data.Stages, stageBar{stage, n, max(2, barRoom*n/most)})
		}
	}
}

// ownOverview returns what a visitor who sees the cases of his unit alone may see
// of o. The queues are of his unit already.
func (p *page) ownOverview(o projections.Overview) projections.Overview {
	own := projections.Overview{Queues: o.Queues}
	for _, u := range o.Units {
		if u.Unit == p.Actor.Unit {
			own.Units, own.Open = []projections.UnitLoad{u}, u.Open
		}
	}
	return own
}

// UnitList returns the address of the open cases of a unit.
func (p *page) UnitList(unit string) string {
	return "/cases?open=true&unit=" + escape(unit)
}
