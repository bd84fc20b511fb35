package report

import (
	"strconv"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// Action says what happened in one line, such as 转送：区住建局 (环节、动作), with the
// names that units and officers have in dir. It holds no personal data.
func Action(e petition.Event, dir *org.Directory) ledger.Text {
	n := names{dir}
	switch e := e.(type) {
	case petition.PetitionReceived:
		return about(text("收件", "Received"), e.Channel.Title())
	case petition.PetitionRegistered:
		return text("登记", "Registered")
	case petition.PetitionClassified:
		return about(text("甄别分类", "Classified"), class(e.Class, e.Path))
	case petition.PetitionReclassified:
		return about(text("改变分类", "Reclassified"), class(e.Class, e.Path))
	case petition.CaseRestricted:
		return text("限制知悉", "Restricted")
	case petition.DuplicateLinked:
		return about(text("关联重复件", "Linked to an earlier case"), same(e.Earlier))
	case petition.CaseMerged:
		return about(text("并件", "Merged into"), same(e.Into))
	case petition.CaseDispatched:
		return about(e.Mode.Title(), join(n.unit(e.To), same(e.No)))
	case petition.DispatchReceived:
		return about(text("签收", "Receipt acknowledged"), n.unit(e.Unit))
	case petition.ObjectionRaised:
		return about(text("提出异议", "Objection raised"), n.unit(e.Unit))
	case petition.ObjectionUpheld:
		return about(text("异议成立，退回", "Objection upheld, case returned"), n.unit(e.Unit))
	case petition.ObjectionRejected:
		return about(text("异议不成立", "Objection rejected"), n.unit(e.Unit))
	case petition.AcceptanceDecided:
		return about(text("受理", "Accepted"), n.holder(e.Unit, e.Officer))
	case petition.NotAccepted:
		return about(text("不予受理", "Not accepted"), same(e.Ground))
	case petition.NoLongerAccepted:
		return about(text("不再受理", "No longer accepted"), same(e.Ground))
	case petition.DivertedToLegalChannel:
		return about(text("导入法定途径", "Diverted to a legal channel"), e.Path.Title())
	case petition.TransferredToDiscipline:
		return text("转送纪检监察", "Transferred to discipline inspection")
	case petition.AcceptanceOrdered:
		return about(text("责令受理", "Acceptance ordered"), n.unit(e.Unit))
	case petition.PetitionWithdrawn:
		return text("撤回", "Withdrawn")

	case petition.PetitionerNotified:
		return about(text("告知信访人", "Petitioner told"), join(e.Notice.Title(), same(e.Method)))
	case petition.NotificationImpossible:
		return about(text("无法告知", "Could not be told"), join(e.Notice.Title(), same(e.Why)))
	case petition.ResponsibleOfficerAssigned:
		return about(text("确定责任人", "Officer assigned"), n.holder(e.Unit, e.Officer))
	case petition.HandedOver:
		return about(text("移交", "Handed over"), same(n.officer(e.From)+" → "+n.officer(e.To)))
	case petition.ConflictDeclared:
		return about(text("申报利害关系", "Conflict of interest declared"), same(n.officer(e.Officer)))
	case petition.OfficerRecused:
		return about(text("回避", "Recused"), same(n.officer(e.Officer)))
	case petition.ProgressRecorded:
		return about(text("办理过程", "Progress"), join(e.Kind.Title(), same(e.Note)))
	case petition.ExtensionRequested:
		return about(text("申请延期", "Extension requested"), days(e.Days))
	case petition.ExtensionApproved:
		return about(text("批准延期", "Extension approved"), days(e.Days))
	case petition.ExtensionRefused:
		return text("不予延期", "Extension refused")
	case petition.HearingHeld:
		return about(text("听证", "Hearing"), text(e.From.String()+" 至 "+e.To.String(), e.From.String()+" to "+e.To.String()))
	case petition.MediationOpened:
		return about(text("启动调解", "Mediation opened"), same(e.Mediation))
	case petition.ReplyIssued:
		return about(text("出具处理意见", "Reply issued"), same(e.No))
	case petition.ReplyServed:
		return about(text("送达", "Reply served"), same(e.Method))
	case petition.CompletionReported:
		return about(text("办结报告", "Completion reported"), same(e.No))
	case petition.CaseClosed:
		return about(text("办结", "Closed"), same(e.Result))
	case petition.CaseReopened:
		return about(text("重新办理", "Reopened"), choice(petition.ReopenGrounds(), e.Ground))

	case petition.ReviewRequested:
		return about(text("申请复查", "Review requested"), n.unit(e.Organ))
	case petition.ReviewDecided:
		return about(text("复查意见", "Review decided"), join(e.Ruling.Title(), same(e.No)))
	case petition.RecheckRequested:
		return about(text("申请复核", "Re-check requested"), n.unit(e.Organ))
	case petition.RecheckDecided:
		return about(text("复核意见", "Re-check decided"), join(e.Ruling.Title(), same(e.No)))
	case petition.CaseTerminated:
		return text("终结", "Terminated")
	case petition.ExecutionConfirmed:
		if e.Done {
			return text("执行到位", "Carried out")
		}
		return text("未执行到位", "Found not to be carried out")
	case petition.EvaluationOpened:
		return about(text("开放评价", "Evaluation opened"), e.Judged.Title())
	case petition.EvaluationSubmitted:
		return about(text("评价", "Evaluated"), join(e.Judged.Title(), e.Grade.Title()))
	case petition.EvaluationExpired:
		return about(text("逾期未评价", "Not evaluated in time"), e.Judged.Title())
	case petition.ReturnVisitRecorded:
		return about(text("回访", "Return visit"), same(e.Method))
	case petition.SupervisionIssued:
		return about(text("督办", "Supervision issued"), join(n.unit(e.Unit), same(e.No)))
	case petition.SupervisionFedBack:
		return about(text("督办反馈", "Supervision answered"), same(e.No))
	case petition.SupervisionClosed:
		return about(text("督办办结", "Supervision closed"), same(e.No))
	case petition.UrgentReported:
		return about(text("报告重大紧急信息", "Urgent report"), join(choice(petition.UrgentForms(), e.Form), n.unit(e.To)))
	case petition.StatisticsExclusionMarked:
		return about(text("不纳入统计", "Left out of the figures"), choice(petition.ExclusionGrounds(), e.Ground))
	case petition.DeadlineRecomputed:
		return about(text("期限重算", "Due date settled"), e.Clock.ID.Title())
	case petition.EntryCorrected:
		return about(text("更正", "Corrected"), n.change(e.Field, e.Old, e.New))
	case petition.ErasureAuthorised:
		return text("批准清除个人信息", "Erasure of personal data authorised")
	case petition.CaseArchived:
		return about(text("归档", "Archived"), choice(petition.Retentions(), e.Retention))
	case petition.CaseImported:
		return about(text("导入", "Imported"), source(e.Source))
	case petition.ActionImported:
		return same(e.Activity)
	}
	return ledger.Text{}
}

func class(c petition.Class, p petition.Path) ledger.Text {
	if p == "" {
		return c.Title()
	}
	return join(c.Title(), p.Title())
}

func days(n int) ledger.Text { return text(strconv.Itoa(n)+"天", plural(n, "day")) }

func source(s petition.Source) ledger.Text {
	t := same(s.File)
	if s.Row > 0 {
		t = join(t, text("第"+strconv.Itoa(s.Row)+"行", "row "+strconv.Itoa(s.Row)))
	}
	return t
}

// choice returns the title of word, or word itself if it is not in the set.
func choice(set []petition.Choice, word string) ledger.Text {
	for _, c := range set {
		if c.Word == word {
			return c.Title
		}
	}
	return same(word)
}

// change returns a corrected field with both values.
func (n names) change(f petition.Field, from, to string) ledger.Text {
	a, b := Corrected(f, from, n.Directory), Corrected(f, to, n.Directory)
	return text(f.Title().ZH+" "+a.ZH+" → "+b.ZH, f.Title().EN+" "+a.EN+" → "+b.EN)
}

// Corrected says what a correction writes for field f, before or after, as people
// write it.
func Corrected(f petition.Field, v string, dir *org.Directory) ledger.Text {
	if v == "" {
		return text("（空）", "(none)")
	}
	switch f {
	case petition.FieldReceived, petition.FieldOccurred:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return same(Format(t, ""))
		}
	case petition.FieldChannel:
		return petition.Channel(v).Title()
	case petition.FieldStreet:
		return names{dir}.unit(v)
	default: // the others are words already
	}
	return same(v)
}
