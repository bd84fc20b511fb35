package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"xinfang/domain/personal"
)

// A State says what has become of the data key of a subject.
type State struct {
	Subject    uuid.UUID
	Commitment string // of the key; "" if there never was one
	Err        error  // why there is no key: an [*ErasedError] or [ErrDamaged]; nil if it is the one that Commitment says
}

// States calls see with the state of every subject whom the vault knows, and unwraps
// every key for it. It changes nothing.
func (v *Vault) States(ctx context.Context, see func(State)) (err error) {
	if err := v.take(ctx); err != nil {
		return err
	}
	defer v.leave()
	rows, err := v.db.QueryContext(ctx, "SELECT wrapped, commitment, erased_at, authority, subject FROM keys")
	if err != nil {
		return fmt.Errorf("vault: reading all keys: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var subject []byte
		found, err := scan(rows, &subject)
		if err != nil && !errors.Is(err, ErrDamaged) {
			return fmt.Errorf("vault: reading all keys: %w", err)
		}
		s := State{Commitment: found.commitment, Err: err}
		if s.Subject, err = uuid.FromBytes(subject); err != nil {
			return fmt.Errorf("vault: reading all keys: %w", ErrDamaged)
		}
		if s.Err == nil {
			_, s.Err = v.unwrap(s.Subject, found)
		}
		see(s)
	}
	return rows.Err()
}

// Key returns the data key of subject, for whoever may disclose it: what it is asked
// for is on record before. It returns an error that wraps [ErrErased] (as an
// [*ErasedError]), [ErrUnknownSubject] or [ErrDamaged].
func (v *Vault) Key(ctx context.Context, subject uuid.UUID) (personal.Key, error) {
	keys, err := v.lookup(ctx, false, subject)
	if err != nil {
		return personal.Key{}, fmt.Errorf("vault: key of subject %v: %w", subject, err)
	}
	if err := keys[subject].err; err != nil {
		return personal.Key{}, fmt.Errorf("vault: key of subject %v: %w", subject, err)
	}
	return keys[subject].key, nil
}
