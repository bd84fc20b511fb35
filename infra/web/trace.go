package web

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// A note is what is known of a request while it is answered. It belongs to the
// goroutine of the request.
type note struct {
	trace string
	route string // the pattern that matched; "" if none did
}

type noteKey struct{}

func traceOf(ctx context.Context) string {
	if n, ok := ctx.Value(noteKey{}).(*note); ok {
		return n.trace
	}
	return ""
}

func noteRoute(r *http.Request, pattern string) {
	if n, ok := r.Context().Value(noteKey{}).(*note); ok {
		n.route = pattern
	}
}

// trace gives every request an identity, logs it, counts it, and turns a panic
// into an answer. The log has the route and not the path: a path may hold what
// somebody searched for.
func (s *Server) trace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		n := &note{trace: s.newTrace()}
		r = r.WithContext(context.WithValue(r.Context(), noteKey{}, n))
		sw := &statusWriter{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil {
				if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(p)
				}
				// What a handler panicked with may hold anything, so it is not logged;
				// the place is.
				s.Log.ErrorContext(r.Context(), "a handler panicked", slog.String("trace_id", n.trace), slog.String("route", n.route), slog.String("at", panicSite()))
				if sw.code == 0 {
					s.fail(sw, r, errInternal)
				}
			}
			took := time.Since(start)
			s.Log.DebugContext(r.Context(), "answered", slog.String("trace_id", n.trace), slog.String("method", r.Method),
				slog.String("route", n.route), slog.Int("code", sw.status()), slog.Duration("took", took))
			if s.Observe != nil {
				s.Observe(n.route, r.Method, sw.status(), took)
			}
		}()
		next.ServeHTTP(sw, r)
	})
}

func (s *Server) newTrace() string {
	var b [16]byte
	if _, err := io.ReadFull(s.Random, b[:]); err != nil {
		return "" // a request without an identity is better than none answered
	}
	return hex.EncodeToString(b[:])
}

// A statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	code int
}

func (w *statusWriter) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}

// A probe is an answer that is thrown away but for its status and header.
type probe struct {
	header http.Header
	code   int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
func (p *probe) WriteHeader(code int)        { p.code = code }

// secure sets what every answer has. Nothing is loaded from elsewhere, nothing is
// framed, nothing is kept in a cache, and no path leaves the site as a referrer.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "+
			"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}
