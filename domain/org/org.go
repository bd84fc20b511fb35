// Package org is the directory of a district (机构人员名册): its units, its
// officers, and who held which post from when to when. It answers the first
// question of every inspection: who was it, and in what capacity, at that
// instant (谁在何时任何职).
//
// The directory is one stream, [Stream]. Read event.go for what can happen,
// command.go for what can be asked, decide.go for how the one leads to the
// other, and directory.go for what can be looked up.
//
// Nothing here is personal data of petitioners. Officers appear by number and
// name, as in the published list of any office (实名制).
//
// # Instants
//
// Everything holds over a half-open interval [From, To) of instants in UTC; a
// zero To means until further notice. Dates may lie in the past: the directory
// is often written down after the fact, and [ledger.Envelope.Recorded] shows
// when. Whoever must judge an act asks for the instant of the act.
package org

import (
	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// Category is the category of the directory's stream.
const Category = "org"

// stream is a UUIDv5 of a fixed name, so that every node finds the same one.
var stream = ledger.Stream{Category: Category, ID: uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:xinfang:org:directory"))}

// Stream returns the one stream of the directory.
func Stream() ledger.Stream { return stream }

// Decider is the behaviour of the directory. Its Evolve changes the directory
// in place; see [Evolve].
var Decider = ledger.Decider[*Directory, Command, Event]{
	Category: Category,
	Codec:    Codec,
	Decide:   Decide,
	Evolve:   Evolve,
}

// SystemOfficer is the officer number of the program itself, for what it does
// unasked. It belongs to no person and holds no post.
const SystemOfficer = "system"

// A Role is what a post lets its holder do (角色). It is stored: a value is never
// renamed.
type Role string

// The roles. What each may do and see is for those who ask.
const (
	Registrar    Role = "registrar"     // 登记接访员: receives, registers, notifies
	Dispatcher   Role = "dispatcher"    // 转办员: classifies, dispatches, decides objections
	BureauLeader Role = "bureau-leader" // 局领导: approves, takes cases on, supervises
	UnitClerk    Role = "unit-clerk"    // 收件员: receives for the responsible unit
	Handler      Role = "handler"       // 承办人: handles the case and answers it
	UnitHead     Role = "unit-head"     // 单位负责人: approves extensions, signs replies
	Visitor      Role = "visitor"       // 回访: visits after closing
	Reviewer     Role = "reviewer"      // 复查复核: reviews what others decided
	Conference   Role = "conference"    // 联席办: circulars, interviews, listed supervision
	Street       Role = "street"        // 街道社区: demands of its own area
	Inspector    Role = "inspector"     // 纪检监察: reads everything in scope, writes no case
	Auditor      Role = "auditor"       // 审计考核: reads reports without persons
	Admin        Role = "admin"         // 系统管理员: operates, sees no personal data
	System       Role = "system"        // 系统: the program itself; never a person's
)

// Roles is the closed set of roles, in the order in which they are shown.
var Roles = []Role{Registrar, Dispatcher, BureauLeader, UnitClerk, Handler, UnitHead, Visitor,
	Reviewer, Conference, Street, Inspector, Auditor, Admin, System}

var roleTitles = map[Role]ledger.Text{
	Registrar:    {ZH: "登记接访员", EN: "Registrar"},
	Dispatcher:   {ZH: "转办员", EN: "Dispatcher"},
	BureauLeader: {ZH: "局领导", EN: "Bureau leader"},
	UnitClerk:    {ZH: "收件员", EN: "Unit clerk"},
	Handler:      {ZH: "承办人", EN: "Handler"},
	UnitHead:     {ZH: "单位负责人", EN: "Unit head"},
	Visitor:      {ZH: "回访员", EN: "Return visitor"},
	Reviewer:     {ZH: "复查复核", EN: "Reviewer"},
	Conference:   {ZH: "联席办", EN: "Joint conference office"},
	Street:       {ZH: "街道社区", EN: "Street and community"},
	Inspector:    {ZH: "纪检监察", EN: "Disciplinary inspector"},
	Auditor:      {ZH: "审计考核", EN: "Auditor"},
	Admin:        {ZH: "系统管理员", EN: "System administrator"},
	System:       {ZH: "系统", EN: "System"},
}

// Title returns what people call the role; the empty text if there is no such
// role.
func (r Role) Title() ledger.Text { return roleTitles[r] }

// A Kind says what sort of organ a unit is (机构类别). It is stored: a value is
// never renamed.
type Kind string

// The kinds of unit.
const (
	KindBureau     Kind = "bureau"     // 信访局
	KindDepartment Kind = "department" // 职能部门
	KindStreet     Kind = "street"     // 街道
	KindGovernment Kind = "government" // 政府(上级)
	KindConference Kind = "conference" // 联席办
	KindDiscipline Kind = "discipline" // 纪检监察机关
	KindOther      Kind = "other"      // 其他
)

// Kinds is the closed set of kinds, in the order in which they are shown.
var Kinds = []Kind{KindBureau, KindDepartment, KindStreet, KindGovernment, KindConference, KindDiscipline, KindOther}

var kindTitles = map[Kind]ledger.Text{
	KindBureau:     {ZH: "信访局", EN: "Petition bureau"},
	KindDepartment: {ZH: "职能部门", EN: "Department"},
	KindStreet:     {ZH: "街道", EN: "Street"},
	KindGovernment: {ZH: "政府", EN: "Government"},
	KindConference: {ZH: "联席办", EN: "Joint conference office"},
	KindDiscipline: {ZH: "纪检监察机关", EN: "Discipline organ"},
	KindOther:      {ZH: "其他", EN: "Other"},
}

// Title returns what people call the kind; the empty text if there is no such
// kind.
func (k Kind) Title() ledger.Text { return kindTitles[k] }
