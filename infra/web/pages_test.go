package web

import (
	"bytes"
	"fmt"
	"maps"
	"mime/multipart"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// TestAuthorisation pins who may use which route.
func TestAuthorisation(t *testing.T) {
	var b strings.Builder
	for _, pattern := range slices.Sorted(maps.Keys(table)) {
		rule := table[pattern]
		who := "open"
		if !rule.open {
			var roles []string
			for _, r := range rule.roles {
				roles = append(roles, string(r))
			}
			who = strings.Join(roles, " ")
		}
		fmt.Fprintf(&b, "%-48s %s\n", pattern, who)
	}
	golden(t, "authorisation.golden", b.String())
}

// TestEveryPage shows every page to everybody in both languages: who may see it
// does, and who may not is told that there is no such page.
func TestEveryPage(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000201", petition.Claiming)
	d.files.found["abc"] = &Import{Hash: "abc", Name: "台账.xlsx", State: ImportChecked, Rows: 2, Errors: []ImportError{{2, "接件时间", ledger.Text{ZH: "不是日期", EN: "not a date"}}}}
	site := serve(t, d)
	pages := map[string]string{
		"/": "GET /{$}", "/me": "GET /me", "/cases": "GET /cases", "/cases/XF-2026-000201": "GET /cases/{no}",
		"/cases?queue=waiting&q=x&stage=HANDLING&mark=late&street=ZJJ": "GET /cases",
		"/cases/XF-2026-000201?view=key":                               "GET /cases/{no}",
		"/registration":                                                "GET /registration", "/imports": "GET /imports", "/imports/abc": "GET /imports/{hash}",
		"/reports": "GET /reports", "/reports/cases/XF-2026-000201": "GET /reports/cases/{no}", "/reports/units/ZJJ": "GET /reports/units/{code}",
		"/measures?by_unit=true": "GET /measures", "/ledger": "GET /ledger", "/ledger/events": "GET /ledger/events", "/help": "GET /help", "/help/api": "GET /help/api",
	}
	for name, actor := range people {
		b := open(t, site, name)
		for path, pattern := range pages {
			status := 404
			if allowed(pattern, org.Role(actor.Role)) {
				status = 200
			}
			if strings.Contains(path, "XF-") && actor.Unit == "RSJ" {
				status = 404 // the case of another unit
			}
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			zh := b.get(path+sep+"lang=zh-CN", status)
			contains(t, zh, `lang="zh-CN"`)
			en := b.get(path+sep+"lang=en", status)
			contains(t, en, `lang="en"`)
			for _, page := range []string{zh, en} {
				lacks(t, page, "<script", "style=", "%!", "<no value>", "ZgotmplZ")
				lacks(t, page, secrets...)
			}
		}
	}
}

// TestEveryForm draws the form of every command, in both languages, with a label
// for every field; and reads an empty one back without inventing anything.
func TestEveryForm(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000202", petition.Claiming)
	site := serve(t, d)
	for _, lang := range []string{chinese, english} {
		b := open(t, site, "leader")
		for _, name := range askable() {
			page := b.get("/cases/XF-2026-000202/commands/"+name+"?lang="+lang, 200)
			contains(t, page, `name="nonce"`, `name="at" value="7"`, "occurred_at")
			if i := strings.Index(page, ">f."); i >= 0 {
				t.Errorf("%s has a field without a label: %s", name, page[i:min(i+60, len(page))])
			}
		}
		b.get("/cases/XF-2026-000202/commands/import-case", 404)
	}
	for _, name := range askable() {
		q, _ := newRequest(name)
		if faults := q.readForm(english, prefixCommand, url.Values{prefixCommand + "claims.0.summary": {""}}); len(faults) > 0 || fmt.Sprint(q.Envelope) != fmt.Sprint(envelope{}) {
			t.Errorf("%s: an empty form gives %v, %v", name, q, faults)
		}
	}
}

// TestInputs: whatever inputs.go says is about a member that some command has.
func TestInputs(t *testing.T) {
	all := map[string]bool{"reason": true, "approver": true, "on_behalf_of": true}
	for _, name := range askable() {
		q, _ := newRequest(name)
		for _, member := range membersDeep(q) {
			all[member], all[name+"."+member] = true, true
		}
	}
	for name := range inputs {
		if !all[name] {
			t.Errorf("no command has %s", name)
		}
	}
}

// TestCatalogue: both languages say everything, and nothing is said in templates.
func TestCatalogue(t *testing.T) {
	for name, text := range catalogue {
		if text.ZH == "" || text.EN == "" {
			t.Errorf("%s is said in one language only: %v", name, text)
		}
		for _, place := range []string{"{0}", "{1}", "{2}", "{3}", "{4}"} {
			if strings.Contains(text.ZH, place) != strings.Contains(text.EN, place) {
				t.Errorf("%s has %s in one language only", name, place)
			}
		}
	}
	used := regexp.MustCompile(`\.T "([^"]+)"`)
	files, err := templates.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := templates.ReadFile("templates/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range used.FindAllStringSubmatch(string(data), -1) {
			if _, ok := catalogue[m[1]]; !ok {
				t.Errorf("%s says %q, of which the catalogue has nothing", f.Name(), m[1])
			}
		}
		if i := strings.IndexFunc(string(data), func(r rune) bool { return unicode.Is(unicode.Han, r) }); i >= 0 {
			t.Errorf("%s has a Chinese literal at byte %d", f.Name(), i)
		}
	}
}

// TestAsKnownThen: a page of the past shows what was known, and offers nothing to
// do.
func TestAsKnownThen(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000206", petition.Claiming)
	d.now = today.Add(48 * time.Hour)
	b := open(t, serve(t, d), "handler")
	if _, err := d.Do(t.Context(), Order{Number: "XF-2026-000206", Meta: ledger.Meta{Command: uuid.New(), Actor: people["handler"]},
		Command: petition.RecordProgress{Kind: petition.OnSite, Note: "第二天去了现场"}}); err != nil {
		t.Fatal(err)
	}
	at := "/cases/XF-2026-000206"
	contains(t, b.get(at, 200), "第二天去了现场", "/commands/record-progress")
	then := b.get(at+"?as_of=2026-03-02", 200)
	contains(t, then, "时点查询")
	lacks(t, then, "第二天去了现场", "/commands/")
	b.get(at+"?as_of=yesterday", 400)
	b.get(at+"?as_of=2019-01-01", 400)
}

// TestImportThroughTheConsole checks a file, shows its errors, and records it.
func TestImportThroughTheConsole(t *testing.T) {
	d := newDistrict(t)
	b := open(t, serve(t, d), "registrar")
	upload := func(mapping string, status int) string {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		nonce := hidden.FindStringSubmatch(b.get("/imports", 200))[2]
		part, _ := form.CreateFormFile("file", `C:\桌面\台账.xlsx`)
		part.Write([]byte("rows"))
		form.WriteField("nonce", nonce)
		form.WriteField("mapping", mapping)
		form.Close()
		resp, err := b.http.Post(b.site.URL+"/imports", form.FormDataContentType(), &body)
		return read(t, resp, err, status)
	}
	contains(t, upload("", 422), "映射文件有误")
	page := upload(`number = "编号"`, 200)
	contains(t, page, "已检查，未写入", "接件时间", "不是日期", "台账.xlsx")
	hash := regexp.MustCompile(`action="/imports/([0-9a-f]{64})"`).FindStringSubmatch(page)[1]
	contains(t, b.get("/imports/"+hash+"/errors", 200), "the copy")
	contains(t, b.submit("/imports/"+hash, "/imports/"+hash, url.Values{}, 200), "导入完成")
	b.get("/imports/none", 404)

	c := &client{t, d.Handler(), "registrar"}
	c.do("GET", "/api/v1/imports/"+hash, "", "Accept-Language", "en").want(t, 200, `"state":"done"`, "not a date")
	c.do("POST", "/api/v1/imports/"+hash+"/commit", "").want(t, 202)
	c.do("POST", "/api/v1/imports/none/commit", "").want(t, 404)
	c.do("POST", "/api/v1/imports", "rows").want(t, 422, "ERR_NO_FILE")
}

// enter records a case that has come as far as the handler, or, if it is an
// accusation, has been restricted.
func enter(t *testing.T, d *district, number string, class petition.Class) {
	t.Helper()
	body := strings.ReplaceAll(receipt, "XF-2026-000101", number)
	(&client{t, d.Handler(), "registrar"}).do("POST", "/api/v1/cases", body, "Idempotency-Key", key()).want(t, 201)
	type order struct {
		by string
		c  petition.Command
	}
	orders := []order{{"registrar", petition.NotifyPetitioner{Notice: petition.NoticeReceipt, Method: "短信", Proof: "1"}}}
	if class == petition.Accusation {
		orders = append(orders,
			order{"dispatcher", petition.Classify{Class: class}},
			order{"dispatcher", petition.MarkRestricted{Accused: []petition.Accused{{Officer: "1002"}}}})
	} else {
		orders = append(orders,
			order{"dispatcher", petition.Classify{Class: class, Path: petition.PathPetition}},
			order{"dispatcher", petition.Dispatch{Mode: petition.Forward, To: "ZJJ", No: "1号"}},
			order{"clerk", petition.ReceiveDispatch{}},
			order{"clerk", petition.Accept{Officer: "2002"}})
	}
	for _, o := range orders {
		_, err := d.Do(t.Context(), Order{Number: number, Command: o.c, Meta: ledger.Meta{Command: uuid.New(), Actor: people[o.by], Received: d.now}})
		if err != nil {
			t.Fatalf("%T: %v", o.c, err)
		}
	}
}
