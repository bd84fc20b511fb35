package web

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"xinfang/domain/access"
	"xinfang/domain/petition"
)

// A discloser is a notary that only discloses, and notes how many looks of the leader
// were on record by then.
type discloser struct {
	Notary
	t        *testing.T
	d        *district
	recorded []int
}

func (n *discloser) Handler(func(*http.Request) bool) http.Handler { return http.NotFoundHandler() }

func (n *discloser) WriteDisclosure(_ context.Context, number string, _ []int64, reader string, w io.Writer) error {
	n.recorded = append(n.recorded, len(looks(n.t, n.d, "1003")))
	_, err := io.WriteString(w, number+" for "+reader)
	return err
}

// TestDisclose: keys are disclosed for a reason, by those who may have the bundle and
// see what it opens, and that they do is on record before.
func TestDisclose(t *testing.T) {
	d := newDistrict(t)
	enter(t, d, "XF-2026-000205", petition.Claiming)
	notary := &discloser{t: t, d: d}
	d.Notary = notary
	site := d.Handler()
	leader := &client{t, site, "leader"}
	at, reader := "/api/v1/cases/XF-2026-000205/evidence", strings.Repeat("0a", 32)
	key := func() string { return uuid.NewString() }
	asked := `{"reader":"` + reader + `","reason":"法院调卷"}`

	leader.do("POST", at, asked).want(t, 400, "ERR_IDEMPOTENCY_KEY")
	leader.do("POST", at, `{"reader":"0a","reason":"法院调卷"}`, "Idempotency-Key", key()).want(t, 400, "ERR_PARAMETER")
	leader.do("POST", at, `{"reader":"`+reader+`","reason":"法院调卷","older":[0]}`, "Idempotency-Key", key()).want(t, 400, "ERR_PARAMETER")
	leader.do("POST", at, `{"reader":"`+reader+`","reason":" "}`, "Idempotency-Key", key()).want(t, 422, "ERR_REASON_REQUIRED")
	leader.do("POST", "/api/v1/cases/XF-2026-999999/evidence", asked, "Idempotency-Key", key()).want(t, 404)
	d.store.Fault = full
	leader.do("POST", at, asked, "Idempotency-Key", key()).want(t, 503)
	d.store.Fault = nil
	for name := range people {
		if name != "leader" && name != "inspector" {
			(&client{t, site, name}).do("POST", at, asked, "Idempotency-Key", key()).want(t, 404)
		}
	}
	if len(notary.recorded) > 0 || len(looks(t, d, "1003")) > 0 {
		t.Fatalf("refused, and disclosed %d times, with %d looks on record", len(notary.recorded), len(looks(t, d, "1003")))
	}

	once := key()
	for range 2 {
		got := leader.do("POST", at, asked, "Idempotency-Key", once).want(t, 200)
		if got.body != "XF-2026-000205 for "+reader {
			t.Errorf("the bundle is %q", got.body)
		}
	}
	leader.do("POST", at, strings.Replace(asked, "0a", "0b", 1), "Idempotency-Key", once).want(t, 200) // to another reader: another look
	if !slices.Equal(notary.recorded, []int{1, 1, 2}) {
		t.Errorf("on record before each disclosure: %v", notary.recorded)
	}
	look := looks(t, d, "1003")[0]
	if look.Number != "XF-2026-000205" || look.Purpose != access.Other || !slices.Equal(look.Fields, []string{"name", "id-number", "phone", "address", "claim"}) {
		t.Errorf("on record: %+v", look)
	}
}
