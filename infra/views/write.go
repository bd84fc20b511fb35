package views

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/projections"
)

// columns are the columns of cases, in the order of values and scan.
var columns = []string{
	"first", "position", "version", "recorded", "number", "stage", "channel", "class", "category", "street",
	"unit", "officer", "bureau", "summary", "petitioner", "subject", "headcount", "received", "registered", "closed",
	"open", "restricted", "urgent", "repeat", "gap", "late", "curing", "corrected", "returned", "extended",
	"due_s", "due_s_clock", "due_d", "due_d_clock", "wait_unit", "wait_officer",
}

var upsert = "INSERT OR REPLACE INTO cases (" + strings.Join(columns, ",") + ",facts) VALUES (?" +
	strings.Repeat(",?", len(columns)) + ")"

// values returns r as the columns of cases.
func values(r *projections.Row) []any {
	return []any{
		int64(r.First), int64(r.Position), int64(r.Version), micros(r.Recorded), r.Number, string(r.Stage), string(r.Channel),
		string(r.Class), r.Category, r.Street, r.Unit, r.Officer, r.Bureau, r.Summary, r.Petitioner, subject(r.Subject), r.Headcount,
		micros(r.Received), micros(r.Registered), micros(r.Closed), r.Open, r.Restricted, r.Urgent, r.Repeat, r.Gap,
		r.Late, r.Curing, r.Corrected, r.Returned, r.Extended,
		due(r.Due[0].At), string(r.Due[0].Clock), due(r.Due[1].At), string(r.Due[1].Clock), r.WaitUnit, r.WaitOfficer,
	}
}

// Write implements projections.View.
func (db *DB) Write(ctx context.Context, at ledger.Position, rows []projections.Row) (err error) {
	tx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("views: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("views: writing %d rows: %w", len(rows), errors.Join(err, tx.Rollback()))
		}
	}()
	moved, err := tx.ExecContext(ctx, "UPDATE state SET position = ?1 WHERE position <= ?1", int64(at))
	if err != nil {
		return err
	}
	if n, err := moved.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, tx.Rollback())
	}
	if err := db.writeRows(ctx, tx, rows); err != nil {
		return err
	}
	// Before this, the file has nothing of the batch; after it, all.
	return tx.Commit()
}

func (db *DB) writeRows(ctx context.Context, tx *sql.Tx, rows []projections.Row) (err error) {
	if len(rows) == 0 {
		return nil
	}
	// In ascending order, because FTS5 writes out what it has in memory whenever
	// a rowid is not greater than the one before.
	ordered := make([]*projections.Row, len(rows))
	for i := range rows {
		ordered[i] = &rows[i]
	}
	slices.SortFunc(ordered, func(a, b *projections.Row) int { return cmp.Compare(a.First, b.First) })
	var stmts [4]*sql.Stmt
	for i, q := range []string{
		upsert, "DELETE FROM words WHERE rowid = ?", "INSERT INTO words (rowid, body) VALUES (?, ?)",
		"INSERT OR IGNORE INTO involved (unit, first) VALUES (?, ?)", // a unit that held a case has held it
	} {
		if stmts[i], err = tx.PrepareContext(ctx, q); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stmts[i].Close()) }()
	}
	for _, r := range ordered {
		if _, err := stmts[0].ExecContext(ctx, append(values(r), r.Facts.Append(nil))...); err != nil {
			return fmt.Errorf("case at position %d: %w", r.First, err)
		}
		if !db.building { // then no row is written twice
			if _, err := stmts[1].ExecContext(ctx, int64(r.First)); err != nil {
				return err
			}
		}
		if _, err := stmts[2].ExecContext(ctx, int64(r.First), tokens(r.Number+"\n"+r.Summary+"\n"+r.Claims)); err != nil {
			return err
		}
		for _, unit := range r.Involved {
			if _, err := stmts[3].ExecContext(ctx, unit, int64(r.First)); err != nil {
				return err
			}
		}
	}
	return nil
}

// micros returns t as stored, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func unmicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// far is the due instant of a case without one: it sorts after every time.
const far = int64(1) << 62

// due returns t as stored.
func due(t time.Time) int64 {
	if t.IsZero() {
		return far
	}
	return t.UnixMicro()
}

func undue(n int64) time.Time {
	if n == far {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func subject(id uuid.UUID) any {
	if id == uuid.Nil {
		return nil
	}
	return id[:]
}

// tokens spaces out Han characters, so that each is a token of its own and a
// query for one character or for two finds them. (The trigram tokenizer finds
// nothing for words of two characters, and most words have two.)
func tokens(s string) string {
	var b strings.Builder
	b.Grow(2 * len(s))
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
