package petition

import "xinfang/domain/ledger"

// terms is a closed set of words, each with what a person reads for it.
type terms[T ~string] []struct {
	Word   T
	ZH, EN string
}

func (ts terms[T]) title(w T) ledger.Text {
	for _, t := range ts {
		if t.Word == w {
			return ledger.Text{ZH: t.ZH, EN: t.EN}
		}
	}
	return ledger.Text{ZH: string(w), EN: string(w)}
}

func (ts terms[T]) has(w T) bool {
	for _, t := range ts {
		if t.Word == w {
			return true
		}
	}
	return false
}

func (ts terms[T]) values() []T {
	words := make([]T, len(ts))
	for i, t := range ts {
		words[i] = t.Word
	}
	return words
}

// A Channel is how a petition came (信访形式, Art.17 of the 2022 regulation).
type Channel string

// The channels.
const (
	Letter Channel = "letter" // 来信
	Visit  Channel = "visit"  // 来访
	Online Channel = "online" // 网信
	Phone  Channel = "phone"  // 来电
	Fax    Channel = "fax"    // 传真
	Other  Channel = "other"  // 其他
)

var channels = terms[Channel]{
	{Letter, "来信", "letter"}, {Visit, "来访", "visit"}, {Online, "网信", "online"},
	{Phone, "来电", "phone"}, {Fax, "传真", "fax"}, {Other, "其他", "other"},
}

// Title returns the channel's name.
func (c Channel) Title() ledger.Text { return channels.title(c) }

// Channels returns the closed set.
func Channels() []Channel { return channels.values() }

// A Level is the level of the place where a petition was received (Art.20).
type Level string

// The levels.
const (
	Community Level = "community" // 社区
	Street    Level = "street"    // 街道
	District  Level = "district"  // 区
	City      Level = "city"      // 市
	Province  Level = "province"  // 省
	Nation    Level = "nation"    // 国家
)

var levels = terms[Level]{
	{Community, "社区", "community"}, {Street, "街道", "street"}, {District, "区", "district"},
	{City, "市", "city"}, {Province, "省", "province"}, {Nation, "国家", "nation"},
}

// Title returns the level's name.
func (l Level) Title() ledger.Text { return levels.title(l) }

// Levels returns the closed set.
func Levels() []Level { return levels.values() }

// A Class is one of the three classes of the 2022 regulation (Art.29–31).
type Class string

// The classes.
const (
	Suggestion Class = "suggestion" // 建议意见, Art.29
	Accusation Class = "accusation" // 检举控告, Art.30
	Claiming   Class = "claim"      // 申诉求决, Art.31
)

var classes = terms[Class]{
	{Suggestion, "建议意见", "suggestion"}, {Accusation, "检举控告", "accusation"}, {Claiming, "申诉求决", "claim"},
}

// Title returns the class's name.
func (c Class) Title() ledger.Text { return classes.title(c) }

// Classes returns the closed set.
func Classes() []Class { return classes.values() }

// A Path is the legal way of a claim: one of the six of Art.31.
type Path string

// The paths. Only PathPetition has the clock of handling (C6) and review.
const (
	PathLitigation  Path = "litigation"  // 31(1) 诉讼、仲裁等司法程序
	PathArbitration Path = "arbitration" // 31(2) 仲裁
	PathParty       Path = "party"       // 31(3) 党员申诉、复审
	PathAdmin       Path = "admin"       // 31(4) 行政复议、裁决、确认、许可、处罚
	PathDuty        Path = "duty"        // 31(5) 依法履职查处
	PathPetition    Path = "petition"    // 31(6) 信访程序
)

var paths = terms[Path]{
	{PathLitigation, "诉讼等司法程序", "judicial procedure"}, {PathArbitration, "仲裁", "arbitration"},
	{PathParty, "党员申诉、复审", "appeal within the Party"}, {PathAdmin, "行政复议等行政程序", "administrative procedure"},
	{PathDuty, "依法履职查处", "statutory duty of an organ"}, {PathPetition, "信访程序", "petition procedure"},
}

// Title returns the path's name.
func (p Path) Title() ledger.Text { return paths.title(p) }

// Paths returns the closed set.
func Paths() []Path { return paths.values() }

// A Mode is how a case goes to a unit (Art.22).
type Mode string

// The modes.
const (
	Forward Mode = "forward" // 转送
	Assign  Mode = "assign"  // 交办: the order names a due date
	Urge    Mode = "urge"    // 转督
)

var modes = terms[Mode]{{Forward, "转送", "forward"}, {Assign, "交办", "assign"}, {Urge, "转督", "forward and supervise"}}

// Title returns the mode's name.
func (m Mode) Title() ledger.Text { return modes.title(m) }

// Modes returns the closed set.
func Modes() []Mode { return modes.values() }

// A Notice is what a petitioner is told (告知环节).
type Notice string

// The notices.
const (
	NoticeReceipt   Notice = "receipt"      // 接收
	NoticeDispatch  Notice = "dispatch"     // 转送去向
	NoticeAccept    Notice = "accept"       // 受理
	NoticeRefuse    Notice = "not_accepted" // 不予受理
	NoticeNoLonger  Notice = "no_longer"    // 不再受理
	NoticeExtension Notice = "extension"    // 延期
	NoticeProgress  Notice = "progress"     // 进展
	NoticeReply     Notice = "reply"        // 答复
	NoticeReview    Notice = "review"       // 复查
	NoticeRecheck   Notice = "recheck"      // 复核
	NoticeDivert    Notice = "divert"       // 导入途径
)

var notices = terms[Notice]{
	{NoticeReceipt, "接收", "receipt"}, {NoticeDispatch, "转送去向", "dispatch"}, {NoticeAccept, "受理", "acceptance"},
	{NoticeRefuse, "不予受理", "non-acceptance"}, {NoticeNoLonger, "不再受理", "no further acceptance"},
	{NoticeExtension, "延期", "extension"}, {NoticeProgress, "进展", "progress"}, {NoticeReply, "答复", "reply"},
	{NoticeReview, "复查", "review"}, {NoticeRecheck, "复核", "re-check"}, {NoticeDivert, "导入途径", "legal channel"},
}

// Title returns the notice's name.
func (n Notice) Title() ledger.Text { return notices.title(n) }

// Notices returns the closed set.
func Notices() []Notice { return notices.values() }

// A Work is a kind of progress (办理过程).
type Work string

// The kinds of work.
const (
	Investigation Work = "investigation" // 调查取证
	Talk          Work = "talk"          // 沟通: contact with the petitioner
	Coordination  Work = "coordination"  // 协调
	Measure       Work = "measure"       // 措施
	Policy        Work = "policy"        // 政策研究
	OnSite        Work = "on_site"       // 实地
	OtherWork     Work = "other"         // 其他
)

var works = terms[Work]{
	{Investigation, "调查取证", "investigation"}, {Talk, "沟通", "talk with the petitioner"}, {Coordination, "协调", "coordination"},
	{Measure, "措施", "measure"}, {Policy, "政策研究", "policy study"}, {OnSite, "实地", "on site"}, {OtherWork, "其他", "other"},
}

// Title returns the work's name.
func (w Work) Title() ledger.Text { return works.title(w) }

// Works returns the closed set.
func Works() []Work { return works.values() }

// An Outcome is what a reply says to one claim (Art.32).
type Outcome string

// The outcomes.
const (
	Supported Outcome = "supported" // 支持
	Explained Outcome = "explained" // 解释说明
	Rejected  Outcome = "rejected"  // 不支持
)

var outcomes = terms[Outcome]{{Supported, "支持", "supported"}, {Explained, "解释说明", "explained"}, {Rejected, "不支持", "not supported"}}

// Title returns the outcome's name.
func (o Outcome) Title() ledger.Text { return outcomes.title(o) }

// Outcomes returns the closed set.
func Outcomes() []Outcome { return outcomes.values() }

// A Ruling is what a review or a re-check comes to (Art.35, 36).
type Ruling string

// The rulings.
const (
	Upheld  Ruling = "upheld"  // 维持
	Changed Ruling = "changed" // 变更
	Revoked Ruling = "revoked" // 撤销并责令重新办理
)

var rulings = terms[Ruling]{{Upheld, "维持", "upheld"}, {Changed, "变更", "changed"}, {Revoked, "撤销重办", "revoked, to be handled anew"}}

// Title returns the ruling's name.
func (r Ruling) Title() ledger.Text { return rulings.title(r) }

// Rulings returns the closed set.
func Rulings() []Ruling { return rulings.values() }

// A Judged is whom an evaluation is about (评价对象).
type Judged string

// The two who are evaluated.
const (
	JudgedBureau Judged = "bureau" // 信访部门
	JudgedUnit   Judged = "unit"   // 责任单位
)

var judged = terms[Judged]{{JudgedBureau, "信访部门", "petition bureau"}, {JudgedUnit, "责任单位", "responsible unit"}}

// Title returns the name of who is evaluated.
func (j Judged) Title() ledger.Text { return judged.title(j) }

// Judges returns the closed set.
func Judges() []Judged { return judged.values() }

// A Grade is what a petitioner thinks (满意度).
type Grade string

// The grades.
const (
	Satisfied    Grade = "satisfied"    // 满意
	Basically    Grade = "basically"    // 基本满意
	Dissatisfied Grade = "dissatisfied" // 不满意
)

var grades = terms[Grade]{{Satisfied, "满意", "satisfied"}, {Basically, "基本满意", "basically satisfied"}, {Dissatisfied, "不满意", "dissatisfied"}}

// Title returns the grade's name.
func (g Grade) Title() ledger.Text { return grades.title(g) }

// Grades returns the closed set.
func Grades() []Grade { return grades.values() }
