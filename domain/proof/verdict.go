package proof

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"xinfang/domain/ledger"
)

// A Verdict (结论) says what a check has come to. Its text is part of the formats
// that other programs read, and never changes.
type Verdict string

// The verdicts, the best first. A check says the worst that it found.
const (
	OK            Verdict = "OK"
	OKUnwitnessed Verdict = "OK_UNWITNESSED" // nobody but the operator vouches for it

	Unsealed          Verdict = "UNSEALED" // recorded by who had the store and not the writer's key
	Stale             Verdict = "STALE"    // older than the policy accepts
	Incomplete        Verdict = "INCOMPLETE"
	TimeViolation     Verdict = "TIME_VIOLATION"
	ErasedUnallowed   Verdict = "ERASED_UNAUTHORISED"
	Malformed         Verdict = "MALFORMED"
	WrongOrigin       Verdict = "WRONG_ORIGIN"
	UnknownKey        Verdict = "UNKNOWN_KEY"
	KeyOutOfRange     Verdict = "KEY_OUT_OF_RANGE"
	QuorumNotMet      Verdict = "QUORUM_NOT_MET"
	BadSignature      Verdict = "BAD_SIGNATURE"
	BadProof          Verdict = "BAD_PROOF"
	Truncated         Verdict = "TRUNCATED"
	TamperedMissing   Verdict = "TAMPERED_MISSING"
	TamperedInserted  Verdict = "TAMPERED_INSERTED"
	TamperedOrder     Verdict = "TAMPERED_ORDER"
	TamperedContent   Verdict = "TAMPERED_CONTENT"
	RolledBack        Verdict = "ROLLED_BACK"
	Fork              Verdict = "FORK"
	verdictOfNoChecks Verdict = ""
)

// verdicts is the order of severity.
var verdicts = []Verdict{
	verdictOfNoChecks, OK, OKUnwitnessed, Unsealed, Stale, Incomplete, TimeViolation, ErasedUnallowed, Malformed, WrongOrigin, UnknownKey, KeyOutOfRange,
	QuorumNotMet, BadSignature, BadProof, Truncated, TamperedMissing, TamperedInserted, TamperedOrder, TamperedContent, RolledBack, Fork,
}

// Worse returns the worse of two verdicts.
func (v Verdict) Worse(w Verdict) Verdict {
	if slices.Index(verdicts, w) > slices.Index(verdicts, v) {
		return w
	}
	return v
}

// Holds reports whether what was checked holds: the verdict is OK or
// OK_UNWITNESSED.
func (v Verdict) Holds() bool { return v == OK || v == OKUnwitnessed }

// A Finding (发现) is one thing that a check found wrong. It is an error in both
// languages, and quotes nothing of an event.
type Finding struct {
	Verdict Verdict     `json:"verdict"`
	Index   int64       `json:"index"`            // of the leaf that it is about, one less than the position of its entry; -1 if of none
	Stream  string      `json:"stream,omitempty"` // of its entry, if that is known
	Number  string      `json:"number,omitempty"` // of the case (信访件编号) that Stream is of, if that is known
	Want    string      `json:"want,omitempty"`
	Got     string      `json:"got,omitempty"` // digests, in hexadecimal
	Text    ledger.Text `json:"text"`
}

// Found returns a finding of no leaf, in two formats with the same arguments.
func Found(v Verdict, zh, en string, args ...any) *Finding {
	return &Finding{Verdict: v, Index: -1, Text: ledger.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}}
}

// At returns f as a finding about the leaf at index.
func (f *Finding) At(index int64) *Finding {
	f.Index = index
	return f
}

// Of returns f as a finding about an entry of stream.
func (f *Finding) Of(stream ledger.Stream) *Finding {
	f.Stream = stream.String()
	return f
}

// Differing returns f with the digests that were expected and found.
func (f *Finding) Differing(want, got ledger.Hash) *Finding {
	f.Want, f.Got = want.String(), got.String()
	return f
}

// Error says all of the finding, in English.
func (f *Finding) Error() string { return f.Say().EN }

// Say says all of the finding in both languages.
func (f *Finding) Say() ledger.Text {
	zh, en := string(f.Verdict), string(f.Verdict)
	switch of := ledger.Printable(cmp.Or(f.Number, f.Stream)); {
	case f.Index >= 0 && of != "":
		zh, en = fmt.Sprintf("%s（位置 %d，%s）", zh, f.Index+1, of), fmt.Sprintf("%s (position %d, %s)", en, f.Index+1, of)
	case f.Index >= 0:
		zh, en = fmt.Sprintf("%s（位置 %d）", zh, f.Index+1), fmt.Sprintf("%s (position %d)", en, f.Index+1)
	}
	zh, en = zh+"："+f.Text.ZH, en+": "+f.Text.EN
	if f.Want != "" {
		zh, en = fmt.Sprintf("%s；应为 %s，实为 %s", zh, f.Want, f.Got), fmt.Sprintf("%s; expected %s, found %s", en, f.Want, f.Got)
	}
	return ledger.Text{ZH: zh, EN: en}
}

// VerdictOf returns the verdict of err: OK if it is nil, MALFORMED if it is no
// [*Finding].
func VerdictOf(err error) Verdict {
	if err == nil {
		return OK
	}
	if f, ok := errors.AsType[*Finding](err); ok {
		return f.Verdict
	}
	return Malformed
}
