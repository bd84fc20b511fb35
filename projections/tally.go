package projections

import (
	"time"

	"xinfang/domain/law"
	"xinfang/domain/petition"
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
