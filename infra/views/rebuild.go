package views

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"xinfang/domain/ledger"
	"xinfang/infra/durable"
	"xinfang/projections"
)

// A Rebuilt says what a rebuild came to.
type Rebuilt struct {
	Position ledger.Position
	Compared bool     // whether there was an older file of the same position to compare with
	Differ   int      // rows that were not the same
	Numbers  []string // of some of the cases whose rows differed
	Swapped  bool
}

// shown bounds how many differing cases a rebuild names.
const shown = 100

// Rebuild makes the file at path anew from the ledger as known at position upTo:
// it builds another file beside it, compares the two if the old one reflects the
// same position, and puts the new one in its place. Nobody may have the file
// open for writing meanwhile.
//
// If rows differ, the old file stays unless force is set: either it or the new
// one is wrong, and somebody has to look.
//
// It may be interrupted at any instant. Until the swap the old file is untouched,
// and what was built so far is thrown away by the next rebuild.
func Rebuild(ctx context.Context, path string, log ledger.Log, upTo ledger.Position, workers int, force bool, progress func(events int64)) (Rebuilt, error) {
	result := Rebuilt{Position: upTo}
	beside := path + ".new"
	if err := remove(beside); err != nil {
		return result, err
	}
	if err := build(ctx, beside, log, upTo, workers, progress); err != nil {
		return result, errors.Join(err, remove(beside))
	}
	old, err := OpenReader(ctx, path)
	if err == nil {
		err = compare(ctx, old, beside, &result)
		if err := errors.Join(err, old.Close()); err != nil {
			return result, err
		}
	}
	// An old file that cannot be opened is nothing to compare with: that is
	// what rebuilds are for.
	if result.Differ > 0 && !force {
		return result, remove(beside)
	}
	if err := swap(beside, path); err != nil {
		return result, err
	}
	result.Swapped = true
	return result, nil
}

// build makes a complete file at path.
func build(ctx context.Context, path string, log ledger.Log, upTo ledger.Position, workers int, progress func(int64)) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("views: %w", err)
	}
	db, err := open(ctx, path, "")
	if err != nil {
		return err
	}
	// Nobody reads the file before it is whole, and after a crash it is thrown
	// away: it needs no journal until it gets its name.
	db.building = true
	err = db.create(ctx, "OFF", "PRAGMA synchronous=OFF; PRAGMA cache_size=-524288;"+schema+`
		INSERT INTO words (words, rank) VALUES ('hashsize', 67108864); -- merge in memory, not on disk
		INSERT INTO words (words, rank) VALUES ('automerge', 0);`)
	if err == nil {
		err = projections.Build(ctx, log, db, upTo, workers, progress)
	}
	if err == nil {
		_, err = db.write.ExecContext(ctx, indexes+`
			INSERT INTO words (words, rank) VALUES ('hashsize', 1048576), ('automerge', 4);`)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("views: building: %w", err)
	}
	return sync(path)
}

// OpenAt makes a file at path of the cases as known at position upTo, and opens
// it for reading. The caller removes the file after closing it.
func OpenAt(ctx context.Context, path string, log ledger.Log, upTo ledger.Position, workers int) (*DB, error) {
	if err := build(ctx, path, log, upTo, workers, func(int64) {}); err != nil {
		return nil, errors.Join(err, remove(path))
	}
	return OpenReader(ctx, path)
}

// compare counts the rows that are in one of the two files only.
func compare(ctx context.Context, old *DB, beside string, result *Rebuilt) (err error) {
	at, err := old.Position(ctx)
	if err != nil || at != result.Position {
		return err
	}
	result.Compared = true
	conn, err := old.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("views: comparing: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, "ATTACH ? AS beside", "file:"+beside+"?mode=ro"); err != nil {
		return fmt.Errorf("views: comparing: %w", err)
	}
	rows, err := conn.QueryContext(ctx, `SELECT DISTINCT number FROM (
		SELECT * FROM (SELECT * FROM main.cases EXCEPT SELECT * FROM beside.cases) UNION ALL
		SELECT * FROM (SELECT * FROM beside.cases EXCEPT SELECT * FROM main.cases)) ORDER BY number`)
	if err != nil {
		return fmt.Errorf("views: comparing: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var number string
		if err := rows.Scan(&number); err != nil {
			return fmt.Errorf("views: comparing: %w", err)
		}
		if result.Differ++; result.Differ <= shown {
			result.Numbers = append(result.Numbers, number)
		}
	}
	return rows.Err()
}

// swap puts the file at from in the place of the one at to.
func swap(from, to string) error {
	// The old file's WAL must not be replayed into the new file, and the old
	// file is not whole without it: so the old one goes first. If we crash from
	// here to the rename, there are no views, and the next start makes them.
	if err := remove(to); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("views: %w", err)
	}
	// If we crash here, the rename may or may not last: the views are whole, or
	// there are none.
	if err := durable.SyncDir(filepath.Dir(to)); err != nil {
		return fmt.Errorf("views: %w", err)
	}
	return nil
}

// sync makes what is in the file at path durable.
func sync(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) // Windows flushes nothing that is only read
	if err != nil {
		return fmt.Errorf("views: %w", err)
	}
	err = f.Sync()
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("views: making %s durable: %w", filepath.Base(path), err)
	}
	return nil
}

func remove(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("views: %w", err)
		}
	}
	return nil
}
