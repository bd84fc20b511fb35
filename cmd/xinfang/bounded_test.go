package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"xinfang/domain/ledger"
)

// TestBounded sends a token to a server that sends us on to another one, that refuses us,
// or that answers without an end.
func TestBounded(t *testing.T) {
	said := make(chan string, 2) // the tokens that were sent, in turn
	hear := func(w http.ResponseWriter, r *http.Request) {
		said <- r.Header.Get("Authorization")
		_, _ = w.Write([]byte("here"))
	}
	other := httptest.NewServer(http.HandlerFunc(hear))
	defer other.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/checkpoint", hear)
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		said <- r.Header.Get("Authorization")
		http.Redirect(w, r, other.URL+"/checkpoint", http.StatusFound)
	})
	mux.HandleFunc("/denied", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusForbidden) })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for some := make([]byte, 1<<20); ; {
			if _, err := w.Write(some); err != nil {
				return
			}
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	source, err := url.Parse(server.URL)
	ok(t, err)
	get := func(address string) (int64, error) {
		t.Helper()
		ctx, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		client := &http.Client{Transport: &bounded{RoundTripper: http.DefaultTransport, source: source, token: "s3cret", stop: stop}}
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		ok(t, err)
		answer, err := client.Do(r)
		if err != nil {
			return 0, errors.Join(err, context.Cause(ctx))
		}
		defer answer.Body.Close()
		n, _ := io.Copy(io.Discard, answer.Body)
		return n, context.Cause(ctx)
	}

	if _, err := get(server.URL + "/checkpoint"); err != nil || <-said != "Bearer s3cret" {
		t.Errorf("the source is not given the token: %v", err)
	}
	if _, err := get(server.URL + "/elsewhere"); err != nil || <-said != "Bearer s3cret" {
		t.Error(err)
	}
	if got := <-said; got != "" {
		t.Errorf("another server is given %q", got)
	}
	if _, err := get(server.URL + "/denied"); !errors.Is(err, errNoLeaves) {
		t.Errorf("refused: %v", err)
	}
	if n, err := get(server.URL + "/endless"); err != nil || n != maxTile {
		t.Errorf("%d bytes of an endless answer, %v", n, err)
	}
	server.Close()
	_, err = get(server.URL + "/checkpoint")
	if trouble, is := errors.AsType[*ledger.Trouble](err); !is || strings.Contains(trouble.Text.EN, "s3cret") {
		t.Errorf("nobody there: %v", err)
	}
}
