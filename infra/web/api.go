package web

import (
	"context"
	"io"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-json-experiment/json"

	"xinfang/domain/petition"
)

// A call is the request of an operation. Every input has one.
type call struct{ r *http.Request }

// Resolve implements huma.Resolver.
func (c *call) Resolve(ctx huma.Context) []error {
	c.r, _ = humago.Unwrap(ctx)
	return nil
}

// operations registers the API. Huma says what there is, in the OpenAPI
// document, and writes the answers. It reads nothing but addresses: bodies are
// read by body.go, and errors are made by problem.go.
func (s *Server) operations(r *routes) {
	c := huma.DefaultConfig("信访监督台账 API", "1.0.0")
	c.Info.Description = "Petition audit ledger. Errors are RFC 9457 problems with a code, the article of law and a hint, in the language of Accept-Language or ?lang. " +
		"Times are RFC 3339 with +08:00. Personal data is masked. All reads take as_of (a time) or at (a position), and answer as known then."
	c.CreateHooks = nil // no $schema member with a made-up host
	c.DocsPath = ""     // its page would load scripts from elsewhere; /help/api is ours
	c.SchemasPath = ""
	c.OpenAPIPath = "/api/openapi"
	format := huma.Format{
		Marshal:   func(w io.Writer, v any) error { return json.MarshalWrite(w, v, json.Deterministic(true)) },
		Unmarshal: func(data []byte, v any) error { return json.Unmarshal(data, v, json.RejectUnknownMembers(true)) },
	}
	c.Formats = map[string]huma.Format{"application/json": format, "json": format}
	c.DefaultFormat = "application/json"
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer", Description: "API token (令牌)"}}
	c.Security = []map[string][]string{{"token": {}}}
	s.api = humago.New(r, c)
	s.caseOperations()
	s.commandOperations()
	s.importOperations()
	s.measureOperations()
	s.reportOperations()
	s.notaryOperations()
	s.ledgerOperations()
}

// operation registers one operation. Its errors are faults or what [faultOf]
// makes of them.
func operation[I, O any](s *Server, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	op.SkipValidateBody, op.SkipValidateParams = true, true // parameters are read in query.go
	op.Responses = s.problems(op.Responses)
	body := op.RequestBody
	op.RequestBody = nil // or huma would read it, and check it in its own words
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err == nil {
			return out, nil
		}
		f := s.report(ctx, err)
		if f.Version > 0 {
			return nil, huma.ErrorWithHeaders(f.problem(visitOf(ctx)), http.Header{"ETag": {etag(f.Version)}})
		}
		return nil, f.problem(visitOf(ctx))
	})
	if body != nil {
		s.api.OpenAPI().Paths[op.Path].Post.RequestBody = body
	}
}

// problems adds what every operation may answer.
func (s *Server) problems(responses map[string]*huma.Response) map[string]*huma.Response {
	if responses == nil {
		responses = make(map[string]*huma.Response)
	}
	responses["default"] = &huma.Response{
		Description: "What is wrong (RFC 9457): 400 request, 401 token, 403 not allowed, 404 not there, 409 conflict, 412 stale, 422 refused, 428 If-Match missing, 503 the ledger takes nothing now",
		Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: s.schema(reflect.TypeFor[Problem]())}},
	}
	return responses
}

func (s *Server) schema(t reflect.Type) *huma.Schema {
	return s.api.OpenAPI().Components.Schemas.Schema(t, true, t.Name())
}

// bodies returns the body of the operation that takes every command: one of their
// schemas.
func (s *Server) bodies() *huma.RequestBody {
	either := &huma.Schema{}
	for _, name := range askable() {
		q, _ := newRequest(name)
		body := s.body(name, reflect.TypeOf(q.Fields).Elem())
		body.Description = petition.Title(name).ZH + " · " + petition.Title(name).EN
		either.AnyOf = append(either.AnyOf, body)
	}
	return jsonBody(either)
}

// body returns the schema of a command: its own members beside those of the
// envelope.
func (s *Server) body(name string, own reflect.Type) *huma.Schema {
	registry := s.api.OpenAPI().Components.Schemas
	body := &huma.Schema{Type: huma.TypeObject, Title: name, AdditionalProperties: false, Properties: make(map[string]*huma.Schema)}
	for owner, t := range map[string]reflect.Type{name: own, "": reflect.TypeFor[envelope]()} {
		for member, schema := range huma.SchemaFromType(registry, t).Properties {
			described := *schema
			if described.Ref == "" {
				described.Description = labelOf(chinese, owner, member) + " · " + labelOf(english, owner, member)
			}
			body.Properties[member] = &described
		}
	}
	return body
}

func jsonBody(schema *huma.Schema) *huma.RequestBody {
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}}
}
