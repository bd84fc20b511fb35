package web

import (
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"xinfang/domain/law"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// helpData is what help.html shows: the words of the field.
type helpData struct {
	Clocks []law.ClockID
	Stages []petition.Stage
	Roles  []org.Role
}

func (s *Server) help(w http.ResponseWriter, r *http.Request) {
	s.now(w, r, http.StatusOK, "help", "nav.help", &helpData{law.Clocks(), petition.Stages(), org.Roles})
}

// apiData is what api.html shows: the OpenAPI document, for people.
type apiData struct {
	Operations []apiOperation
	Commands   []apiBody
	Version    string
}

// An apiOperation is one operation of the API.
type apiOperation struct {
	Method, Path, Summary, Description string
	Parameters                         []apiMember
}

// An apiBody is the body of one command.
type apiBody struct {
	Name, Title string
	Members     []apiMember
}

// An apiMember is a parameter, a header or a member of a body.
type apiMember struct{ Name, In, Type, Doc string }

func (s *Server) helpAPI(w http.ResponseWriter, r *http.Request) {
	s.now(w, r, http.StatusOK, "api", "api.title", s.describeAPI())
}

// describeAPI makes the reference page of the document that programs read, so
// that the two say the same.
func (s *Server) describeAPI() *apiData {
	doc := s.api.OpenAPI()
	data := &apiData{Version: s.Version}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		item := doc.Paths[path]
		for _, op := range []*huma.Operation{item.Get, item.Post} {
			if op == nil {
				continue
			}
			o := apiOperation{Method: op.Method, Path: path, Summary: op.Summary, Description: op.Description}
			for _, p := range op.Parameters {
				o.Parameters = append(o.Parameters, apiMember{p.Name, p.In, typeOf(p.Schema), p.Description})
			}
			data.Operations = append(data.Operations, o)
			if op.OperationID == "commandCase" {
				data.Commands = describeBodies(op.RequestBody.Content["application/json"].Schema)
			}
		}
	}
	return data
}

func describeBodies(either *huma.Schema) []apiBody {
	var bodies []apiBody
	for _, schema := range either.AnyOf {
		b := apiBody{Name: schema.Title, Title: schema.Description}
		for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
			p := schema.Properties[name]
			b.Members = append(b.Members, apiMember{Name: name, Type: typeOf(p), Doc: p.Description})
		}
		bodies = append(bodies, b)
	}
	return bodies
}

func typeOf(s *huma.Schema) string {
	switch {
	case s == nil:
		return ""
	case s.Ref != "":
		return s.Ref[len("#/components/schemas/"):]
	case s.Type == huma.TypeArray:
		return "[" + typeOf(s.Items) + "]"
	case s.Format != "":
		return s.Type + " (" + s.Format + ")"
	}
	return s.Type
}
