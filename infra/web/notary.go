package web

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/proof"
)

// A Notary (公证) commits to the ledger in a form that others can check. Its methods
// may be called concurrently.
type Notary interface {
	// Handler serves checkpoints and tiles; leaves says who may have the leaves.
	Handler(leaves func(*http.Request) bool) http.Handler

	// WriteEvidence writes the evidence bundle (证据包) of a case, with proofs that it
	// continues the trees of older sizes.
	WriteEvidence(ctx context.Context, number string, older []int64, w io.Writer) error

	// WriteDisclosure is WriteEvidence with the data keys of the case, for the reader
	// with that public key alone. That he gets them is on record before.
	WriteDisclosure(ctx context.Context, number string, older []int64, reader string, w io.Writer) error

	Integrity() Integrity

	// Compare checks that what was signed last continues what somebody holds: a
	// checkpoint, a receipt or a bundle. It returns how many entries that is of. The error
	// is a [*proof.Finding] if it does not.
	Compare(held []byte) (size int64, err error)
}

// An Integrity (完整性) is what has been signed of the ledger.
type Integrity struct {
	Origin    string
	Size      int64 // leaves that the last checkpoint commits to
	Root      ledger.Hash
	Note      string // that checkpoint, signed
	Witnessed int64  // leaves that a quorum of witnesses has cosigned; 0 if none
	Witnesses []WitnessState
	Audited   Pass           // the last audit of all of the ledger
	Followed  Pass           // the last audit, of all of it or of what was new
	Stale     bool           // all of it was last found to be what was signed more than a day ago, or not since the start
	Anchors   bool           // there is a time-stamp authority
	Anchored  time.Time      // what its last time-stamp says; zero if none is known
	Forged    int            // entries that pretend to be the notary's, as far as was audited
	RootSM3   ledger.Hash    // of the SM3 tree, of as many leaves; zero if there is none
	Stopped   *proof.Finding // why nothing is signed any more; nil if that is not so
}

// A Pass is an audit since the start that has found nothing; zero if there was none.
type Pass struct {
	At   time.Time
	Took time.Duration
	Size int64 // entries that were signed for
}

// Seconds says how long it took.
func (p Pass) Seconds() string { return strconv.FormatFloat(p.Took.Seconds(), 'f', 1, 64) }

// State is the state of all of the ledger: "stopped", where it is not what was signed;
// "stale", if nobody has looked for more than a day; "forged", if somebody has appended
// what pretends to be the notary's; "nobody", if no witness vouches for it; or "passed".
func (i *Integrity) State() string {
	switch {
	case i.Stopped != nil:
		return "stopped"
	case i.Stale:
		return "stale"
	case i.Forged > 0:
		return "forged"
	case i.Witnessed == 0:
		return "nobody"
	}
	return "passed"
}

// A WitnessState is how one witness fares.
type WitnessState struct {
	Name   string
	Size   int64     // that it has cosigned last
	Last   time.Time // when; zero if not since the start
	Silent bool      // it did not answer the last time, or refused
}

// HasSM3 reports whether there is an SM3 tree.
func (i *Integrity) HasSM3() bool { return i.RootSM3 != ledger.Hash{} }

// Covers says what is signed of the event at position: "witnessed", "signed" or "open";
// or "stopped" or "stale" if that is its state ([Integrity.State]), whatever was signed.
func (i *Integrity) Covers(p ledger.Position) string {
	switch {
	case i.Stopped != nil:
		return "stopped"
	case int64(p) > i.Size:
		return "open"
	case i.Stale:
		return "stale"
	case int64(p) <= i.Witnessed:
		return "witnessed"
	}
	return "signed"
}

// notaryPages serves what is for anybody to check. Without a notary there is
// nothing.
func (s *Server) notaryPages(r *routes) {
	serve := func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errNotFound) }
	if s.Notary != nil {
		log := s.Notary.Handler(func(r *http.Request) bool { return visitOf(r.Context()).role() == org.Inspector })
		serve = log.ServeHTTP
	}
	r.HandleFunc("GET /checkpoint", serve)
	r.HandleFunc("GET /checkpoint-sm3", serve)
	r.HandleFunc("GET /tile/{path...}", serve)
	r.HandleFunc("GET /cases/{no}/evidence", func(w http.ResponseWriter, r *http.Request) {
		number, bundle, err := s.evidence(r.Context(), r.PathValue("no"), r.URL.Query())
		if err != nil {
			s.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Disposition", attached(number))
		if _, err := w.Write(bundle); err != nil {
			s.Log.DebugContext(r.Context(), "the client went away", slog.String("trace_id", traceOf(r.Context())))
		}
	})
}

// evidenceInput names a case, and what the reader of its bundle holds already.
type evidenceInput struct {
	call
	Number string `path:"no" doc:"number of the case (信访件编号)"`
	Older  string `query:"older" doc:"size of an older checkpoint that the bundle proves to continue; may be repeated, ten at most"`
}

func (s *Server) notaryOperations() {
	operation(s, huma.Operation{OperationID: "getEvidence", Method: http.MethodGet, Path: "/api/v1/cases/{no}/evidence", Summary: "证据包 · The evidence bundle of a case, to be verified offline", Tags: []string{"cases"},
		Responses: bundleResponse()},
		func(ctx context.Context, in *evidenceInput) (*streamed, error) {
			number, bundle, err := s.evidence(ctx, in.r.PathValue("no"), in.r.URL.Query())
			if err != nil {
				return nil, err
			}
			return s.sendBundle(ctx, number, bundle), nil
		})
	s.discloseOperation()
}

func bundleResponse() map[string]*huma.Response {
	return map[string]*huma.Response{"200": {Description: "the bundle", Content: map[string]*huma.MediaType{
		"application/zip": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}}
}

// sendBundle answers with the bundle of the case with that number.
func (s *Server) sendBundle(ctx context.Context, number string, bundle []byte) *streamed {
	return &streamed{func(h huma.Context) {
		h.SetHeader("Content-Type", "application/zip")
		h.SetHeader("Content-Disposition", attached(number))
		if _, err := h.BodyWriter().Write(bundle); err != nil {
			s.Log.DebugContext(ctx, "the client went away", slog.String("trace_id", traceOf(ctx)))
		}
	}}
}

// maxOlder is how many older checkpoints one bundle may be asked to continue.
const maxOlder = 10

var errOlder = badParameter("older", "应为检查点的条目数，至多十个", "the size of a checkpoint is expected, ten at most")

func attached(number string) string {
	return `attachment; filename="` + url.PathEscape(number) + `.evidence.zip"`
}

// evidence returns the bundle of a case that the visitor may see. It is of the case
// as it is now.
func (s *Server) evidence(ctx context.Context, number string, q url.Values) (string, []byte, error) {
	if err := onlyNames(q, []string{"older", "lang"}); err != nil {
		return "", nil, err
	}
	var older []int64
	for _, text := range q["older"] {
		size, err := strconv.ParseInt(text, 10, 64)
		if err != nil || size < 1 || len(older) == maxOlder {
			return "", nil, errOlder
		}
		older = append(older, size)
	}
	q.Del("older")
	c, err := s.look(ctx, number, q)
	if err == nil && s.Notary == nil {
		err = errNoNotary
	}
	if err != nil {
		return "", nil, err
	}
	var bundle bytes.Buffer // so that one that fails halfway sends nothing
	err = s.Notary.WriteEvidence(ctx, string(c.Number), older, &bundle)
	return string(c.Number), bundle.Bytes(), err
}

var errNoNotary = &ledger.Refusal{Code: "ERR_NO_NOTARY", Kind: ledger.NotFound, Text: ledger.Text{
	ZH: "本节点没有设置公证，不能出具证据包", EN: "this node has no notary and cannot make evidence bundles",
}}
