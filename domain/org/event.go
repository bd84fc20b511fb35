package org

import (
	"time"

	"xinfang/domain/ledger"
)

// An Event is something that happened to the directory. Its instants are UTC.
//
// Events are the storage format. A field may be added if its zero value means
// "as before"; anything else needs a new event with a new name.
//
//sumtype:decl
type Event interface{ event() }

// A Name is the name of a unit as it is stored. It is a [ledger.Text] with
// names for its fields.
type Name struct {
	ZH string `json:"zh"`
	EN string `json:"en,omitempty"`
}

// UnitCreated: a unit took up its work (机构设立).
type UnitCreated struct {
	Unit   string    `json:"unit"` // its code, for good
	Name   Name      `json:"name"`
	Kind   Kind      `json:"kind"`
	Parent string    `json:"parent,omitempty"` // the unit above it (上级单位)
	From   time.Time `json:"from"`
}

// UnitRenamed: the unit goes by another name (机构更名). It is still the same
// unit, with the same code.
type UnitRenamed struct {
	Unit string    `json:"unit"`
	Name Name      `json:"name"`
	At   time.Time `json:"at"`
}

// UnitMerged: the unit became part of another (机构合并). Its posts ended with
// it, and the units below it came under the successor.
type UnitMerged struct {
	Unit      string    `json:"unit"`
	Successor string    `json:"successor"`
	At        time.Time `json:"at"`
}

// UnitAbolished: the unit ceased, and another carries on its duties (机构撤销,
// 信访工作条例第24条). Its posts ended with it, and the units below it came under
// the successor.
type UnitAbolished struct {
	Unit      string    `json:"unit"`
	Successor string    `json:"successor"`
	At        time.Time `json:"at"`
}

// OfficerAppointed: an officer took up a post in one role (任职). Someone with
// two roles in one post has two appointments.
type OfficerAppointed struct {
	Officer string    `json:"officer"`
	Name    string    `json:"name"`
	Unit    string    `json:"unit"`
	Title   string    `json:"title"`
	Role    Role      `json:"role"`
	Head    bool      `json:"head,omitempty"` // answers for the unit (单位负责人)
	From    time.Time `json:"from"`
}

// OfficerLeft: the officer left the post, in all its roles (离任).
type OfficerLeft struct {
	Officer string    `json:"officer"`
	Unit    string    `json:"unit"`
	Title   string    `json:"title"`
	At      time.Time `json:"at"`
}

// OfficerRenamed: the officer goes by another name, or the name was misspelt
// (姓名变更).
type OfficerRenamed struct {
	Officer string `json:"officer"`
	Name    string `json:"name"`
}

// LeaveStarted: the officer is away (离岗、请假). He keeps his posts.
type LeaveStarted struct {
	Officer string    `json:"officer"`
	From    time.Time `json:"from"`
}

// LeaveEnded: the officer is back (返岗).
type LeaveEnded struct {
	Officer string    `json:"officer"`
	At      time.Time `json:"at"`
}

func (UnitCreated) event()      {}
func (UnitRenamed) event()      {}
func (UnitMerged) event()       {}
func (UnitAbolished) event()    {}
func (OfficerAppointed) event() {}
func (OfficerLeft) event()      {}
func (OfficerRenamed) event()   {}
func (LeaveStarted) event()     {}
func (LeaveEnded) event()       {}

// Codec names the events in the ledger.
var Codec = ledger.NewCodec(map[string]Event{
	"org.unit-created":      UnitCreated{},
	"org.unit-renamed":      UnitRenamed{},
	"org.unit-merged":       UnitMerged{},
	"org.unit-abolished":    UnitAbolished{},
	"org.officer-appointed": OfficerAppointed{},
	"org.officer-left":      OfficerLeft{},
	"org.officer-renamed":   OfficerRenamed{},
	"org.leave-started":     LeaveStarted{},
	"org.leave-ended":       LeaveEnded{},
})
