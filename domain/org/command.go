package org

import (
	"time"

	"xinfang/domain/ledger"
)

// A Command asks for a change of the directory. Its instants may be of any time
// zone; they are recorded in UTC.
//
//sumtype:decl
type Command interface{ command() }

// CreateUnit enters a unit (设立机构). Codes are letters, digits and "-_.", of at
// most 64 bytes. The English name and the parent may be missing.
type CreateUnit struct {
	Code   string
	Name   ledger.Text
	Kind   Kind
	Parent string
	From   time.Time
}

// RenameUnit gives a unit another name (机构更名).
type RenameUnit struct {
	Unit string
	Name ledger.Text
	At   time.Time
}

// MergeUnit makes a unit part of its successor (机构合并).
type MergeUnit struct {
	Unit, Successor string
	At              time.Time
}

// AbolishUnit ends a unit. Its duties pass to the successor (机构撤销).
type AbolishUnit struct {
	Unit, Successor string
	At              time.Time
}

// AppointOfficer gives an officer a post in one role (任命). Name may be missing
// if the officer is known already.
type AppointOfficer struct {
	Officer, Name, Unit, Title string
	Role                       Role
	Head                       bool
	From                       time.Time
}

// LeavePost ends a post of an officer, in all its roles (离任).
type LeavePost struct {
	Officer, Unit, Title string
	At                   time.Time
}

// RenameOfficer gives an officer another name (姓名变更).
type RenameOfficer struct{ Officer, Name string }

// StartLeave says that an officer is away (离岗、请假).
type StartLeave struct {
	Officer string
	From    time.Time
}

// EndLeave says that an officer is back (返岗).
type EndLeave struct {
	Officer string
	At      time.Time
}

func (CreateUnit) command()     {}
func (RenameUnit) command()     {}
func (MergeUnit) command()      {}
func (AbolishUnit) command()    {}
func (AppointOfficer) command() {}
func (LeavePost) command()      {}
func (RenameOfficer) command()  {}
func (StartLeave) command()     {}
func (EndLeave) command()       {}
