package web

import (
	"time"

	"xinfang/domain/law"
	"xinfang/projections"
	"xinfang/projections/casefile"
)

// A light says how a due date stands (灯): by icon, word and number, and only
// then by colour. Class is one of red, amber, green, grey, blue, none.
type light struct {
	Class, Icon, Text string
	Tier              law.Tier
	Clock             law.ClockID
	Due               law.Date
	Provisional       bool
}

// rowLight returns the light of the clock of a row that runs out first.
func (p *page) rowLight(d projections.Due, t law.Tier) light {
	l := light{Class: "none", Text: "—", Tier: t, Clock: d.Clock}
	if d.At.IsZero() {
		return l
	}
	l.Due = law.DateOf(d.At.Add(-1))
	p.running(&l, d.At)
	return l
}

// running fills l for a clock that still runs, and is due at due.
func (p *page) running(l *light, due time.Time) {
	today := law.DateOf(p.Moment.Now)
	left := l.Due.Sub(today)
	switch workdays := p.world.Calendar.WorkingDays(today, l.Due); {
	case !p.Moment.Now.Before(due):
		l.Class, l.Icon, l.Text = "red", "✗", p.T("light.over", max(-left, 0))
	case workdays <= soonDays:
		l.Class, l.Icon, l.Text = "amber", "⚠", p.T("light.soon", left, workdays)
	default:
		l.Class, l.Icon, l.Text = "green", "✓", p.T("light.left", left)
	}
}

// clockLight returns the light of one clock of a case in one tier.
func (p *page) clockLight(c casefile.ClockEntry, t law.Tier) light {
	v := c.Verdict(t, p.Moment.Now)
	l := light{Class: "none", Text: "—", Tier: t, Clock: c.ID, Due: v.Due}
	if limit := c.Limit(t); limit != nil {
		l.Provisional = limit.Provisional
	}
	switch v.State {
	case casefile.StateNone:
		l.Text = p.T("light.none")
	case casefile.StateRunning, casefile.StateOverdue:
		p.running(&l, v.DueAt)
	case casefile.StateMet:
		l.Class, l.Icon, l.Text = "green", "✓", p.T("light.met", v.MarginDays)
	case casefile.StateLate:
		l.Class, l.Icon, l.Text = "red", "✗", p.T("light.late", -v.MarginDays)
	case casefile.StateLapsed:
		l.Class, l.Icon, l.Text = "grey", "–", p.T("light.lapsed")
	}
	return l
}
