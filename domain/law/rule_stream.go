package law

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// RuleStream returns the identity of the one stream of rules: a UUIDv5, so that
// every node finds the same one.
func RuleStream() uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:xinfang:rules")) }

// RuleDecider is the behaviour of the rule set. What may be asked by whom is for
// the caller.
var RuleDecider = ledger.Decider[Rules, RuleCommand, RuleEvent]{
	Category: "rules",
	Codec:    RuleCodec,
	Decide:   decideRule,
	Evolve:   func(r Rules, e RuleEvent, _ ledger.Meta) Rules { return r.Evolve(e) },
}

// RuleCodec names the events of the rule set in the ledger.
var RuleCodec = ledger.NewCodec(map[string]RuleEvent{"RuleAdopted": RuleAdopted{}})

// A RuleEvent is a change of the rule set.
//
//sumtype:decl
type RuleEvent interface{ ruleEvent() }

// RuleAdopted: a rule was added (规则启用). It changes no clock that runs.
type RuleAdopted struct {
	Rule     Rule            `json:"rule"`
	Document ledger.Document `json:"document"`
}

func (RuleAdopted) ruleEvent() {}

// A RuleCommand asks for a change of the rule set.
//
//sumtype:decl
type RuleCommand interface{ ruleCommand() }

// AdoptRule adds a rule. From its first day on it goes before every rule of the
// same clock and tier; a rule of the past is never taken away.
type AdoptRule struct {
	Rule     Rule
	Document ledger.Document
}

func (AdoptRule) ruleCommand() {}

// maxN bounds N, so that no due date leaves the range of years.
const maxN = 3650

func decideRule(r Rules, c RuleCommand, _ ledger.Meta) ([]RuleEvent, error) {
	switch c := c.(type) {
	case AdoptRule:
		return r.adopt(c)
	}
	panic(fmt.Sprintf("law: unknown command %T", c))
}

func (r Rules) adopt(c AdoptRule) ([]RuleEvent, error) {
	if err := c.Rule.check(); err != nil {
		return nil, err
	}
	if err := needsDocument(c.Document); err != nil {
		return nil, err
	}
	switch old, ok := r.Rule(c.Rule.ID); {
	case ok && old == c.Rule:
		return nil, nil
	case ok:
		return nil, refuse(ledger.Conflict, "ERR_RULE_EXISTS",
			"规则编号 %s 已用于另一条规则，请换一个", "another rule has the number %s; choose a new one", c.Rule.ID)
	}
	if err := r.With(c.Rule).checkTiers(c.Rule); err != nil {
		return nil, err
	}
	return []RuleEvent{RuleAdopted(c)}, nil
}

// check checks that a rule says something, by itself.
func (k Rule) check() error {
	malformed := func(zh, en string) error {
		return refuse(ledger.Invalid, "ERR_RULE_MALFORMED", "%[1]s", "%[2]s", zh, en)
	}
	switch {
	case k.ID == "" || len(k.ID) > 64:
		return malformed("请给出规则编号，不超过 64 字节", "give the rule a number, of at most 64 bytes")
	case !slices.Contains(Clocks(), k.Clock):
		return malformed("没有这个期限", "there is no such clock")
	case !slices.Contains(Tiers, k.Tier):
		return malformed("口径应为法定或区内", "the tier is statutory or district")
	case k.Unit.Title() == ledger.Text{}:
		return malformed("单位应为自然日、工作日、小时或周", "the unit is CD, WD, H or WK")
	case k.Roll != RollNone && k.Roll != RollNextWorkday:
		return malformed("请说明期满日为休息日时是否顺延", "say whether the limit rolls: none or next_workday")
	case k.Article.ZH == "" || k.Article.EN == "":
		return malformed("请用中文和英文写明依据", "say in Chinese and English where the rule stands")
	case k.Tier == Statutory && k.Law == "":
		return malformed("法定期限须注明所属法规", "a statutory rule names the law that it belongs to")
	case k.N < 0 || k.N > maxN:
		return refuse(ledger.Invalid, "ERR_RULE_LIMIT", "期限应在 0 至 %d 之间", "the limit is from 0 to %d", maxN)
	case k.From.Year() < firstYear || k.From.Year() > lastYear || !k.To.IsZero() && !k.To.After(k.From):
		return refuse(ledger.Invalid, "ERR_RULE_PERIOD",
			"请给出启用日期（%d 至 %d 年）；停用日期须在其后", "give the first day, in a year from %d to %d, and an end after it", firstYear, lastYear)
	}
	return nil
}

// checkTiers checks that with the new rule k among r no limit of the district can
// end after the statutory one, for a start on any day of the embedded calendar.
func (r Rules) checkTiers(k Rule) error {
	other := map[Tier]Tier{Statutory: District, District: Statutory}[k.Tier]
	changes := []Date{k.From} // when another rule may come to stand beside k
	for _, o := range r.All() {
		if o.Clock == k.Clock && o.Tier == other {
			changes = append(changes, o.From, o.To)
		}
	}
	for _, d := range changes {
		o, ok := r.Find(k.Clock, other, d)
		if !ok || !k.holds(d) || k.N == 0 || o.N == 0 {
			continue
		}
		district, statutory := k, o
		if k.Tier == Statutory {
			district, statutory = o, k
		}
		if on, later := endsAfter(district, statutory); later {
			return refuse(ledger.Conflict, "ERR_DISTRICT_LATER",
				"区内时限 %s 会晚于法定期限 %s（如 %s 起算）；请先启用更短的区内时限",
				"the district's limit %s would end after the statutory %s (as when started on %s); adopt a shorter one for the district first",
				district.ID, statutory.ID, on)
		}
	}
	return nil
}

// endsAfter returns a day on which a clock can start so that it ends later by a
// than by b.
func endsAfter(a, b Rule) (Date, bool) {
	cal := Embedded()
	due := func(k Rule, start time.Time) time.Time {
		return Limit{N: k.N, Unit: k.Unit, Roll: k.Roll}.reckon(start, cal).Due
	}
	for d := coveredFrom; !d.After(cal.CoveredUntil()); d = d.AddDays(1) {
		for _, start := range []time.Time{d.Start(), d.end().Add(-1)} { // hours count from the instant
			if due(a, start).After(due(b, start)) {
				return d, true
			}
		}
	}
	return Date{}, false
}
