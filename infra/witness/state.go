package witness

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/proof"
)

// A history (见证记录) is what a witness knows of one log.
type history struct {
	origin string
	vkeys  []string
	keys   note.Verifiers // of vkeys

	// turn holds one token. Who has put it there compares, writes and signs; nobody
	// else changes last, or the file. Anyone may read last.
	turn chan struct{}
	last atomic.Pointer[cosigned]

	broken error // guarded by turn: why the file may not be what last is
}

// A cosigned is the last checkpoint that was cosigned of a log, or is about to be.
// It is never changed.
type cosigned struct {
	proof.Checkpoint        // size 0 if there is none
	note             []byte // as the log signed it, without what others signed; nil if there is none
	at               time.Time
}

// A sealer says which files this witness has written.
type sealer struct{ key []byte }

func newSealer(private ed25519.PrivateKey) sealer {
	key, err := hkdf.Key(sha256.New, private.Seed(), nil, "xinfang/witness/v1/files", sha256.Size)
	if err != nil {
		panic(err) // no length that HKDF refuses
	}
	return sealer{key}
}

// A file of a witness is sealed: its first line names what it is, and has the MAC of
// that and of all that follows.
const (
	logsFile  = "xinfang witness logs v1"
	stateFile = "xinfang witness state v1"
)

func (s sealer) seal(kind string, body []byte) []byte {
	return append([]byte(kind+" "+hex.EncodeToString(s.mac(kind, body))+"\n"), body...)
}

// open is the inverse of seal; it reports false if it is not.
func (s sealer) open(kind string, file []byte) ([]byte, bool) {
	_, body, _ := bytes.Cut(file, []byte("\n"))
	return body, hmac.Equal(s.seal(kind, body), file)
}

func (s sealer) mac(kind string, body []byte) []byte {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte(kind + "\n"))
	h.Write(body)
	return h.Sum(nil)
}

// maxFile is the most bytes that a file of a witness may have.
const maxFile = 4 << 20

// read returns what is in the file at path, if this witness has written it.
func (w *Witness) read(path, kind string) (_ []byte, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damaged("缺少文件 %s", "the file %s is missing", path)
	}
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, unreadable(path, err)
	}
	body, ok := w.seal.open(kind, b)
	if !ok {
		return nil, damaged("文件 %s 已被截断、改动，或属于另一见证（校验码不符）",
			"the file %s was cut or altered, or is of another witness (its MAC is wrong)", path)
	}
	return body, nil
}

// statePath returns the path of the state of the log called origin.
func (w *Witness) statePath(origin string) string {
	sum := sha256.Sum256([]byte(origin))
	return filepath.Join(w.dir, hex.EncodeToString(sum[:])+stateSuffix)
}

const stateSuffix = ".state"

// saveState makes c durable as the state of its log: a line with the origin, and
// the note if there is one.
func (w *Witness) saveState(c *cosigned) error {
	body := append([]byte(c.Origin+"\n"), c.note...)
	path := w.statePath(c.Origin)
	if err := w.disk.replace(path, w.seal.seal(stateFile, body)); err != nil {
		return unwritable(path, err)
	}
	return nil
}

// readState is the inverse of saveState.
func (w *Witness) readState(path string) (*cosigned, error) {
	body, err := w.read(path, stateFile)
	if err != nil {
		return nil, err
	}
	origin, signed, _ := strings.Cut(string(body), "\n")
	c := &cosigned{Checkpoint: proof.Checkpoint{Origin: origin}}
	if signed == "" {
		return c, nil
	}
	text, _, _ := strings.Cut(signed, "\n\n")
	c.note = []byte(signed)
	if c.Checkpoint, err = proof.ParseCheckpoint(text + "\n"); err != nil || c.Origin != origin {
		return nil, damaged("文件 %s 的内容不对", "the content of the file %s is wrong", path)
	}
	return c, nil
}

// readStates returns all states in the directory, by origin.
func (w *Witness) readStates() (map[string]*cosigned, error) {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return nil, unreadable(w.dir, err)
	}
	states := make(map[string]*cosigned)
	for _, e := range entries {
		path := filepath.Join(w.dir, e.Name())
		if !strings.HasSuffix(path, stateSuffix) {
			continue
		}
		c, err := w.readState(path)
		if err != nil {
			return nil, err
		}
		if path != w.statePath(c.Origin) {
			return nil, damaged("文件 %s 的名称不对", "the file %s should not have this name", path)
		}
		states[c.Origin] = c
	}
	return states, nil
}
