package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"

	"xinfang/domain/custody"
	"xinfang/domain/ledger"
	"xinfang/infra/durable"
	"xinfang/infra/segment"
)

// moveHome moves the ledger of the EventStoreDB at address to the data directory,
// which has none.
//
// First ledger.moving becomes a replica of it; then ledger.new the ledger, whose
// entries are their own authority again. A crash goes on with whichever is behind.
// The entry that says that the ledger has moved is the last one; once it is there,
// only the rename is left.
func (a *app) moveHome(ctx context.Context, address string) (err error) {
	if there, err := exists(a.path(ledgerDir)); err != nil {
		return err
	} else if there {
		return a.cameHome(ctx)
	}
	home, err := segment.Open(a.path(homeDir), segment.Options{Now: a.Now, Logger: a.logger()})
	if err != nil {
		return err
	}
	moved, err := movedTo(ctx, home)
	if err == nil && moved == 0 {
		moved, err = a.fetch(ctx, address, home)
	}
	if err := errors.Join(err, home.Close()); err != nil {
		return errors.Join(err, a.unbegun(home, homeDir))
	}
	if err := os.RemoveAll(a.path(movingDir)); err != nil {
		return err
	}
	if err := a.retireNotary(); err != nil {
		return err
	}
	if err := errors.Join(os.Rename(a.path(homeDir), a.path(ledgerDir)), durable.SyncDir(a.cfg.Data)); err != nil {
		return err
	}
	return a.settled("segment", moved)
}

// cameHome says that the ledger has come home already, if its last entry does: the
// last run may have ended without saying so. Another ledger stays as it is.
func (a *app) cameHome(ctx context.Context) error {
	store, err := a.openStore(false)
	if err != nil {
		return err
	}
	moved, err := movedTo(ctx, store)
	if err := errors.Join(err, store.Close()); err != nil {
		return err
	}
	if moved > 0 {
		return a.settled("segment", moved)
	}
	return &ledger.Refusal{Code: "ERR_HAS_LEDGER", Kind: ledger.Conflict, Text: ledger.Text{
		ZH: a.cfg.Data + " 已有台账；迁回须用没有台账的数据目录", EN: "there is a ledger in " + a.cfg.Data + "; one comes home to a data directory without",
	}}
}

// movedTo returns how many entries have moved to home, 0 if that was not finished.
func movedTo(ctx context.Context, home ledger.Log) (ledger.Position, error) {
	head, err := home.Head(ctx)
	if err != nil || head == 0 {
		return 0, err
	}
	last, err := ledger.At(ctx, home, head)
	if err != nil || last.Stream.Category != custody.Category {
		return 0, err
	}
	e, err := custody.Codec.Decode(last.Type, last.Data)
	if err != nil {
		return 0, err
	}
	if m, ok := e.(custody.LedgerMoved); ok && m.Events == head-1 {
		return m.Events, nil
	}
	return 0, nil
}

// fetch brings home what the cluster holds, compares, and records that.
func (a *app) fetch(ctx context.Context, address string, home *segment.Store) (_ ledger.Position, err error) {
	replica, err := segment.Open(a.path(movingDir), segment.Options{Now: a.Now, Logger: a.logger()})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, replica.Close(), a.unbegun(replica, movingDir)) }()
	r, err := a.openRemote(address, replica)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.catchUp(ctx); err != nil {
		return 0, err
	}
	head, err := replica.Head(ctx)
	if err != nil {
		return 0, err
	}
	if head == 0 {
		return 0, &ledger.Refusal{Code: "ERR_NO_LEDGER", Kind: ledger.NotFound, Text: ledger.Text{
			ZH: r.client.Host() + " 上没有台账", EN: "there is no ledger on " + r.client.Host(),
		}}
	}
	if err := a.bringHome(ctx, replica, home, head); err != nil {
		return 0, err
	}
	at, all, err := sameEntries(ctx, replica, home)
	if err == nil && !all {
		err = missingAt(at + 1)
	}
	if err != nil {
		return 0, locate(err, "取回的与 %s 上的不同；请移走 %s 后重来", "what came home is not what %s holds; put %s away and begin anew", r.client.Host(), a.path(homeDir))
	}
	return head, recordMove(ctx, a, home, replica, r.client.Host(), head)
}

// homeAtOnce is how many entries come home with one sync.
const homeAtOnce = 512

// bringHome adopts into home what replica holds, from where home ends. Positions
// stay; the place of an entry in the cluster is not its origin any more.
func (a *app) bringHome(ctx context.Context, replica ledger.Log, home ledger.Replica, head ledger.Position) error {
	done, err := home.Head(ctx)
	if err != nil {
		return err
	}
	bar := a.progress(a.tr("迁回", "coming home"))
	defer bar.done()
	var batch []ledger.Envelope
	for env, err := range replica.ReadAll(ctx, done) {
		if err != nil {
			return err
		}
		env.Origin = ledger.Origin{Commit: uint64(env.Position), Prepare: uint64(env.Position)}
		if batch = append(batch, env); len(batch) < homeAtOnce && env.Position < head {
			continue
		}
		if err := home.Adopt(ctx, batch...); err != nil {
			return err
		}
		bar.set(int64(env.Position), int64(head))
		batch = batch[:0]
	}
	return nil
}

// missingAt says that the entry at a position was not moved.
func missingAt(p ledger.Position) error {
	return ledger.Troubled("位置 %d 缺失", "position %d is missing", p)
}

// sameEntries compares the entries of a with those of b, one by one, and returns
// the last position of a that b has, and whether that is all of a. What b has
// beyond a, and what the stores have written of their own, is not looked at; the
// positions and origins may differ, all else may not.
func sameEntries(ctx context.Context, a, b ledger.Log) (at ledger.Position, all bool, err error) {
	next, stop := iter.Pull2(entriesAfter(ctx, a, 0))
	defer stop()
	for got, err := range entriesAfter(ctx, b, 0) {
		if err != nil {
			return at, false, err
		}
		want, err, more := next()
		if !more {
			return at, true, nil
		}
		if err != nil {
			return at, false, err
		}
		if why := differs(want, got); why != "" {
			return at, false, ledger.Troubled("位置 %d（%v 的 %v）与位置 %d（%v 的 %v）不同：%s", "position %d (event %v of %v) and position %d (event %v of %v) differ: %s",
				want.Position, want.ID, want.Stream, got.Position, got.ID, got.Stream, why)
		}
		at = want.Position
	}
	_, err, more := next()
	return at, !more, err
}

// differs says in what two entries differ, or "".
func differs(a, b ledger.Envelope) string {
	switch {
	case a.ID != b.ID:
		return "they are not the same event"
	case a.Stream != b.Stream || a.Version != b.Version:
		return "their place in their stream"
	case a.Type != b.Type || a.Binary != b.Binary:
		return "their type"
	case string(a.Data) != string(b.Data):
		return "their data"
	case string(ledger.Unstamp(a.Meta)) != string(ledger.Unstamp(b.Meta)):
		return "their meta"
	case a.Recorded != b.Recorded:
		return fmt.Sprintf("they were recorded at %v and %v", a.Recorded.Time(), b.Recorded.Time())
	}
	return ""
}

// entriesAfter yields what l holds after position after, but for what the store has
// written of its own.
func entriesAfter(ctx context.Context, l ledger.Log, after ledger.Position) iter.Seq2[ledger.Envelope, error] {
	return func(yield func(ledger.Envelope, error) bool) {
		for env, err := range l.ReadAll(ctx, after) {
			if err == nil && ledger.KindOf(env.Stream.Category) == ledger.KindSystem {
				continue
			}
			if !yield(env, err) {
				return
			}
		}
	}
}
