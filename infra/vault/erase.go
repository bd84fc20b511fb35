package vault

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// An ErasedError says when and by what authority a subject's key was destroyed.
// It is [ErrErased].
type ErasedError struct {
	At        time.Time // UTC
	Authority uuid.UUID // the event ErasureAuthorised
}

// Error returns the text in English.
func (e *ErasedError) Error() string { return e.refusal().Error() }

// Is reports whether target is [ErrErased].
func (e *ErasedError) Is(target error) bool { return target == ErrErased }

// Unwrap returns a [*ledger.Refusal] that says when, and by what event.
func (e *ErasedError) Unwrap() error { return e.refusal() }

func (e *ErasedError) refusal() *ledger.Refusal {
	shanghai := time.FixedZone("Asia/Shanghai", 8*60*60)
	r := *ErrErased
	r.Text = ledger.Text{
		ZH: fmt.Sprintf("%s（%s，依据事件 %v）", r.Text.ZH, e.At.In(shanghai).Format("2006-01-02 15:04"), e.Authority),
		EN: fmt.Sprintf("%s (%s, under event %v)", r.Text.EN, e.At.Format(time.RFC3339), e.Authority),
	}
	return &r
}

// Erased returns when the key of subject was destroyed, and under which event
// ErasureAuthorised; ok is false if it was not.
func (v *Vault) Erased(ctx context.Context, subject uuid.UUID) (at time.Time, authority uuid.UUID, ok bool, err error) {
	if err := v.take(ctx); err != nil {
		return at, authority, false, err
	}
	defer v.leave()
	found, err := scan(v.db.QueryRowContext(ctx, selectKey, subject[:]))
	if err != nil && !errors.Is(err, ErrUnknownSubject) {
		return at, authority, false, fmt.Errorf("vault: subject %v: %w", subject, err)
	}
	if found.erased == nil {
		return at, authority, false, nil
	}
	return found.erased.At, found.erased.Authority, true, nil
}

// Erase destroys the data key of subject and all that leads to him, under the
// event authority. It may be repeated; the first time and authority stand. A
// subject that the vault does not know is erased all the same: he gets no key.
//
// The order is: the event first, then Erase. After a crash between the two,
// repeat Erase for the event. In here, one transaction removes the key and
// records the erasure: after a crash before its commit nothing has happened;
// after it, no key can be read. SQLite writes zeros over what is deleted
// (secure_delete), but in the write-ahead log; the bytes are in the file itself
// until the checkpoint, which [Open] and a repeated Erase make up for. Erase
// returns nil only after the checkpoint.
func (v *Vault) Erase(ctx context.Context, subject, authority uuid.UUID) error {
	if subject == uuid.Nil || authority == uuid.Nil {
		return errors.New("vault: erasing needs a petitioner and the event that authorised it")
	}
	if err := v.take(ctx); err != nil {
		return err
	}
	defer v.leave()
	v.keys.drop(subject)
	err := v.update(ctx, func(tx *sql.Tx) error { return v.erase(ctx, tx, subject, authority) })
	if err == nil {
		err = v.checkpoint(ctx)
	}
	if err != nil {
		return fmt.Errorf("vault: erasing subject %v; repeat it: %w", subject, err)
	}
	return nil
}

func (v *Vault) erase(ctx context.Context, tx *sql.Tx, subject, authority uuid.UUID) error {
	result, err := tx.ExecContext(ctx, `
		INSERT INTO keys (subject, erased_at, authority) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET wrapped = NULL, erased_at = excluded.erased_at, authority = excluded.authority
		WHERE erased_at IS NULL`, subject[:], v.now().UnixNano(), authority[:])
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return err // it was erased before
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM terms WHERE subject = ?", subject[:])
	return err
}
