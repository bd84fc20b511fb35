// Package witness is a witness (见证) of transparency logs, small enough to be read
// by those who run it: the inspection team (督查). It speaks c2sp.org/tlog-witness
// v1.0.0, and so does its [Client], to any such witness.
//
// A witness sees no event. Of each log it keeps the last checkpoint (检查点) that it
// cosigned, and cosigns another only if that continues it: so there is one history
// of the log, or a log whose key has signed two, which the witness can show.
//
// # Files
//
// A witness is a directory, for its owner alone:
//
//	key.pem   the Ed25519 key, PKCS #8
//	logs      the witness's verifier key, and those of the logs that it knows
//	*.state   for each log, named by the SHA-256 of its origin: the last checkpoint,
//	          as the log signed it, or none
//	LOCK      the process that has the directory
//
// logs and the states are text. Their first line is a MAC of the rest under a key
// that is derived from key.pem, so that a file that was cut, altered, or comes from
// another witness is refused, and so is a directory from which a state is missing:
// nothing here ever begins at zero by itself. What no file can show is that the
// whole directory was put back to an earlier day; who restores one cosigns nothing
// before every log's checkpoint has been compared with what others hold.
//
// # Stricter than the protocol
//
// Checkpoints have no extension lines, and 1 to [proof.MaxSize] leaves: the
// protocol would have a proper empty tree cosigned, which commits to nothing.
package witness

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"xinfang/domain/ledger"
)

// Options says how to open a witness.
type Options struct {
	// Name is the name of the witness, as [Create] was given it.
	Name string

	// Now is the clock of the witness, which its cosignatures state in whole seconds
	// since 1970, UTC. It must be set well: others date events by it.
	Now func() time.Time

	// Logger hears of each log that has signed what does not fit, with the signed
	// notes, which prove it; and of failures. Nil is silence.
	Logger *slog.Logger

	disk disk
}

// Errors of a witness, for errors.Is.
var (
	ErrInUse   = errors.New("another process has the witness open")
	ErrDamaged = errors.New("the files of the witness are not what it wrote")
	ErrBroken  = errors.New("the disk failed to write; the witness cosigns nothing until it has been opened again")
	ErrClosed  = errors.New("the witness is closed")
)

// A Witness cosigns the checkpoints of the logs that it knows. Its methods may be
// called concurrently.
type Witness struct {
	dir  string
	log  *slog.Logger
	disk disk
	key  *cosigner
	seal sealer
	lock *flock.Flock

	// mu guards the map and closed. Whoever cosigns holds it for reading, so that
	// the logs do not change and the witness is not closed under him.
	mu     sync.RWMutex
	logs   map[string]*history // by origin
	closed bool
}

// Open opens the witness in dir, which [Create] has made. The error wraps
// [ErrInUse] if another process has it, and [ErrDamaged] if its files are not what
// it wrote: then it does not begin anew, and a person has to look.
func Open(dir string, o Options) (*Witness, error) {
	w, err := find(dir, o)
	if err != nil {
		return nil, err
	}
	if w.lock, err = lockDir(dir); err != nil {
		return nil, err
	}
	if err := w.load(); err != nil {
		return nil, errors.Join(err, w.lock.Close())
	}
	return w, nil
}

// Look returns what the witness in dir knows, whether another process has it open or
// not: each of its files is replaced at once. Errors are those of [Open], but for
// [ErrInUse].
func Look(dir string, o Options) ([]Log, error) {
	w, err := find(dir, o)
	if err == nil {
		err = w.load()
	}
	if err != nil {
		return nil, err
	}
	return w.Logs(), nil
}

// find returns the witness in dir with its key, and nothing loaded.
func find(dir string, o Options) (*Witness, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w := &Witness{dir: dir, log: o.Logger, disk: o.disk.orReal(), logs: make(map[string]*history)}
	private, err := LoadKey(filepath.Join(dir, keyName))
	if err != nil {
		return nil, err
	}
	if w.key, err = newCosigner(o.Name, private, o.Now); err != nil {
		return nil, err
	}
	w.seal = newSealer(private)
	return w, nil
}

// Create makes a witness called name in dir, with a new key and no logs, and
// returns its verifier key (vkey) as others need it to check cosignatures. It
// reads 32 bytes of random.
//
// The key is written last: after a crash before that there is no witness in dir,
// and Create can be repeated. Where there is one, it changes nothing and fails.
func Create(dir, name string, random io.Reader) (vkey string, err error) {
	private, err := newKey(random)
	if err != nil {
		return "", err
	}
	key, err := newCosigner(name, private, nil)
	if err != nil {
		return "", err
	}
	if err := makeDir(dir); err != nil {
		return "", unwritable(dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	path := filepath.Join(dir, keyName)
	if _, err := os.Stat(path); err == nil {
		return "", &ledger.Trouble{Text: said("%s 中已有见证密钥，未作改动", "there is a witness key in %s already; nothing was changed", dir), Cause: fs.ErrExist}
	}
	w := &Witness{dir: dir, disk: disk{}.orReal(), key: key, seal: newSealer(private)}
	if err := w.saveLogs(); err != nil {
		return "", err
	}
	return key.vkey(), saveKey(path, private)
}

// Name returns the name of the witness.
func (w *Witness) Name() string { return w.key.Name() }

// VKey returns the verifier key of the witness, as C2SP signed-note writes it.
func (w *Witness) VKey() string { return w.key.vkey() }

// Close waits for what is being cosigned and lets go of the directory. Nothing is
// cosigned afterwards. It may be repeated.
func (w *Witness) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	return w.lock.Close()
}
