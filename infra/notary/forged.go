package notary

import (
	"errors"
	"strings"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// maxForged is the most forged entries that are told one by one.
const maxForged = 1000

// forged returns why an entry of the notary's category is not the notary's; nil if it
// is, or is of another category, or of a type that only a newer program knows. clock
// hears what a time-stamp says.
func (a Audit) forged(env *ledger.Envelope, clock *clock) *proof.Finding {
	if env.Stream.Category != attest.Category || !attest.Codec.Has(env.Type) {
		return nil
	}
	e, err := attest.Codec.Decode(env.Type, env.Data)
	if err == nil {
		err = a.check(e, env, clock)
	}
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*proof.Finding](err); ok {
		return f
	}
	return proof.Found(proof.Malformed, "公证记录格式不对", "the attestation is malformed")
}

// check checks who has signed an attestation. Neither that of another notary is
// forged, whose ledger this one continues, nor a change of keys that is newer than the
// policy.
func (a Audit) check(e attest.Event, env *ledger.Envelope, clock *clock) error {
	switch e := e.(type) {
	case attest.NotaryAnchor:
		if a.ofAnother(e.Note, "") {
			return nil
		}
		if _, err := a.Policy.Open([]byte(e.Note)); err != nil {
			return err
		}
		anchor, err := attest.OpenAnchor(a.Policy, env)
		if proof.VerdictOf(err) == proof.UnknownKey {
			return nil // of an authority that this policy does not pin
		}
		if err == nil {
			clock.stamped(anchor.Stamp.Time, env.Recorded, anchor.Index)
		}
		return err
	case attest.NotaryHeads:
		if a.ofAnother(e.Note, "/heads") {
			return nil
		}
		_, err := a.Policy.OpenHeads([]byte(e.Note))
		return err
	case attest.NotaryKeyChanged:
		if a.ofAnother(e.Note, "/key") {
			return nil
		}
		c, err := proof.OpenKeyChange([]byte(e.Note), a.Policy.Origin)
		if err != nil || a.Policy.Predates(c) || a.Policy.Has(c) {
			return err
		}
		return a.Policy.CheckKeyChange(c)
	}
	return nil
}

// ofAnother reports whether a note, whose first line ends in kind, is of another ledger
// than the policy's.
func (a Audit) ofAnother(note, kind string) bool {
	title, _, _ := strings.Cut(note, "\n")
	origin, ok := strings.CutSuffix(title, kind)
	return ok && origin != a.Policy.Origin
}
