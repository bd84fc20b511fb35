package web

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A browser is somebody signed in to the console, with JavaScript off.
type browser struct {
	t    *testing.T
	site *httptest.Server
	http *http.Client
}

// open returns a browser in which the holder of token is signed in.
func open(t *testing.T, site *httptest.Server, token string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t, site, &http.Client{Jar: jar, Transport: site.Client().Transport}}
	if token != "" {
		b.submit("/sign-in", "/sign-in", url.Values{"token": {token}}, 200)
	}
	return b
}

func serve(t *testing.T, d *district) *httptest.Server {
	site := httptest.NewServer(d.Handler())
	t.Cleanup(site.Close)
	return site
}

// get returns the page at path, which must answer with status.
func (b *browser) get(path string, status int) string {
	b.t.Helper()
	resp, err := b.http.Get(b.site.URL + path)
	return read(b.t, resp, err, status)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="(nonce|command|at)" value="([^"]*)"`)

// submit fills the form of the page at from, and posts it to action.
func (b *browser) submit(from, action string, form url.Values, status int) string {
	b.t.Helper()
	page := b.get(from, 200)
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		if !form.Has(m[1]) {
			form.Set(m[1], m[2])
		}
	}
	resp, err := b.http.PostForm(b.site.URL+action, form)
	return read(b.t, resp, err, status)
}

func read(t *testing.T, resp *http.Response, err error, status int) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("%s %s = %d, want %d\n%s", resp.Request.Method, resp.Request.URL, resp.StatusCode, status, body)
	}
	return string(body)
}

func contains(t *testing.T, page string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

func lacks(t *testing.T, page string, words ...string) {
	t.Helper()
	for _, word := range words {
		if strings.Contains(page, word) {
			t.Errorf("the page has %q:\n%s", word, page)
		}
	}
}
