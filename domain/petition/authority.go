package petition

import (
	"slices"
	"time"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
)

// A question is one command with all that answering it needs.
type question struct {
	s   *State
	w   World
	m   ledger.Meta
	now time.Time
}

// A who says who may ask. It returns the refusal's code, "" for yes.
type who func(question) string

// acts reports whether the actor's unit is unit, or had its duties then (Art.24¶2).
func (q question) acts(unit string) bool {
	if unit == "" || q.m.Actor.Unit == unit {
		return unit != ""
	}
	acting, ok := q.w.Directory.Acting(unit, q.m.Occurred)
	return ok && acting == q.m.Actor.Unit
}

// above reports whether the actor's unit is above unit.
func (q question) above(unit string) bool { return q.w.Directory.Above(q.m.Actor.Unit, unit) }

// kind returns what sort of organ the actor's unit is.
func (q question) kind() org.Kind {
	u, _ := q.w.Directory.Unit(q.m.Actor.Unit)
	return u.Kind
}

func (q question) system() bool {
	return q.m.Actor.Officer == org.SystemOfficer && q.m.Actor.Role == string(org.System)
}

func allow(ok bool, code string) string {
	if ok {
		return ""
	}
	return code
}

func anyone(question) string { return "" }

func holder(q question) string { return allow(q.acts(q.s.Holder), "ERR_NOT_HOLDER") }

func addressee(q question) string {
	if q.s.Stage == Dispatched {
		return allow(q.acts(q.s.Addressee), "ERR_NOT_ADDRESSEE")
	}
	return allow(q.acts(q.s.Holder), "ERR_NOT_ADDRESSEE")
}

func sender(q question) string {
	return allow(q.acts(q.s.Sender) || q.above(q.s.Sender), "ERR_NOT_SENDER")
}

// involved: a unit that has had to do with the case, one above its holder, or
// the bureau, whose business every case is.
func involved(q question) string {
	for u := range q.s.units {
		if q.acts(u) {
			return ""
		}
	}
	return allow(q.kind() == org.KindBureau || q.above(q.s.Holder), "ERR_NOT_INVOLVED")
}

func superior(q question) string { return allow(q.above(q.s.Holder), "ERR_NOT_HIGHER") }

func head(q question) string {
	if code := holder(q); code != "" {
		return code
	}
	return allow(q.w.Directory.IsHead(q.m.Actor.Officer, q.m.Actor.Unit, q.m.Occurred), "ERR_APPROVER_NOT_HEAD")
}

func reviewer(q question) string  { return allow(q.acts(q.s.Review), "ERR_NOT_ADDRESSEE") }
func rechecker(q question) string { return allow(q.acts(q.s.Recheck), "ERR_NOT_ADDRESSEE") }

func hearing(q question) string {
	if q.s.Stage == InRecheck {
		return rechecker(q)
	}
	return holder(q)
}

// visitor: anyone involved who does not belong to the unit that is evaluated.
func visitor(q question) string {
	if q.acts(q.s.Holder) || q.w.Directory.InUnit(q.m.Actor.Officer, q.s.Holder, q.m.Occurred) {
		return "ERR_VISITOR_CONFLICT"
	}
	return involved(q)
}

func supervisor(q question) string {
	supervises := []org.Kind{org.KindBureau, org.KindConference, org.KindGovernment}
	return allow(slices.Contains(supervises, q.kind()) || q.above(q.s.Holder), "ERR_NOT_SUPERVISOR")
}

// supervisee: a unit that owes an answer, if any does.
func supervisee(q question) string {
	if !underSupervision(q.s) {
		return involved(q)
	}
	owes := func(v supervision) bool { return v.open && q.acts(v.unit) }
	return allow(slices.ContainsFunc(q.s.supervised, owes), "ERR_NOT_ADDRESSEE")
}

// policy: what the program does unasked, or a person who has to do with the case.
func policy(q question) string {
	if q.system() {
		return ""
	}
	return involved(q)
}

// petitioner: the program, for the petitioner.
func petitioner(q question) string { return allow(q.system(), "ERR_EVAL_BY_STAFF") }

func importer(q question) string {
	imports := []org.Role{org.Admin, org.Registrar, org.System}
	return allow(slices.Contains(imports, org.Role(q.m.Actor.Role)), "ERR_ROLE")
}

// readers write no case: they read it (纪检监察、审计), or keep the machine.
var readers = []org.Role{org.Inspector, org.Auditor, org.Admin}

// authority refuses an actor who did not hold the post, may not act for the case
// at all, or has been kept out of it.
func (q question) authority(r rule) error {
	a, d := q.m.Actor, q.w.Directory
	switch {
	case q.system():
		return need(r.automatic, "ERR_NO_AUTHORITY_AT_TIME")
	case !d.Holds(a, q.m.Occurred):
		return refuse("ERR_NO_AUTHORITY_AT_TIME")
	case slices.Contains(readers, org.Role(a.Role)) && !r.foreign:
		return refuse("ERR_ROLE")
	case q.s.accuses(a.Officer):
		return refuse("ERR_NOT_INVOLVED") // and nothing that would tell him why
	case q.s.recused[a.Officer]:
		return refuse("ERR_RECUSED")
	}
	return nil
}

// others refuses a person acted for or an approver who could not be it.
func (q question) others() error {
	if o := q.m.BehalfOf; o != "" {
		if err := first(
			need(q.holdsPost(o, q.m.Occurred), "ERR_NO_AUTHORITY_AT_TIME"),
			need(!q.s.recused[o] && !q.s.accuses(o), "ERR_RECUSED"),
		); err != nil {
			return err
		}
	}
	if o := q.m.Approver; o != "" {
		return first(
			need(o != q.m.Actor.Officer && o != q.m.BehalfOf, "ERR_SELF_APPROVAL"),
			need(q.holdsPost(o, q.m.Occurred), "ERR_NO_AUTHORITY_AT_TIME"),
			need(!q.s.recused[o] && !q.s.accuses(o), "ERR_RECUSED"),
		)
	}
	return nil
}

func (q question) holdsPost(officer string, at time.Time) bool {
	return len(q.w.Directory.PostsOf(officer, at)) > 0
}

// tolerance is by how much an actor's clock may be ahead of the server's.
const tolerance = 2 * time.Minute

// times refuses what has not happened yet, and what is entered late without a
// reason and an approval.
func (q question) times(r rule) error {
	m := q.m
	switch {
	case m.Occurred.IsZero():
		return refuse("ERR_TIME_REQUIRED")
	case m.Occurred.After(q.now.Add(tolerance)), m.Received.After(q.now.Add(tolerance)):
		return refuse("ERR_FUTURE_TIME")
	}
	if r.foreign || m.Late == nil && !q.w.Calendar.LateBy(m.Occurred, q.now) {
		return nil
	}
	l := m.Late
	return need(l != nil && !blank(l.Reason) && l.Approver != m.Actor.Officer && l.Approver != m.BehalfOf && q.holdsPost(l.Approver, q.now),
		"ERR_LATE_ENTRY_UNAPPROVED")
}

// received returns when incoming matter was received, which must have been said,
// and was not before it was sent.
func (q question) received(sent time.Time) (time.Time, error) {
	t := q.m.Received
	return t, first(
		need(!t.IsZero(), "ERR_TIME_REQUIRED"),
		need(!t.After(q.m.Occurred.Add(tolerance)) && !t.Before(sent), "ERR_TIME_ORDER"),
	)
}

// start starts clocks, as far as they have a limit under the rules of that day.
func (q question) start(at time.Time, ids ...law.ClockID) (clocks []law.Clock) {
	for _, id := range ids {
		clocks = append(clocks, limited(q.w.Rules.Start(id, at, q.w.Calendar))...)
	}
	return clocks
}

// limited returns c, or nothing if it has no limit in either tier.
func limited(c law.Clock) []law.Clock {
	if c.Statutory == nil && c.District == nil {
		return nil
	}
	return []law.Clock{c}
}

// handling starts the clock of handling, if the case has one (Art.34).
func (q question) handling() []law.Clock {
	if !q.s.procedural() {
		return nil
	}
	return q.start(q.m.Occurred, law.C6)
}
