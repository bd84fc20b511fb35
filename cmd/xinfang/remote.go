package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"xinfang/domain/ledger"
	"xinfang/infra/durable"
	"xinfang/infra/esdb"
)

// markerFile, in the directory of the ledger, says that it is a replica, and of
// what. It is written before the first event is copied and never removed, so that
// nobody appends to a replica by forgetting --store.
const markerFile = "REPLICA"

// A remote is where the ledger is kept of which the data directory is a replica.
type remote struct {
	client *esdb.Client
	copier *esdb.Copier
	audit  bool
	now    func() time.Time

	stop func() // ends copying, and waits for its end; nil if it was not begun

	mu      sync.Mutex
	checked time.Time     // when the account's rights were last checked; zero if they never were
	mutable []ledger.Text // what it could do that it should not; nil if nothing
	down    time.Time     // since when the source has not answered; zero while it does
}

// firstAnswer is how long a server waits for the source before it begins anyhow.
const firstAnswer = 5 * time.Second

// copyAgain is the pause before copying is tried again after an error here.
const copyAgain = 10 * time.Second

// unheardTime is how long a command waits for a source that does not answer.
const unheardTime = 20 * time.Second

// closeTime is how long requests to the source may take to end.
const closeTime = 10 * time.Second

// backend names the kind of store that keeps the ledger.
func (n *node) backend() string {
	if n.remote != nil {
		return "esdb"
	}
	return "segment"
}

// openRemote prepares the way to the ledger at address, of which local is to be a
// replica. Nothing is asked of it yet.
func (a *app) openRemote(address string, local ledger.Replica) (*remote, error) {
	client, err := a.dial(address)
	if err != nil {
		return nil, err
	}
	r := &remote{client: client, audit: a.cfg.ESDB.Audit, now: a.Now}
	r.copier = esdb.NewCopier(client, local, esdb.CopierOptions{Now: a.Now, Logger: a.logger()})
	return r, nil
}

// dial returns a client for address, with the account of the configuration.
func (a *app) dial(address string) (*esdb.Client, error) {
	o := esdb.Options{Address: address, User: a.cfg.ESDB.User, CAFile: a.cfg.ESDB.CAFile, Now: a.Now, Logger: a.logger()}
	if file := a.cfg.ESDB.PasswordFile; file != "" {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("esdb.password_file: %w", err)
		}
		o.Password = strings.TrimRight(string(raw), "\r\n")
	}
	client, err := esdb.Dial(o)
	if err != nil {
		return nil, usageError{fmt.Errorf("store: %w", err)}
	}
	return client, nil
}

// attach connects a node to the ledger that the configuration names, if it is kept
// elsewhere, and refuses a data directory that does not fit it.
func (n *node) attach(ctx context.Context) error {
	address := n.app.cfg.Store
	of, err := n.app.replicaOf()
	if err != nil {
		return err
	}
	if address == "" {
		if of != "" {
			return isReplica(n.app.cfg.Data, of)
		}
		return nil
	}
	if n.remote, err = n.app.openRemote(address, n.local); err != nil {
		return err
	}
	if err := n.mark(ctx); err != nil {
		return err
	}
	n.store = audited{esdb.NewStore(n.remote.client, n.local, n.remote.copier), n.remote}
	return nil
}

// replicaOf returns what the data directory is a replica of, "" if it is none.
func (a *app) replicaOf() (string, error) {
	raw, err := os.ReadFile(filepath.Join(a.path(ledgerDir), markerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(raw)), err
}

// mark makes the data directory a replica. One that has a ledger of its own stays
// what it is: copying into it would end in a break, and appending in a fork.
//
// A crash before the marker is there leaves an empty ledger, a crash after it an
// empty replica.
func (n *node) mark(ctx context.Context) error {
	of, err := n.app.replicaOf()
	if err != nil || of != "" {
		return err
	}
	head, err := n.local.Head(ctx)
	if err != nil {
		return err
	}
	if head > 0 {
		return &ledger.Refusal{Code: "ERR_HAS_LEDGER", Kind: ledger.Conflict, Text: ledger.Text{
			ZH: fmt.Sprintf("%s 有自己的台账（%d 条），不能当作副本；换一个 --data，或用 xinfang store migrate 迁移", n.app.cfg.Data, head),
			EN: fmt.Sprintf("%s has a ledger of its own (%d entries) and cannot be a replica; name another --data, or move it with xinfang store migrate", n.app.cfg.Data, head),
		}}
	}
	return writeMarker(n.app.path(ledgerDir), n.remote.client.Host())
}

// writeMarker writes, durably, that the ledger in dir is a replica of hosts.
func writeMarker(dir, hosts string) error {
	return durable.Replace(filepath.Join(dir, markerFile), []byte(hosts+"\n"), 0o600)
}

func isReplica(data, of string) error {
	return &ledger.Refusal{Code: "ERR_IS_REPLICA", Kind: ledger.Conflict, Text: ledger.Text{
		ZH: fmt.Sprintf("%s 是 %s 的副本，不能直接写入；用 --store 指明台账所在，或用 xinfang follow", data, of),
		EN: fmt.Sprintf("%s is a replica of %s and cannot be written to; say where the ledger is kept with --store, or use xinfang follow", data, of),
	}}
}

// catchUp brings the replica to the end of its source: for commands that act once,
// and do not wait for a source that does not answer, or answers no more.
func (r *remote) catchUp(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer cancel(nil)
	watching.Go(func() {
		if err := silence(ctx, r.copier.Status); err != nil {
			cancel(err)
		}
	})
	err := r.copier.CatchUp(ctx)
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errUnheard) {
		return cause
	}
	return err
}

// silence returns errUnheard once a source has sent nothing for longer than unheardTime,
// and nil once ctx is done. One that has answered, and is shorter than its replica, is
// waited for: the copier says itself when that has been too long.
func silence(ctx context.Context, status func() esdb.Status) error {
	for last := (time.Time{}); ; {
		select {
		case <-time.After(unheardTime):
		case <-ctx.Done():
			return nil
		}
		s := status()
		if !s.Behind && s.Last.Equal(last) {
			return errors.Join(errUnheard, s.Trouble)
		}
		last = s.Last
	}
}

// errUnheard reports that the source does not answer.
var errUnheard error = said{"台账所在的集群没有应答；请稍后再试", "where the ledger is kept does not answer; try again later"}

// firstCheck refuses a source on which this account could delete. One that does
// not answer is asked again later, and until it has answered nothing is recorded.
func (r *remote) firstCheck(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, firstAnswer)
	defer cancel()
	err := r.check(waiting, nil)
	if _, refused := errors.AsType[*ledger.Refusal](err); refused {
		return err
	}
	return ctx.Err()
}

// follow copies in the background until Close, or until the source does not
// continue the replica. What else stops it, such as a full disk, is tried again.
// trouble is told of both.
func (r *remote) follow(ctx context.Context, trouble func(error)) {
	copying, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			err := r.copier.Run(copying)
			if copying.Err() != nil {
				return
			}
			trouble(err)
			if _, broken := errors.AsType[*ledger.Break](err); broken {
				return
			}
			select {
			case <-time.After(copyAgain):
			case <-copying.Done():
				return
			}
		}
	})
	r.stop = func() {
		cancel()
		wg.Wait()
	}
}

// Close ends copying and the connection.
func (r *remote) Close() error {
	if r.stop != nil {
		r.stop()
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return r.client.Close(ctx)
}
