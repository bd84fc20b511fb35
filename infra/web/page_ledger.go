package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// ledgerData is what ledger.html shows.
type ledgerData struct {
	Head     ledger.Envelope // the last envelope; zero if there is none
	Compared *comparison     // nil if nothing was
	Fault    *fault          // why it was not
}

// A comparison is what has come of comparing what somebody holds with what is signed.
type comparison struct {
	Size  int64 // entries that it is of; 0 if it is not believed
	Found *proof.Finding
}

func (s *Server) showLedger(w http.ResponseWriter, r *http.Request) {
	s.answerLedger(w, r, http.StatusOK, &ledgerData{})
}

// compare compares a checkpoint, a receipt or a bundle that somebody brings with what is
// signed. Nothing is recorded.
func (s *Server) compare(w http.ResponseWriter, r *http.Request) {
	held, err := heldIn(r)
	if err == nil && s.Notary == nil {
		err = errNotFound
	}
	if err != nil {
		f := s.report(r.Context(), err)
		s.answerLedger(w, r, f.Status, &ledgerData{Fault: f})
		return
	}
	size, err := s.Notary.Compare(held)
	found, isFinding := errors.AsType[*proof.Finding](err)
	if err != nil && !isFinding {
		s.fail(w, r, err)
		return
	}
	s.answerLedger(w, r, http.StatusOK, &ledgerData{Compared: &comparison{size, found}})
}

// heldIn returns the file that a form brought, or else the text.
func heldIn(r *http.Request) ([]byte, error) {
	file, _, err := r.FormFile("held")
	if err == nil {
		defer func() { _ = file.Close() }() // it is only read
		b, err := io.ReadAll(file)
		if err != nil || len(b) > 0 {
			return b, err
		}
	} else if !errors.Is(err, http.ErrMissingFile) && !errors.Is(err, http.ErrNotMultipart) {
		return nil, err
	}
	text := strings.TrimSpace(strings.ReplaceAll(r.FormValue("text"), "\r\n", "\n"))
	if text == "" {
		return nil, errNothingHeld
	}
	return []byte(text + "\n"), nil
}

var errNothingHeld = newFault(http.StatusUnprocessableEntity, "ERR_NOTHING_HELD", "没有选择文件，也没有粘贴文本", "no file was chosen, and no text pasted",
	"请选择检查点、回执或证据包，或粘贴其文本", "choose a checkpoint, a receipt or a bundle, or paste its text")

// answerLedger answers with the page of the ledger, which shows data besides.
func (s *Server) answerLedger(w http.ResponseWriter, r *http.Request, status int, data *ledgerData) {
	head, err := s.Store.Head(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
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
	s.now(w, r, status, "ledger", "nav.ledger", data)
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
