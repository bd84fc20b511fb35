package witness

import (
	"path/filepath"

	"github.com/gofrs/flock"
)

// lockDir takes the lock of the witness in dir. It is free again when it is closed,
// or the process dies.
func lockDir(dir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, "LOCK"), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, unwritable(dir, err)
	}
	if !ok {
		return nil, inUse(dir)
	}
	return lock, nil
}
