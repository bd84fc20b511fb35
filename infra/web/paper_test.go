package web

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"xinfang/domain/petition"
)

// TestReportStandsAlone: the API answers with the report itself as one HTML file,
// which asks for nothing, and whose style its policy lets through.
func TestReportStandsAlone(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000209", petition.Claiming)
	inspector := &client{t, d.Handler(), "inspector"}
	for path, title := range map[string]string{
		"/api/v1/reports/case/XF-2026-000209?format=html":         "案件检查报告：XF-2026-000209",
		"/api/v1/reports/unit/ZJJ?format=html&from=2026-01-01":    "单位检查报告：区住建局",
		"/api/v1/reports/case/XF-2026-000209?format=html&lang=en": "Inspection report",
	} {
		a := inspector.do("GET", path, "").want(t, 200, "<!DOCTYPE html>", title, "</html>")
		if got := a.header.Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("%s is %s", path, got)
		}
		if asks := regexp.MustCompile(`(?i)(src|href|action)=|url\(|@import`).FindString(a.body); asks != "" {
			t.Errorf("%s has %s", path, asks)
		}
		style := strings.SplitN(strings.SplitN(a.body, "<style>", 2)[1], "</style>", 2)[0]
		sum := sha256.Sum256([]byte(style))
		contains(t, a.header.Get("Content-Security-Policy"), "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	contains(t, inspector.do("GET", "/api/v1/reports/case/XF-2026-000209", "", "Accept", "text/html").want(t, 200).body, "<!DOCTYPE html>")
}

// TestMeasureVariants: a figure that is counted otherwise says so, in the API and
// on the page.
func TestMeasureVariants(t *testing.T) {
	d := newDistrict(t)
	site := serve(t, d)
	c := &client{t, site.Config.Handler, "dispatcher"}
	for query, words := range map[string][2]string{
		"basis=registered":     {`"M1(basis=registered)@`, "登记起15日"},
		"basis=registered30":   {`"M2(basis=registered30)@`, "登记起30日"},
		"overdue_as=satisfied": {`"M4(overdue_as=satisfied)@`, "逾期未评价视为满意）"},
	} {
		c.do("GET", "/api/v1/measures?"+query, "").want(t, 200, words[0])
		lacks(t, c.do("GET", "/api/v1/measures", "").want(t, 200).body, words[0])
		contains(t, open(t, site, "dispatcher").get("/measures?"+query, 200), words[1])
	}
	c.do("GET", "/api/v1/measures?basis=received", "").want(t, 400, "ERR_PARAMETER", "registered30")
	c.do("GET", "/api/v1/measures?overdue_as=unhappy", "").want(t, 400, "ERR_PARAMETER", "satisfied")
}

// TestCSVHasWhatWasAskedFor: all of a list, or as many of it as limit says.
func TestCSVHasWhatWasAskedFor(t *testing.T) {
	d := newDistrict(t)
	for _, number := range []string{"XF-2026-000301", "XF-2026-000302", "XF-2026-000303"} {
		enter(t, d, number, petition.Claiming)
	}
	c := &client{t, d.Handler(), "dispatcher"}
	for query, want := range map[string]int{"": 3, "?limit=2": 2, "?limit=2&cursor=XF-2026-000302": 1, "?limit=200": 3} {
		a := c.do("GET", "/api/v1/cases"+query, "", "Accept", "text/csv").want(t, 200)
		if got := strings.Count(a.body, "\r\n") - 1; got != want {
			t.Errorf("%q has %d cases, want %d", query, got, want)
		}
	}
	for _, path := range []string{"/api/v1/search", "/api/v1/search?q=%20", "/api/v1/search?stage=CLOSED"} {
		c.do("GET", path, "", "Accept-Language", "en").want(t, 400, "ERR_PARAMETER", "a search takes words")
	}
}

// TestLawfulIsForThoseWhoMay: what a case lists as lawful is what the visitor can
// ask for here.
func TestLawfulIsForThoseWhoMay(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000304", petition.Claiming)
	site := d.Handler()
	one := func(who string) string {
		return (&client{t, site, who}).do("GET", "/api/v1/cases/XF-2026-000304", "").want(t, 200).body
	}
	contains(t, one("handler"), `"lawful_commands":[`)
	lacks(t, one("inspector"), "lawful_commands")
	d.ReadOnly = true
	lacks(t, one("handler"), "lawful_commands")
}
