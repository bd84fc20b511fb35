package witness

import (
	"errors"
	"fmt"
	"net/http"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// A Refused (拒签) says why a witness did not cosign. What it is a witness of has not
// changed.
type Refused struct {
	// Status is the code of HTTP that the protocol has for it: 400, 403, 404, 413 or
	// 422; in a [Client], whatever the witness answered.
	Status int

	// Verdict is what it says about the log; "" if that is unknown.
	Verdict proof.Verdict

	Text ledger.Text
}

// Error returns the English text.
func (r *Refused) Error() string { return r.Text.EN }

// Say returns the text in both languages.
func (r *Refused) Say() ledger.Text { return r.Text }

// A SizeConflict says that the old size of a request is not the size of the last
// checkpoint that the witness cosigned: HTTP's 409. Ask again from Size, which is 0
// if there is none.
type SizeConflict struct{ Size int64 }

// Error returns the English text.
func (s *SizeConflict) Error() string { return s.Say().EN }

// Say returns the text in both languages.
func (s *SizeConflict) Say() ledger.Text {
	return said("见证最近签署的检查点大小为 %d；请由此大小起给出一致性证明", "the last checkpoint that the witness cosigned has size %d; prove consistency from there", s.Size)
}

func refused(status int, v proof.Verdict, zh, en string, args ...any) error {
	return &Refused{status, v, said(zh, en, args...)}
}

// tooLarge returns the refusal of a request that need not be read to its end.
func tooLarge() error {
	return refused(http.StatusRequestEntityTooLarge, proof.Malformed, "请求超过 %d 字节", "the request has more than %d bytes", MaxRequest)
}

// said returns a text of two formats with the same arguments.
func said(zh, en string, args ...any) ledger.Text {
	return ledger.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// damaged returns the trouble that files are not what the witness wrote.
func damaged(zh, en string, args ...any) error {
	text := said(zh, en, args...)
	text.ZH += "；见证不会自行从零开始，请查明原因，或从备份恢复整个目录，并先与他人所存的检查点核对"
	text.EN += "; a witness never begins at zero by itself: find out why, or restore the whole directory from a backup, and first compare with the checkpoints that others hold"
	return &ledger.Trouble{Text: text, Cause: ErrDamaged}
}

func inUse(dir string) error {
	return &ledger.Trouble{Text: said("%s 中的见证正由另一进程使用；请先停止该进程",
		"the witness in %s is open in another process; stop it first", dir), Cause: ErrInUse}
}

func unreadable(path string, err error) error {
	return &ledger.Trouble{Text: said("无法读取 %s：%v", "reading %s: %v", path, err), Cause: err}
}

func unwritable(path string, err error) error {
	return &ledger.Trouble{Text: said("无法写入 %s：%v", "writing %s: %v", path, err), Cause: err}
}

// broken returns the trouble that err has left it open what is on disk.
func broken(err error) error {
	return &ledger.Trouble{Text: ledger.Text{
		ZH: fmt.Sprintf("磁盘写入失败，该日志的检查点不再签署；请检查磁盘后重新启动见证（%v）", err),
		EN: fmt.Sprintf("%v (%v)", ErrBroken, err),
	}, Cause: errors.Join(ErrBroken, err)}
}
