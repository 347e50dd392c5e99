package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"frontdesk/test/wait"
)

// episodes lists episodes, the query given.
func (p *program) episodes(query string) []map[string]any {
	p.t.Helper()
	a := p.ok("GET", "/v1/episodes"+query, nil)
	if a.Body["count"] != float64(len(a.data())) {
		p.t.Fatalf("%s says it counts another number: %s", query, a.Text)
	}
	return a.data()
}

// holds are the things in an episode, as their types and titles.
func (p *program) holds(id string) (all []string, last map[string]any) {
	p.t.Helper()
	a := p.ok("GET", "/v2/episodes/"+id, nil)
	for _, one := range a.Body["items"].([]any) {
		last = one.(map[string]any)
		all = append(all, fmt.Sprint(last["type"], " ", last["title"]))
	}
	if a.Body["item_count"] != float64(len(all)) {
		p.t.Fatalf("got %s", a.Text)
	}
	return all, last
}

// fillIn fills in the sandbox's form and sends it.
func (p *program) fillIn(at string, born url.Values) {
	p.t.Helper()
	browser := newVisitor(p.t)
	browser.smoker(at, born)
	_, text := browser.upload(at+"/upload?p=5", "bill.jpg", photo, "continue")
	sign := browser.found(formField, text, 0)
	check := browser.send(at+"/form", url.Values{"p": {"6"}, sign: {"Ada Byron"}}, "Check your answers")
	browser.send(at+"/send", url.Values{"d": {browser.found(draftID, check, 0)}}, "We look forward to meeting you")
}

// TestAPatientsMatterIsGathered has a patient answer, fill in a form and book, and finds all of it in one episode.
func TestAPatientsMatterIsGathered(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ada := p.patientBy("byron")
		answering := fields{"recipient_contact_detail": "07700 900999"} // which answers "Thank you"
		first := p.sent("byron", "sms", answering)
		wait.Until(t, "the reply to open an episode", func() bool { return len(p.episodes("?patient_id="+ada)) == 1 })
		e := p.episodes("?patient_id=" + ada)[0]
		id, path := e["id"].(string), "/v1/episodes/"+e["id"].(string)
		if e["status"] != "open" || e["priority"] != "medium" || e["opened_by"] != "reply" || len(e["assignees"].([]any)) !=
			0 || len(e["tasks"].([]any)) != 0 || e["patient"].(map[string]any)["hero_id"] != ada ||
			e["patient"].(map[string]any)["last_name"] != "Byron" || e["created_by"] != "system" {
			t.Fatalf("got %v", e)
		}
		if all, last := p.holds(id); len(all) != 1 || last["text"] != "Thank you" || last["status"] != "open" {
			t.Fatalf("got %v, the last %v", all, last)
		}
		if got := p.ok("GET", "/v1/messages/"+first, nil); got.Body["episode_id"] != nil {
			t.Fatalf("a message that is in none: %s", got.Text)
		}
		p.ok("PUT", path+"/items/message/"+first, nil)
		if got := p.ok("GET", "/v1/messages/"+first, nil); got.Body["episode_id"] != id {
			t.Fatalf("the message: %s", got.Text)
		}
		for _, list := range []string{"/v1/messages?patient_id=" + ada, "/v1/message_replies?open=true"} {
			if got := p.ok("GET", list, nil).data(); len(got) != 1 || got[0]["episode_id"] != id {
				t.Fatalf("%s: %v", list, got)
			}
		}

		// Staff answer from the episode, with a form that a nurse is to see.
		nurse := p.ok("GET", "/v1/practitioners", nil).data()[0]["id"].(string)
		given := p.ok("PATCH", path, fields{"status": "in_progress", "priority": "high",
			"assignees": []any{fields{"assignee_id": nurse, "assignee_type": "Admin"}}})
		if got := given.Body["assignees"].([]any); len(got) != 1 || got[0].(map[string]any)["assignee_id"] != nurse ||
			given.str("priority") != "high" || given.str("status") != "in_progress" {
			t.Fatalf("got %s", given.Text)
		}
		form := p.ok("GET", "/v1/forms?search=new+pat", nil).data()[0]["id"]
		asked := p.ok("POST", "/v1/messages/send", p.message("byron", "email", fields{"episode_id": id,
			"message_string": "Please fill this in: {{form_link}}",
			"form_link":      fields{"form_id": form, "assignee_id": nurse}}))
		dob := p.ok("GET", "/v2/patients/"+ada, nil).str("dob")[:10]
		born := url.Values{"year": {dob[:4]}, "month": {dob[5:7]}, "day": {dob[8:]}}
		p.fillIn(linkTo(t, asked.str("content")), born)
		tasks := p.ok("GET", path, nil).Body["tasks"].([]any)
		if len(tasks) != 1 || tasks[0].(map[string]any)["status"] != "open" {
			t.Fatalf("got %v", tasks)
		}

		// And the patient books by a link that was sent from it.
		offer := p.ok("POST", "/v1/messages/send", p.message("byron", "email", fields{"episode_id": id,
			"message_string": "Book a review: {{booking_link}}",
			"booking_link":   fields{"appointment_type_id": p.slot(0)["appointment_type_id"], "maximum_use_count": 1}}))
		browser := newVisitor(t)
		at := linkTo(t, offer.str("content"))
		page := browser.send(at, born, "Choose a time")
		check := browser.send(at+"/hold", url.Values{"time": {browser.found(timeButton, page, 5)}},
			"Check your appointment")
		before, _ := p.holds(id)
		browser.send(at+"/book", url.Values{"a": {browser.found(heldID, check, 0)}}, "Your appointment is booked")
		all, last := p.holds(id)
		if len(all) != len(before)+1 || last["type"] != "appointment" || last["status"] != "booked" {
			t.Fatalf("got %v after %v", all, before)
		}
		kinds := map[string]int{}
		for _, one := range all {
			kind, _, _ := strings.Cut(one, " ")
			kinds[kind]++
		}
		if fmt.Sprint(kinds) != "map[appointment:1 form_response:1 message:3 reply:1 task:1]" {
			t.Fatalf("got %v", all)
		}

		// Closed for a reason, and opened again by what comes shortly after.
		p.refused(400, "invalid_request", "PATCH", path, fields{"status": "closed"})
		shut := p.ok("PATCH", path, fields{"status": "closed", "reason": "Booked with the nurse"})
		if shut.str("reason") != "Booked with the nurse" || shut.str("closed_by") == "" || shut.str("closed_at") == "" {
			t.Fatalf("got %s", shut.Text)
		}
		p.sent("byron", "sms", answering)
		wait.Until(t, "the episode to be open again", func() bool {
			return p.ok("GET", path, nil).str("status") == "open"
		})
		if n := len(p.episodes("?patient_id=" + ada)); n != 1 {
			t.Fatalf("there are %d episodes", n)
		}
		var types []string
		for _, one := range p.ok("GET",
			"/v1/events?event_type=episode.opened&event_type=episode.closed&event_type=episode.reopened", nil).data() {
			if one["data"].(map[string]any)["episode_id"] != id {
				t.Fatalf("got %v", one)
			}
			types = append(types, one["event_type"].(string))
		}
		if strings.Join(types, " ") != "episode.opened episode.closed episode.reopened" {
			t.Fatalf("got %v", types)
		}
	})
}

// TestCareNavigationStaysInOneEpisode books what the answers to a form lead to.
func TestCareNavigationStaysInOneEpisode(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ada := p.patientBy("byron")
		form := p.published(aNavigation(p.slot(0)["appointment_type_id"],
			p.ok("GET", "/v1/practitioners", nil).data()[0]["id"]))
		page, _, _ := p.navigated(form.str("id"), ada, "No", "3", "Yes") // to a task
		if strings.Contains(page, "Choose a time") {
			t.Fatalf("got %s", page)
		}
		page, v, _ := p.navigated(form.str("id"), ada, "No", "7", "No") // to an appointment
		at := v.found(goesOn, page, 0)
		browser := newVisitor(t)
		page = browser.send(at, p.birthOf(ada), "Choose a time")
		check := browser.send(at+"/hold", url.Values{"time": {browser.found(timeButton, page, 5)}},
			"Check your appointment")
		browser.send(at+"/book", url.Values{"a": {browser.found(heldID, check, 0)}}, "Your appointment is booked")
		all := p.episodes("?patient_id=" + ada)
		if len(all) != 1 || all[0]["opened_by"] != "form_response" || all[0]["subject"] != "Sore throat" ||
			len(all[0]["tasks"].([]any)) != 1 {
			t.Fatalf("got %v", all)
		}
		things, last := p.holds(all[0]["id"].(string))
		if len(things) != 4 || last["type"] != "appointment" || last["status"] != "booked" {
			t.Fatalf("got %v, the last %v", things, last)
		}
	})
}

// TestEpisodesOverREST opens, lists and fills episodes with what was made over GraphQL.
func TestEpisodesOverREST(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		ada, nia := p.patientBy("byron"), p.patient()
		staff := p.ok("GET", "/v1/practitioners", nil).data()
		nurse, doctor := staff[0]["id"].(string), staff[1]["id"].(string)
		open := func(of, subject string, more fields) string {
			body := fields{"patient_id": of, "subject": subject}
			for k, v := range more {
				body[k] = v
			}
			return p.ok("POST", "/v1/episodes", body, once(subject)).str("id")
		}
		to := func(ids ...string) (out []any) {
			for _, id := range ids {
				out = append(out, fields{"assignee_id": id, "assignee_type": "Admin"})
			}
			return out
		}
		rash := open(ada, "rash", fields{"priority": "low", "assignees": to(nurse, doctor)})
		cough := open(nia, "cough", fields{"priority": "highest", "assignees": to(doctor)})
		letter := open(ada, "letter", fields{"status": "closed", "reason": "Sent"})
		if again := open(ada, "rash", fields{"priority": "low", "assignees": to(nurse, doctor)}); again != rash {
			t.Fatal("it was opened twice")
		}
		for _, c := range []struct{ query, want string }{
			{"", "letter cough rash"},
			{"?page_index=1&page_size=2", "rash"},
			{"?order_by[]=created_at", "rash cough letter"},
			{"?order_by%5B%5D=priority&order_descending%5B%5D=true", "cough letter rash"},
			{"?order_by[]=priority&order_by[]=created_at&order_descending[]=false&order_descending[]=true",
				"rash letter cough"},
			{"?status[]=open&status[]=in_progress", "cough rash"},
			{"?status[]=closed", "letter"},
			{"?priority[]=low&priority[]=medium", "letter rash"},
			{"?assignee_id[]=" + nurse, "rash"},
			{"?assignee_id[]=" + nurse + "&assignee_id[]=" + doctor, "cough rash"},
			{"?assignee_id[]=" + nurse + "&assignee_type[]=AdminTeam", ""},
			{"?assignee_id[]=" + nurse + "&assignee_type[]=Admin&assignee_type[]=Unassigned", "letter rash"},
			{"?assignee_type[]=Unassigned", "letter"},
			{"?assignee_type[]=Admin&status[]=open&order_by[]=priority", "rash cough"},
			{"?patient_id=" + nia, "cough"},
			{"?patient_id=1", ""},
		} {
			var got []string
			for _, e := range p.ok("GET", "/v1/episodes"+c.query, nil).data() {
				got = append(got, e["subject"].(string))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s: got %v, want %s", c.query, got, c.want)
			}
		}
		for query, field := range map[string]string{
			"?order_by[]=name": "order_by[]", "?order_descending[]=true": "order_descending[]",
			"?order_by[]=priority&order_descending[]=maybe": "order_descending[]",
			"?order_by[]=priority&order_by[]=priority":      "order_by[]",
			"?status[]=lost":           "status[]",
			"?priority[]=urgent":       "priority[]",
			"?assignee_type[]=Patient": "assignee_type[]",
			"?assignee_id[]=x":         "assignee_id[]", "?page_size=501": "page_size", "?patient_id=x": "patient_id",
		} {
			a := p.direct("GET", "/v1/episodes"+query, nil)
			if a.Status != http.StatusBadRequest || dig(a.Body, "message", 0, "path", 0) != field {
				t.Errorf("%s: got %d %s", query, a.Status, a.Text)
			}
		}

		task, booked := p.madeOverGraphQL()
		items := "/v1/episodes/" + rash + "/items/"
		for range 2 {
			p.ok("PUT", items+"task/"+task, nil)
			p.ok("PUT", items+"appointment/"+booked, nil)
		}
		shown := p.ok("GET", "/v1/episodes/"+rash, nil).Body["tasks"].([]any)
		if len(shown) != 1 || shown[0].(map[string]any)["id"] != task ||
			shown[0].(map[string]any)["status"] != "in_progress" {
			t.Fatalf("got %v", shown)
		}
		if all, _ := p.holds(rash); len(all) != 2 {
			t.Fatalf("got %v", all)
		}
		p.refused(409, "other_patient", "PUT", "/v1/episodes/"+cough+"/items/task/"+task, nil)
		p.ok("PUT", "/v1/episodes/"+letter+"/items/task/"+task, nil) // a move
		p.refused(404, "not_in_episode", "DELETE", items+"task/"+task, nil)
		p.ok("DELETE", "/v1/episodes/"+letter+"/items/task/"+task, nil)
		p.refused(404, "episode_item_not_found", "PUT", items+"form_response/1", nil)
		p.refused(404, "episode_item_not_found", "PUT", items+"reply/x", nil)
		p.refused(400, "invalid_request", "PUT", items+"invoice/1", nil)
		p.refused(409, "other_patient", "POST", "/v1/messages/send", p.message("byron", "sms",
			fields{"episode_id": cough}))
		p.refused(404, "episode_not_found", "POST", "/v1/messages/send", p.message("byron", "sms",
			fields{"episode_id": "1"}))
		p.refusedEpisodes(rash, task, ada)
	})
}

// madeOverGraphQL makes a task about Ada and books her an appointment, and gives their ids as REST has them.
func (p *program) madeOverGraphQL() (task, appointment string) {
	p.t.Helper()
	data, a := p.graphQL(p.creds.Token, `{ patients(search: "byron") { data { id } } practice { locations { id }
		appointmentTypes { id } } users(filters: {isClinician: true}) { data { id } } }`)
	ada, doctor := dig(data, "patients", "data", 0, "id"), dig(data, "users", "data", 0, "id")
	if ada == nil || doctor == nil {
		p.t.Fatal(a.Text)
	}
	made, a := p.graphQL(p.creds.Token, fmt.Sprintf(`mutation { createTask(taskData: {subject: "Ring her",
		assignedTo: "%v", patient: "%v", status: processing}) { data { id } error } }`, doctor, ada))
	hex, _ := dig(made, "createTask", "data", "id").(string)
	if len(hex) != 24 {
		p.t.Fatal(a.Text)
	}
	id, err := strconv.ParseInt(hex[10:], 16, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	made, a = p.graphQL(p.creds.Token, fmt.Sprintf(`mutation { createBooking(bookingData: {patient: "%v",
		location: "%v", bookingType: "%v", doctor: "%v", start: "2031-07-07T03:00:00.000Z",
		end: "2031-07-07T03:15:00.000Z"}) { data { reference } error } }`, ada,
		dig(data, "practice", "locations", 0, "id"), dig(data, "practice", "appointmentTypes", 0, "id"), doctor))
	appointment, _ = dig(made, "createBooking", "data", "reference").(string)
	if appointment == "" {
		p.t.Fatal(a.Text)
	}
	return strconv.FormatInt(id, 10), appointment
}

// refusedEpisodes asks for what there is not, and as those who may not.
func (p *program) refusedEpisodes(rash, task, ada string) {
	p.t.Helper()
	p.refused(404, "patient_not_found", "POST", "/v1/episodes", fields{"patient_id": "1", "subject": "x"})
	p.refused(404, "assignee_not_found", "PATCH", "/v1/episodes/"+rash, fields{"assignees": []any{
		fields{"assignee_id": "1", "assignee_type": "AdminTeam"}}})
	other := []with{key(p.creds.Second.Key), ofGroup(p.creds.Second.Group)}
	for _, ask := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/v1/episodes/" + rash, nil}, {"GET", "/v2/episodes/" + rash, nil},
		{"PATCH", "/v1/episodes/" + rash, fields{"priority": "low"}},
		{"PUT", "/v1/episodes/" + rash + "/items/task/" + task, nil},
		{"DELETE", "/v1/episodes/" + rash + "/items/task/" + task, nil},
	} {
		p.refused(404, "episode_not_found", ask.method, ask.path, ask.body, other...)
	}
	p.refused(404, "patient_not_found", "POST", "/v1/episodes", fields{"patient_id": ada, "subject": "x"}, other...)
	if a := p.ok("GET", "/v1/episodes?patient_id="+ada, nil, other...); len(a.data()) != 0 {
		p.t.Errorf("got %s", a.Text)
	}
	p.refused(403, "missing_scope", "GET", "/v1/episodes", nil, key(p.creds.Keys["booking"]))
	// A key that may not read messages sees that there is one.
	message := p.sent("byron", "sms", fields{"episode_id": rash})
	a := p.ok("GET", "/v2/episodes/"+rash, nil, key(p.creds.Keys["tasks"]))
	for _, one := range a.Body["items"].([]any) {
		if i := one.(map[string]any); i["id"] == message && i["hidden"] == true && i["text"] == "" {
			return
		}
	}
	p.t.Errorf("the message is not hidden: %s", a.Text)
}

// TestMergedPatientsBringTheirEpisodes merges two records and makes them two again.
func TestMergedPatientsBringTheirEpisodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		register := func(mobile string) string {
			return p.ok("POST", "/v1/patients/register", fields{"first_name": "Marty", "last_name": "Massam",
				"dob": "1920-08-11", "mobile": mobile}).str("patient_id")
		}
		keep, from := register("07700 900321"), register("07700 900322")
		if keep == from {
			t.Fatal("they are one already")
		}
		send := func(to, episode string) {
			p.ok("POST", "/v1/messages/send", fields{"patient_id": to, "message_type": "hero", "message_string": "Hello",
				"episode_id": episode})
		}
		e := p.ok("POST", "/v1/episodes", fields{"patient_id": from, "subject": "rash"}).str("id")
		send(from, e)
		preview := p.ok("POST", "/v1/patients/"+keep+"/merge/preview", fields{"patient_id": from})
		if preview.Body["moves"].(map[string]any)["episodes"] != 1.0 {
			t.Fatalf("got %s", preview.Text)
		}
		merged := p.ok("POST", "/v1/patients/"+keep+"/merge", fields{"patient_id": from,
			"merge_token": preview.str("merge_token")})
		if got := p.episodes("?patient_id=" + keep); len(got) != 1 ||
			got[0]["patient"].(map[string]any)["hero_id"] != keep {
			t.Fatalf("got %v", got)
		}
		if got := p.episodes("?patient_id=" + from); len(got) != 1 {
			t.Fatalf("by the id that is gone: %v", got)
		}
		send(keep, e)
		if all, _ := p.holds(e); len(all) != 2 {
			t.Fatalf("got %v", all)
		}
		p.ok("POST", "/v1/patients/"+from+"/unmerge", fields{"merge_id": merged.str("merge_id")})
		if got := p.episodes("?patient_id=" + from); len(got) != 1 || len(p.episodes("?patient_id="+keep)) != 0 {
			t.Fatalf("it did not go back: %v", got)
		}
		// What was sent since is the patient's who stayed, and not in the episode.
		if all, _ := p.holds(e); len(all) != 1 {
			t.Fatalf("got %v", all)
		}
	})
}
