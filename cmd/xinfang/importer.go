package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"xinfang/domain/ledger"
	"xinfang/infra/sheet"
	"xinfang/infra/web"
)

// importsDir is where uploads wait between check and run, in the data directory.
const importsDir = "imports"

// An importer takes files that are uploaded to the console. It implements
// web.Importer. An upload is kept under its hash, in a directory with the file
// and the mapping; what became of it is in memory, and after a restart it has to
// be checked again, which records nothing.
type importer struct {
	node  *node
	vault *keeper
	now   func() time.Time
	count func(accepted, duplicate, rejected int)
	dir   string
	ctx   context.Context // ends when the program is told to stop

	running sync.WaitGroup

	mu    sync.Mutex
	known map[string]*upload // by hash; guarded by mu
}

// An upload is one file that was checked.
type upload struct {
	source  *source
	mapping *sheet.Mapping // nil for an event log
	state   web.Import
}

// Check implements web.Importer.
func (i *importer) Check(ctx context.Context, u web.Upload) (web.Import, error) {
	up, err := i.keep(u)
	if err != nil {
		return web.Import{}, err
	}
	result, err := up.source.run(ctx, i.node, up.mapping, nil, systemActor, func(int) {})
	if err != nil {
		return web.Import{}, err
	}
	up.state = web.Import{Hash: up.source.hash, Name: up.source.name, State: web.ImportChecked}
	fill(&up.state, result)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.known == nil {
		i.known = make(map[string]*upload)
	}
	if old := i.known[up.source.hash]; old != nil && old.state.State == web.ImportRunning {
		return old.state, nil
	}
	i.known[up.source.hash] = up
	return up.state, nil
}

// keep stores the upload under its hash. If we crash in between, a directory
// with another name is left, which nobody looks at.
func (i *importer) keep(u web.Upload) (*upload, error) {
	name := filepath.Base(strings.ReplaceAll(u.Name, `\`, "/"))
	up := new(upload)
	if !isLog(name) {
		m, err := sheet.ParseMapping(u.Mapping)
		if err != nil {
			return nil, err
		}
		up.mapping = m
	}
	if err := os.MkdirAll(i.dir, 0o700); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp(i.dir, "upload-")
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(filepath.Join(temp, "file"), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(f, u.Body)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, os.RemoveAll(temp))
	}
	if up.source, err = openSource(filepath.Join(temp, "file"), name); err != nil {
		return nil, errors.Join(err, os.RemoveAll(temp))
	}
	final := filepath.Join(i.dir, up.source.hash)
	if err := os.Rename(temp, final); err != nil {
		if _, there := os.Stat(filepath.Join(final, "file")); errors.Is(there, fs.ErrNotExist) {
			return nil, errors.Join(err, os.RemoveAll(temp))
		}
		if err := os.RemoveAll(temp); err != nil { // the same file was uploaded before
			return nil, err
		}
	}
	up.source.path = filepath.Join(final, "file")
	return up, nil
}

// Run implements web.Importer.
func (i *importer) Run(_ context.Context, hash string, by ledger.Actor) (web.Import, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	up := i.known[hash]
	if up == nil {
		return web.Import{}, notChecked()
	}
	if up.state.State == web.ImportRunning {
		return up.state, nil
	}
	up.state.State, up.state.Done = web.ImportRunning, 0
	// The run outlives the request that started it, but not the program: when
	// that stops it ends between two cases, and another run goes on from there.
	i.running.Go(func() { i.run(i.ctx, up, by) })
	return up.state, nil
}

func (i *importer) run(ctx context.Context, up *upload, by ledger.Actor) {
	result, err := up.source.run(ctx, i.node, up.mapping, i.vault, by, func(rows int) {
		i.mu.Lock()
		defer i.mu.Unlock()
		up.state.Done = rows
	})
	i.mu.Lock()
	defer i.mu.Unlock()
	fill(&up.state, result)
	up.state.State = web.ImportDone
	if err != nil {
		up.state.State, up.state.Failed = web.ImportFailed, err.Error()
	}
	i.count(result.Imported, result.Skipped, len(result.Errors))
}

// wait returns when no run is under way.
func (i *importer) wait() { i.running.Wait() }

// Find implements web.Importer.
func (i *importer) Find(_ context.Context, hash string) (web.Import, bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	up := i.known[hash]
	if up == nil {
		return web.Import{}, false, nil
	}
	return up.state, true, nil
}

// Errors implements web.Importer.
func (i *importer) Errors(_ context.Context, hash string, w io.Writer) (string, error) {
	i.mu.Lock()
	up := i.known[hash]
	var found []web.ImportError
	if up != nil {
		found = up.state.Errors // replaced by a run, never changed
	}
	i.mu.Unlock()
	if up == nil || up.mapping == nil {
		return "", notChecked()
	}
	faults := make([]rowError, len(found))
	for n, e := range found {
		faults[n] = rowError(e)
	}
	var called string
	err := up.source.writeErrors(func(name string) (io.Writer, error) {
		called = name
		return w, nil
	}, up.mapping, i.node.app.lang, faults)
	return called, err
}

// errorCopy returns what the copy of a file with its errors is called: ext is how
// the names of files of its kind end, whatever this one's does.
func errorCopy(name, ext string) string {
	return strings.TrimSuffix(name, filepath.Ext(name)) + "-错误" + ext
}

func fill(s *web.Import, t taking) {
	s.Rows, s.Done, s.Imported, s.Skipped = t.Rows, t.Rows, t.Imported, t.Skipped
	s.Errors = make([]web.ImportError, len(t.Errors))
	for n, e := range t.Errors {
		s.Errors[n] = web.ImportError(e)
	}
}

func notChecked() error {
	return &ledger.Refusal{Code: "ERR_IMPORT_NOT_CHECKED", Kind: ledger.NotFound, Text: ledger.Text{
		ZH: "没有试导入过这个文件，或服务重启过；请先上传并试导入", EN: "this file has not been checked since the program started; upload and check it first",
	}}
}
