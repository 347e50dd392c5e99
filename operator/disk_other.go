//go:build !unix

package operator

// diskSpace is not known here.
func diskSpace(string) (free, all uint64, known bool) { return 0, 0, false }
