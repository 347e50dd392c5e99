package app

import (
	"io"
	"path/filepath"
	"testing"

	"frontdesk/core/job"
)

func TestWhatHasHadItsDayIsDeleted(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(t.Context(), Config{DB: "sqlite:" + filepath.Join(dir, "frontdesk.db"), Listen: "127.0.0.1:0",
		Sandbox: true, Credentials: filepath.Join(dir, "credentials.json"), Log: NewLog(io.Discard, 0),
		SealKey: filepath.Join(dir, "frontdesk.key")})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.forgets()(t.Context(), job.Job{}); err != nil {
		t.Error(err)
	}
	if err := a.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
