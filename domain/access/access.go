// Package access records who looked at personal data (查阅记录): which officer,
// of which case, what, and for what purpose.
//
// A look is recorded before anything is shown. If we crash in between, the ledger
// says that something was shown that was not: the error that does no harm. It
// rests on 个人信息保护法第51条 (access by authority, and logs) and 第34条 (state
// organs act within their powers).
//
// There is one stream for each officer and day, [StreamOf], so that the looks of
// one officer are read at once and no stream grows for ever. The event itself
// holds no personal data: a case number, names of fields, a purpose.
package access

import (
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

// Category is the category of the streams of looks.
const Category = "access"

// A Purpose is why personal data is looked at (查阅目的). It is stored: a value is
// never renamed.
type Purpose string

// The purposes.
const (
	Handling Purpose = "handling" // 办理
	Checking Purpose = "checking" // 核查
	Service  Purpose = "service"  // 送达
	Other    Purpose = "other"    // 其他: needs a reason
)

// Purposes is the closed set, in the order in which it is shown.
var Purposes = []Purpose{Handling, Checking, Service, Other}

// Title returns the purpose's name; the empty text if there is no such purpose.
func (p Purpose) Title() ledger.Text {
	switch p {
	case Handling:
		return ledger.Text{ZH: "办理", EN: "handling"}
	case Checking:
		return ledger.Text{ZH: "核查", EN: "checking"}
	case Service:
		return ledger.Text{ZH: "送达", EN: "service"}
	case Other:
		return ledger.Text{ZH: "其他", EN: "other"}
	}
	return ledger.Text{}
}

// An Event is something that happened to personal data.
//
//sumtype:decl
type Event interface{ event() }

// RecordViewed: an officer was about to be shown personal data of a case
// (查阅个人信息). Who it was is in [ledger.Meta.Actor]; the reason, if one was
// given, in [ledger.Meta.Reason].
type RecordViewed struct {
	Number  string   `json:"number"` // of the case
	Fields  []string `json:"fields"` // such as name, phone, claims
	Purpose Purpose  `json:"purpose"`
}

func (RecordViewed) event() {}

// Codec names the events in the ledger.
var Codec = ledger.NewCodec(map[string]Event{"RecordViewed": RecordViewed{}})

// A View asks to be shown personal data of a case.
type View struct {
	Number  string
	Fields  []string
	Purpose Purpose
}

// Decider is the behaviour of a stream of looks. It has no state: any look may
// follow any other.
var Decider = ledger.Decider[struct{}, View, Event]{
	Category: Category,
	Codec:    Codec,
	Decide:   decide,
	Evolve:   func(s struct{}, _ Event, _ ledger.Meta) struct{} { return s },
}

// lookSpace is the name space of the streams' identities.
var lookSpace = uuid.MustParse("9a6f3c1e-1f0b-5c55-8f0e-6a3d2b7c4e19")

// StreamOf returns the identity of the stream of what officer looks at on the
// day in Shanghai in which at falls.
func StreamOf(officer string, at time.Time) uuid.UUID {
	return uuid.NewSHA1(lookSpace, []byte(officer+"/"+law.DateOf(at).String()))
}

func decide(_ struct{}, v View, m ledger.Meta) ([]Event, error) {
	switch {
	case v.Number == "" || len(v.Fields) == 0:
		return nil, refuse("ERR_NOTHING_TO_VIEW", "请指明要查阅的信访件和内容", "say which case and what of it is to be shown")
	case v.Purpose.Title() == ledger.Text{}:
		return nil, refuse("ERR_PURPOSE_REQUIRED", "请选择查阅目的", "choose a purpose")
	case v.Purpose == Other && m.Reason == "":
		return nil, refuse("ERR_REASON_REQUIRED", "查阅目的为“其他”时须说明理由", `give a reason if the purpose is "other"`)
	}
	return []Event{RecordViewed(v)}, nil
}

func refuse(code, zh, en string) error {
	return &ledger.Refusal{
		Kind: ledger.Invalid, Code: code, Article: "个人信息保护法第51条",
		Text: ledger.Text{ZH: zh, EN: en},
	}
}
