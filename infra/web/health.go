package web

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
)

// patienceReady is how long the views may be behind before the server says that
// it is not ready.
const patienceReady = time.Minute

// A Health is whether the server is fit for work, and why not.
type Health struct {
	OK      bool     `json:"ok"`
	Reasons []Reason `json:"reasons"`
	Head    *int64   `json:"head_position,omitempty"` // of readyz alone
	Views   *int64   `json:"views_position,omitempty"`
}

// A Reason is one thing that is wrong.
type Reason struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// healthz says that the process answers; it asks nothing of anybody.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) {
	s.answerHealth(w, r, Health{OK: true, Reasons: []Reason{}})
}

// readyz says whether requests should be sent here.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	fresh, lang := s.Freshness(), visitOf(r.Context()).Lang
	h := Health{Reasons: []Reason{}, Views: new(int64(fresh.Views))}
	wrong := func(code, key string) { h.Reasons = append(h.Reasons, Reason{code, say(lang, key)}) }
	head, err := s.Store.Head(r.Context())
	h.Head = new(int64(head))
	if err != nil {
		wrong("LEDGER", "ready.ledger")
	}
	if _, err := s.World(r.Context(), 0); err != nil {
		wrong("DIRECTORY", "ready.world")
		s.Log.ErrorContext(r.Context(), "units, officers and calendar cannot be read", "err", err)
	}
	if fresh.Err != nil {
		wrong("VIEWS_STOPPED", "ready.stopped")
	} else if !fresh.Since.IsZero() && s.Now().Sub(fresh.Since) > patienceReady {
		wrong("VIEWS_BEHIND", "ready.behind")
	}
	if s.Source != nil {
		switch source := s.Source(); {
		case source.Break != nil:
			wrong("REPLICA_STOPPED", "ready.broken")
		case source.Unheard && head == 0, !source.Down.IsZero() && s.Now().Sub(source.Down) > patienceReady:
			wrong("SOURCE_DOWN", "ready.source")
		case len(source.Mutable) > 0:
			wrong("STORE_MUTABLE", "ready.mutable")
		}
	}
	h.OK = len(h.Reasons) == 0
	s.answerHealth(w, r, h)
}

func (s *Server) answerHealth(w http.ResponseWriter, r *http.Request, h Health) {
	w.Header().Set("Content-Type", "application/json")
	if !h.OK {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if err := json.MarshalWrite(w, h, json.Deterministic(true)); err != nil {
		s.Log.DebugContext(r.Context(), "the client went away")
	}
}
