// Package views keeps the rows of cases in a SQLite file, with an index for
// search (读模型).
//
// The file can be deleted: it is made again from the ledger. It is therefore
// never migrated; a file of another layout is refused, and rebuilt.
//
//	cases    one row a case; its rowid is the position of the case's first event
//	words    FTS5 index of number, summary and claims, one Han character a token
//	state    one row: the position that the rest reflects
//
// Rows and position are written in one transaction, so they cannot disagree.
// synchronous=NORMAL in WAL mode may lose the last transactions at a power
// failure, whole ones and in order: the view is then a little older, and catches
// up. It is not the ledger.
package views

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver

	"xinfang/domain/ledger"
)

//go:embed schema.sql
var schema string

//go:embed indexes.sql
var indexes string

// layout is the version of schema and of the rows in it. Raise it whenever a row
// would be made differently.
const layout = 2

// A DB is a file of rows. It implements projections.View. Its methods may be
// called concurrently.
type DB struct {
	path string

	// One connection writes. WAL lets the others read meanwhile.
	write *sql.DB
	read  *sql.DB

	building bool // set before the first write, and not changed
}

// ErrLayout reports that a file was written by another version of the program,
// or is not a file of rows at all. It must be rebuilt.
var ErrLayout = errors.New("the views are of another version and must be rebuilt")

// Open opens the file at path, and creates it if it does not exist.
func Open(ctx context.Context, path string) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	_, err := os.Stat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	db, err := open(ctx, path, "")
	if err != nil {
		return nil, err
	}
	if fresh {
		err = db.create(ctx, "WAL", schema+indexes)
	} else if err = db.check(ctx); err == nil {
		_, err = db.write.ExecContext(ctx, "PRAGMA journal_mode=WAL") // a rebuilt file has none
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// OpenReader opens an existing file for reading only, beside another process
// that may write it.
func OpenReader(ctx context.Context, path string) (*DB, error) {
	db, err := open(ctx, path, "&mode=ro")
	if err != nil {
		return nil, err
	}
	if err := db.check(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func open(ctx context.Context, path, mode string) (*DB, error) {
	// Pragmas in the name hold for every connection of the pool; a PRAGMA
	// statement would hold for one of them.
	dsn := "file:" + path + "?_pragma=busy_timeout(5000)&_pragma=synchronous(NORMAL)&_pragma=cache_size(-65536)&_pragma=mmap_size(1073741824)"
	write, err := sql.Open("sqlite", dsn+"&_txlock=immediate"+mode)
	if err != nil {
		return nil, fmt.Errorf("views: %w", err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn+"&_pragma=query_only(1)"+mode)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("views: %w", err), write.Close())
	}
	read.SetMaxOpenConns(4)
	return &DB{path: path, write: write, read: read}, nil
}

func (db *DB) create(ctx context.Context, journal, ddl string) error {
	for _, q := range []string{"PRAGMA journal_mode=" + journal, ddl, fmt.Sprintf("PRAGMA user_version=%d", layout)} {
		if _, err := db.write.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("views: creating %s: %w", filepath.Base(db.path), err)
		}
	}
	return nil
}

func (db *DB) check(ctx context.Context) error {
	var v int
	if err := db.read.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v); err != nil {
		return fmt.Errorf("views: %s: %w", filepath.Base(db.path), err)
	}
	if v != layout {
		return fmt.Errorf("views: %s has layout %d, this program makes %d: %w", filepath.Base(db.path), v, layout, ErrLayout)
	}
	return nil
}

// Close closes the file.
func (db *DB) Close() error { return errors.Join(db.read.Close(), db.write.Close()) }

// Path returns where the file is.
func (db *DB) Path() string { return db.path }

// Position implements projections.View.
func (db *DB) Position(ctx context.Context) (ledger.Position, error) {
	var p ledger.Position
	if err := db.read.QueryRowContext(ctx, "SELECT position FROM state").Scan(&p); err != nil {
		return 0, fmt.Errorf("views: %s: %w", filepath.Base(db.path), err)
	}
	return p, nil
}
