package segment

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock locks f for this process until it is closed. It reports false if
// another one has it. The byte that is locked is far behind the process id,
// which others may read.
func tryLock(f *os.File) (bool, error) {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, 1, 0, &windows.Overlapped{OffsetHigh: 1})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, os.NewSyscallError("LockFileEx", err)
}

// isReadOnly reports whether err says that a file can only be flushed by those who
// may write to it.
func isReadOnly(err error) bool { return errors.Is(err, windows.ERROR_ACCESS_DENIED) }

// isFull reports whether err says that there is no space left.
func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
