package casefile

import (
	"time"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// What an imported case (导入) is worth. It has the facts that its source has, and
// a clock is met by one of them or not at all:
//
//	C1 登记  the registration
//	C2 转送  the dispatch
//	C6 办结  the closing
//
// A source that does not say when something was done does not say that it was
// not done. So a clock is void, not missed, if the source lacks the fact that
// would meet it, but has one that comes after it: the case went on past it. C1
// is void without the fact in any case, for what stands in a register was
// registered. Otherwise the clock runs.
//
// Whoever held the case before the first date that the source gives to its unit
// is not known, and stays "". Notices are not owed for what was before.

// take folds in the case as its source has it.
func (f *File) take(a *act, e petition.CaseImported) {
	f.Import = &e
	f.Number, f.Channel, f.Class, f.Petitioner = e.Number, e.Channel, e.Class, e.Petitioner
	f.Summary, f.Category, f.Headcount, f.Result = e.Summary, e.Category, e.Headcount, e.Outcome
	f.Received, f.Registered, f.Dispatched, f.Accepted = e.Received, e.Registered, e.Dispatched, e.Accepted
	f.Replied, f.Served, f.Closed = e.Replied, e.Served, e.Closed
	f.marks[received] = stamp{a.id, true}
	f.Stage, f.addressee = stageOf(e), e.Unit
	f.Restricted = e.Class == petition.Accusation

	for _, c := range e.Clocks {
		who := holder{}
		if c.ID == law.C6 {
			who.unit = e.Unit
		}
		f.start(a, who, "", c)
	}
	f.conclude(a, law.C1, e.Registered, true)
	f.conclude(a, law.C2, e.Dispatched, has(e.Accepted, e.Replied, e.Served, e.Closed))
	f.conclude(a, law.C6, e.Closed, has(e.Replied, e.Served))

	f.takeHolders(a, e)
}

// conclude meets clock id at met, if the source has that, and makes it void if
// the case went past it.
func (f *File) conclude(a *act, id law.ClockID, met time.Time, past bool) {
	switch {
	case !met.IsZero():
		f.meet(moment{met, stamp{entry: a.id}}, id)
	case past:
		f.void(id)
	}
}

// takeHolders folds in who held the case, as far as the source says.
func (f *File) takeHolders(a *act, e petition.CaseImported) {
	from := first(e.Received, e.Registered, e.Dispatched, e.Accepted)
	if from.IsZero() {
		f.handler = holder{unit: e.Unit}
		f.restore()
		return
	}
	stage := f.Stage
	f.Stage = petition.None // not known for the time before the import
	if given := first(e.Dispatched, e.Accepted); !given.IsZero() {
		f.hold(a, moment{from, f.marks[received]}, "", "")
		from = later(from, given)
	}
	f.hold(a, moment{from, f.marks[received]}, e.Unit, "")
	f.Stage = stage
	if !f.Closed.IsZero() {
		f.release(moment{f.Closed, stamp{entry: a.id}})
	}
}

// stageOf returns how far the case has come by its facts.
func stageOf(e petition.CaseImported) petition.Stage {
	switch {
	case !e.Closed.IsZero():
		return petition.Closed
	case !e.Served.IsZero():
		return petition.Served
	case !e.Replied.IsZero():
		return petition.Replied
	case !e.Accepted.IsZero():
		return petition.Handling
	case !e.Dispatched.IsZero():
		return petition.Dispatched
	case !e.Registered.IsZero() && e.Class != "":
		return petition.Classified
	case !e.Registered.IsZero():
		return petition.Registered
	}
	return petition.Received
}

// first returns the first of times that the source has.
func first(times ...time.Time) time.Time {
	for _, t := range times {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

func has(times ...time.Time) bool { return !first(times...).IsZero() }
