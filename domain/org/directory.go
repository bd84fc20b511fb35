package org

import (
	"maps"
	"slices"
	"strings"
	"time"

	"xinfang/domain/ledger"
)

// A Unit is an organ or a part of one (机构、单位). It works over [From, To).
type Unit struct {
	Code      string
	Name      ledger.Text // as it is called now
	Kind      Kind
	Parent    string // code of the unit above it; "" for none
	From, To  time.Time
	Successor string // who carries on its duties from To; "" while it works
}

// An Officer is a person who works in the district's units (工作人员).
type Officer struct{ Number, Name string }

// A Post is a place that an officer held in a unit, in one role, over [From, To)
// (岗位).
type Post struct {
	Officer, Unit, Title string
	Role                 Role
	Head                 bool // answers for the unit (单位负责人)
	From, To             time.Time
}

// at reports whether the post was held at t.
func (p Post) at(t time.Time) bool { return within(p.From, p.To, t) }

// within reports whether t is in [from, to); a zero to is the end of time.
func within(from, to, t time.Time) bool {
	return !t.Before(from) && (to.IsZero() || t.Before(to))
}

// A Directory is who was what, when: the state of [Decider] and the read model
// of everyone else. The nil and the zero Directory are empty.
//
// Queries change nothing and may run concurrently, but not beside [Evolve]: who
// evolves a directory that others read gives them a [Directory.Clone].
type Directory struct {
	units    map[string]Unit
	officers map[string]Officer
	posts    []Post            // in order of appointment; a post's index never changes
	held     map[string][]int  // indexes into posts, by officer
	staff    map[string][]int  // the same, by unit
	leaves   map[string][]span // by officer, in order of recording; they do not overlap
}

// A span is [from, to).
type span struct{ from, to time.Time }

// Clone returns a copy that shares nothing with d.
func (d *Directory) Clone() *Directory {
	if d == nil {
		return new(Directory)
	}
	return &Directory{
		units:    maps.Clone(d.units),
		officers: maps.Clone(d.officers),
		posts:    slices.Clone(d.posts),
		held:     cloneEach(d.held),
		staff:    cloneEach(d.staff),
		leaves:   cloneEach(d.leaves),
	}
}

func cloneEach[V any](m map[string][]V) map[string][]V {
	c := make(map[string][]V, len(m))
	for k, v := range m {
		c[k] = slices.Clone(v)
	}
	return c
}

// Unit returns the unit of code, whether it still works or not.
func (d *Directory) Unit(code string) (Unit, bool) {
	if d == nil {
		return Unit{}, false
	}
	u, ok := d.units[code]
	return u, ok
}

// Units returns every unit there ever was, sorted by code.
func (d *Directory) Units() []Unit {
	if d == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(d.units), func(a, b Unit) int { return strings.Compare(a.Code, b.Code) })
}

// Officer returns the officer of number, whether he still holds a post or not.
func (d *Directory) Officer(number string) (Officer, bool) {
	if d == nil {
		return Officer{}, false
	}
	o, ok := d.officers[number]
	return o, ok
}

// Officers returns everyone who ever held a post, sorted by number.
func (d *Directory) Officers() []Officer {
	if d == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(d.officers), func(a, b Officer) int { return strings.Compare(a.Number, b.Number) })
}

// Active reports whether unit worked at that instant.
func (d *Directory) Active(unit string, at time.Time) bool {
	u, ok := d.Unit(unit)
	return ok && within(u.From, u.To, at)
}

// Acting returns the unit that had the duties of unit at that instant: unit
// itself, or the last of its successors (信访工作条例第24条). It is false if there is
// no such unit, or if unit had not begun.
func (d *Directory) Acting(unit string, at time.Time) (code string, ok bool) {
	u, ok := d.Unit(unit)
	for ok && !at.Before(u.From) {
		if within(u.From, u.To, at) {
			return u.Code, true
		}
		ended := u.To
		if u, ok = d.Unit(u.Successor); ok && !u.To.IsZero() && !u.To.After(ended) {
			break // Decide never lets a successor end first
		}
	}
	return "", false
}

// Above reports whether higher is above unit, at any number of steps. When a
// unit ends, those below it come under its successor.
func (d *Directory) Above(higher, unit string) bool {
	u, ok := d.Unit(unit)
	for steps := 0; ok && u.Parent != "" && steps < len(d.units); steps++ {
		if u.Parent == higher {
			return true
		}
		u, ok = d.Unit(u.Parent)
	}
	return false
}

// Holds reports whether the actor's officer held that very post, in that role
// and unit, at that instant. It is false for [SystemOfficer].
func (d *Directory) Holds(a ledger.Actor, at time.Time) bool {
	return d.anyPost(a.Officer, at, func(p Post) bool {
		return p.Unit == a.Unit && p.Title == a.Post && p.Role == Role(a.Role)
	})
}

// InUnit reports whether officer held any post of unit at that instant.
func (d *Directory) InUnit(officer, unit string, at time.Time) bool {
	return d.anyPost(officer, at, func(p Post) bool { return p.Unit == unit })
}

// IsHead reports whether officer was a head of unit at that instant.
func (d *Directory) IsHead(officer, unit string, at time.Time) bool {
	return d.anyPost(officer, at, func(p Post) bool { return p.Head && p.Unit == unit })
}

func (d *Directory) anyPost(officer string, at time.Time, ok func(Post) bool) bool {
	if d == nil {
		return false
	}
	for _, i := range d.held[officer] {
		if p := d.posts[i]; p.at(at) && ok(p) {
			return true
		}
	}
	return false
}

// PostsOf returns the posts that officer held at that instant, in order of
// appointment.
func (d *Directory) PostsOf(officer string, at time.Time) []Post {
	if d == nil {
		return nil
	}
	return d.heldAt(d.held[officer], at)
}

// Staff returns the posts of unit that were held at that instant, in order of
// appointment.
func (d *Directory) Staff(unit string, at time.Time) []Post {
	if d == nil {
		return nil
	}
	return d.heldAt(d.staff[unit], at)
}

func (d *Directory) heldAt(indexes []int, at time.Time) (posts []Post) {
	for _, i := range indexes {
		if d.posts[i].at(at) {
			posts = append(posts, d.posts[i])
		}
	}
	return posts
}

// Heads returns the officers who were heads of unit at that instant, sorted by
// number, each once.
func (d *Directory) Heads(unit string, at time.Time) (officers []string) {
	for _, p := range d.Staff(unit, at) {
		if p.Head {
			officers = append(officers, p.Officer)
		}
	}
	slices.Sort(officers)
	return slices.Compact(officers)
}

// OnLeave reports whether officer was away at that instant.
func (d *Directory) OnLeave(officer string, at time.Time) bool {
	return d != nil && slices.ContainsFunc(d.leaves[officer], func(s span) bool { return within(s.from, s.to, at) })
}

// UnitName returns what unit is called now, in lang ("en", or anything else for
// Chinese). It falls back to the Chinese name, and to the code.
func (d *Directory) UnitName(code, lang string) string {
	u, ok := d.Unit(code)
	if !ok {
		return code
	}
	if name := u.Name.In(lang); name != "" {
		return name
	}
	return u.Name.ZH
}

// OfficerName returns the name of the officer of number, or number.
func (d *Directory) OfficerName(number string) string {
	if o, ok := d.Officer(number); ok {
		return o.Name
	}
	return number
}
