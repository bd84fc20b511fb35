package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"xinfang/domain/custody"
	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
	"xinfang/infra/vault"
	"xinfang/projections/casefile"
)

// mostSeries is how many series a scrape may have.
const mostSeries = 5000

// TestMetrics scrapes a server over the demo's year, after all kinds of requests
// and with a table imported that has a person where a unit should be.
func TestMetrics(t *testing.T) {
	t.Parallel()
	made, err := year()
	ok(t, err)
	dir := filepath.Join(t.TempDir(), "data")
	ok(t, copyData(filepath.Join(made, "data"), dir))
	secrets := personalData(t, dir)

	odd := filepath.Join(t.TempDir(), "odd.csv")
	mapping := odd + ".toml"
	ok(t, os.WriteFile(odd, []byte("编号,收到,单位,类别\n13800009999,2026-03-01,欧阳守礼,举报欧阳守礼\n"), 0o600))
	ok(t, os.WriteFile(mapping, []byte("number = \"编号\"\nreceived = \"收到\"\nunit = \"单位\"\ncategory = \"类别\"\n"), 0o600))
	operateOn(t, dir, "import", "run", odd, "--mapping", mapping)
	secrets = append(secrets, "13800009999", "欧阳守礼")

	// The server of the program itself.
	console, metrics := freeAddress(t), freeAddress(t)
	serving, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := operate(serving, dir, "serve", "--http.addr", console, "--metrics.addr", metrics)
		ended <- err
		stop() // nobody waits for a server that did not start
	}()
	if status, body, err := ask(serving, "http://"+console+"/readyz", ""); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s %v: %v", status, body, err, <-ended)
	}
	requests(t, dir, "http://"+console, secrets)

	// What is counted every few seconds is there once the first count is done.
	var scrape []byte
	for !bytes.Contains(scrape, []byte("\nxinfang_clock_due{")) {
		_, body, err := ask(serving, "http://"+metrics+"/metrics", "")
		ok(t, err)
		scrape = body
	}
	stop()
	ok(t, <-ended)

	problems, err := promlint.New(bytes.NewReader(scrape)).Lint()
	ok(t, err)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	checkLabels(t, dir, string(scrape))
	for _, secret := range secrets {
		if strings.Contains(string(scrape), secret) {
			t.Errorf("a scrape holds personal data: %s", secret)
		}
	}
	for _, want := range []string{
		`xinfang_commands_total{command="request-extension",result="refused"} 1`,
		`xinfang_commands_total{command="request-extension",result="conflict"} 1`,
		`xinfang_pii_reveals_total{field="name",role="handler"} 1`,
		`http_request_duration_seconds_count{code_class="4xx",method="other",route="none"} 1`,
		`xinfang_ledger_append_total{result="ok"}`, `xinfang_cases_open{state="HANDLING",unit="zjj"}`,
		`xinfang_cases_open{state="RECEIVED",unit="other"}`, `xinfang_overdue_cases{clock="c6",tier="statutory",unit="zjj"}`,
	} {
		if !strings.Contains(string(scrape), want) {
			t.Errorf("no %s", want)
		}
	}
}

// personalData returns the personal data of every petitioner in clear.
func personalData(t *testing.T, dir string) (secrets []string) {
	t.Helper()
	a := &app{process: process{Getenv: func(string) string { return "" }, Stderr: io.Discard, Now: time.Now}}
	a.cfg.Data = dir
	n, err := a.openNode(t.Context(), false)
	ok(t, err)
	v, err := a.openVault(t.Context(), false)
	ok(t, err)
	defer func() { ok(t, errors.Join(v.Close(), n.Close())) }()
	for head, err := range n.store.Streams(t.Context(), petition.Category) {
		ok(t, err)
		f, err := casefile.Read(t.Context(), n.store, head.Stream.ID, 0)
		ok(t, err)
		var boxes []vault.Box
		for _, s := range []struct {
			field personal.Field
			petition.Sealed
		}{
			{personal.Name, f.Petitioner.Name}, {personal.IDNumber, f.Petitioner.IDNumber},
			{personal.Phone, f.Petitioner.Phone}, {personal.Address, f.Petitioner.Address},
		} {
			if len(s.Box) > 0 {
				boxes = append(boxes, vault.Box{Subject: f.Petitioner.Subject, Field: s.field, Box: s.Box})
			}
		}
		opened, err := v.OpenMany(t.Context(), boxes...)
		ok(t, err)
		for _, o := range opened {
			if o.Err == nil { // else it was erased
				secrets = append(secrets, o.Plain)
			}
		}
		secrets = append(secrets, f.Number)
	}
	if len(secrets) < 3000 {
		t.Fatalf("only %d values of personal data are in the demo", len(secrets))
	}
	return secrets
}

// requests asks the server for all kinds of things, as those who handle petitions
// do and as those who should not.
func requests(t *testing.T, dir, site string, secrets []string) {
	t.Helper()
	const number, handler = "XF-2026-004417", "zjj03"
	var issued struct {
		Token   string `json:"token"`
		Officer string `json:"officer"`
		Expires string `json:"expires"`
	}
	ok(t, decode(operateOn(t, dir, "token", "add", handler, "-o", "json"), &issued))
	jar, err := cookiejar.New(nil)
	ok(t, err)
	browser := &http.Client{Jar: jar}
	do := func(method, path, token string, form url.Values, header ...string) (status int, body string) {
		r, err := http.NewRequestWithContext(t.Context(), method, site+path, strings.NewReader(form.Encode()))
		ok(t, err)
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer, err := browser.Do(r)
		ok(t, err)
		defer answer.Body.Close()
		raw, err := io.ReadAll(answer.Body)
		ok(t, err)
		return answer.StatusCode, string(raw)
	}
	for _, secret := range secrets[:20] {
		do("GET", "/api/v1/search?q="+url.QueryEscape(secret), issued.Token, nil)
		do("GET", "/cases/"+url.PathEscape(secret), "", nil)
		do("GET", "/"+url.PathEscape(secret), "", nil)
	}
	do("BREW", "/", "", nil)
	do("GET", "/api/v1/measures", issued.Token, nil)
	found, one := do("GET", "/api/v1/cases/"+number, issued.Token, nil)
	version := regexp.MustCompile(`"version":([0-9]+)`).FindStringSubmatch(one)
	if found != http.StatusOK || version == nil {
		t.Fatalf("the case answers %d\n%s", found, one)
	}
	for _, expected := range []string{version[1], "1"} {
		do("POST", "/api/v1/cases/"+number+"/commands/request-extension", issued.Token, nil, "If-Match", expected, "Idempotency-Key", uuid.NewString())
	}

	// In the browser, to look at personal data.
	do("POST", "/sign-in", "", url.Values{"nonce": {hidden(t, do, "/sign-in", "nonce")}, "token": {issued.Token}, "to": {"/"}})
	nonce, command := hidden(t, do, "/cases/"+number, "nonce"), hidden(t, do, "/cases/"+number, "command")
	status, page := do("POST", "/cases/"+number+"/reveal", "", url.Values{
		"nonce": {nonce}, "command": {command}, "purpose": {"handling"}, "fields": {"name", "phone"},
	})
	if status != http.StatusOK || !strings.Contains(page, "李锦棠") {
		t.Fatalf("the name is not shown: %d\n%s", status, page)
	}
	for _, path := range []string{"/", "/cases", "/cases?queue=statutory", "/measures", "/ledger", "/me", "/help", "/nowhere"} {
		do("GET", path, "", nil)
	}
}

// hidden returns what a page has in a hidden field of a form.
func hidden(t *testing.T, do func(method, path, token string, form url.Values, header ...string) (int, string), path, name string) string {
	t.Helper()
	_, page := do("GET", path, "", nil)
	found := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("%s has no field %s\n%s", path, name, page)
	}
	return found[1]
}

var (
	sampleLine = regexp.MustCompile(`^[a-z_:]+(?:\{(.*)\})? \S+$`)
	labelPair  = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)
	routeLabel = regexp.MustCompile(`^(none|(GET|POST) (/\{\$\}|(/[a-z-]+|/v1|/openapi(-3\.0)?\.(json|yaml)|/\{[a-z]+\})+))$`)
)

// checkLabels checks that there are not too many series, and that every value of
// every label is one of a closed set.
func checkLabels(t *testing.T, dir, scrape string) {
	t.Helper()
	a := &app{process: process{Getenv: func(string) string { return "" }, Stderr: io.Discard, Now: time.Now}}
	a.cfg.Data = dir
	n, err := a.openNode(t.Context(), false)
	ok(t, err)
	defer n.Close()
	world, err := n.World(t.Context(), 0)
	ok(t, err)
	units := []string{"district", "other", "all"}
	for _, u := range world.Directory.Units() {
		units = append(units, u.Code)
	}
	anything := func(string) bool { return true }
	number := func(s string) bool { _, err := strconv.ParseFloat(s, 64); return err == nil }
	closed := map[string]func(string) bool{
		"version": anything, "revision": anything, "goversion": anything, // of this program
		"le": number, "quantile": number,
		"unit": among(units...), "tier": among(words(law.Tiers)...), "clock": func(s string) bool { return slices.Contains(law.Clocks(), law.ClockID(strings.ToUpper(s[:1])+s[1:])) },
		"state": among(words(petition.Stages())...), "channel": among(append(words(petition.Channels()), "unknown")...),
		"class":   among(append(words(petition.Classes()), "unknown")...),
		"subject": among(words(petition.Judges())...), "grade": among(words(petition.Grades())...),
		"first": among("true", "false"), "curing": among("true", "false"), "window": among("3d", "7d"),
		"command": among(petition.CommandNames()...), "role": among(words(org.Roles)...), "field": among(words(personal.Fields)...),
		"result": among("ok", "refused", "conflict", "error", "rejected", "accepted", "duplicate", "upheld"),
		"store":  among("segment", "esdb"), "backend": among("segment", "esdb"), "projection": among("cases"),
		"method": among("GET", "POST", "HEAD", "PUT", "DELETE", "other"), "code_class": among("1xx", "2xx", "3xx", "4xx", "5xx"),
		"route": routeLabel.MatchString,
		"kind":  among(custody.AlarmKinds...), "reason": among(append(words(ledger.BreakKinds), custody.AttemptKinds...)...),
	}
	series := 0
	for line := range strings.Lines(scrape) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		sample := sampleLine.FindStringSubmatch(line)
		if sample == nil {
			t.Errorf("not a sample: %s", line)
			continue
		}
		series++
		for _, pair := range labelPair.FindAllStringSubmatch(sample[1], -1) {
			if isIn := closed[pair[1]]; isIn == nil || !isIn(pair[2]) {
				t.Errorf("label %s has the value %q: %s", pair[1], pair[2], line)
			}
		}
	}
	if series > mostSeries {
		t.Errorf("%d series, more than %d", series, mostSeries)
	}
	t.Logf("%d series", series)
}

func among(set ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(set, s) }
}

func words[T ~string](list []T) []string {
	var all []string
	for _, w := range list {
		all = append(all, fmt.Sprint(w))
	}
	return all
}
