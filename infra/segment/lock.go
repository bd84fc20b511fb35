package segment

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// lockDir takes the lock of the ledger in dir, and leaves this process's id in
// it. The lock is free again when the file is closed, or the process dies.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f)
	if err == nil && !ok {
		err = inUse(dir, holder(f))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	// The id is only there to be read by a person: a disk too full to hold it is
	// no reason to keep the ledger closed. It covers any id that was there before.
	_, _ = fmt.Fprintf(f, "%-19d\n", os.Getpid())
	return f, nil
}

// holder returns the id of the process that has locked f, or "unknown" in the
// instant before it has written it.
func holder(f *os.File) string {
	b, _ := io.ReadAll(io.LimitReader(f, 20))
	if id := strings.TrimSpace(string(b)); id != "" {
		return id
	}
	return "unknown"
}
