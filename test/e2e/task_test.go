package e2e

import (
	"testing"

	"frontdesk/graph/wire"
)

// TestATaskIsOneOverBothDoors makes tasks over each door and reads them over the other.
func TestATaskIsOneOverBothDoors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		staff, ada := p.practitioners(), p.patientBy("byron")
		team := p.team("Reception", staff[0]).str("id")
		made := p.ok("POST", "/v1/tasks", map[string]any{"subject": "Ring Ada", "comments": "After noon.",
			"category": "call", "priority": "highest", "patient_id": ada, "due_date": "2031-01-09",
			"assignee_type": "admin_team", "assignee_id": team})
		id := made.str("id")
		if made.str("priority") != "highest" || made.str("type_label") != "Call" || made.str("status") != "open" ||
			made.str("details") != "Ring Ada\n\nAfter noon." || made.str("assignee_type") != "admin_team" {
			t.Fatalf("got %s", made.Text)
		}
		list := `{ tasks(options: {priority: high}) { data { id subject comments priority status taskType dueDate
			assignedToUserName patientName } } }`
		got, _ := p.graphQL(p.creds.Token, list)
		var there any
		all, _ := dig(got, "tasks", "data").([]any)
		for _, one := range all {
			if dig(one, "subject") == "Ring Ada" {
				there = one
			}
		}
		if dig(there, "priority") != "high" || dig(there, "taskType") != "call" ||
			dig(there, "assignedToUserName") != "Reception" || dig(there, "comments") != "After noon." {
			t.Fatalf("got %v", there)
		}
		// Written back as it is shown, it is still the highest.
		graphID := dig(there, "id").(string)
		_, a := p.graphQL(p.creds.Token, `mutation { updateTask(id: "`+graphID+`", taskData: {priority: high,
			status: processing}) { data { status priority } error } }`)
		if dig(a.Body, "data", "updateTask", "data", "priority") != "high" {
			t.Fatalf("got %s", a.Text)
		}
		one := p.ok("GET", "/v2/tasks/"+id, nil)
		if one.str("priority") != "highest" || one.str("status") != "in_progress" || one.str("category") != "call" ||
			dig(one.Body, "patient", "id") != ada || dig(one.Body, "patient", "last_name") != "Byron" ||
			one.str("assignee_id") != team {
			t.Fatalf("got %s", one.Text)
		}
		done := p.ok("PATCH", "/v1/tasks/"+id, map[string]any{"status": "closed", "priority": "lowest",
			"assignee_type": "admin", "assignee_id": staff[1]})
		if dig(done.Body, "data", "id") != id {
			t.Fatalf("got %s", done.Text)
		}
		got, _ = p.graphQL(p.creds.Token, `{ task(id: "`+graphID+`") { status priority assignedToUserName } }`)
		if dig(got, "task", "status") != "closed" || dig(got, "task", "priority") != "low" ||
			dig(got, "task", "assignedToUserName") == "Reception" {
			t.Fatalf("got %v", got)
		}
		// Made over GraphQL without a patient and a priority.
		_, a = p.graphQL(p.creds.Token, `{ users { data { id } } }`)
		user := dig(a.Body, "data", "users", "data", 0, "id").(string)
		p.graphQL(p.creds.Token, `mutation { createTask(taskData: {subject: "Tidy up", assignedTo: "`+user+
			`"}) { data { id } } }`)
		open := p.ok("GET", "/v1/tasks?status=open", nil)
		var tidy map[string]any
		for _, one := range open.data() {
			if one["subject"] == "Tidy up" {
				tidy = one
			}
		}
		if tidy["priority"] != nil || tidy["assignee_type"] != "admin" || tidy["patient_id"] != nil {
			t.Fatalf("got %v", tidy)
		}
		if one := p.ok("GET", "/v2/tasks/"+tidy["id"].(string), nil); one.Body["patient"] != nil ||
			one.str("details") != "Tidy up" {
			t.Fatalf("got %s", one.Text)
		}
	})
}

func TestATaskOfADeletedPatientIsStillShown(t *testing.T) {
	each(t, func(t *testing.T, p *program) {
		ada := p.patient()
		made := p.ok("POST", "/v1/tasks", map[string]any{"subject": "Ring", "patient_id": ada}).str("id")
		if got := p.ok("GET", "/v2/tasks/"+made, nil); dig(got.Body, "patient", "id") != ada {
			t.Fatalf("got %s", got.Text)
		}
		_, a := p.graphQL(p.creds.Token, `mutation { deletePatient(id: "`+graphID(wire.KindPatient, ada)+
			`") { data { id } error } }`)
		if dig(a.Body, "data", "deletePatient", "error") != nil {
			t.Fatal(a.Text)
		}
		got := p.ok("GET", "/v2/tasks/"+made, nil)
		if got.Body["patient"] != nil || got.str("patient_id") != ada || got.str("subject") != "Ring" {
			t.Fatalf("got %s", got.Text)
		}
		p.ok("PATCH", "/v1/tasks/"+made, map[string]any{"status": "closed"})
	})
}

func TestTasksAreListedByWhoseTheyAre(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		staff := p.practitioners()
		team := p.team("Reception", staff[0]).str("id")
		for subject, of := range map[string][2]string{"x team": {"admin_team", team}, "x hers": {"admin", staff[0]},
			"x his": {"admin", staff[1]}, "x none": {}} {
			body := map[string]any{"subject": subject, "priority": "low"}
			if of[0] != "" {
				body["assignee_type"], body["assignee_id"] = of[0], of[1]
			}
			p.ok("POST", "/v1/tasks", body)
		}
		for query, want := range map[string]int{
			"assignee_type=admin_team&assignee_id=" + team:     1,
			"assignee_id=" + staff[0]:                          1,
			"include_teams=true&assignee_id=" + staff[0]:       2,
			"assignee_type=unassigned":                         1,
			"assignee_type=admin_team&assignee_id=" + staff[0]: 0,
			"priority=lowest&priority=highest":                 0,
			"status=closed":                                    0,
			"":                                                 4,
		} {
			a := p.ok("GET", "/v1/tasks?priority=low&"+query, nil)
			if query[:min(8, len(query))] == "priority" {
				a = p.ok("GET", "/v1/tasks?"+query, nil)
			}
			n := 0
			for _, one := range a.data() {
				if s, _ := one["subject"].(string); len(s) > 2 && s[:2] == "x " {
					n++
				}
			}
			if n != want || a.Body["count"].(float64) < float64(want) {
				t.Errorf("%s: %d, want %d: %s", query, n, want, a.Text)
			}
		}
		id := p.ok("GET", "/v1/tasks?priority=low&page_size=1", nil).data()[0]["id"].(string)
		p.refused(404, "task_not_found", "GET", "/v2/tasks/"+id, nil, p.ofSecond())
		p.refused(404, "task_not_found", "PATCH", "/v1/tasks/"+id, map[string]any{"status": "closed"}, p.ofSecond())
		p.refused(404, "assignee_not_found", "POST", "/v1/tasks", map[string]any{"subject": "x",
			"assignee_type": "admin_team", "assignee_id": team}, p.ofSecond())
		for _, one := range p.ok("GET", "/v1/tasks", nil, p.ofSecond()).data() {
			if s, _ := one["subject"].(string); len(s) > 2 && s[:2] == "x " {
				t.Errorf("another practice sees %v", one)
			}
		}
		p.refused(400, "invalid_request", "PATCH", "/v1/tasks/"+id, map[string]any{"status": "lost"})
	})
}

func TestAdminsAreListedAndSign(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		all := p.ok("GET", "/v1/admins?order_by=first_name&order_descending=true&page_index=0&page_size=500", nil)
		if len(all.data()) < 2 || float64(len(all.data())) != all.Body["count"] {
			t.Fatalf("got %s", all.Text)
		}
		one := all.data()[0]
		id := one["id"].(string)
		if one["external_prescriber_id"] != nil || one["prescriber_details"] != nil {
			t.Fatalf("got %v", one)
		}
		second := p.ok("GET", "/v1/admins?page_size=1&page_index=1&order_by=first_name&order_descending=true", nil)
		if len(second.data()) != 1 || second.data()[0]["id"] != all.data()[1]["id"] {
			t.Errorf("got %s", second.Text)
		}
		for _, query := range []string{"page_size=x", "page_size=0", "page_size=501", "order_by=email",
			"page_index=-1"} {
			p.refused(400, "invalid_request", "GET", "/v1/admins?"+query, nil)
		}
		path := "/v1/admins/" + id
		set := p.ok("PATCH", path, map[string]any{"external_prescriber_id": "rx-1", "prescriber_details": map[string]any{
			"name": "Dr Reed", "email": "rx@example.org", "registration_code": "1234567"}})
		if set.str("admin_id") != id {
			t.Fatalf("got %s", set.Text)
		}
		p.refused(400, "invalid_request", "PATCH", path, map[string]any{"external_prescriber_id": ""})
		p.refused(400, "invalid_request", "PATCH", path, map[string]any{"prescriber_details": map[string]any{
			"email": "rx"}})
		p.ok("PATCH", path, map[string]any{})
		for _, a := range p.ok("GET", "/v1/admins", nil).data() {
			if a["id"] == id && (a["external_prescriber_id"] != "rx-1" ||
				dig(a, "prescriber_details", "registration_code") != "1234567") {
				t.Errorf("got %v", a)
			}
		}
		p.refused(404, "signature_not_found", "GET", path+"/signature", nil)
		signed := p.ok("POST", path+"/signature", map[string]any{"signature": "iVBORw0KGgoAAAANSUhEUgAAAAE="})
		if signed.str("admin_id") != id {
			t.Fatalf("got %s", signed.Text)
		}
		if got := p.ok("GET", path+"/signature", nil); got.str("media_type") != "image/png" ||
			got.str("signature") != "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAE=" {
			t.Fatalf("got %s", got.Text)
		}
		p.refused(400, "invalid_request", "POST", path+"/signature", map[string]any{"signature": ""})
		for _, o := range [][2]string{{"PATCH", path}, {"POST", path + "/signature"}, {"GET", path + "/signature"}} {
			body, code := any(map[string]any{"signature": "x"}), "user_not_found"
			switch o[0] {
			case "PATCH":
				body = map[string]any{}
			case "GET":
				body, code = nil, "signature_not_found"
			}
			p.refused(404, code, o[0], o[1], body, p.ofSecond())
		}
	})
}

func TestAKeySeesThePracticeGroupsItReaches(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		all := p.ok("GET", "/v1/practice-groups", nil)
		if first := all.data()[0]; first["id"] != p.creds.Group || float64(len(all.data())) != all.Body["count"] {
			t.Fatalf("got %s", all.Text)
		}
		for _, g := range all.data() {
			p.ok("GET", "/v1/me", nil, ofGroup(g["id"].(string)))
		}
		elements := p.ok("GET", "/v1/me/elements", nil)
		if list, ok := elements.Body["data"].([]any); !ok || len(list) != 0 || elements.Body["count"] != 0.0 {
			t.Errorf("got %s", elements.Text)
		}
	})
}
