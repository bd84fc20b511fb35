package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
)

// A visit is one request by somebody.
type visit struct {
	Actor  ledger.Actor // who is signed in, in which post; zero if nobody is
	Lang   string       // chinese or english
	Trace  string       // identity of the request in the log, hex
	Bearer bool         // came with an API token, not with a session
}

func (v visit) role() org.Role { return org.Role(v.Actor.Role) }

type visitKey struct{}

// visitOf returns the visit of a request that went through identify; a visit by
// nobody otherwise.
func visitOf(ctx context.Context) visit {
	v, ok := ctx.Value(visitKey{}).(visit)
	if !ok {
		v.Lang = chinese
	}
	return v
}

// identify returns r with its visit. A token that is not valid is an error, and
// so is a session or a token of somebody who no longer holds the post.
func (s *Server) identify(r *http.Request) (*http.Request, error) {
	v := visit{Lang: languageOf(r), Trace: traceOf(r.Context())}
	as := func() *http.Request { return r.WithContext(context.WithValue(r.Context(), visitKey{}, v)) }

	actor := s.signedIn(r)
	if token, ok := bearer(r); ok {
		known := false
		if actor, known = s.Tokens.Actor(r.Context(), token); !known {
			return as(), errToken
		}
		v.Bearer = true
	}
	if actor.Officer == "" {
		return as(), nil
	}
	world, err := s.World(r.Context(), 0)
	if err != nil {
		return as(), fmt.Errorf("reading the directory: %w", err)
	}
	if !world.Directory.Holds(actor, s.Now()) {
		if v.Bearer {
			return as(), errToken
		}
		return as(), nil // whoever left the post is signed out
	}
	v.Actor = actor
	return as(), nil
}

func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), ok && strings.EqualFold(scheme, "Bearer")
}

// newID returns a random identity, for a command that a form will ask for.
func (s *Server) newID() (uuid.UUID, error) {
	id, err := uuid.NewRandomFromReader(s.Random)
	if err != nil {
		return id, fmt.Errorf("drawing a random identity: %w", err)
	}
	return id, nil
}

func isAPI(path string) bool { return strings.HasPrefix(path, "/api/") }
