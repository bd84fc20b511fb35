package web

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"xinfang/domain/petition"
)

// TestKeyIsForOneRequest: a key answers the request that it was used for, however
// often, and after whatever else; any other request it refuses, and records
// nothing.
func TestKeyIsForOneRequest(t *testing.T) {
	d := newDistrict(t)
	site := d.Handler()
	registrar := &client{t, site, "registrar"}
	once := key()
	made := registrar.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", once).want(t, 201)
	for name, other := range map[string]string{
		"another channel":                strings.Replace(receipt, `"letter"`, `"visit"`, 1),
		"another time":                   strings.Replace(receipt, "T09:30", "T09:29", 1),
		"another summary":                strings.Replace(receipt, "反映拖欠工资", "反映拖欠加班费", 1),
		"a claim that masks the same":    strings.Replace(receipt, secretClaim, secretClaim+"。", 1),
		"a phone that masks the same":    strings.Replace(receipt, secretPhone, secretPhone[:4]+"0000"+secretPhone[8:], 1),
		"an address that masks the same": strings.Replace(receipt, secretAddress, secretAddress+"1", 1),
	} {
		if other == receipt {
			t.Fatalf("%s: not another", name)
		}
		t.Run(name, func(t *testing.T) {
			registrar.do("POST", "/api/v1/cases", other, "Idempotency-Key", once, "Accept-Language", "en").
				want(t, 422, "ERR_IDEMPOTENCY_KEY", "used for another request", "use a new one")
		})
	}
	if again := registrar.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", once); again.body != made.body {
		t.Errorf("asked again it answers\n%s\nnot\n%s", again.body, made.body)
	}
	second := strings.ReplaceAll(receipt, "000101", "000102")
	registrar.do("POST", "/api/v1/cases", second, "Idempotency-Key", once).want(t, 201)
	if subjectOf(t, d, "XF-2026-000101") == subjectOf(t, d, "XF-2026-000102") {
		t.Error("two cases share a key of personal data: erasing one would erase both")
	}

	at := "/api/v1/cases/XF-2026-000101/commands/"
	once = key()
	do := func(who, command, body, version string) answer {
		return (&client{t, site, who}).do("POST", at+command, body, "Idempotency-Key", once, "If-Match", version)
	}
	first := do("dispatcher", "classify", `{"class":"claim","path":"petition"}`, `"2"`).want(t, 200, "PetitionClassified")
	head := headOf(t, d)
	for _, other := range []struct{ who, command, body, version string }{
		{"dispatcher", "classify", `{"class":"proposal","path":"petition"}`, `"2"`},
		{"dispatcher", "classify", `{"class":"claim","path":"petition","reason":"r"}`, `"3"`},
		{"dispatcher", "dispatch", `{"mode":"forward","to":"ZJJ","no":"1号"}`, `"3"`},
		{"leader", "classify", `{"class":"claim","path":"petition"}`, `"2"`},
	} {
		do(other.who, other.command, other.body, other.version).want(t, 422, "ERR_IDEMPOTENCY_KEY")
	}
	if headOf(t, d) != head {
		t.Error("a refused key has left something behind")
	}
	d.now = today.AddDate(0, 0, 9) // the moment of asking is no part of what is asked
	if again := do("dispatcher", "classify", `{ "path":"petition", "class":"claim" }`, `"9"`); again.body != first.body || again.status != 200 {
		t.Errorf("asked again it answers %d\n%s\nnot\n%s", again.status, again.body, first.body)
	}
}

// TestFormIsForOneRequest: a form that was sent, gone back to and changed is told
// that it was sent, and comes back as a new one.
func TestFormIsForOneRequest(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000206", petition.Claiming)
	handler := open(t, serve(t, d), "handler")
	path := "/cases/XF-2026-000206/commands/report-urgent"
	form := url.Values{"command": {key()}, "c.to": {"市"}, "c.form": {"written"}}
	handler.submit(path, path, form, 200)
	head := headOf(t, d)
	handler.submit(path, path, form, 200) // pressed twice
	form.Set("c.to", "省")
	page := handler.submit(path, path, form, 422)
	contains(t, page, "ERR_IDEMPOTENCY_KEY", "省")
	lacks(t, page, form.Get("command"))
	if headOf(t, d) != head {
		t.Error("something more was recorded")
	}
}

// TestEveryLookIsOnRecord: the key of a look at one field opens no other field
// unseen.
func TestEveryLookIsOnRecord(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000207", petition.Claiming)
	handler := open(t, serve(t, d), "handler")
	path := "/cases/XF-2026-000207"
	form := url.Values{"fields": {"name"}, "purpose": {"handling"}, "command": {key()}}
	contains(t, handler.submit(path, path+"/reveal", form, 200), secretName)
	form.Set("fields", "phone")
	contains(t, handler.submit(path, path+"/reveal", form, 200), secretPhone)
	recorded := looks(t, d, "2002")
	if len(recorded) != 2 || !slices.Equal(recorded[1].Fields, []string{"phone"}) {
		t.Errorf("on record: %+v", recorded)
	}
}

// TestStaleSaysWhatIsNewer: who is told that others were faster is told what they
// did, with nothing in clear.
func TestStaleSaysWhatIsNewer(t *testing.T) {
	d := newDistrict(t)
	site := d.Handler()
	registrar, dispatcher := &client{t, site, "registrar"}, &client{t, site, "dispatcher"}
	registrar.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", key()).want(t, 201)
	at := "/api/v1/cases/XF-2026-000101/commands/"
	do := func(c *client, command, body, version string) answer {
		return c.do("POST", at+command, body, "Idempotency-Key", key(), "If-Match", version)
	}
	do(dispatcher, "classify", `{"class":"claim","path":"petition"}`, `"2"`).want(t, 200)
	do(dispatcher, "dispatch", `{"mode":"forward","to":"ZJJ","no":"1号"}`, `"3"`).want(t, 200)
	stale := do(dispatcher, "classify", `{"class":"claim","path":"petition"}`, `"2"`).want(t, 412, `"version":4`,
		`"newer_events":[{"version":3,"type":"PetitionClassified","occurred_at":"2026-03-02T10:00:00+08:00","actor":{"officer":"1002","unit":"XFJ","post":"转办科长","role":"dispatcher"}},{"version":4,"type":"CaseDispatched"`)
	lacks(t, stale.body, secrets...)
	lacks(t, do(dispatcher, "classify", `{"class":"claim","path":"petition"}`, `"9"`).want(t, 412).body, "newer_events")
}
