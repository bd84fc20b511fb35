package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/evidence"
	"xinfang/infra/metrics"
	"xinfang/infra/notary"
	"xinfang/infra/segment"
	"xinfang/infra/web"
	"xinfang/infra/witness"
)

// Where the notary's parts are in the data directory, unless the configuration
// says otherwise.
const (
	notaryDir = "notary"
	notaryKey = "notary.key"
)

func (a *app) notaryPath(name, configured string) string {
	if configured != "" {
		return configured
	}
	return a.path(name)
}

// A notarised is the notary of a node.
type notarised struct {
	*notary.Notary
	node   *node
	guard  notary.Signer
	policy *proof.Policy
	tsa    *authority // nil if there is none
	now    func() time.Time
	vault  *keeper // whose keys it may disclose; nil for none
}

// openNotary opens the notary of n; nil if none was set up.
func (a *app) openNotary(ctx context.Context, n *node, now func() time.Time, log *slog.Logger) (*notarised, error) {
	dir := a.notaryPath(notaryDir, a.cfg.Notary.Dir)
	policy, err := a.believed("")
	if errors.Is(err, errNoNotary) && a.cfg.Notary.Dir == "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	witnesses, err := a.witnesses()
	if err != nil {
		return nil, err
	}
	tsa, err := a.authority(policy)
	if err != nil {
		return nil, err
	}
	guard, err := a.openGuard(ctx, policy)
	if err != nil {
		return nil, err
	}
	return &notarised{
		Notary: notary.New(notary.Options{Log: n.local, Dir: dir, Guard: guard, Policy: policy, Witnesses: witnesses, Now: now, Logger: log}),
		node:   n, guard: guard, policy: policy, tsa: tsa, now: now,
	}, nil
}

// openGuard opens the guard that signs by policy: that of another process if the
// configuration names one.
func (a *app) openGuard(ctx context.Context, policy *proof.Policy) (notary.Signer, error) {
	if socket := a.cfg.Notary.Guard; socket != "" {
		return notary.DialGuard(ctx, socket, policy.Origin)
	}
	signers, err := notary.ReadKeys(a.notaryPath(notaryKey, a.cfg.Notary.KeyFile))
	if err != nil {
		return nil, err
	}
	return notary.OpenGuard(filepath.Join(a.notaryPath(notaryDir, a.cfg.Notary.Dir), "guard"), policy, signers...)
}

// Close gives the guard's memory free.
func (n *notarised) Close() error { return n.guard.Close() }

// Integrity implements [web.Notary].
func (n *notarised) Integrity() web.Integrity {
	s := n.Status()
	i := web.Integrity{
		Origin: n.policy.Origin, Size: s.Published.Size, Root: s.Published.Root, Note: string(s.Published.Note), Witnessed: s.Witnessed.Size,
		Audited: web.Pass(s.Audited), Followed: web.Pass(s.Followed), Stale: n.now().Sub(s.Audited.At) > staleAfter,
		Anchors: n.tsa != nil, Anchored: s.Anchored, Forged: s.Forged,
	}
	if sm3 := n.PublishedSM3(); sm3.Size == i.Size {
		i.RootSM3 = sm3.Root
	}
	for _, w := range s.Witnesses {
		i.Witnesses = append(i.Witnesses, web.WitnessState{Name: w.Name, Size: w.Size, Last: w.Last, Silent: w.Err != nil})
	}
	if f, ok := errors.AsType[*proof.Finding](s.Stopped); ok {
		found := *f
		named(context.Background(), n.node.local, &found)
		i.Stopped = &found
	}
	return i
}

// Compare implements [web.Notary].
func (n *notarised) Compare(held []byte) (int64, error) {
	note, err := evidence.CheckpointIn(held)
	if err != nil {
		return 0, err
	}
	s, err := n.Continues(note)
	return s.Size, err
}

// attestEvery is how often it is asked whether an attestation is a day old.
const attestEvery = time.Hour

// announce records the changes of keys that the ledger lacks, and returns how many
// those were.
func (n *notarised) announce(ctx context.Context) (int, error) {
	return n.AnnounceKeys(ctx, n.node.store, ledger.Meta{Actor: systemActor, Occurred: n.now().UTC()})
}

// attest attests daily, until ctx is done, and records what changes of keys a crash has
// left unrecorded.
func (n *notarised) attest(ctx context.Context, log *slog.Logger) error {
	for {
		if _, err := n.announce(ctx); err != nil && ctx.Err() == nil {
			log.Error("a change of the notary's key could not be recorded", "err", err)
		}
		if err := n.AttestDaily(ctx, n.node.store, ledger.Meta{Actor: systemActor, Occurred: n.now().UTC()}); err != nil && ctx.Err() == nil {
			log.Error("the ends of the streams could not be attested", "err", err)
		}
		select {
		case <-time.After(attestEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

// How often the ledger is audited: what is new, and all of it, which is asked each time;
// and after how long it is shown as not verified.
const (
	auditNew   = time.Hour
	auditAll   = 22 * time.Hour
	staleAfter = 24 * time.Hour
)

// audit compares the ledger with what was signed, until ctx is done: all of it at the
// start and more than daily, what is new each hour. What it finds, damaged files too, ends the
// signing, and is shown wherever that is.
func (n *notarised) audit(ctx context.Context, log *slog.Logger) error {
	var since []byte
	var whole time.Time
	for {
		now := n.now()
		if since == nil || now.Sub(whole) >= auditAll {
			since, whole = nil, now
		}
		err := n.CatchUp(ctx)
		if _, damaged := errors.AsType[*segment.Damage](err); err != nil && !damaged && n.Status().Stopped == nil && ctx.Err() == nil {
			// The guard is away, or the disk full: what was signed is audited all the same.
			log.Warn("what is new could not be signed before the audit", "err", err)
			err = nil
		}
		if note := n.Published().Note; err == nil && note != nil {
			var done notary.Audited
			if done, err = n.Audit(ctx, since); err == nil {
				since = note
			}
			for _, f := range done.Forged {
				log.Error("an entry pretends to be the notary's", "err", f)
			}
			if done.Late != nil {
				log.Error("the clock of the ledger is wrong, or that of a witness", "err", done.Late)
			}
		}
		if damage, ok := errors.AsType[*segment.Damage](err); ok {
			n.Stop(ctx, &proof.Finding{Verdict: proof.TamperedContent, Index: int64(damage.Position) - 1, Text: damage.Say()})
		}
		if err != nil && ctx.Err() == nil {
			since = nil
			log.Error("the ledger could not be audited, or is not what was signed", "err", err)
		}
		select {
		case <-time.After(auditNew):
		case <-ctx.Done():
			return nil
		}
	}
}

// gauge is what the metrics show.
func (n *notarised) gauge() metrics.Notary {
	s := n.Status()
	g := metrics.Notary{
		Entries: s.Published.Size, Witnessed: s.Witnessed.Size, Stopped: s.Stopped != nil, Audited: s.Audited.At, Forged: s.Forged, Anchors: n.tsa != nil, Anchored: s.Anchored,
	}
	for _, w := range s.Witnesses {
		g.Witnesses = append(g.Witnesses, metrics.Witness{Name: w.Name, Last: w.Last})
	}
	return g
}

func readPolicy(path string) (*proof.Policy, error) {
	b, err := readSmall(path)
	if err != nil {
		return nil, err
	}
	return proof.ParsePolicy(b)
}

// readSmall reads a policy, or a byte more than one may have.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return io.ReadAll(io.LimitReader(f, proof.MaxNote+1))
}

// witnesses returns the witnesses that the configuration names, by their addresses.
func (a *app) witnesses() ([]notary.Witness, error) {
	var list []notary.Witness
	for address := range strings.FieldsSeq(strings.ReplaceAll(a.cfg.Notary.Witnesses, ",", " ")) {
		if !isAddress(address) { // it may have a password, and is not told
			return nil, usage("notary.witnesses 中的第 %d 个不是网址", "number %d of notary.witnesses is no address", len(list)+1)
		}
		w := remoteWitness{&witness.Client{URL: address, HTTP: &http.Client{Timeout: time.Minute}}}
		if slices.ContainsFunc(list, func(other notary.Witness) bool { return other.Name() == w.Name() }) {
			return nil, usage("notary.witnesses 中 %s 出现了两次", "notary.witnesses has %s twice", w.Name())
		}
		list = append(list, w)
	}
	return list, nil
}

// isAddress reports whether text is one that HTTP can ask.
func isAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// A remoteWitness is a witness as the notary sees it.
type remoteWitness struct{ client *witness.Client }

// Name implements [notary.Witness].
func (w remoteWitness) Name() string { return w.client.Name() }

// Cosign implements [notary.Witness].
func (w remoteWitness) Cosign(ctx context.Context, oldSize int64, growth tlog.TreeProof, signed []byte) ([]byte, error) {
	lines, err := w.client.AddCheckpoint(ctx, oldSize, growth, signed)
	if conflict, ok := errors.AsType[*witness.SizeConflict](err); ok {
		return nil, &notary.StaleError{Size: conflict.Size}
	}
	if refused, ok := errors.AsType[*witness.Refused](err); ok && refused.Verdict == proof.Fork {
		return nil, proof.Found(proof.Fork, "见证 %s 见过的历史与这里的不同；请保全双方的检查点，立即告知检查组", "the witness %s has seen another history than there is here; keep the checkpoints of both, and tell the inspection team", w.Name())
	}
	return lines, err
}

var errNoNotary = &ledger.Refusal{Code: "ERR_NO_NOTARY", Kind: ledger.NotFound, Text: ledger.Text{
	ZH: "本节点没有设置公证；先运行 xinfang notary init", EN: "this node has no notary; run xinfang notary init first",
}}
