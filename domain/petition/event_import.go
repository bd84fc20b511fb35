package petition

import (
	"time"

	"xinfang/domain/law"
)

// A Source is where an imported case or action comes from.
type Source struct {
	File  string `json:"file"`           // base name
	Hash  string `json:"sha256"`         // of the file, hex
	Sheet string `json:"sheet,omitzero"` // of a workbook
	Row   int    `json:"row,omitzero"`   // Excel row, from 1
	Trace string `json:"trace,omitzero"` // of an event log
}

// CaseImported (导入): a case as another ledger has it. It says what the source
// says and nothing else: a time that the source does not have is zero. No
// late-entry flag is raised for it, because nobody claims to have recorded it at
// the time.
type CaseImported struct {
	Number     string    `json:"number"`
	Source     Source    `json:"source"`
	Channel    Channel   `json:"channel,omitzero"`
	Class      Class     `json:"class,omitzero"`
	Unit       string    `json:"unit,omitzero"` // responsible unit, as the source names it
	Petitioner Person    `json:"petitioner,omitzero"`
	Summary    string    `json:"summary,omitzero"`
	Claim      Sealed    `json:"claim,omitzero"`
	Reply      Sealed    `json:"reply,omitzero"`
	Category   string    `json:"category,omitzero"`
	Outcome    string    `json:"outcome,omitzero"`
	Headcount  int       `json:"headcount,omitzero"`
	Received   time.Time `json:"received,omitzero"`
	Registered time.Time `json:"registered,omitzero"`
	Dispatched time.Time `json:"dispatched,omitzero"`
	Accepted   time.Time `json:"accepted,omitzero"`
	Replied    time.Time `json:"replied,omitzero"`
	Served     time.Time `json:"served,omitzero"`
	Closed     time.Time `json:"closed,omitzero"`

	// DateOnly names the times above of which the source has only the date.
	DateOnly []string `json:"date_only,omitzero"`

	// Clocks that the times above start: C1 and C2 by Received, C6 by Accepted.
	Clocks []law.Clock `json:"clocks,omitzero"`
}

// ActionImported (导入动作): one action of an event log.
type ActionImported struct {
	Activity   string      `json:"activity"`
	At         time.Time   `json:"at"`             // the source's time; also Meta.Occurred
	Actor      string      `json:"actor,omitzero"` // as the source names it
	Attributes []Attribute `json:"attributes,omitzero"`
	Source     Source      `json:"source"`
}

// An Attribute is something an event log says of an action.
type Attribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func (CaseImported) event()   {}
func (ActionImported) event() {}
