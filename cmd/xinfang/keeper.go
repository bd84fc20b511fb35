package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"

	"xinfang/infra/vault"
)

// masterEnv names the environment variable that may hold the master key.
const masterEnv = "XINFANG_VAULT_MASTER_KEY"

// A keeper is the vault of a data directory; see [keeper.sealFacts].
type keeper struct{ *vault.Vault }

// openVault opens the vault of the data directory. If create is set and there is
// no master key yet, one is made.
func (a *app) openVault(ctx context.Context, create bool) (*keeper, error) {
	master, err := a.masterKey(create)
	if err != nil {
		return nil, err
	}
	v, err := vault.Open(ctx, a.path(vaultFile), master, rand.Reader, a.Now)
	if err != nil {
		return nil, err
	}
	return &keeper{v}, nil
}

// petitioners returns whom the vault knows by name, id number or phone. Without
// the master key, or while a server has the vault, nobody: what can be found then
// is what everyone may see.
func (a *app) petitioners(ctx context.Context, name string) []uuid.UUID {
	k, err := a.openVault(ctx, false)
	if err != nil {
		a.warn("%s%s", a.tr("未按信访人检索：", "petitioners were not searched: "), a.explain(err))
		return nil
	}
	found, err := k.Find(ctx, name)
	if err := errors.Join(err, k.Close()); err != nil {
		a.warn("%s%s", a.tr("未按信访人检索：", "petitioners were not searched: "), a.explain(err))
		return nil
	}
	return found
}

func (a *app) masterKey(create bool) ([]byte, error) {
	if text := a.Getenv(masterEnv); text != "" {
		key, err := vault.ParseMaster(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", masterEnv, err)
		}
		return key, nil
	}
	path := a.cfg.Vault.MasterKeyFile
	if path == "" {
		path = a.path(masterFile)
	}
	key, err := vault.LoadMaster(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		return vault.CreateMaster(path, rand.Reader)
	}
	return key, err
}
