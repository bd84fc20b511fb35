package segment

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"xinfang/infra/durable"
)

// A disk is what is done to files that can fail. Tests break it.
type disk struct {
	write    func(f *os.File, b []byte, at int64) (int, error)
	sync     func(f *os.File) error          // the data, and what is needed to find it
	syncDir  func(dir string) error          // the names in it
	allocate func(f *os.File, n int64) error // sets space aside; may do nothing
}

func (d disk) orReal() disk {
	if d.write == nil {
		d.write = (*os.File).WriteAt
	}
	if d.sync == nil {
		d.sync = datasync
	}
	if d.syncDir == nil {
		d.syncDir = durable.SyncDir
	}
	if d.allocate == nil {
		d.allocate = allocate
	}
	return d
}

// A diskFailure is an error of a write or a sync, other than that the disk is
// full. What is on disk after it, nobody knows.
type diskFailure struct{ error }

func (f diskFailure) Unwrap() error { return f.error }

// put writes b at offset at of f. It returns a diskFailure, or that the disk is
// full.
func (d disk) put(f *os.File, b []byte, at int64) error {
	_, err := d.write(f, b, at)
	return failure(err)
}

// flush makes f durable, like put.
func (d disk) flush(f *os.File) error { return failure(d.sync(f)) }

// flushDir makes the names in dir durable, like put.
func (d disk) flushDir(dir string) error { return failure(d.syncDir(dir)) }

// blank writes zeros to f from one offset to another, like put.
func (d disk) blank(f *os.File, from, to int64) error {
	for ; from < to; from += int64(len(zeros)) {
		if err := d.put(f, zeros[:min(int64(len(zeros)), to-from)], from); err != nil {
			return err
		}
	}
	return nil
}

// makeDir makes dir, and what is above it, durable before anything is in it.
func (d disk) makeDir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return err
	}
	if err := d.makeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.flushDir(parent)
}

func isFailure(err error) bool {
	var f diskFailure
	return errors.As(err, &f)
}

func failure(err error) error {
	if err == nil || isFull(err) {
		return err
	}
	return diskFailure{err}
}
