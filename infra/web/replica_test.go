package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// TestFollower: in a follower's replica everything can be read and nothing
// recorded, by nobody, on no way; and the pages say so.
func TestFollower(t *testing.T) {
	d := newDistrict(t)
	at := headOf(t, d)
	d.ReadOnly = true
	d.Source = func() Source { return Source{Hosts: "db1:2113"} }
	c := &client{t, d.Handler(), "registrar"}
	c.do("POST", "/api/v1/cases", receipt, "Idempotency-Key", key()).want(t, 403, "ERR_READ_ONLY")
	c.do("GET", "/api/v1/cases", "").want(t, 200)
	c.do("GET", "/readyz", "").want(t, 200, `"ok":true`)
	b := open(t, serve(t, d), "registrar")
	page := b.get("/ledger", 200)
	contains(t, page, "只读副本", "db1:2113", "已连接")
	lacks(t, page, `href="/registration"`, `href="/imports"`)
	contains(t, b.submit("/registration", "/registration", url.Values{"channel": {"letter"}}, 403), "只读副本")
	if headOf(t, d) != at {
		t.Error("something was recorded")
	}
}

// TestReplicaInTrouble: what is wrong with a replica is on every page, and a load
// balancer is told.
func TestReplicaInTrouble(t *testing.T) {
	d := newDistrict(t)
	broken := &ledger.Break{Kind: ledger.Changed, At: 7, Stream: ledger.Stream{Category: "case", ID: uuid.UUID{1}}, Reason: "its data differs"}
	c := &client{t, nil, "inspector"}
	for code, source := range map[string]Source{
		"REPLICA_STOPPED": {Break: broken},
		"SOURCE_DOWN":     {Down: d.now.Add(-2 * time.Minute)},
		"STORE_MUTABLE":   {Mutable: []ledger.Text{{ZH: "缺少默认权限", EN: "no default ACL"}}},
		"":                {Down: d.now.Add(-time.Second)},
	} {
		d.Source = func() Source { return source }
		c.site = d.Handler()
		switch a := c.do("GET", "/readyz", ""); {
		case code == "" && a.status != 200:
			t.Errorf("%d %s for a moment without an answer", a.status, a.body)
		case code != "" && (a.status != 503 || !strings.Contains(a.body, code)):
			t.Errorf("%d %s, want %s", a.status, a.body, code)
		}
		page := open(t, serve(t, d), "inspector").get("/ledger", 200)
		switch code {
		case "REPLICA_STOPPED":
			contains(t, page, `role="alert"`, "its data differs", "位置 7")
		case "STORE_MUTABLE":
			contains(t, page, "缺少默认权限")
		}
	}
}

// TestFeedOfForeignEvents: what others have written to the source of a replica is
// in the feed byte for byte, JSON or not.
func TestFeedOfForeignEvents(t *testing.T) {
	d := newDistrict(t)
	at := headOf(t, d)
	foreign := ledger.Record{ID: uuid.New(), Type: "Blob", Data: []byte{0xff, 0}, Meta: []byte("no JSON"), Binary: true}
	if _, err := d.store.Append(t.Context(), ledger.Stream{Category: "visits", ID: uuid.New()}, 0, foreign); err != nil {
		t.Fatal(err)
	}
	c := &client{t, d.Handler(), "inspector"}
	a := c.do("GET", fmt.Sprint("/api/v1/ledger/events?after=", at), "")
	a.want(t, 200, `"content_type":"application/octet-stream"`, `"data_base64":"/wA="`, `"meta_base64":"bm8gSlNPTg=="`)
	if strings.Contains(a.body, `"data":`) {
		t.Errorf("the event has data that is no JSON: %s", a.body)
	}
	if page := open(t, serve(t, d), "inspector").get("/ledger/events", 200); !strings.Contains(page, "Blob") {
		t.Error("the page of events does not show it")
	}
}
