package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

// A moment is when a question is asked about: now, or as known at some time.
type moment struct {
	At   At
	Now  time.Time // what due dates are compared with, UTC
	Past bool
}

// momentOf reads as_of and at: as known at a time, or at a position.
func (s *Server) momentOf(ctx context.Context, q url.Values) (moment, error) {
	m := moment{Now: s.Now().UTC()}
	position, asOf := q.Get("at"), q.Get("as_of")
	switch {
	case position != "" && asOf != "":
		return m, badParameter("at", "at 与 as_of 只能给一个", "give at or as_of, not both")
	case position != "":
		n, err := strconv.ParseInt(position, 10, 64)
		head, herr := s.Store.Head(ctx)
		if herr != nil {
			return m, herr
		}
		if err != nil || n < 1 || ledger.Position(n) > head {
			return m, badParameter("at", "应为 1 至台账末尾之间的位置", "a position from 1 to the head of the ledger is expected")
		}
		env, err := ledger.At(ctx, s.Store, ledger.Position(n))
		if err != nil {
			return m, err
		}
		recorded := env.Recorded.Time()
		return moment{At{env.Position, recorded}, recorded, true}, nil
	case asOf != "":
		t, ok := parseAsOf(asOf)
		if !ok {
			return m, badParameter("as_of", "应为日期或时间，如 2026-01-31 或 2026-01-31T09:30:00+08:00", "a date or a time is expected, such as 2026-01-31 or 2026-01-31T09:30:00+08:00")
		}
		if !t.Before(m.Now) {
			return m, nil // the future is not known; what is known now is
		}
		p, err := ledger.AsOf(ctx, s.Store, t)
		if err != nil {
			return m, err
		}
		if p == 0 {
			return m, badParameter("as_of", "台账在该时点尚无记录", "nothing had been recorded by then")
		}
		return moment{At{p, t}, t, true}, nil
	}
	return m, nil
}

// parseAsOf reads a time. A date means its end.
func parseAsOf(text string) (time.Time, bool) {
	if d, err := law.ParseDate(text); err == nil {
		return d.AddDays(1).Start().Add(-time.Nanosecond).UTC(), true
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), true
	}
	t, err := parseLocal(text)
	return t, err == nil
}

// badParameter is a fault of one parameter of an address.
func badParameter(name, zh, en string) error {
	f := newFault(http.StatusBadRequest, "ERR_PARAMETER", "参数不正确", "a parameter is not right", "", "")
	f.Fields = []fieldFault{{name, ledger.Text{ZH: zh, EN: en}}}
	return f
}
