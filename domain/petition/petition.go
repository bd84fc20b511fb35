// Package petition is the law of one petition case (信访件): what may be done
// with it, by whom, when, and what follows. It is a [ledger.Decider] and nothing
// else.
//
// Read stage.go for how far a case can have come, the event files for what can
// happen, command.go for what can be asked, and the decide files for how the one
// leads to the other. command_name.go is the table of who may ask for what at
// which stage, authority.go who that is, refusal.go every reason to refuse, with
// its article.
//
// # What the decider insists on
//
// The ledger must be able to hold reality, and reality includes mistakes. So a
// missed deadline never blocks a command: it is recorded, and shown. What is
// refused is what would make the record false or worthless: an act by someone
// who did not hold the post at that instant, an approval of one's own request, a
// reply that leaves a claim unanswered, a closing without service.
//
// # What the decider records
//
// Whatever was computed to decide is part of the event: due dates of both tiers
// with their rule, law and calendar version. A later rule does not change the
// past.
//
// # Personal data
//
// Names, numbers, addresses and the text of claims come in as [Sealed]: masked
// for everyone, and boxed under a key that can be destroyed. The decider never
// sees them in clear.
package petition

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
)

// Decider is the behaviour of a case.
var Decider = ledger.Decider[*State, Act, Event]{
	Category: Category,
	Codec:    Codec,
	Decide:   Decide,
	Evolve:   Evolve,
	Stamp:    stamp,
}

// stamp gives what was imported the time that its source claims.
func stamp(e Event, m ledger.Meta) ledger.Meta {
	if imported, ok := e.(CaseImported); ok && !imported.Received.IsZero() {
		m.Occurred = imported.Received
	}
	if action, ok := e.(ActionImported); ok {
		m.Occurred = action.At
	}
	return m
}

// Category is the category of the streams of cases.
const Category = "case"

// An Act is a command with all that deciding it needs.
type Act struct {
	Command Command
	Now     time.Time // when the server took it, UTC
	World   World
}

// A World is what a case is decided against: the calendar, the rules and the
// directory of units and officers, as known when the command is taken.
type World struct {
	Calendar  *law.Calendar
	Rules     law.Rules
	Directory *org.Directory
}

// numberSpace is the name space of case identities.
var numberSpace = uuid.MustParse("0d5b7a34-8a0f-5b11-9a57-2f1de3a4c6b2")

// ID returns the identity of the case with number (信访件编号): a UUIDv5 of the
// number, so that two cases cannot have the same one.
func ID(number string) uuid.UUID { return uuid.NewSHA1(numberSpace, []byte(number)) }

// NumberOf returns the number of the case whose first event data is, which must make the
// identity id; "" if it does not.
func NumberOf(id uuid.UUID, data []byte) string {
	var said struct {
		Number string `json:"number"`
	}
	if err := json.Unmarshal(data, &said); err != nil || ID(said.Number) != id {
		return ""
	}
	return said.Number
}

// StreamOf returns the stream of the case with number.
func StreamOf(number string) ledger.Stream { return ledger.Stream{Category: Category, ID: ID(number)} }
