// Package wait is how tests wait: for a condition, with a deadline. Nothing else in a test sleeps.
package wait

import (
	"testing"
	"time"
)

// long is how long a condition may take on a busy machine.
const long = time.Minute

// Until polls a condition until it holds, and fails the test when it takes too long.
func Until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	Within(t, long, what, holds)
}

// Within polls a condition until it holds, and fails the test when that takes longer than the limit.
func Within(t testing.TB, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	if !Holds(limit, holds) {
		t.Fatalf("waited %s in vain for %s", limit, what)
	}
}

// Holds polls a condition and reports whether it came to hold within the limit.
func Holds(limit time.Duration, holds func() bool) bool {
	pause := time.Millisecond
	for end := time.Now().Add(limit); !holds(); pause = min(2*pause, 50*time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(pause)
	}
	return true
}
