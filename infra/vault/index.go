package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

// tagSize is how much of an HMAC the index keeps: enough that no two of a
// billion values share it by chance.
const tagSize = 16

// An Entry is what a subject is to be found by. It does not print.
type Entry struct {
	Subject uuid.UUID
	Names   []string
}

// Format writes whose entry e is, for every verb, and never the names.
func (e Entry) Format(f fmt.State, _ rune) { _, _ = fmt.Fprintf(f, "names of %v", e.Subject) }

// LogValue is [Entry.Format] for logs.
func (e Entry) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(e)) }

// Index makes subject findable by names: full names, id numbers and phone
// numbers, and the last four digits of a phone number. Only keyed hashes are
// stored. It returns [ErrUnknownSubject] if nothing was sealed for the subject,
// and [ErrErased] if he was erased. It may be repeated.
//
// Index comes after Seal and before the event. After a crash between, a name may
// lead to a subject whom no case mentions.
func (v *Vault) Index(ctx context.Context, subject uuid.UUID, names ...string) error {
	return v.IndexMany(ctx, Entry{subject, names})
}

// IndexMany is [Vault.Index] for many subjects, in one transaction, all or none.
func (v *Vault) IndexMany(ctx context.Context, entries ...Entry) error {
	if err := v.take(ctx); err != nil {
		return err
	}
	defer v.leave()
	err := v.update(ctx, func(tx *sql.Tx) error {
		query, err := tx.PrepareContext(ctx, selectKey)
		if err != nil {
			return err
		}
		insert, err := tx.PrepareContext(ctx, "INSERT INTO terms (tag, subject) VALUES (?, ?) ON CONFLICT DO NOTHING")
		if err != nil {
			return err
		}
		for _, e := range entries {
			switch found, err := scan(query.QueryRowContext(ctx, e.Subject[:])); {
			case err != nil:
				return fmt.Errorf("subject %v: %w", e.Subject, err)
			case found.erased != nil:
				return fmt.Errorf("subject %v: %w", e.Subject, found.erased)
			}
			for _, name := range e.Names {
				for _, term := range terms(name) {
					if _, err := insert.ExecContext(ctx, v.tag(term), e.Subject[:]); err != nil {
						return fmt.Errorf("subject %v: %w", e.Subject, err)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("vault: indexing: %w", err)
	}
	return nil
}

// Find returns the subjects that were indexed by name: a full name, an id
// number, a phone number, or the last four digits of one. They are in order of
// their UUIDs.
func (v *Vault) Find(ctx context.Context, name string) (subjects []uuid.UUID, err error) {
	found := terms(name)
	if len(found) == 0 {
		return nil, nil
	}
	if err := v.take(ctx); err != nil {
		return nil, err
	}
	defer v.leave()
	rows, err := v.db.QueryContext(ctx, "SELECT subject FROM terms WHERE tag = ? ORDER BY subject", v.tag(found[0]))
	if err != nil {
		return nil, fmt.Errorf("vault: finding: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b []byte
		if err := rows.Scan(&b); err != nil {
			return nil, fmt.Errorf("vault: finding: %w", err)
		}
		id, err := uuid.FromBytes(b)
		if err != nil {
			return nil, fmt.Errorf("vault: finding: %w", ErrDamaged)
		}
		subjects = append(subjects, id)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("vault: finding: %w", err)
	}
	return subjects, nil
}

func (v *Vault) tag(term string) []byte {
	h := hmac.New(sha256.New, v.index)
	h.Write([]byte(term))
	return h.Sum(nil)[:tagSize]
}

// terms returns what value is found by, in one spelling, with its kind in front;
// for a phone number its last four digits besides. Case, width, spaces, dots and
// hyphens make no difference, nor does the country code of a mobile phone.
func terms(value string) []string {
	s := strings.ToUpper(norm.NFKC.String(value))
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-‐–—()·•‧・.", r) {
			return -1
		}
		return r
	}, s)
	digits := strings.TrimPrefix(s, "+")
	number := digits != "" && !strings.ContainsFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
	if !number {
		if s == "" {
			return nil
		}
		return []string{"name\x00" + s}
	}
	for _, country := range []string{"0086", "86"} {
		if rest, ok := strings.CutPrefix(digits, country); ok && len(rest) == 11 && rest[0] == '1' {
			digits = rest
		}
	}
	switch n := len(digits); {
	case n == 4:
		return []string{"last\x00" + digits}
	case n >= 7 && n <= 12:
		return []string{"number\x00" + digits, "last\x00" + digits[n-4:]}
	}
	return []string{"number\x00" + digits}
}
