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
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
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
// Where the file system has no links, as on most memory sticks, the name is taken first:
// a crash may then leave an empty file.
func Create(path string, data []byte, mode fs.FileMode) error {
	draft, err := write(path, data, mode)
	if err != nil {
		return err
	}
	err = os.Link(draft, path) // unlike a rename, it does not replace
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return errors.Join(claim(draft, path), SyncDir(filepath.Dir(path))) // a memory stick (FAT) knows no links
	}
	if err != nil {
		err = &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	return errors.Join(err, os.Remove(draft), SyncDir(filepath.Dir(path)))
}

// claim gives the draft the name path, which nobody has. A crash between its two steps
// leaves an empty file there, and the draft beside it with all that was to be written.
func claim(draft, path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	if err := errors.Join(f.Close(), os.Rename(draft, path)); err != nil {
		return errors.Join(err, os.Remove(path), os.Remove(draft))
	}
	return nil
}

// write makes a file beside path with data in it, durable but for its name.
func write(path string, data []byte, mode fs.FileMode) (draft string, err error) {
	draft = fmt.Sprintf("%s.%016x.tmp", path, rand.Uint64()) // two processes may have one number, each in its container
	f, err := os.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return "", about(err, path)
	}
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(about(err, path), os.Remove(draft))
	}
	return draft, nil
}

// about returns err as one of the file at path, whatever its draft is called.
func about(err error, path string) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: at.Op, Path: path, Err: at.Err}
	}
	return err
}

// SyncDir makes the names in dir durable. On Windows, and where the file system says
// that it cannot flush a directory, as some over a network do, it does nothing: NTFS
// journals names by itself, and so do the servers of those.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
