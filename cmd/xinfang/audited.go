package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/infra/esdb"
	"xinfang/infra/metrics"
	"xinfang/infra/web"
)

// How often the account's rights are checked: hourly, and more often while the
// source has not said what they are.
const (
	checkEvery = time.Hour
	checkAgain = 10 * time.Second
)

// An audited store takes nothing while the account of this node could delete what
// it records, or while nobody knows; unless audit is off.
type audited struct {
	ledger.Store
	remote *remote
}

// Append implements [ledger.Store].
func (s audited) Append(ctx context.Context, stream ledger.Stream, expected ledger.Version, records ...ledger.Record) ([]ledger.Envelope, error) {
	err := s.remote.fit()
	if err != nil {
		return nil, err
	}
	envelopes, err := s.Store.Append(ctx, stream, expected, records...)
	if errors.Is(err, ledger.ErrRejected) {
		err = unavailable{err, s.remote.why()}
	}
	return envelopes, err
}

// An unavailable is why the store took nothing, for the person who asked.
type unavailable struct {
	error
	text ledger.Text
}

func (u unavailable) Unwrap() error { return u.error }

// Say returns the text in both languages.
func (u unavailable) Say() ledger.Text { return u.text }

// why says why the store takes nothing, as far as can be told from here.
func (r *remote) why() ledger.Text {
	switch status := r.copier.Status(); {
	case status.Break != nil:
		return ledger.Text{ZH: "副本与台账所在的集群不一致，已停止写入；请立即告知检查组", EN: "the replica and the cluster that keeps the ledger differ; nothing is recorded: tell the inspection team at once"}
	case status.Behind:
		return ledger.Text{ZH: "集群中的台账比副本短，暂停写入，正在核实", EN: "the ledger in the cluster is shorter than its replica; nothing is recorded until that is settled"}
	case !status.Connected:
		return ledger.Text{ZH: "台账所在的集群没有应答", EN: "the cluster that keeps the ledger does not answer"}
	}
	return ledger.Text{ZH: "台账所在的集群没有接受：本节点的账号可能没有追加权限，原因见日志", EN: "the cluster that keeps the ledger did not accept it: this node's account may lack the right to append; the log has the reason"}
}

// fit says why nothing may be recorded, or nil.
func (r *remote) fit() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !r.audit:
		return nil
	case r.checked.IsZero():
		return unavailable{
			fmt.Errorf("%s has not said yet what this account may do there; nothing is recorded until it has: %w", r.client.Host(), ledger.ErrRejected),
			ledger.Text{ZH: "台账所在的集群还没有应答，本账号的权限尚未核实", EN: "the cluster that keeps the ledger has not answered yet, so that this account's rights are not known"},
		}
	case len(r.mutable) > 0:
		return unavailable{
			fmt.Errorf("this account could delete or hide events on %s (%d findings, see xinfang store check): %w", r.client.Host(), len(r.mutable), ledger.ErrRejected),
			ledger.Text{ZH: "本节点的账号能在集群中删除或隐藏事件，审计模式下不写入；见 xinfang store check", EN: "this node's account could delete or hide events in the cluster, and in audit mode nothing is recorded; see xinfang store check"},
		}
	}
	return nil
}

// check asks the source what this account may do. In audit mode it returns a
// refusal that says all that it should not be able to do.
func (r *remote) check(ctx context.Context, samples []ledger.Stream) error {
	found, err := r.client.Immutable(ctx, samples...)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnheard, err)
	}
	texts := make([]ledger.Text, len(found.Findings))
	for i, f := range found.Findings {
		texts[i] = f.Text
	}
	r.mu.Lock()
	r.checked, r.mutable = r.now(), texts
	r.mu.Unlock()
	if found.OK || !r.audit {
		return nil
	}
	return mutable(r.client, found)
}

func mutable(c *esdb.Client, found esdb.Immutability) error {
	var zh, en strings.Builder
	for _, f := range found.Findings {
		fmt.Fprintf(&zh, "\n  - %s：%s", f.Code, f.Text.ZH)
		fmt.Fprintf(&en, "\n  - %s: %s", f.Code, f.Text.EN)
	}
	return &ledger.Refusal{Code: "ERR_STORE_MUTABLE", Kind: ledger.Denied, Text: ledger.Text{
		ZH: fmt.Sprintf("本账号能在 %s 上删除或隐藏事件，审计模式下拒绝运行；由管理员运行 xinfang store setup，或换用受限账号：%s", c.Host(), zh.String()),
		EN: fmt.Sprintf("this account could delete or hide events on %s, and in audit mode the program does not run with such; have an administrator run xinfang store setup, or use a lesser account:%s", c.Host(), en.String()),
	}}
}

// keepChecking checks the account's rights now and then, until ctx is done.
func (n *node) keepChecking(ctx context.Context, log *slog.Logger) error {
	for {
		pause := checkEvery
		samples, err := n.samples(ctx)
		if err == nil {
			err = n.remote.check(ctx, samples)
		}
		if err != nil && ctx.Err() == nil {
			log.Error("the store is not known to be immutable", "err", err)
			pause = checkAgain
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// sampled is how many streams have their own metadata looked at.
const sampled = 8

// samples returns some streams of cases.
func (n *node) samples(ctx context.Context) (some []ledger.Stream, err error) {
	for head, err := range n.local.Streams(ctx, petition.Category) {
		if err != nil {
			return nil, err
		}
		if some = append(some, head.Stream); len(some) == sampled {
			break
		}
	}
	return some, nil
}

// gauge says what the metrics show of the replica.
func (r *remote) gauge() metrics.Replica {
	status := r.copier.Status()
	g := metrics.Replica{Position: status.Position, Connected: status.Connected, Last: status.Last}
	if status.Break != nil {
		g.Stopped = status.Break.Kind
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	g.Immutable, g.Checked = len(r.mutable) == 0, r.checked
	return g
}

// source says how the source of the replica looks from here.
func (r *remote) source() web.Source {
	status := r.copier.Status()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case status.Connected:
		r.down = time.Time{}
	case r.down.IsZero():
		r.down = r.now()
	}
	return web.Source{
		Hosts: r.client.Host(), Unheard: status.Last.IsZero(), Down: r.down, Break: status.Break, Mutable: r.mutable,
	}
}
