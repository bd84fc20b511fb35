package evidence

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// The exit codes of programs that check a bundle. Scripts rely on them.
const (
	ExitOK          = 0
	ExitUnverified  = 3  // it does not hold
	ExitUnwitnessed = 10 // it holds, but only the operator of the ledger vouches for it
)

// Exit returns the exit code for v.
func Exit(v proof.Verdict) int {
	switch v {
	case proof.OK:
		return ExitOK
	case proof.OKUnwitnessed:
		return ExitUnwitnessed
	default:
		return ExitUnverified
	}
}

// WriteText writes the report for a person, in lang as [ledger.Text.In] takes it;
// the times are those of Shanghai. It shows digests, and nothing of any event but what
// is Revealed.
func (r *Report) WriteText(w io.Writer, lang string) error {
	var b strings.Builder
	line := func(zh, en string, args ...any) {
		fmt.Fprintf(&b, ledger.Text{ZH: zh, EN: en}.In(lang)+"\n", args...)
	}
	line("结论：  %s%s", "verdict:     %s%s", r.Verdict, r.warning().In(lang))
	if r.Checkpoint.Size > 0 {
		line("台账：  %s", "ledger:      %s", ledger.Printable(r.Origin))
	}
	if r.Stream.Category != "" {
		line("案件：  %s", "stream:      %s", ledger.Printable(r.Stream.String()))
	}
	if r.Number != "" {
		line("编号：  %s", "number:      %s", ledger.Printable(r.Number))
	}
	if r.Receipt && len(r.Entries) > 0 {
		e := r.Entries[0]
		line("回执：  该案第 %d 条，%s 录入；其后是否还有条目，回执不能证明", "receipt:     event %d of it, recorded %s; nothing shows that none follows", e.Version, moment(e.Recorded))
	}
	if r.Checkpoint.Size > 0 {
		line("条目：  %d 条", "events:      %d", r.Events)
		line("检查点：大小 %d，树根 %v", "checkpoint:  size %d, root %v", r.Checkpoint.Size, r.Checkpoint.Root)
	}
	if r.CompleteTo > 0 {
		line("完整性：台账前 %d 叶之内，该案没有遗漏（%s）；其后如有条目，本包不能证明齐全", "complete:    up to size %d (%s); of later events nothing shows that none is left out", r.CompleteTo, moment(r.HeadsAt))
	}
	for _, s := range r.Cosigned {
		line("见证：  %s，%s", "witness:     %s, %s", ledger.Printable(s.Witness), moment(s.Time))
	}
	if !r.NotLater.IsZero() {
		line("时间：  全部内容不晚于 %s 已经存在", "time:        all of it existed not later than %s", moment(r.NotLater))
	}
	if r.SM3 {
		line("国密：  每条也在 SM2 签署的 SM3 树中", "SM3:         each event is in the SM3 tree, too, that an SM2 key has signed")
	}
	for _, e := range r.Entries {
		switch {
		case !e.NotEarlier.IsZero() && !e.NotLater.IsZero():
			line("第 %d 条：%s 录入，可证介于 %s 与 %s 之间", "event %d:     recorded %s, between %s and %s", e.Version, moment(e.Recorded), moment(e.NotEarlier), moment(e.NotLater))
		case !e.NotEarlier.IsZero():
			line("第 %d 条：%s 录入，可证不早于 %s", "event %d:     recorded %s, not earlier than %s", e.Version, moment(e.Recorded), moment(e.NotEarlier))
		case !e.NotLater.Equal(r.NotLater):
			line("第 %d 条：%s 录入，可证不晚于 %s", "event %d:     recorded %s, not later than %s", e.Version, moment(e.Recorded), moment(e.NotLater))
		}
	}
	if r.Unbounded > 0 {
		line("时间：  有 %d 条没有时间戳证明其不早于何时录入，只凭台账的时钟：其前尚无时间锚定，或证据包略去了", "time:        of %d events no time-stamp shows that they were not recorded earlier, but only the ledger's clock: there was no anchor before them, or the bundle leaves it out", r.Unbounded)
	}
	for _, index := range r.Erased {
		line("清除：  个人信息已依位置 %d 的批准清除", "erased:      content erased under the event at position %d", index+1)
	}
	for _, v := range r.Revealed {
		line("原文：  位置 %d，%s：%s", "in clear:    position %d, %s: %s", v.Index+1, v.Field.Title().In(lang), v.lines())
	}
	if r.Unopened != (ledger.Text{}) {
		line("未打开：%s", "not opened:  %s", r.Unopened.In(lang))
	}
	for _, f := range r.Findings {
		line("发现：  %s", "found:       %s", f.Say().In(lang))
	}
	if r.Verdict == proof.Fork && r.Checkpoint.Size > 0 { // otherwise of policies
		line("请同时保存证据包与所持的检查点：二者都有签名，合在一起就是证据", "keep both the bundle and the checkpoint that you hold: they are signed, and together they are the evidence")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// warning returns what stands beside the verdict if nobody but the operator of the
// ledger vouches for it.
func (r *Report) warning() ledger.Text {
	if r.Witnessed || r.Checkpoint.Size == 0 {
		return ledger.Text{}
	}
	return ledger.Text{
		ZH: "  ※ 未经见证（UNWITNESSED）：除台账运行方外，无人为此担保",
		EN: "  *** UNWITNESSED: nobody but the operator of the ledger vouches for it",
	}
}

// WriteJSON writes the report for programs: the names in it are never changed.
func (r *Report) WriteJSON(w io.Writer) error {
	type cosignature struct {
		Witness string `json:"witness"`
		Time    string `json:"time"`
	}
	cosigned := make([]cosignature, len(r.Cosigned))
	for i, s := range r.Cosigned {
		cosigned[i] = cosignature{s.Witness, instant(s.Time)}
	}
	root := ""
	if r.Checkpoint.Size > 0 {
		root = r.Checkpoint.Root.String()
	}
	err := json.MarshalWrite(w, struct {
		Verdict    proof.Verdict    `json:"verdict"`
		Witnessed  bool             `json:"witnessed"`
		Origin     string           `json:"origin"`
		Receipt    bool             `json:"receipt,omitzero"`
		Stream     string           `json:"stream"`
		Number     string           `json:"number,omitzero"`
		Events     int              `json:"events"`
		Size       int64            `json:"size"`
		Root       string           `json:"root,omitzero"`
		CompleteTo int64            `json:"complete_to"`
		HeadsAt    string           `json:"heads_at,omitzero"`
		NotLater   string           `json:"not_later_than,omitzero"`
		Cosigned   []cosignature    `json:"cosigned"`
		Entries    []Entry          `json:"entries"`
		Findings   []*proof.Finding `json:"findings"`
		Erased     []int64          `json:"erased,omitzero"`
		SM3        bool             `json:"sm3,omitzero"`
		Unbounded  int              `json:"unbounded,omitzero"`
		Unopened   ledger.Text      `json:"unopened,omitzero"`
	}{
		r.Verdict, r.Witnessed, r.Origin, r.Receipt, r.Stream.String(), r.Number, r.Events, r.Checkpoint.Size, root,
		r.CompleteTo, instant(r.HeadsAt), instant(r.NotLater), cosigned, r.Entries, r.Findings, r.Erased, r.SM3, r.Unbounded, r.Unopened,
	}, json.Deterministic(true), jsontext.WithIndent("  "))
	if err == nil {
		_, err = io.WriteString(w, "\n")
	}
	return err
}

// moment writes an instant for a person.
func moment(t time.Time) string { return t.In(law.Shanghai).Format(time.RFC3339) }

// instant writes an instant for programs, in UTC; "" for the zero time.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
