package web

import (
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed; it is now\n%s", name, got)
	}
}

// A client calls the API with a token.
type client struct {
	t     testing.TB
	site  http.Handler
	token string
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (c *client) do(method, path, body string, header ...string) answer {
	c.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+c.token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.site.ServeHTTP(w, r)
	return answer{w.Code, w.Header(), w.Body.String()}
}

// want checks the status of an answer, and that it holds words.
func (a answer) want(t *testing.T, status int, words ...string) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("%d, want %d\n%s", a.status, status, a.body)
	}
	contains(t, a.body, words...)
	if status >= 400 && a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("the error is %s", a.header.Get("Content-Type"))
	}
	return a
}

func key() string { return uuid.NewString() }

const receipt = `{"number":"XF-2026-000101","channel":"letter","unit":"XFJ","level":"district","headcount":1,
	"occurred_at":"2026-03-02T09:30:00+08:00","received_at":"2026-03-02T09:00:00+08:00",
	"register":{"petitioner":{"name":"` + secretName + `","phone":"` + secretPhone + `","id_number":"` + secretID + `","address":"` + secretAddress + `"},
		"summary":"反映拖欠工资","claims":[{"summary":"要求支付工资","text":"` + secretClaim + `"}]}}`

// TestAPIWalk receives, registers, reads and acts on a case as a program would.
func TestAPIWalk(t *testing.T) {
	d := newDistrict(t)
	site := d.Handler()
	registrar, dispatcher := &client{t, site, "registrar"}, &client{t, site, "dispatcher"}

	once := key()
	made := registrar.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", once).want(t, 201, "PetitionReceived", "PetitionRegistered")
	if made.header.Get("ETag") != `"2"` || made.header.Get("Location") != "/api/v1/cases/XF-2026-000101" {
		t.Errorf("ETag %s, Location %s", made.header.Get("ETag"), made.header.Get("Location"))
	}
	if again := registrar.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", once); again.body != made.body || again.status != 201 {
		t.Errorf("asked again it answers\n%s\nnot\n%s", again.body, made.body)
	}
	registrar.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", key()).want(t, 409, "ERR_DUP_CASE_NO")
	registrar.do("POST", "/api/v1/cases", receipt).want(t, 400, "ERR_IDEMPOTENCY_KEY")

	one := dispatcher.do("GET", "/api/v1/cases/XF-2026-000101", "").want(t, 200, `"stage":"REGISTERED"`, "欧阳某礼", `"lawful_commands":[`, `"classify"`)
	lacks(t, one.body, secrets...)
	etag := one.header.Get("ETag")

	at := "/api/v1/cases/XF-2026-000101/commands/classify"
	classify := `{"class":"claim","path":"petition"}`
	dispatcher.do("POST", at, classify, "Idempotency-Key", key()).want(t, 428, "ERR_IF_MATCH")
	dispatcher.do("POST", at, classify, "If-Match", etag).want(t, 400, "ERR_IDEMPOTENCY_KEY")
	stale := dispatcher.do("POST", at, classify, "Idempotency-Key", key(), "If-Match", `"1"`).want(t, 412, "ERR_STALE", `"version":2`)
	if stale.header.Get("ETag") != `"2"` {
		t.Errorf("412 has ETag %s", stale.header.Get("ETag"))
	}
	once = key()
	done := dispatcher.do("POST", at, classify, "Idempotency-Key", once, "If-Match", etag).want(t, 200, "PetitionClassified")
	dispatcher.do("POST", "/api/v1/cases/XF-2026-000101/commands/dispatch", `{"mode":"forward","to":"ZJJ","no":"1号"}`,
		"Idempotency-Key", key(), "If-Match", done.header.Get("ETag")).want(t, 200)
	if again := dispatcher.do("POST", at, classify, "Idempotency-Key", once, "If-Match", etag); again.body != done.body || again.header.Get("ETag") != done.header.Get("ETag") {
		t.Errorf("asked again, after others, it answers\n%s\nnot\n%s", again.body, done.body)
	}
	dispatcher.do("POST", "/api/v1/cases/XF-2026-000101/commands/fly", `{}`, "Idempotency-Key", key(), "If-Match", etag).want(t, 404, "ERR_NO_COMMAND")
	dispatcher.do("POST", "/api/v1/cases/XF-2026-000101/commands/import-case", `{}`, "Idempotency-Key", key(), "If-Match", etag).want(t, 404, "ERR_NO_COMMAND")

	d.now = today.Add(time.Hour)
	dispatcher.do("GET", "/api/v1/cases/XF-2026-000101/timeline?view=deadlines&limit=1", "").want(t, 200, `"type":"PetitionReceived"`, "+08:00")
	dispatcher.do("GET", "/api/v1/cases/XF-2026-000101/timeline?limit=2", "").want(t, 200, `"next":3`)
	dispatcher.do("GET", "/api/v1/cases/XF-2026-000101/clocks", "").want(t, 200, `"statutory":{`, `"district":{`, `"derivation":[`)
	dispatcher.do("GET", "/api/v1/cases/XF-2026-000101/holders", "").want(t, 200, `"unit":"XFJ"`, `"transit":true`)
	dispatcher.do("GET", "/api/v1/cases?q="+escape("拖欠"), "").want(t, 200, `"total":1`)
	dispatcher.do("GET", "/api/v1/search?q="+secretPhone, "").want(t, 200, `"total":1`)
	dispatcher.do("GET", "/api/v1/cases?as_of=2026-02-01", "").want(t, 400, "ERR_PARAMETER")
	dispatcher.do("GET", "/api/v1/cases/XF-2026-000101?at=16", "").want(t, 200, `"stage":"RECEIVED"`)
	dispatcher.do("GET", "/api/v1/cases/XF-2026-000101?at=3", "").want(t, 404)
	dispatcher.do("GET", "/api/v1/measures?tier=district", "").want(t, 200, `"measure":"M1"`, `"not_yet_due"`)
	dispatcher.do("GET", "/api/v1/measures/M3", "").want(t, 200, `"measure":"M3"`)
	dispatcher.do("GET", "/api/v1/measures/M99", "").want(t, 404)
	dispatcher.do("GET", "/api/v1/units", "", "Accept-Language", "en").want(t, 200, "Housing bureau")
	dispatcher.do("GET", "/api/v1/ledger/head", "").want(t, 200, `"leaf":"`)
	dispatcher.do("GET", "/api/v1/ledger/events", "").want(t, 404)

	inspector := &client{t, site, "inspector"}
	feed := inspector.do("GET", "/api/v1/ledger/events?after=15&limit=2", "").want(t, 200, `"position":16`, `"position":17`)
	lacks(t, feed.body, secrets...)
	inspector.do("GET", "/api/v1/reports/case/XF-2026-000101", "").want(t, 200, `"kind":"case"`)
	inspector.do("GET", "/api/v1/reports/unit/ZJJ?from=2026-01-01&to=2026-07-01&format=csv", "").want(t, 200, "\ufeff")
	inspector.do("GET", "/api/v1/reports/unit/NONE", "").want(t, 404)
	inspector.do("GET", "/api/v1/reports/unit/ZJJ?from=2026-07-01&to=2026-01-01", "").want(t, 400, "ERR_PARAMETER")
	inspector.do("POST", at, classify, "Idempotency-Key", key(), "If-Match", etag).want(t, 404)

	list := dispatcher.do("GET", "/api/v1/cases", "", "Accept", "text/csv").want(t, 200, "\ufeffnumber,stage", "XF-2026-000101")
	if ct := list.header.Get("Content-Type"); ct != "text/csv; charset=utf-8" {
		t.Errorf("csv is %s", ct)
	}
	(&client{t, site, "nobody"}).do("GET", "/api/v1/cases", "").want(t, 401, "ERR_TOKEN")
	(&client{t, site, "dispatcher"}).do("DELETE", "/api/v1/cases", "").want(t, 405, "ERR_METHOD")
	(&client{t, site, "dispatcher"}).do("GET", "/api/v1/nothing", "").want(t, 404, "ERR_NOT_FOUND")
}

// TestBadBodies: every body that is not right is refused with the place and what
// to do, and never with what was sent.
func TestBadBodies(t *testing.T) {
	d := newDistrict(t)
	c := &client{t, d.Handler(), "registrar"}
	long := strings.Repeat("欧", 1<<19)
	tests := []struct {
		name, body, code string
		status           int
		says             string
	}{
		{"a member twice", `{"number":"a","number":"` + secretName + `"}`, "ERR_JSON", 400, "a member is there twice"},
		{"a member twice, inside", `{"register":{"summary":"a","summary":"` + secretName + `"}}`, "ERR_JSON", 400, "/register"},
		{"an unknown member", `{"` + secretName + `":1}`, "ERR_JSON", 400, "those that are: number"},
		{"an unknown member, inside", `{"register":{"petitioner":{"` + secretName + `":1}}}`, "ERR_JSON", 400, "/register/petitioner"},
		{"a number for a string", `{"register":{"petitioner":{"name":` + secretPhone + `}}}`, "ERR_JSON", 400, "a string is expected"},
		{"a string for a number", `{"headcount":"` + secretName + `"}`, "ERR_JSON", 400, "a whole number is expected"},
		{"not a time", `{"received_at":"` + secretName + `"}`, "ERR_JSON", 400, "RFC 3339"},
		{"not JSON", secretName, "ERR_JSON", 400, "not JSON"},
		{"bad UTF-8", "{\"number\":\"\xff\"}", "ERR_JSON", 400, "not JSON"},
		{"cut off", `{"number":"` + secretName, "ERR_JSON", 400, "not JSON"},
		{"an array", `["` + secretName + `"]`, "ERR_JSON", 400, "an object is expected"},
		{"too large", `{"place":"` + long + `"}`, "ERR_TOO_LARGE", 413, ""},
		{"no channel", `{"number":"` + secretPhone + `","unit":"XFJ","level":"district","headcount":1}`, "", 422, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := c.do("POST", "/api/v1/cases", tt.body, "Idempotency-Key", key(), "Accept-Language", "en-GB").want(t, tt.status, tt.code, tt.says)
			lacks(t, a.body, secrets...)
		})
	}
	lacks(t, d.logs.String(), secrets...)
	if headOf(t, d) != before(t, d) {
		t.Error("a bad body left something behind")
	}
}

// TestProblems pins the shape of errors.
func TestProblems(t *testing.T) {
	d := newDistrict(t)
	d.Random = bytes.NewReader(make([]byte, 1<<20))
	c := &client{t, d.Handler(), "registrar"}
	c.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", key()).want(t, 201)
	var all strings.Builder
	for _, ask := range []struct {
		method, path, body string
		header             []string
	}{
		{"GET", "/api/v1/cases?stage=FLYING", "", nil},
		{"GET", "/api/v1/cases?stgae=CLOSED", "", []string{"Accept-Language", "en"}},
		{"GET", "/api/v1/cases/XF-0", "", nil},
		{"POST", "/api/v1/cases/XF-2026-000101/commands/classify", `{"class":"claim","path":"petition"}`, []string{"If-Match", `"1"`, "Idempotency-Key", key()}},
		{"POST", "/api/v1/cases/XF-2026-000101/commands/request-extension", `{"days":40}`, []string{"If-Match", `"2"`, "Idempotency-Key", key(), "Accept-Language", "en"}},
		{"POST", "/api/v1/cases/XF-2026-000101/commands/classify", `{"class":"claim","class":"claim"}`, []string{"If-Match", `"2"`, "Idempotency-Key", key()}},
	} {
		a := c.do(ask.method, ask.path, ask.body, ask.header...)
		all.WriteString(ask.method + " " + ask.path + "\n" + a.body + "\n\n")
	}
	golden(t, "problems.golden", all.String())
}

// TestStoreFaults: what the store says reaches the caller as what it means for
// him.
func TestStoreFaults(t *testing.T) {
	d := newDistrict(t)
	c := &client{t, d.Handler(), "registrar"}
	once := key()
	for _, applied := range []bool{false, true} {
		d.store.Fault = lose(applied)
		c.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", once).want(t, 500, "ERR_INTERNAL", "trace_id")
		d.store.Fault = nil
	}
	c.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", once).want(t, 201)
	if n := headOf(t, d) - before(t, d); n != 2 {
		t.Errorf("%d events recorded, want 2: lost answers were made up for more than once", n)
	}
	for _, altered := range []error{fmt.Errorf("reading: %w", ledger.ErrAltered), proof.Found(proof.Fork, "有两个版本", "there are two")} {
		d.store.Fault = func(ledger.Stream) (bool, error) { return false, altered }
		c.do("POST", "/api/v1/cases", strings.ReplaceAll(receipt, "000101", "000103"), "Idempotency-Key", key()).want(t, 500, CodeUnverified, "立即告知检查组")
	}
	d.store.Fault = full
	c.do("POST", "/api/v1/cases", strings.ReplaceAll(receipt, "000101", "000102"), "Idempotency-Key", key()).want(t, 503, "ERR_LEDGER_REJECTED")
}

// TestOpenAPI: the document is there, names every command, and loads nothing from
// elsewhere.
func TestOpenAPI(t *testing.T) {
	d := newDistrict(t)
	c := &client{t, d.Handler(), "registrar"}
	a := c.do("GET", "/api/openapi.json", "").want(t, 200, `"openapi":"3.1.0"`, "If-Match", "Idempotency-Key")
	var doc map[string]any
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatal(err)
	}
	lacks(t, a.body, "example.com", "$schema", "unpkg")
	page := c.do("GET", "/help/api", "").want(t, 200, "GET /api/v1/cases")
	for _, name := range askable() {
		contains(t, a.body, `"title":"`+name+`"`)
		contains(t, page.body, `id="c-`+name+`"`)
	}
	lacks(t, page.body, "https://")
}

// FuzzCommandBody: whatever a body holds, reading it gives a request or a fault,
// and a fault says nothing of it.
func FuzzCommandBody(f *testing.F) {
	for _, body := range []string{receipt, `{}`, ``, `{"answers":[{"claim":1,"outcome":"supported"}],"text":"x"}`, `{"due":"2026-13-01"}`, `{"late_entry":{"reason":1}}`,
		`{"a":{"a":{"a":[1,2,{}]}}}`, "{\"\xff\":1}", `{"days":1e99}`, `{"basis":null}`, `{"accused":[null]}`} {
		for i := range petition.CommandNames() {
			f.Add(i, body)
		}
	}
	names := petition.CommandNames()
	f.Fuzz(func(t *testing.T, n int, body string) {
		q, ok := newRequest(names[max(n, -n)&0xff%len(names)])
		if !ok {
			return
		}
		marked := strings.ReplaceAll(body, "SECRET", "")
		err := q.readBody(strings.NewReader(marked))
		if err == nil {
			return
		}
		fault, known := faultOf(err)
		if !known || fault.Status != http.StatusBadRequest {
			t.Fatalf("%v", err)
		}
		// The same body with a marker in every string must not show it.
		q, _ = newRequest(q.Name)
		err = q.readBody(strings.NewReader(strings.ReplaceAll(marked, `":`, `SECRET":`)))
		if err == nil {
			return
		}
		fault, _ = faultOf(err)
		text, merr := json.Marshal(fault.problem(visit{Lang: english}))
		if merr != nil {
			t.Fatal(merr)
		}
		if bytes.Contains(text, []byte("SECRET")) {
			t.Errorf("the fault repeats what was sent: %s", text)
		}
	})
}

// FuzzAddress: no address makes the server fail, whoever asks.
func FuzzAddress(f *testing.F) {
	d := newDistrict(f)
	site := d.Handler()
	c := &client{f, site, "registrar"}
	if a := c.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", key()); a.status != 201 {
		f.Fatal(a.body)
	}
	for _, address := range []string{"/", "/cases?queue=today&limit=3&cursor=x", "/cases/XF-2026-000101?view=key&before=2&at=5", "/cases/%2e%2e?as_of=0001-01-01",
		"/api/v1/cases?from=2026-01-01&to=9999-12-31&format=csv", "/api/v1/cases/XF-2026-000101/timeline?limit=0", "/measures?from=&to=2026-01-01&unit=%ff",
		"/api/v1/measures?observation=999999999999999999999", "/reports/units/ZJJ?from=2026-02-30", "/api/v1/ledger/events?after=-1", "/static/../web.go", "/?lang=%zz&lang=en-GB;q=0.5"} {
		for role := range people {
			f.Add(role, address)
		}
	}
	f.Fuzz(func(t *testing.T, role, address string) {
		u, err := url.ParseRequestURI(address)
		if err != nil || !strings.HasPrefix(address, "/") {
			return
		}
		r := &http.Request{Method: "GET", URL: u, RequestURI: address, Header: http.Header{"Authorization": {"Bearer " + role}}, Body: http.NoBody, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
		w := httptest.NewRecorder()
		site.ServeHTTP(w, r.WithContext(t.Context()))
		if w.Code >= 500 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}
