package segment

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// datasync returns once the data of f is durable.
func datasync(f *os.File) error {
	for {
		if err := unix.Fdatasync(int(f.Fd())); !errors.Is(err, unix.EINTR) {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}

// allocate sets aside n bytes for f, or fails at once if there are not as many.
func allocate(f *os.File, n int64) error {
	for {
		err := unix.Fallocate(int(f.Fd()), 0, 0, n)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
			return nil // the zeros will show
		}
		return os.NewSyscallError("fallocate", err)
	}
}
