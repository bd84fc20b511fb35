package views

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"xinfang/domain/law"
	"xinfang/projections"
)

// Tally counts the cases for the metrics, as of now.
func (db *DB) Tally(ctx context.Context, now time.Time) (projections.Tally, error) {
	var t projections.Tally
	const unit = "CASE WHEN restricted THEN '' ELSE unit END"
	err := db.each(ctx, "SELECT "+unit+", stage, count(*) FROM cases WHERE open GROUP BY 1, 2 ORDER BY 1, 2", nil, func(rows *sql.Rows) error {
		var c projections.OpenCount
		err := rows.Scan(&c.Unit, &c.Stage, &c.N)
		t.Open = append(t.Open, c)
		return err
	})
	for i, tier := range law.Tiers {
		column := []string{"due_s", "due_d"}[i]
		if err == nil {
			q := "SELECT " + column + "_clock, " + unit + ", count(*), min(" + column + ") FROM cases WHERE " + column + " <= ? GROUP BY 1, 2 ORDER BY 1, 2"
			err = db.each(ctx, q, []any{now.UnixMicro()}, func(rows *sql.Rows) error {
				c := projections.OverdueCount{Tier: tier}
				var oldest int64
				err := rows.Scan(&c.Clock, &c.Unit, &c.N, &oldest)
				c.Oldest = unmicros(oldest)
				t.Overdue = append(t.Overdue, c)
				return err
			})
		}
		for _, days := range []int{3, 7} {
			c := projections.SoonCount{Days: days, Tier: tier}
			if err == nil {
				q := "SELECT count(*) FROM cases WHERE " + column + " > ? AND " + column + " <= ?"
				err = db.read.QueryRowContext(ctx, q, now.UnixMicro(), now.AddDate(0, 0, days).UnixMicro()).Scan(&c.N)
			}
			t.Soon = append(t.Soon, c)
		}
	}
	if err == nil {
		err = db.each(ctx, "SELECT channel, class, repeat, count(*) FROM cases GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", nil, func(rows *sql.Rows) error {
			var c projections.RegisteredCount
			err := rows.Scan(&c.Channel, &c.Class, &c.Repeat, &c.N)
			t.Registered = append(t.Registered, c)
			return err
		})
	}
	if err == nil {
		err = db.each(ctx, "SELECT "+unit+", sum(curing), sum(late-curing), sum(returned) FROM cases GROUP BY 1 ORDER BY 1", nil, func(rows *sql.Rows) error {
			var c projections.LateCount
			err := rows.Scan(&c.Unit, &c.Curing, &c.Others, &c.Returns)
			t.Late = append(t.Late, c)
			return err
		})
	}
	if err == nil {
		err = db.read.QueryRowContext(ctx, "SELECT coalesce(sum(corrected), 0) FROM cases").Scan(&t.Corrected)
	}
	if err != nil {
		return t, fmt.Errorf("views: counting: %w", err)
	}
	return t, nil
}
