package password_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"frontdesk/connect/password"
)

func TestPasswordsAreKeptAsHashes(t *testing.T) {
	h := password.New()
	ctx := context.Background()
	hash, err := h.Hash(ctx, "correct horse battery")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || strings.Contains(hash, "horse") {
		t.Fatalf("got %q, %v", hash, err)
	}
	for _, c := range []struct {
		name, password, hash string
		want                 bool
	}{
		{"the right one", "correct horse battery", hash, true},
		{"another one", "correct horse batterY", hash, false},
		{"none", "", hash, false},
		{"no hash at all", "correct horse battery", "", false},
		{"nothing for no hash", "", "", false},
	} {
		if got, err := h.Matches(ctx, c.password, c.hash); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}

// What takes the time is work on memory, which can be counted exactly.
func TestNoHashTakesAsLongAsOne(t *testing.T) {
	h := password.New()
	ctx := context.Background()
	hash, err := h.Hash(ctx, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	works := func(hash string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 3 {
			if _, err := h.Matches(ctx, "wrong", hash); err != nil {
				t.Fatal(err)
			}
		}
		runtime.ReadMemStats(&after)
		return (after.TotalAlloc - before.TotalAlloc) / 3 >> 20
	}
	works("") // the first time, a hash is made that nothing matches
	some, none := works(hash), works("")
	if some < 19 || some != none {
		t.Errorf("a known address takes %d MiB, an unknown one %d", some, none)
	}
}
