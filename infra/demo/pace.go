package demo

import (
	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// A pace is what goes wrong with the time of a case.
type pace struct {
	miss  law.ClockID    // limit of the district that is missed; "" for none
	hard  bool           // so is the statutory one
	stuck bool           // and nothing has come of it since
	stall petition.Stage // where it has been lying since, without being overdue yet
}

// setPace decides how fast the case goes: most are in time.
func (d *draft) setPace() {
	switch age := d.o.Today.Sub(law.DateOf(d.received)); {
	case age <= 14 && d.chance(0.45):
		d.pace.stall = pick(d.r, petition.Received, petition.Registered, petition.Classified, petition.Dispatched, petition.Pending, petition.Objected)
	case age <= 45 && d.chance(0.15):
		d.pace.stall = pick(d.r, petition.Replied, petition.Served)
	case age >= 68 && age <= 170 && d.chance(0.096):
		d.pace = pace{miss: law.C6, hard: true, stuck: true}
	case d.chance(0.015):
		d.pace = pace{miss: pick(d.r, law.C2, law.C4, law.C6, law.C6), hard: true}
	case d.chance(0.09):
		d.pace = pace{miss: pick(d.r, law.C2, law.C4, law.C6, law.C6)}
	}
}

// misses reports whether the case misses clock id now, which it does once.
func (d *draft) misses(id law.ClockID) bool {
	if d.late || d.pace.miss != id {
		return false
	}
	d.late = true
	return true
}

// stop ends the script if the case has been lying at stage since.
func (d *draft) stop(stage petition.Stage) { d.halted = d.halted || d.pace.stall == stage }

// length returns how many calendar days it takes from the acceptance to the reply.
func (d *draft) length(simple bool) int {
	switch {
	case simple:
		return d.between(3, 9)
	case d.pace.stuck:
		return d.between(25, 50)
	case !d.misses(law.C6):
		return d.between(6, 20)
	case d.pace.hard:
		return d.between(62, 105)
	}
	return d.between(31, 46)
}
