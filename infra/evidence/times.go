package evidence

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// An Entry (条目时间) is when an event of the bundle was recorded, and what others show
// of that: by time-stamps in the ledger, and by the witnesses.
type Entry struct {
	Index      int64          `json:"index"` // of its leaf
	Version    ledger.Version `json:"version"`
	Recorded   time.Time      `json:"recorded"`                // by the ledger's clock, UTC
	NotEarlier time.Time      `json:"not_earlier,omitzero"`    // a time-stamp that the ledger held before it; zero if none is shown
	NotLater   time.Time      `json:"not_later_than,omitzero"` // the first time at which somebody else had seen it; zero if nobody has
}

// isStamp matches the time-stamp of an anchor; the rest of its files is that of an
// event.
var isStamp = regexp.MustCompile(`^time/[1-9][0-9]{0,18}\.tsr$`)

// anchors returns the anchors of the bundle that hold. A policy that pins no
// time-stamp authority believes none, and they are not looked at.
func (c *check) anchors() (all []attest.Anchor) {
	if len(c.Policy.TSARoots) == 0 {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.entries)) {
		if !isStamp.MatchString(name) {
			continue
		}
		a, err := c.anchor(strings.TrimSuffix(name, ".tsr"))
		if err != nil {
			c.found(err)
			continue
		}
		all = append(all, a)
	}
	return all
}

// anchor checks the anchor in the files of that name: its event is in the tree, its
// token is believed, and the tree continues the checkpoint that was stamped.
func (c *check) anchor(name string) (a attest.Anchor, err error) {
	env, err := c.event(name, ".leaf")
	if err != nil {
		return a, err
	}
	if env.Data, err = c.file(name+".data", ledger.MaxRecordSize); err != nil {
		return a, err
	}
	if a, err = attest.OpenAnchor(c.Policy, &env); err != nil {
		return a, err
	}
	token, err := c.file(name+".tsr", proof.MaxToken)
	if err != nil {
		return a, err
	}
	if string(token) != string(a.Token) || name != fileTime(a.Checkpoint.Size) {
		return a, malformed("%s 不是该条目所记的时间戳", "%s is not the time-stamp of its event", name+".tsr").At(a.Index)
	}
	hashes, err := c.growth(fileGrowth(a.Checkpoint.Size, c.report.Checkpoint.Size))
	if err != nil {
		return a, err
	}
	return a, proof.CheckGrowth(hashes, c.report.Checkpoint, a.Checkpoint)
}

// entry returns what is shown of when env was recorded.
func (c *check) entry(env *ledger.Envelope) Entry {
	e := Entry{Index: int64(env.Position) - 1, Version: env.Version, Recorded: env.Recorded.Time(), NotLater: c.report.NotLater}
	for _, a := range c.stamps {
		if a.Index < e.Index && a.Stamp.Time.After(e.NotEarlier) {
			e.NotEarlier = a.Stamp.Time
		}
		if a.Checkpoint.Size > e.Index && (e.NotLater.IsZero() || a.Stamp.Time.Before(e.NotLater)) {
			e.NotLater = a.Stamp.Time
		}
	}
	return e
}

// unbounded returns how many events have no time before which they were not recorded,
// if the policy pins an authority that could have said one.
func (c *check) unbounded() (n int) {
	if len(c.Policy.TSARoots) == 0 {
		return 0
	}
	for _, e := range c.report.Entries {
		if e.NotEarlier.IsZero() {
			n++
		}
	}
	return n
}

// recorded checks that env does not claim a time that others disprove.
func (c *check) recorded(env *ledger.Envelope) Entry {
	e := c.entry(env)
	if !e.NotLater.IsZero() && e.Recorded.After(e.NotLater.Add(c.Skew)) {
		c.found(proof.Found(proof.TimeViolation, "录入时间 %s 晚于他人见到它的时间 %s", "recorded %s, after others had seen it, %s", moment(e.Recorded), moment(e.NotLater)).At(e.Index))
	}
	if !e.NotEarlier.IsZero() && e.Recorded.Before(e.NotEarlier.Add(-c.Skew)) {
		c.found(proof.Found(proof.TimeViolation, "录入时间 %s 早于台账中排在它之前的时间戳 %s：倒填", "recorded %s, before a time-stamp that the ledger held already, %s: it was back-dated", moment(e.Recorded), moment(e.NotEarlier)).At(e.Index))
	}
	return e
}
