package witness

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"xinfang/infra/durable"
)

// A disk is what is done to files that can fail. Tests break it.
type disk struct {
	write   func(f *os.File, b []byte) error
	sync    func(f *os.File) error
	rename  func(from, to string) error
	syncDir func(dir string) error // the names in it
}

func (d disk) orReal() disk {
	if d.write == nil {
		d.write = func(f *os.File, b []byte) error { _, err := f.Write(b); return err }
	}
	if d.sync == nil {
		d.sync = (*os.File).Sync
	}
	if d.rename == nil {
		d.rename = os.Rename
	}
	if d.syncDir == nil {
		d.syncDir = durable.SyncDir
	}
	return d
}

// draftSuffix ends the name of a file that is not complete yet. One that a crash
// has left is written over by the next.
const draftSuffix = ".new"

// An unsure is a failure after which the old file may be there or the new one,
// durable or not.
type unsure struct{ error }

func (u unsure) Unwrap() error { return u.error }

// replace makes b the content of the file at path, durably. On an error that is no
// unsure, the file is what it was. There is no instant at which it is neither the
// old one nor the new one, whole.
func (d disk) replace(path string, b []byte) error {
	draft := path + draftSuffix
	if err := d.draft(draft, b); err != nil {
		return err
	}
	// A crash before here leaves the old file, and a draft that nobody reads. A crash
	// after the rename may leave either, but the new one only with all of its bytes,
	// for they are durable.
	if err := d.rename(draft, path); err != nil {
		return unsure{err}
	}
	if err := d.syncDir(filepath.Dir(path)); err != nil {
		return unsure{err}
	}
	return nil
}

// draft writes b to the file at path, durably, for its owner alone.
func (d disk) draft(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err = d.write(f, b); err == nil {
		err = d.sync(f)
	}
	return errors.Join(err, f.Close())
}

// makeDir makes dir for its owner alone, and what is above it, durable before
// anything is in it.
func makeDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return err
	}
	if err := makeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return durable.SyncDir(parent)
}
