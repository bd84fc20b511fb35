package vault

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
)

// wrapContext binds a wrapped key to its subject.
func wrapContext(subject uuid.UUID) []byte {
	return append([]byte("xinfang/vault/v1/key\x00"), subject[:]...)
}

// A found is what the vault knows of a subject's key: the key, or an error that
// is about this subject alone.
type found struct {
	key personal.Key
	err error
}

// lookup returns what is known of the keys of subjects. If create is set it
// makes those that are missing.
//
// A new key is used, and kept in memory, only when its transaction is committed
// and synced: so there is never a box without a stored key, whatever happens. A
// crash before the commit leaves nothing; after it, a key that nothing uses yet
// and that the next Seal takes up. If the commit fails, or its answer is lost,
// the key is forgotten here and the file decides.
func (v *Vault) lookup(ctx context.Context, create bool, subjects ...uuid.UUID) (map[uuid.UUID]found, error) {
	if err := v.take(ctx); err != nil {
		return nil, err
	}
	defer v.leave()
	keys := make(map[uuid.UUID]found, len(subjects))
	var missing []uuid.UUID
	for _, s := range subjects {
		if _, ok := keys[s]; ok {
			continue
		}
		key, ok := v.keys.get(s)
		if !ok {
			missing = append(missing, s)
		}
		keys[s] = found{key: key}
	}
	if len(missing) == 0 {
		return keys, nil
	}
	if err := v.update(ctx, func(tx *sql.Tx) error {
		query, err := tx.PrepareContext(ctx, selectKey)
		if err != nil {
			return err
		}
		insert, err := tx.PrepareContext(ctx, "INSERT INTO keys (subject, wrapped, commitment) VALUES (?, ?, ?)")
		if err != nil {
			return err
		}
		for _, s := range missing {
			key, err := v.load(ctx, query, s)
			if create && errors.Is(err, ErrUnknownSubject) {
				key, err = v.create(ctx, insert, s)
			}
			if _, ours := errors.AsType[*ledger.Refusal](err); err != nil && !ours {
				return err
			}
			keys[s] = found{key, err}
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for _, s := range missing {
		if f := keys[s]; f.err == nil {
			v.keys.add(s, f.key)
		}
	}
	return keys, nil
}

const selectKey = "SELECT wrapped, commitment, erased_at, authority FROM keys WHERE subject = ?"

// A row is what the file says of a subject. The zero row is that of a stranger.
type row struct {
	wrapped    []byte
	commitment string
	erased     *ErasedError // nil if he was not
}

// scan reads a row of [selectKey], and what stands after it into more.
func scan(r interface{ Scan(...any) error }, more ...any) (row, error) {
	var wrapped, authority []byte
	var commitment sql.NullString
	var at sql.NullInt64
	switch err := r.Scan(append([]any{&wrapped, &commitment, &at, &authority}, more...)...); {
	case errors.Is(err, sql.ErrNoRows):
		return row{}, ErrUnknownSubject
	case err != nil:
		return row{}, err
	}
	found := row{wrapped: wrapped, commitment: commitment.String}
	if at.Valid {
		id, err := uuid.FromBytes(authority)
		if err != nil {
			return row{}, ErrDamaged
		}
		found.erased = &ErasedError{time.Unix(0, at.Int64).UTC(), id}
	}
	return found, nil
}

// load reads the key of subject and checks that it is the one committed to.
func (v *Vault) load(ctx context.Context, query *sql.Stmt, subject uuid.UUID) (key personal.Key, err error) {
	found, err := scan(query.QueryRowContext(ctx, subject[:]))
	if err != nil {
		return key, err
	}
	return v.unwrap(subject, found)
}

func (v *Vault) unwrap(subject uuid.UUID, found row) (key personal.Key, err error) {
	if found.erased != nil {
		return key, found.erased
	}
	wrapped := found.wrapped
	if len(wrapped) < v.wrap.NonceSize() {
		return key, ErrDamaged
	}
	plain, err := v.wrap.Open(nil, wrapped[:v.wrap.NonceSize()], wrapped[v.wrap.NonceSize():], wrapContext(subject))
	if err != nil || len(plain) != len(key) {
		return key, ErrDamaged
	}
	copy(key[:], plain)
	if subtle.ConstantTimeCompare([]byte(key.Commitment()), []byte(found.commitment)) == 0 {
		return key, ErrDamaged
	}
	return key, nil
}

// create makes and stores a key for subject.
func (v *Vault) create(ctx context.Context, insert *sql.Stmt, subject uuid.UUID) (key personal.Key, err error) {
	nonce := make([]byte, v.wrap.NonceSize(), v.wrap.NonceSize()+len(key)+v.wrap.Overhead())
	if err := v.read(key[:], nonce); err != nil {
		return key, err
	}
	wrapped := v.wrap.Seal(nonce, nonce, key[:], wrapContext(subject))
	if _, err := insert.ExecContext(ctx, subject[:], wrapped, key.Commitment()); err != nil {
		return key, fmt.Errorf("storing a key: %w", err)
	}
	return key, nil
}

// read fills each of bufs with random bytes.
func (v *Vault) read(bufs ...[]byte) error {
	for _, b := range bufs {
		if _, err := io.ReadFull(v.random, b); err != nil {
			return fmt.Errorf("no random bytes: %w", err)
		}
	}
	return nil
}

// Commitment returns the commitment to the data key of subject, in hexadecimal,
// for the meta of the events that carry his boxes. It outlives the key.
func (v *Vault) Commitment(ctx context.Context, subject uuid.UUID) (string, error) {
	if err := v.take(ctx); err != nil {
		return "", err
	}
	defer v.leave()
	found, err := scan(v.db.QueryRowContext(ctx, selectKey, subject[:]))
	if err == nil && found.commitment == "" {
		err = ErrUnknownSubject // erased before he had a key
	}
	if err != nil {
		return "", fmt.Errorf("vault: key of subject %v: %w", subject, err)
	}
	return found.commitment, nil
}
