package web

import (
	"context"
	"encoding/csv"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xinfang/projections"
)

// listInput documents the parameters of a list; query.go reads them.
type listInput struct {
	call
	Queue    string `query:"queue" enum:"today,soon,statutory,district,waiting,all" doc:"fixed queue (队列)"`
	Text     string `query:"q" doc:"words of the number, the summary or those of the claims, not of their text, which is sealed; a petitioner's name, number or phone for those entitled"`
	Stage    string `query:"stage"`
	Unit     string `query:"unit" doc:"code of the unit that holds the case"`
	Officer  string `query:"officer"`
	Channel  string `query:"channel"`
	Class    string `query:"class"`
	Category string `query:"category"`
	Street   string `query:"street"`
	Clock    string `query:"clock" doc:"whose due date an overdue queue looks at" example:"C6"`
	From     string `query:"from" format:"date" doc:"received on or after"`
	To       string `query:"to" format:"date" doc:"received before"`
	Open     string `query:"open" enum:"true,false"`
	Mark     string `query:"mark" enum:"late,curing,corrected,gap,returned,extended,repeat"`
	Sort     string `query:"sort" enum:"due,district,received,newest"`
	Cursor   string `query:"cursor" doc:"next of the page before"`
	Limit    string `query:"limit" doc:"1 to 200; 50 if not given, and all in CSV"`
	AsOf     string `query:"as_of" doc:"as known then: a date (its end) or a time"`
	At       string `query:"at" doc:"as known at this position"`
	Format   string `query:"format" enum:"json,csv"`
}

// A CaseList is a page of a list.
type CaseList struct {
	Cases    []ListedCase `json:"cases"`
	Total    int          `json:"total" doc:"of the whole list; 10001 means more than 10000"`
	Next     string       `json:"next,omitempty" doc:"cursor of the next page"`
	Position int64        `json:"position" doc:"of the ledger that the list reflects"`
	AsOf     string       `json:"as_of"`
}

// streamed is an answer that writes itself.
type streamed struct{ Body func(huma.Context) }

func (s *Server) caseOperations() {
	list := huma.Operation{OperationID: "listCases", Method: http.MethodGet, Path: "/api/v1/cases", Summary: "列出信访件 · List cases", Tags: []string{"cases"},
		Responses: map[string]*huma.Response{"200": {Description: "a page of the list, or with Accept: text/csv all of it, unless limit is given", Content: map[string]*huma.MediaType{
			"application/json": {Schema: s.schema(reflect.TypeFor[CaseList]())}, "text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}}}}}
	operation(s, list, s.apiList)
	list.OperationID, list.Path, list.Summary = "searchCases", "/api/v1/search", "检索 · Search cases by words"
	list.Responses = maps.Clone(list.Responses)
	operation(s, list, s.apiSearch)
	operation(s, huma.Operation{OperationID: "getCase", Method: http.MethodGet, Path: "/api/v1/cases/{no}", Summary: "信访件 · One case, masked", Tags: []string{"cases"}}, s.apiCase)
	operation(s, huma.Operation{OperationID: "getTimeline", Method: http.MethodGet, Path: "/api/v1/cases/{no}/timeline", Summary: "时间轴 · Timeline, newest first", Tags: []string{"cases"}}, s.apiTimeline)
	operation(s, huma.Operation{OperationID: "getClocks", Method: http.MethodGet, Path: "/api/v1/cases/{no}/clocks", Summary: "期限 · Clocks in both tiers, and how each due date came about", Tags: []string{"cases"}}, s.apiClocks)
	operation(s, huma.Operation{OperationID: "getHolders", Method: http.MethodGet, Path: "/api/v1/cases/{no}/holders", Summary: "责任链 · Who held the case, for how long, and gaps", Tags: []string{"cases"}}, s.apiHolders)
}

// wants returns which of the formats r asks for, by ?format= or Accept.
func wants(r *http.Request, formats ...string) (string, error) {
	if f := r.URL.Query().Get("format"); f != "" {
		if !slices.Contains(formats, f) {
			return "", badParameter("format", "应为以下之一："+strings.Join(formats, "、"), "one of these is expected: "+strings.Join(formats, ", "))
		}
		return f, nil
	}
	for _, f := range formats[1:] {
		if strings.Contains(r.Header.Get("Accept"), "text/"+f) {
			return f, nil
		}
	}
	return formats[0], nil
}

// apiSearch is apiList for a question that there must be: the list of everything
// is no answer to nothing.
func (s *Server) apiSearch(ctx context.Context, in *listInput) (*streamed, error) {
	if strings.TrimSpace(in.r.URL.Query().Get("q")) == "" {
		return nil, badParameter("q", "检索要有字词", "a search takes words")
	}
	return s.apiList(ctx, in)
}

func (s *Server) apiList(ctx context.Context, in *listInput) (*streamed, error) {
	format, err := wants(in.r, "json", "csv")
	if err != nil {
		return nil, err
	}
	ask, err := s.question(ctx, in.r.URL.Query())
	if err != nil {
		return nil, err
	}
	views, err := s.Views(ctx, ask.At)
	if err != nil {
		return nil, err
	}
	done := func() {
		if err := views.Close(); err != nil {
			s.Log.WarnContext(ctx, "closing the views", slog.Any("err", err))
		}
	}
	whole := format == "csv" && ask.Limit == 0
	if whole {
		ask.Limit = projections.MaxPage
	}
	first, err := views.List(ctx, ask.Filter)
	if err != nil {
		done()
		return nil, err
	}
	at, err := views.Position(ctx)
	if err != nil {
		done()
		return nil, err
	}
	return &streamed{func(h huma.Context) {
		defer done()
		if format == "csv" {
			h.SetHeader("Content-Type", "text/csv; charset=utf-8")
			h.SetHeader("Content-Disposition", `attachment; filename="cases.csv"`)
			h.SetHeader("X-Ledger-Position", strconv.FormatInt(int64(at), 10))
			if !whole {
				first.Next = ""
			}
			if err := s.writeCSV(ctx, h.BodyWriter(), views, ask, first); err != nil {
				s.Log.WarnContext(ctx, "a CSV was cut short", slog.String("trace_id", traceOf(ctx)), slog.Any("err", err))
				panic(http.ErrAbortHandler) // the client must see that it is not all
			}
			return
		}
		list := CaseList{Cases: []ListedCase{}, Total: first.Total, Next: first.Next, Position: int64(at), AsOf: stampOf(ask.moment.Now)}
		for _, row := range first.Rows {
			list.Cases = append(list.Cases, NewListedCase(row, ask.moment.Now))
		}
		s.writeJSON(h, list)
	}}, nil
}

// writeJSON answers with v.
func (s *Server) writeJSON(h huma.Context, v any) {
	h.SetHeader("Content-Type", "application/json")
	if err := s.api.Marshal(h.BodyWriter(), "application/json", v); err != nil {
		s.Log.DebugContext(h.Context(), "the client went away", slog.String("trace_id", traceOf(h.Context())))
	}
}

// csvHeader names the columns of a list.
var csvHeader = []string{"number", "stage", "channel", "class", "unit", "officer", "summary", "petitioner", "headcount", "received",
	"registered", "closed", "statutory_clock", "statutory_due", "statutory_overdue_days", "district_clock", "district_due", "district_overdue_days", "marks"}

// writeCSV writes the list from page on, page by page, with the mark by which Excel
// knows UTF-8.
func (s *Server) writeCSV(ctx context.Context, w io.Writer, views Views, ask question, page projections.Page) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.Write(csvHeader); err != nil {
		return err
	}
	for {
		for _, row := range page.Rows {
			if err := out.Write(csvRow(NewListedCase(row, ask.moment.Now))); err != nil {
				return err
			}
		}
		if page.Next == "" {
			out.Flush()
			return out.Error()
		}
		ask.Cursor = page.Next
		var err error
		if page, err = views.List(ctx, ask.Filter); err != nil {
			return err
		}
	}
}

func csvRow(c ListedCase) []string {
	row := []string{c.Number, c.Stage, c.Channel, c.Class, c.Unit, c.Officer, c.Summary, c.Petitioner, strconv.Itoa(c.Headcount), c.Received, c.Registered, c.Closed}
	for _, d := range []*DueDate{c.Statutory, c.District} {
		if d == nil {
			row = append(row, "", "", "")
		} else {
			row = append(row, d.Clock, d.Due, strconv.Itoa(d.Overdue))
		}
	}
	row = append(row, strings.Join(c.Marks, " "))
	for i, cell := range row {
		row[i] = inert(cell)
	}
	return row
}

// inert keeps a spreadsheet from taking a cell for a formula.
func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
