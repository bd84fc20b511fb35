package notary

import (
	"errors"
	"io/fs"
	"os"

	"xinfang/infra/durable"
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

var realDisk = disk{replace: durable.Put, syncDir: durable.SyncDir, writeAt: writeAt}

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
