// Package attest records what the notary attests about the ledger, in the ledger
// itself (公证记录). Each event holds a signed note: whoever can append to the
// ledger can append such an event, but cannot sign it. So a reader believes the
// note ([xinfang/domain/proof]), never the event.
//
// Being events, they are leaves like all others: anyone can rebuild the notary's
// tree from the ledger alone.
package attest

import (
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// Category is the category of the notary's streams.
const Category = ledger.CategoryNotary

// An Event is an attestation.
//
//sumtype:decl
type Event interface {
	signed() string // the note
}

// NotaryHeads: where every stream ended at one size of the tree (末条公证). Of a
// case it shows offline that nothing was left out.
type NotaryHeads struct {
	Note string `json:"note"` // signed; see [proof.HeadsNote]
}

func (n NotaryHeads) signed() string { return n.Note }

// NotaryAnchor: a time-stamp authority has seen a checkpoint (时间锚定). The token could
// not be known before, so that all entries after this one came later; and all that
// the checkpoint holds was there before. See [proof.Policy.OpenStamp].
type NotaryAnchor struct {
	Note  string   `json:"note"`            // the signed checkpoint
	Token []byte   `json:"token"`           // over the text of it, DER
	Chain [][]byte `json:"chain,omitempty"` // certificates that are not in the token, each DER
}

func (n NotaryAnchor) signed() string { return n.Note }

// NotaryKeyChanged: the notary signs with another key from now on (公证密钥更换). Both
// keys have signed it.
type NotaryKeyChanged struct {
	Note string `json:"note"` // signed; see [proof.KeyChange]
}

func (n NotaryKeyChanged) signed() string { return n.Note }

// Codec names the events in the ledger.
var Codec = ledger.NewCodec(map[string]Event{
	"NotaryHeads":      NotaryHeads{},
	"NotaryAnchor":     NotaryAnchor{},
	"NotaryKeyChanged": NotaryKeyChanged{},
})

// Decider records attestations.
var Decider = ledger.Decider[struct{}, Event, Event]{
	Category: Category,
	Codec:    Codec,
	Decide:   decide,
	Evolve:   func(s struct{}, _ Event, _ ledger.Meta) struct{} { return s },
}

// space is the name space of the streams and commands of attestations.
var space = uuid.MustParse("0f0e7b3c-6a0d-5a3e-9d2b-6c2f1a7e5b10")

// Ask returns the question that records e once. m says when.
func Ask(e Event, m ledger.Meta) ledger.Ask[Event] {
	id := uuid.NewSHA1(space, []byte(e.signed()))
	m.Command = uuid.NewSHA1(space, []byte("command/"+e.signed()))
	if _, ok := e.(NotaryAnchor); ok {
		id = AnchorStream(m.Occurred).ID
		m.Command = uuid.NewSHA1(space, []byte("command/anchor/"+e.signed()))
	}
	return ledger.Ask[Event]{ID: id, Command: e, Meta: m}
}

// AnchorStream returns the stream of the anchors of the month of t, UTC. In it they are
// numbered, so that one that is missing shows.
func AnchorStream(t time.Time) ledger.Stream {
	return ledger.Stream{Category: Category, ID: uuid.NewSHA1(space, []byte("anchors/"+t.UTC().Format("2006-01")))}
}

func decide(_ struct{}, e Event, _ ledger.Meta) ([]Event, error) {
	valid := e.signed() != "" && len(e.signed()) <= proof.MaxNote
	if a, ok := e.(NotaryAnchor); ok {
		valid = valid && len(a.Token) > 0 && len(a.Token) <= proof.MaxToken && len(a.Chain) <= proof.MaxChain
		for _, c := range a.Chain {
			valid = valid && len(c) <= proof.MaxToken
		}
	}
	if !valid {
		return nil, &ledger.Refusal{Code: "ERR_ATTESTATION", Kind: ledger.Invalid, Text: ledger.Text{
			ZH: "公证记录没有签名内容，或过大", EN: "the attestation has no signed note, or one that is too large",
		}}
	}
	return []Event{e}, nil
}
