package web

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

// A fact is one thing that an event says, as people read it.
type fact struct{ Label, Value string }

// facts returns what event e says: each member with its label, in the order of
// the struct. Sealed values appear masked. What is empty is left out.
func (p *page) facts(e petition.Event) []fact {
	return p.members(reflect.ValueOf(e), "")
}

func (p *page) members(v reflect.Value, owner string) (facts []fact) {
	for i := range v.NumField() {
		name := memberName(v.Type().Field(i))
		if name == "" || v.Field(i).IsZero() {
			continue
		}
		if value := p.value(v.Field(i), owner, name); value != "" {
			facts = append(facts, fact{labelOf(p.Lang, owner, name), value})
		}
	}
	return facts
}

// value returns what a member says, on one line.
func (p *page) value(v reflect.Value, owner, name string) string {
	switch x := v.Interface().(type) {
	case petition.Sealed:
		return x.Masked
	case law.Clock:
		return p.clockText(x)
	case law.Date:
		return p.Day(x)
	case time.Time:
		return p.Time(x)
	case uuid.UUID:
		return x.String()
	case ledger.Text:
		return p.In(x)
	case interface{ Title() ledger.Text }:
		return p.In(x.Title())
	}
	switch v.Kind() {
	case reflect.Pointer:
		return p.value(v.Elem(), owner, name)
	case reflect.Bool:
		return p.T("yes")
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Struct:
		return p.line(p.members(v, name))
	case reflect.Slice:
		var lines []string
		for i := range v.Len() {
			if line := p.value(v.Index(i), owner, name); line != "" {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "\n")
	case reflect.String:
		return p.word(owner, name, v.String())
	default:
		return ""
	}
}

// word spells out a string that stands for something else.
func (p *page) word(owner, name, value string) string {
	in := inputOf(owner, name)
	if in.choices != nil {
		for _, o := range in.choices(p.Lang) {
			if o.Value == value {
				return o.Title
			}
		}
	}
	switch in.kind {
	case inputUnit:
		return p.Unit(value)
	case inputOfficer:
		return p.OfficerName(value)
	case inputLine, inputArea:
	}
	switch name {
	case "from", "to": // of a dispatch units, of a handover officers
		if p.Unit(value) != value {
			return p.Unit(value)
		}
		return p.OfficerName(value)
	}
	return value
}

func (p *page) line(facts []fact) string {
	var parts []string
	for _, f := range facts {
		parts = append(parts, f.Label+p.T("colon")+f.Value)
	}
	return strings.Join(parts, p.T("semicolon"))
}

// clockText says when a clock that an event started runs out, in both tiers.
func (p *page) clockText(c law.Clock) string {
	text := string(c.ID) + " " + p.In(c.ID.Title())
	for _, t := range law.Tiers {
		if l := c.Limit(t); l != nil {
			text += " · " + p.T("tier."+string(t)) + " " + l.LastDay().String()
		}
	}
	return text
}

// A timelineView is a choice of entries.
type timelineView string

// The views of a timeline.
const (
	viewKey         timelineView = "key"         // 关键节点: what moved the case
	viewDeadlines   timelineView = "deadlines"   // 期限: what started or moved a due date
	viewNotices     timelineView = "notices"     // 告知: what the petitioner was told
	viewCorrections timelineView = "corrections" // 更正补录
	viewAll         timelineView = "all"
)

var timelineViews = []timelineView{viewAll, viewKey, viewDeadlines, viewNotices, viewCorrections}

// shows reports whether entry e belongs to the view.
func (v timelineView) shows(e casefile.Entry) bool {
	switch v {
	case viewKey:
		switch e.Event.(type) {
		case petition.ProgressRecorded, petition.PetitionerNotified, petition.NotificationImpossible, petition.DeadlineRecomputed,
			petition.EntryCorrected, petition.EvaluationOpened, petition.EvaluationExpired, petition.ActionImported:
			return false
		default:
			return true
		}
	case viewDeadlines:
		return len(clocksOf(e.Event)) > 0
	case viewNotices:
		switch e.Event.(type) {
		case petition.PetitionerNotified, petition.NotificationImpossible, petition.ReplyServed:
			return true
		default:
			return false
		}
	case viewCorrections:
		_, corrects := e.Event.(petition.EntryCorrected)
		return corrects || e.Late != nil || len(e.Fixed) > 0
	case viewAll:
	}
	return true
}

// clocksOf returns the clocks that an event started or moved.
func clocksOf(e petition.Event) (clocks []law.Clock) {
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		switch x := v.Field(i).Interface().(type) {
		case []law.Clock:
			clocks = append(clocks, x...)
		case law.Clock:
			clocks = append(clocks, x)
		case *law.Clock:
			if x != nil {
				clocks = append(clocks, *x)
			}
		}
	}
	return clocks
}
