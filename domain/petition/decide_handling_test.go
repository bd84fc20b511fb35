package petition

import (
	"xinfang/domain/ledger"
)

func replying(f func(*IssueReply)) step { return by(handler, with(reply1, f)) }

// Answers that support the first claim.
var (
	support = with(reply1, func(c *IssueReply) {
		c.Answers = []Answer{{1, Supported, "f", "b"}, {2, Rejected, "f", "b"}}
	})
	supportive = worked.then(handler, support).then(handler, ServeReply{Method: "mail", Opinion: "agree"})
)

// handlingRows: 办理.
var handlingRows = []row{
	{name: "the petitioner is told", given: handling, when: by(handler, NotifyPetitioner{Notice: NoticeAccept, Method: "mail", Proof: "EMS1", No: "N-1"}),
		then: []Event{PetitionerNotified{Notice: NoticeAccept, Method: "mail", Proof: "EMS1", No: "N-1"}}},
	{name: "with proof", given: handling, when: by(handler, NotifyPetitioner{Notice: NoticeAccept, Method: "mail"}), refused: "ERR_PROOF_REQUIRED"},
	{name: "or not, for a reason", given: handling, when: by(handler, NotifyPetitioner{Notice: NoticeAccept, Impossible: "no address"}), then: []Event{NotificationImpossible{NoticeAccept, "no address"}}},
	{name: "not both", given: handling, when: by(handler, NotifyPetitioner{Notice: NoticeAccept, Impossible: "no address", Method: "mail"}), refused: "ERR_PROOF_REQUIRED"},
	{name: "of something", given: handling, when: by(handler, NotifyPetitioner{Notice: "gossip", Method: "mail", Proof: "p"}), refused: "ERR_BAD_TERM"},
	{name: "that has happened", given: pending, when: by(clerk, NotifyPetitioner{Notice: NoticeAccept, Method: "mail", Proof: "p"}), refused: "ERR_WRONG_STAGE"},
	{name: "of the review, which starts the last thirty days", given: reviewed1, when: by(government, NotifyPetitioner{Notice: NoticeReview, Method: "mail", Proof: "p"}),
		then: []Event{PetitionerNotified{Notice: NoticeReview, Method: "mail", Proof: "p"}}, clocks: "C10 2025-10-09/-"},
	{name: "once", given: reviewed1.then(government, NotifyPetitioner{Notice: NoticeReview, Method: "mail", Proof: "p"}), when: by(government, NotifyPetitioner{Notice: NoticeReview, Method: "again", Proof: "p"}),
		then: []Event{PetitionerNotified{Notice: NoticeReview, Method: "again", Proof: "p"}}},

	{name: "responsibility is handed over", given: handling, when: by(chief, HandOver{"H3"}), then: []Event{HandedOver{"housing", "H2", "H3"}}},
	{name: "to another", given: handling, when: by(chief, HandOver{"H2"}), refused: "ERR_GAP"},
	{name: "to somebody", given: handling, when: by(chief, HandOver{}), refused: "ERR_NO_RESPONSIBLE_OFFICER"},
	{name: "of the unit", given: handling, when: by(chief, HandOver{"L1"}), refused: "ERR_OFFICER_INACTIVE"},
	{name: "not to who was recused", given: handling.then(chief, Recuse{"H3"}), when: by(chief, HandOver{"H3"}), refused: "ERR_RECUSED"},
	{name: "and not assigned on top", given: handling, when: by(chief, AssignOfficer{"H3"}), refused: "ERR_GAP"},
	{name: "where there is nobody it is assigned", given: pending, when: by(clerk, AssignOfficer{"H2"}), then: []Event{ResponsibleOfficerAssigned{"housing", "H2"}}},
	{name: "to somebody", given: pending, when: by(clerk, AssignOfficer{}), refused: "ERR_NO_RESPONSIBLE_OFFICER"},
	{name: "and not handed over", given: pending, when: by(clerk, HandOver{"H2"}), refused: "ERR_GAP"},
	{name: "who is recused is responsible no more", given: handling.then(chief, Recuse{"H2"}), when: by(chief, AssignOfficer{"H3"}), then: []Event{ResponsibleOfficerAssigned{"housing", "H3"}}},

	{name: "an interest is declared", given: handling, when: by(handler, DeclareConflict{"H2", "cousin"}), then: []Event{ConflictDeclared{"H2", "cousin"}}},
	{name: "with what it is", given: handling, when: by(handler, DeclareConflict{"H2", ""}), refused: "ERR_EMPTY"},
	{name: "of an officer", given: handling, when: by(handler, DeclareConflict{"X1", "cousin"}), refused: "ERR_OFFICER_INACTIVE"},
	{name: "the head decides on it", given: handling, when: by(chief, Recuse{"H2"}), then: []Event{OfficerRecused{"H2"}}},
	{name: "once", given: handling.then(chief, Recuse{"H2"}), when: by(chief, Recuse{"H2"})},
	{name: "not the officer", given: handling, when: by(handler, Recuse{"H2"}), refused: "ERR_SELF_DECIDE"},
	{name: "nor the head on himself", given: handling, when: by(chief, Recuse{"H9"}), refused: "ERR_SELF_DECIDE"},
	{name: "but a superior", given: handling, when: by(mayor, Recuse{"H9"}), then: []Event{OfficerRecused{"H9"}}},
	{name: "of an officer in post", given: handling, when: by(chief, Recuse{"X1"}), refused: "ERR_OFFICER_INACTIVE"},

	{name: "work is recorded", given: handling, when: by(handler, RecordProgress{OnSite, "went there", paper}), then: []Event{ProgressRecorded{OnSite, "went there", paper}}},
	{name: "not nothing", given: handling, when: by(handler, RecordProgress{Kind: OnSite, Note: "\n"}), refused: "ERR_EMPTY"},
	{name: "of a kind", given: handling, when: by(handler, RecordProgress{Kind: "tea", Note: "n"}), refused: "ERR_BAD_TERM"},
	{name: "with papers that can be found", given: handling, when: by(handler, RecordProgress{Talk, "n", make([]ledger.Document, 1)}), refused: "ERR_NO_EVIDENCE"},

	{name: "an extension is asked for", given: handling, when: by(handler, RequestExtension{30}, because("survey")), then: []Event{ExtensionRequested{30}}},
	{name: "of thirty days at most", given: handling, when: by(handler, RequestExtension{31}, because("survey")), refused: "ERR_EXT_GT_30"},
	{name: "and one at least", given: handling, when: by(handler, RequestExtension{0}, because("survey")), refused: "ERR_EXT_GT_30"},
	{name: "with a reason", given: handling, when: by(handler, RequestExtension{10}), refused: "ERR_REASON_REQUIRED"},
	{name: "once at a time", given: requested1, when: by(handler, RequestExtension{5}, because("more")), refused: "ERR_ALREADY_EXTENDED"},
	{name: "thirty in all", given: requested1.then(chief, ApproveExtension{true, 20}), when: by(handler, RequestExtension{11}, because("more")), refused: "ERR_ALREADY_EXTENDED"},
	{name: "counting all of them", given: handling.then(handler, RequestExtension{10}, because("a")).then(chief, ApproveExtension{true, 10}).then(handler, RequestExtension{10}, because("b")).then(chief, ApproveExtension{true, 10}),
		when: by(handler, RequestExtension{11}, because("c")), refused: "ERR_ALREADY_EXTENDED"},
	{name: "but thirty", given: requested1.then(chief, ApproveExtension{true, 20}), when: by(handler, RequestExtension{10}, because("more")), then: []Event{ExtensionRequested{10}}},
	{name: "of what has a limit", given: registered.then(dispatcher, Classify{Claiming, PathDuty}).then(dispatcher, toHousing).then(clerk, ReceiveDispatch{}).then(clerk, Accept{Officer: "H2"}),
		when: by(handler, RequestExtension{10}, because("x")), refused: "ERR_NO_CLOCK"},
	{name: "even too late", given: handling, when: by(handler, RequestExtension{10}, because("x")).happening(noon("2025-11-03")), then: []Event{ExtensionRequested{10}}},
	{name: "the head grants it, from the old due date", given: requested1, when: by(chief, ApproveExtension{true, 20}), then: []Event{ExtensionApproved{Days: 20}}, clocks: "C6 2025-11-20/2025-10-21"},
	{name: "and again from that", given: requested1.then(chief, ApproveExtension{true, 20}).then(handler, RequestExtension{10}, because("more")), when: by(chief, ApproveExtension{true, 10}),
		then: []Event{ExtensionApproved{Days: 10}}, clocks: "C6 2025-11-30/2025-10-31"},
	{name: "never beyond thirty", given: requested1.then(chief, ApproveExtension{true, 20}).then(handler, RequestExtension{10}, because("more")), when: by(chief, ApproveExtension{true, 11}), refused: "ERR_EXT_GT_30"},
	{name: "or not at all", given: requested1, when: by(chief, ApproveExtension{}), then: []Event{ExtensionRefused{}}},
	{name: "nobody else grants it", given: requested1, when: by(colleague, ApproveExtension{true, 20}), refused: "ERR_APPROVER_NOT_HEAD"},
	{name: "nor the head what he asked for", given: handling.then(chief, RequestExtension{20}, because("x")), when: by(chief, ApproveExtension{true, 20}), refused: "ERR_SELF_APPROVAL"},
	{name: "nor what nobody asked for", given: handling, when: by(chief, ApproveExtension{true, 20}), refused: "ERR_NO_REQUEST"},

	{name: "a hearing is held", given: handling, when: by(handler, HoldHearing{day("2025-09-01"), day("2025-09-01")}), then: []Event{HearingHeld{From: day("2025-09-01"), To: day("2025-09-01")}}},
	{name: "in a re-check it stops the clock", given: inRecheck, when: by(city, HoldHearing{day("2025-09-03"), day("2025-09-04")}).happening(noon("2025-09-05")),
		then: []Event{HearingHeld{From: day("2025-09-03"), To: day("2025-09-04")}}, clocks: "C11 2025-10-03/-"},
	{name: "once for each day", given: inRecheck.on(noon("2025-09-05"), city, HoldHearing{day("2025-09-03"), day("2025-09-04")}), when: by(city, HoldHearing{day("2025-09-04"), day("2025-09-05")}), refused: "ERR_TIME_ORDER"},
	{name: "while it runs", given: inRecheck, when: by(city, HoldHearing{day("2025-08-01"), day("2025-08-02")}), refused: "ERR_TIME_ORDER"},
	{name: "with an end after its beginning", given: handling, when: by(handler, HoldHearing{day("2025-09-01"), day("2025-08-31")}), refused: "ERR_TIME_ORDER"},
	{name: "when it is over", given: handling, when: by(handler, HoldHearing{day("2025-09-01"), day("2025-09-02")}), refused: "ERR_FUTURE_TIME"},
	{name: "with its days", given: handling, when: by(handler, HoldHearing{}), refused: "ERR_TIME_REQUIRED"},
	{name: "by whose turn it is", given: inRecheck, when: by(handler, HoldHearing{day("2025-09-01"), day("2025-09-01")}), refused: "ERR_NOT_ADDRESSEE"},
	{name: "a review knows none", given: served, when: by(handler, HoldHearing{day("2025-09-01"), day("2025-09-01")}), refused: "ERR_PAUSE_NOT_ALLOWED"},

	{name: "a mediation has thirty days", given: handling, when: by(handler, StartMediation{"M-1", true}), then: []Event{MediationOpened{Mediation: "M-1"}}, clocks: "C16 2025-10-01/-"},
	{name: "by consent", given: handling, when: by(handler, StartMediation{"M-1", false}), refused: "ERR_CONSENT"},
	{name: "with a number", given: handling, when: by(handler, StartMediation{"", true}), refused: "ERR_NUMBER_REQUIRED"},

	{name: "a reply answers every claim", given: worked, when: by(handler, reply1), then: []Event{ReplyIssued(reply1)}},
	{name: "every one", given: worked, when: replying(func(c *IssueReply) { c.Answers = c.Answers[:1] }), refused: "ERR_CLAIM_UNANSWERED"},
	{name: "none twice", given: worked, when: replying(func(c *IssueReply) { c.Answers = []Answer{c.Answers[0], c.Answers[0]} }), refused: "ERR_CLAIM_UNANSWERED"},
	{name: "and none that there is not", given: worked, when: replying(func(c *IssueReply) { c.Answers = []Answer{c.Answers[0], {Claim: 3}} }), refused: "ERR_CLAIM_UNANSWERED"},
	{name: "one way or another", given: worked, when: replying(func(c *IssueReply) { c.Answers = []Answer{{Claim: 1}} }), refused: "ERR_BAD_TERM"},
	{name: "with facts and law", given: worked, when: replying(func(c *IssueReply) { c.Answers = []Answer{{Claim: 1, Outcome: Rejected, Facts: "f"}} }), refused: "ERR_BASIS_REQUIRED"},
	{name: "and where to go next", given: worked, when: replying(func(c *IssueReply) { c.Rescue = "" }), refused: "ERR_BASIS_REQUIRED"},
	{name: "and a number", given: worked, when: replying(func(c *IssueReply) { c.No = "" }), refused: "ERR_NUMBER_REQUIRED"},
	{name: "checked by another", given: worked, when: replying(func(c *IssueReply) { c.Reviewer = "H2" }), refused: "ERR_NO_REVIEWER"},
	{name: "of the unit", given: worked, when: replying(func(c *IssueReply) { c.Reviewer = "L1" }), refused: "ERR_NO_REVIEWER"},
	{name: "sealed for the petitioner, if there is one", given: received.then(registrar, with(entryOf, func(c *RegisterPetition) { c.Petitioner = Person{Anonymous: true} })).
		then(dispatcher, Classify{Claiming, PathPetition}).then(dispatcher, toHousing).then(clerk, ReceiveDispatch{}).then(clerk, Accept{Officer: "H2"}),
		when: replying(func(c *IssueReply) { c.Text = Sealed{Box: []byte{1}} }), refused: "ERR_NO_SUBJECT"},
	{name: "a claim is not answered before it was taken up", given: classified, when: by(dispatcher, with(reply1, func(c *IssueReply) { c.Reviewer = "B1" })), refused: "ERR_WRONG_STAGE"},
	{name: "a suggestion is answered by the bureau", given: suggested, when: by(dispatcher, with(reply1, func(c *IssueReply) { c.Reviewer, c.Rescue = "B1", "" })),
		then: []Event{ReplyIssued(with(reply1, func(c *IssueReply) { c.Reviewer, c.Rescue = "B1", "" }))}},

	{name: "a reply is served, and may be reviewed", given: replied, when: by(handler, ServeReply{"mail", false, "disagree"}), then: []Event{ReplyServed{Method: "mail", Opinion: "disagree"}}, clocks: "C8 2025-10-09/-"},
	{name: "that of a suggestion may not", given: suggested.then(dispatcher, with(reply1, func(c *IssueReply) { c.Reviewer = "B1" })), when: by(dispatcher, ServeReply{"mail", true, "none"}),
		then: []Event{ReplyServed{Method: "mail", Refused: true, Opinion: "none"}}},
	{name: "somehow", given: replied, when: by(handler, ServeReply{"", false, "agree"}), refused: "ERR_PROOF_REQUIRED"},
	{name: "with what he says to it", given: replied, when: by(handler, ServeReply{"mail", false, "?"}), refused: "ERR_BAD_TERM"},
	{name: "after it was issued", given: replied, when: by(handler, ServeReply{"mail", false, "agree"}).happening(dawn), refused: "ERR_TIME_ORDER"},
	{name: "a report is owed of an assignment", given: classified.then(dispatcher, Dispatch{Mode: Assign, To: "housing", No: "D-1", Due: day("2025-09-30")}).then(clerk, ReceiveDispatch{}).then(clerk, Accept{Officer: "H2"}),
		when: by(handler, ReportCompletion{"C-1"}), then: []Event{CompletionReported{"C-1"}}},
	{name: "with a number", given: classified.then(dispatcher, Dispatch{Mode: Assign, To: "housing", No: "D-1", Due: day("2025-09-30")}).then(clerk, ReceiveDispatch{}),
		when: by(clerk, ReportCompletion{}), refused: "ERR_NUMBER_REQUIRED"},
	{name: "of nothing else", given: handling, when: by(handler, ReportCompletion{"C-1"}), refused: "ERR_NO_ASSIGNMENT"},

	{name: "a case is closed", given: served, when: by(handler, Close{Result: "r", Evidence: paper}), then: []Event{CaseClosed{Result: "r", Evidence: paper}}},
	{name: "not before the reply was served", given: replied, when: by(handler, Close{Result: "r", Evidence: paper}), refused: "ERR_REPLY_NOT_SERVED"},
	{name: "unless it cannot be", given: replied.then(handler, NotifyPetitioner{Notice: NoticeReply, Impossible: "moved"}), when: by(handler, Close{Result: "r", Evidence: paper}), then: []Event{CaseClosed{Result: "r", Evidence: paper}}},
	{name: "this time", given: closed.then(handler, Reopen{GroundRelapse}, approvedBy(chief)).then(handler, NotifyPetitioner{Notice: NoticeReply, Impossible: "moved"}).then(handler, progress).then(handler, reply1),
		when: by(handler, Close{Result: "r", Evidence: paper}), refused: "ERR_REPLY_NOT_SERVED"},
	{name: "not without a result", given: served, when: by(handler, Close{Evidence: paper}), refused: "ERR_EMPTY"},
	{name: "nor without evidence", given: served, when: by(handler, Close{Result: "r"}), refused: "ERR_NO_EVIDENCE"},
	{name: "which may be there already", given: handling.then(handler, RecordProgress{Talk, "n", paper}).then(handler, reply1).then(handler, ServeReply{"mail", false, "agree"}),
		when: by(handler, Close{Result: "r"}), then: []Event{CaseClosed{Result: "r"}}},
	{name: "nor without work", given: handling.then(handler, reply1).then(handler, ServeReply{"mail", false, "agree"}), when: by(handler, Close{Result: "r", Evidence: paper}), refused: "ERR_NO_PROGRESS"},
	{name: "a suggestion has none", given: suggested.then(dispatcher, with(reply1, func(c *IssueReply) { c.Reviewer = "B1" })).then(dispatcher, ServeReply{"mail", false, "agree"}),
		when: by(dispatcher, Close{Result: "r", Evidence: paper}), then: []Event{CaseClosed{Result: "r", Evidence: paper}}},
	{name: "what was supported has a plan", given: supportive, when: by(handler, Close{Result: "r", Evidence: paper}), refused: "ERR_PLAN_REQUIRED"},
	{name: "with it, it is closed", given: supportive, when: by(handler, Close{"r", paper, day("2025-12-01")}), then: []Event{CaseClosed{"r", paper, day("2025-12-01")}}},
	{name: "a closed case is opened again", given: closed, when: by(handler, Reopen{GroundRelapse}, approvedBy(chief)), then: []Event{CaseReopened{Ground: GroundRelapse}}, clocks: "C6 2025-10-31/2025-10-01"},
	{name: "on a ground", given: closed, when: by(handler, Reopen{"whim"}, approvedBy(chief)), refused: "ERR_BAD_TERM"},
	{name: "with approval", given: closed, when: by(handler, Reopen{GroundError}), refused: "ERR_UNAPPROVED"},
	{name: "and then handled anew", given: closed.then(handler, Reopen{GroundRelapse}, approvedBy(chief)).then(handler, reply1).then(handler, ServeReply{"mail", false, "agree"}),
		when: by(handler, Close{Result: "r", Evidence: paper}), refused: "ERR_NO_PROGRESS"},
	{name: "with thirty days of extension anew", given: requested1.then(chief, ApproveExtension{true, 20}).then(handler, progress).then(handler, reply1).then(handler, ServeReply{"mail", false, "agree"}).
		then(handler, Close{Result: "r", Evidence: paper}).then(handler, Reopen{GroundRelapse}, approvedBy(chief)),
		when: by(handler, RequestExtension{30}, because("x")), then: []Event{ExtensionRequested{30}}},
}
