package report

import (
	"time"

	"xinfang/domain/law"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
	"xinfang/projections/measure"
)

// A turn is an act by which a case went another way than straight on.
type turn int

const (
	objected turn = iota
	upheld
	rejected
	requested
	granted
	grantedDays
	refused
	reopened
	revoked
	supervised
)

// addEntries takes the late entries and corrections that the unit made, and the
// turns that its cases took, in the window.
func (u *unitReport) addEntries(f *casefile.File) {
	c := caseReport{f, u.in, u.names}
	in := func(t time.Time) bool { return u.window.Has(law.DateOf(t)) }
	for _, l := range f.Lates {
		if l.Actor.Unit == u.code && in(l.Recorded) {
			u.late = append(u.late, append([]Value{f.Number}, c.late(l)...))
		}
	}
	for _, k := range f.Corrections {
		if k.Actor.Unit == u.code && in(k.Recorded) {
			u.corrections = append(u.corrections, append([]Value{f.Number}, c.correction(k)...))
		}
	}
	responsible := measure.Of(f).Unit
	for _, e := range f.Timeline {
		kind, ok := u.turn(e, responsible)
		if !ok || !in(e.Occurred) {
			continue
		}
		u.turns[kind]++
		if a, ok := e.Event.(petition.ExtensionApproved); ok {
			u.turns[grantedDays] += a.Days
		}
		u.turned = append(u.turned, []Value{f.Number, when(e.Occurred), Action(e.Event, u.Directory), u.actor(e.Actor), int(e.Position)})
	}
}

// turn returns which turn e is, if it is one and concerns the unit: responsible is
// who is for the case.
func (u *unitReport) turn(e casefile.Entry, responsible string) (turn, bool) {
	ours, mine := e.Actor.Unit == u.code, responsible == u.code
	switch e := e.Event.(type) {
	case petition.ObjectionRaised:
		return objected, e.Unit == u.code
	case petition.ObjectionUpheld:
		return upheld, e.Unit == u.code
	case petition.ObjectionRejected:
		return rejected, e.Unit == u.code
	case petition.ExtensionRequested:
		return requested, ours
	case petition.ExtensionApproved:
		return granted, ours
	case petition.ExtensionRefused:
		return refused, ours
	case petition.CaseReopened:
		return reopened, mine
	case petition.ReviewDecided:
		return revoked, mine && e.Ruling == petition.Revoked
	case petition.RecheckDecided:
		return revoked, mine && e.Ruling == petition.Revoked
	case petition.SupervisionIssued:
		return supervised, e.Unit == u.code
	default: // the others are no turns
		return 0, false
	}
}

func (u *unitReport) returns() Section {
	return Section{
		ID: "returns", Title: text("退件、延期、重办与督办", "Returns, extensions, cases handled again, supervision"),
		Facts: []Fact{
			{text("提出异议", "objections raised"), u.turns[objected]},
			{text("异议成立（退件）", "objections upheld (cases returned)"), u.turns[upheld]},
			{text("异议不成立", "objections rejected"), u.turns[rejected]},
			{text("申请延期", "extensions requested"), u.turns[requested]},
			{text("批准延期", "extensions approved"), u.turns[granted]},
			{text("批准延期天数", "days of extension approved"), u.turns[grantedDays]},
			{text("不予延期", "extensions refused"), u.turns[refused]},
			{text("重新办理", "cases reopened"), u.turns[reopened]},
			{text("复查复核撤销", "revoked in review or re-check"), u.turns[revoked]},
			{text("被督办", "times supervised"), u.turns[supervised]},
		},
		Tables: []Table{{
			ID: "returns", Title: text("逐件", "One by one"), Rows: sorted(u.turned), Columns: cols(
				col("number", Words, "信访件编号", "case"),
				col("at", Time, "发生时间", "happened"),
				col("action", Words, "环节/动作", "action"),
				col("actor", Words, "经办（当时岗位）", "by (post at the time)"),
				col("position", Count, "#位置", "#position"),
			),
		}},
	}
}

func (u *unitReport) lateList() Section {
	t := lateTable()
	t.Rows = sorted(u.late)
	return Section{ID: "late", Title: text("补录", "Late entries"), Tables: []Table{numbered(t)}}
}

func (u *unitReport) correctionList() Section {
	t := correctionTable()
	t.Rows = sorted(u.corrections)
	return Section{ID: "corrections", Title: text("更正", "Corrections"), Tables: []Table{numbered(t)}}
}

// numbered puts the number of the case before the columns of t.
func numbered(t Table) Table {
	t.Columns = append(cols(col("number", Words, "信访件编号", "case")), t.Columns...)
	return t
}
