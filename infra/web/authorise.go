package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"xinfang/domain/org"
	"xinfang/projections/casefile"
)

// A rule says who may use a route.
type rule struct {
	open  bool       // also who is not signed in
	roles []org.Role // who is, in one of these roles
	body  int64      // most bytes of the request's body; 0 is bodyLimit
}

// Limits of a request's body, bytes.
const (
	bodyLimit   = 1 << 20
	importLimit = 64 << 20
)

// Groups of roles, after DOMAIN §6.2.
var (
	everyone = slices.DeleteFunc(slices.Clone(org.Roles), func(r org.Role) bool { return r == org.System })

	// readers may see cases, each those of its scope; see Server.visible.
	readers = []org.Role{org.Registrar, org.Dispatcher, org.BureauLeader, org.UnitClerk, org.Handler, org.UnitHead,
		org.Visitor, org.Reviewer, org.Conference, org.Street, org.Inspector}

	// writers may ask for commands; which of them is the domain's to say.
	writers = []org.Role{org.Registrar, org.Dispatcher, org.BureauLeader, org.UnitClerk, org.Handler, org.UnitHead,
		org.Visitor, org.Reviewer, org.Conference}

	// revealers may see personal data, for a purpose.
	revealers = []org.Role{org.Registrar, org.Dispatcher, org.BureauLeader, org.UnitClerk, org.Handler, org.UnitHead,
		org.Visitor, org.Reviewer, org.Inspector}

	receivers = []org.Role{org.Registrar, org.Dispatcher, org.UnitClerk}
	importers = []org.Role{org.Registrar, org.Dispatcher, org.BureauLeader}

	// overseers may see how units do (单位不可见).
	overseers = []org.Role{org.BureauLeader, org.Reviewer, org.Conference, org.Inspector, org.Auditor}
	examiners = []org.Role{org.BureauLeader, org.Reviewer, org.Inspector}
	counters  = []org.Role{org.Registrar, org.Dispatcher, org.BureauLeader, org.UnitHead, org.Visitor, org.Reviewer,
		org.Conference, org.Inspector, org.Auditor}
	inspection = []org.Role{org.Inspector}
)

// table is every route and who may use it. What is not in it does not exist.
var table = map[string]rule{
	"GET /healthz":                        {open: true},
	"GET /readyz":                         {open: true},
	"GET /static/{file}":                  {open: true},
	"GET /sign-in":                        {open: true},
	"POST /sign-in":                       {open: true},
	"POST /sign-out":                      {open: true},
	"GET /help":                           {open: true},
	"GET /help/api":                       {open: true},
	"GET /{$}":                            {roles: everyone},
	"GET /me":                             {roles: everyone},
	"GET /cases":                          {roles: readers},
	"GET /cases/{no}":                     {roles: readers},
	"POST /cases/{no}/reveal":             {roles: revealers},
	"GET /cases/{no}/commands/{command}":  {roles: writers},
	"POST /cases/{no}/commands/{command}": {roles: writers},
	"GET /registration":                   {roles: receivers},
	"POST /registration":                  {roles: receivers},
	"GET /imports":                        {roles: importers},
	"POST /imports":                       {roles: importers, body: importLimit},
	"GET /imports/{hash}":                 {roles: importers},
	"POST /imports/{hash}":                {roles: importers},
	"GET /imports/{hash}/errors":          {roles: importers},
	"GET /reports":                        {roles: overseers},
	"GET /reports/cases/{no}":             {roles: examiners},
	"GET /reports/units/{code}":           {roles: overseers},
	"GET /measures":                       {roles: counters},
	"GET /cases/{no}/evidence":            {roles: examiners},
	"GET /checkpoint":                     {open: true},
	"GET /checkpoint-sm3":                 {open: true},
	"GET /tile/{path...}":                 {open: true}, // the leaves for inspectors only
	"GET /ledger":                         {roles: everyone},
	"POST /ledger/compare":                {roles: everyone},
	"GET /ledger/events":                  {roles: inspection},

	"GET /api/openapi.json":     {open: true},
	"GET /api/openapi-3.0.json": {open: true},
	"GET /api/openapi.yaml":     {open: true},
	"GET /api/openapi-3.0.yaml": {open: true},

	"GET /api/v1/cases":                          {roles: readers},
	"POST /api/v1/cases":                         {roles: receivers},
	"GET /api/v1/cases/{no}":                     {roles: readers},
	"GET /api/v1/cases/{no}/timeline":            {roles: readers},
	"GET /api/v1/cases/{no}/clocks":              {roles: readers},
	"GET /api/v1/cases/{no}/holders":             {roles: readers},
	"GET /api/v1/cases/{no}/evidence":            {roles: examiners},
	"POST /api/v1/cases/{no}/evidence":           {roles: disclosers},
	"POST /api/v1/cases/{no}/commands/{command}": {roles: writers},
	"GET /api/v1/search":                         {roles: readers},
	"POST /api/v1/imports":                       {roles: importers, body: importLimit},
	"GET /api/v1/imports/{hash}":                 {roles: importers},
	"POST /api/v1/imports/{hash}/commit":         {roles: importers},
	"GET /api/v1/measures":                       {roles: counters},
	"GET /api/v1/measures/{id}":                  {roles: counters},
	"GET /api/v1/reports/case/{no}":              {roles: examiners},
	"GET /api/v1/reports/unit/{code}":            {roles: overseers},
	"GET /api/v1/units":                          {roles: everyone},
	"GET /api/v1/ledger/head":                    {roles: everyone},
	"GET /api/v1/ledger/events":                  {roles: inspection},
}

// allowed reports whether role may use the route with pattern.
func allowed(pattern string, role org.Role) bool {
	r, ok := table[pattern]
	return ok && (r.open || slices.Contains(r.roles, role))
}

// routes is the mux, with the table before every handler.
type routes struct {
	server *Server
	mux    *http.ServeMux
	served []string
}

// HandleFunc registers a handler. It panics if the table does not know pattern.
func (rs *routes) HandleFunc(pattern string, handle func(http.ResponseWriter, *http.Request)) {
	rule, ok := table[pattern]
	if !ok {
		panic("web: nobody may use " + pattern)
	}
	rs.served = append(rs.served, pattern)
	if rule.body == 0 {
		rule.body = bodyLimit
	}
	rs.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		noteRoute(r, pattern)
		r.Body = http.MaxBytesReader(w, r.Body, rule.body)
		r, err := rs.server.identify(r)
		if rule.open && errors.Is(err, errToken) {
			err = nil // a token that is no good is no worse than none
		}
		if err == nil {
			err = rs.server.admit(r, pattern, rule)
		}
		if err != nil {
			rs.server.fail(w, r, err)
			return
		}
		rs.server.keepLanguage(w, r)
		handle(w, r)
	})
}

// ServeHTTP implements [http.Handler].
func (rs *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h, pattern := rs.mux.Handler(r)
	if pattern != "" {
		rs.mux.ServeHTTP(w, r)
		return
	}
	// The mux says whether there is such a page for another method; the answer is
	// ours to give.
	probe := &probe{header: make(http.Header)}
	h.ServeHTTP(probe, r)
	if identified, err := rs.server.identify(r); err == nil {
		r = identified
	}
	err := errNotFound
	if probe.code == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.header.Get("Allow"))
		err = errMethod
	}
	rs.server.fail(w, r, err)
}

// complete panics if a route of the table has no handler.
func (rs *routes) complete() {
	for pattern := range table {
		if !slices.Contains(rs.served, pattern) {
			panic(fmt.Sprintf("web: %s has no handler", pattern))
		}
	}
}

// admit says whether the visitor may use the route.
func (s *Server) admit(r *http.Request, pattern string, rule rule) error {
	v := visitOf(r.Context())
	if !rule.open {
		if v.Actor.Officer == "" {
			return errSignIn
		}
		if !allowed(pattern, v.role()) {
			return errNotFound
		}
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if s.ReadOnly && !rule.open {
		return errReadOnly
	}
	if isAPI(r.URL.Path) {
		if !v.Bearer {
			return errTokenNeeded // what a cookie alone can ask for, another site could ask for
		}
		return nil
	}
	return s.checkNonce(r)
}

// visible reports whether the visitor may know of the case. What it refuses is
// answered as if there were no such case.
func visible(v visit, d *org.Directory, f *casefile.File) bool {
	for _, a := range f.Accused {
		if a.Officer == v.Actor.Officer || a.Unit != "" && a.Unit == v.Actor.Unit {
			return false // 信访工作条例第30条第3款: nothing may reach the accused
		}
	}
	if f.Restricted {
		switch v.role() {
		case org.BureauLeader, org.Inspector:
			return true
		case org.Registrar:
			return len(f.Timeline) > 0 && f.Timeline[0].Actor.Officer == v.Actor.Officer
		default:
			return false
		}
	}
	switch v.scope() {
	case scopeAll:
		return true
	case scopeUnit:
		return touches(v.Actor.Unit, d, f)
	default:
		return false
	}
}

// touches reports whether unit, or one below it, has or had the case, or must act
// on it next, or whether the case is about its area.
func touches(unit string, d *org.Directory, f *casefile.File) bool {
	ours := func(u string) bool { return u != "" && (u == unit || d.Above(unit, u)) }
	next, _, _ := f.WaitingFor()
	if ours(f.Unit) || ours(f.Bureau) || ours(f.Street) || ours(next) {
		return true
	}
	return slices.ContainsFunc(f.Holders, func(h casefile.Holding) bool { return ours(h.Unit) })
}

// A scope is how many cases a role may see.
type scope int

const (
	scopeNone scope = iota
	scopeUnit       // those of the visitor's unit
	scopeAll        // all but restricted ones
)

func (v visit) scope() scope {
	switch v.role() {
	case org.Registrar, org.Dispatcher, org.BureauLeader, org.Visitor, org.Reviewer, org.Conference, org.Inspector:
		return scopeAll
	case org.UnitClerk, org.Handler, org.UnitHead, org.Street:
		return scopeUnit
	default:
		return scopeNone
	}
}

// restricted reports whether lists show the visitor restricted cases (检举控告).
func (v visit) restricted() bool {
	return v.role() == org.BureauLeader || v.role() == org.Inspector
}
