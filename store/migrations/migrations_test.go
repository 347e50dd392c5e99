package migrations_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// TestMigrationsUseNothingASharedPostgresLacks reads the files themselves.
func TestMigrationsUseNothingASharedPostgresLacks(t *testing.T) {
	files, err := filepath.Glob("*.sql")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	banned := regexp.MustCompile(
		`(?i)\b(CREATE\s+(TRIGGER|FUNCTION|SEQUENCE|EXTENSION)|SERIAL|IDENTITY|plpgsql|advisory)\b`)
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if found := banned.FindString(string(text)); found != "" {
			t.Errorf("%s has %q", f, found)
		}
	}
}
