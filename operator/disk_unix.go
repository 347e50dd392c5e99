//go:build unix

package operator

import "syscall"

// diskSpace is how many bytes are free for us where a folder is, and how many there
// are in all.
func diskSpace(folder string) (free, all uint64, known bool) {
	var s syscall.Statfs_t
	if syscall.Statfs(folder, &s) != nil {
		return 0, 0, false
	}
	return s.Bavail * uint64(s.Bsize), s.Blocks * uint64(s.Bsize), true
}
