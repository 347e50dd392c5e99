// Package browser tests the pages in Chromium, as people see them.
package browser

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/store/storetest"
)

// open runs the sandbox.
func open(t *testing.T) *app.App {
	t.Helper()
	a, _, _ := openAt(t)
	return a
}

// openAt is open, and gives the address of the database and the folder of the keys.
func openAt(t *testing.T) (a *app.App, address, dir string) {
	t.Helper()
	dir, address = t.TempDir(), storetest.NewSQLite(t)
	a, err := app.Open(context.Background(), app.Config{
		DB: address, Listen: "127.0.0.1:0", Sandbox: true, Hold: 15 * time.Minute,
		RefuseEvery: 250 * time.Millisecond,
		Log:         app.NewLog(io.Discard, 0),
		SealKey:     filepath.Join(dir, "key"), Credentials: filepath.Join(dir, "credentials.json"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(context.Background()) })
	keys, err := os.ReadFile(filepath.Join(dir, "credentials.json"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("FRONTDESK_KEYS", string(keys))
	return a, address, dir
}

// script runs a script of the browser. SHOTS names a folder for screenshots.
func script(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command("node", append([]string{name}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestTheDocumentation(t *testing.T) {
	script(t, "docs.mjs", open(t).URL(), os.Getenv("SHOTS"))
}

func TestThePatientsPages(t *testing.T) {
	a := open(t)
	var keys struct {
		Group string `json:"practice_group_id"`
		Key   string `json:"api_key"`
	}
	if err := json.Unmarshal([]byte(os.Getenv("FRONTDESK_KEYS")), &keys); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, a.URL()+"/v1/patients/register_pds",
		strings.NewReader(`{"nhs_number":"9991000003","dob":"1962-05-18"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", keys.Key)
	r.Header.Set("X-Practice-Group-Id", keys.Group)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		LoginURL string `json:"login_url"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.LoginURL == "" {
		t.Fatalf("%d, %v", res.StatusCode, err)
	}
	script(t, "pages.mjs", a.URL(), os.Getenv("SHOTS"), strings.TrimPrefix(answer.LoginURL, a.URL()))
}
