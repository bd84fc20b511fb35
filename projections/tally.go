package projections

import (
	"time"

	"xinfang/domain/law"
	"xinfang/domain/petition"
	"xinfang/projections/measure"
)

// A Tally counts cases for the metrics. Restricted cases (检举控告) are counted
// under no unit: that there is one against a named unit would already say too
// much.
type Tally struct {
	Open       []OpenCount
	Overdue    []OverdueCount
	Soon       []SoonCount
	Registered []RegisteredCount
	Late       []LateCount
	Corrected  int // corrections in all

	// Satisfaction counts evaluations, and Handling how long cases took from
	// acceptance to closing, by class. See [Tally.Count].
	Satisfaction map[Opinion]int
	Handling     map[petition.Class]Durations
}

// An Opinion is what somebody thought of one of the two who are evaluated.
type Opinion struct {
	Of    petition.Judged
	Grade petition.Grade
}

// HandlingDays are the bounds by which durations are counted.
var HandlingDays = []int{5, 10, 15, 30, 45, 60, 75, 90, 120, 180}

// Durations counts how long something took.
type Durations struct {
	N      int
	Sum    time.Duration
	Within [10]int // by HandlingDays: how many took that long at most
}

// Count adds a case to Satisfaction and Handling.
func (t *Tally) Count(f measure.Facts) {
	if t.Satisfaction == nil {
		t.Satisfaction, t.Handling = make(map[Opinion]int), make(map[petition.Class]Durations)
	}
	for _, e := range f.Evaluations {
		if !e.Submitted.IsZero() {
			t.Satisfaction[Opinion{e.Judged, e.Grade}]++
		}
	}
	took := f.Closed.Sub(f.Accepted)
	if f.Closed.IsZero() || f.Accepted.IsZero() || took < 0 {
		return
	}
	d := t.Handling[f.Class]
	d.N, d.Sum = d.N+1, d.Sum+took
	for i, days := range HandlingDays {
		if took <= time.Duration(days)*24*time.Hour {
			d.Within[i]++
		}
	}
	t.Handling[f.Class] = d
}

// OpenCount is how many cases of a unit are at a stage.
type OpenCount struct {
	Unit  string
	Stage petition.Stage
	N     int
}

// OverdueCount is how many running clocks of a unit have run out, and the
// earliest instant at which one did.
type OverdueCount struct {
	Clock  law.ClockID
	Tier   law.Tier
	Unit   string
	N      int
	Oldest time.Time
}

// SoonCount is how many running clocks run out within the next Days.
type SoonCount struct {
	Days int
	Tier law.Tier
	N    int
}

// RegisteredCount is how many cases came by a channel.
type RegisteredCount struct {
	Channel petition.Channel
	Class   petition.Class
	Repeat  bool
	N       int
}

// LateCount is how many late entries there are on cases of a unit.
type LateCount struct {
	Unit    string
	Curing  int
	Others  int
	Returns int // objections upheld
}
