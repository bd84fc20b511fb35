package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/infra/esdbnode"
	"xinfang/infra/segment"
	"xinfang/infra/vault"
	"xinfang/projections/erasure"
)

// A keysFound is what verify prints of the keys of personal data.
type keysFound struct {
	Held      int `json:"held"`      // of petitioners
	Returned  int `json:"returned"`  // of those, which were to be erased
	Erased    int `json:"erased"`    // as authorised
	Elsewhere int `json:"elsewhere"` // sealed by other nodes
	Lost      int `json:"lost"`      // without authority
}

// A keysOf is what a look for the keys of personal data has come to.
type keysOf struct {
	found   erasure.Result
	none    string         // why nothing was looked for; "" if it was
	closed  *proof.Finding // why nothing could be looked for, if that is a fault
	missing bool           // there is no vault
	err     error
}

// lookForKeys compares what the ledger says of keys of personal data with the vault of
// the data directory. A replica, whose source keeps them, and a machine where a server
// has the vault open check nothing. Anywhere else a vault that is missing has lost all
// of its keys, unless whoever asks says that this is a copy without one: to destroy
// all of them must not be harder to see than to destroy one.
func (a *app) lookForKeys(ctx context.Context, without bool) (k keysOf) {
	of, err := a.replicaOf()
	if err != nil {
		return keysOf{err: err}
	}
	there, err := exists(a.path(vaultFile))
	if err != nil {
		return keysOf{err: err}
	}
	switch {
	case without:
		return keysOf{none: a.tr("未核对：说明了是不带个人信息库的副本（--without-vault）", "not checked: this is said to be a copy without a vault (--without-vault)")}
	case !there && (of != "" || a.cfg.Store != ""):
		return keysOf{none: a.tr("未核对：本机是副本，没有个人信息库（vault.db；在登记案件的节点上应当有）", "not checked: this is a replica, without a vault (vault.db; on a node that registers cases there should be one)")}
	}
	store, err := a.openStore(false)
	if err != nil {
		return keysOf{err: err}
	}
	defer func() { k.err = errors.Join(k.err, store.Close()) }()
	keys, head := map[uuid.UUID]erasure.Key(nil), ledger.Position(0)
	if there {
		// First, for whoever has it open may have the master key in his environment alone.
		if err = vault.Free(ctx, a.path(vaultFile)); err == nil {
			keys, head, err = a.keysNow(ctx, store)
		}
	} else {
		head, err = store.Head(ctx)
	}
	switch {
	case errors.Is(err, vault.ErrInUse):
		return keysOf{none: fmt.Sprintf(a.tr("未核对：%s", "not checked: %s"), a.explain(err))}
	case ctx.Err() != nil:
		return keysOf{err: err}
	case err != nil:
		text := ledger.Text{ZH: "个人信息库打不开，密钥是否还在无从核对", EN: "the vault does not open, so that nothing shows that the keys are there"}
		return keysOf{closed: &proof.Finding{Verdict: proof.Incomplete, Index: -1, Text: text}, none: a.explain(err)}
	}
	k.missing = !there
	k.found, k.err = a.compareKeys(ctx, store, head, keys)
	return k
}

// sayKeys notes whether every key of personal data that the ledger speaks of is in the
// vault, or was destroyed as an event has authorised. It returns what to show. A ledger
// that cannot be trusted authorises nothing; err is why it could not be read.
func (a *app) sayKeys(k keysOf, v *verified, err error) (string, error) {
	switch {
	case err != nil:
		return "", err
	case !v.OK:
		return "—", nil
	case k.closed != nil:
		v.OK, v.Verdict, v.Finding, v.KeysUnchecked = false, v.Verdict.Worse(k.closed.Verdict), k.closed, k.none
		return "✗ " + k.closed.Say().In(a.lang) + a.tr("：", ": ") + k.none, nil
	case k.none != "" || k.err != nil:
		v.KeysUnchecked = k.none
		return k.none, k.err
	}
	found := k.found
	v.Keys = &keysFound{found.Held, found.Returned, found.Erased, found.Elsewhere, len(found.Lost)}
	if len(found.Lost) > 0 {
		f := found.Lost[0]
		v.OK, v.Verdict, v.Finding = false, v.Verdict.Worse(f.Verdict), f
		text := fmt.Sprintf(a.tr("✗ %s；这样的密钥共 %d 把", "✗ %s; there are %d such keys"), f.Say().In(a.lang), len(found.Lost))
		if k.missing {
			text += fmt.Sprintf(a.tr("：本机没有 %s（如是不带它的副本，用 --without-vault）", ": there is no %s here (--without-vault is for a copy without it)"), a.path(vaultFile))
		}
		return text, nil
	}
	text := fmt.Sprintf(a.tr("✓ 密钥 %d 把在库，%d 人已依批准清除", "✓ %d keys are there, %d subjects were erased under authorisation"), found.Held, found.Erased)
	if found.Returned > 0 {
		text += fmt.Sprintf(a.tr("；⚠ 其中 %d 人的密钥依批准本应清除而仍在库：清除没有完成，或从备份恢复了", "; ⚠ those of %d were to be erased, and are there: that was not completed, or they came back from a backup"), found.Returned)
	}
	if found.Elsewhere > 0 {
		text += fmt.Sprintf(a.tr("；%d 人的密钥在其他节点，未核对", "; those of %d are on other nodes, and were not checked"), found.Elsewhere)
	}
	return text, nil
}

// keysNow returns what the vault holds, and the end of the ledger at that moment:
// while we have the vault nobody seals or erases, so that it knows all that the
// events up to there use.
func (a *app) keysNow(ctx context.Context, store *segment.Store) (keys map[uuid.UUID]erasure.Key, head ledger.Position, err error) {
	k, err := a.openVault(ctx, false)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, k.Close()) }()
	if head, err = store.Head(ctx); err != nil {
		return nil, 0, err
	}
	keys = make(map[uuid.UUID]erasure.Key)
	err = k.States(ctx, func(s vault.State) {
		key := erasure.Key{Commitment: s.Commitment, Held: s.Err == nil}
		if e, erased := errors.AsType[*vault.ErasedError](s.Err); erased {
			key.Authority = e.Authority
		}
		keys[s.Subject] = key
	})
	return keys, head, err
}

func (a *app) compareKeys(ctx context.Context, store *segment.Store, head ledger.Position, keys map[uuid.UUID]erasure.Key) (erasure.Result, error) {
	shared, err := a.sharedLedger(ctx, store)
	if err != nil {
		return erasure.Result{}, err
	}
	audit := erasure.New(keys, shared)
	for env, err := range store.ReadAll(ctx, 0) {
		if err != nil {
			return erasure.Result{}, err
		}
		if env.Position > head {
			break
		}
		audit.Next(&env)
	}
	return audit.Result(), nil
}

// sharedLedger reports whether other nodes may have sealed what is in the ledger: it is
// a replica, or there are accounts that append to it.
func (a *app) sharedLedger(ctx context.Context, store *segment.Store) (bool, error) {
	for env, err := range store.ReadAll(ctx, 0) {
		if err != nil {
			return false, err
		}
		if env.Origin.Commit != uint64(env.Position) {
			return true, nil
		}
		break
	}
	users, err := esdbnode.LoadUsers(a.usersPath())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && users.Appending(), err
}
