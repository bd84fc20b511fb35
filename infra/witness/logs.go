package witness

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// A witness knows at most maxLogs logs, each with at most maxKeys keys.
const (
	maxLogs = 256
	maxKeys = 32
)

// A Log is what a witness knows of a log.
type Log struct {
	VKeys []string         // of the log
	Last  proof.Checkpoint // that was cosigned; of size 0 if none was
	Note  []byte           // that checkpoint as the log signed it; nil if there is none

	// Cosigned is when a checkpoint of the log was last cosigned, UTC; zero if none
	// was since Open. A log that goes on has it move.
	Cosigned time.Time
}

// Logs returns what the witness knows, in order of the logs' origins.
func (w *Witness) Logs() []Log {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var logs []Log
	for _, h := range w.logs {
		c := h.last.Load()
		logs = append(logs, Log{slices.Clone(h.vkeys), c.Checkpoint, slices.Clone(c.note), c.at})
	}
	slices.SortFunc(logs, func(a, b Log) int { return cmp.Compare(a.Last.Origin, b.Last.Origin) })
	return logs
}

// AddLog makes the log called origin known, with the verifier keys that sign for it,
// which must bear its name. Of a log that is known it replaces the keys, and what
// was cosigned stays.
//
// The first checkpoint of a new log is cosigned without a proof: there is nothing
// yet that it could continue.
//
// If the error is one of the disk, the log is known as it was; the next Open may find
// it changed, and AddLog can be repeated.
func (w *Witness) AddLog(origin string, vkeys []string) error {
	h, err := newHistory(origin, vkeys)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return ErrClosed
	}
	old := w.logs[origin]
	if old == nil && len(w.logs) == maxLogs {
		return ledger.Troubled("见证已有 %d 个日志，不能再加", "the witness has %d logs and takes no more", maxLogs)
	}
	if old != nil {
		h.last.Store(old.last.Load())
		h.broken = old.broken
	} else if err := w.saveState(h.last.Load()); err != nil {
		return err
	}
	// A crash before here leaves a state of size 0 that logs does not name, which is
	// no harm: the witness has cosigned nothing of this log.
	w.logs[origin] = h
	err = w.saveLogs()
	if err != nil && old == nil {
		delete(w.logs, origin)
	} else if err != nil {
		w.logs[origin] = old
	}
	return err
}

func newHistory(origin string, vkeys []string) (*history, error) {
	if len(origin) > ledger.MaxName {
		return nil, ledger.Troubled("日志名称超过 %d 字节", "the origin of a log has at most %d bytes", ledger.MaxName)
	}
	if len(vkeys) == 0 || len(vkeys) > maxKeys {
		return nil, ledger.Troubled("日志须有 1 至 %d 个公钥", "a log has 1 to %d keys", maxKeys)
	}
	h := &history{origin: origin, vkeys: slices.Clone(vkeys), turn: make(chan struct{}, 1)}
	h.last.Store(&cosigned{Checkpoint: proof.Checkpoint{Origin: origin}})
	var keys []note.Verifier
	for i, k := range vkeys {
		v, err := proof.NewVerifier(k)
		if err != nil || v.Name() != origin || slices.Contains(vkeys[:i], k) {
			return nil, ledger.Troubled("第 %d 个公钥不对，或重复，或不是 %.100q 的", "key %d is malformed, given twice, or not of %.100q", i+1, origin)
		}
		keys = append(keys, v)
	}
	h.keys = note.VerifierList(keys...)
	return h, nil
}

// saveLogs makes the list of logs durable.
func (w *Witness) saveLogs() error {
	body := "witness " + w.key.vkey() + "\n"
	for _, origin := range slices.Sorted(maps.Keys(w.logs)) {
		for _, k := range w.logs[origin].vkeys {
			body += "log " + k + "\n"
		}
	}
	path := filepath.Join(w.dir, logsName)
	if err := w.disk.replace(path, w.seal.seal(logsFile, []byte(body))); err != nil {
		return unwritable(path, err)
	}
	return nil
}

const logsName = "logs"

// load reads all files, and refuses them if they do not fit together.
func (w *Witness) load() error {
	path := filepath.Join(w.dir, logsName)
	body, err := w.read(path, logsFile)
	if err != nil {
		return err
	}
	vkey, rest, _ := strings.Cut(string(body), "\n")
	if vkey != "witness "+w.key.vkey() {
		return ledger.Troubled("%s 中的见证不叫 %s", "the witness in %s is not called %s", w.dir, w.key.Name())
	}
	vkeys := make(map[string][]string)
	for line := range strings.Lines(rest) {
		k := strings.TrimSuffix(strings.TrimPrefix(line, "log "), "\n")
		origin, _, _ := strings.Cut(k, "+")
		vkeys[origin] = append(vkeys[origin], k)
	}
	states, err := w.readStates()
	if err != nil {
		return err
	}
	for origin, keys := range vkeys {
		h, err := newHistory(origin, keys)
		if err != nil {
			return damaged("文件 %s 的内容不对", "the content of the file %s is wrong", path)
		}
		c := states[origin]
		if c == nil {
			return damaged("缺少文件 %s", "the file %s is missing", w.statePath(origin))
		}
		h.last.Store(c)
		w.logs[origin] = h
	}
	for origin, c := range states {
		if w.logs[origin] == nil && c.Size > 0 { // the list is an older one
			return damaged("文件 %s 属于名单之外的日志", "the file %s is of a log that is not in the list", w.statePath(origin))
		}
	}
	return nil
}
