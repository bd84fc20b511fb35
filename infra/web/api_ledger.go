package web

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"xinfang/domain/ledger"
)

// A LedgerHead is the end of the ledger.
type LedgerHead struct {
	Position int64  `json:"position"`
	Leaf     string `json:"leaf,omitempty"`
	Recorded string `json:"recorded_at,omitempty"`
	Views    int64  `json:"views_position" doc:"what lists and measures reflect"`
}

type headOutput struct{ Body LedgerHead }

// A LedgerEvent is one event exactly as it is stored: data and meta are the bytes
// whose hashes the leaf holds.
type LedgerEvent struct {
	Position int64          `json:"position"`
	Stream   string         `json:"stream"`
	Version  int64          `json:"version"`
	ID       string         `json:"id"`
	Type     string         `json:"type"`
	Recorded int64          `json:"recorded_ticks" doc:"100 ns since 1970-01-01T00:00:00Z"`
	Content  string         `json:"content_type"`
	Data     jsontext.Value `json:"data,omitzero"`
	Meta     jsontext.Value `json:"meta,omitzero"`
	RawData  []byte         `json:"data_base64,omitzero" doc:"instead of data, if that is no JSON: only what others have written to the source of a replica"`
	RawMeta  []byte         `json:"meta_base64,omitzero" doc:"instead of meta, likewise"`
	Prev     string         `json:"prev"`
	Leaf     string         `json:"leaf"`
}

// A UnitInfo is a unit of the directory.
type UnitInfo struct {
	Code   string `json:"code"`
	Name   string `json:"name"`
	Kind   string `json:"kind"`
	Parent string `json:"parent,omitempty"`
	From   string `json:"from"`
	To     string `json:"to,omitempty"`
}

type unitsOutput struct {
	Body struct {
		Units []UnitInfo `json:"units"`
	}
}

type eventsInput struct {
	call
	After string `query:"after" doc:"events after this position; 0 if not given"`
	Limit string `query:"limit" doc:"1 to 10000; 1000 if not given"`
}

// Limits of one answer of the feed.
const (
	feedDefault = 1000
	feedMost    = 10000
)

func (s *Server) ledgerOperations() {
	operation(s, huma.Operation{OperationID: "getHead", Method: http.MethodGet, Path: "/api/v1/ledger/head", Summary: "台账末尾 · The head of the ledger", Tags: []string{"ledger"}}, s.apiHead)
	operation(s, huma.Operation{OperationID: "getEvents", Method: http.MethodGet, Path: "/api/v1/ledger/events", Summary: "原始事件 · Events as they are stored, for inspectors", Tags: []string{"ledger"},
		Responses: map[string]*huma.Response{"200": {Description: "one event a line, in order; the last line's position is the next after",
			Content: map[string]*huma.MediaType{"application/x-ndjson": {Schema: s.schema(reflect.TypeFor[LedgerEvent]())}}}}}, s.apiEvents)
	operation(s, huma.Operation{OperationID: "listUnits", Method: http.MethodGet, Path: "/api/v1/units", Summary: "机构 · Units", Tags: []string{"directory"}}, s.apiUnits)
}

func (s *Server) apiHead(ctx context.Context, _ *call) (*headOutput, error) {
	head, err := s.Store.Head(ctx)
	if err != nil {
		return nil, err
	}
	out := &headOutput{Body: LedgerHead{Position: int64(head), Views: int64(s.Freshness().Views)}}
	if head > 0 {
		for env, err := range s.Store.ReadAll(ctx, head-1) {
			if err != nil {
				return nil, err
			}
			out.Body.Leaf, out.Body.Recorded = env.Leaf.String(), stampOf(env.Recorded.Time())
			break
		}
	}
	return out, nil
}

func (s *Server) apiEvents(ctx context.Context, in *eventsInput) (*streamed, error) {
	q := in.r.URL.Query()
	if err := onlyNames(q, []string{"after", "limit"}, []string{"lang"}); err != nil {
		return nil, err
	}
	head, err := s.Store.Head(ctx)
	if err != nil {
		return nil, err
	}
	p := parameters{q: q}
	after, limit := p.number("after", 0, int(head)), p.number("limit", 1, feedMost)
	if p.err != nil {
		return nil, p.err
	}
	if limit == 0 {
		limit = feedDefault
	}
	return &streamed{func(h huma.Context) {
		h.SetHeader("Content-Type", "application/x-ndjson")
		n := 0
		for env, err := range s.Store.ReadAll(ctx, ledger.Position(after)) {
			if err == nil {
				err = writeEvent(h, env)
			}
			if err != nil {
				s.Log.WarnContext(ctx, "the feed was cut short", slog.String("trace_id", traceOf(ctx)), slog.Any("err", err))
				panic(http.ErrAbortHandler) // the client must see that it is not all
			}
			if n++; n == limit {
				return
			}
		}
	}}, nil
}

func writeEvent(h huma.Context, env ledger.Envelope) error {
	e := LedgerEvent{
		Position: int64(env.Position), Stream: env.Stream.String(), Version: int64(env.Version), ID: env.ID.String(), Type: env.Type,
		Recorded: int64(env.Recorded), Content: env.ContentType(), Prev: env.Prev.String(), Leaf: env.Leaf.String(),
	}
	if e.Data = env.Data; env.Binary || !e.Data.IsValid() {
		e.Data, e.RawData = nil, env.Data
	}
	if e.Meta = env.Meta; !e.Meta.IsValid() {
		e.Meta, e.RawMeta = nil, env.Meta
	}
	line, err := json.Marshal(e, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = h.BodyWriter().Write(append(line, '\n'))
	return err
}

func (s *Server) apiUnits(ctx context.Context, _ *call) (*unitsOutput, error) {
	world, err := s.World(ctx, 0)
	if err != nil {
		return nil, err
	}
	out := &unitsOutput{}
	out.Body.Units = []UnitInfo{}
	for _, u := range world.Directory.Units() {
		out.Body.Units = append(out.Body.Units, UnitInfo{u.Code, world.Directory.UnitName(u.Code, visitOf(ctx).Lang), string(u.Kind), u.Parent, stampOf(u.From), stampOf(u.To)})
	}
	return out, nil
}
