package law

import (
	"slices"

	"xinfang/domain/ledger"
)

// A Rule says how long a clock runs in one tier, over a period of time.
type Rule struct {
	ID    string  `json:"id"` // such as 2022-C6; never reused
	Clock ClockID `json:"clock"`
	Tier  Tier    `json:"tier"`

	// Law is the text that the rule belongs to; "" if it is the district's, which
	// holds under either text.
	Law Law `json:"law,omitzero"`

	// N is how many units the clock runs. 0 means that the law sets no number but
	// leaves it to an order (指定期限): see [Rules.StartOrdered]. To adopt 0 from
	// some date on is also how a limit is given up.
	N    int  `json:"n"`
	Unit Unit `json:"unit"`
	Roll Roll `json:"roll"`

	From Date `json:"from"`        // first day on which a clock may start under the rule
	To   Date `json:"to,omitzero"` // the day after the last such day; zero while open

	Article ledger.Text `json:"article"`      // where it stands (依据)
	Own     bool        `json:"own,omitzero"` // a default of this product, found in no source
}

// holds reports whether a clock that starts on d may start under r.
func (r Rule) holds(d Date) bool { return !d.Before(r.From) && (r.To.IsZero() || d.Before(r.To)) }

// Rules is a set of rules (规则集). It is an immutable value; the zero Rules has
// the rules of statute.go, and more can only be added.
type Rules struct {
	adopted []Rule // after those of statute.go, in the order of adoption
}

// Default returns the rules of statute.go: both texts and the commitments of the
// district as far as the sources have them.
func Default() Rules { return Rules{} }

// With returns the rules with one more, adopted last.
func (r Rules) With(rule Rule) Rules { return Rules{append(slices.Clip(r.adopted), rule)} }

// All returns every rule in the order of adoption.
func (r Rules) All() []Rule { return slices.Concat(statute, r.adopted) }

// Find returns the rule of a clock that starts on the given day. If several hold
// it is the one adopted last.
func (r Rules) Find(clock ClockID, tier Tier, on Date) (Rule, bool) {
	return r.last(func(k Rule) bool { return k.Clock == clock && k.Tier == tier && k.holds(on) })
}

// Rule returns the rule with the given ID.
func (r Rules) Rule(id string) (Rule, bool) {
	return r.last(func(k Rule) bool { return k.ID == id })
}

func (r Rules) last(match func(Rule) bool) (Rule, bool) {
	for _, rules := range [][]Rule{r.adopted, statute} {
		for _, k := range slices.Backward(rules) {
			if match(k) {
				return k, true
			}
		}
	}
	return Rule{}, false
}

// Evolve returns the rules after e; r stays as it is.
func (r Rules) Evolve(e RuleEvent) Rules {
	switch e := e.(type) {
	case RuleAdopted:
		return r.With(e.Rule)
	}
	return r
}
