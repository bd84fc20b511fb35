package web

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
	"xinfang/projections"
	"xinfang/projections/measure"
	"xinfang/projections/report"
)

// An At is a moment of the ledger's past (时点): what was recorded up to it. The
// zero At is now. If both fields are set, Position says what is known and Time
// what "now" is for due dates.
type At struct {
	Position ledger.Position
	Time     time.Time
}

// OpenViews returns the rows as known now, or, if at has a position, as known
// then. The caller closes what it gets. It may be called concurrently.
type OpenViews func(ctx context.Context, at At) (Views, error)

// Views is the rows of all cases at one position. Its methods may be called
// concurrently.
type Views interface {
	// List returns an error that wraps [projections.ErrCursor] if f.Cursor is not of this list.
	List(ctx context.Context, f projections.Filter) (projections.Page, error)

	Find(ctx context.Context, number string) (projections.Row, bool, error)

	// Involving returns the numbers of all cases that unit ever held, the oldest first.
	Involving(ctx context.Context, unit string) ([]string, error)

	Facts(ctx context.Context) iter.Seq2[measure.Facts, error]
	Overview(ctx context.Context, f projections.Filter) (projections.Overview, error)
	Position(ctx context.Context) (ledger.Position, error)
	Close() error
}

// ReadWorld returns what cases are decided against, as known at upTo, or now if
// upTo is 0. What it returns is not changed by anybody.
type ReadWorld func(ctx context.Context, upTo ledger.Position) (petition.World, error)

// WaitViews returns once the views reflect position at, or with an error if ctx
// is done or they have stopped.
type WaitViews func(ctx context.Context, at ledger.Position) error

// MakeUnitReport returns the inspection report on a unit over a period, as known
// at a moment; the zero At is now.
type MakeUnitReport func(ctx context.Context, unit string, w measure.Window, at At) (report.Report, error)

// A Freshness is how far the views are behind the ledger.
type Freshness struct {
	Views ledger.Position // what they reflect
	Head  ledger.Position // what there is
	Since time.Time       // since when they have been behind; zero if they are not
	Err   error           // what stopped them; nil while they run
}

// A Source is the ledger of which a node keeps a replica (副本), as it looks from
// here.
type Source struct {
	Hosts   string        // where it is; no credentials
	Unheard bool          // it has never answered
	Down    time.Time     // since when it has not answered; zero while it does
	Break   *ledger.Break // why copying has stopped for good; nil while it goes on
	Mutable []ledger.Text // how this node's account could delete or hide events there; none if it cannot
}

// A Vault keeps the keys of personal data, one for each petitioner (subject). Its
// methods may be called concurrently.
type Vault interface {
	// Seal returns plain in a box that opens only as that field of that subject,
	// whose key is made, durably, if there is none.
	Seal(ctx context.Context, subject uuid.UUID, field personal.Field, plain string) (box []byte, err error)

	// Open returns what was sealed. If the key was destroyed it returns an error
	// that wraps a [*ledger.Refusal] which says so.
	Open(ctx context.Context, subject uuid.UUID, field personal.Field, box []byte) (plain string, err error)

	// Commitment returns what commits to the key of subject, hex; it goes into
	// [ledger.Meta.Key].
	Commitment(ctx context.Context, subject uuid.UUID) (string, error)

	// Index makes subject findable by names and numbers. It may be repeated.
	Index(ctx context.Context, subject uuid.UUID, names ...string) error

	// Find returns the subjects that were indexed under name.
	Find(ctx context.Context, name string) ([]uuid.UUID, error)

	// Erased reports whether the key of subject was destroyed, when, and under
	// which event.
	Erased(ctx context.Context, subject uuid.UUID) (at time.Time, authority uuid.UUID, ok bool, err error)
}

// An Importer takes in ledgers that people keep in files. Its methods may be
// called concurrently.
type Importer interface {
	// Check keeps the upload and reads all of it exactly as Run would, without
	// recording anything. It may take a while.
	Check(ctx context.Context, u Upload) (Import, error)

	// Run starts recording what Check found good in the file with hash, and
	// returns at once; Find says how far it has come. Running twice records
	// nothing twice. A hash that was not checked is a Refusal of kind NotFound.
	Run(ctx context.Context, hash string, by ledger.Actor) (Import, error)

	// Find returns what is known of the file with hash.
	Find(ctx context.Context, hash string) (Import, bool, error)

	// Errors writes a copy of the file with a column that says what is wrong with
	// each row, and returns the copy's name.
	Errors(ctx context.Context, hash string, w io.Writer) (name string, err error)
}

// An Upload is a file to be imported, and the mapping that says what its columns
// mean.
type Upload struct {
	Name    string // base name, as the browser gave it
	Mapping []byte // TOML
	Body    io.Reader
}

// An Import is one file and what became of it.
type Import struct {
	Hash     string // of the file, hex
	Name     string
	State    ImportState
	Rows     int
	Done     int // rows looked at so far
	Imported int // by Run; what would be, after Check
	Skipped  int // were imported before
	Errors   []ImportError
	Failed   string // why Run stopped, for the operator
}

// An ImportState is how far an import has come.
type ImportState string

// The states of an import.
const (
	ImportChecked ImportState = "checked"
	ImportRunning ImportState = "running"
	ImportDone    ImportState = "done"
	ImportFailed  ImportState = "failed"
)

// An ImportError is what is wrong with one row. It holds no value of the file.
type ImportError struct {
	Row     int // as Excel counts, from 1
	Column  string
	Message ledger.Text
}

// Tokens knows who holds which API token.
type Tokens interface {
	// Actor returns the officer and post for whom token was issued. It compares
	// hashes, in constant time.
	Actor(ctx context.Context, token string) (ledger.Actor, bool)
}
