package web

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/domain/proof"
)

// A signedAs is a notary of which only the state is known, and what comes of comparing.
type signedAs struct {
	Notary
	state    Integrity
	compared []byte
	found    error
}

func (s *signedAs) Handler(func(*http.Request) bool) http.Handler { return http.NotFoundHandler() }

func (s *signedAs) Integrity() Integrity { return s.state }

func (s *signedAs) Compare(held []byte) (int64, error) {
	s.compared = held
	return 7, s.found
}

// integrity is that of a ledger of which all is well.
func integrity(d *district) Integrity {
	return Integrity{
		Origin: "ledger.example.gov.cn/petition", Size: 1000, Witnessed: 1000, Note: "note",
		Audited: Pass{d.now.Add(-time.Hour), 1500 * time.Millisecond, 990}, Followed: Pass{d.now, time.Second, 1000},
		Witnesses: []WitnessState{{Name: "https://w1.example", Size: 1000, Last: d.now}},
	}
}

// TestIntegrity shows each state of the ledger: on its own page, on every other page, and
// beside a case.
func TestIntegrity(t *testing.T) {
	at := &proof.Finding{Verdict: proof.TamperedContent, Index: 41, Number: "XF-2026-000205", Want: "aa", Got: "bb", Text: ledger.Text{ZH: "条目被改动", EN: "the entry was altered"}}
	for name, tt := range map[string]struct {
		change     func(i *Integrity)
		ledger     []string // on the page of the ledger
		everywhere string
		beside     string
	}{
		"all is well":             {func(*Integrity) {}, []string{"✓ 全部通过", "<td>1–990</td>", "<td>1.5</td>", "https://w1.example"}, "✓ 见证至 1000", "✓ 已公证，经见证"},
		"no witness":              {func(i *Integrity) { i.Witnessed, i.Witnesses = 0, nil }, []string{"⚠ 未经见证", "可以重写历史"}, "⚠ 未经见证", "⚠ 已公证，UNWITNESSED 未经见证"},
		"not signed for yet":      {func(i *Integrity) { i.Size, i.Witnessed = 1, 1 }, []string{"✓ 全部通过"}, "✓ 见证至 1", "◌ 尚未公证"},
		"nobody has looked":       {func(i *Integrity) { i.Stale, i.Audited = true, Pass{} }, []string{"○ 未校验", "启动以来还没有"}, "○ 未校验", "○ 未校验（超过 24 小时，或启动以来还没有）"},
		"not for a day":           {func(i *Integrity) { i.Stale = true }, []string{"○ 未校验"}, "○ 未校验", "○ 未校验（超过 24 小时，或启动以来还没有）"},
		"somebody pretends":       {func(i *Integrity) { i.Forged = 3 }, []string{"⚠ 有冒充公证的条目", "⚠ 3"}, "⚠ 有冒充公证的条目", "✓ 已公证，经见证"},
		"a witness is silent":     {func(i *Integrity) { i.Witnesses[0].Silent = true }, []string{"✓ 全部通过", "⚠ 没有签名"}, "✓ 见证至 1000", "✓ 已公证，经见证"},
		"it is not what it was":   {func(i *Integrity) { i.Stopped = at }, []string{"⛔ 校验失败，位置 42", "条目被改动", `href="/cases/XF-2026-000205"`, "<code>aa</code>", "<code>bb</code>", "原样保全数据目录", "⛔ 未通过"}, "⛔ 校验失败，位置 42", "⛔ 校验失败，位置 42"},
		"and no entry is at hand": {func(i *Integrity) { i.Stopped = proof.Found(proof.Fork, "两个版本", "two") }, []string{"⛔ 校验失败", "两个版本"}, "⛔ 校验失败", "⛔ 校验失败"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDistrict(t)
			enter(t, d, "XF-2026-000205", petition.Claiming)
			state := integrity(d)
			tt.change(&state)
			d.Notary = &signedAs{state: state}
			handler := d.Handler()
			site := httptest.NewServer(handler)
			defer site.Close()
			b := open(t, site, "leader")
			page := b.get("/ledger", 200)
			contains(t, page, tt.ledger...)
			if state.Stopped != nil {
				lacks(t, page, "✓")
			}
			contains(t, b.get("/me", 200), tt.everywhere)
			contains(t, b.get("/cases/XF-2026-000205", 200), tt.beside+"</a></p>")

			// A ledger that is not what was signed is reported of nowhere.
			status := 200
			if state.Stopped != nil {
				status = 500
			}
			report := b.get("/reports/cases/XF-2026-000205", status)
			c := &client{t, handler, "leader"}
			answer := c.do("GET", "/api/v1/reports/unit/ZJJ", "").want(t, status)
			if state.Stopped != nil {
				contains(t, report, CodeUnverified, "立即告知检查组")
				contains(t, answer.body, CodeUnverified)
			}
			lacks(t, b.get("/ledger?lang=en", 200), "校验", "通过")
		})
	}
}

// TestCompare brings what somebody holds, as a text and as a file.
func TestCompare(t *testing.T) {
	d := newDistrict(t)
	notary := &signedAs{state: integrity(d)}
	d.Notary = notary
	site := httptest.NewServer(d.Handler())
	defer site.Close()
	b := open(t, site, "registrar")
	send := func(text, file string, status int) string {
		t.Helper()
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		form.WriteField("nonce", hidden.FindStringSubmatch(b.get("/ledger", 200))[2])
		form.WriteField("text", text)
		part, err := form.CreateFormFile("held", "held")
		if err == nil {
			_, err = part.Write([]byte(file))
		}
		if err != nil {
			t.Fatal(err)
		}
		form.Close()
		resp, err := b.http.Post(site.URL+"/ledger/compare", form.FormDataContentType(), &body)
		return read(t, resp, err, status)
	}
	contains(t, send("a\r\nb\r\n\r\n— sig\r\n", "", 200), "✓ 一致：它的前 7 条")
	if got := string(notary.compared); got != "a\nb\n\n— sig\n" {
		t.Errorf("compared %q", got)
	}
	contains(t, send("text", "PK\x03\x04 a bundle\r\n", 200), "✓ 一致")
	if got := string(notary.compared); got != "PK\x03\x04 a bundle\r\n" {
		t.Errorf("compared %q", got)
	}
	notary.found = proof.Found(proof.Fork, "有两个版本", "there are two")
	contains(t, send("a", "", 200), "✗ FORK：有两个版本")
	contains(t, send(" \n", "", 422), "ERR_NOTHING_HELD")
	send(strings.Repeat("x", bodyLimit), "", 413)
	contains(t, b.submit("/ledger", "/ledger/compare", url.Values{"nonce": {"guessed"}, "text": {"a"}}, 403), "ERR_FORM")
}
