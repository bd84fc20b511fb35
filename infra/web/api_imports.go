package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// importInput is the input of an upload: a form with the parts file and mapping.
type importInput struct{ call }

// hashInput names a file that was checked.
type hashInput struct {
	call
	Hash string `path:"hash" doc:"SHA-256 of the file, hex"`
}

// An ImportReport is an import as the API shows it.
type ImportReport struct {
	Hash     string        `json:"sha256"`
	Name     string        `json:"name"`
	State    string        `json:"state" enum:"checked,running,done,failed"`
	Rows     int           `json:"rows"`
	Done     int           `json:"done" doc:"rows looked at so far"`
	Imported int           `json:"imported" doc:"recorded; after a check, what would be"`
	Skipped  int           `json:"skipped" doc:"imported before"`
	Errors   []ImportFault `json:"errors"`
}

// An ImportFault is what is wrong with one row.
type ImportFault struct {
	Row     int    `json:"row" doc:"as Excel counts"`
	Column  string `json:"column"`
	Message string `json:"message"`
}

type importOutput struct {
	Status int
	Body   ImportReport
}

func (s *Server) importOperations() {
	operation(s, huma.Operation{
		OperationID: "checkImport", Method: http.MethodPost, Path: "/api/v1/imports", Summary: "试导入 · Check a file; nothing is recorded", Tags: []string{"imports"},
		MaxBodyBytes: importLimit,
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"file", "mapping"},
			Properties: map[string]*huma.Schema{
				"file":    {Type: huma.TypeString, Format: "binary", Description: ".xlsx or .csv, at most 64 MiB"},
				"mapping": {Type: huma.TypeString, Description: "TOML; see xinfang import template"},
			},
		}}}},
	}, s.apiCheckImport)
	operation(s, huma.Operation{OperationID: "getImport", Method: http.MethodGet, Path: "/api/v1/imports/{hash}", Summary: "导入进度 · How far an import has come", Tags: []string{"imports"}}, s.apiImport)
	operation(s, huma.Operation{OperationID: "commitImport", Method: http.MethodPost, Path: "/api/v1/imports/{hash}/commit", Summary: "正式导入 · Record what was checked", Tags: []string{"imports"},
		DefaultStatus: http.StatusAccepted}, s.apiRunImport)
}

func (s *Server) apiCheckImport(ctx context.Context, in *importInput) (*importOutput, error) {
	upload, err := uploadOf(in.r)
	if err != nil {
		return nil, err
	}
	found, err := s.Importer.Check(ctx, upload)
	if err != nil {
		return nil, err
	}
	return importAnswer(visitOf(ctx), http.StatusOK, found), nil
}

func (s *Server) apiImport(ctx context.Context, in *hashInput) (*importOutput, error) {
	found, err := s.findImport(in.r)
	if err != nil {
		return nil, err
	}
	return importAnswer(visitOf(ctx), http.StatusOK, found), nil
}

func (s *Server) apiRunImport(ctx context.Context, in *hashInput) (*importOutput, error) {
	found, err := s.Importer.Run(ctx, in.r.PathValue("hash"), visitOf(ctx).Actor)
	if err != nil {
		return nil, err
	}
	return importAnswer(visitOf(ctx), http.StatusAccepted, found), nil
}

func importAnswer(v visit, status int, i Import) *importOutput {
	out := &importOutput{Status: status, Body: ImportReport{
		Hash: i.Hash, Name: i.Name, State: string(i.State), Rows: i.Rows, Done: i.Done, Imported: i.Imported, Skipped: i.Skipped, Errors: []ImportFault{},
	}}
	for _, e := range i.Errors {
		out.Body.Errors = append(out.Body.Errors, ImportFault{e.Row, e.Column, e.Message.In(v.Lang)})
	}
	return out
}
