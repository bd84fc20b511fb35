package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/infra/vault"
)

// masterEnv names the environment variable that may hold the master key, and
// newVaultEnv the one that says that a vault which is missing is lost for good.
const (
	masterEnv   = "XINFANG_VAULT_MASTER_KEY"
	newVaultEnv = "XINFANG_VAULT_NEW"
)

// A keeper is the vault of a data directory; see [keeper.sealFacts].
type keeper struct{ *vault.Vault }

// openVault opens the vault of the data directory. If create is set and there is
// neither a master key nor a vault yet, both are made.
func (a *app) openVault(ctx context.Context, create bool) (*keeper, error) {
	if err := a.vaultIsWhole(ctx, create); err != nil {
		return nil, err
	}
	master, err := a.masterKey(create)
	if err != nil {
		return nil, err
	}
	v, err := vault.Open(ctx, a.path(vaultFile), master, rand.Reader, a.Now)
	if err != nil {
		return nil, err
	}
	v.Check = personal.Check
	return &keeper{v}, nil
}

// vaultIsWhole refuses a vault without its key, and a ledger without its vault: a
// new one would open nothing of what is sealed, and nobody would notice before it
// is too late. It writes nothing.
func (a *app) vaultIsWhole(ctx context.Context, create bool) error {
	key, file := a.masterPath(), a.path(vaultFile)
	hasKey, err := exists(key)
	if err != nil {
		return err
	}
	hasKey = hasKey || a.Getenv(masterEnv) != ""
	hasVault, err := exists(file)
	switch {
	case err != nil:
		return err
	case hasVault && !hasKey:
		return missing("ERR_VAULT_KEY_MISSING",
			fmt.Sprintf("有个人信息库 %s，却没有它的主密钥 %s；请从备份取回该文件，或用环境变量 %s 给出主密钥。未写入任何内容", file, key, masterEnv),
			fmt.Sprintf("there is a vault, %s, but not its master key, %s; restore that file from where it is kept apart, or give the key in the environment variable %s; nothing was written", file, key, masterEnv))
	case hasVault || !hasKey && !create:
		return nil
	}
	sealed, err := a.sealedData(ctx)
	if err != nil || !sealed {
		return err
	}
	if a.cfg.Store != "" || a.Getenv(newVaultEnv) == "yes" {
		a.warn(a.tr("注意：%s 不存在，将另建一个；台账中由它加密的个人信息在此无法打开", "note: there is no %s, and a new one is made; personal data that was sealed with it cannot be opened here"), file)
		return nil
	}
	return missing("ERR_VAULT_MISSING",
		fmt.Sprintf("台账中有加密的个人信息，却没有打开它们的 %s；请连同主密钥从备份恢复该文件。如确已丢失，设环境变量 %s=yes 另建一个：已加密的个人信息将永远无法打开。未写入任何内容", file, newVaultEnv),
		fmt.Sprintf("the ledger has sealed personal data, but %s, which opens it, is not there; restore that file and its master key from a backup. If it is lost for good, set the environment variable %s=yes to make a new one: what is sealed can then never be opened. Nothing was written", file, newVaultEnv))
}

func missing(code, zh, en string) error {
	return &ledger.Refusal{Code: code, Kind: ledger.NotFound, Text: ledger.Text{ZH: zh, EN: en}}
}

// sealedData reports whether anything in the ledger is sealed.
func (a *app) sealedData(ctx context.Context) (_ bool, err error) {
	if there, err := exists(a.path(ledgerDir)); err != nil || !there {
		return false, err
	}
	store, err := a.openStore(false)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	for env, err := range store.ReadAll(ctx, 0) {
		if err != nil {
			return false, err
		}
		if m, err := env.DecodeMeta(); err == nil && m.Key != "" { // another's meta says nothing of our keys
			return true, nil
		}
	}
	return false, nil
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
	path := a.masterPath()
	key, err := vault.LoadMaster(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		return vault.CreateMaster(path, rand.Reader)
	}
	return key, err
}

// masterPath returns the file that holds the master key.
func (a *app) masterPath() string {
	if path := a.cfg.Vault.MasterKeyFile; path != "" {
		return path
	}
	return a.path(masterFile)
}
