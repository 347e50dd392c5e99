package browser

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/test/wait"
)

var offeredAt = regexp.MustCompile(`Take it or say no: <a href="http[^"]+?(/s/[\w-]+)"`)

// TestAPatientIsOfferedATime has each of five patients join the waiting list by a link, and answer an offer.
func TestAPatientIsOfferedATime(t *testing.T) {
	d := &desk{T: t, app: open(t)}
	if err := json.Unmarshal([]byte(os.Getenv("FRONTDESK_KEYS")), &d.keys); err != nil {
		t.Fatal(err)
	}
	get := func(path string) []any { return d.ask(d.keys.Key, http.MethodGet, path, nil)["data"].([]any) }
	post := func(path string, body map[string]any) map[string]any {
		return d.ask(d.keys.Key, http.MethodPost, path, body)
	}
	// It may be night where the test runs.
	d.ask(d.keys.Key, http.MethodPatch, "/v1/me", map[string]any{"send_from": "00:00", "send_until": "24:00"})
	d.ask(d.keys.Key, http.MethodPatch, "/v2/automated_messages/settings",
		map[string]any{"night_from": "00:00", "night_until": "00:00"})
	types := get("/v1/appointment_types?has_availability=true")
	kind, other := types[0].(map[string]any)["id"], types[1].(map[string]any)["id"]
	book := func(of any, slot map[string]any) any {
		start, err := time.Parse(time.RFC3339, slot["start_time"].(string))
		end, err2 := time.Parse(time.RFC3339, slot["finish_time"].(string))
		if err != nil || err2 != nil {
			t.Fatal(slot)
		}
		id := post("/v1/appointments", map[string]any{"start_time": slot["start_time"], "duration": end.Sub(start).Minutes(),
			"practitioner_id": slot["practitioner_id"], "location_id": slot["location_id"], "appointment_type_id": kind,
			"patient_id": of})["id"].(string)
		d.ask(d.keys.Key, http.MethodPatch, "/v1/appointments/"+id+"/book", map[string]any{})
		return id
	}
	slotOn := func(days int) map[string]any {
		for {
			day := time.Now().AddDate(0, 0, days).Format(time.DateOnly)
			found := get("/v1/slots?page_size=1&start_date=" + day + "&appointment_type_id=" + kind.(string))
			if len(found) > 0 {
				return found[0].(map[string]any)
			}
			days++
		}
	}
	filler := get("/v1/patients?search=luczak")[0].(map[string]any)["id"]
	args := []string{d.app.URL(), os.Getenv("SHOTS")}
	for i, name := range []string{"byron", "mathison", "murray", "mensah", "o'neill"} {
		who := get("/v1/patients?search=" + url.QueryEscape(name))[0].(map[string]any)
		slot := slotOn(5)
		taken := book(filler, slot)
		entry := map[string]any{"patient_id": who["id"], "appointment_type_id": kind}
		if i%2 == 0 {
			entry["replaces_appointment_id"] = book(who["id"], slotOn(15))
		}
		id := post("/v1/waiting_list", entry)["id"].(string)
		d.ask(d.keys.Key, http.MethodPatch, "/v1/appointments/"+taken.(string)+"/cancel",
			map[string]any{"suppress_cancellation_policy": true})
		at := ""
		wait.Until(t, name+" to be offered a time", func() bool {
			found := offeredAt.FindStringSubmatch(d.inbox(who["mobile"].(string)))
			if found != nil {
				at = found[1]
			}
			return found != nil && d.ask(d.keys.Key, http.MethodGet, "/v1/waiting_list/"+id, nil)["status"] == "offered"
		})
		made := d.ask(d.keys.Keys["booking_links"], http.MethodPost, "/v1/booking_links", map[string]any{
			"patient_id": who["id"], "appointment_type_id": other,
			"from_date": time.Now().AddDate(0, 0, 2).Format(time.DateOnly)})
		args = append(args, strings.Join([]string{who["dob"].(string)[:10], at,
			strings.TrimPrefix(made["short_link"].(string), d.app.URL())}, " "))
	}
	script(t, "waiting.mjs", args...)
}

// inbox is what a number has received.
func (d *desk) inbox(to string) string {
	d.Helper()
	res, err := http.Get(d.app.URL() + "/sandbox/inbox?to=" + url.QueryEscape(to))
	if err != nil {
		d.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		d.Fatal(err)
	}
	return string(text)
}
