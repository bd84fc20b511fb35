package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/infra/segment"
	"xinfang/infra/views"
	"xinfang/infra/web"
	"xinfang/projections"
)

// Where the parts are in the data directory.
const (
	ledgerDir  = "ledger"
	viewsFile  = "views.db"
	vaultFile  = "vault.db"
	masterFile = "vault.key"
	tokensFile = "tokens.json"
)

func (a *app) path(name string) string { return filepath.Join(a.cfg.Data, name) }

// A node is the ledger and the views of one data directory, opened together.
// Many commands need no more; vault and console are put on top by those that do.
type node struct {
	app       *app
	store     ledger.Store   // the ledger: read here, recorded here or where it is kept
	bare      ledger.Store   // the same, without the seal of this program: for what others record through it
	local     *segment.Store // what is in the data directory: the ledger itself, or a replica
	remote    *remote        // where the ledger is kept; nil if that is here
	views     *views.DB
	projector *projections.Projector
	world     atomic.Pointer[world] // replaced, never changed
}

// A world is what cases are decided against, and the position that it reflects.
type world struct {
	petition.World
	at ledger.Position
}

// openNode opens the data directory: for writing, alone, or for reading, beside
// whoever has it.
func (a *app) openNode(ctx context.Context, write bool) (*node, error) {
	if !write {
		if err := a.ledgerExists(); err != nil {
			return nil, err
		}
	}
	n, err := a.openLocal(ctx, write)
	if err != nil || !write {
		return n, err
	}
	err = n.attach(ctx)
	if err == nil {
		err = n.sealStore(ctx)
	}
	if err == nil && n.remote != nil {
		// What is decided is decided once, and now: by what the source has.
		if err = n.remote.check(ctx, nil); err == nil {
			err = n.remote.catchUp(ctx)
		}
		if err == nil {
			n.remote.follow(ctx, func(error) {}) // an append that cannot be read back says why
		}
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// openServer opens the data directory for a server, which begins even if the
// ledger is kept elsewhere and cannot be reached: all can be read meanwhile.
func (a *app) openServer(ctx context.Context) (*node, error) {
	n, err := a.openLocal(ctx, true)
	if err != nil {
		return nil, err
	}
	err = n.attach(ctx)
	if err == nil {
		err = n.sealStore(ctx)
	}
	if err == nil && n.remote != nil {
		err = n.remote.firstCheck(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// openLocal opens what is in the data directory, and no more.
func (a *app) openLocal(ctx context.Context, write bool) (*node, error) {
	if write {
		if err := a.moving(); err != nil {
			return nil, err
		}
	}
	store, err := a.openStore(write)
	if err != nil {
		return nil, err
	}
	n := &node{app: a, store: store, local: store}
	if n.views, err = n.openViews(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	n.projector = projections.NewProjector(store, n.views, runtime.GOMAXPROCS(0))
	return n, nil
}

// ledgerExists refuses a data directory without a ledger: more often than not it
// is a misspelt one.
func (a *app) ledgerExists() error {
	if _, err := os.Stat(a.path(ledgerDir)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return &ledger.Refusal{Code: "ERR_NO_LEDGER", Kind: ledger.NotFound, Text: ledger.Text{
		ZH: fmt.Sprintf("%s 下没有台账；用 --data 指明数据目录，或先运行 xinfang serve、import", a.cfg.Data),
		EN: fmt.Sprintf("there is no ledger in %s; name the data directory with --data, or run xinfang serve or import first", a.cfg.Data),
	}}
}

func (a *app) openStore(write bool) (*segment.Store, error) {
	store, err := segment.Open(a.path(ledgerDir), segment.Options{Now: a.Now, ReadOnly: !write, Logger: a.logger()})
	if errors.Is(err, segment.ErrInUse) {
		return nil, fmt.Errorf("%w: %w", errBusy, err)
	}
	return store, err
}

// openViews opens the views, and makes them anew if another version of the
// program made them.
func (n *node) openViews(ctx context.Context) (*views.DB, error) {
	path := n.app.path(viewsFile)
	db, err := views.Open(ctx, path)
	if !errors.Is(err, views.ErrLayout) {
		return db, err
	}
	head, err := n.store.Head(ctx)
	if err != nil {
		return nil, err
	}
	n.app.logger().Info("making the views anew", "reason", "another version of the program made them", "events", head)
	if _, err := views.Rebuild(ctx, path, n.store, head, runtime.GOMAXPROCS(0), true, func(int64) {}); err != nil {
		return nil, err
	}
	return views.Open(ctx, path)
}

// Close closes all that openNode opened.
func (n *node) Close() error {
	var err error
	if n.remote != nil {
		err = n.remote.Close()
	}
	return errors.Join(err, n.views.Close(), n.local.Close())
}

// World returns what cases are decided against, as known at position upTo, or
// now if upTo is 0.
func (n *node) World(ctx context.Context, upTo ledger.Position) (petition.World, error) {
	if upTo > 0 {
		return projections.ReadWorld(ctx, n.store, upTo)
	}
	w := n.world.Load()
	after := ledger.Position(0)
	if w != nil {
		after = w.at
	}
	head, err := n.store.Head(ctx)
	if err != nil {
		return petition.World{}, err
	}
	if w != nil {
		shaped := false
		for env, err := range n.store.ReadAll(ctx, after) {
			if err != nil {
				return petition.World{}, err
			}
			if shaped = projections.ShapesWorld(env); shaped || env.Position >= head {
				break
			}
		}
		if !shaped {
			n.world.CompareAndSwap(w, &world{w.World, head})
			return w.World, nil
		}
	}
	fresh, err := projections.ReadWorld(ctx, n.store, head)
	if err != nil {
		return petition.World{}, err
	}
	n.world.Store(&world{fresh, head})
	return fresh, nil
}

// Views returns the views as known now or then.
func (n *node) Views(ctx context.Context, at web.At) (web.Views, error) {
	p, err := n.resolve(ctx, at)
	if err != nil {
		return nil, err
	}
	return n.viewsAt(ctx, p)
}

// current returns the views as known at position p, brought up to date first if
// p is 0, the head.
func (n *node) current(ctx context.Context, p ledger.Position) (web.Views, error) {
	if p == 0 {
		if err := n.projector.CatchUp(ctx); err != nil {
			return nil, err
		}
	}
	return n.viewsAt(ctx, p)
}

func (n *node) viewsAt(ctx context.Context, p ledger.Position) (web.Views, error) {
	if p == 0 {
		return shared{n.views}, nil
	}
	dir, err := os.MkdirTemp("", "xinfang-as-of-")
	if err != nil {
		return nil, err
	}
	db, err := views.OpenAt(ctx, filepath.Join(dir, viewsFile), n.store, p, runtime.GOMAXPROCS(0))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return temporary{db, dir}, nil
}

// resolve returns the position that at asks for, 0 for now.
func (n *node) resolve(ctx context.Context, at web.At) (ledger.Position, error) {
	if at.Position > 0 {
		_, err := ledger.At(ctx, n.store, at.Position)
		return at.Position, err
	}
	if at.Time.IsZero() {
		return 0, nil
	}
	p, err := ledger.AsOf(ctx, n.store, at.Time)
	if err == nil && p == 0 {
		err = &ledger.Refusal{Code: "ERR_BEFORE_LEDGER", Kind: ledger.NotFound, Text: ledger.Text{
			ZH: "那个时刻台账还没有任何记录", EN: "at that time the ledger had no entry yet",
		}}
	}
	return p, err
}

// shared is the one view that all use; closing it is the node's business.
type shared struct{ *views.DB }

func (shared) Close() error { return nil }

// temporary is a view as known then, made for one question.
type temporary struct {
	*views.DB
	dir string
}

func (t temporary) Close() error { return errors.Join(t.DB.Close(), os.RemoveAll(t.dir)) }
