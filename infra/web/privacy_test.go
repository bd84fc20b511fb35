package web

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/access"
	"xinfang/domain/petition"
)

// TestReveal: personal data is shown for a purpose, to those entitled, and the
// look is on record before.
func TestReveal(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000203", petition.Claiming)
	site := serve(t, d)
	handler := open(t, site, "handler")
	at := "/cases/XF-2026-000203"
	fields := []string{"name", "id-number", "phone", "address", "claim"}

	page := handler.submit(at, at+"/reveal", url.Values{"fields": fields}, 422)
	contains(t, page, "ERR_PURPOSE_REQUIRED")
	lacks(t, page, secrets...)
	contains(t, handler.submit(at, at+"/reveal", url.Values{"fields": fields, "purpose": {"other"}}, 422), "ERR_REASON_REQUIRED")
	if n := looks(t, d, "2002"); len(n) != 0 {
		t.Fatalf("%d looks on record that were refused", len(n))
	}

	d.store.Fault = full
	lacks(t, handler.submit(at, at+"/reveal", url.Values{"fields": fields, "purpose": {"handling"}}, 503), secrets...)
	d.store.Fault = nil

	form := url.Values{"fields": fields, "purpose": {"handling"}}
	page = handler.submit(at, at+"/reveal", form, 200)
	contains(t, page, secrets...)
	contains(t, page, "员2002", "办理")
	contains(t, handler.submit(at, at+"/reveal", form, 200), secretName) // reloaded: the same look
	recorded := looks(t, d, "2002")
	if len(recorded) != 1 || recorded[0].Number != "XF-2026-000203" || recorded[0].Purpose != access.Handling || !slices.Equal(recorded[0].Fields, fields) {
		t.Errorf("on record: %+v", recorded)
	}
	open(t, site, "auditor").submit("/me", at+"/reveal", url.Values{"fields": fields, "purpose": {"handling"}, "command": {uuid.NewString()}}, 404)

	id := subjectOf(t, d, "XF-2026-000203")
	d.vault.erase(id, time.Date(2026, 3, 1, 1, 0, 0, 0, time.UTC))
	contains(t, handler.get(at, 200), "2026-03-01 09:00", "密钥")
	page = handler.submit("/me", at+"/reveal", url.Values{"fields": fields, "purpose": {"handling"}, "command": {uuid.NewString()}}, 200)
	contains(t, page, "2026-03-01 09:00")
	lacks(t, page, secrets...)
	lacks(t, d.logs.String(), secrets...)
}

// TestRestricted: a case of accusation is there for those who may know of it, and
// for the accused and everybody else it is not.
func TestRestricted(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000204", petition.Accusation)
	site := d.Handler()
	for name := range people {
		c := &client{t, site, name}
		status := 404
		switch name {
		case "leader", "inspector", "registrar":
			status = 200
		}
		c.do("GET", "/api/v1/cases/XF-2026-000204", "").want(t, status)
		listed := c.do("GET", "/api/v1/cases", "")
		if sees := strings.Contains(listed.body, "XF-2026-000204"); sees != (name == "leader" || name == "inspector") {
			t.Errorf("%s sees it in the list: %v", name, sees)
		}
	}
}

// TestUnitsSeeTheirOwn: a unit sees the cases that it has or had, in pages and
// in lists.
func TestUnitsSeeTheirOwn(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000205", petition.Claiming)
	site := d.Handler()
	(&client{t, site, "handler"}).do("GET", "/api/v1/cases", "").want(t, 200, "XF-2026-000205")
	(&client{t, site, "handler"}).do("GET", "/api/v1/cases?queue=waiting", "").want(t, 200, "XF-2026-000205")
	other := &client{t, site, "other"}
	lacks(t, other.do("GET", "/", "").want(t, 200).body, "区住建局")
	contains(t, (&client{t, site, "leader"}).do("GET", "/", "").want(t, 200).body, "区住建局")
	for _, path := range []string{"/api/v1/cases", "/api/v1/cases?queue=waiting"} {
		lacks(t, other.do("GET", path, "").want(t, 200).body, "XF-2026-000205")
	}
	other.do("GET", "/api/v1/cases/XF-2026-000205", "").want(t, 404)
	other.do("POST", "/api/v1/cases/XF-2026-000205/commands/record-progress", `{}`, "Idempotency-Key", key(), "If-Match", `"7"`).want(t, 404)
}

// TestUnitIsTheOneAskedFor: who asks about a unit gets an answer about that unit,
// or none; never one about another that looks the same.
func TestUnitIsTheOneAskedFor(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000208", petition.Claiming)
	site := serve(t, d)
	for _, tt := range []struct {
		who, unit, code string
		status          int
	}{
		{"handler", "ZJJ", "XF-2026-000208", 200},
		{"handler", "RSJ", "ERR_OTHER_UNIT", 403},
		{"handler", "QZF", "ERR_OTHER_UNIT", 403}, // the government is above it
		{"handler", "nope", "ERR_NO_UNIT", 404},
		{"dispatcher", "ZJJ", "XF-2026-000208", 200},
		{"dispatcher", "RSJ", `"total":0`, 200},
		{"dispatcher", "nope", "ERR_NO_UNIT", 404},
	} {
		for _, queue := range []string{"all", "statutory"} {
			a := (&client{t, site.Config.Handler, tt.who}).do("GET", "/api/v1/cases?queue="+queue+"&unit="+tt.unit, "")
			if a.status != tt.status {
				t.Errorf("%s asking for %s in %s: %d %s", tt.who, tt.unit, queue, a.status, a.body)
			}
			if queue == "all" {
				contains(t, a.body, tt.code)
			}
		}
		page := open(t, site, tt.who).get("/cases?unit="+tt.unit, tt.status)
		if tt.status != 200 {
			contains(t, page, tt.code)
			lacks(t, page, "XF-2026-000208")
		}
	}
	head := &client{t, site.Config.Handler, "head"}
	head.do("GET", "/api/v1/measures", "").want(t, 200, `"unit":"ZJJ"`)
	head.do("GET", "/api/v1/measures?unit=ZJJ", "").want(t, 200, `"unit":"ZJJ"`)
	head.do("GET", "/api/v1/measures?unit=RSJ", "").want(t, 403, "ERR_OTHER_UNIT")
	head.do("GET", "/api/v1/measures?unit=all", "").want(t, 404, "ERR_NO_UNIT")
	head.do("GET", "/api/v1/measures?unit=nope", "").want(t, 404, "ERR_NO_UNIT")
	lacks(t, open(t, site, "handler").get("/cases", 200), `<option value="RSJ"`)
}
