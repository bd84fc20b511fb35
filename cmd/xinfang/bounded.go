package main

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"xinfang/domain/ledger"
)

// maxTile is the most bytes that a server may answer with: 256 leaves of the largest
// that C2SP tlog-tiles knows.
const maxTile = 256 * (2 + 1<<16)

// bounded is a transport that sends a token to source, and to no other server that it may
// send us on to, nor in clear if source was not, and reads no endless answers. It stops what
// would be tried again for minutes, and in vain: a server that was never there, or that
// gives no leaves to whoever has that token.
type bounded struct {
	http.RoundTripper
	source *url.URL
	token  string // "" if there is none
	stop   context.CancelCauseFunc
	heard  atomic.Bool
}

// RoundTrip implements [http.RoundTripper].
func (b *bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if b.token != "" && (r.URL.Scheme == b.source.Scheme || r.URL.Scheme == "https") && strings.EqualFold(r.URL.Host, b.source.Host) {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	answer, err := b.RoundTripper.RoundTrip(r)
	switch {
	case err != nil && !b.heard.Load():
		b.stop(ledger.Troubled("%s 没有应答：%v", "%s does not answer: %v", r.URL.Host, err))
	case err == nil:
		b.heard.Store(true)
		if answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden {
			b.stop(errNoLeaves)
		}
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, maxTile), answer.Body}
	}
	return answer, err
}

var errNoLeaves = &ledger.Refusal{Code: "ERR_NO_LEAVES", Kind: ledger.Denied, Text: ledger.Text{
	ZH: "叶子只给纪检监察岗位；在 XINFANG_TOKEN 中给出其令牌", EN: "leaves are for disciplinary inspectors only; give the token of one in XINFANG_TOKEN",
}}
