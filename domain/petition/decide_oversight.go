package petition

import (
	"slices"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/org"
)

// supervise: by whom and on what ground is Art.40; until when is in the order, or
// seven days.
func supervise(q question, c Supervise) ([]Event, error) {
	e := SupervisionIssued{No: c.No, Unit: c.Unit, Ground: c.Ground, Demand: c.Demand}
	if c.Due.IsZero() {
		e.Clock = q.w.Rules.Start(law.C17, q.m.Occurred, q.w.Calendar)
	} else {
		e.Clock = q.w.Rules.StartOrdered(law.C17, q.m.Occurred, c.Due, q.w.Calendar)
	}
	return one(first(
		need(!blank(c.No), "ERR_NUMBER_REQUIRED"),
		need(!slices.ContainsFunc(q.s.supervised, func(v supervision) bool { return v.no == c.No }), "ERR_DUP_SUPERVISION"),
		breaches.check(c.Ground, "ERR_BAD_TERM"),
		need(!blank(c.Demand), "ERR_EMPTY"),
		q.active(c.Unit),
		q.unaccused(c.Unit),
		need(c.Due.IsZero() || !c.Due.Before(law.DateOf(q.m.Occurred)), "ERR_TIME_ORDER"),
	), e)
}

func feedBack(q question, c FeedBack) ([]Event, error) {
	i := q.s.supervision(c.No)
	if i < 0 {
		return nil, refuse("ERR_NO_SUPERVISION")
	}
	return one(first(
		need(q.acts(q.s.supervised[i].unit), "ERR_NOT_ADDRESSEE"),
		need(!blank(c.Text), "ERR_EMPTY"),
	), SupervisionFedBack(c))
}

func closeSupervision(q question, c CloseSupervision) ([]Event, error) {
	i := q.s.supervision(c.No)
	if i < 0 {
		return nil, refuse("ERR_NO_SUPERVISION")
	}
	by := q.s.supervised[i].by
	return one(need(q.acts(by) || q.above(by), "ERR_NOT_SUPERVISOR"), SupervisionClosed(c))
}

func reportUrgent(c ReportUrgent) ([]Event, error) {
	return one(first(
		need(!blank(c.To), "ERR_TARGET_REQUIRED"),
		forms.check(c.Form, "ERR_BAD_TERM"),
	), UrgentReported(c))
}

// exclude needs an approver of the bureau, wherever the request comes from.
func exclude(q question, c ExcludeFromStatistics) ([]Event, error) {
	ofBureau := func(p org.Post) bool {
		u, _ := q.w.Directory.Unit(p.Unit)
		return u.Kind == org.KindBureau
	}
	if err := first(
		need(c.Ground != "", "ERR_GROUND_REQUIRED"),
		exclusions.check(c.Ground, "ERR_BAD_TERM"),
		need(slices.ContainsFunc(q.w.Directory.PostsOf(q.m.Approver, q.m.Occurred), ofBureau), "ERR_UNIT_CANNOT_EXCLUDE"),
	); err != nil {
		return nil, err
	}
	if slices.Contains(q.s.excluded, c.Ground) {
		return nil, nil
	}
	return []Event{StatisticsExclusionMarked(c)}, nil
}

func authoriseErasure(q question, c AuthoriseErasure) ([]Event, error) {
	if err := first(
		need(c.Subject != uuid.Nil && c.Subject == q.s.Subject, "ERR_NO_SUBJECT"),
		need(!blank(c.Ground), "ERR_GROUND_REQUIRED"),
		q.approved("ERR_UNAPPROVED"),
	); err != nil {
		return nil, err
	}
	if q.s.erased {
		return nil, nil
	}
	return []Event{ErasureAuthorised(c)}, nil
}
