package vault

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/google/uuid"

	"xinfang/domain/personal"
)

// A Value is one value of personal data, to be sealed. It does not print.
type Value struct {
	Subject uuid.UUID
	Field   personal.Field
	Plain   string
}

// Format writes what v is of, for every verb, and never the value itself.
func (v Value) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "%s of %v", v.Field, v.Subject) }

// LogValue is [Value.Format] for logs.
func (v Value) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(v)) }

// A Box is one sealed value, as it stands in an event.
type Box struct {
	Subject uuid.UUID
	Field   personal.Field
	Box     []byte
}

// An Opened is the value of a box, or why there is none.
type Opened struct {
	Plain string
	Err   error
}

// Seal returns plain in a box that only [Vault.Open] opens, for the same subject
// and field. The first box of a subject makes his data key, which is durable
// before Seal returns. It returns what Check says, and [ErrErased] if the subject was erased: he never
// gets another key.
func (v *Vault) Seal(ctx context.Context, subject uuid.UUID, field personal.Field, plain string) (box []byte, err error) {
	boxes, err := v.SealMany(ctx, Value{subject, field, plain})
	if err != nil {
		return nil, err
	}
	return boxes[0], nil
}

// SealMany is [Vault.Seal] for many values, with one transaction for all the
// keys that it makes. It seals all or none.
func (v *Vault) SealMany(ctx context.Context, values ...Value) (boxes [][]byte, err error) {
	subjects := make([]uuid.UUID, len(values))
	for i, value := range values {
		subjects[i] = value.Subject
		if value.Subject == uuid.Nil || !slices.Contains(personal.Fields, value.Field) {
			return nil, fmt.Errorf("vault: sealing %v: there is no such petitioner or field", value)
		}
		if v.Check != nil {
			if err := v.Check(value.Field, value.Plain); err != nil {
				return nil, fmt.Errorf("vault: sealing %v: %w", value, err)
			}
		}
	}
	keys, err := v.lookup(ctx, true, subjects...)
	if err != nil {
		return nil, fmt.Errorf("vault: sealing: %w", err)
	}
	boxes = make([][]byte, len(values))
	for i, value := range values {
		f := keys[value.Subject]
		if f.err != nil {
			return nil, fmt.Errorf("vault: sealing %v: %w", value, f.err)
		}
		var nonce [personal.NonceSize]byte
		if err := v.read(nonce[:]); err != nil {
			return nil, fmt.Errorf("vault: sealing %v: %w", value, err)
		}
		boxes[i] = f.key.Seal(nonce, value.Subject, value.Field, value.Plain)
	}
	return boxes, nil
}

// Open returns what was sealed in box. It returns an error that wraps
// [ErrErased] (as an [*ErasedError]), [ErrUnknownSubject], [ErrAltered] or
// [ErrDamaged].
func (v *Vault) Open(ctx context.Context, subject uuid.UUID, field personal.Field, box []byte) (plain string, err error) {
	opened, err := v.OpenMany(ctx, Box{subject, field, box})
	if err != nil {
		return "", err
	}
	return opened[0].Plain, opened[0].Err
}

// OpenMany is [Vault.Open] for many boxes. What is wrong with one of them is
// said there and does not hinder the others; the error is of the vault itself.
func (v *Vault) OpenMany(ctx context.Context, boxes ...Box) ([]Opened, error) {
	subjects := make([]uuid.UUID, len(boxes))
	for i, b := range boxes {
		subjects[i] = b.Subject
	}
	keys, err := v.lookup(ctx, false, subjects...)
	if err != nil {
		return nil, fmt.Errorf("vault: opening: %w", err)
	}
	opened := make([]Opened, len(boxes))
	for i, b := range boxes {
		plain, err := b.open(keys[b.Subject])
		if err != nil {
			err = fmt.Errorf("vault: opening %s of %v: %w", b.Field, b.Subject, err)
		}
		opened[i] = Opened{plain, err}
	}
	return opened, nil
}

func (b Box) open(f found) (string, error) {
	if f.err != nil {
		return "", f.err
	}
	plain, ok := f.key.Open(b.Subject, b.Field, b.Box)
	if !ok {
		return "", ErrAltered
	}
	return plain, nil
}
