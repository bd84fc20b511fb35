package tsa

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/domain/proof/prooftest"
)

// at is what the authority says the time is.
var at = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// checkpoint is what is stamped.
var checkpoint = proof.Checkpoint{Origin: "ledger.example.gov.cn/petition", Size: 7}

// ask asks what answers as h does.
func ask(t *testing.T, h http.Handler, text string) ([]byte, error) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	c := Client{URL: server.URL, HTTP: server.Client(), Random: bytes.NewReader([]byte{255, 1, 2, 3, 4, 5, 6, 7})}
	return c.Stamp(t.Context(), text)
}

// TestStamp has a checkpoint stamped by a server, and opens the token.
func TestStamp(t *testing.T) {
	authority := prooftest.NewTSA(t, "tsa.example", func() time.Time { return at })
	token, err := ask(t, authority, checkpoint.Text())
	if err != nil {
		t.Fatal(err)
	}
	p := &proof.Policy{TSARoots: []ledger.Hash{authority.Pin()}}
	stamp, err := p.OpenStamp(token, checkpoint, authority.Root.Raw)
	if err != nil || !stamp.Time.Equal(at) || stamp.Authority != "tsa.example" {
		t.Errorf("%+v, %v", stamp, err)
	}
}

// TestStampRefused has servers that do not answer what was asked.
func TestStampRefused(t *testing.T) {
	authority := prooftest.NewTSA(t, "tsa.example", func() time.Time { return at })
	answer := func(b []byte) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(b) })
	}
	rejection, err := timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.BadRequest)
	if err != nil {
		t.Fatal(err)
	}
	// An authority that answers the question of somebody else.
	replay := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked, _ := timestamp.ParseRequest(body)
		other := timestamp.Request{HashAlgorithm: asked.HashAlgorithm, HashedMessage: asked.HashedMessage}
		der, _ := other.Marshal()
		r.Body = io.NopCloser(bytes.NewReader(der))
		authority.ServeHTTP(w, r)
	})
	for _, tt := range []struct {
		name    string
		handler http.Handler
		want    string
	}{
		{"an error", http.NotFoundHandler(), "status 404"},
		{"nothing", answer(nil), "no time-stamp"},
		{"junk", answer([]byte("<html>")), "no time-stamp"},
		{"a rejection", answer(rejection), "no time-stamp"},
		{"without end", answer(make([]byte, proof.MaxToken+2)), "no time-stamp"},
		{"of another question", replay, "another question"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token, err := ask(t, tt.handler, checkpoint.Text())
			trouble, ok := errors.AsType[*ledger.Trouble](err)
			if token != nil || !ok || !strings.Contains(trouble.Text.EN, tt.want) || strings.Contains(fmt.Sprint(trouble.Text), "%!") {
				t.Errorf("%x, %v; want %q", token, err, tt.want)
			}
		})
	}
	c := Client{URL: "http://127.0.0.1:1", HTTP: http.DefaultClient, Random: bytes.NewReader(make([]byte, 8))}
	if _, err := c.Stamp(t.Context(), checkpoint.Text()); err == nil {
		t.Error("stamped by nobody")
	}
	if _, err := c.Stamp(t.Context(), checkpoint.Text()); err == nil {
		t.Error("stamped without a nonce")
	}
}

// TestStampSilent asks an authority that is not there. Its address may have a password,
// which is not told.
func TestStampSilent(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	c := Client{URL: strings.Replace(server.URL, "http://", "http://user:s3cret@", 1) + "/path?key=s3cret", HTTP: server.Client(), Random: bytes.NewReader(make([]byte, 8))}
	_, err := c.Stamp(t.Context(), checkpoint.Text())
	trouble, ok := errors.AsType[*ledger.Trouble](err)
	if !ok || trouble.Cause == nil || !strings.Contains(trouble.Say().ZH, strings.TrimPrefix(server.URL, "http://")) {
		t.Errorf("it says %v", err)
	}
	if strings.Contains(fmt.Sprintf("%v %+v %v", err, trouble.Say(), trouble.Cause), "s3cret") {
		t.Errorf("it tells the password: %v", err)
	}
}
