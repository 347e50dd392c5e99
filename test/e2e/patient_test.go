package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"

	"frontdesk/store/storetest"
)

// fails asks the simulated national service to go wrong.
func (p *program) fails(kind string, times int) {
	p.t.Helper()
	text, _ := json.Marshal(map[string]any{"kind": kind, "times": times})
	res, err := http.Post(p.creds.Simulators["pds"]+"/sim/fail", "application/json", bytes.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 300 {
		said, _ := io.ReadAll(res.Body)
		p.t.Fatalf("%d %s", res.StatusCode, said)
	}
}

// page opens a page as a browser would.
func page(t *testing.T, address string) (int, string) {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

// TestPatientIsTracedBookedMergedAndUnmerged walks through all that can happen
// to one person.
func TestPatientIsTracedBookedMergedAndUnmerged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		traced := p.ok("POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "969 363 2966", "dob": "1920-08-11T00:00:00Z", "ehr_partner": "emis",
				"ehr_partner_id": "E-77"}, once("trace")).str("patient_id")
		again := p.ok("POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "969 363 2966", "dob": "1920-08-11T00:00:00Z", "ehr_partner": "emis",
				"ehr_partner_id": "E-77"}, once("trace"))
		if again.str("patient_id") != traced || again.Header.Get("Idempotency-Replayed") != "true" {
			t.Fatalf("got %s", again.Text)
		}
		known := p.ok("POST", "/v1/patients/register",
			map[string]any{"first_name": "Marty", "last_name": "Massam", "dob": "1920-08-11",
				"mobile": "07700 900321"}).str("patient_id")
		v2 := p.ok("GET", "/v2/patients/"+traced+"?data_source=ehr", nil)
		if v2.str("nhs_number") != "9693632966" || v2.str("nhs_number_status") != "verified" ||
			v2.str("hero_id") != traced ||
			v2.Body["ehr_registered"] != true || len(v2.Body["identifiers"].([]any)) != 3 {
			t.Fatalf("got %s", v2.Text)
		}
		p.refused(404, "patient_not_in_ehr", "GET", "/v2/patients/"+known+"?data_source=ehr", nil)

		r := request(p.slot(0))
		r["patient_id"] = traced
		appointment := p.ok("POST", "/v1/appointments", r).str("id")
		p.ok("PATCH", "/v1/appointments/"+appointment+"/book", nil)

		found := p.ok("GET", "/v1/patients/"+known+"/ehr/candidates", nil)
		if found.Body["count"] != 1.0 || found.data()[0]["hero_id"] != traced {
			t.Fatalf("got %s", found.Text)
		}
		preview := p.ok("POST", "/v1/patients/"+known+"/merge/preview", map[string]any{"patient_id": traced})
		if moves := preview.Body["moves"].(map[string]any); moves["appointments"] != 1.0 {
			t.Fatalf("got %s", preview.Text)
		}
		body := map[string]any{"patient_id": traced, "merge_token": preview.str("merge_token")}
		merge := p.ok("POST", "/v1/patients/"+known+"/merge", body)
		p.refused(409, "merge_token_invalid", "POST", "/v1/patients/"+known+"/merge", body)
		if a := p.ok("GET", "/v1/appointments/"+appointment, nil); a.str("patient_id") != known {
			t.Fatalf("the appointment was left behind: %s", a.Text)
		}
		if got := p.ok("GET", "/v1/patients/"+traced, nil); got.str("id") != known || got.str("merged_into") != known ||
			got.str("nhs_number") != "9693632966" {
			t.Fatalf("got %s", got.Text)
		}
		if got := p.ok("GET", "/v2/patients/"+traced, nil); got.str("merged_into") != known {
			t.Fatalf("got %s", got.Text)
		}
		if list := p.ok("GET", "/v1/appointments?field=patient_id&search="+traced, nil); list.Body["count"] != 1.0 {
			t.Fatalf("got %s", list.Text)
		}
		second := request(p.slot(20))
		second["patient_id"] = traced // the id that is gone still means the person
		if a := p.ok("POST", "/v1/appointments", second); p.ok("GET", "/v1/appointments/"+a.str("id"),
			nil).str("patient_id") != known {
			t.Fatal("an appointment was given to the record that is gone")
		}
		undone := p.ok("POST", "/v1/patients/"+traced+"/unmerge", map[string]any{"merge_id": merge.str("merge_id")})
		if undone.str("patient_id") != known || undone.str("merged_patient_id") != traced {
			t.Fatalf("got %s", undone.Text)
		}
		p.refused(404, "merge_not_found", "POST", "/v1/patients/"+traced+"/unmerge", nil)
		if a := p.ok("GET", "/v1/appointments/"+appointment, nil); a.str("patient_id") != traced {
			t.Fatalf("the appointment did not come back: %s", a.Text)
		}
		if got := p.ok("GET", "/v1/patients/"+traced, nil); got.str("id") != traced ||
			got.str("nhs_number") != "9693632966" || got.Body["merged_into"] != nil {
			t.Fatalf("got %s", got.Text)
		}
	})
}

// TestMalformedIDIsRefused sends what cannot be an id, for lack of digits or for
// having too many, to every kind of place an id is taken.
func TestMalformedIDIsRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		known := p.ok("GET", "/v1/patients?search=byron", nil).data()[0]["id"].(string)
		for _, none := range []string{"12x", "18014398509481984", "9007199254740992"} { // 54 bits and 53 and a bit
			slot := request(p.slot(0))
			slot["patient_id"] = none
			p.refused(400, "invalid_request", "POST", "/v1/appointments", slot)
			p.refused(400, "invalid_request", "POST", "/v1/messages/send",
				map[string]any{"patient_id": none, "message_type": "sms", "message_string": "Hello",
					"write_to_record": false})
			p.refused(400, "invalid_request", "POST", "/v1/patients/"+known+"/merge/preview",
				map[string]any{"patient_id": none})
			for _, path := range []string{
				"/v1/appointments?patient_id=", "/v1/appointments?practitioner_id=", "/v1/messages?patient_id=",
				"/v1/messages?batch_id=", "/v1/slots?location_id=",
				"/v1/slots?practitioner_id=", "/v1/sessions?practitioner_id=", "/v1/appointment_types?location_ids=",
			} {
				p.refused(400, "invalid_request", "GET", path+none, nil)
			}
			p.refused(404, "patient_not_found", "GET", "/v1/patients/"+none, nil)
			list := p.ok("GET", p.batchOf([]map[string]any{{"patient_id": none}, {"patient_id": known}},
				nil)+"/recipients", nil)
			if r := list.data()[0]; r["status"] != "INVALID_PAYLOAD" || r["reason"] != "invalid_patient_id" ||
				r["patient_id"] != none || strings.Contains(list.Text, "-1") {
				t.Fatalf("got %s", list.Text)
			}
		}
	})
}

// TestPatientIsFoundByAnyNumber asks for one as public clients do before they make
// another.
func TestPatientIsFoundByAnyNumber(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		id := p.ok("POST", "/v1/patients/register", map[string]any{
			"first_name": "Wren", "last_name": "Otter-Vale", "dob": "1971-02-03", "mobile": "07700 900777",
			"landline": "01632 960777", "nhs_number": "943 476 5919",
			"ehr_partner_id": "S 55-1",
		}).str("patient_id")
		for _, text := range []string{"9434765919", "943+476+5919", "943-476-5919", "07700900777", "01632+960777",
			"%2B441632960777", "S+55-1", id, "vale", "otter-vale", "Otter%E2%80%93Vale"} {
			if list := p.ok("GET", "/v1/patients?search="+text, nil); list.Body["count"] != 1.0 ||
				list.data()[0]["id"] != id {
				t.Errorf("%s: got %s", text, list.Text)
			}
		}
	})
}

// TestDeceasedPatientIsNotBookedNorMessaged has a patient who died by the
// national service.
func TestDeceasedPatientIsNotBookedNorMessaged(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		dead := p.ok("POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "9000000009", "dob": "2010-10-22"}).str("patient_id")
		if got := p.ok("GET", "/v1/patients/"+dead, nil); got.Body["deceased_at"] == nil {
			t.Fatalf("got %s", got.Text)
		}
		r := request(p.slot(0))
		r["patient_id"] = dead
		p.refused(409, "patient_deceased", "POST", "/v1/appointments", r)
		p.refused(409, "patient_deceased", "POST", "/v1/messages/send", map[string]any{
			"patient_id": dead, "message_type": "sms", "message_string": "Hello",
			"recipient_contact_detail": "07700 900123",
			"write_to_record":          false,
		})
	})
}

// TestPossibleTwinIsLeftToStaff registers a person with the number and the birth date of a
// verified patient, and another forename.
func TestPossibleTwinIsLeftToStaff(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		id := p.ok("POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "9693632966", "dob": "1920-08-11"}).str("patient_id")
		twin := map[string]any{"nhs_number": "9693632966", "dob": "1920-08-11", "first_name": "Grace",
			"last_name": "Massam",
			"mobile":    "07700 900321"}
		p.refused(409, "patient_details_differ", "POST", "/v1/patients/register", twin)
		if got := p.ok("GET", "/v1/patients/"+id, nil); got.str("first_name") != "Martha Carol" ||
			got.Body["mobile"] != nil {
			t.Fatalf("got %s", got.Text)
		}
		got := p.ok("POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "9693632966", "dob": "1920-08-11", "forename": "Grace"})
		if got.str("login_url") == "" || got.str("patient_id") != "" {
			t.Fatalf("got %s", got.Text)
		}
		if got := p.ok("POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "9693632966", "dob": "1920-08-11",
				"forename": "Marty"}); got.str("patient_id") != id {
			t.Fatalf("by a short name: %s", got.Text)
		}
	})
}

func TestUnidentifiedPatientGetsALoginPage(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		a := p.ok("POST", "/v1/patients/register_pds", map[string]any{"nhs_number": "9000000009", "dob": "2010-10-23"})
		if a.str("patient_id") != "" || a.str("message") == "" {
			t.Fatalf("got %s", a.Text)
		}
		status, text := page(t, a.str("login_url"))
		if status != 200 || !strings.Contains(text, "Brambleford Health Centre") ||
			!strings.Contains(text, "01632 960100") ||
			strings.Contains(text, "Smith") || strings.Contains(text, "9000000009") {
			t.Fatalf("%d %s", status, text)
		}
		if status, text = page(t, a.str("login_url")+"x"); status != 404 || !strings.Contains(text, "does not work") {
			t.Fatalf("%d %s", status, text)
		}
		if b := p.ok("POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "9000000033", "dob": nil}); b.str("login_url") == "" {
			t.Fatalf("got %s", b.Text)
		}
		p.refused(404, "patient_not_traced", "POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "9111231130", "dob": "1990-01-01"})
		p.refused(400, "invalid_request", "POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "9000000000", "dob": "1990-01-01"})
		p.refused(400, "invalid_request", "POST", "/v1/patients/register_pds", map[string]any{"dob": "1990-01-01"})
		if strings.Contains(p.logs.String(), "9000000009") ||
			strings.Contains(p.logs.String(), a.str("login_url")[strings.LastIndex(a.str("login_url"), "/"):]) {
			t.Error("the log has details of a patient or a link")
		}
	})
}

func TestRestrictedContactDetailsAreNeverShown(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		id := p.ok("POST", "/v1/patients/register_pds",
			map[string]any{"nhs_number": "9000000025", "dob": "2010-10-22"}).str("patient_id")
		v1, v2 := p.ok("GET", "/v1/patients/"+id, nil), p.ok("GET", "/v2/patients/"+id, nil)
		if v1.Body["restricted"] != true || v1.Body["postcode"] != nil || v1.Body["mobile"] != nil ||
			v2.Body["line_1"] != nil || len(v2.Body["contact_details"].([]any)) != 0 {
			t.Fatalf("got %s\n%s", v1.Text, v2.Text)
		}
		p.refused(409, "patient_restricted", "PUT", "/v1/patients/"+id+"/contact_details/mobile",
			map[string]any{"value": "07700 900123"})
	})
}

func TestContactDetailsNameTheirSource(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		id := p.ok("POST", "/v1/patients/register",
			map[string]any{"first_name": "Wren", "last_name": "Otter", "dob": "1971-02-03",
				"mobile": "07700 900101"}).str("patient_id")
		got := p.ok("GET", "/v2/patients/"+id, nil)
		detail := got.Body["contact_details"].([]any)[0].(map[string]any)
		if got.Body["mobile_shared"] != true || detail["source"] != "caller" || detail["verified"] != false ||
			detail["in_use"] != true || detail["value"] != "+447700900101" {
			t.Fatalf("got %s", got.Text)
		}
		got = p.ok("PUT", "/v1/patients/"+id+"/contact_details/mobile",
			map[string]any{"value": "07700 900888", "verified": true})
		if got.str("mobile") != "+447700900888" || got.Body["mobile_shared"] != false {
			t.Fatalf("got %s", got.Text)
		}
		got = p.ok("PUT", "/v1/patients/"+id+"/contact_details/address",
			map[string]any{"address": map[string]any{"line_1": "5 Weir Lane", "postcode": "zz12aa"}})
		if got.str("line_1") != "5 Weir Lane" || got.str("postcode") != "ZZ1 2AA" {
			t.Fatalf("got %s", got.Text)
		}
		p.refused(400, "invalid_request", "PUT", "/v1/patients/"+id+"/contact_details/fax",
			map[string]any{"value": "1"})
		p.refused(403, "missing_permission", "PUT", "/v1/patients/"+id+"/contact_details/mobile",
			map[string]any{"value": ""},
			key(p.creds.Keys["booking"]))
		p.ok("POST", "/v1/patients/"+id+"/ehr/connect", map[string]any{"ehr_partner_id": "S-5"})
	})
}

func TestFilesAreKeptWithAPatient(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		id := p.ok("GET", "/v1/patients?search=byron", nil).data()[0]["id"].(string)
		file := p.ok("POST", "/v1/patients/"+id+"/attachments",
			map[string]any{"file_name": "letter.txt", "file_data": "RGVhciBBZGE="})
		list := p.ok("GET", "/v1/patients/"+id+"/attachments", nil)
		if list.Body["count"] != 1.0 || list.data()[0]["ehr_file_id"] != file.str("id") ||
			list.data()[0]["media_type"] != "text/plain; charset=utf-8" {
			t.Fatalf("got %s", list.Text)
		}
		if got := p.ok("GET", "/v1/patients/"+id+"/attachments/"+file.str("id"),
			nil); got.str("file_data") != "RGVhciBBZGE=" {
			t.Fatalf("got %s", got.Text)
		}
		other := p.ok("GET", "/v1/patients?search=mathison", nil).data()[0]["id"].(string)
		p.refused(404, "attachment_not_found", "GET", "/v1/patients/"+other+"/attachments/"+file.str("id"), nil)
	})
}

// TestPatientsOfAnotherGroupAreNotFound tries everything there is with the id of
// another practice group's patient.
func TestPatientsOfAnotherGroupAreNotFound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		theirs := p.ok("GET", "/v1/patients?search=hart", nil, key(p.creds.Second.Key),
			ofGroup(p.creds.Second.Group)).data()[0]["id"].(string)
		ours := p.ok("GET", "/v1/patients?search=byron", nil).data()[0]["id"].(string)
		for _, c := range []struct {
			method, path string
			body         any
		}{
			{"GET", "/v1/patients/" + theirs, nil},
			{"GET", "/v2/patients/" + theirs, nil},
			{"GET", "/v1/patients/" + theirs + "/ehr/candidates", nil},
			{"POST", "/v1/patients/" + theirs + "/ehr/connect", map[string]any{"ehr_partner_id": "1"}},
			{"POST", "/v1/patients/" + theirs + "/merge/preview", map[string]any{"patient_id": ours}},
			{"POST", "/v1/patients/" + ours + "/merge/preview", map[string]any{"patient_id": theirs}},
			{"POST", "/v1/patients/" + theirs + "/unmerge", nil},
			{"PUT", "/v1/patients/" + theirs + "/contact_details/email", map[string]any{"value": "a@example.org"}},
			{"GET", "/v1/patients/" + theirs + "/attachments", nil},
			{"POST", "/v1/patients/" + theirs + "/attachments",
				map[string]any{"file_name": "a.txt", "file_data": "RGVhciBBZGE="}},
		} {
			p.refused(404, "patient_not_found", c.method, c.path, c.body)
		}
		preview := p.ok("POST", "/v1/patients/"+ours+"/merge/preview",
			map[string]any{"patient_id": p.ok("POST", "/v1/patients/register",
				map[string]any{"first_name": "A", "last_name": "B", "dob": "1990-01-01",
					"mobile": "07700 900123"}).str("patient_id")})
		a := p.ask("POST", "/v1/patients/"+theirs+"/merge",
			map[string]any{"patient_id": ours, "merge_token": preview.str("merge_token")})
		if a.Status != 404 && a.Status != 409 {
			t.Fatalf("%d %s", a.Status, a.Text)
		}
	})
}

// TestNHSNumberIsUniqueUnderRandomMerges lets clients of two processes on
// one PostgreSQL, and of one on SQLite, register, merge and undo merges at
// random. Afterwards no NHS number is on two live patients, no pointer leads
// nowhere, and no appointment is of a patient who is gone.
func TestNHSNumberIsUniqueUnderRandomMerges(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		servers := []*process{start(t, address, "--rate-limit", "0")}
		if strings.HasPrefix(address, "postgres") {
			servers = append(servers, start(t, address, "--rate-limit", "0"))
		}
		creds := servers[0].creds
		slots := servers[0].call("GET", "/v1/slots?page_size=400", nil).data()
		numbers := []string{"9990009007", "9990009015", "9990009023", ""}
		var ids sync.Map
		var next int
		var mu sync.Mutex
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() {
				random := rand.New(rand.NewPCG(uint64(i), 11))
				for range 60 {
					s := servers[random.IntN(len(servers))]
					call := func(method, path string, body any) answer {
						a := s.call(method, path, body, key(creds.Key))
						if a.Status >= 500 {
							t.Errorf("%s %s: %d %s\n%s", method, path, a.Status, a.Text,
								s.logs.about(a.str("request_id")))
						}
						return a
					}
					anyone := func() string {
						var all []string
						ids.Range(func(k, _ any) bool { all = append(all, k.(string)); return true })
						if len(all) == 0 {
							return "1"
						}
						return all[random.IntN(len(all))]
					}
					switch random.IntN(6) {
					case 0, 1:
						r := map[string]any{"first_name": "Sam", "last_name": "Vole", "dob": "1980-01-01",
							"mobile": fmt.Sprintf("07700 9001%02d", random.IntN(100))}
						if n := numbers[random.IntN(len(numbers))]; n != "" {
							r["nhs_number"] = n
						}
						if a := call("POST", "/v1/patients/register", r); a.Status == 200 {
							ids.Store(a.str("patient_id"), true)
						}
					case 2, 3:
						a, b := anyone(), anyone()
						preview := call("POST", "/v1/patients/"+a+"/merge/preview", map[string]any{"patient_id": b})
						if preview.Status == 200 {
							call("POST", "/v1/patients/"+a+"/merge",
								map[string]any{"patient_id": b, "merge_token": preview.str("merge_token")})
						}
					case 4:
						call("POST", "/v1/patients/"+anyone()+"/unmerge", nil)
					case 5:
						mu.Lock()
						slot := slots[next%len(slots)]
						next++
						mu.Unlock()
						r := request(slot)
						r["patient_id"] = anyone()
						if a := call("POST", "/v1/appointments", r); a.Status == 200 {
							call("PATCH", "/v1/appointments/"+a.str("id")+"/book", nil)
						}
					}
				}
			})
		}
		wait.Wait()
		db := storetest.Raw(t, address)
		for what, query := range map[string]string{
			"NHS numbers on two live patients": `SELECT count(*) FROM (
				SELECT nhs_number FROM patient WHERE merged_into IS NULL AND nhs_number IS NOT NULL
				GROUP BY practice_group_id, nhs_number HAVING count(*) > 1) AS x`,
			"merged patients with an NHS number": `SELECT count(*) FROM patient
				WHERE merged_into IS NOT NULL AND nhs_number IS NOT NULL`,
			"pointers to missing patients": `SELECT count(*) FROM patient p
				WHERE merged_into IS NOT NULL AND NOT EXISTS (SELECT 1 FROM patient q
					WHERE q.practice_group_id = p.practice_group_id AND q.id = p.merged_into)`,
			"appointments of merged patients": `SELECT count(*) FROM appointment a
				JOIN patient p ON p.practice_group_id = a.practice_group_id AND p.id = a.patient_id
				WHERE p.merged_into IS NOT NULL`,
			"merged patients with no merge to undo": `SELECT count(*) FROM patient p
				WHERE merged_into IS NOT NULL AND NOT EXISTS (SELECT 1 FROM patient_merge m
					WHERE m.practice_group_id = p.practice_group_id AND m.from_id = p.id AND m.keep_id = p.merged_into
					AND m.undone_at IS NULL)`,
			"merges not undone of patients who live": `SELECT count(*) FROM patient_merge m
				JOIN patient p ON p.practice_group_id = m.practice_group_id AND p.id = m.from_id
				WHERE m.undone_at IS NULL AND p.merged_into IS NULL`,
		} {
			var n int
			if err := db.QueryRow(query).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if n != 0 {
				t.Errorf("%d %s", n, what)
			}
		}
		var merged int
		if err := db.QueryRow(`SELECT count(*) FROM patient_merge`).Scan(&merged); err != nil || merged < 10 {
			t.Fatalf("%d merges were tried, %v", merged, err)
		}
		storetest.CheckDiaries(t, address)
	})
}
