package ledger

import (
	"fmt"
	"strings"
	"unicode"
)

// A Refusal says why a command was not carried out. Nothing was recorded.
//
// It is for the person who asked: it never holds a value of personal data.
type Refusal struct {
	Code    string // such as ERR_EXT_GT_30; never renamed
	Kind    Kind
	Article string // the law it rests on, such as 信访工作条例第34条; "" for a rule of this product
	Text    Text
}

// Error returns the code and the English text.
func (r *Refusal) Error() string { return r.Code + ": " + r.Text.EN }

// A Kind classifies refusals, for programs.
type Kind string

// The kinds of refusal.
const (
	Invalid  Kind = "invalid"   // the command makes no sense in any state
	Conflict Kind = "conflict"  // it makes no sense in this state
	Denied   Kind = "denied"    // this actor may not ask for it
	NotFound Kind = "not-found" // there is no such thing
)

// A Text is what a person reads, in both languages.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// In returns the text in lang, "en" or anything else for Chinese.
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.ZH
}

// Printable returns s without what could move the cursor of a terminal: whoever can append
// may call a stream anything.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

// A Trouble is an error that a person reads in his own language and that is no
// Refusal: nobody gave a command that could be refused. It says where it happened.
type Trouble struct {
	Text  Text
	Cause error // nil if the text says all
}

// Troubled returns the trouble of two formats with the same arguments.
func Troubled(zh, en string, args ...any) *Trouble {
	return &Trouble{Text: Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}}
}

// Error returns the English text.
func (t *Trouble) Error() string { return t.Text.EN }

// Say returns the text in both languages.
func (t *Trouble) Say() Text { return t.Text }

// Unwrap returns the cause.
func (t *Trouble) Unwrap() error { return t.Cause }
