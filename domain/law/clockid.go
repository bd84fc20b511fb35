package law

import "xinfang/domain/ledger"

// A ClockID names a time limit of the procedure (期限). It is stored: a value is
// never renamed. Each says what starts it → what satisfies it.
type ClockID string

// The clocks.
const (
	C1  ClockID = "C1"  // 登记: received → registered
	C2  ClockID = "C2"  // 信访部门转送交办告知: received by the bureau → dispatched, diverted, or declined with notice
	C3  ClockID = "C3"  // 直接提出事项的告知: received by the unit → written notice to the petitioner
	C4  ClockID = "C4"  // 转送交办事项的受理告知: received by the unit → decided and written notice
	C5  ClockID = "C5"  // 异议: received by the unit → objection raised
	C6  ClockID = "C6"  // 办结: accepted → closed, the reply having been served; may be extended once or more, 30 days in all
	C7  ClockID = "C7"  // 交办指定期限: assigned → report of completion, by the date in the order
	C8  ClockID = "C8"  // 申请复查: reply served → review requested; a right of the petitioner
	C9  ClockID = "C9"  // 复查: request received → decided and written reply
	C10 ClockID = "C10" // 申请复核: review's reply served → re-review requested; a right of the petitioner
	C11 ClockID = "C11" // 复核: request received → decided; the only clock that the law pauses, for a hearing
	C12 ClockID = "C12" // 建议反馈: suggestion issued → written answer
	C13 ClockID = "C13" // 重大紧急报告: received → first report upward, oral or written
	C14 ClockID = "C14" // 简易办理: accepted as a simple matter → reply
	C15 ClockID = "C15" // 满意度评价: notice or reply served → evaluated
	C16 ClockID = "C16" // 调解: accepted → concluded
	C17 ClockID = "C17" // 督办反馈: supervision issued → feedback, by the date in the order if there is one
	C18 ClockID = "C18" // 每周跟踪: every ISO week → tracking logged

	// C13Written is the second limit of C13 (书面报告): received → written report upward.
	C13Written ClockID = "C13w"
)

var clockTitles = []struct {
	id    ClockID
	title ledger.Text
}{
	{C1, ledger.Text{ZH: "登记", EN: "Registration"}},
	{C2, ledger.Text{ZH: "转送交办告知（信访部门）", EN: "Dispatch by the bureau"}},
	{C3, ledger.Text{ZH: "受理告知（直接提出）", EN: "Notice on a matter lodged with the unit"}},
	{C4, ledger.Text{ZH: "受理告知（转送交办）", EN: "Notice on a matter dispatched to the unit"}},
	{C5, ledger.Text{ZH: "提出异议", EN: "Objection to a dispatch"}},
	{C6, ledger.Text{ZH: "办结", EN: "Completion"}},
	{C7, ledger.Text{ZH: "交办反馈", EN: "Report on an assignment"}},
	{C8, ledger.Text{ZH: "申请复查", EN: "Request for review"}},
	{C9, ledger.Text{ZH: "复查", EN: "Review"}},
	{C10, ledger.Text{ZH: "申请复核", EN: "Request for re-review"}},
	{C11, ledger.Text{ZH: "复核", EN: "Re-review"}},
	{C12, ledger.Text{ZH: "建议反馈", EN: "Answer to a suggestion"}},
	{C13, ledger.Text{ZH: "重大紧急报告", EN: "Urgent report"}},
	{C13Written, ledger.Text{ZH: "重大紧急书面报告", EN: "Urgent report in writing"}},
	{C14, ledger.Text{ZH: "简易办理", EN: "Simplified handling"}},
	{C15, ledger.Text{ZH: "满意度评价", EN: "Evaluation"}},
	{C16, ledger.Text{ZH: "调解", EN: "Mediation"}},
	{C17, ledger.Text{ZH: "督办反馈", EN: "Feedback on supervision"}},
	{C18, ledger.Text{ZH: "每周跟踪", EN: "Weekly tracking"}},
}

// Clocks returns the closed set of clocks, in the order in which they are shown.
func Clocks() []ClockID {
	ids := make([]ClockID, len(clockTitles))
	for i, c := range clockTitles {
		ids[i] = c.id
	}
	return ids
}

// Title returns what people call the clock; the empty text if there is no such
// clock.
func (id ClockID) Title() ledger.Text {
	for _, c := range clockTitles {
		if c.id == id {
			return c.title
		}
	}
	return ledger.Text{}
}
