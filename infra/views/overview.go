package views

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"xinfang/domain/petition"
	"xinfang/projections"
)

// Overview counts what a first page shows. now and soon are as in
// [projections.Filter].
func (db *DB) Overview(ctx context.Context, f projections.Filter) (projections.Overview, error) {
	o := projections.Overview{Stages: make(map[petition.Stage]int)}
	err := db.each(ctx, "SELECT stage, count(*), sum(headcount) FROM cases WHERE open GROUP BY stage", nil, func(rows *sql.Rows) error {
		var stage petition.Stage
		var n, people int
		err := rows.Scan(&stage, &n, &people)
		o.Stages[stage] = n
		o.Open, o.People = o.Open+n, o.People+people
		return err
	})
	if err != nil {
		return o, fmt.Errorf("views: %w", err)
	}
	o.Queues = make(map[projections.Queue]int)
	for _, q := range projections.Queues() {
		f.Queue = q
		w := where(f)
		var n int
		if err := db.read.QueryRowContext(ctx, "SELECT count(*) FROM cases"+w.sql(), w.args...).Scan(&n); err != nil {
			return o, fmt.Errorf("views: %w", err)
		}
		o.Queues[q] = n
	}
	units, err := db.units(ctx, f.Now)
	o.Units = units
	return o, err
}

func (db *DB) units(ctx context.Context, now time.Time) (list []projections.UnitLoad, err error) {
	err = db.each(ctx, `SELECT unit, count(*), coalesce(sum(due_s <= ?1), 0), coalesce(sum(due_d <= ?1), 0)
		FROM cases WHERE open AND NOT restricted GROUP BY unit ORDER BY 3 DESC, 4 DESC, 2 DESC, 1`, []any{now.UnixMicro()}, func(rows *sql.Rows) error {
		var u projections.UnitLoad
		err := rows.Scan(&u.Unit, &u.Open, &u.OverdueStatutory, &u.OverdueDistrict)
		list = append(list, u)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	return list, nil
}
