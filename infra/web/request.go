package web

import (
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// A request is what somebody asks of a case: a command as its fields are written
// in a form or in JSON, and what is said around it.
type request struct {
	Name     string // of the command, as in addresses
	Envelope envelope
	Fields   any // pointer to the command, or to its plain form; see plain.go
}

// An envelope is what every command may be asked with. It becomes
// [ledger.Meta]; the actor comes from the session or the token, never from here.
type envelope struct {
	Occurred time.Time        `json:"occurred_at,omitzero"`  // when it happened; now, if not given
	Received time.Time        `json:"received_at,omitzero"`  // when incoming matter was received
	BehalfOf string           `json:"on_behalf_of,omitzero"` // officer for whom the actor acts
	Approver string           `json:"approver,omitzero"`
	Reason   string           `json:"reason,omitzero"`
	Basis    *ledger.Document `json:"basis,omitzero"`
	Late     *lateReason      `json:"late_entry,omitzero"`
}

// A lateReason is why something is recorded only now (补录说明), and who approved
// of it. How late it is, the server finds.
type lateReason struct {
	Reason   string `json:"reason,omitzero"`
	Approver string `json:"approver,omitzero"`
}

func (e envelope) meta(actor ledger.Actor) ledger.Meta {
	m := ledger.Meta{
		Actor: actor, BehalfOf: e.BehalfOf, Approver: e.Approver,
		Occurred: e.Occurred.UTC(), Received: e.Received.UTC(), Reason: e.Reason, Basis: e.Basis,
	}
	if e.Occurred.IsZero() {
		m.Occurred = time.Time{}
	}
	if e.Received.IsZero() {
		m.Received = time.Time{}
	}
	if e.Late != nil {
		m.Late = &ledger.LateEntry{Reason: e.Late.Reason, Approver: e.Late.Approver}
	}
	return m
}

// newRequest returns an empty request for the command with name. It is false for
// a command that does not exist or that only an import asks for.
func newRequest(name string) (*request, bool) {
	command, ok := petition.NewCommand(name)
	if !ok {
		return nil, false
	}
	r := &request{Name: name}
	switch command.(type) {
	case *petition.ImportCase, *petition.ImportActions:
		return nil, false
	case *petition.RegisterPetition:
		r.Fields = new(registration)
	case *petition.IssueReply:
		r.Fields = new(reply)
	default:
		r.Fields = command
	}
	return r, true
}
