package petition

import (
	"reflect"
	"slices"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

// A rule is what every command of one kind must meet before it is looked at: it
// has a name, a place in the case's life, and somebody who may ask for it.
type rule struct {
	command   Command
	name      string // in addresses, never renamed
	zh, en    string
	at        []Stage
	who       who
	moves     bool              // it leads to another stage, so it cannot precede the present one
	only      func(*State) bool // and only then; nil for always
	otherwise string            // refusal at the wrong stage; "" for ERR_WRONG_STAGE
	automatic bool              // the program itself may ask, under a policy or for the petitioner
	foreign   bool              // it brings in what another ledger says (导入)
}

func (r rule) when(only func(*State) bool, otherwise string) rule {
	r.only, r.otherwise = only, otherwise
	return r
}

func (r rule) or(otherwise string) rule { return r.when(r.only, otherwise) }

func (r rule) auto() rule { r.automatic = true; return r }

func (r rule) imports() rule { r.foreign = true; return r.auto().or("ERR_DUP_CASE_NO") }

// move is a rule of a command that leads to another stage, stay of one that does
// not.
func move(c Command, name, zh, en string, w who, at ...Stage) rule {
	return rule{command: c, name: name, zh: zh, en: en, at: at, who: w, moves: true}
}

func stay(c Command, name, zh, en string, w who, at ...Stage) rule {
	return rule{command: c, name: name, zh: zh, en: en, at: at, who: w}
}

// Stages that several commands share.
var (
	unsettled  = []Stage{Registered, Classified, Dispatched, Pending, Objected, Handling}                            // 登记至办理
	taken      = []Stage{Pending, Objected, Handling, Replied, Served, Closed, InReview, Reviewed, InRecheck}        // 签收之后
	answered   = []Stage{Served, Closed, InReview, Reviewed, InRecheck, Terminated}                                  // 答复之后
	settled    = []Stage{Closed, Reviewed, Terminated, Refused, NoLonger, Diverted, ToDiscipline, Merged, Withdrawn} // 已有结果
	refused    = []Stage{Refused, NoLonger, Diverted}                                                                // 终局，可责令受理
	unfinished = slices.DeleteFunc(Stages(), func(s Stage) bool { return !s.Open() })
	kept       = Stages()                                                                                 // 任何环节
	living     = slices.DeleteFunc(Stages(), func(s Stage) bool { return s == Archived || s == Foreign }) // 未归档
)

// rules is the one table of commands.
var rules = []rule{
	move(ReceivePetition{}, "receive-petition", "收件", "Receive petition", anyone, None).or("ERR_DUP_CASE_NO"),
	move(RegisterPetition{}, "register-petition", "登记", "Register petition", holder, Received),
	stay(LinkDuplicate{}, "link-duplicate", "关联重复件", "Link to earlier case", involved, unsettled...),
	move(Merge{}, "merge", "并件", "Merge into another case", involved, unsettled...),
	move(Classify{}, "classify", "甄别分类", "Classify", involved, unsettled...),
	stay(MarkRestricted{}, "mark-restricted", "限制知悉", "Restrict", involved, living...),
	move(Dispatch{}, "dispatch", "转送交办", "Dispatch", holder, Classified),
	move(ReceiveDispatch{}, "receive-dispatch", "签收", "Acknowledge receipt", addressee, Dispatched),
	move(RaiseObjection{}, "raise-objection", "提出异议", "Raise objection", addressee, Pending),
	move(DecideObjection{}, "decide-objection", "异议处理", "Decide objection", sender, Objected),
	move(Accept{}, "accept", "受理", "Accept", addressee, Pending, Classified).when(lodgedHere, ""),
	move(NotAccept{}, "not-accept", "不予受理", "Do not accept", addressee, Pending, Classified),
	move(AcceptNoLonger{}, "accept-no-longer", "不再受理", "Accept no longer", holder, Classified),
	move(Divert{}, "divert", "导入法定途径", "Divert to a legal channel", holder, Classified, Handling),
	move(TransferToDiscipline{}, "transfer-to-discipline", "转送纪检监察", "Transfer to discipline organ", holder, Classified),
	move(OrderAcceptance{}, "order-acceptance", "责令受理", "Order acceptance", superior, refused...),
	move(Withdraw{}, "withdraw", "撤回", "Withdraw", involved, unfinished...),

	stay(NotifyPetitioner{}, "notify-petitioner", "告知信访人", "Notify petitioner", involved, living...),
	stay(AssignOfficer{}, "assign-officer", "确定责任人", "Assign officer", holder, taken...).when(unassigned, "ERR_GAP"),
	stay(HandOver{}, "hand-over", "移交责任", "Hand over", holder, taken...).when(assigned, "ERR_GAP"),
	stay(DeclareConflict{}, "declare-conflict", "申报利害关系", "Declare conflict of interest", involved, unfinished...),
	stay(Recuse{}, "recuse", "决定回避", "Recuse", involved, unfinished...),
	stay(RecordProgress{}, "record-progress", "记录办理过程", "Record progress", holder, Handling),
	stay(RequestExtension{}, "request-extension", "申请延期", "Request extension", holder, Handling),
	stay(ApproveExtension{}, "approve-extension", "审批延期", "Decide extension", head, Handling).when(requested, "ERR_NO_REQUEST"),
	stay(HoldHearing{}, "hold-hearing", "听证", "Hold hearing", hearing, Handling, InRecheck).or("ERR_PAUSE_NOT_ALLOWED"),
	stay(StartMediation{}, "start-mediation", "启动调解", "Start mediation", holder, Handling),
	move(IssueReply{}, "issue-reply", "出具处理意见", "Issue reply", holder, Handling, Classified).when(answerable, ""),
	move(ServeReply{}, "serve-reply", "送达答复", "Serve reply", holder, Replied),
	stay(ReportCompletion{}, "report-completion", "提交办结报告", "Report completion", holder, taken...).when(ordered, "ERR_NO_ASSIGNMENT"),
	move(Close{}, "close", "办结", "Close", holder, Replied, Served, Reviewed).when(unclosed, ""),
	move(Reopen{}, "reopen", "重新办理", "Reopen", involved, Closed),

	move(RequestReview{}, "request-review", "申请复查", "Request review", involved, Served, Closed).when(reviewable, "ERR_NO_PRIOR_OPINION"),
	move(DecideReview{}, "decide-review", "复查意见", "Decide review", reviewer, InReview),
	move(RequestRecheck{}, "request-recheck", "申请复核", "Request re-check", involved, Reviewed, Closed).when(recheckable, "ERR_NO_PRIOR_OPINION"),
	move(DecideRecheck{}, "decide-recheck", "复核意见", "Decide re-check", rechecker, InRecheck),
	stay(ConfirmExecution{}, "confirm-execution", "确认执行", "Confirm execution", involved, answered...).when(supported, "ERR_NOT_SUPPORTED"),
	stay(OpenEvaluation{}, "open-evaluation", "开放评价", "Open evaluation", policy, living...).auto(),
	stay(SubmitEvaluation{}, "submit-evaluation", "提交评价", "Submit evaluation", petitioner, living...).when(evaluating, "ERR_EVAL_CLOSED").auto(),
	stay(ExpireEvaluation{}, "expire-evaluation", "评价逾期", "Expire evaluation", policy, living...).when(evaluating, "ERR_EVAL_CLOSED").auto(),
	stay(RecordReturnVisit{}, "record-return-visit", "回访", "Record return visit", visitor, Closed),
	stay(Supervise{}, "supervise", "督办", "Supervise", supervisor, living...),
	stay(FeedBack{}, "feed-back", "督办反馈", "Feed back", supervisee, living...).when(underSupervision, "ERR_NO_SUPERVISION"),
	stay(CloseSupervision{}, "close-supervision", "督办办结", "Close supervision", supervisor, living...).when(underSupervision, "ERR_NO_SUPERVISION"),
	stay(ReportUrgent{}, "report-urgent", "报告重大紧急信息", "Report urgent matter", involved, living...),
	stay(ExcludeFromStatistics{}, "exclude-from-statistics", "不纳入统计", "Exclude from statistics", involved, kept...),
	stay(RecomputeDeadline{}, "recompute-deadline", "期限重算", "Recompute deadline", policy, kept...).auto(),
	stay(CorrectEntry{}, "correct-entry", "更正", "Correct entry", involved, kept...),
	stay(AuthoriseErasure{}, "authorise-erasure", "批准清除个人信息", "Authorise erasure", involved, kept...),
	move(Archive{}, "archive", "归档", "Archive", involved, settled...),

	move(ImportCase{}, "import-case", "导入信访件", "Import case", importer, None).imports(),
	move(ImportActions{}, "import-actions", "导入日志", "Import actions", importer, None).imports(),
}

// What a command may need beside the stage.

// lodgedHere: who has a case without having been sent it, accepts it only if the
// petitioner came to that unit directly (Art.23¶2).
func lodgedHere(s *State) bool { return s.Stage == Pending || s.direct }

// answerable: only a suggestion is answered without having been accepted (Art.29).
func answerable(s *State) bool { return s.Stage == Handling || s.Class == Suggestion }

func unassigned(s *State) bool { return s.Officer == "" }
func assigned(s *State) bool   { return s.Officer != "" }
func requested(s *State) bool  { return s.request != nil }
func supported(s *State) bool  { return s.supported }

// unclosed: a case that was reviewed before it was closed is closed after.
func unclosed(s *State) bool { return !s.closed }

func ordered(s *State) bool {
	_, ok := s.clock(law.C7)
	return ok
}

func reviewable(s *State) bool  { return s.opinion && s.Review == "" }
func recheckable(s *State) bool { return s.reviewed && s.Recheck == "" }

func evaluating(s *State) bool {
	for _, e := range s.evaluation {
		if e.open {
			return true
		}
	}
	return false
}

func underSupervision(s *State) bool {
	return slices.ContainsFunc(s.supervised, func(v supervision) bool { return v.open })
}

// stage refuses a command for which the case has not come far enough, or too
// far.
func (r rule) stage(s *State) error {
	ok := slices.Contains(r.at, s.Stage) && (r.only == nil || r.only(s))
	switch {
	case ok:
		return nil
	case s.Stage == None:
		return refuse("ERR_NO_CASE")
	case r.otherwise != "":
		return refuse(r.otherwise)
	}
	return refuseWith("ERR_WRONG_STAGE", ledger.Text{
		ZH: "目前：" + s.Stage.Title().ZH + "；须在：" + list(r.at, "、", func(t ledger.Text) string { return t.ZH }),
		EN: "now: " + s.Stage.Title().EN + "; needed: " + list(r.at, " or ", func(t ledger.Text) string { return t.EN }),
	})
}

func list(stages []Stage, comma string, in func(ledger.Text) string) (text string) {
	for i, s := range stages {
		if i > 0 {
			text += comma
		}
		text += in(s.Title())
	}
	return text
}

var (
	ruleOf = make(map[reflect.Type]rule)
	ruleBy = make(map[string]rule)
)

func init() {
	for _, r := range rules {
		ruleOf[reflect.TypeOf(r.command)], ruleBy[r.name] = r, r
	}
}

// plain returns c itself if it is a pointer to a command, as [NewCommand] makes
// them; nil of a nil pointer.
func plain(c Command) Command {
	v := reflect.ValueOf(c)
	if v.Kind() != reflect.Pointer {
		return c
	}
	if v.IsNil() {
		return nil
	}
	return v.Elem().Interface().(Command)
}

// CommandName returns the name of c in addresses, such as "receive-dispatch"; ""
// if there is no such command.
func CommandName(c Command) string { return ruleOf[reflect.TypeOf(plain(c))].name }

// NewCommand returns a pointer to the empty command of that name, to be filled
// in. [Decide] takes it as well as the command itself.
func NewCommand(name string) (Command, bool) {
	r, ok := ruleBy[name]
	if !ok {
		return nil, false
	}
	return reflect.New(reflect.TypeOf(r.command)).Interface().(Command), true
}

// CommandNames returns the names of all commands, in the order of a case's life.
func CommandNames() []string {
	names := make([]string, len(rules))
	for i, r := range rules {
		names[i] = r.name
	}
	return names
}

// Title returns what people call the command of that name; the name itself if
// there is none.
func Title(name string) ledger.Text {
	if r, ok := ruleBy[name]; ok {
		return ledger.Text{ZH: r.zh, EN: r.en}
	}
	return ledger.Text{ZH: name, EN: name}
}
