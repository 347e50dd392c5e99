package store

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fileHome tells a file from every copy of it: by its number, and by when it was
// made where the file system keeps that.
func fileHome(path string) (string, error) {
	var s unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_BTIME, &s); err != nil {
		return "", fmt.Errorf("look at %s: %w", path, err)
	}
	if s.Mask&unix.STATX_BTIME == 0 {
		return fmt.Sprintf("file %d", s.Ino), nil
	}
	return fmt.Sprintf("file %d of %d.%09d", s.Ino, s.Btime.Sec, s.Btime.Nsec), nil
}
