package metrics

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xinfang/domain/petition"
	"xinfang/projections"
	"xinfang/projections/measure"
)

// A State is what the gauges show, as counted at one moment.
type State struct {
	Head             int64 // position of the last entry
	Position         int64 // what the views reflect
	Behind           time.Duration
	Stopped          bool // an event stopped the views
	ClockRegressions int64
	CalendarUntil    time.Time
	Now              time.Time
	Units            map[string]bool // the closed set of units
	Tally            projections.Tally
	Figures          []measure.Figure // M1 to M3, of all time, by unit
}

// unit returns code as a label.
func (s *State) unit(code string) string {
	switch {
	case code == "":
		return "district" // restricted, or nobody's
	case s.Units[code]:
		return code
	}
	return "other"
}

// district collects what Set was told.
type district struct{ m *Metrics }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	headDesc       = desc("xinfang_ledger_head_position", "Position of the last entry of the ledger.")
	storeDesc      = desc("xinfang_ledger_store_up", "1 while the store takes entries.", "backend")
	regressDesc    = desc("xinfang_ledger_clock_regressions_total", "Times the clock of this machine ran backwards under the ledger.")
	positionDesc   = desc("xinfang_projection_position", "Position that the views reflect.", "projection")
	lagDesc        = desc("xinfang_projection_lag_events", "Entries that the views do not reflect yet.", "projection")
	lagTimeDesc    = desc("xinfang_projection_lag_seconds", "How long the views have been behind.", "projection")
	stoppedDesc    = desc("xinfang_projection_stopped", "1 if an event stopped the views.", "projection")
	calendarDesc   = desc("xinfang_calendar_covered_until_timestamp_seconds", "First day of which the calendar of working days knows nothing.")
	openDesc       = desc("xinfang_cases_open", "Open cases.", "unit", "state")
	overdueDesc    = desc("xinfang_overdue_cases", "Open cases with a clock that has run out.", "clock", "tier", "unit")
	oldestDesc     = desc("xinfang_oldest_overdue_seconds", "How long the longest overdue clock has run out.", "unit", "tier")
	soonDesc       = desc("xinfang_cases_due_soon", "Open cases with a clock that runs out within the window.", "window", "tier")
	registeredDesc = desc("xinfang_cases_registered_total", "Cases, by how they came.", "channel", "class", "first")
	lateDesc       = desc("xinfang_late_entries_total", "Late entries (补录); curing ones claim a due date that they missed.", "unit", "curing")
	objectionDesc  = desc("xinfang_objections_total", "Objections of units.", "unit", "result")
	correctDesc    = desc("xinfang_corrections_total", "Corrections of entries (更正).")
	repeatDesc     = desc("xinfang_repeat_total", "Cases that repeat an earlier one.")
	opinionDesc    = desc("xinfang_satisfaction", "Evaluations, by who was evaluated.", "subject", "grade")
	handlingDesc   = desc("xinfang_handling_duration_seconds", "From acceptance to closing.", "class")
	dueDesc        = desc("xinfang_clock_due", "Clocks that have fallen due (denominator).", "clock", "tier", "unit")
	metDesc        = desc("xinfang_clock_met", "Of those, met in time (numerator).", "clock", "tier", "unit")
	missedDesc     = desc("xinfang_clock_missed", "Of those, missed.", "clock", "tier", "unit")
	notDueDesc     = desc("xinfang_clock_not_due", "Clocks that have not fallen due yet.", "clock", "tier", "unit")
)

// Describe implements prometheus.Collector.
func (district) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range slices.Concat(replicaDescs, notaryDescs) {
		ch <- d
	}
	for _, d := range []*prometheus.Desc{headDesc, storeDesc, regressDesc, positionDesc, lagDesc, lagTimeDesc, stoppedDesc, calendarDesc,
		openDesc, overdueDesc, oldestDesc, soonDesc, registeredDesc, lateDesc, objectionDesc, correctDesc, repeatDesc, opinionDesc, handlingDesc, dueDesc, metDesc, missedDesc, notDueDesc} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (d district) Collect(ch chan<- prometheus.Metric) {
	d.m.mu.RLock()
	s, replica, notary := d.m.state, d.m.replica, d.m.notary
	d.m.mu.RUnlock()
	gauge := func(desc *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
	}
	count := func(desc *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, v, labels...)
	}
	if notary != nil {
		notary().collect(gauge)
	}
	if replica != nil {
		replica().collect(gauge)
	} else {
		gauge(storeDesc, 1, "segment")
	}
	if s == nil {
		return
	}
	gauge(headDesc, float64(s.Head))
	count(regressDesc, float64(s.ClockRegressions))
	gauge(positionDesc, float64(s.Position), "cases")
	gauge(lagDesc, float64(s.Head-s.Position), "cases")
	gauge(lagTimeDesc, s.Behind.Seconds(), "cases")
	gauge(stoppedDesc, truth(s.Stopped), "cases")
	gauge(calendarDesc, float64(s.CalendarUntil.Unix()))
	count(correctDesc, float64(s.Tally.Corrected))
	s.cases(gauge, count)
	s.opinions(gauge)
	s.handling(ch)
	s.clocks(gauge)
}

// A put sends one number.
type put func(desc *prometheus.Desc, v float64, labels ...string)

// cases sends what the views count. Units outside the closed set fall together,
// so their numbers are added up first.
func (s *State) cases(gauge, count put) {
	open, overdue, oldest := sums{}, sums{}, sums{}
	for _, stage := range petition.Stages() {
		if stage.Open() {
			open.add(0, "district", string(stage)) // so that a stage nobody is at shows 0
		}
	}
	for _, c := range s.Tally.Open {
		open.add(float64(c.N), s.unit(c.Unit), string(c.Stage))
	}
	for _, c := range s.Tally.Overdue {
		overdue.add(float64(c.N), strings.ToLower(string(c.Clock)), string(c.Tier), s.unit(c.Unit))
		oldest.max(s.Now.Sub(c.Oldest).Seconds(), s.unit(c.Unit), string(c.Tier))
	}
	open.send(gauge, openDesc)
	overdue.send(gauge, overdueDesc)
	oldest.send(gauge, oldestDesc)
	for _, c := range s.Tally.Soon {
		gauge(soonDesc, float64(c.N), strconv.Itoa(c.Days)+"d", string(c.Tier))
	}
	registered, late, returned := sums{}, sums{}, sums{}
	repeats := 0
	for _, c := range s.Tally.Registered {
		if c.Repeat {
			repeats += c.N
		}
		registered.add(float64(c.N), word(string(c.Channel)), word(string(c.Class)), strconv.FormatBool(!c.Repeat))
	}
	for _, c := range s.Tally.Late {
		late.add(float64(c.Curing), s.unit(c.Unit), "true")
		late.add(float64(c.Others), s.unit(c.Unit), "false")
		returned.add(float64(c.Returns), s.unit(c.Unit), "upheld")
	}
	count(repeatDesc, float64(repeats))
	registered.send(count, registeredDesc)
	late.send(count, lateDesc)
	returned.send(count, objectionDesc)
}

// opinions sends evaluations, those that nobody gave as 0.
func (s *State) opinions(gauge put) {
	for _, of := range petition.Judges() {
		for _, grade := range petition.Grades() {
			gauge(opinionDesc, float64(s.Tally.Satisfaction[projections.Opinion{Of: of, Grade: grade}]), string(of), string(grade))
		}
	}
}

// handling sends how long cases took.
func (s *State) handling(ch chan<- prometheus.Metric) {
	for class, d := range s.Tally.Handling {
		buckets := make(map[float64]uint64, len(d.Within))
		for i, days := range projections.HandlingDays {
			buckets[float64(days)*(24*time.Hour).Seconds()] = uint64(d.Within[i])
		}
		ch <- prometheus.MustNewConstHistogram(handlingDesc, uint64(d.N), d.Sum.Seconds(), buckets, word(string(class)))
	}
}

// clockOf says which clock a measure is the rate of.
var clockOf = map[measure.ID]string{measure.M1: "c2", measure.M2: "c4", measure.M3: "c6"}

// clocks sends numerators and denominators, of the district as "all".
func (s *State) clocks(gauge put) {
	due, met, missed, notDue := sums{}, sums{}, sums{}, sums{}
	for _, f := range s.Figures {
		clock, ok := clockOf[f.Measure]
		if !ok || f.Rate == nil {
			continue
		}
		unit := f.Unit
		if unit != measure.All {
			unit = s.unit(unit)
		}
		due.add(float64(f.Den), clock, string(f.Tier), unit)
		met.add(float64(f.Num), clock, string(f.Tier), unit)
		missed.add(float64(f.Den-f.Num), clock, string(f.Tier), unit)
		notDue.add(float64(f.NotYetDue), clock, string(f.Tier), unit)
	}
	due.send(gauge, dueDesc)
	met.send(gauge, metDesc)
	missed.send(gauge, missedDesc)
	notDue.send(gauge, notDueDesc)
}

// word returns a label for a value that may be missing.
func word(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

// sums adds up numbers by their labels.
type sums map[string]float64

const between = "\x1f"

func (s sums) add(v float64, labels ...string) { s[strings.Join(labels, between)] += v }

func (s sums) max(v float64, labels ...string) {
	key := strings.Join(labels, between)
	s[key] = max(s[key], v)
}

func (s sums) send(to put, desc *prometheus.Desc) {
	for key, v := range s {
		to(desc, v, strings.Split(key, between)...)
	}
}
