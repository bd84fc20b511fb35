package web

import (
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"xinfang/domain/ledger"
)

// Sessions end after being idle, and in any case after a working day. They are
// kept in memory: a restart signs everybody out, which an office can bear.
const (
	idleTimeout = 30 * time.Minute
	dayTimeout  = 8 * time.Hour
)

// What a session holds.
const (
	keyOfficer = "officer"
	keyUnit    = "unit"
	keyPost    = "post"
	keyRole    = "role"
	keyNonce   = "nonce"
)

func (s *Server) newSessions() *scs.SessionManager {
	m := scs.New()
	m.IdleTimeout, m.Lifetime = idleTimeout, dayTimeout
	m.HashTokenInStore = true
	m.Cookie.Name = "xinfang"
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	m.Cookie.Secure = s.Secure
	m.Cookie.Persist = false // it ends with the browser
	if s.Secure {
		m.Cookie.Name = "__Host-xinfang"
	}
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		s.fail(w, r, fmt.Errorf("session: %w", err))
	}
	return m
}

// signedIn returns who the session of r is of; nobody if it is of nobody.
func (s *Server) signedIn(r *http.Request) ledger.Actor {
	get := func(key string) string { return s.sessions.GetString(r.Context(), key) }
	return ledger.Actor{Officer: get(keyOfficer), Unit: get(keyUnit), Post: get(keyPost), Role: get(keyRole)}
}

// signIn makes the session of r one of actor, under a new token: whoever knew the
// old one has nothing.
func (s *Server) signIn(r *http.Request, actor ledger.Actor) error {
	if err := s.sessions.RenewToken(r.Context()); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	for key, value := range map[string]string{keyOfficer: actor.Officer, keyUnit: actor.Unit, keyPost: actor.Post, keyRole: actor.Role} {
		s.sessions.Put(r.Context(), key, value)
	}
	return nil
}

// nonce returns what every form of this session must bring back. Browsers say
// where a post comes from and [http.CrossOriginProtection] listens; the engines
// that say nothing are held off by this.
func (s *Server) nonce(r *http.Request) (string, error) {
	if n := s.sessions.GetString(r.Context(), keyNonce); n != "" {
		return n, nil
	}
	var b [16]byte
	if _, err := io.ReadFull(s.Random, b[:]); err != nil {
		return "", fmt.Errorf("drawing a nonce: %w", err)
	}
	n := hex.EncodeToString(b[:])
	s.sessions.Put(r.Context(), keyNonce, n)
	return n, nil
}

// formMemory is how much of an upload is held in memory; the rest goes to a
// temporary file, which the HTTP server removes.
const formMemory = 1 << 20

// checkNonce reads the form of r and checks that it came from a page of this
// session.
func (s *Server) checkNonce(r *http.Request) error {
	parse := r.ParseForm
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		parse = func() error { return r.ParseMultipartForm(formMemory) }
	}
	if err := parse(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return errTooLarge
		}
		return errForm
	}
	want := s.sessions.GetString(r.Context(), keyNonce)
	if got := r.PostFormValue(keyNonce); want == "" || subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return errForm
	}
	return nil
}
