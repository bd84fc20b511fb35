// Package custody records what happens to the ledger itself (台账保管): somebody
// tried to delete from it and was refused, the server that keeps it shows traces
// of hiding or erasing, it was moved to another store.
//
// Nobody decides anything here; the events are for the inspection team, which reads
// them where it reads everything else. They rest on 公职人员政务处分法第39条第4项
// (弄虚作假) as what they may be evidence of, and on 个人信息保护法第51条, which
// wants access controlled and logged.
//
// An event says which technical account acted, never which person, and no value of
// the events that it is about.
package custody

import (
	"slices"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// Category is the category of the streams of custody.
const Category = "custody"

// An Event is something that happened to the ledger.
//
//sumtype:decl
type Event interface{ event() }

// AttemptRefused: an account of the store asked for what nobody may do, or what it
// may not do, and was refused (越权操作被拒).
type AttemptRefused struct {
	Kind    string `json:"kind"`              // such as delete; see [AttemptKinds]
	Account string `json:"account,omitempty"` // if there is such an account
	Stream  string `json:"stream,omitempty"`  // that it was about, if the ledger keeps it
	Remote  string `json:"remote,omitempty"`  // network address without the port
	More    int    `json:"more,omitzero"`     // how many alike were refused since the last one recorded
}

// AlarmRaised: an event of the store itself hides or erases events, or changes who
// may, or an event was written around the program that should have (存储留痕告警).
type AlarmRaised struct {
	Kind     string          `json:"kind"` // such as metadata; see [AlarmKinds]
	Stream   string          `json:"stream"`
	Position ledger.Position `json:"position"` // of that event in this ledger
	Cause    uuid.UUID       `json:"cause"`    // its identity
}

// LedgerMoved: all events before this one came from another store, in the same
// order (台账迁移). What was there stays evidence: this says where it ended.
type LedgerMoved struct {
	From   string          `json:"from"` // kind of store or its hosts; no credentials
	Events ledger.Position `json:"events"`
	Leaf   string          `json:"leaf"` // of the last one there, hex
}

func (AttemptRefused) event() {}
func (AlarmRaised) event()    {}
func (LedgerMoved) event()    {}

// Codec names the events in the ledger.
var Codec = ledger.NewCodec(map[string]Event{
	"AttemptRefused": AttemptRefused{},
	"AlarmRaised":    AlarmRaised{},
	"LedgerMoved":    LedgerMoved{},
})

// The closed sets of kinds.
var (
	AttemptKinds = []string{"delete", "tombstone", "metadata", "append", "read", "authentication"}
	AlarmKinds   = []string{"metadata", "deleted", "scavenge", "rights", "backdated", AlarmUnsealed}
)

// AlarmUnsealed is the kind of an alarm about an event without the seal of a writer
// (无写入印记).
const AlarmUnsealed = "unsealed"

// Decider records events of custody as they are told.
var Decider = ledger.Decider[struct{}, Event, Event]{
	Category: Category,
	Codec:    Codec,
	Decide:   decide,
	Evolve:   func(s struct{}, _ Event, _ ledger.Meta) struct{} { return s },
}

// space is the name space of the streams and commands of custody.
var space = uuid.MustParse("5c1fd0b9-7a0e-5a1c-8a1c-3d5f0f6b9a44")

// Ask returns the question that records e once, however many nodes ask it: key
// says what is the same event. m says who asks and when.
func Ask(e Event, key string, m ledger.Meta) ledger.Ask[Event] {
	name := Codec.Name(e) + "/" + key
	m.Command = uuid.NewSHA1(space, []byte("command/"+name))
	return ledger.Ask[Event]{ID: uuid.NewSHA1(space, []byte(name)), Command: e, Meta: m}
}

func decide(_ struct{}, e Event, _ ledger.Meta) ([]Event, error) {
	valid := false
	switch e := e.(type) {
	case AttemptRefused:
		valid = slices.Contains(AttemptKinds, e.Kind)
	case AlarmRaised:
		valid = slices.Contains(AlarmKinds, e.Kind) && e.Position > 0
	case LedgerMoved:
		valid = e.Events > 0 && e.Leaf != ""
	}
	if !valid {
		return nil, &ledger.Refusal{Code: "ERR_CUSTODY_EVENT", Kind: ledger.Invalid, Text: ledger.Text{
			ZH: "台账保管事件不完整或类别未知", EN: "the event of custody is incomplete or of no known kind",
		}}
	}
	return []Event{e}, nil
}
