package petition

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

// State is as much of a case's history as [Decide] needs and no more. What
// people want to see is the business of package casefile. The nil *State is the
// case that does not exist.
//
// A State has one owner: [Evolve] changes it in place.
type State struct {
	Stage   Stage
	Number  string
	Subject uuid.UUID // the petitioner's key in the vault

	// Where it is. All are unit codes.
	Holder    string // who has it now; while it is on its way, the sender
	Sender    string // who sent it last
	Addressee string // to whom
	Officer   string // number of the officer responsible (责任人); "" for nobody
	Review    string // organ asked to review what stands
	Recheck   string // organ asked to re-check that

	Class      Class
	Path       Path
	Restricted bool
	Accused    []Accused

	direct     bool
	claims     int
	accepted   time.Time
	links      []string // numbers of earlier cases it was linked to
	excluded   []string // grounds on which it is left out of the figures
	erased     bool
	units      map[string]bool // that have had to do with it
	handlers   map[string]bool // officers who have handled it
	recused    map[string]bool
	told       map[Notice]bool // what there has been to tell the petitioner
	supervised []supervision
	evaluation map[Judged]evaluation
	clocks     []law.Clock // the latest of each, in the order of their first start

	// Of the handling that is going on, or went on last.
	request     *extension
	extended    int // calendar days granted
	progress    int
	evidence    int
	supported   bool // some claim was
	opinion     bool // there is an opinion that can be reviewed (处理意见)
	unreachable bool // it cannot be served
	closed      bool
	reviewed    bool     // it was reviewed, and stands
	reviewers   []string // who decided that
	reviewTold  bool     // and the petitioner has the outcome
	heard       law.Date // last day of the last hearing

	// What was entered, for corrections.
	entries map[uuid.UUID]entry
	turn    uuid.UUID // what brought the case to its stage
	command uuid.UUID // the last one, and how many events it has led to so far
	index   int
}

// An extension is a request that waits for an answer.
type extension struct{ by string }

// A supervision demands an answer of a unit (督办).
type supervision struct {
	no, unit, by string
	open         bool
}

// An evaluation is open, or was (评价).
type evaluation struct {
	open  bool
	clock law.Clock
}

// newState returns the state of the empty stream, ready to be changed.
func newState() *State {
	return &State{
		units:      make(map[string]bool),
		handlers:   make(map[string]bool),
		recused:    make(map[string]bool),
		told:       make(map[Notice]bool),
		evaluation: make(map[Judged]evaluation),
		entries:    make(map[uuid.UUID]entry),
	}
}

// clock returns the last clock of id.
func (s *State) clock(id law.ClockID) (law.Clock, bool) {
	for _, c := range slices.Backward(s.clocks) {
		if c.ID == id {
			return c, true
		}
	}
	return law.Clock{}, false
}

// set adds clocks, each in place of the one that it is a new reckoning of.
func (s *State) set(clocks ...law.Clock) {
	for _, c := range clocks {
		i := slices.IndexFunc(s.clocks, func(old law.Clock) bool { return old.ID == c.ID && old.Start.Equal(c.Start) })
		if i < 0 {
			s.clocks = append(s.clocks, c)
		} else {
			s.clocks[i] = c
		}
	}
}

// due returns the first instant after c: by law, or as far as the law has no
// number, by the district's own. The zero time if neither has.
func due(c law.Clock) time.Time {
	for _, t := range law.Tiers {
		if l := c.Limit(t); l != nil {
			return l.Due
		}
	}
	return time.Time{}
}

// restart begins the handling, for the first time or anew: what was done before
// came to nothing.
func (s *State) restart() {
	s.Stage = Handling
	s.Review, s.Recheck = "", ""
	s.request, s.extended, s.progress, s.evidence = nil, 0, 0, 0
	s.supported, s.opinion, s.unreachable, s.closed = false, false, false, false
	s.reviewed, s.reviewers, s.reviewTold, s.heard = false, nil, false, law.Date{}
	s.clocks = slices.DeleteFunc(s.clocks, func(c law.Clock) bool { return c.ID == law.C8 || c.ID == law.C10 })
	maps.DeleteFunc(s.evaluation, func(_ Judged, e evaluation) bool { return !e.open })
}

// procedural reports whether the case is a matter of the petition procedure
// proper (Art.31(6)): only then are there sixty days and a review. What was
// imported without a class is taken for one.
func (s *State) procedural() bool {
	return s.Class == "" || s.Class == Claiming && (s.Path == "" || s.Path == PathPetition)
}

// accuses reports whether the case names the officer.
func (s *State) accuses(officer string) bool {
	return officer != "" && slices.ContainsFunc(s.Accused, func(a Accused) bool { return a.Officer == officer })
}

// supervision returns where the open supervision of that number is, -1 if there
// is none.
func (s *State) supervision(no string) int {
	return slices.IndexFunc(s.supervised, func(v supervision) bool { return v.no == no && v.open })
}

// handled notes who has handled the case: who acted, for whom, and others.
func (s *State) handled(m ledger.Meta, others ...string) {
	for _, o := range append([]string{m.Actor.Officer, m.BehalfOf}, others...) {
		if o != "" {
			s.handlers[o] = true
		}
	}
}

// involve notes units that have to do with the case.
func (s *State) involve(units ...string) {
	for _, u := range units {
		if u != "" {
			s.units[u] = true
		}
	}
}

// next returns the identity of the event that m is of, which [ledger.EventID]
// makes of the command and of how many events it led to before.
func (s *State) next(m ledger.Meta) uuid.UUID {
	if m.Command == s.command {
		s.index++
	} else {
		s.command, s.index = m.Command, 0
	}
	return ledger.EventID(m.Command, s.index)
}
