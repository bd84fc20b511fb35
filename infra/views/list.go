package views

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"xinfang/projections"
	"xinfang/projections/measure"
)

// maxMatches bounds how many of the newest cases a search by words looks at.
const maxMatches = 5000

// List returns a page of the cases that f asks for. It returns
// [projections.ErrCursor] if f.Cursor is not of this list.
func (db *DB) List(ctx context.Context, f projections.Filter) (projections.Page, error) {
	var page projections.Page
	w := where(f)
	order, key := order(f)
	count := "SELECT count(*) FROM (SELECT 1 FROM cases" + w.sql() + " LIMIT " + strconv.Itoa(projections.MaxCount+1) + ")"
	if err := db.read.QueryRowContext(ctx, count, w.args...).Scan(&page.Total); err != nil {
		return page, fmt.Errorf("views: counting: %w", err)
	}
	if f.Cursor != "" {
		if err := w.after(f.Cursor, order); err != nil {
			return page, err
		}
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 50
	}
	limit = min(limit, projections.MaxPage)
	q := "SELECT " + strings.Join(columns, ",") + " FROM cases" + w.sql() + " ORDER BY " + order.sql() + " LIMIT " + strconv.Itoa(limit+1)
	err := db.each(ctx, q, w.args, func(rows *sql.Rows) error {
		r, err := scan(rows)
		if err != nil {
			return err
		}
		if len(page.Rows) == limit {
			page.Next = cursor(key(page.Rows[limit-1]), page.Rows[limit-1].First)
			return nil
		}
		page.Rows = append(page.Rows, r)
		page.People += r.Headcount
		return nil
	})
	if err != nil {
		return page, fmt.Errorf("views: listing: %w", err)
	}
	return page, nil
}

// each calls scan for every row of a query.
func (db *DB) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) (err error) {
	rows, err := db.read.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Find returns the row of the case with number, or false.
func (db *DB) Find(ctx context.Context, number string) (r projections.Row, found bool, err error) {
	err = db.each(ctx, "SELECT "+strings.Join(columns, ",")+" FROM cases WHERE number = ?", []any{number}, func(rows *sql.Rows) error {
		found = true
		r, err = scan(rows)
		return err
	})
	if err != nil {
		return r, false, fmt.Errorf("views: %w", err)
	}
	return r, found, nil
}

// Involving returns the numbers of all cases that unit ever held, the oldest
// first.
func (db *DB) Involving(ctx context.Context, unit string) ([]string, error) {
	var numbers []string
	err := db.each(ctx, "SELECT number FROM involved JOIN cases USING (first) WHERE involved.unit = ? ORDER BY first", []any{unit}, func(rows *sql.Rows) error {
		var n string
		err := rows.Scan(&n)
		numbers = append(numbers, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	return numbers, nil
}

// Facts yields what measures need of every case, in the order of their age.
func (db *DB) Facts(ctx context.Context) iter.Seq2[measure.Facts, error] {
	return func(yield func(measure.Facts, error) bool) {
		var raw sql.RawBytes
		err := db.each(ctx, "SELECT facts FROM cases ORDER BY first", nil, func(rows *sql.Rows) error {
			if err := rows.Scan(&raw); err != nil {
				return err
			}
			f, err := measure.Decode(raw)
			if err == nil && !yield(f, nil) {
				return errStop
			}
			return err
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(measure.Facts{}, fmt.Errorf("views: %w", err))
		}
	}
}

// errStop ends a query whose reader has had enough.
var errStop = errors.New("enough")

func scan(rows *sql.Rows) (projections.Row, error) {
	var r projections.Row
	var recorded, received, registered, closed int64
	var dueS, dueD int64
	var subject []byte
	err := rows.Scan(&r.First, &r.Position, &r.Version, &recorded, &r.Number, &r.Stage, &r.Channel, &r.Class, &r.Category, &r.Street,
		&r.Unit, &r.Officer, &r.Bureau, &r.Summary, &r.Petitioner, &subject, &r.Headcount, &received, &registered, &closed,
		&r.Open, &r.Restricted, &r.Urgent, &r.Repeat, &r.Gap, &r.Late, &r.Curing, &r.Corrected, &r.Returned, &r.Extended,
		&dueS, &r.Due[0].Clock, &dueD, &r.Due[1].Clock, &r.WaitUnit, &r.WaitOfficer)
	if err != nil {
		return r, err
	}
	r.Recorded, r.Received, r.Registered, r.Closed = unmicros(recorded), unmicros(received), unmicros(registered), unmicros(closed)
	r.Due[0].At, r.Due[1].At = undue(dueS), undue(dueD)
	if subject != nil {
		if r.Subject, err = uuid.FromBytes(subject); err != nil {
			return r, err
		}
	}
	return r, nil
}
