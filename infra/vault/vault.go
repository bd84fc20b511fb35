// Package vault keeps personal data (个人信息) out of the ledger's reach: events
// carry boxes, and the keys that open the boxes are here, one for each
// petitioner. To erase a petitioner's data is to destroy his key; the events,
// their hashes and their proofs stay as they are (个人信息保护法第47条).
//
// # Construction
//
//	master          32 random bytes, from a file or the environment
//	wrap key        HKDF-SHA256(master, "xinfang/vault/v1/wrap")
//	index key       HKDF-SHA256(master, "xinfang/vault/v1/index")
//	check value     HKDF-SHA256(master, "xinfang/vault/v1/check"), stored
//	data key        32 random bytes for each subject
//	wrapped key     nonce ‖ AEAD(wrap key, nonce, data key, "xinfang/vault/v1/key" ‖ 0 ‖ subject)
//	box             1 ‖ nonce ‖ AEAD(data key, nonce, value, "xinfang/vault/v1/box" ‖ 0 ‖ subject ‖ field)
//	key commitment  hex(SHA-256("dek-commit/v1" ‖ data key))
//	index tag       HMAC-SHA256(index key, kind ‖ 0 ‖ normalised value), 16 bytes of it
//
// The AEAD is XChaCha20-Poly1305. Its nonces of 24 bytes may be random without
// counting how many, and it runs in constant time on processors that have no
// instructions for AES, as many of those that we are made for. No AEAD of this
// kind commits to its key, so a box alone could be made to open two ways; the
// commitment, which is in the meta of every event that carries a box and so in
// its leaf, says which key is meant. It is checked against the key whenever the
// key is unwrapped.
//
// # One owner
//
// The keys are in one SQLite file, which one process holds at a time; another is
// refused. So what Erase removes is removed everywhere, from memory too.
//
// # What erasing can and cannot do
//
// When [Vault.Erase] has returned, the wrapped key is in no file of the vault.
// It may still be in blocks that the file system has freed, and in backups. A
// backup of the vault is to be kept no longer than erasure may take, and apart
// from the master key; and whoever restores one repeats Erase for every
// ErasureAuthorised in the ledger, which does no harm to repeat.
package vault

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/infra/durable"
)

//go:embed schema.sql
var schema string

// format is the user_version of the file.
const format = 1

// A Vault seals and opens personal data. It may be used concurrently.
type Vault struct {
	// Check, if not nil, is asked of every value before it is sealed: what it
	// refuses is not. Set it before the first Seal.
	Check func(field personal.Field, plain string) error

	random io.Reader
	now    func() time.Time
	wrap   cipher.AEAD // under the wrap key
	index  []byte      // the index key
	commit func(*sql.Tx) error

	// turn holds one token. Who has taken it owns db and keys.
	turn chan struct{}
	db   *sql.DB // of one connection
	keys cache
}

// Errors of a vault, for errors.Is. Each is a [*ledger.Refusal].
var (
	ErrMaster = &ledger.Refusal{Code: "ERR_VAULT_MASTER", Kind: ledger.Denied, Text: ledger.Text{
		ZH: "主密钥与个人信息库不符；请使用建库时的主密钥",
		EN: "this is not the master key of the vault; use the one that it was made with",
	}}
	ErrInUse = &ledger.Refusal{Code: "ERR_VAULT_IN_USE", Kind: ledger.Conflict, Text: ledger.Text{
		ZH: "个人信息库正被另一进程使用；请先停止该进程",
		EN: "another process has the vault open; stop it first",
	}}
	ErrErased = &ledger.Refusal{Code: "ERR_ERASED", Kind: ledger.NotFound, Article: "个人信息保护法第47条", Text: ledger.Text{
		ZH: "该信访人的个人信息已依批准清除",
		EN: "the personal data of this petitioner was erased, as authorised",
	}}
	ErrUnknownSubject = &ledger.Refusal{Code: "ERR_UNKNOWN_SUBJECT", Kind: ledger.NotFound, Text: ledger.Text{
		ZH: "个人信息库中没有该信访人的密钥",
		EN: "the vault has no key for this petitioner",
	}}
	ErrAltered = &ledger.Refusal{Code: "ERR_ALTERED", Kind: ledger.Conflict, Text: ledger.Text{
		ZH: "密文被改动，或不属于该信访人的该项信息",
		EN: "the box was altered, or belongs to another petitioner or field",
	}}
	ErrDamaged = &ledger.Refusal{Code: "ERR_VAULT_DAMAGED", Kind: ledger.Conflict, Text: ledger.Text{
		ZH: "个人信息库中的记录已损坏；请从备份恢复",
		EN: "a record of the vault is damaged; restore it from a backup",
	}}
)

// Open opens the vault in the file at path, and makes one if there is none.
// master is its master key, of [MasterSize] bytes; random gives keys and nonces;
// now gives the instants of erasures. It returns [ErrMaster] if master is not the
// key that the vault was made with, and [ErrInUse] if another process has it.
func Open(ctx context.Context, path string, master []byte, random io.Reader, now func() time.Time) (*Vault, error) {
	if len(master) != MasterSize {
		return nil, fmt.Errorf("vault: the master key has %d bytes, not %d", len(master), MasterSize)
	}
	v := &Vault{random: random, now: now, commit: (*sql.Tx).Commit, turn: make(chan struct{}, 1), keys: newCache(cacheSize)}
	var err error
	if v.wrap, err = chacha20poly1305.NewX(derive(master, "wrap")); err != nil {
		return nil, fmt.Errorf("vault: %w", err)
	}
	v.index = derive(master, "index")
	if v.db, err = open(path); err != nil {
		return nil, fmt.Errorf("vault %s: %w", path, err)
	}
	if err := v.begin(ctx, derive(master, "check")); err != nil {
		return nil, errors.Join(fmt.Errorf("vault %s: %w", path, busy(err)), v.db.Close())
	}
	return v, nil
}

// derive returns the key of that purpose.
func derive(master []byte, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, master, nil, "xinfang/vault/v1/"+purpose, 32)
	if err != nil {
		panic(err) // 32 bytes can always be had of SHA-256
	}
	return key
}

// open makes the file if there is none, for its owner alone, and lasting.
func open(path string) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Close(), durable.SyncDir(filepath.Dir(path))); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "" +
		"_pragma=busy_timeout(500)&_pragma=locking_mode(EXCLUSIVE)&_pragma=synchronous(FULL)" +
		"&_pragma=secure_delete(1)&_pragma=temp_store(MEMORY)&_txlock=immediate"}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// begin takes hold of the file, makes the tables of a new vault, and checks the
// master key.
//
// The tables, the format and the check value are made in one transaction: after
// a crash the file is empty or complete. The checkpoint finishes an [Vault.Erase]
// that was interrupted after its transaction.
func (v *Vault) begin(ctx context.Context, check []byte) error {
	if _, err := v.db.ExecContext(ctx, "PRAGMA journal_mode=WAL"); err != nil {
		return err
	}
	if err := v.update(ctx, func(tx *sql.Tx) error {
		var version int
		if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
			return err
		}
		switch version {
		case 0:
			if _, err := tx.ExecContext(ctx, schema); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO vault (check_value) VALUES (?)", check)
			return err
		case format:
			var stored []byte
			if err := tx.QueryRowContext(ctx, "SELECT check_value FROM vault").Scan(&stored); err != nil {
				return err
			}
			if !hmac.Equal(stored, check) {
				return ErrMaster
			}
			return nil
		}
		return fmt.Errorf("format %d is of a newer version of this program", version)
	}); err != nil {
		return err
	}
	return v.checkpoint(ctx)
}

// Free returns [ErrInUse] if another process has the vault in the file at path open. It
// takes no master key, changes nothing, and says nothing else of the file.
func Free(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := open(path)
	if err != nil {
		return fmt.Errorf("vault %s: %w", path, err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err == nil {
		err = tx.Rollback()
	}
	if err = busy(err); !errors.Is(err, ErrInUse) {
		err = nil
	}
	return errors.Join(err, db.Close())
}

// busy turns the refusal of SQLite to share the file into ours.
func busy(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code()&0xff == sqlite3.SQLITE_BUSY {
		return ErrInUse
	}
	return err
}

// take waits for the turn, or until ctx is done. Who took it calls leave.
func (v *Vault) take(ctx context.Context) error {
	select {
	case v.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (v *Vault) leave() { <-v.turn }

// update runs f in a transaction. On an error nothing was written, unless the
// error is of the commit: then it may have been.
func (v *Vault) update(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := v.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return v.commit(tx)
}

// checkpoint brings everything that was committed into the file itself, and
// leaves nothing in the write-ahead log.
func (v *Vault) checkpoint(ctx context.Context) error {
	var blocked, log, done int
	if err := v.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&blocked, &log, &done); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if blocked != 0 {
		return errors.New("checkpoint: another process is reading the file")
	}
	return nil
}

// Close forgets the keys and lets go of the file.
func (v *Vault) Close() error {
	v.turn <- struct{}{}
	defer v.leave()
	v.keys.clear()
	return v.db.Close()
}
