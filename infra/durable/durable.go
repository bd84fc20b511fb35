// Package durable (落盘) writes small files that must survive a crash: at any instant,
// a file has its old content or its new one, whole, and once a function has returned
// the new one is there for good. Keys, policies, markers and checkpoints are written
// with it; all adapters may use it, and it imports none.
//
// What is to be durable becomes so in three steps: the bytes under another name, the
// right name, and the directory that has the name. A crash after the first two may
// leave a file that ends in ".tmp", which nobody reads and anybody may delete.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Replace makes data the content of the file at path, which others than its owner may
// read if mode says so. After an error that came with the directory ([SyncDir]) the
// file is the new one, and may be the old one again after a crash; after any other
// it is what it was.
//
// Several processes may replace one file: one of them comes last. Within a process,
// one goroutine at a time may.
func Replace(path string, data []byte, mode fs.FileMode) error {
	if err := Put(path, data, mode); err != nil {
		return err
	}
	return SyncDir(filepath.Dir(path))
}

// Put is [Replace] without the last step: for whoever puts many files in a directory
// and calls SyncDir once. A crash before that leaves the old file or the new one.
func Put(path string, data []byte, mode fs.FileMode) error {
	draft, err := write(path, data, mode)
	if err != nil {
		return err
	}
	if err := os.Rename(draft, path); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	return nil
}

// Create is [Replace] for a file that must not be there: the error wraps
// [fs.ErrExist] if it is, and it stays as it is. So no key is ever lost to another.
func Create(path string, data []byte, mode fs.FileMode) error {
	draft, err := write(path, data, mode)
	if err != nil {
		return err
	}
	err = os.Link(draft, path) // unlike a rename, it does not replace
	if errors.Is(err, fs.ErrExist) {
		err = &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return errors.Join(err, os.Remove(draft), SyncDir(filepath.Dir(path)))
}

// write makes a file beside path with data in it, durable but for its name.
func write(path string, data []byte, mode fs.FileMode) (draft string, err error) {
	draft = fmt.Sprintf("%s.%d.tmp", path, os.Getpid())
	// What a crash has left could be read by others than mode allows.
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	f, err := os.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(draft))
	}
	return draft, nil
}

// SyncDir makes the names in dir durable. On Windows it does nothing: a directory
// cannot be flushed there, and NTFS journals names by itself.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
