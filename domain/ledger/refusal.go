package ledger

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
