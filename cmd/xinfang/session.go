package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/BurntSushi/toml"

	"xinfang/domain/ledger"
	"xinfang/domain/petition"
	"xinfang/infra/web"
)

// A reading is the data directory opened for one question, as known at the moment
// that --at or --as-of asks for.
type reading struct {
	*node
	views web.Views
	world petition.World
	now   time.Time       // what "now" is then
	at    ledger.Position // 0 for the head
}

// reading opens the data directory for reading, asks, and closes it.
func (a *app) reading(ctx context.Context, ask func(*reading) error) (err error) {
	n, err := a.openNode(ctx, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	r := &reading{node: n}
	if r.at, r.now, err = n.present(ctx); err != nil {
		return err
	}
	if r.views, err = n.current(ctx, r.at); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.views.Close()) }()
	if r.world, err = n.World(ctx, r.at); err != nil {
		return err
	}
	return ask(r)
}

// knownUnit refuses a unit that does not exist; "" is no unit.
func (r *reading) knownUnit(ctx context.Context, code string) error {
	if code == "" {
		return nil
	}
	return web.KnownUnit(ctx, r.views, r.world.Directory, code)
}

// writing opens the data directory for writing, acts, and closes it.
func (a *app) writing(ctx context.Context, act func(*node) error) error {
	n, err := a.openNode(ctx, true)
	if err != nil {
		return err
	}
	return errors.Join(act(n), n.Close())
}

// readTOML reads the file at path into v. A key that v does not know is an error,
// which names the command that shows those there are.
func readTOML(path string, v any, sample string) error {
	meta, err := toml.DecodeFile(path, v)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return said{
			fmt.Sprintf("%s：没有 %q 这一项；有哪些见 %q", path, unknown[0].String(), sample),
			fmt.Sprintf("%s: unknown key %q; see %q", path, unknown[0].String(), sample),
		}
	}
	return nil
}
