// Package web is the counter of the ledger: the console for people, in HTML made
// on the server, and the HTTP API for programs, under /api/v1.
//
// # One path for a command
//
// A form of the console and a call of the API differ only in how they spell a
// command. Both end in [Server.Do]: the world as known now, the decider, the
// store, and then a short wait until the lists show what was recorded. There is
// no law here: which command is lawful, and why not, is the domain's to say.
//
// # Who may see what
//
// authorise.go has one table: each route, and the roles that may use it. A route
// that is not in the table cannot be registered. Who may not use a route, or may
// not know of a case, is told that there is no such thing (404): an office that
// is inspected must not be able to tell that it is.
//
// # Personal data
//
// It comes in plain in a request, and is sealed before the command exists
// (plain.go). Pages and answers show masked forms. To see a value an officer
// states a purpose, which is recorded before the value is shown (page_reveal.go).
// No error and no log line holds anything that a request said.
//
// # Without JavaScript
//
// Every page works with JavaScript off, on the old browser engines of offices,
// at 390 px and on paper. Nothing is loaded from elsewhere; the content security
// policy forbids it. All styles are in static/style.css.
//
// # Reading the package
//
// ports.go is what it needs from others, order.go the path of a command, and
// once.go what makes asking twice the same as asking once. api_*.go and page_*.go
// are one thing to look at or do each. form.go makes a form of any command, body.go
// reads one from JSON, and problem.go is where errors become answers.
package web

import (
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/danielgtaylor/huma/v2"

	"xinfang/domain/ledger"
)

// A Server serves the console and the API. Its fields are set before
// [Server.Handler] is called, and not changed afterwards.
type Server struct {
	Store      ledger.Store
	Views      OpenViews
	World      ReadWorld
	Wait       WaitViews
	UnitReport MakeUnitReport
	Freshness  func() Freshness
	Vault      Vault
	Importer   Importer
	Tokens     Tokens

	Now    func() time.Time
	Random io.Reader // of command ids, sessions and traces; crypto/rand.Reader but in tests
	Log    *slog.Logger

	// Notary, if set, commits to the ledger for others to check.
	Notary Notary

	// Source, if set, is what this node keeps a replica of.
	Source func() Source

	ReadOnly bool           // nothing is recorded here: this is a follower's replica
	Demo     bool           // anybody may choose an identity; the pages say that the data is not real
	Guides   []ledger.Actor // in a demonstration: whom to offer first; all if empty
	Secure   bool           // browsers reach the server by TLS: cookies are sent over nothing else
	Version  string         // of the program, for /help/api and the OpenAPI document

	// Observe, if set, is told of every answer. route is the pattern that
	// matched, never the path, so that it is one of a closed set.
	Observe func(route, method string, code int, d time.Duration)

	// Commanded, if set, is told what became of every command: ok, refused,
	// conflict or error.
	Commanded func(command, result string)

	// Revealed, if set, is told of every look at personal data.
	Revealed func(role string, fields []string)

	sessions *scs.SessionManager
	api      huma.API
}

// Handler returns everything that the server answers. It is called once.
func (s *Server) Handler() http.Handler {
	s.sessions = s.newSessions()
	r := &routes{server: s, mux: http.NewServeMux()}
	s.pages(r)
	s.operations(r)
	r.complete()
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, errForm) }))
	return s.trace(secure(origin.Handler(s.sessions.LoadAndSave(r))))
}

// Timeouts of the HTTP server that carries the handler. A client that does not
// finish its request in that time is cut off; an import of 64 MiB has the whole
// of ReadTimeout.
const (
	HeaderTimeout = 10 * time.Second
	ReadTimeout   = 5 * time.Minute
	IdleTimeout   = 2 * time.Minute
)
