package evidence

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// Options say what a bundle is checked against.
type Options struct {
	Policy  *proof.Policy // whom to believe; the policy in the bundle is never looked at
	Updates [][]byte      // policies that succeed Policy, in this order: the last is the one to believe
	Older   [][]byte      // receipts, or signed notes of checkpoints, that whoever checks holds

	// ReaderKey, if not nil, opens the keys that are disclosed, and all boxes under
	// them; with Reveal the report has the values.
	ReaderKey *ReaderKey
	Reveal    bool

	// Now is the present, for StaleAfter.
	Now time.Time

	// Skew is how far the clocks of the ledger and of a witness may be apart;
	// [DefaultSkew] if 0.
	Skew time.Duration

	// StaleAfter is how old the heads may be, by the time at which they were
	// recorded; 0 is any age.
	StaleAfter time.Duration
}

// DefaultSkew is how far clocks may be apart.
const DefaultSkew = 5 * time.Minute

// A Report (核验报告) says what [Verify] has found. What is not proved is not in it:
// the fields after Findings are filled as far as the check has come.
type Report struct {
	Verdict  proof.Verdict    // the worst of Findings; OK or OK_UNWITNESSED if there are none
	Findings []*proof.Finding // in the order in which they were found

	Receipt    bool          // what was checked is a receipt: one entry, of which nothing shows that none follows
	Origin     string        // the ledger
	Stream     ledger.Stream // the case
	Number     string        // of the case (信访编号), as its first event says, which is proven; "" if it says none
	Events     int           // of it in the bundle
	CompleteTo int64         // the bundle has all events of Stream among the first so many leaves of the ledger; 0 if that is not shown
	HeadsAt    time.Time     // when that was recorded, by the ledger's clock, UTC
	NotLater   time.Time     // by when a quorum of witnesses had seen all of it, UTC; zero if none has
	Checkpoint proof.Checkpoint
	Cosigned   []proof.Cosignature
	Witnessed  bool    // a quorum of witnesses has cosigned
	Entries    []Entry // the events that are proven, in order

	// Unbounded is how many of Entries have no NotEarlier, under a policy that pins a
	// time-stamp authority: they are older than the first anchor of the ledger, or
	// whoever made the bundle has left the anchors out, and they may be back-dated.
	Unbounded int

	SM3 bool // the events are in the SM3 tree, too

	Erased   []int64    // the events ErasureAuthorised under which disclosed keys were destroyed
	Revealed []Revealed // for the eyes of whoever has the reader's key; in no JSON

	// Unopened says why the reader's key has opened nothing, if it is not for this
	// bundle: that says nothing against the bundle.
	Unopened ledger.Text
}

// Verify checks the bundle of size bytes that r reads, offline. Whatever is in it,
// Verify returns: its memory is some MiB, and what it reveals; its time is what it
// takes to read the bundle twice. A bundle that cannot be read is MALFORMED. It may be
// called concurrently.
//
// It shows that the events are what the ledger held when the checkpoint was signed,
// in order, all that there were up to [Report.CompleteTo], and recorded when they
// say, within the skew and the bounds of [Report.Entries]. It cannot show that what
// was recorded is true, nor anything that happened before the first checkpoint that a
// witness has seen.
func Verify(r io.ReaderAt, size int64, o Options) Report {
	if o.Skew == 0 {
		o.Skew = DefaultSkew
	}
	c := check{Options: o}
	if err := c.run(r, size); err != nil {
		c.found(err)
	}
	c.report.Verdict = proof.OK
	if !c.report.Witnessed {
		c.report.Verdict = proof.OKUnwitnessed
	}
	for _, f := range c.report.Findings {
		c.report.Verdict = c.report.Verdict.Worse(f.Verdict)
	}
	return c.report
}

// A check is one run of Verify.
type check struct {
	Options
	*archive
	manifest   manifest
	stream     ledger.Stream
	checkpoint []byte          // the signed note
	stamps     []attest.Anchor // those that hold
	keys       *keyring        // nil if no keys are disclosed
	proven     []string        // the names of the events that are, without what they end in
	report     Report
}

// found adds err, a [*proof.Finding], to the report.
func (c *check) found(err error) {
	f, ok := errors.AsType[*proof.Finding](err)
	if !ok {
		f = malformed("%v", "%v", err)
	}
	c.report.Findings = append(c.report.Findings, f)
}

// run checks everything. It stops with the error where nothing more can be checked;
// other findings it adds to the report.
func (c *check) run(r io.ReaderAt, size int64) (err error) {
	if c.Policy, err = c.succeeded(); err != nil {
		return err
	}
	if c.archive, err = openArchive(r, size); err != nil {
		return err
	}
	if c.manifest, c.stream, err = c.archive.manifest(); err != nil {
		return err
	}
	if c.checkpoint, err = c.file(fileCheckpoint, proof.MaxNote); err != nil {
		return err
	}
	signed, err := c.Policy.Open(c.checkpoint)
	if err != nil {
		return err
	}
	c.report.Origin, c.report.Checkpoint = signed.Origin, signed.Checkpoint
	c.report.Cosigned, c.report.Witnessed = signed.Cosigned, signed.Witnessed
	c.report.NotLater = signed.Seen
	if c.manifest.Origin != signed.Origin || c.manifest.Size != signed.Size {
		return malformed("清单所说的台账或大小与检查点不同", "the manifest has another ledger or size than the checkpoint")
	}
	if err := c.names(); err != nil {
		return err
	}
	c.disclosed()
	c.stamps = c.anchors()
	history := c.events()
	c.report.Unbounded = c.unbounded()
	c.sm3()
	c.judged(len(history))
	c.heads(history)
	for i, note := range c.Older {
		c.older(i+1, note)
	}
	return nil
}

// names checks that each event has all its files, and each proof of growth the
// checkpoint for its end.
func (c *check) names() error {
	for name := range c.entries {
		base, _, _ := strings.Cut(name, ".")
		if strings.HasPrefix(name, "events/") || strings.HasPrefix(name, "time/") {
			for _, suffix := range suffixes(".leaf") {
				if _, ok := c.entries[base+suffix]; !ok {
					return malformed("证据包缺少文件 %s", "the bundle has no file %s", base+suffix)
				}
			}
		}
		if _, ok := c.entries[base+".tsr"]; strings.HasPrefix(name, "time/") && !ok {
			return malformed("证据包缺少文件 %s", "the bundle has no file %s", base+".tsr")
		}
		if _, ok := c.entries["events"+strings.TrimPrefix(base, "sm3")+".leaf"]; strings.HasPrefix(name, "sm3/") && !ok && name != fileCheckpointSM3 {
			return malformed("证据包中的 %s 没有对应的条目", "%s in the bundle is of no event", name)
		}
		earlier, later, ok := growth(name)
		if strings.HasPrefix(name, "consistency/") && (!ok || later != c.report.Checkpoint.Size || earlier >= later) {
			return malformed("证据包中的 %s 不是针对这个检查点的", "%s in the bundle is not of this checkpoint", name)
		}
	}
	return nil
}

// older checks that the bundle continues a checkpoint that whoever checks holds.
// which counts from 1.
func (c *check) older(which int, note []byte) {
	here := c.report.Checkpoint
	held, err := c.Policy.Open(HeldNote(note))
	if err != nil {
		c.foundIn(which, err)
		return
	}
	if held.Size > here.Size {
		c.foundIn(which, proof.Found(proof.Incomplete, "它比证据包更新，无从比较：请要求重新导出", "it is newer than the bundle, and cannot be compared with it: ask for the bundle to be made anew"))
		return
	}
	var hashes tlog.TreeProof
	if name := fileGrowth(held.Size, here.Size); held.Size < here.Size {
		if _, ok := c.entries[name]; !ok {
			c.foundIn(which, proof.Found(proof.Incomplete, "证据包没有从大小 %d 延续而来的证明：请要求带上它重新导出", "the bundle does not prove that it continues the tree of size %d: ask for the bundle to be made anew, with that proof", held.Size))
			return
		}
		if hashes, err = c.growth(name); err != nil {
			c.foundIn(which, err)
			return
		}
	}
	if err := proof.CheckGrowth(hashes, here, held.Checkpoint); err != nil {
		c.foundIn(which, err)
	}
}

// foundIn adds what was found of a checkpoint that whoever checks holds.
func (c *check) foundIn(which int, err error) {
	c.found(err)
	f := c.report.Findings[len(c.report.Findings)-1]
	f.Text = ledger.Text{ZH: fmt.Sprintf("所持的第 %d 份检查点：%s", which, f.Text.ZH), EN: fmt.Sprintf("the checkpoint %d that you hold: %s", which, f.Text.EN)}
}

// growth reads the proof called name: a hash a line.
func (c *check) growth(name string) (tlog.TreeProof, error) {
	if _, ok := c.entries[name]; !ok {
		return nil, malformed("证据包缺少文件 %s", "the bundle has no file %s", name)
	}
	const most = 2 * 64 // hashes; a tree of MaxSize needs 50
	b, err := c.file(name, most*(base64.StdEncoding.EncodedLen(tlog.HashSize)+1))
	if err != nil {
		return nil, err
	}
	var hashes tlog.TreeProof
	for line := range strings.Lines(string(b)) {
		h, err := tlog.ParseHash(strings.TrimSuffix(line, "\n"))
		if err != nil || h.String()+"\n" != line {
			return nil, malformed("证据包中的 %s 格式不对", "%s in the bundle is malformed", name)
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}
