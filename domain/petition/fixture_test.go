package petition

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
)

// A district: the city above its government, and below that a bureau, two
// departments, a street, a discipline organ and a conference office.
var (
	registrar  = actor("B1", "bureau", org.Registrar)
	dispatcher = actor("B2", "bureau", org.Dispatcher)
	leader     = actor("B9", "bureau", org.BureauLeader)
	clerk      = actor("H1", "housing", org.UnitClerk)
	handler    = actor("H2", "housing", org.Handler)
	colleague  = actor("H3", "housing", org.Handler)
	chief      = actor("H9", "housing", org.UnitHead)
	labour     = actor("L1", "labour", org.UnitClerk)
	street     = actor("S1", "street", org.Street)
	government = actor("G1", "government", org.Reviewer)
	mayor      = actor("G9", "government", org.UnitHead)
	city       = actor("C1", "city", org.Reviewer)
	inspector  = actor("D1", "discipline", org.Inspector)
	admin      = actor("A1", "bureau", org.Admin)
	program    = ledger.Actor{Officer: org.SystemOfficer, Role: string(org.System)}
	stranger   = actor("X1", "housing", org.Handler) // holds no post
)

func actor(officer, unit string, role org.Role) ledger.Actor {
	return ledger.Actor{Officer: officer, Unit: unit, Post: string(role), Role: string(role)}
}

var directory = func() *org.Directory {
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	var d *org.Directory
	do := func(e org.Event) { d = org.Evolve(d, e, ledger.Meta{}) }
	for _, u := range []org.UnitCreated{
		{Unit: "city", Kind: org.KindGovernment},
		{Unit: "government", Kind: org.KindGovernment, Parent: "city"},
		{Unit: "bureau", Kind: org.KindBureau, Parent: "government"},
		{Unit: "housing", Kind: org.KindDepartment, Parent: "government"},
		{Unit: "labour", Kind: org.KindDepartment, Parent: "government"},
		{Unit: "street", Kind: org.KindStreet, Parent: "government"},
		{Unit: "discipline", Kind: org.KindDiscipline, Parent: "government"},
		{Unit: "old-housing", Kind: org.KindDepartment, Parent: "government"},
	} {
		u.From = from
		do(u)
	}
	for _, a := range []ledger.Actor{registrar, dispatcher, leader, clerk, handler, colleague, chief, labour, street,
		government, mayor, city, inspector, admin} {
		do(org.OfficerAppointed{Officer: a.Officer, Unit: a.Unit, Title: a.Post, Role: org.Role(a.Role),
			Head: org.Role(a.Role) == org.UnitHead, From: from})
	}
	do(org.UnitMerged{Unit: "old-housing", Successor: "housing", At: from.AddDate(1, 0, 0)})
	return d
}()

var world = World{Calendar: law.Embedded(), Rules: law.Default(), Directory: directory}

// dawn is when every history begins: a Monday without holidays near.
var dawn = time.Date(2025, 9, 1, 9, 0, 0, 0, law.Shanghai).UTC()

// A step is one command in a history. Unless it says otherwise it happens an hour
// after the one before, is recorded at once, and what comes in has just been
// received.
type step struct {
	by   ledger.Actor
	do   Command
	meta func(*ledger.Meta) // may set anything; nil for nothing
	at   time.Time          // when it happened
	now  time.Time          // when it was recorded
	in   *World             // nil for world
}

// A history is a case that has come some way.
type history []step

// then returns the history with one more step.
func (h history) then(by ledger.Actor, do Command, meta ...func(*ledger.Meta)) history {
	return append(h[:len(h):len(h)], step{by: by, do: do, meta: all(meta)})
}

// on is then, at a time of its own.
func (h history) on(at time.Time, by ledger.Actor, do Command, meta ...func(*ledger.Meta)) history {
	return append(h[:len(h):len(h)], step{by: by, do: do, meta: all(meta), at: at})
}

func all(fs []func(*ledger.Meta)) func(*ledger.Meta) {
	return func(m *ledger.Meta) {
		for _, f := range fs {
			f(m)
		}
	}
}

func approvedBy(a ledger.Actor) func(*ledger.Meta) {
	return func(m *ledger.Meta) { m.Approver, m.Reason = a.Officer, "because" }
}

func behalf(of ledger.Actor) func(*ledger.Meta) {
	return func(m *ledger.Meta) { m.BehalfOf = of.Officer }
}

func because(reason string) func(*ledger.Meta) { return func(m *ledger.Meta) { m.Reason = reason } }

func receivedAt(t time.Time) func(*ledger.Meta) { return func(m *ledger.Meta) { m.Received = t } }

// A play is a history being carried out.
type play struct {
	state  *State
	events []Event
	last   time.Time
	n      uint64
}

// ask puts one step to the case. Nothing changes if it is refused.
func (p *play) ask(st step) ([]Event, ledger.Meta, error) {
	p.n++
	m := ledger.Meta{Command: commandID(p.n), Actor: st.by, Occurred: st.at}
	if m.Occurred.IsZero() {
		m.Occurred = p.last.Add(time.Hour)
	}
	switch plain(st.do).(type) {
	case ReceivePetition, ReceiveDispatch, RequestReview, RequestRecheck:
		m.Received = m.Occurred
	default:
	}
	if st.meta != nil {
		st.meta(&m)
	}
	now := st.now
	if now.IsZero() {
		now = m.Occurred
	}
	in := world
	if st.in != nil {
		in = *st.in
	}
	events, err := Decide(p.state, Act{st.do, now, in}, m)
	if err != nil || len(events) == 0 {
		return events, m, err
	}
	for _, e := range events {
		p.state = Evolve(p.state, e, stamp(e, m))
	}
	p.events = append(p.events, events...)
	p.last = m.Occurred
	return events, m, nil
}

// run carries out h from the beginning.
func (h history) run(t *testing.T) *play {
	t.Helper()
	p := &play{last: dawn.Add(-time.Hour)}
	for _, st := range h {
		if _, _, err := p.ask(st); err != nil {
			t.Fatalf("given: %T: %v", st.do, err)
		}
	}
	return p
}

func commandID(n uint64) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, binary.BigEndian.AppendUint64(nil, n))
}

// bare returns events without their clocks, and the clocks as people read them:
// what ends on which day by law / in the district.
func bare(events []Event) (stripped []Event, clocks string) {
	var lines []string
	add := func(c law.Clock) {
		lines = append(lines, fmt.Sprintf("%s %s/%s", c.ID, lastDay(c.Statutory), lastDay(c.District)))
	}
	for _, e := range events {
		v := reflect.New(reflect.TypeOf(e)).Elem()
		v.Set(reflect.ValueOf(e))
		for i := range v.NumField() {
			switch c := v.Field(i).Interface().(type) {
			case []law.Clock:
				for _, one := range c {
					add(one)
				}
			case law.Clock:
				add(c)
			case *law.Clock:
				if c != nil {
					add(*c)
				}
			default:
				continue
			}
			v.Field(i).SetZero()
		}
		stripped = append(stripped, v.Interface().(Event))
	}
	return stripped, strings.Join(lines, ", ")
}

func lastDay(l *law.Limit) string {
	if l == nil {
		return "-"
	}
	return l.LastDay().String()
}

func day(s string) law.Date {
	d, err := law.ParseDate(s)
	if err != nil {
		panic(err)
	}
	return d
}

// noon of a day in Shanghai.
func noon(s string) time.Time { return day(s).Start().Add(12 * time.Hour).UTC() }
