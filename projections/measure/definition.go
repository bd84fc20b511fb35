package measure

import "xinfang/domain/ledger"

// Edition is the edition of the definitions (口径版本). It changes whenever one of
// them does, so that figures of different editions are not taken for each other.
const Edition = "2026.1"

// A Definition says what a measure means, to be printed under every figure of it
// (口径).
type Definition struct {
	ID      ID
	Title   ledger.Text
	Formula ledger.Text
	Window  ledger.Text // by which date a case falls into the period (统计期依据)
	Notes   ledger.Text
}

// Definitions returns the definition of every measure, in the order in which
// figures are shown.
func Definitions() []Definition { return append([]Definition(nil), definitions...) }

// DefinitionOf returns the definition of id, the zero Definition if there is none.
func DefinitionOf(id ID) Definition {
	for _, d := range definitions {
		if d.ID == id {
			return d
		}
	}
	return Definition{}
}

var (
	byDue = ledger.Text{
		ZH: "按到期日：期限最后一日在统计期内；截至时点尚未届满的计入未到期，已办的也不计入分子分母",
		EN: "by due date: the last day of the limit is in the period; what had not run out as of the time of the figure is not yet due, even if done",
	}
	byRegistration = ledger.Text{ZH: "按登记日", EN: "by date of registration"}
	byClosing      = ledger.Text{ZH: "按办结日", EN: "by date of closing"}

	leftOutOfTimeliness = ledger.Text{
		ZH: "计入启动该期限时应履行的单位。有效延期计入到期日；届满后才批准的延期，严格口径不计。排除：重复件、并件、标明不纳入统计、人数异常",
		EN: "Counted for the unit that had to meet the limit when it started. Extensions move the due date; the strict figure leaves out those approved only after the limit had run out. Left out: duplicates, merged cases, cases marked as not counted, headcounts out of range",
	}
	leftOutOfOpinion = ledger.Text{
		ZH: "分信访部门和责任单位两项。排除：涉法涉诉、并件、标明不纳入统计、人数异常",
		EN: "One figure for the bureau and one for the responsible units. Left out: judicial matters, merged cases, cases marked as not counted, headcounts out of range",
	}
	durations = ledger.Text{
		ZH: "天数为两个日期之差，起算日不计；重新办理的计至最后一次办结。排除：标明不纳入统计、并件、人数异常、办结早于起算",
		EN: "Days are the difference of the two dates, the first not counted; a case handled again counts to its last closing. Left out: cases marked as not counted, merged cases, headcounts out of range, closings before the start",
	}
)

var definitions = []Definition{
	{
		ID:      M1,
		Title:   ledger.Text{ZH: "及时受理率（信访部门）", EN: "Timely disposition by the bureau"},
		Formula: ledger.Text{ZH: "期限内首次转送、交办、告知等处理的件数 ÷ 转送交办期限（C2）到期件数", EN: "first disposed of within the limit ÷ limits of disposition (C2) that fell due"},
		Window:  byDue, Notes: leftOutOfTimeliness,
	},
	{
		ID:      M2,
		Title:   ledger.Text{ZH: "及时受理率（责任单位）", EN: "Timely notice of acceptance by the unit"},
		Formula: ledger.Text{ZH: "期限内作出受理或不予受理决定并告知信访人的件数 ÷ 受理告知期限（C3、C4）到期件数", EN: "decided, and the petitioner told, within the limit ÷ limits of notice (C3, C4) that fell due"},
		Window:  byDue, Notes: leftOutOfTimeliness,
	},
	{
		ID:      M3,
		Title:   ledger.Text{ZH: "按期答复率（按期办结率）", EN: "Timely reply (timely closing)"},
		Formula: ledger.Text{ZH: "期限内办结（答复已送达）的件数 ÷ 办结期限（C6，含有效延期）到期件数", EN: "closed, the reply having been served, within the limit ÷ limits of handling (C6, with extensions) that fell due"},
		Window:  byDue, Notes: leftOutOfTimeliness,
	},
	{
		ID:      M4,
		Title:   ledger.Text{ZH: "群众满意率", EN: "Satisfaction"},
		Formula: ledger.Text{ZH: "（满意 + 基本满意）÷ 已评价", EN: "(satisfied + basically satisfied) ÷ evaluated"},
		Window:  ledger.Text{ZH: "按评价日；逾期未评价不计", EN: "by date of evaluation; what was not evaluated does not count"},
		Notes:   leftOutOfOpinion,
	},
	{
		ID:      M5,
		Title:   ledger.Text{ZH: "参评率", EN: "Participation in evaluation"},
		Formula: ledger.Text{ZH: "已评价 ÷（已评价 + 逾期未评价）", EN: "evaluated ÷ (evaluated + not evaluated in time)"},
		Window:  ledger.Text{ZH: "已评价的按评价日，未评价的按评价截止日；未截止的计入未到期", EN: "by date of evaluation, or by the last day for it; before that day it is not yet due"},
		Notes:   leftOutOfOpinion,
	},
	{
		ID:      M6,
		Title:   ledger.Text{ZH: "一次性化解率", EN: "Resolved at the first handling"},
		Formula: ledger.Text{ZH: "观察期内无重复信访、无重新办理、无复查复核申请、无督办的件数 ÷ 观察期届满的初次信访办结件数", EN: "no repeat, reopening, request for review or supervision within the time of observation ÷ first-time cases closed whose observation is over"},
		Window:  ledger.Text{ZH: "按观察期最后一日（首次办结日 + 观察期，默认30日）；未届满的计入未到期", EN: "by the last day of observation (first closing + 30 days unless said otherwise); before that day it is not yet due"},
		Notes: ledger.Text{
			ZH: "本产品定义：初次以全国初次为准；重复信访以经人工确认、直接关联本件的为准。排除：涉法涉诉、并件、标明不纳入统计、人数异常",
			EN: "Defined by this product: a first-time case is one in the national sense, a repeat one that an officer linked to the case itself. Left out: judicial matters, merged cases, cases marked as not counted, headcounts out of range",
		},
	},
	{
		ID:      M7,
		Title:   ledger.Text{ZH: "重复信访率", EN: "Repeat petitions"},
		Formula: ledger.Text{ZH: "重复件（含并件）÷ 登记件数", EN: "repeats, merged cases among them ÷ cases registered"},
		Window:  byRegistration,
		Notes: ledger.Text{
			ZH: "导入件无登记时间的，以收到时间为准。排除：涉法涉诉、标明不纳入统计、人数异常",
			EN: "An imported case without a time of registration counts by its receipt. Left out: judicial matters, cases marked as not counted, headcounts out of range",
		},
	},
	{
		ID:      M16,
		Title:   ledger.Text{ZH: "办理时长（受理至办结）", EN: "Handling time (acceptance to closing)"},
		Formula: ledger.Text{ZH: "办结日 − 受理日：平均、中位、90%分位、最长", EN: "date of closing − date of acceptance: mean, median, 90th percentile, longest"},
		Window:  byClosing, Notes: durations,
	},
	{
		ID:      M16Receipt,
		Title:   ledger.Text{ZH: "办理时长（收到至办结）", EN: "Handling time (receipt to closing)"},
		Formula: ledger.Text{ZH: "办结日 − 收到日：平均、中位、90%分位、最长", EN: "date of closing − date of receipt: mean, median, 90th percentile, longest"},
		Window:  byClosing, Notes: durations,
	},
	{
		ID:      M21,
		Title:   ledger.Text{ZH: "构成", EN: "Composition"},
		Formula: ledger.Text{ZH: "该形式、类别或属地的件数 ÷ 登记件数", EN: "cases of that channel, class, category or street ÷ cases registered"},
		Window:  byRegistration,
		Notes: ledger.Text{
			ZH: "导入件无登记时间的，以收到时间为准。排除：并件、标明不纳入统计、人数异常",
			EN: "An imported case without a time of registration counts by its receipt. Left out: merged cases, cases marked as not counted, headcounts out of range",
		},
	},
}
