package notary

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"xinfang/domain/attest"
	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// A Stamper is a time-stamp authority.
type Stamper interface {
	// Stamp returns a token over text, DER (RFC 3161).
	Stamp(ctx context.Context, text string) ([]byte, error)
}

// anchors is where the ledger has anchors, as far as was looked. Whether the policy
// believes them is another matter.
type anchors struct {
	mu    sync.Mutex // guards all of it
	seen  map[ledger.Stream]ledger.Version
	all   []anchor  // in order of their places
	asked time.Time // when an authority was last asked by this process
}

// An anchor is the place of one.
type anchor struct {
	stream  ledger.Stream
	version ledger.Version
	at      ledger.Position
	size    int64 // of the checkpoint that was stamped
}

// How often a time-stamp authority is asked, if there is anything new, and if not.
const (
	anchorEvery   = time.Hour
	anchorAtLeast = 24 * time.Hour
)

// AnchorHourly has the last checkpoint stamped and recorded in store, unless the last
// anchor is younger than an hour by now, or than a day if nothing was recorded since.
// chain is what leads from by's certificates to one that the policy pins; m says who
// asks and when.
func (n *Notary) AnchorHourly(ctx context.Context, store ledger.Store, m ledger.Meta, by Stamper, chain [][]byte) error {
	if err := n.CatchUp(ctx); err != nil {
		return err
	}
	size := n.Published().Size
	last, err := n.lastAnchor(ctx)
	if err != nil {
		return err
	}
	if last != nil {
		n.change(func() { n.anchored = last.Stamp.Time })
		// By one clock, lest an authority's that was wrong once keep it from being asked.
		if age := n.age(last.Recorded, n.anchors.when()); age < anchorEvery || age < anchorAtLeast && size == last.Index+1 {
			return nil
		}
	}
	if size == 0 {
		return nil
	}
	n.anchors.ask(n.o.Now())
	_, err = n.Anchor(ctx, store, m, by, chain)
	return err
}

// age returns how long ago something was recorded that is done from time to time. If the
// ledger's clock was ahead then, what it says lies in the future, as all that is recorded
// does until that time has come: then it is how long ago this process did it last, and
// long ago if that was in the future, too.
func (n *Notary) age(recorded, here time.Time) time.Duration {
	now := n.o.Now()
	for _, last := range []time.Time{recorded, here} {
		if age := now.Sub(last); age > -skew {
			return age
		}
	}
	return math.MaxInt64
}

func (a *anchors) when() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

func (a *anchors) ask(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = now
}

// Anchor has the last checkpoint stamped by an authority, and records that in store. A
// token that the policy does not believe is not recorded: the error is a
// [*proof.Finding]. A crash before it is recorded loses the token, and the next one
// does as well.
func (n *Notary) Anchor(ctx context.Context, store ledger.Store, m ledger.Meta, by Stamper, chain [][]byte) (attest.Anchor, error) {
	if err := n.CatchUp(ctx); err != nil {
		return attest.Anchor{}, err
	}
	n.mu.Lock()
	signed, published := n.base, n.published.Size
	n.mu.Unlock()
	c, err := n.o.Policy.Open(signed)
	if err != nil {
		return attest.Anchor{}, err
	}
	if c.Size > published { // which it is in a moment: see [SignedBeyond]
		return attest.Anchor{}, ledger.Troubled("最新的检查点尚未公布，稍后再锚定", "the last checkpoint is not published yet; it is stamped the next time")
	}
	token, err := by.Stamp(ctx, c.Text())
	if err != nil {
		return attest.Anchor{}, err
	}
	stamp, err := n.o.Policy.OpenStamp(token, c.Checkpoint, chain...)
	if err != nil {
		return attest.Anchor{}, err
	}
	// One of another time could not be taken back, and would be held against the ledger.
	if now := n.o.Now(); stamp.Time.Sub(now).Abs() > skew {
		return attest.Anchor{}, proof.Found(proof.TimeViolation, "时间戳说 %s，这里的时钟是 %s：其中一个不准，未记入台账", "the time-stamp says %s, and the clock here %s: one of them is wrong, and it was not recorded", stamp.Time.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	recorded, err := attest.Decider.Handle(ctx, store, attest.Ask(attest.NotaryAnchor{Note: string(signed), Token: token, Chain: chain}, m))
	if err != nil {
		return attest.Anchor{}, err
	}
	a, err := attest.OpenAnchor(n.o.Policy, &recorded[0])
	if err != nil {
		return a, err
	}
	n.change(func() { n.anchored = a.Stamp.Time })
	return a, n.CatchUp(ctx)
}

// Anchors returns events that bound the times at which the leaves at indexes were
// recorded, in order of their places: of each the last anchor before it, and the
// first whose checkpoint holds it, among the first size leaves. If those are more than
// most, which is 2 or more, some between the first and the last are left out, and the
// bounds are wider.
func (n *Notary) Anchors(ctx context.Context, indexes []int64, size int64, most int) ([]ledger.Envelope, error) {
	all, err := n.places(ctx, size)
	if err != nil {
		return nil, err
	}
	found := make(map[int]ledger.Envelope)
	disbelieved := make([]bool, len(all)) // anybody may have appended many
	take := func(i int) (taken bool, err error) {
		if _, before := found[i]; before || disbelieved[i] {
			return before, nil
		}
		env, err := n.believed(ctx, all[i])
		if err != nil {
			return false, err
		}
		if disbelieved[i] = env == nil; env != nil {
			found[i] = *env
		}
		return env != nil, nil
	}
	for _, index := range indexes {
		next := sort.Search(len(all), func(i int) bool { return int64(all[i].at) > index })
		for i, taken := next-1, false; i >= 0 && !taken; i-- {
			if taken, err = take(i); err != nil {
				return nil, err
			}
		}
		for i, taken := next, false; i < len(all) && !taken; i++ {
			if all[i].size <= index {
				continue
			}
			if taken, err = take(i); err != nil {
				return nil, err
			}
		}
	}
	chosen := slices.Collect(maps.Values(found))
	slices.SortFunc(chosen, func(a, b ledger.Envelope) int { return cmp.Compare(a.Position, b.Position) })
	if len(chosen) > most {
		for i := range most {
			chosen[i] = chosen[i*(len(chosen)-1)/(most-1)]
		}
		chosen = chosen[:most]
	}
	return chosen, nil
}

// lastAnchor returns the last anchor that the policy believes; nil if there is none.
func (n *Notary) lastAnchor(ctx context.Context) (*attest.Anchor, error) {
	all, err := n.places(ctx, proof.MaxSize)
	if err != nil {
		return nil, err
	}
	for _, a := range slices.Backward(all) {
		env, err := n.believed(ctx, a)
		if err != nil {
			return nil, err
		}
		if env != nil {
			last, err := attest.OpenAnchor(n.o.Policy, env)
			return &last, err
		}
	}
	return nil, nil
}

// places returns where there are anchors among the first size leaves.
func (n *Notary) places(ctx context.Context, size int64) ([]anchor, error) {
	a := &n.anchors
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.seen == nil {
		a.seen = make(map[ledger.Stream]ledger.Version)
	}
	err := eachRecorded(ctx, n.o.Log, a.seen, func(env ledger.Envelope, made attest.NotaryAnchor) {
		text, _, _ := strings.Cut(made.Note, "\n\n")
		if c, err := proof.ParseCheckpoint(text + "\n"); err == nil {
			a.all = append(a.all, anchor{env.Stream, env.Version, env.Position, c.Size})
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(a.all, func(x, y anchor) int { return cmp.Compare(x.at, y.at) })
	end := sort.Search(len(a.all), func(i int) bool { return int64(a.all[i].at) > size })
	return slices.Clone(a.all[:end]), nil
}

// believed returns the event at a; nil if the policy does not believe it.
func (n *Notary) believed(ctx context.Context, a anchor) (*ledger.Envelope, error) {
	for env, err := range n.o.Log.ReadStream(ctx, a.stream, a.version-1) {
		if err != nil {
			return nil, err
		}
		if _, err := attest.OpenAnchor(n.o.Policy, &env); err != nil {
			return nil, nil
		}
		return &env, nil
	}
	return nil, nil
}
