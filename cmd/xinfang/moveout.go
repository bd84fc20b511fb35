package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"xinfang/domain/custody"
	"xinfang/domain/ledger"
	"xinfang/infra/durable"
	"xinfang/infra/esdb"
	"xinfang/infra/segment"
)

// moveOut moves the ledger of the data directory to the EventStoreDB at address.
//
// While it runs, ledger.moving is a replica of what has arrived there, and says how
// far the move has come: a crash goes on from there. Once all has arrived and was
// compared, the replica gets its marker; from then on a crash goes on with the two
// renames that put it into the place of the ledger.
func (a *app) moveOut(ctx context.Context, address string) error {
	done, err := a.movedOut(address)
	if err != nil {
		return err
	}
	if !done {
		arrived, err := exists(filepath.Join(a.path(movingDir), markerFile))
		if err == nil && !arrived {
			err = a.moveEntries(ctx, address)
		}
		if err == nil {
			err = a.takeReplica()
		}
		if err != nil {
			return err
		}
	}
	of, err := a.replicaOf()
	if err != nil {
		return err
	}
	before, err := segment.Open(a.path(beforeDir), segment.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	head, err := before.Head(ctx)
	if err := errors.Join(err, before.Close()); err != nil {
		return err
	}
	return a.settled(of, head)
}

// movedOut reports whether the ledger has moved to address already: the last run
// may have ended without saying so.
func (a *app) movedOut(address string) (bool, error) {
	of, err := a.replicaOf()
	if err != nil || of == "" {
		return false, err
	}
	c, err := a.dial(address)
	if err != nil {
		return false, err
	}
	there, err := exists(a.path(beforeDir))
	if err := errors.Join(err, c.Close(context.Background())); err != nil {
		return false, err
	}
	if !there || of != c.Host() {
		return false, isReplica(a.cfg.Data, of)
	}
	return true, nil
}

// moveEntries appends all entries of the ledger to the cluster, and compares.
func (a *app) moveEntries(ctx context.Context, address string) (err error) {
	if err := a.ledgerExists(); err != nil {
		return err
	}
	if there, err := exists(a.path(beforeDir)); err != nil {
		return err
	} else if there {
		return ledger.Troubled("%s 是先前迁移所留，属于证据；请先妥善移走", "%s is there from an earlier move; put it away, it is evidence", a.path(beforeDir))
	}
	old, err := a.openStore(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, old.Close()) }()
	replica, err := segment.Open(a.path(movingDir), segment.Options{Now: a.Now, Logger: a.logger()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, replica.Close(), a.unbegun(replica, movingDir)) }()
	r, err := a.openRemote(address, replica)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.check(ctx, nil); err != nil {
		return err
	}
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	done, _, err := sameEntries(ctx, old, replica)
	if err != nil {
		return locate(err, "%s 上有另一部台账；只能迁到没有台账的地方", "%s holds another ledger; one can only move to where there is none", r.client.Host())
	}
	head, err := old.Head(ctx)
	if err != nil {
		return err
	}
	if err := a.appendAfter(ctx, old, done, head, r.client); err != nil {
		return err
	}
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	at, all, err := sameEntries(ctx, old, replica)
	if err == nil && !all {
		err = missingAt(at + 1)
	}
	if err != nil {
		return locate(err, "%s 上的与迁去的不同；这里的台账未变", "%s does not hold what was moved there; the ledger here is as it was", r.client.Host())
	}
	r.follow(ctx, func(error) {}) // what the next append waits for
	if err := recordMove(ctx, a, esdb.NewStore(r.client, replica, r.copier), old, "segment", head); err != nil {
		return err
	}
	return writeMarker(a.path(movingDir), r.client.Host())
}

// Limits of what is moved with one request: what a server takes by default, with
// some air.
const (
	maxMoved      = 64
	maxMovedBytes = 256 << 10
)

// appendAfter appends the entries of old after done to the cluster, in their order,
// each with the time at which it was recorded here.
func (a *app) appendAfter(ctx context.Context, old ledger.Log, done, head ledger.Position, to *esdb.Client) error {
	bar := a.progress(a.tr("迁移", "moving"))
	defer bar.done()
	var batch []ledger.Record // consecutive entries of one stream
	var last ledger.Envelope  // of the batch
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := to.Append(ctx, last.Stream, last.Version-ledger.Version(len(batch)), batch...); err != nil {
			return locate(err, "迁移位置 %d", "moving position %d", last.Position)
		}
		bar.set(int64(last.Position), int64(head))
		batch, size = nil, 0
		return nil
	}
	for env, err := range entriesAfter(ctx, old, done) {
		if err != nil {
			return err
		}
		record := env.Record
		if record.Meta, err = ledger.Restamp(env.Meta, env.Recorded); err != nil {
			return locate(err, "迁移位置 %d", "moving position %d", env.Position)
		}
		n := len(record.Data) + len(record.Meta)
		if env.Stream != last.Stream || len(batch) == maxMoved || size+n > maxMovedBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		batch, size, last = append(batch, record), size+n, env
	}
	return flush()
}

// recordMove records in store that the entries of old up to head came from there.
func recordMove(ctx context.Context, a *app, store ledger.Store, old ledger.Log, from string, head ledger.Position) error {
	last, err := ledger.At(ctx, old, head)
	if err != nil {
		return err
	}
	e := custody.LedgerMoved{From: from, Events: head, Leaf: last.Leaf.String()}
	ask := custody.Ask(e, fmt.Sprint(e.Events, "/", e.Leaf), ledger.Meta{Actor: systemActor, Occurred: a.Now().UTC()})
	_, err = custody.Decider.Handle(ctx, store, ask)
	return err
}

// takeReplica puts the replica in the place of the ledger, which stays beside it,
// and removes the views, whose positions are those of the ledger.
func (a *app) takeReplica() error {
	if err := a.retireNotary(); err != nil {
		return err
	}
	there, err := exists(a.path(ledgerDir))
	if err != nil {
		return err
	}
	if there { // else the last run got no further
		if err := os.Rename(a.path(ledgerDir), a.path(beforeDir)); err != nil {
			return err
		}
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.RemoveAll(a.path(viewsFile) + suffix); err != nil {
			return err
		}
	}
	return errors.Join(os.Rename(a.path(movingDir), a.path(ledgerDir)), durable.SyncDir(a.cfg.Data))
}
