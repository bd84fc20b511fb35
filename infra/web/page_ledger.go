package web

import (
	"net/http"
	"strconv"

	"xinfang/domain/ledger"
)

// ledgerData is what ledger.html shows.
type ledgerData struct {
	Head ledger.Envelope // the last envelope; zero if there is none
}

func (s *Server) showLedger(w http.ResponseWriter, r *http.Request) {
	head, err := s.Store.Head(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data := &ledgerData{}
	if head > 0 {
		for env, err := range s.Store.ReadAll(r.Context(), head-1) {
			if err != nil {
				s.fail(w, r, err)
				return
			}
			data.Head = env
			break
		}
	}
	s.now(w, r, http.StatusOK, "ledger", "nav.ledger", data)
}

// eventsPage is how many events one page of the ledger has.
const eventsPage = 100

// eventsData is what events.html shows.
type eventsData struct {
	Envelopes []storedEvent
	Newer     string
	Older     string
}

// A storedEvent is an envelope as it is stored, bytes and all.
type storedEvent struct {
	ledger.Envelope
	DataText, MetaText string
}

// showEvents lists events as they are stored, from a position on, or the last
// ones.
func (s *Server) showEvents(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	head, err := s.Store.Head(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if err := onlyNames(q, []string{"after"}, otherNames); err != nil {
		s.fail(w, r, err)
		return
	}
	p := parameters{q: q}
	after := ledger.Position(p.number("after", 0, int(head)))
	if p.err != nil {
		s.fail(w, r, p.err)
		return
	}
	if !q.Has("after") {
		after = max(0, head-eventsPage)
	}
	data := &eventsData{}
	for env, err := range s.Store.ReadAll(r.Context(), after) {
		if err != nil {
			s.fail(w, r, err)
			return
		}
		data.Envelopes = append(data.Envelopes, storedEvent{env, string(env.Data), string(env.Meta)})
		if len(data.Envelopes) == eventsPage {
			break
		}
	}
	if after > 0 {
		data.Older = "?after=" + strconv.FormatInt(int64(max(0, after-eventsPage)), 10)
	}
	if last := after + ledger.Position(len(data.Envelopes)); last < head {
		data.Newer = "?after=" + strconv.FormatInt(int64(last), 10)
	}
	s.now(w, r, http.StatusOK, "events", "nav.events", data)
}
