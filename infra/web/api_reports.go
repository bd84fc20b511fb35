package web

import (
	"context"
	"encoding/csv"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"xinfang/projections/report"
)

// unitInput names a unit and a period.
type unitInput struct {
	call
	Code   string `path:"code" doc:"code of the unit (单位代码)"`
	From   string `query:"from" format:"date" doc:"first day of the period; of the year, if not given"`
	To     string `query:"to" format:"date" doc:"the day after the last; today is the last, if not given"`
	AsOf   string `query:"as_of" doc:"as known then: a date (its end) or a time"`
	At     string `query:"at" doc:"as known at this position"`
	Format string `query:"format" enum:"json,csv,html"`
}

// reportInput names a case.
type reportInput struct {
	caseInput
	Format string `query:"format" enum:"json,csv,html"`
}

func (s *Server) reportOperations() {
	answers := func() map[string]*huma.Response {
		text := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
		return map[string]*huma.Response{"200": {Description: "the report; by ?format= or Accept", Content: map[string]*huma.MediaType{
			"application/json": {Schema: s.schema(reflect.TypeFor[report.Report]())}, "text/csv": text, "text/html": text}}}
	}
	operation(s, huma.Operation{OperationID: "getCaseReport", Method: http.MethodGet, Path: "/api/v1/reports/case/{no}", Summary: "案件检查报告 · Inspection report on a case", Tags: []string{"reports"}, Responses: answers()},
		func(ctx context.Context, in *reportInput) (*streamed, error) {
			q, format, err := reportFormat(in.r)
			if err != nil {
				return nil, err
			}
			if err := onlyNames(q, otherNames); err != nil {
				return nil, err
			}
			_, rep, err := s.caseReport(ctx, in.r.PathValue("no"), q)
			if err != nil {
				return nil, err
			}
			return s.reportAs(in.r, format, rep), nil
		})
	operation(s, huma.Operation{OperationID: "getUnitReport", Method: http.MethodGet, Path: "/api/v1/reports/unit/{code}", Summary: "单位检查报告 · Inspection report on a unit over a period", Tags: []string{"reports"}, Responses: answers()},
		func(ctx context.Context, in *unitInput) (*streamed, error) {
			q, format, err := reportFormat(in.r)
			if err != nil {
				return nil, err
			}
			p, err := s.periodOf(ctx, in.r.PathValue("code"), q)
			if err != nil {
				return nil, err
			}
			rep, err := s.UnitReport(ctx, p.code, p.window, p.At)
			if err != nil {
				return nil, err
			}
			return s.reportAs(in.r, format, rep), nil
		})
}

func reportFormat(r *http.Request) (url.Values, string, error) {
	format, err := wants(r, "json", "csv", "html")
	return r.URL.Query(), format, err
}

// reportAs answers with a report in a format.
func (s *Server) reportAs(r *http.Request, format string, rep report.Report) *streamed {
	return &streamed{func(h huma.Context) {
		lang := visitOf(r.Context()).Lang
		var err error
		switch format {
		case "html":
			h.SetHeader("Content-Type", "text/html; charset=utf-8")
			h.SetHeader("Content-Security-Policy", paperPolicy())
			err = WriteReport(h.BodyWriter(), rep, lang)
		case "csv":
			h.SetHeader("Content-Type", "text/csv; charset=utf-8")
			h.SetHeader("Content-Disposition", `attachment; filename="report.csv"`)
			err = writeReportCSV(h.BodyWriter(), rep.Rows(lang))
		default:
			s.writeJSON(h, rep)
		}
		if err != nil {
			s.Log.DebugContext(r.Context(), "the client went away", slog.String("trace_id", traceOf(r.Context())))
		}
	}}
}

func writeReportCSV(w io.Writer, rows [][]string) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, row := range rows {
		for i, cell := range row {
			row[i] = inert(cell)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
