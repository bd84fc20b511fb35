package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"xinfang/projections/measure"
)

// measureInput documents the parameters of a question for figures.
type measureInput struct {
	call
	From        string `query:"from" format:"date" doc:"first day of the period; open if not given"`
	To          string `query:"to" format:"date" doc:"the day after the last; open if not given"`
	Unit        string `query:"unit"`
	ByUnit      string `query:"by_unit" enum:"true,false" doc:"those of every unit beside the district's"`
	Tier        string `query:"tier" enum:"statutory,district"`
	Strict      string `query:"strict" enum:"true,false" doc:"without extensions approved only after the limit had run out"`
	Observation string `query:"observation" doc:"days a closed case is watched for M6; 30 if not given"`
	Basis       string `query:"basis" enum:"registered,registered30" doc:"M1 from registration, 15 days; M2 from registration, 30 days; by the clocks of the law if not given"`
	OverdueAs   string `query:"overdue_as" enum:"excluded,satisfied" doc:"what M4 takes an evaluation for that was not given in time; excluded if not given"`
	AsOf        string `query:"as_of" doc:"as known then: a date (its end) or a time"`
	At          string `query:"at" doc:"as known at this position"`
}

type oneMeasureInput struct {
	ID string `path:"id" example:"M3"`
	measureInput
}

type measureOutput struct {
	Body struct {
		Position int64            `json:"position" doc:"of the ledger that the figures rest on"`
		AsOf     string           `json:"as_of"`
		Figures  []measure.Figure `json:"figures"`
	}
}

func (s *Server) measureOperations() {
	operation(s, huma.Operation{OperationID: "getMeasures", Method: http.MethodGet, Path: "/api/v1/measures", Summary: "指标 · Measures, each with what it was made of", Tags: []string{"measures"}},
		func(ctx context.Context, in *measureInput) (*measureOutput, error) { return s.apiMeasures(ctx, in, "") })
	operation(s, huma.Operation{OperationID: "getMeasure", Method: http.MethodGet, Path: "/api/v1/measures/{id}", Summary: "一项指标 · One measure", Tags: []string{"measures"}},
		func(ctx context.Context, in *oneMeasureInput) (*measureOutput, error) {
			id := measure.ID(in.r.PathValue("id"))
			if measure.DefinitionOf(id).ID == "" {
				return nil, errNotFound
			}
			return s.apiMeasures(ctx, &in.measureInput, id)
		})
}

func (s *Server) apiMeasures(ctx context.Context, in *measureInput, id measure.ID) (*measureOutput, error) {
	c, err := s.countOf(ctx, in.r.URL.Query())
	if err != nil {
		return nil, err
	}
	figures, position, err := s.figures(ctx, c)
	if err != nil {
		return nil, err
	}
	out := &measureOutput{}
	out.Body.Position, out.Body.AsOf, out.Body.Figures = position, stampOf(c.Now), []measure.Figure{}
	for _, f := range figures {
		if id == "" || f.Measure == id {
			out.Body.Figures = append(out.Body.Figures, f)
		}
	}
	return out, nil
}
