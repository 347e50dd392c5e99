package browser

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"frontdesk/app"
)

// desk asks the REST API of the sandbox's practice.
type desk struct {
	*testing.T
	app  *app.App
	keys struct {
		Group string            `json:"practice_group_id"`
		Key   string            `json:"api_key"`
		Keys  map[string]string `json:"keys"`
	}
}

func (d *desk) ask(key, method, path string, body any) map[string]any {
	d.Helper()
	sent, err := json.Marshal(body)
	if err != nil {
		d.Fatal(err)
	}
	r, err := http.NewRequest(method, d.app.URL()+path, bytes.NewReader(sent))
	if err != nil {
		d.Fatal(err)
	}
	r.Header.Set("X-Api-Key", key)
	r.Header.Set("X-Practice-Group-Id", d.keys.Group)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	defer res.Body.Close()
	out := map[string]any{}
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || res.StatusCode != http.StatusOK {
		d.Fatalf("%s: %d %v %v", path, res.StatusCode, out, err)
	}
	return out
}

// links makes booking links of a patient with two types of appointment, from the day after tomorrow on, so that what is
// booked can still be moved and cancelled. It gives the patient's date of birth, and the links' paths.
func (d *desk) links(n int) (born string, paths []string) {
	d.Helper()
	if err := json.Unmarshal([]byte(os.Getenv("FRONTDESK_KEYS")), &d.keys); err != nil {
		d.Fatal(err)
	}
	ada := d.ask(d.keys.Key, http.MethodGet, "/v1/patients?search=byron", nil)["data"].([]any)[0].(map[string]any)
	var types []any
	for _, one := range d.ask(d.keys.Key, http.MethodGet, "/v1/appointment_types?has_availability=true",
		nil)["data"].([]any) {
		types = append(types, one.(map[string]any)["id"])
	}
	for range n {
		made := d.ask(d.keys.Keys["booking_links"], http.MethodPost, "/v1/booking_links", map[string]any{
			"patient_id": ada["id"], "appointment_type_id": types[:2], "maximum_use_count": 1,
			"from_date": time.Now().AddDate(0, 0, 2).Format(time.DateOnly)})
		paths = append(paths, strings.TrimPrefix(made["short_link"].(string), d.app.URL()))
	}
	return ada["dob"].(string)[:10], paths
}

func TestAPatientBooksByALink(t *testing.T) {
	d := &desk{T: t, app: open(t)}
	born, links := d.links(5)
	script(t, "book.mjs", append([]string{d.app.URL(), os.Getenv("SHOTS"), born}, links...)...)
}

func TestAPatientBooksInWelsh(t *testing.T) {
	d := &desk{T: t, app: open(t)}
	born, links := d.links(2)
	script(t, "welsh.mjs", append([]string{d.app.URL(), os.Getenv("SHOTS"), born}, links...)...)
}

// TestTheTour walks README's: a link, a booking on a phone, and the reminder once the town's clock is moved.
func TestTheTour(t *testing.T) {
	d := &desk{T: t, app: open(t)}
	born, links := d.links(1)
	script(t, "tour.mjs", d.app.URL(), os.Getenv("SHOTS"), born, links[0])
}
