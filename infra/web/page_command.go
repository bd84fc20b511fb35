package web

import (
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

// Prefixes of the names of a command's fields in a form. Those of the envelope
// have none.
const (
	prefixCommand = "c."
	prefixReceive = "r."
)

// commandData is what command.html and registration.html show.
type commandData struct {
	*casefile.File // nil in a registration
	Name           string
	Fields         []field // of the command
	Receive        []field // of the receipt, in a registration
	Envelope       []field
	More           []field // of the envelope: what is seldom needed
	Command        string  // identity of the command: pressing twice is asking once
	At             ledger.Version
	Fault          *fault // why it was refused; nil on a fresh form
	Officers       []option
}

// commandForm asks for a command.
func (s *Server) commandForm(w http.ResponseWriter, r *http.Request) {
	s.drawCommand(w, r, nil, nil)
}

// postCommand carries out a command that a form asked for.
func (s *Server) postCommand(w http.ResponseWriter, r *http.Request) {
	c, err := s.look(r.Context(), r.PathValue("no"), nil)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	q, ok := newRequest(r.PathValue("command"))
	if !ok {
		s.fail(w, r, errNotFound)
		return
	}
	id, err := uuid.Parse(r.PostFormValue("command"))
	version, verr := strconv.ParseInt(r.PostFormValue("at"), 10, 64)
	if err != nil || verr != nil {
		s.fail(w, r, errForm)
		return
	}
	faults := q.readForm(visitOf(r.Context()).Lang, prefixCommand, r.PostForm)
	if len(faults) > 0 {
		s.drawCommand(w, r, errFields, faults)
		return
	}
	at := ledger.Version(version)
	if _, err := s.order(r.Context(), c.Number, q, id, c.Petitioner.Subject, &at); err != nil {
		s.drawCommand(w, r, s.report(r.Context(), err), nil)
		return
	}
	to := caseURL(c.Number) + "?done=" + url.QueryEscape(q.Name)
	if _, err := s.look(r.Context(), c.Number, nil); err != nil {
		to = "/cases" // it has just been closed to whoever closed it
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

var errFields = newFault(http.StatusUnprocessableEntity, "ERR_FIELDS", "有的内容填写不正确，什么也没有记录", "some of what was entered is not right; nothing was recorded",
	"请改正标出的内容后再提交", "mend what is marked, and submit again")

// drawCommand shows the form of a command: a fresh one, or, with a fault, what
// was posted and why it was refused.
func (s *Server) drawCommand(w http.ResponseWriter, r *http.Request, f *fault, faults map[string]string) {
	c, err := s.look(r.Context(), r.PathValue("no"), nil)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	q, ok := newRequest(r.PathValue("command"))
	if !ok {
		s.fail(w, r, errNotFound)
		return
	}
	data := &commandData{File: c.File, Name: q.Name, Fault: f, At: c.Version}
	p, err := s.newPage(r, petition.Title(q.Name).In(visitOf(r.Context()).Lang), c.moment, c.world, data)
	if err == nil {
		err = s.drawForm(p, data, formValues(r), faults, q, map[string]int{"answers": max(len(c.Claims), 1)})
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.show(w, r, data.status(), "command", p)
}

// formValues returns what a form has filled in: what was posted, or, on a fresh
// form, what the address says of the command's fields, so that a link can say
// which entry it would correct.
func formValues(r *http.Request) url.Values {
	if r.PostForm != nil {
		return r.PostForm
	}
	values := make(url.Values)
	for name, v := range r.URL.Query() {
		if strings.HasPrefix(name, prefixCommand) {
			values[name] = v
		}
	}
	return values
}

func (d *commandData) status() int {
	if d.Fault != nil {
		return d.Fault.Status
	}
	return http.StatusOK
}

// drawForm fills data with the fields of q and the envelope. A form that was
// refused keeps its identity, so that asking again is still asking once, unless it
// was asked before with other contents: then it is another question.
func (s *Server) drawForm(p *page, data *commandData, posted url.Values, faults map[string]string, q *request, rows map[string]int) error {
	d := &drawing{lang: p.Lang, owner: q.Name, values: posted, faults: faults, rows: rows, units: p.units()}
	data.Fields = d.structure(reflect.TypeOf(q.Fields).Elem(), prefixCommand)
	d.owner = ""
	for _, f := range d.structure(reflect.TypeFor[envelope](), "") {
		switch f.Name {
		case "on_behalf_of", "basis", "late_entry":
			data.More = append(data.More, f)
		default:
			data.Envelope = append(data.Envelope, f)
		}
	}
	for _, o := range p.world.Directory.Officers() {
		if posts := p.world.Directory.PostsOf(o.Number, p.Moment.Now); len(posts) > 0 {
			data.Officers = append(data.Officers, option{Value: o.Number, Title: o.Name + " " + p.Unit(posts[0].Unit) + " " + posts[0].Title})
		}
	}
	if id, err := uuid.Parse(posted.Get("command")); err == nil && data.Fault != errReused {
		data.Command = id.String()
		return nil
	}
	id, err := s.newID()
	data.Command = id.String()
	return err
}

// registrationForm asks for a receipt and a registration in one.
func (s *Server) registrationForm(w http.ResponseWriter, r *http.Request) {
	s.drawRegistration(w, r, nil, nil)
}

// postRegistration receives and registers a petition. Both are rehearsed before
// the first is recorded, so that a slip in the second does not leave a case half
// entered.
func (s *Server) postRegistration(w http.ResponseWriter, r *http.Request) {
	id, err := uuid.Parse(r.PostFormValue("command"))
	if err != nil {
		s.fail(w, r, errForm)
		return
	}
	receive, register := registrationRequests()
	lang := visitOf(r.Context()).Lang
	faults := receive.readForm(lang, prefixReceive, r.PostForm)
	maps.Copy(faults, register.readForm(lang, prefixCommand, r.PostForm))
	if len(faults) > 0 {
		s.drawRegistration(w, r, errFields, faults)
		return
	}
	number, _, err := s.register(r.Context(), receive, register, id)
	if err != nil {
		s.drawRegistration(w, r, s.report(r.Context(), err), nil)
		return
	}
	http.Redirect(w, r, caseURL(number)+"?done=register-petition", http.StatusSeeOther)
}

func (s *Server) drawRegistration(w http.ResponseWriter, r *http.Request, f *fault, faults map[string]string) {
	now := moment{Now: s.Now().UTC()}
	world, err := s.worldAt(r.Context(), now)
	receive, register := registrationRequests()
	data := &commandData{Name: register.Name, Fault: f}
	var p *page
	if err == nil {
		p, err = s.newPage(r, "nav.registration", now, world, data)
	}
	if err == nil {
		err = s.drawForm(p, data, r.PostForm, faults, register, nil)
	}
	values := r.PostForm
	if err == nil && values == nil {
		values, err = s.proposal(r, now)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	d := &drawing{lang: p.Lang, owner: receive.Name, values: values, faults: faults, units: p.units()}
	data.Receive = d.structure(reflect.TypeOf(receive.Fields).Elem(), prefixReceive)
	s.show(w, r, data.status(), "registration", p)
}

// proposal returns what a fresh registration has filled in: a number that is
// still free, and what most petitions have in common.
func (s *Server) proposal(r *http.Request, m moment) (url.Values, error) {
	head, err := s.Store.Head(r.Context())
	if err != nil {
		return nil, err
	}
	return url.Values{
		prefixReceive + "number":    {proposeNumber(m.Now, head)},
		prefixReceive + "unit":      {visitOf(r.Context()).Actor.Unit},
		prefixReceive + "level":     {string(petition.District)},
		prefixReceive + "headcount": {"1"},
	}, nil
}
