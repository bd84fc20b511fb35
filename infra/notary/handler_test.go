package notary

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
)

// TestHandler reads the whole log with torchwood's client over HTTP, checks every
// leaf, and asks for what is not to be had.
func TestHandler(t *testing.T) {
	r := newRig(t)
	n, end := r.open()
	defer end()
	server := httptest.NewServer(n.Handler(func(r *http.Request) bool { return r.Header.Get("User-Agent") == "inspection +https://example.gov.cn" }))
	defer server.Close()
	if code, _ := get(t, server.URL+"/checkpoint"); code != http.StatusNotFound {
		t.Errorf("before anything was signed: %d", code)
	}
	r.record(700)
	if err := n.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	code, body := get(t, server.URL+"/checkpoint")
	s, err := r.policy.Open([]byte(body))
	if code != http.StatusOK || err != nil || s.Size != 700 {
		t.Fatalf("%d, %+v, %v", code, s, err)
	}
	fetch, err := torchwood.NewTileFetcher(server.URL+"/", torchwood.WithUserAgent("inspection +https://example.gov.cn"))
	if err != nil {
		t.Fatal(err)
	}
	client, err := torchwood.NewClient(fetch)
	if err != nil {
		t.Fatal(err)
	}
	read := int64(0)
	for i, leaf := range client.AllEntries(t.Context(), tlog.Tree{N: s.Size, Hash: tlog.Hash(s.Root)}, 0) {
		e, _, _, err := ledger.ParseLeaf(leaf)
		if err != nil || int64(e.Position) != i+1 {
			t.Fatalf("leaf %d: %v, %v", i, e.Position, err)
		}
		read++
	}
	if err := client.Err(); err != nil || read != 700 {
		t.Errorf("%d leaves read, %v", read, err)
	}
	for path, want := range map[string]int{
		"/tile/0/000":       http.StatusOK,
		"/tile/0/000.p/7":   http.StatusOK, // is whole by now
		"/tile/1/000.p/2":   http.StatusOK,
		"/tile/entries/000": http.StatusForbidden,
		"/tile/0/002":       http.StatusNotFound, // not whole yet
		"/tile/0/002.p/189": http.StatusNotFound,
		"/tile/0/003":       http.StatusNotFound,
		"/tile/1/000":       http.StatusNotFound,
		"/tile/0/x009/x223/x372/x036/x854/x775/807": http.StatusNotFound, // its first leaf has no int64
		"/tile/0/x036/x028/x797/x018/x963/968":      http.StatusNotFound,
		"/tile/8/000":                               http.StatusNotFound,
		"/tile/63/000":                              http.StatusNotFound,
		"/tile/0/0":                                 http.StatusNotFound,
		"/guard/guard":                              http.StatusNotFound,
		"/":                                         http.StatusNotFound,
	} {
		if got, _ := get(t, server.URL+path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestHandlerBeforeStart asks a notary that has not looked at its files yet: what the
// process before it has published is to be had, if the policy believes it.
func TestHandlerBeforeStart(t *testing.T) {
	r := newRig(t)
	r.record(300)
	p, err := r.signed()
	if err != nil {
		t.Fatal(err)
	}
	n, end := r.open()
	defer end()
	server := httptest.NewServer(n.Handler(func(*http.Request) bool { return false }))
	defer server.Close()
	if code, body := get(t, server.URL+"/checkpoint"); code != http.StatusOK || body != string(p.Note) {
		t.Errorf("%d, %s", code, body)
	}
	if code, _ := get(t, server.URL+"/tile/0/000"); code != http.StatusOK {
		t.Errorf("a tile: %d", code)
	}
	edit(t, n.path("checkpoint"), func(b []byte) { b[len(origin)+1] = '4' })
	if code, _ := get(t, server.URL+"/checkpoint"); code != http.StatusNotFound {
		t.Errorf("one that is not believed: %d", code)
	}
}
