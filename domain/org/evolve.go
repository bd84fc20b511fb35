package org

import (
	"time"

	"xinfang/domain/ledger"
)

// Evolve changes d by e, in place, and returns it; of a nil d it makes a new
// directory. The work is in proportion to the posts of the officer that the
// event is about, and never to the whole directory, but for the end of a unit,
// which looks at every unit and at its own posts.
func Evolve(d *Directory, e Event, _ ledger.Meta) *Directory {
	if d == nil {
		d = new(Directory)
	}
	if d.units == nil {
		d.units = make(map[string]Unit)
		d.officers = make(map[string]Officer)
		d.held = make(map[string][]int)
		d.staff = make(map[string][]int)
		d.leaves = make(map[string][]span)
	}
	switch e := e.(type) {
	case UnitCreated:
		d.units[e.Unit] = Unit{Code: e.Unit, Name: ledger.Text(e.Name), Kind: e.Kind, Parent: e.Parent, From: e.From}
	case UnitRenamed:
		u := d.units[e.Unit]
		u.Name = ledger.Text(e.Name)
		d.units[e.Unit] = u
	case UnitMerged:
		d.end(e.Unit, e.Successor, e.At)
	case UnitAbolished:
		d.end(e.Unit, e.Successor, e.At)
	case OfficerAppointed:
		d.officers[e.Officer] = Officer{e.Officer, e.Name}
		d.held[e.Officer] = append(d.held[e.Officer], len(d.posts))
		d.staff[e.Unit] = append(d.staff[e.Unit], len(d.posts))
		d.posts = append(d.posts, Post{
			Officer: e.Officer, Unit: e.Unit, Title: e.Title, Role: e.Role, Head: e.Head,
			From: e.From, To: d.units[e.Unit].To, // a post ends with its unit
		})
	case OfficerLeft:
		for _, i := range d.held[e.Officer] {
			if p := &d.posts[i]; p.Unit == e.Unit && p.Title == e.Title && p.at(e.At) {
				p.To = e.At
			}
		}
	case OfficerRenamed:
		d.officers[e.Officer] = Officer{e.Officer, e.Name}
	case LeaveStarted:
		d.leaves[e.Officer] = append(d.leaves[e.Officer], span{from: e.From})
	case LeaveEnded:
		if all := d.leaves[e.Officer]; len(all) > 0 {
			all[len(all)-1].to = e.At
		}
	}
	return d
}

// end ends a unit and its posts, and puts the units below it under successor.
// If successor was itself below the unit, the branch it is on moves up to the
// unit's parent instead, so that nothing is ever above itself.
func (d *Directory) end(code, successor string, at time.Time) {
	for below, u := range d.units {
		if u.Parent != code {
			continue
		}
		if below == successor || d.Above(below, successor) {
			u.Parent = d.units[code].Parent
		} else {
			u.Parent = successor
		}
		d.units[below] = u
	}
	u := d.units[code]
	u.To, u.Successor = at, successor
	d.units[code] = u
	for _, i := range d.staff[code] {
		if p := &d.posts[i]; p.To.IsZero() || p.To.After(at) {
			p.To = at
		}
	}
}
