package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
)

// TestSessions: nobody gets in without a session, no form counts without its
// nonce, and no other site can post.
func TestSessions(t *testing.T) {
	d := newDistrict(t)
	site := serve(t, d)
	stranger := open(t, site, "")
	contains(t, stranger.get("/cases?queue=today", 200), `name="to" value="/cases?queue=today"`)
	resp, err := stranger.http.Get(site.URL + "/api/v1/cases")
	contains(t, read(t, resp, err, 401), "ERR_SIGN_IN")
	for header, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'", "X-Content-Type-Options": "nosniff",
		"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if !strings.HasPrefix(resp.Header.Get(header), want) {
			t.Errorf("%s: %s", header, resp.Header.Get(header))
		}
	}
	contains(t, stranger.submit("/sign-in", "/sign-in", url.Values{"token": {"guessed"}}, 401), "登录未成功")
	contains(t, stranger.submit("/sign-in", "/sign-in", url.Values{"identity": {"9001|JW|检查组长|inspector"}}, 401), "登录未成功") // not a demonstration

	b := open(t, site, "registrar")
	contains(t, b.submit("/registration", "/registration", url.Values{"nonce": {"guessed"}}, 403), "ERR_FORM")
	page := b.get("/me", 200)
	form := url.Values{"nonce": {hidden.FindStringSubmatch(page)[2]}}
	r, err := http.NewRequest("POST", site.URL+"/sign-out", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err = b.http.Do(r)
	read(t, resp, err, 403)
	resp, err = b.http.Post(site.URL+"/api/v1/cases", "application/json", strings.NewReader(receipt)) // a cookie is not a token
	contains(t, read(t, resp, err, 403), "ERR_TOKEN_NEEDED")
	b.submit("/me", "/sign-out", url.Values{}, 200)
	contains(t, b.get("/cases", 200), `name="token"`)
}

// TestCookie: behind TLS the session's cookie cannot be read, sent elsewhere, or
// set by a neighbour.
func TestCookie(t *testing.T) {
	d := newDistrict(t)
	d.Secure = true
	resp, err := serve(t, d).Client().Get(serve(t, d).URL + "/sign-in")
	read(t, resp, err, 200)
	cookie := resp.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-xinfang=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie lacks %s: %s", want, cookie)
		}
	}
}

// TestLeaver: who has left the post is signed out, and so is his token.
func TestLeaver(t *testing.T) {
	d := newDistrict(t)
	b := open(t, serve(t, d), "other")
	b.get("/cases", 200)
	meta := ledger.Meta{Command: uuid.New(), Actor: ledger.Actor{Officer: org.SystemOfficer, Role: string(org.System)}, Occurred: d.now}
	if _, err := org.Decider.Handle(t.Context(), d.store, ledger.Ask[org.Command]{ID: org.Stream().ID, Meta: meta,
		Command: org.LeavePost{Officer: "3001", Unit: "RSJ", Title: "科员", At: d.now}}); err != nil {
		t.Fatal(err)
	}
	contains(t, b.get("/cases", 200), `name="token"`)
	(&client{t, d.Handler(), "other"}).do("GET", "/api/v1/cases", "").want(t, 401, "ERR_TOKEN")
}

// TestDemo: in a demonstration anybody may be anybody who is, and every page says
// that it is one.
func TestDemo(t *testing.T) {
	d := newDistrict(t)
	d.Demo = true
	b := open(t, serve(t, d), "")
	contains(t, b.get("/", 200), "演示数据", "员9001")
	b.submit("/sign-in", "/sign-in", url.Values{"identity": {"9001|JW|检查组长|admin"}}, 401)
	b.submit("/sign-in", "/sign-in", url.Values{"identity": {"9001"}}, 401)
	page := b.submit("/sign-in", "/sign-in", url.Values{"identity": {"9001|JW|检查组长|inspector"}, "to": {"//elsewhere.example"}}, 200)
	contains(t, page, "演示数据", "纪检监察")
}

// TestHealth: ready says why not.
func TestHealth(t *testing.T) {
	d := newDistrict(t)
	c := &client{t, d.Handler(), "registrar"}
	lacks(t, c.do("GET", "/healthz", "").want(t, 200, `"ok":true`).body, "position") // which it has not asked for
	c.do("GET", "/readyz", "").want(t, 200, `"ok":true`)
	stranger := &client{t, c.site, "revoked"}
	stranger.do("GET", "/readyz", "").want(t, 200, `"ok":true`)
	if a := stranger.do("GET", "/api/v1/cases", ""); a.status != 401 {
		t.Errorf("a token that is no good opens the list: %d", a.status)
	}
	for code, fresh := range map[string]Freshness{
		"VIEWS_BEHIND":  {Views: 1, Head: 9, Since: d.now.Add(-2 * time.Minute)},
		"VIEWS_STOPPED": {Err: errors.New("position 5: unknown event")},
	} {
		d.Freshness = func() Freshness { return fresh }
		if a := c.do("GET", "/readyz", ""); a.status != 503 || !strings.Contains(a.body, code) {
			t.Errorf("%d %s, want %s", a.status, a.body, code)
		}
	}
}

// TestObserved: every answer is counted under its route, every command by what
// became of it, and a panic is an answer.
func TestObserved(t *testing.T) {
	d := newDistrict(t)
	counts, commands := make(map[string]int), make(map[string]int)
	d.Observe = func(route, method string, code int, _ time.Duration) {
		counts[fmt.Sprint(method, " ", route, " ", code)]++
	}
	d.Commanded = func(command, result string) { commands[command+" "+result]++ }
	c := &client{t, d.Handler(), "registrar"}
	c.do("GET", "/cases/"+escape(secretName), "")
	c.do("GET", "/nowhere", "")
	c.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", key()).want(t, 201)
	c.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", key()).want(t, 409)
	d.Views = func(context.Context, At) (Views, error) { panic(secretName) }
	c.do("GET", "/cases", "")
	for _, want := range []string{"GET GET /cases/{no} 404", "GET  404", "POST POST /api/v1/cases 201", "GET GET /cases 500"} {
		if counts[want] != 1 {
			t.Errorf("%s was counted %d times: %v", want, counts[want], counts)
		}
	}
	if commands["receive-petition ok"] != 1 || commands["register-petition ok"] != 1 || commands["receive-petition refused"] != 1 {
		t.Errorf("commands: %v", commands)
	}
	lacks(t, d.logs.String(), secrets...)
	contains(t, d.logs.String(), "a handler panicked", "session_test.go:")
}
