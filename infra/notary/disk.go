package notary

import (
	"errors"
	"io/fs"
	"os"
)

// A disk is what is made durable, and can fail. Tests break it.
type disk struct {
	// replace makes data the content of the file at path, whole or not at all. Its
	// name is durable once syncDir has returned.
	replace func(path string, data []byte, mode fs.FileMode) error
	syncDir func(dir string) error
	// writeAt makes data what the file at path has from an offset on, and durable; after
	// a crash in there it has some of it.
	writeAt func(path string, data []byte, offset int64) error
}

var realDisk = disk{replace: replace, syncDir: syncDir, writeAt: writeAt}

func replace(path string, data []byte, mode fs.FileMode) error {
	temp := path + ".tmp"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(temp, path)
}

func writeAt(path string, data []byte, offset int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, offset)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
