package evidence

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"strings"

	"rsc.io/qr"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// ReceiptFormat is the first line of a receipt.
const ReceiptFormat = "petition-receipt/v1"

// MaxReceipt is the most bytes of a receipt that a QR code holds, at its lowest level
// of correction.
const MaxReceipt = 2953

// Receipt returns a receipt (回执) for a petitioner: that the leaf of one entry is in
// the tree of a signed checkpoint. It is a text of lines:
//
//	petition-receipt/v1
//	<the leaf, base64>
//	<the proof, as c2sp.org/tlog-proof writes it, with the checkpoint>
//
// Whoever reads it sees the case's stream, and number, type, size and time of the entry,
// and nothing else of the case. It does not show that nothing follows that entry.
// Thousands of them in the hands of others are thousands of witnesses: the ledger
// must continue the checkpoint of each.
func Receipt(leaf, inclusion []byte) []byte {
	text := append([]byte(ReceiptFormat+"\n"), base64.StdEncoding.EncodeToString(leaf)...)
	return append(append(text, '\n'), inclusion...)
}

// ReceiptOf returns the receipt of the last entry in the bundle at path. It does not
// verify the bundle.
func ReceiptOf(path string) (_ []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	a, err := openArchive(f, info.Size())
	if err != nil {
		return nil, err
	}
	last := ""
	for name := range a.entries {
		if base, ok := strings.CutSuffix(name, ".leaf"); ok && strings.HasPrefix(name, "events/") {
			last = max(last, base)
		}
	}
	leaf, err := a.file(last+".leaf", MaxFile)
	if err != nil {
		return nil, err
	}
	inclusion, err := a.file(last+".tlog-proof", MaxFile)
	return Receipt(leaf, inclusion), err
}

// QR returns a receipt as a QR code, a PNG image. Signatures of witnesses make a
// receipt longer; the error is a [*ledger.Trouble] if it is too long.
func QR(receipt []byte) ([]byte, error) {
	if len(receipt) > MaxReceipt {
		return nil, ledger.Troubled("回执有 %d 字节，二维码最多容纳 %d 字节", "the receipt has %d bytes, and a QR code holds %d", len(receipt), MaxReceipt)
	}
	code, err := qr.Encode(string(receipt), qr.L)
	if err != nil {
		return nil, err
	}
	return code.PNG(), nil
}

// IsReceipt reports whether b begins as a receipt does.
func IsReceipt(b []byte) bool { return bytes.HasPrefix(b, []byte(ReceiptFormat+"\n")) }

// HeldNote returns the signed checkpoint in what somebody holds: a receipt, or the
// checkpoint itself.
func HeldNote(b []byte) []byte {
	if !IsReceipt(b) {
		return b
	}
	_, note, _ := bytes.Cut(b, []byte("\n\n")) // after the hashes of the proof
	return note
}

// CheckpointIn returns the signed checkpoint in what somebody holds: a bundle, or what
// [HeldNote] knows. It verifies nothing. What has none is a [*proof.Finding]: MALFORMED.
func CheckpointIn(b []byte) ([]byte, error) {
	if bytes.HasPrefix(b, []byte("PK")) {
		a, err := openArchive(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return nil, err
		}
		return a.file(fileCheckpoint, proof.MaxNote)
	}
	if !IsHeld(b) {
		return nil, malformed("这不是检查点、回执或证据包", "it is neither a checkpoint nor a receipt nor a bundle")
	}
	return HeldNote(b), nil
}

// IsHeld reports whether b can be a checkpoint or a receipt that somebody holds, whoever
// has signed it: whatever else is given as one was taken by mistake.
func IsHeld(b []byte) bool {
	text, _, _ := bytes.Cut(HeldNote(b), []byte("\n\n"))
	_, err := proof.ParseCheckpoint(string(text) + "\n")
	return err == nil
}

// VerifyAny checks what r holds: a receipt, or else a bundle.
func VerifyAny(r io.ReaderAt, size int64, o Options) Report {
	if size <= proof.MaxNote {
		if b, err := io.ReadAll(io.NewSectionReader(r, 0, size)); err == nil && IsReceipt(b) {
			return VerifyReceipt(b, o)
		}
	}
	return Verify(r, size, o)
}

// VerifyReceipt checks a receipt, offline. A receipt that cannot be read is
// MALFORMED. It shows that the entry was recorded when the checkpoint was signed, and at
// no later time than it says; that it still is, a newer bundle shows that continues this
// receipt ([Options.Older]).
func VerifyReceipt(receipt []byte, o Options) (r Report) {
	if o.Skew == 0 {
		o.Skew = DefaultSkew
	}
	err := r.receipt(receipt, o)
	if r.Verdict = proof.OK; !r.Witnessed {
		r.Verdict = proof.OKUnwitnessed
	}
	if err != nil {
		c := check{Options: o}
		c.found(err)
		r.Findings = c.report.Findings
		r.Verdict = r.Verdict.Worse(r.Findings[0].Verdict)
	}
	return r
}

func (r *Report) receipt(receipt []byte, o Options) error {
	if !IsReceipt(receipt) || len(receipt) > proof.MaxNote {
		return malformed("这不是回执", "this is no receipt")
	}
	first, inclusion, _ := bytes.Cut(receipt[len(ReceiptFormat)+1:], []byte("\n"))
	leaf, err := base64.StdEncoding.DecodeString(string(first))
	if err != nil || !bytes.Equal(Receipt(leaf, inclusion), receipt) {
		return malformed("回执格式不对", "the receipt is malformed")
	}
	note := HeldNote(receipt)
	if o.Policy, err = o.succeeded(); err != nil {
		return err
	}
	s, err := o.Policy.Open(note)
	if err != nil {
		return err
	}
	r.Origin, r.Checkpoint, r.Cosigned, r.Witnessed = s.Origin, s.Checkpoint, s.Cosigned, s.Witnessed
	e, _, _, err := ledger.ParseLeaf(leaf)
	if err != nil {
		return malformed("回执格式不对", "the receipt is malformed")
	}
	if err := proof.CheckInclusion(inclusion, leaf, s.Checkpoint, note); err != nil {
		return err
	}
	r.Receipt, r.Stream, r.Events, r.NotLater = true, e.Stream, 1, s.Seen
	c := check{Options: o, report: *r}
	r.Entries = []Entry{c.recorded(&e)}
	if len(c.report.Findings) > 0 {
		return c.report.Findings[0]
	}
	return nil
}
