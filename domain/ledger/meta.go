package ledger

import (
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// Meta says how a record came to be. It is stored beside the event, as JSON.
//
// It holds no personal data of petitioners: officers are named by their number.
type Meta struct {
	Command  uuid.UUID  `json:"command"`                  // the request that caused it; see [Decider.Handle]
	Actor    Actor      `json:"actor"`                    // who acted (经办人)
	BehalfOf string     `json:"on_behalf_of,omitempty"`   // officer for whom the actor acted (代办)
	Approver string     `json:"approver,omitempty"`       // officer who approved (审批人); never the actor
	Occurred time.Time  `json:"occurred_at"`              // when the actor says it happened (发生时间), UTC
	Received time.Time  `json:"received_at,omitzero"`     // when incoming matter was received (收到时间), UTC
	Reason   string     `json:"reason,omitempty"`         // why, in the actor's words
	Basis    *Document  `json:"basis,omitempty"`          // the paper it rests on (依据文书)
	Late     *LateEntry `json:"late_entry,omitempty"`     // set if recorded more than one working day after it happened
	Key      string     `json:"key_commitment,omitempty"` // commits to the data key of the personal data in the event, hex
	Recorded time.Time  `json:"recorded_at,omitzero"`     // only in a ledger that was moved: see [Restamp]

	// The names that EventStoreDB gives these two. Correlation is the same for
	// all that came of one request from outside; Causation is the event or
	// command before.
	Correlation uuid.UUID `json:"$correlationId,omitzero"`
	Causation   uuid.UUID `json:"$causationId,omitzero"`

	Seal []byte `json:"seal,omitempty"` // of the program that wrote it (写入印记); put in by [WithSeal], and so the last member
}

// An Actor is an officer in the post in which he acted.
type Actor struct {
	Officer string `json:"officer"`        // officer number (工号), or "system"
	Unit    string `json:"unit,omitempty"` // unit code (单位代码)
	Post    string `json:"post,omitempty"` // post in that unit (岗位)
	Role    string `json:"role,omitempty"` // role of the post; see org.Role
}

// A Document identifies a paper by number, title and the SHA-256 of its file.
type Document struct {
	No    string `json:"no,omitempty"`
	Title string `json:"title,omitempty"`
	Hash  string `json:"sha256,omitempty"`
}

// A LateEntry explains why something was recorded long after it happened
// (补录说明).
type LateEntry struct {
	Lag      int64  `json:"lag_s"` // from occurring to recording, seconds
	Reason   string `json:"reason"`
	Approver string `json:"approver"` // officer; never the actor
}

// DecodeMeta is the inverse of the encoding in [Codec.Record]. A field it does
// not know is an error, for the reason given at [Codec.Decode].
func (r Record) DecodeMeta() (Meta, error) {
	var m Meta
	if err := json.Unmarshal(r.Meta, &m, json.RejectUnknownMembers(true)); err != nil {
		return m, fmt.Errorf("meta of event %v: %w", r.ID, err)
	}
	return m, nil
}
