// Package casefile folds the events of one case into what people want to see of
// it (案件档案): its state, every clock in both tiers with who is to answer for
// the time after it ran out, who held the case when, what the petitioner was
// told, who approved what, what was corrected, and what was entered late.
//
// A [File] is a pure function of the case's stream up to some position. So the
// row of a case in a view, the page of a case and the report on a case say the
// same, and a case "as known at" a position is the fold up to that position.
//
// A File knows no present. What depends on the present, such as how long a
// clock has run out, is asked with the time and the calendar:
// [ClockEntry.Verdict], [File.Attribution], [File.Desks].
//
// Read fold.go for what each event does to a File, clocks.go for when a clock
// is met, holders.go for who holds the case, and verdict.go and attribution.go
// for what is made of both.
//
// # Corrections
//
// A correction (更正) of a time moves whatever rested on it: the dates of the
// case, when a clock was met, when a holding began. Both values stay in
// [File.Corrections]. It moves no due date: those were reckoned by the decider,
// and are replaced by DeadlineRecomputed alone.
package casefile

import (
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// A File is one case as its events tell it. All times are UTC.
type File struct {
	Number   string // 信访件编号
	Version  ledger.Version
	Position ledger.Position // of the last event
	Recorded time.Time       // when the last event was recorded
	Leaf     ledger.Hash     // of the last event: identifies the whole history of the case

	Stage      petition.Stage
	Channel    petition.Channel
	Level      petition.Level
	Class      petition.Class
	Path       petition.Path
	Category   string
	Street     string
	Summary    string
	Claims     []petition.Claim
	Petitioner petition.Person
	Headcount  int
	First      petition.FirstTime
	Joint      bool
	Rated      bool // 国家满意度信访件
	Judicial   bool // 涉法涉诉
	Urgent     bool
	Restricted bool
	Accused    []petition.Accused
	Import     *petition.CaseImported // set if the case was imported
	Actions    int                    // actions imported from an event log
	Erased     bool                   // erasure of the petitioner's data was authorised
	Result     string                 // 办理结果, as corrected
	Excluded   string                 // ground of exclusion from statistics (不纳入统计); "" if counted
	Earlier    string                 // number of the earlier case that this one repeats (重复件)
	MergedInto string

	Received   time.Time // 收到时间, as corrected
	Registered time.Time
	Dispatched time.Time // first disposition by the bureau
	Arrived    time.Time // last receipt by a unit (签收)
	Accepted   time.Time
	Replied    time.Time
	Served     time.Time
	Closed     time.Time // last closing; zero again after a reopening

	Unit    string // code of the unit that holds the case now, or held it last but for a review
	Officer string // number of the officer responsible now, or last
	Bureau  string // code of the unit that received it

	Reply       *petition.ReplyIssued // the last
	Clocks      []ClockEntry          // in the order in which they started
	Holders     []Holding             // who held the case, in order, without overlap (责任链)
	Notices     []NoticeEntry         // what the petitioner had to be told (告知矩阵)
	Approvals   []Approval            // every act that needs an approval (审批链)
	Corrections []Correction
	Lates       []Late
	Evaluations []Evaluation
	Supervision []Supervised
	Returns     int  // objections that were upheld (退件)
	Reopened    int  // times reopened
	Reviews     int  // reviews and re-checks requested
	Extended    int  // calendar days granted in all
	Progress    int  // progress records
	Executed    bool // what was supported was carried out

	Timeline []Entry // empty if the file was read light

	light     bool
	marks     [dates]stamp // which entry set each date of the case
	handler   holder       // who handles it, or did before a review
	sender    string       // unit that dispatched it last
	addressee string       // unit that it was dispatched to last
}

// NewFile returns the file of a case of which nothing has happened yet. Without
// the timeline it takes half the memory, and [File.Timeline] stays empty.
func NewFile(timeline bool) *File { return &File{light: !timeline} }

// An Entry is one event on the timeline (时间轴), with its times.
type Entry struct {
	ID       uuid.UUID
	Position ledger.Position
	Version  ledger.Version
	Type     string
	Occurred time.Time // 发生时间; as corrected, if it was
	Received time.Time // 收到时间, likewise; zero if it has none
	Recorded time.Time // 录入时间
	Actor    ledger.Actor
	Approver string
	Reason   string
	Basis    *ledger.Document
	Late     *ledger.LateEntry
	Event    petition.Event
	Leaf     ledger.Hash
	Curing   bool        // entered after a due date that it claims to have met (治愈超期)
	Fixed    []uuid.UUID // later corrections of this entry
}

// A ClockEntry is one clock of the case and what became of it.
type ClockEntry struct {
	law.Clock
	Started   uuid.UUID // event that started it
	About     string    // of several at once: whom an evaluation judges, number of a supervision or mediation
	Extended  []uuid.UUID
	Met       time.Time // when what it waits for happened; zero if it has not
	MetBy     uuid.UUID
	MetLate   bool      // what met it was a late entry
	Cancelled bool      // it came to nothing: the case took another way
	Ended     time.Time // when it was cancelled; zero if that makes it as if it had never run
	Unit      string
	Officer   string // who had to meet it, when it started

	// The limits without the extensions that were approved only after the limit
	// had run out (RF-06); nil if there was none.
	StrictStatutory, StrictDistrict *law.Limit

	// What met it: a decision and the telling of it, or the second alone. While
	// the petitioner has yet to be told, there is the first alone.
	metBy  [2]moment
	awaits petition.Notice // what he is told it with
}

// A Holding is an interval in which a unit, and within it an officer, held the
// case. [From, To); To is zero for the present holder.
type Holding struct {
	Unit     string
	Officer  string // "" while nobody was named: 责任真空 between acceptance and closing
	Post     string // post of the officer at From, if the event says so
	From, To time.Time
	Transit  bool // sent, and not yet received (在途): still on the sender
	Stage    petition.Stage
	Events   int       // events recorded by the holder in this interval
	Last     time.Time // when the last of them happened
	Idle     Span      // the longest stretch without an event in it so far

	by, until stamp // the entries that began and ended it
}

// A Span is an interval of time.
type Span struct{ From, To time.Time }

// A NoticeEntry is one thing the petitioner had to be told.
type NoticeEntry struct {
	Notice     petition.Notice
	Unit       string    // who had to tell him, or did
	Owed       uuid.UUID // event that made it due; zero if told without being owed
	Since      time.Time
	Given      time.Time // zero if it was not
	By         uuid.UUID
	Method     string
	Proof      string
	Impossible string    // why it could not be given (无法告知)
	Declared   time.Time // when that was stated
}

// An Approval is an act that needed one, and who gave it.
type Approval struct {
	Act       uuid.UUID
	Type      string // of the event; [LateEntry] for the approval of a late entry
	Requester ledger.Actor
	Approver  string
	At        time.Time
	Granted   bool
	Pending   bool
}

// A Correction is one correction, with both values (更正).
type Correction struct {
	ID, Target uuid.UUID
	Field      petition.Field
	Old, New   string
	Actor      ledger.Actor
	Approver   string
	Reason     string
	Recorded   time.Time
	AfterDue   bool // recorded after the due date, in either tier, of a clock that the field feeds
}

// A Late is an entry made more than one working day after it happened (补录).
type Late struct {
	ID                 uuid.UUID
	Type               string
	Occurred, Recorded time.Time
	Reason             string
	Approver           string
	Actor              ledger.Actor
	Cures              []law.ClockID // clocks it claims to have met before they ran out, though recorded after (治愈超期)
}

// An Evaluation is what the petitioner thinks of one of the two (满意度评价).
type Evaluation struct {
	Judged    petition.Judged
	Opened    time.Time
	Submitted time.Time // zero if not
	Grade     petition.Grade
	Expired   time.Time // zero if not
}

// A Supervised is one supervision (督办).
type Supervised struct {
	No, Unit, Ground string
	Clock            law.Clock
	Issued           time.Time
	FedBack          time.Time
	Closed           time.Time
}
