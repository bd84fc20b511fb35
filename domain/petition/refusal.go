package petition

import "xinfang/domain/ledger"

// refuse returns the refusal of code, or of the code itself if there is none
// such, which a test rules out.
func refuse(code string) error { return refuseWith(code, ledger.Text{}) }

// refuseWith is [refuse] with something that only this case can say, such as the
// stage it is at. It must not come from what the caller sent.
func refuseWith(code string, detail ledger.Text) error {
	r := ledger.Refusal{Code: code, Kind: ledger.Invalid, Text: ledger.Text{ZH: code, EN: code}}
	if i, ok := refusalAt[code]; ok {
		r = refusals[i]
	}
	if detail.ZH != "" {
		r.Text.ZH += "（" + detail.ZH + "）"
	}
	if detail.EN != "" {
		r.Text.EN += " (" + detail.EN + ")"
	}
	return &r
}

// Refusals returns every refusal that deciding can lead to, in the order of the
// documentation. Its text is what is said before any detail of the case.
func Refusals() []ledger.Refusal { return append([]ledger.Refusal(nil), refusals...) }

// refusalAt is where each code is in refusals.
var refusalAt = func() map[string]int {
	at := make(map[string]int)
	for i, r := range refusals {
		at[r.Code] = i
	}
	return at
}()

func invalid(code, article, zh, en string) ledger.Refusal {
	return ledger.Refusal{Code: code, Kind: ledger.Invalid, Article: article, Text: ledger.Text{ZH: zh, EN: en}}
}

func conflict(code, article, zh, en string) ledger.Refusal {
	return ledger.Refusal{Code: code, Kind: ledger.Conflict, Article: article, Text: ledger.Text{ZH: zh, EN: en}}
}

func denied(code, article, zh, en string) ledger.Refusal {
	return ledger.Refusal{Code: code, Kind: ledger.Denied, Article: article, Text: ledger.Text{ZH: zh, EN: en}}
}

func notFound(code, article, zh, en string) ledger.Refusal {
	return ledger.Refusal{Code: code, Kind: ledger.NotFound, Article: article, Text: ledger.Text{ZH: zh, EN: en}}
}

// art is the name of the regulation in force since 2022-05-01.
const art = "信访工作条例"

// refusals is the table. A code is never renamed; an article is "" where the
// rule is this product's own.
var refusals = []ledger.Refusal{
	// Of the case as a whole.
	notFound("ERR_NO_CASE", "", "没有这一信访件；请核对编号", "there is no such case; check its number"),
	conflict("ERR_WRONG_STAGE", "", "本件目前的环节不能这样办理", "this cannot be done at the case's present stage"),
	conflict("ERR_DUP_CASE_NO", art+"第22条", "该编号的信访件已经登记；同一编号只能用一次", "a case with this number exists already; a number is used once"),
	invalid("ERR_NO_COMMAND", "", "没有这种操作", "there is no such command"),

	// Of what was written.
	invalid("ERR_BAD_TEXT", "", "文字含有控制字符或不是有效的UTF-8；请删除后重试", "a text has control characters or is not valid UTF-8; remove them and try again"),
	invalid("ERR_TOO_LONG", "", "文字或密文过长；请缩短，或作为附件登记", "a text or a sealed value is too long; shorten it, or attach it as a document"),
	invalid("ERR_TOO_MANY", "", "一次提交的条目过多；请分次提交", "too many items at once; submit them in parts"),
	invalid("ERR_BAD_TERM", "", "取值不在规定范围内", "a value is not in its closed set"),
	invalid("ERR_EMPTY", art+"第28条", "没有填写内容；请写明做了什么", "nothing was written; say what was done"),
	invalid("ERR_BAD_NUMBER", "", "编号只能用汉字、字母、数字和 - _ 〔〕()，须以汉字、字母、数字或括号开头", "a case number has letters, digits, Han characters, - _ and brackets 〔〕() only, and does not begin with - or _"),
	invalid("ERR_NUMBER_REQUIRED", "", "请填写编号（文号）", "give the number of the case or of the document"),

	invalid("ERR_BAD_SOURCE", "", "导入来源须有文件名（不含目录）和文件的SHA-256", "an import names its file, without folders, and the file's SHA-256"),

	// Of time.
	invalid("ERR_TIME_REQUIRED", "", "请填写时间，年份在 1949 至 9999 之间；收件、签收和复查复核申请还须填写收到时间", "give the time, of a year from 1949 to 9999; for incoming matter also when it was received"),
	invalid("ERR_FUTURE_TIME", "", "时间晚于服务器时间；不能登记尚未发生的事", "the time is later than the server's; what has not happened cannot be recorded"),
	conflict("ERR_TIME_ORDER", "", "时间先后不符：不能早于所依据的前一环节，也不能先到期后起算", "the times are out of order: nothing can precede what it follows from"),
	invalid("ERR_LATE_ENTRY_UNAPPROVED", "", "距发生时间已超过1个工作日：补录须写明原因，并由在岗的他人审批", "this happened more than one working day ago: a late entry needs a reason and the approval of another officer in post"),

	// Of who asks.
	denied("ERR_NO_AUTHORITY_AT_TIME", "", "经办人、被代办人或审批人在该时刻不任该岗位", "the actor, the person acted for or the approver did not hold that post at that instant"),
	denied("ERR_ROLE", "", "该角色不能办理这一操作", "this role may not do this"),
	denied("ERR_RECUSED", art+"第28条第3款", "该工作人员已回避，不得办理本件", "this officer has been recused and may not act in the case"),
	denied("ERR_SELF_APPROVAL", art+"第34条", "不能审批自己的事项；请由他人审批", "nobody approves what he asked for himself; another officer must"),
	denied("ERR_NOT_HOLDER", "", "本件不在该单位；须由持有本件的单位办理", "the case is not with this unit; only the unit that holds it may do this"),
	denied("ERR_NOT_INVOLVED", "", "该单位未经手本件，不能办理", "this unit has had nothing to do with the case and may not act in it"),
	denied("ERR_NOT_ADDRESSEE", art+"第23条第3款", "只有文书所发往的单位可以这样办理", "only the unit to which it was addressed may do this"),
	denied("ERR_NOT_SENDER", art+"第23条第3款", "异议由转送、交办的单位或其上级核实决定", "an objection is decided by the unit that sent the case, or by one above it"),
	denied("ERR_NOT_SUPERVISOR", art+"第40条", "只有信访部门、联席会议办公室和上级机关可以督办", "only the bureau, the joint conference office or a superior organ may supervise"),
	conflict("ERR_ACCUSED_RECIPIENT", art+"第30条第3款", "不得将检举控告材料及有关情况透露或转给被检举控告的人员、单位", "nothing of an accusation may go to the person or the unit accused"),
	conflict("ERR_UNIT_INACTIVE", art+"第24条", "没有该单位，或该单位在该时刻尚未设立或已撤并；请改用继续行使其职权的单位", "there is no such unit, or it had not begun or had ended at that instant; use the unit that carries on its duties"),

	// Intake (收件至受理).
	invalid("ERR_BAD_CHANNEL", art+"第17条", "信访形式不在规定范围内", "this is not one of the channels of petition"),
	invalid("ERR_BAD_HEADCOUNT", art+"第20条第3款", "人数须为1至99999的整数，代表人数不得多于人数", "the headcount is 1 to 99,999, and representatives are no more than that"),
	invalid("ERR_PETITIONER_REQUIRED", art+"第19条", "须有信访人姓名和住址，或注明匿名", "give the petitioner's name and address, or mark the petition as anonymous"),
	conflict("ERR_NO_SUBJECT", "个人信息保护法第47条", "密文没有对应的信访人密钥编号，或该编号不是本件信访人的", "sealed data has no data subject, or it is not the petitioner of this case"),
	invalid("ERR_NO_CLAIM", art+"第19条", "须逐条写明诉求，至少一条", "write down what is asked for, claim by claim, and at least one"),
	invalid("ERR_SELF_LINK", "", "不能关联、并入本件自身", "a case cannot be linked to or merged into itself"),
	invalid("ERR_NEEDS_CONFIRM", "", "重复件须由在岗人员人工确认", "that a case repeats another must be confirmed by an officer in post"),
	invalid("ERR_PATH_REQUIRED", art+"第31条", "申诉求决须指明六种法定途径之一；导入法定途径须指明前五种之一", "a claim needs one of the six legal paths, a diversion one of the first five"),
	denied("ERR_RECLASS_UNAPPROVED", art+"第44条", "受理后改变分类须写明理由并经他人审批", "to reclassify after acceptance takes a reason and the approval of another officer"),
	invalid("ERR_ACCUSED_LIST_REQUIRED", art+"第30条第3款", "请先列明被检举控告的人员或单位，以便拦截泄露", "first list the persons or units accused, so that nothing goes to them"),
	invalid("ERR_SELF_DISPATCH", art+"第22条", "不能转送、交办给本单位", "a unit does not dispatch a case to itself"),
	invalid("ERR_DUE_REQUIRED", art+"第22条第1款第3项", "交办须指定办理期限", "an assignment names the date by which it is to be reported on"),
	conflict("ERR_NOT_ACCUSATION", art+"第22条第2款", "只有检举控告类事项转送纪检监察机关", "only an accusation goes to a discipline organ"),
	invalid("ERR_NOT_DISCIPLINE_ORGAN", art+"第22条第2款", "检举控告应当按管理权限转送纪检监察机关", "an accusation goes to a discipline organ"),
	invalid("ERR_REASON_REQUIRED", art+"第23条第3款、第34条", "请详细说明理由", "give the reasons in full"),
	invalid("ERR_NO_RESPONSIBLE_OFFICER", "", "受理须确定责任人（实名制）", "acceptance names the officer responsible"),
	invalid("ERR_GROUND_REQUIRED", art+"第44条", "请写明依据", "state the ground"),
	invalid("ERR_PROOF_REQUIRED", art+"第23条", "请填写告知（送达）方式和凭证；无法告知的只填原因", "give the method and the proof of it; if it was impossible, the reason alone"),

	// Handling (办理).
	conflict("ERR_OFFICER_INACTIVE", "", "该人员在该时刻不在该单位任职", "this officer held no post in the unit at that instant"),
	conflict("ERR_GAP", "", "责任须首尾相接：无责任人时用“确定责任人”，已有责任人时用“移交”给另一人", "responsibility must not break: assign an officer if there is none, hand over to another if there is one"),
	denied("ERR_SELF_DECIDE", art+"第28条第3款", "回避由单位负责人决定；本人和单位负责人的回避由上级决定", "recusal is decided by the head of the unit, and the head's own by a superior"),
	invalid("ERR_ALREADY_EXTENDED", art+"第34条", "已有申请待批，或累计延期将超过30日", "a request is pending, or the extensions would come to more than 30 days in all"),
	invalid("ERR_EXT_GT_30", art+"第34条", "延期须为1至30日，累计不得超过30日", "an extension is 1 to 30 days, and 30 days in all"),
	denied("ERR_APPROVER_NOT_HEAD", art+"第34条", "延期须由本单位负责人批准", "an extension is approved by the head of the unit"),
	conflict("ERR_NO_REQUEST", art+"第34条", "没有待审批的延期申请", "there is no request for an extension to decide"),
	conflict("ERR_NO_CLOCK", art+"第34条", "本件没有60日办结期限（仅第31条第6项事项有），无从延期", "the case has no limit of handling to extend; only matters of Art. 31(6) have"),
	conflict("ERR_PAUSE_NOT_ALLOWED", art+"第36条第2款", "听证只在办理和复核中举行", "a hearing is held in handling or in a re-check only"),
	invalid("ERR_CONSENT", art+"第33条", "调解须经争议双方同意", "mediation needs the consent of both parties"),
	invalid("ERR_CLAIM_UNANSWERED", art+"第32条", "须对每一条诉求各答复一次", "every claim must be answered, and once"),
	invalid("ERR_BASIS_REQUIRED", art+"第32条", "处理意见书须写明事实、法律法规依据和复查复核途径", "the opinion states facts, legal basis, and where to ask for review"),
	invalid("ERR_NO_REVIEWER", "", "处理意见书须由本单位另一名工作人员审核", "the opinion is checked by another officer of the unit"),
	conflict("ERR_NO_ASSIGNMENT", art+"第22条第1款第3项", "本件不是交办件，无须提交办结报告", "the case was not assigned with a date, so no report of completion is owed"),
	conflict("ERR_REPLY_NOT_SERVED", art+"第32条", "答复尚未送达；送达或登记无法告知后方可办理", "the reply has not been served; serve it, or record that it cannot be"),
	conflict("ERR_NO_PROGRESS", art+"第28条", "没有办理过程记录，不能办结", "no progress has been recorded; the case cannot be closed"),
	invalid("ERR_NO_EVIDENCE", art+"第28条", "没有佐证材料，不能办结", "there is no evidence; the case cannot be closed"),
	invalid("ERR_PLAN_REQUIRED", art+"第32条第2款", "有支持的诉求，须填写执行计划日期", "a claim was supported: give the date by which it will be carried out"),
	denied("ERR_UNAPPROVED", "", "须写明理由并经他人审批", "this takes a reason and the approval of another officer"),

	// After handling (办结之后).
	conflict("ERR_NOT_HIGHER", art+"第35条、第36条", "复查、复核和责令受理的机关须是上一级机关", "the organ that reviews, or orders acceptance, must be above the unit"),
	conflict("ERR_NO_PRIOR_OPINION", art+"第35条、第36条", "没有可以申请复查、复核的意见，或已经申请", "there is no opinion to be reviewed, or it has been asked for already"),
	denied("ERR_PRIOR_HANDLER", art+"第28条第3款", "办理过本件的人员不得作复查、复核决定", "who handled the case does not decide its review"),
	conflict("ERR_NOT_SUPPORTED", art+"第32条第2款", "没有支持的诉求，无须确认执行", "no claim was supported, so there is nothing to carry out"),
	conflict("ERR_EVAL_CLOSED", "", "评价未开放或已经结束", "the evaluation is not open, or is over"),
	denied("ERR_EVAL_BY_STAFF", art+"第40条", "评价只能由信访人凭查询码或本人电话提交", "only the petitioner evaluates, by query code or own phone"),
	denied("ERR_VISITOR_CONFLICT", art+"第40条", "回访人员不得来自被评价单位", "a visitor must not belong to the unit that is evaluated"),
	notFound("ERR_NO_SUPERVISION", art+"第40条", "没有该编号的未结督办", "there is no open supervision of that number"),
	conflict("ERR_DUP_SUPERVISION", art+"第40条", "该督办编号已用于本件", "the case has a supervision of that number already"),
	invalid("ERR_TARGET_REQUIRED", art+"第25条", "请写明报告对象", "say to whom it was reported"),
	denied("ERR_UNIT_CANNOT_EXCLUDE", art+"第40条", "不纳入统计须由信访部门的他人审批", "only an officer of the bureau may approve leaving a case out of the figures"),
	notFound("ERR_NO_SUCH_CLOCK", "", "本件没有这一期限", "the case has no such time limit"),
	notFound("ERR_NO_ENTRY", "", "本件没有这条记录", "the case has no such entry"),
	invalid("ERR_FIELD_IMMUTABLE", "", "该记录的这一项不可更正", "this field of this entry cannot be corrected"),
	conflict("ERR_OLD_MISMATCH", "", "原值与现有记录不符；请刷新后重试", "the entry says something else by now; reload it and try again"),
	conflict("ERR_REVIEW_WINDOW_OPEN", art+"第35条、第36条", "复查、复核申请期未满，暂不能归档", "the time to ask for review has not run out; the case cannot be archived yet"),
}
