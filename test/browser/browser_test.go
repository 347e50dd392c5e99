// Package browser looks at the pages in Chromium, as people see them.
package browser

import (
	"context"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/store/storetest"
)

// TestTheDocumentation opens every page. SHOTS names a folder for screenshots.
func TestTheDocumentation(t *testing.T) {
	a, err := app.Open(context.Background(), app.Config{
		DB: storetest.SQLite(t), Listen: "127.0.0.1:0", Sandbox: true, Hold: 15 * time.Minute, Log: app.NewLog(io.Discard, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close(context.Background())
	cmd := exec.Command("node", "docs.mjs", a.URL(), os.Getenv("SHOTS"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
