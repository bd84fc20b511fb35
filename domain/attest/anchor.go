package attest

import (
	"errors"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// An Anchor is what a [NotaryAnchor] shows to whoever believes a policy: the leaves of
// Checkpoint were there before Stamp, and those after Index came later.
type Anchor struct {
	Index      int64 // of the leaf of the event
	Checkpoint proof.Checkpoint
	Stamp      proof.Stamp
	Recorded   time.Time // by the ledger's clock, UTC
	Token      []byte
}

// OpenAnchor returns what the event in env shows under p. The error is a
// [*proof.Finding] about its leaf: anybody may have appended the event.
func OpenAnchor(p *proof.Policy, env *ledger.Envelope) (Anchor, error) {
	index := int64(env.Position) - 1
	e, err := Codec.Decode(env.Type, env.Data)
	made, ok := e.(NotaryAnchor)
	if err != nil || !ok || env.Stream.Category != Category || len(made.Chain) > proof.MaxChain {
		return Anchor{}, proof.Found(proof.Malformed, "时间锚定不是公证的条目，或格式不对", "the anchor is no event of the notary, or malformed").At(index)
	}
	a := Anchor{Index: index, Recorded: env.Recorded.Time(), Token: made.Token}
	signed, err := p.Open([]byte(made.Note))
	if err == nil {
		a.Checkpoint = signed.Checkpoint
		a.Stamp, err = p.OpenStamp(made.Token, signed.Checkpoint, made.Chain...)
	}
	if f, ok := errors.AsType[*proof.Finding](err); ok {
		return Anchor{}, f.At(index)
	}
	if a.Checkpoint.Size > index {
		return Anchor{}, proof.Found(proof.Malformed, "时间锚定的检查点含有自己之后的条目", "the checkpoint of the anchor holds what comes after it").At(index)
	}
	return a, nil
}
