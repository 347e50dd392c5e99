package password_test

import (
	"context"
	"strings"
	"testing"
	"time"

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

func TestNoHashTakesAsLongAsOne(t *testing.T) {
	h := password.New()
	ctx := context.Background()
	hash, err := h.Hash(ctx, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	took := func(hash string) time.Duration {
		best := time.Hour
		for range 5 {
			began := time.Now()
			if _, err := h.Matches(ctx, "wrong", hash); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	some, none := took(hash), took("")
	if none < some/2 {
		t.Errorf("a known address takes %s, an unknown one %s", some, none)
	}
}
