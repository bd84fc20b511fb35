package petition

import "xinfang/domain/ledger"

// A Choice is one word of a closed set whose field is a plain string.
type Choice struct {
	Word  string
	Title ledger.Text
}

func (ts terms[T]) choices() []Choice {
	cs := make([]Choice, len(ts))
	for i, t := range ts {
		cs[i] = Choice{string(t.Word), ledger.Text{ZH: t.ZH, EN: t.EN}}
	}
	return cs
}

var (
	opinions   = terms[string]{{"agree", "同意", "agrees"}, {"disagree", "不同意", "disagrees"}, {"none", "无明确意见", "no clear opinion"}}
	reopenings = terms[string]{{GroundRelapse, "倒流", "relapse"}, {GroundReview, "复查撤销", "revoked in review"}, {GroundError, "纠错", "correction of an error"}}
	breaches   = terms[string]{
		{"1", "无正当理由未按期办结", "not completed in time without good reason"},
		{"2", "未按规定反馈结果", "result not reported as required"},
		{"3", "未按程序办理", "procedure not followed"},
		{"4", "推诿敷衍拖延", "evasion, perfunctoriness or delay"},
		{"5", "不执行处理意见", "opinion not carried out"},
		{"6", "其他", "other"},
	}
	exclusions = terms[string]{
		{"duplicate", "重复件、并件", "duplicate"}, {"judicial", "涉法涉诉", "judicial matter"},
		{"not_counted", "标明不纳入统计", "marked as not counted"}, {"headcount", "人数异常", "headcount out of range"},
	}
	forms      = terms[string]{{"oral", "口头", "oral"}, {"written", "书面", "written"}}
	retentions = terms[string]{{RetainPermanent, "永久", "permanent"}, {Retain30, "30年", "30 years"}, {Retain10, "10年", "10 years"}}
	evaluated  = terms[string]{{"code", "查询码", "query code"}, {"phone", "信访人电话", "petitioner's phone"}}
)

// Opinions are what a petitioner says on being served (信访人意见).
func Opinions() []Choice { return opinions.choices() }

// ReopenGrounds are why a closed case is handled again (重新办理事由).
func ReopenGrounds() []Choice { return reopenings.choices() }

// SupervisionGrounds are the six cases of Art.36 of the 2005 regulation (督办情形).
func SupervisionGrounds() []Choice { return breaches.choices() }

// ExclusionGrounds are why a case is left out of the figures (不纳入统计事由).
func ExclusionGrounds() []Choice { return exclusions.choices() }

// UrgentForms are how urgent matter is reported (报告形式).
func UrgentForms() []Choice { return forms.choices() }

// Retentions are how long an archived case is kept (保管期限).
func Retentions() []Choice { return retentions.choices() }

// EvaluationChannels are how an evaluation comes in (评价途径).
func EvaluationChannels() []Choice { return evaluated.choices() }
