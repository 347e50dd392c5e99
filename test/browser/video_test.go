package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"frontdesk/app"
	"frontdesk/store/storetest"
)

// visits runs a sandbox with settings for video, books a video consultation that begins soon, and gives the program,
// the address of it and the links of patient and staff.
func visits(t *testing.T, v app.Video) (*app.App, string, string) {
	t.Helper()
	dir := t.TempDir()
	a, err := app.Open(context.Background(), app.Config{
		DB: storetest.NewSQLite(t), Listen: "127.0.0.1:0", Sandbox: true, Hold: 15 * time.Minute, Video: v,
		Log: app.NewLog(io.Discard, 0), SealKey: filepath.Join(dir, "key"),
		Credentials: filepath.Join(dir, "credentials.json"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(context.Background()) })
	text, err := os.ReadFile(filepath.Join(dir, "credentials.json"))
	if err != nil {
		t.Fatal(err)
	}
	p := partner{T: t, url: a.URL()}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	id := p.video(time.Now().Add(10 * time.Minute).Truncate(time.Minute))
	link := p.ask("POST", "/v1/video_links", map[string]any{"appointment_id": id})
	if got := p.ask("GET", "/v1/appointments/"+id, nil)["video_url"]; got != link["video_link"] {
		t.Fatalf("video_url is %v, and the link is %v", got, link["video_link"])
	}
	return a, link["video_link"].(string)[len(p.url):], link["staff_link"].(string)[len(p.url):]
}

// partner is a program with the sandbox's key of all scopes and permissions.
type partner struct {
	*testing.T `json:"-"`
	url        string
	Group      string `json:"practice_group_id"`
	Key        string `json:"api_key"`
}

func (p partner) ask(method, path string, body any) map[string]any {
	p.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		p.Fatal(err)
	}
	r, err := http.NewRequest(method, p.url+path, bytes.NewReader(text))
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("X-Api-Key", p.Key)
	r.Header.Set("X-Practice-Group-Id", p.Group)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer res.Body.Close()
	var out map[string]any
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || res.StatusCode != http.StatusOK {
		p.Fatalf("%s %s: %d %v %v", method, path, res.StatusCode, out, err)
	}
	return out
}

// first is the id of the first thing of a list that fits.
func (p partner) first(path string, fits func(map[string]any) bool) string {
	p.Helper()
	for _, one := range p.ask("GET", path, nil)["data"].([]any) {
		if one := one.(map[string]any); fits(one) {
			return one["id"].(string)
		}
	}
	p.Fatalf("%s lists nothing that fits", path)
	return ""
}

// video books a video consultation at a time.
func (p partner) video(at time.Time) string {
	p.Helper()
	whichever := func(map[string]any) bool { return true }
	held := p.ask("POST", "/v1/appointments", map[string]any{
		"appointment_type_id": p.first("/v1/appointment_types", func(t map[string]any) bool {
			return t["name"] == "GP long appointment"
		}),
		"location_id":     p.first("/v1/locations", whichever),
		"practitioner_id": p.first("/v1/practitioners", whichever),
		"patient_id":      p.first("/v1/patients?page_size=1", whichever), "duration": 20,
		"start_time": at.Format(time.RFC3339), "suppress_availability_check": true,
	})
	id := fmt.Sprint(held["id"])
	p.ask("PATCH", "/v1/appointments/"+id+"/book", map[string]any{})
	return id
}

func TestTwoBrowsersSeeEachOtherDirectly(t *testing.T) {
	a, patient, staff := visits(t, app.Video{})
	script(t, "video.mjs", a.URL(), os.Getenv("SHOTS"), patient, staff, "direct")
}

func TestTwoBrowsersSeeEachOtherThroughTheRelay(t *testing.T) {
	a, patient, staff := visits(t, app.Video{
		Listen: "127.0.0.1:0", PublicIP: netip.MustParseAddr("127.0.0.1"), From: 20000, Until: 30000,
		AllowLoopback: true, RelayOnly: true,
	})
	script(t, "video.mjs", a.URL(), os.Getenv("SHOTS"), patient, staff, "relay")
}
