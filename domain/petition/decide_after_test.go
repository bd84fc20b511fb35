package petition

import (
	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

var (
	told      = NotifyPetitioner{Notice: NoticeReview, Method: "mail", Proof: "p"}
	visit     = RecordReturnVisit{Method: "phone", Reached: true, Bureau: Satisfied, Judged: Basically, Note: "n"}
	visited   = ReturnVisitRecorded{Unit: "bureau", Method: "phone", Reached: true, Bureau: Satisfied, Judged: Basically, Note: "n"}
	ballot    = SubmitEvaluation{JudgedUnit, Satisfied, "code", "4f"}
	overdue   = Supervise{No: "S-1", Unit: "housing", Ground: "1", Demand: "act"}
	answered1 = watched.then(handler, FeedBack{"S-1", "done"})
)

// afterRows: 办结之后.
var afterRows = []row{
	{name: "a review is asked for", given: closed, when: by(registrar, RequestReview{"government"}), then: []Event{ReviewRequested{Organ: "government"}}, clocks: "C9 2025-10-01/-"},
	{name: "or before closing", given: served, when: by(registrar, RequestReview{"government"}), then: []Event{ReviewRequested{Organ: "government"}}, clocks: "C9 2025-10-01/-"},
	{name: "late, if it is late", given: closed, when: by(registrar, RequestReview{"government"}).happening(noon("2025-10-10")), then: []Event{ReviewRequested{Organ: "government", Late: true}}, clocks: "C9 2025-11-09/-"},
	{name: "which it is when the day is over", given: closed, when: by(registrar, RequestReview{"government"}).happening(day("2025-10-10").Start().UTC()), then: []Event{ReviewRequested{Organ: "government", Late: true}}, clocks: "C9 2025-11-09/-"},
	{name: "in time on the last day", given: closed, when: by(registrar, RequestReview{"government"}).happening(noon("2025-10-09")), then: []Event{ReviewRequested{Organ: "government"}}, clocks: "C9 2025-11-08/-"},
	{name: "of the organ above", given: closed, when: by(registrar, RequestReview{"labour"}), refused: "ERR_NOT_HIGHER"},
	{name: "that there is", given: closed, when: by(registrar, RequestReview{"nowhere"}), refused: "ERR_UNIT_INACTIVE"},
	{name: "after the reply", given: closed, when: by(registrar, RequestReview{"government"}, receivedAt(dawn)), refused: "ERR_TIME_ORDER"},
	{name: "not before there is one", given: handling, when: by(registrar, RequestReview{"government"}), refused: "ERR_NO_PRIOR_OPINION"},
	{name: "the organ decides", given: inReview, when: by(government, DecideReview{Changed, "V-1"}), then: []Event{ReviewDecided{Organ: "government", Ruling: Changed, No: "V-1"}}},
	{name: "that it is to be handled anew", given: inReview, when: by(government, DecideReview{Revoked, "V-1"}), then: []Event{ReviewDecided{Organ: "government", Ruling: Revoked, No: "V-1"}}, clocks: "C6 2025-10-31/2025-10-01"},
	{name: "and it is", given: inReview.then(government, DecideReview{Revoked, "V-1"}), when: by(handler, progress), then: noted},
	{name: "up to another review, by the same", given: inReview.then(government, DecideReview{Revoked, "V-1"}).then(handler, progress).then(handler, reply1).then(handler, ServeReply{"mail", false, "none"}).
		then(registrar, RequestReview{"government"}), when: by(government, DecideReview{Upheld, "V-2"}), then: []Event{ReviewDecided{Organ: "government", Ruling: Upheld, No: "V-2"}}},
	{name: "up to another review", given: inReview.then(government, DecideReview{Revoked, "V-1"}).then(handler, reply1).then(handler, ServeReply{"mail", false, "none"}), when: by(registrar, RequestReview{"government"}),
		then: []Event{ReviewRequested{Organ: "government"}}, clocks: "C9 2025-10-01/-"},
	{name: "in one of three ways", given: inReview, when: by(government, DecideReview{"maybe", "V-1"}), refused: "ERR_BAD_TERM"},
	{name: "with a number", given: inReview, when: by(government, DecideReview{Upheld, ""}), refused: "ERR_NUMBER_REQUIRED"},
	{name: "and nobody else", given: inReview, when: by(handler, DecideReview{Upheld, "V-1"}), refused: "ERR_NOT_ADDRESSEE"},
	{name: "not by who handled it", given: inReview, when: by(government, DecideReview{Upheld, "V-1"}, behalf(handler)), refused: "ERR_PRIOR_HANDLER"},
	{name: "or for whom it was handled", given: handling.then(handler, progress, behalf(chief)).then(handler, reply1).then(handler, ServeReply{"mail", false, "none"}).then(registrar, RequestReview{"government"}),
		when: by(government, DecideReview{Upheld, "V-1"}, behalf(chief)), refused: "ERR_PRIOR_HANDLER"},
	{name: "a re-check is asked for", given: reviewed1.then(government, told), when: by(registrar, RequestRecheck{"city"}), then: []Event{RecheckRequested{Organ: "city"}}, clocks: "C11 2025-10-01/-"},
	{name: "late, if it is late", given: reviewed1.then(government, told), when: by(registrar, RequestRecheck{"city"}).happening(noon("2025-10-10")), then: []Event{RecheckRequested{Organ: "city", Late: true}}, clocks: "C11 2025-11-09/-"},
	{name: "not of the organ that reviewed", given: reviewed1, when: by(registrar, RequestRecheck{"government"}), refused: "ERR_NOT_HIGHER"},
	{name: "not before the review", given: closed, when: by(registrar, RequestRecheck{"city"}), refused: "ERR_NO_PRIOR_OPINION"},
	{name: "nor is a review after it", given: reviewed1, when: by(registrar, RequestReview{"government"}), refused: "ERR_NO_PRIOR_OPINION"},
	{name: "the re-check is the end", given: inRecheck, when: by(city, DecideRecheck{Upheld, "W-1"}), then: []Event{RecheckDecided{Organ: "city", Ruling: Upheld, No: "W-1"}, CaseTerminated{}}},
	{name: "unless it revokes", given: inRecheck, when: by(city, DecideRecheck{Revoked, "W-1"}), then: []Event{RecheckDecided{Organ: "city", Ruling: Revoked, No: "W-1"}}, clocks: "C6 2025-10-31/2025-10-01"},
	{name: "in one of three ways", given: inRecheck, when: by(city, DecideRecheck{"maybe", "W-1"}), refused: "ERR_BAD_TERM"},
	{name: "not by who reviewed it", given: inRecheck, when: by(city, DecideRecheck{Upheld, "W-1"}, behalf(government)), refused: "ERR_PRIOR_HANDLER"},
	{name: "after it there is nothing", given: terminated, when: by(registrar, RequestRecheck{"city"}), refused: "ERR_NO_PRIOR_OPINION"},
	{name: "a case that was reviewed before it was closed is closed", given: served.then(registrar, RequestReview{"government"}).then(government, DecideReview{Upheld, "V-1"}),
		when: by(handler, Close{Result: "r", Evidence: paper}), then: []Event{CaseClosed{Result: "r", Evidence: paper}}},
	{name: "but not twice", given: reviewed1, when: by(handler, Close{Result: "r", Evidence: paper}), refused: "ERR_WRONG_STAGE"},

	{name: "what was supported was done", given: supportive, when: by(handler, ConfirmExecution{true}), then: []Event{ExecutionConfirmed{true}}},
	{name: "what was not cannot be", given: served, when: by(handler, ConfirmExecution{true}), refused: "ERR_NOT_SUPPORTED"},

	{name: "an evaluation is open for thirty days", given: closed, when: by(program, OpenEvaluation{JudgedUnit}), then: []Event{EvaluationOpened{Judged: JudgedUnit}}, clocks: "C15 -/2025-10-01"},
	{name: "of one of two", given: closed, when: by(program, OpenEvaluation{"weather"}), refused: "ERR_BAD_TERM"},
	{name: "once", given: evaluable, when: by(program, OpenEvaluation{JudgedUnit}), refused: "ERR_EVAL_CLOSED"},
	{name: "of the unit after its reply", given: handling, when: by(program, OpenEvaluation{JudgedUnit}), refused: "ERR_REPLY_NOT_SERVED"},
	{name: "of the bureau before", given: handling, when: by(leader, OpenEvaluation{JudgedBureau}), then: []Event{EvaluationOpened{Judged: JudgedBureau}}, clocks: "C15 -/2025-10-01"},
	{name: "the petitioner evaluates", given: evaluable, when: by(program, ballot), then: []Event{EvaluationSubmitted(ballot)}},
	{name: "nobody for him", given: evaluable, when: by(handler, ballot), refused: "ERR_EVAL_BY_STAFF"},
	{name: "once", given: evaluable.then(program, ballot), when: by(program, ballot), refused: "ERR_EVAL_CLOSED"},
	{name: "what is open", given: evaluable, when: by(program, with(ballot, func(c *SubmitEvaluation) { c.Judged = JudgedBureau })), refused: "ERR_EVAL_CLOSED"},
	{name: "in one of three grades", given: evaluable, when: by(program, with(ballot, func(c *SubmitEvaluation) { c.Grade = "5" })), refused: "ERR_BAD_TERM"},
	{name: "through one of two doors", given: evaluable, when: by(program, with(ballot, func(c *SubmitEvaluation) { c.Channel = "staff" })), refused: "ERR_BAD_TERM"},
	{name: "or he does not", given: evaluable, when: by(program, ExpireEvaluation{JudgedUnit}).happening(noon("2025-10-02")), then: []Event{EvaluationExpired{JudgedUnit}}},
	{name: "when the time is over", given: evaluable, when: by(program, ExpireEvaluation{JudgedUnit}).happening(noon("2025-10-01")), refused: "ERR_TIME_ORDER"},
	{name: "again after it was handled again", given: evaluable.then(program, ballot).then(handler, Reopen{GroundRelapse}, approvedBy(chief)).then(handler, reply1).then(handler, ServeReply{"mail", false, "none"}),
		when: by(program, OpenEvaluation{JudgedUnit}), then: []Event{EvaluationOpened{Judged: JudgedUnit}}, clocks: "C15 -/2025-10-02"},

	{name: "a return visit is recorded", given: closed, when: by(leader, visit), then: []Event{visited}},
	{name: "not by the unit itself", given: closed, when: by(chief, visit), refused: "ERR_VISITOR_CONFLICT"},
	{name: "who was not reached says nothing", given: closed, when: by(leader, with(visit, func(c *RecordReturnVisit) { c.Reached = false })), refused: "ERR_BAD_TERM"},
	{name: "who was says one of three", given: closed, when: by(leader, with(visit, func(c *RecordReturnVisit) { c.Judged = "5" })), refused: "ERR_BAD_TERM"},
	{name: "somehow", given: closed, when: by(leader, RecordReturnVisit{}), refused: "ERR_PROOF_REQUIRED"},
	{name: "when it is closed", given: handling, when: by(leader, visit), refused: "ERR_WRONG_STAGE"},

	{name: "a case is archived when nobody can ask for a review", given: closed, when: by(registrar, Archive{Retain30}).happening(noon("2025-10-10")), then: []Event{CaseArchived{Retain30}}},
	{name: "not before", given: closed, when: by(registrar, Archive{Retain30}).happening(noon("2025-10-09")), refused: "ERR_REVIEW_WINDOW_OPEN"},
	{name: "nor before he knows of the review", given: reviewed1, when: by(registrar, Archive{Retain30}).happening(noon("2025-12-01")), refused: "ERR_REVIEW_WINDOW_OPEN"},
	{name: "nor while he can take it on", given: reviewed1.then(government, told), when: by(registrar, Archive{Retain30}).happening(noon("2025-10-09")), refused: "ERR_REVIEW_WINDOW_OPEN"},
	{name: "after that", given: reviewed1.then(government, told), when: by(registrar, Archive{Retain30}).happening(noon("2025-10-10")), then: []Event{CaseArchived{Retain30}}},
	{name: "the re-check is final", given: terminated, when: by(registrar, Archive{Retain10}), then: []Event{CaseArchived{Retain10}}},
	{name: "for one of three periods", given: terminated, when: by(registrar, Archive{"a while"}), refused: "ERR_BAD_TERM"},
	{name: "when it is over", given: handling, when: by(registrar, Archive{Retain10}), refused: "ERR_WRONG_STAGE"},
}

// published is the world once the calendar of 2027 is known.
var published = World{world.Calendar.Publish(2027, []law.Date{day("2027-01-01")}, nil), world.Rules, world.Directory}

// oversightRows: 督办、报告、统计、更正.
var oversightRows = []row{
	{name: "a unit is supervised, for seven days", given: handling, when: by(leader, overdue), then: []Event{SupervisionIssued{No: "S-1", Unit: "housing", Ground: "1", Demand: "act"}}, clocks: "C17 -/2025-09-08"},
	{name: "or until a day", given: handling, when: by(leader, with(overdue, func(c *Supervise) { c.Due = day("2025-09-03") })), then: []Event{SupervisionIssued{No: "S-1", Unit: "housing", Ground: "1", Demand: "act"}}, clocks: "C17 2025-09-03/2025-09-03"},
	{name: "that is not over", given: handling, when: by(leader, with(overdue, func(c *Supervise) { c.Due = day("2025-08-31") })), refused: "ERR_TIME_ORDER"},
	{name: "on one of six grounds", given: handling, when: by(leader, with(overdue, func(c *Supervise) { c.Ground = "7" })), refused: "ERR_BAD_TERM"},
	{name: "to do something", given: handling, when: by(leader, with(overdue, func(c *Supervise) { c.Demand = "" })), refused: "ERR_EMPTY"},
	{name: "with a number", given: handling, when: by(leader, with(overdue, func(c *Supervise) { c.No = "" })), refused: "ERR_NUMBER_REQUIRED"},
	{name: "of its own", given: watched, when: by(leader, overdue), refused: "ERR_DUP_SUPERVISION"},
	{name: "not by its equals", given: handling, when: by(clerk, overdue), refused: "ERR_NOT_SUPERVISOR"},
	{name: "not if it is accused", given: listed, when: by(leader, with(overdue, func(c *Supervise) { c.Unit = "street" })), refused: "ERR_ACCUSED_RECIPIENT"},
	{name: "it answers", given: watched, when: by(handler, FeedBack{"S-1", "done"}), then: []Event{SupervisionFedBack{"S-1", "done"}}},
	{name: "itself", given: watched, when: by(dispatcher, FeedBack{"S-1", "done"}), refused: "ERR_NOT_ADDRESSEE"},
	{name: "something", given: watched, when: by(handler, FeedBack{"S-1", ""}), refused: "ERR_EMPTY"},
	{name: "what it was asked", given: watched, when: by(handler, FeedBack{"S-2", "done"}), refused: "ERR_NO_SUPERVISION"},
	{name: "and it ends", given: answered1, when: by(leader, CloseSupervision{"S-1"}), then: []Event{SupervisionClosed{"S-1"}}},
	{name: "once", given: answered1.then(leader, CloseSupervision{"S-1"}), when: by(leader, CloseSupervision{"S-1"}), refused: "ERR_NO_SUPERVISION"},
	{name: "not by another", given: handling.then(government, overdue), when: by(leader, CloseSupervision{"S-1"}), refused: "ERR_NOT_SUPERVISOR"},

	{name: "an urgent matter is reported", given: received, when: by(registrar, ReportUrgent{"government", "oral"}), then: []Event{UrgentReported{"government", "oral"}}},
	{name: "to somebody", given: received, when: by(registrar, ReportUrgent{"", "oral"}), refused: "ERR_TARGET_REQUIRED"},
	{name: "somehow", given: received, when: by(registrar, ReportUrgent{"government", "smoke"}), refused: "ERR_BAD_TERM"},

	{name: "the bureau leaves a case out of the figures", given: closed, when: by(handler, ExcludeFromStatistics{"judicial"}, approvedBy(leader)), then: []Event{StatisticsExclusionMarked{"judicial"}}},
	{name: "once on one ground", given: closed.then(handler, ExcludeFromStatistics{"judicial"}, approvedBy(leader)), when: by(handler, ExcludeFromStatistics{"judicial"}, approvedBy(leader))},
	{name: "the unit does not", given: closed, when: by(handler, ExcludeFromStatistics{"judicial"}, approvedBy(chief)), refused: "ERR_UNIT_CANNOT_EXCLUDE"},
	{name: "nor anyone alone", given: closed, when: by(leader, ExcludeFromStatistics{"judicial"}), refused: "ERR_UNIT_CANNOT_EXCLUDE"},
	{name: "on a ground", given: closed, when: by(handler, ExcludeFromStatistics{}, approvedBy(leader)), refused: "ERR_GROUND_REQUIRED"},
	{name: "that there is", given: closed, when: by(handler, ExcludeFromStatistics{"shame"}, approvedBy(leader)), refused: "ERR_BAD_TERM"},

	{name: "a due date that was certain stays", given: closed, when: by(program, RecomputeDeadline{"C6"})},
	{name: "one in a year without a calendar moves when that is published", given: history{}.on(noon("2026-12-30"), registrar, intake), when: by(program, RecomputeDeadline{"C2"}).knowing(published),
		then: []Event{DeadlineRecomputed{}}, clocks: "C2 2027-01-14/2027-01-07"},
	{name: "not before", given: history{}.on(noon("2026-12-30"), registrar, intake), when: by(program, RecomputeDeadline{"C2"})},
	{name: "there must be one", given: closed, when: by(program, RecomputeDeadline{"C7"}), refused: "ERR_NO_SUCH_CLOCK"},

	{name: "a channel is corrected", given: registered, when: by(dispatcher, CorrectEntry{eventOf(1), FieldChannel, "letter", "visit"}, approvedBy(leader)), then: []Event{EntryCorrected{eventOf(1), FieldChannel, "letter", "visit"}}},
	{name: "from what it says by now", given: registered.then(dispatcher, CorrectEntry{eventOf(1), FieldChannel, "letter", "visit"}, approvedBy(leader)),
		when: by(dispatcher, CorrectEntry{eventOf(1), FieldChannel, "letter", "phone"}, approvedBy(leader)), refused: "ERR_OLD_MISMATCH"},
	{name: "not to what it says", given: registered, when: by(dispatcher, CorrectEntry{eventOf(1), FieldChannel, "?", "letter"}, approvedBy(leader))},
	{name: "to what it can be", given: registered, when: by(dispatcher, CorrectEntry{eventOf(1), FieldChannel, "letter", "pigeon"}, approvedBy(leader)), refused: "ERR_BAD_TERM"},
	{name: "a time in any zone", given: registered, when: by(dispatcher, CorrectEntry{eventOf(1), FieldReceived, "2025-09-01T09:00:00+08:00", "2025-08-29T09:00:00+08:00"}, approvedBy(leader)),
		then: []Event{EntryCorrected{eventOf(1), FieldReceived, "2025-09-01T01:00:00Z", "2025-08-29T01:00:00Z"}}},
	{name: "not to come", given: registered, when: by(dispatcher, CorrectEntry{eventOf(1), FieldReceived, "2025-09-01T01:00:00Z", "2026-08-29T01:00:00Z"}, approvedBy(leader)), refused: "ERR_BAD_TERM"},
	{name: "a headcount", given: registered, when: by(dispatcher, CorrectEntry{eventOf(1), FieldHeadcount, "1", "07"}, approvedBy(leader)), then: []Event{EntryCorrected{eventOf(1), FieldHeadcount, "1", "7"}}},
	{name: "the senses in which it is a first one", given: registered, when: by(dispatcher, CorrectEntry{eventOf(2), FieldFirst, "national", "local,channel"}, approvedBy(leader)), then: []Event{EntryCorrected{eventOf(2), FieldFirst, "national", "local,channel"}}},
	{name: "which are three", given: registered, when: by(dispatcher, CorrectEntry{eventOf(2), FieldFirst, "national", "ever"}, approvedBy(leader)), refused: "ERR_BAD_TERM"},
	{name: "a street", given: registered, when: by(dispatcher, CorrectEntry{eventOf(2), FieldStreet, "", "street"}, approvedBy(leader)), then: []Event{EntryCorrected{eventOf(2), FieldStreet, "", "street"}}},
	{name: "a category", given: registered, when: by(dispatcher, CorrectEntry{eventOf(2), FieldCategory, "", "housing"}, approvedBy(leader)), then: []Event{EntryCorrected{eventOf(2), FieldCategory, "", "housing"}}},
	{name: "a summary", given: registered, when: by(dispatcher, CorrectEntry{eventOf(2), FieldSummary, "wages", ""}, approvedBy(leader)), refused: "ERR_BAD_TERM"},
	{name: "a result", given: closed, when: by(handler, CorrectEntry{eventOf(10), FieldResult, "explained", "explained twice"}, approvedBy(chief)), then: []Event{EntryCorrected{eventOf(10), FieldResult, "explained", "explained twice"}}},
	{name: "nothing else", given: registered, when: by(dispatcher, CorrectEntry{eventOf(1), FieldResult, "", "x"}, approvedBy(leader)), refused: "ERR_FIELD_IMMUTABLE"},
	{name: "nor what the petitioner said", given: evaluable.then(program, ballot), when: by(leader, CorrectEntry{eventOf(12), FieldOccurred, "", ""}, approvedBy(registrar)), refused: "ERR_NO_ENTRY"},
	{name: "nor in another case", given: registered, when: by(dispatcher, CorrectEntry{eventOf(77), FieldChannel, "letter", "visit"}, approvedBy(leader)), refused: "ERR_NO_ENTRY"},
	{name: "with approval", given: registered, when: by(dispatcher, CorrectEntry{eventOf(1), FieldChannel, "letter", "visit"}), refused: "ERR_UNAPPROVED"},
	{name: "of the second event of a command", given: terminated, when: by(registrar, CorrectEntry{ledger.EventID(commandID(15), 1), FieldOccurred, "2025-09-01T15:00:00Z", "2025-09-01T14:00:00Z"}, approvedBy(leader)),
		then: []Event{EntryCorrected{ledger.EventID(commandID(15), 1), FieldOccurred, "2025-09-01T15:00:00Z", "2025-09-01T14:00:00Z"}}},

	{name: "erasure is authorised", given: closed, when: by(registrar, AuthoriseErasure{petitioner1.Subject, "he asked"}, approvedBy(leader)), then: []Event{ErasureAuthorised{petitioner1.Subject, "he asked"}}},
	{name: "once", given: closed.then(registrar, AuthoriseErasure{petitioner1.Subject, "he asked"}, approvedBy(leader)), when: by(registrar, AuthoriseErasure{petitioner1.Subject, "he asked"}, approvedBy(leader))},
	{name: "of this petitioner", given: closed, when: by(registrar, AuthoriseErasure{uuid.Max, "he asked"}, approvedBy(leader)), refused: "ERR_NO_SUBJECT"},
	{name: "on a ground", given: closed, when: by(registrar, AuthoriseErasure{petitioner1.Subject, ""}, approvedBy(leader)), refused: "ERR_GROUND_REQUIRED"},
	{name: "with approval", given: closed, when: by(registrar, AuthoriseErasure{petitioner1.Subject, "he asked"}), refused: "ERR_UNAPPROVED"},
}
