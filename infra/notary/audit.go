package notary

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// An Audit (审计) compares a log with a signed checkpoint, event by event: the bytes
// of each are hashed again, and nothing that the log or its store says of itself is
// believed.
type Audit struct {
	Log    ledger.Log
	Dir    string        // of the tree, or of a mirror of it; "" if there is none, and then no leaf can be named; with the SM3 checkpoint, if there is one
	Policy *proof.Policy // that believes Checkpoint
	Note   []byte        // the signed checkpoint

	// Since is an older checkpoint of which all was audited before; nil if none was.
	// Only what follows it is read, and Dir must hold the tree.
	Since []byte

	// Hashed says that Log has just hashed the bytes of each event itself, so that the
	// leaves that it gives need not be made again.
	Hashed bool

	// AllHeads has every note of heads compared with the ledger, and not the last alone.
	AllHeads bool

	Progress func(done, total int64) // may be nil
}

// An Audited says what an audit has come to.
type Audited struct {
	proof.Signed       // the checkpoint
	From         int64 // the first leaf that was compared
	Beyond       int64 // entries of the log that follow the checkpoint: nobody has signed for them yet
	Expired      int64 // leaves of which the log's source has let the event go, as it says it does; heads, attestations and the SM3 tree were not compared then

	// Late is the first of the entries compared that says to be recorded after a quorum of
	// witnesses had seen it; nil if none is. The ledger's clock was wrong, or a
	// witness's: the entry is what was signed for, so that this ends no signing.
	Late *proof.Finding

	// Forged are the entries, among those compared, that pretend to be the notary's:
	// whoever can append can append them, but not sign them. They are leaves like all
	// others, and harm nobody who checks notes. At most 1000 are told.
	Forged []*proof.Finding
}

// Run audits. Its error is a [*proof.Finding] if the log is not what was signed.
func (a Audit) Run(ctx context.Context) (Audited, error) {
	s, err := a.Policy.Open(a.Note)
	if err != nil {
		return Audited{}, err
	}
	done := Audited{Signed: s}
	head, err := a.Log.Head(ctx)
	if err != nil {
		return done, err
	}
	done.Beyond = max(0, int64(head)-s.Size)
	if a.Since != nil && int64(head) < s.Size { // of what is not read, at least nothing may be missing
		return done, truncated(int64(head), s.Size)
	}
	t := tree{dir: a.Dir, log: a.Log}
	edge, err := a.begin(t, s.Checkpoint, &done)
	if err != nil {
		return done, err
	}
	wrong, err := a.read(ctx, edge, s.Checkpoint, &done)
	if err != nil || wrong == nil {
		return done, err
	}
	if wrong.Verdict == proof.TimeViolation || wrong.Verdict == proof.BadProof {
		return done, wrong // every leaf is the one that was signed for
	}
	expired, named, err := a.name(ctx, t, s.Checkpoint)
	switch {
	case err != nil || expired == 0 && named == nil: // there is no tree that could name it
	case named == nil:
		// Places are others here than those that were signed for, by which attestations
		// are judged: what was taken for forged or too late is not told, and neither heads
		// nor the SM3 tree were compared.
		done.Expired, done.Forged, done.Late, done.Beyond = expired, nil, nil, max(0, int64(head)-s.Size+expired)
		return done, nil
	default:
		wrong = named
	}
	return done, wrong
}

// Audit audits the notary's own ledger against what it has published, from the
// checkpoint since on, or all of it if since is nil. A finding ends the signing.
func (n *Notary) Audit(ctx context.Context, since []byte) (Audited, error) {
	began := n.o.Now()
	done, err := Audit{Log: n.o.Log, Dir: n.o.Dir, Policy: n.o.Policy, Note: n.Published().Note, Since: since}.Run(ctx)
	if err != nil {
		return done, n.stop(ctx, err)
	}
	n.change(func() {
		over := n.o.Now()
		if n.followed = (Pass{over, over.Sub(began), done.Size}); since == nil {
			n.audited, n.forged = n.followed, 0
		}
		n.forged += len(done.Forged)
	})
	return done, nil
}

// Continues checks that what is published continues held, a signed checkpoint that
// somebody has kept, and returns what that says. The error is a [*proof.Finding] if it
// does not, and a [*ledger.Trouble] if nothing is published yet.
func (n *Notary) Continues(held []byte) (proof.Signed, error) {
	p := n.Published()
	if p.Note == nil {
		return proof.Signed{}, ledger.Troubled("公证还没有签过检查点", "the notary has signed no checkpoint yet")
	}
	return Audit{Dir: n.o.Dir, Policy: n.o.Policy}.continues(p.Checkpoint, held)
}

// Continues checks that the checkpoint continues held, an older one that somebody has
// kept. It reads nothing of the log. The error is a [*proof.Finding] if it does not.
func (a Audit) Continues(held []byte) error {
	s, err := a.Policy.Open(a.Note)
	if err != nil {
		return err
	}
	_, err = a.continues(s.Checkpoint, held)
	return err
}

func (a Audit) continues(c proof.Checkpoint, held []byte) (proof.Signed, error) {
	old, err := a.Policy.Open(held)
	if err != nil {
		return old, err
	}
	if old.Size > c.Size {
		return old, proof.Found(proof.RolledBack, "所持的检查点有 %d 叶，这里签到 %d 叶", "the checkpoint that was kept has %d leaves, and %d are signed for here", old.Size, c.Size)
	}
	growth, err := proveGrowth(c, old.Size, tree{dir: a.Dir}.stored(c))
	if err != nil {
		return old, fmt.Errorf("proving that the checkpoint continues the older one: %w", err)
	}
	return old, proof.CheckGrowth(growth, c, old.Checkpoint)
}

// begin returns the tree that the audit goes on from: empty, or that of Since, if
// the checkpoint continues it.
func (a Audit) begin(t tree, c proof.Checkpoint, done *Audited) (*edge, error) {
	if a.Since == nil {
		return &edge{}, nil
	}
	old, err := a.continues(c, a.Since)
	if err != nil {
		return nil, about(err, "对照上次所至的检查点：", "compared with the checkpoint to go on from: ")
	}
	done.From = old.Size
	e, err := t.edge(old.Checkpoint)
	if errors.Is(err, errTiles) || errors.Is(err, fs.ErrNotExist) {
		return nil, badFiles()
	}
	return e, err
}

// edge returns the right edge of the tree at c.
func (t tree) edge(c proof.Checkpoint) (*edge, error) {
	e := &edge{size: c.Size, hashes: make(map[int64]tlog.Hash)}
	at := torchwood.RightEdge(c.Size)
	hashes, err := t.stored(c).ReadHashes(at)
	if err != nil {
		return nil, err
	}
	for i, x := range at {
		e.hashes[x] = hashes[i]
	}
	return e, nil
}

// read goes through the log up to c and returns how it differs from c; nil if it
// does not. What is forged it notes in done.
func (a Audit) read(ctx context.Context, e *edge, c proof.Checkpoint, done *Audited) (*proof.Finding, error) {
	from := e.size
	gm, err := a.sm3(from)
	if err != nil {
		return nil, err
	}
	heads, err := a.heads(ctx, from, c)
	if err != nil {
		return nil, err
	}
	clock := newClock(done.Seen)
	if from > 0 {
		if clock.last, err = a.recordedAt(ctx, from-1); err != nil {
			return nil, err
		}
	}
	if from < c.Size {
		for env, err := range a.Log.ReadAll(ctx, ledger.Position(from)) {
			if err != nil {
				return nil, err
			}
			clock.see(&env, e.size)
			if f := a.forged(&env, &clock); f != nil && len(done.Forged) < maxForged {
				done.Forged = append(done.Forged, f.At(e.size).Of(env.Stream))
			}
			hash := tlog.Hash(env.Leaf)
			if !a.Hashed || gm.want.Size > 0 {
				leaf := leafOf(&env)
				hash, err = tlog.RecordHash(leaf), gm.add(leaf)
			}
			if err = errors.Join(err, heads.add(&env, e.size, ledger.Hash(hash)), e.add(hash)); err != nil {
				return nil, err
			}
			if a.Progress != nil && e.size%4096 == 0 {
				a.Progress(e.size-from, c.Size-from)
			}
			if e.size == c.Size {
				break
			}
		}
	}
	done.Late = clock.late
	if e.size < c.Size {
		return truncated(e.size, c.Size), nil
	}
	root, err := tlog.TreeHash(e.size, e)
	if err != nil {
		return nil, err
	}
	if got := ledger.Hash(root); got != c.Root {
		return proof.Found(proof.TamperedContent, "前 %d 条与签过的不同", "the first %d entries are not those that were signed for", c.Size).Differing(c.Root, got), nil
	}
	err = gm.finish(ctx, a.Log, c)
	if f, ok := errors.AsType[*proof.Finding](err); ok {
		return f, nil
	}
	if err == nil && heads.wrong != nil {
		return heads.wrong, nil
	}
	return clock.backdated, err
}

// recordedAt returns when the entry at index was recorded; 0 if there is none.
func (a Audit) recordedAt(ctx context.Context, index int64) (ledger.Ticks, error) {
	for env, err := range a.Log.ReadAll(ctx, ledger.Position(index)) {
		return env.Recorded, err
	}
	return 0, nil
}

func truncated(has, signed int64) *proof.Finding {
	return proof.Found(proof.Truncated, "台账只有 %d 条，签过 %d 条：末尾缺失", "the ledger has %d entries, and %d were signed for: its end is missing", has, signed).At(has)
}

// A clock sees when entries were recorded, one after the other.
type clock struct {
	last      ledger.Ticks
	backdated *proof.Finding // the first that was recorded before the one that it follows, or before a time-stamp that it holds

	seen  time.Time      // by when others had seen all of them; zero if nobody says
	bound ledger.Ticks   // seen and skew
	late  *proof.Finding // the first that was recorded after bound
}

func newClock(seen time.Time) clock {
	c := clock{seen: seen, bound: math.MaxInt64}
	if !seen.IsZero() {
		c.bound = ledger.TicksOf(seen.Add(skew))
	}
	return c
}

func (c *clock) see(env *ledger.Envelope, index int64) {
	recorded := env.Recorded
	if recorded > c.bound && c.late == nil {
		c.late = proof.Found(proof.TimeViolation, "录入时间 %s 晚于见证见到它的时间 %s", "recorded %s, after the witnesses had seen it, %s", recorded.Time().Format(time.RFC3339), c.seen.Format(time.RFC3339)).At(index).Of(env.Stream)
	}
	if recorded < c.last && c.backdated == nil {
		c.backdated = proof.Found(proof.TimeViolation, "录入时间早于上一条：%s", "recorded before the entry that it follows: %s", recorded.Time().Format(time.RFC3339Nano)).At(index).Of(env.Stream)
	}
	c.last = max(c.last, recorded)
}

// skew is how far the ledger's clock and that of a time-stamp authority may be apart.
const skew = 5 * time.Minute

// stamped hears that an anchor was recorded, and what its time-stamp says the time was:
// nobody can have had that before. To record one later shows nothing: whoever can append
// can append an old one again.
func (c *clock) stamped(at time.Time, recorded ledger.Ticks, index int64) {
	if recorded.Time().Before(at.Add(-skew)) && c.backdated == nil {
		c.backdated = proof.Found(proof.TimeViolation, "录入于 %s，而其中的时间戳是 %s：台账的时钟不准", "recorded %s, and the time-stamp in it says %s: the clock of the ledger was wrong",
			recorded.Time().Format(time.RFC3339), at.Format(time.RFC3339)).At(index)
	}
}

func leafOf(e *ledger.Envelope) []byte {
	return e.AppendLeaf(make([]byte, 0, 320), ledger.DigestOf(e.Data), ledger.DigestOf(e.Meta))
}

// An edge is the right edge of a growing tree: all that the next leaf and the root
// need.
type edge struct {
	size   int64
	hashes map[int64]tlog.Hash
}

// ReadHashes implements [tlog.HashReader] for the edge.
func (e *edge) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, x := range at {
		h, ok := e.hashes[x]
		if !ok {
			return nil, fmt.Errorf("hash %d is not on the edge", x)
		}
		out[i] = h
	}
	return out, nil
}

// add adds the hash of the next leaf.
func (e *edge) add(h tlog.Hash) error {
	if e.hashes == nil {
		e.hashes = make(map[int64]tlog.Hash)
	}
	more, err := tlog.StoredHashesForRecordHash(e.size, h, e)
	if err != nil {
		return err
	}
	base := tlog.StoredHashIndex(0, e.size)
	// What was combined is not needed again; the last of more covers it.
	for level, n := 0, e.size; level < len(more)-1; level, n = level+1, n>>1 {
		delete(e.hashes, tlog.StoredHashIndex(level, n-1))
	}
	e.hashes[base+int64(len(more))-1] = more[len(more)-1]
	e.size++
	return nil
}
