package org

import (
	"fmt"
	"slices"
	"time"

	"xinfang/domain/ledger"
)

// Decide says what c leads to, given the directory d, which it does not change.
//
// A command that asks for what is already so leads to nothing and is not an
// error. A command that may not be carried out is a [*ledger.Refusal]. Who may
// ask is for the caller: the directory has to be written before anyone in it can
// hold a post.
func Decide(d *Directory, c Command, _ ledger.Meta) ([]Event, error) {
	switch c := c.(type) {
	case CreateUnit:
		return d.createUnit(c)
	case RenameUnit:
		return d.renameUnit(c)
	case MergeUnit:
		return d.endUnit(c.Unit, c.Successor, c.At, func(at time.Time) Event { return UnitMerged{c.Unit, c.Successor, at} })
	case AbolishUnit:
		return d.endUnit(c.Unit, c.Successor, c.At, func(at time.Time) Event { return UnitAbolished{c.Unit, c.Successor, at} })
	case AppointOfficer:
		return d.appointOfficer(c)
	case LeavePost:
		return d.leavePost(c)
	case RenameOfficer:
		return d.renameOfficer(c)
	case StartLeave:
		return d.startLeave(c)
	case EndLeave:
		return d.endLeave(c)
	}
	panic(fmt.Sprintf("org: unknown command %T", c))
}

func (d *Directory) createUnit(c CreateUnit) ([]Event, error) {
	if err := check(code(c.Code, "单位代码", "unit code"), unitName(c.Name)); err != nil {
		return nil, err
	}
	from, err := instant(c.From)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(Kinds, c.Kind) {
		return nil, refuse(ledger.Invalid, "ERR_UNIT_KIND", "没有这种机构类别", "there is no such kind of unit")
	}
	if u, ok := d.Unit(c.Code); ok {
		if u.Name == c.Name && u.Kind == c.Kind && u.Parent == c.Parent && u.From.Equal(from) {
			return nil, nil
		}
		return nil, refuse(ledger.Conflict, "ERR_UNIT_EXISTS",
			"单位代码 %s 已被使用；代码不得重复使用", "unit code %s is taken; codes are never used again", c.Code)
	}
	if c.Parent != "" {
		if err := d.checkActive(c.Parent, from); err != nil {
			return nil, err
		}
	}
	return []Event{UnitCreated{c.Code, Name(c.Name), c.Kind, c.Parent, from}}, nil
}

func (d *Directory) renameUnit(c RenameUnit) ([]Event, error) {
	if err := unitName(c.Name); err != nil {
		return nil, err
	}
	at, err := instant(c.At)
	if err != nil {
		return nil, err
	}
	if err := d.checkActive(c.Unit, at); err != nil {
		return nil, err
	}
	if u, _ := d.Unit(c.Unit); u.Name == c.Name {
		return nil, nil
	}
	return []Event{UnitRenamed{c.Unit, Name(c.Name), at}}, nil
}

// endUnit leads to the event of the unit's end, in favour of successor.
func (d *Directory) endUnit(unit, successor string, at time.Time, event func(at time.Time) Event) ([]Event, error) {
	at, err := instant(at)
	if err != nil {
		return nil, err
	}
	if u, ok := d.Unit(unit); ok && u.Successor == successor && u.To.Equal(at) {
		return nil, nil
	}
	if err := d.checkActive(unit, at); err != nil {
		return nil, err
	}
	switch successor {
	case "":
		return nil, &ledger.Refusal{Kind: ledger.Invalid, Code: "ERR_SUCCESSOR_REQUIRED", Article: "信访工作条例第24条", Text: ledger.Text{
			ZH: "单位撤并须指明继续行使其职权的单位",
			EN: "name the unit that carries on the duties of the unit that ends",
		}}
	case unit:
		return nil, &ledger.Refusal{Kind: ledger.Invalid, Code: "ERR_SUCCESSOR_SELF", Article: "信访工作条例第24条", Text: ledger.Text{
			ZH: "单位不能由自己承继",
			EN: "a unit cannot be its own successor",
		}}
	}
	if err := d.checkActive(successor, at); err != nil {
		return nil, err
	}
	for _, u := range d.units {
		if u.Successor == unit && !u.To.Before(at) {
			return nil, refuse(ledger.Conflict, "ERR_TIME_ORDER",
				"单位 %s 当时或其后才承继 %s 的职权，不能在此之前撤并",
				"unit %s took over from %s at that instant or later and cannot end before", unit, u.Code)
		}
	}
	return []Event{event(at)}, nil
}

func (d *Directory) appointOfficer(c AppointOfficer) ([]Event, error) {
	if err := check(code(c.Officer, "工号", "officer number"), text(c.Title, "岗位", "title of the post")); err != nil {
		return nil, err
	}
	from, err := instant(c.From)
	if err != nil {
		return nil, err
	}
	switch {
	case c.Officer == SystemOfficer || c.Role == System:
		return nil, refuse(ledger.Invalid, "ERR_SYSTEM_RESERVED",
			"“系统”不是人员，不能任命", "the system is not a person and cannot be appointed")
	case !slices.Contains(Roles, c.Role):
		return nil, refuse(ledger.Invalid, "ERR_ROLE", "没有这种角色", "there is no such role")
	}
	switch o, known := d.Officer(c.Officer); {
	case known && c.Name == "":
		c.Name = o.Name
	case known && c.Name != o.Name:
		return nil, refuse(ledger.Conflict, "ERR_OFFICER_NUMBER_TAKEN",
			"工号 %s 已属于另一姓名；如系改名，请先登记姓名变更",
			"officer number %s belongs to another name; if he changed it, record that first", c.Officer)
	}
	if err := text(c.Name, "姓名", "name of the officer"); err != nil {
		return nil, err
	}
	if err := d.checkActive(c.Unit, from); err != nil {
		return nil, err
	}
	for _, p := range d.appointments(c.Officer) {
		switch {
		case p.Unit != c.Unit || p.Title != c.Title || p.Role != c.Role:
		case !p.To.IsZero() && (!p.To.After(from) || !p.To.After(p.From)): // over by then, or never taken up
		case p.From.Equal(from) && p.Head == c.Head:
			return nil, nil
		default:
			return nil, refuse(ledger.Conflict, "ERR_POST_HELD",
				"%s 在此期间已任单位 %s 的该岗位", "officer %s holds that post of unit %s in that time already", c.Officer, c.Unit)
		}
	}
	return []Event{OfficerAppointed{c.Officer, c.Name, c.Unit, c.Title, c.Role, c.Head, from}}, nil
}

// appointments returns every post that officer ever held.
func (d *Directory) appointments(officer string) (posts []Post) {
	if d != nil {
		for _, i := range d.held[officer] {
			posts = append(posts, d.posts[i])
		}
	}
	return posts
}

func (d *Directory) leavePost(c LeavePost) ([]Event, error) {
	at, err := instant(c.At)
	if err != nil {
		return nil, err
	}
	if _, ok := d.Officer(c.Officer); !ok {
		return nil, unknownOfficer(c.Officer)
	}
	left := false
	for _, p := range d.appointments(c.Officer) {
		if p.Unit == c.Unit && p.Title == c.Title {
			if p.at(at) {
				return []Event{OfficerLeft{c.Officer, c.Unit, c.Title, at}}, nil
			}
			left = left || p.To.Equal(at)
		}
	}
	if left {
		return nil, nil
	}
	return nil, refuse(ledger.Conflict, "ERR_POST_NOT_HELD",
		"%s 在该时刻未任单位 %s 的该岗位", "officer %s did not hold that post of unit %s at that instant", c.Officer, c.Unit)
}

func (d *Directory) renameOfficer(c RenameOfficer) ([]Event, error) {
	if err := text(c.Name, "姓名", "name of the officer"); err != nil {
		return nil, err
	}
	o, ok := d.Officer(c.Officer)
	switch {
	case !ok:
		return nil, unknownOfficer(c.Officer)
	case o.Name == c.Name:
		return nil, nil
	}
	return []Event{OfficerRenamed(c)}, nil
}

func (d *Directory) startLeave(c StartLeave) ([]Event, error) {
	from, err := instant(c.From)
	if err != nil {
		return nil, err
	}
	if _, ok := d.Officer(c.Officer); !ok {
		return nil, unknownOfficer(c.Officer)
	}
	for _, l := range d.leaves[c.Officer] {
		switch {
		case l.to.IsZero() && l.from.Equal(from):
			return nil, nil
		case l.to.IsZero() || l.to.After(from):
			return nil, refuse(ledger.Conflict, "ERR_ON_LEAVE",
				"%s 已登记离岗至该时刻之后，请先登记返岗",
				"officer %s is on leave beyond that instant already; record his return first", c.Officer)
		}
	}
	return []Event{LeaveStarted{c.Officer, from}}, nil
}

func (d *Directory) endLeave(c EndLeave) ([]Event, error) {
	at, err := instant(c.At)
	if err != nil {
		return nil, err
	}
	if _, ok := d.Officer(c.Officer); !ok {
		return nil, unknownOfficer(c.Officer)
	}
	all := d.leaves[c.Officer]
	if len(all) > 0 && all[len(all)-1].to.Equal(at) {
		return nil, nil
	}
	if len(all) == 0 || !all[len(all)-1].to.IsZero() {
		return nil, refuse(ledger.Conflict, "ERR_NOT_ON_LEAVE", "%s 未在离岗期间", "officer %s is not on leave", c.Officer)
	}
	if !at.After(all[len(all)-1].from) {
		return nil, refuse(ledger.Invalid, "ERR_TIME_ORDER",
			"%s 的返岗时间须晚于离岗时间", "officer %s comes back after he leaves, not before", c.Officer)
	}
	return []Event{LeaveEnded{c.Officer, at}}, nil
}

func (d *Directory) checkActive(unit string, at time.Time) error {
	if _, ok := d.Unit(unit); !ok {
		return unknownUnit(unit)
	}
	if !d.Active(unit, at) {
		return inactiveUnit(unit)
	}
	return nil
}
