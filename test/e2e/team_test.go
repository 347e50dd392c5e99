package e2e

import (
	"net/http"
	"strconv"
	"testing"

	"frontdesk/test/wait"
)

// ofSecond asks as the second practice group.
func (p *program) ofSecond() with {
	return func(r *http.Request) {
		r.Header.Set("X-Api-Key", p.creds.Second.Key)
		r.Header.Set("X-Practice-Group-Id", p.creds.Second.Group)
	}
}

// practitioners are the ids of those patients are booked with, who are members of staff.
func (p *program) practitioners() []string {
	p.t.Helper()
	var out []string
	for _, one := range p.ok("GET", "/v1/practitioners", nil).data() {
		out = append(out, one["id"].(string))
	}
	return out
}

// team makes a team.
func (p *program) team(name string, members ...string) answer {
	p.t.Helper()
	return p.ok("POST", "/v1/admin_teams", map[string]any{"name": name, "member_ids": append([]string{}, members...)})
}

// numeric is an id as a number, which Send a Message takes.
func numeric(t testing.TB, id string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTeamsAreMadeChangedAndArchived(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		staff := p.practitioners()
		made := p.team("Reception", staff[0], staff[1])
		id := made.str("id")
		if members, _ := made.Body["member_ids"].([]any); made.str("name") != "Reception" || len(members) != 2 ||
			made.Body["archived_at"] != nil {
			t.Fatalf("got %s", made.Text)
		}
		p.refused(409, "admin_team_name_taken", "POST", "/v1/admin_teams", map[string]any{"name": "reception"})
		wrong := p.refused(404, "assignee_not_found", "POST", "/v1/admin_teams",
			map[string]any{"name": "x", "member_ids": []string{"1"}})
		if path := dig(wrong.Body, "message", 0, "path", 0); path != "member_ids" {
			t.Errorf("the field is %v", path)
		}
		path := "/v1/admin_teams/" + id
		changed := p.ok("PATCH", path, map[string]any{"member_ids": []string{}})
		if members, _ := changed.Body["member_ids"].([]any); len(members) != 0 || changed.str("name") != "Reception" {
			t.Fatalf("got %s", changed.Text)
		}
		p.ok("PATCH", path, map[string]any{"name": "Front desk", "member_ids": staff[:1]})
		p.team("Billing")
		all := p.ok("GET", "/v1/admin_teams?page_size=1&page_index=1", nil)
		if len(all.data()) != 1 || all.data()[0]["name"] != "Front desk" || all.Body["count"] != 2.0 {
			t.Errorf("listed %s", all.Text)
		}
		if of := p.ok("GET", "/v1/admin_teams?admin_id="+staff[0], nil); len(of.data()) != 1 ||
			of.data()[0]["id"] != id {
			t.Errorf("listed %s", of.Text)
		}
		// Another practice finds none of it.
		for _, o := range [][2]string{{"GET", path}, {"PATCH", path}, {"DELETE", path}} {
			var body any
			if o[0] == "PATCH" {
				body = map[string]any{"name": "Ours"}
			}
			p.refused(404, "admin_team_not_found", o[0], o[1], body, p.ofSecond())
		}
		if a := p.ok("GET", "/v1/admin_teams", nil, p.ofSecond()); len(a.data()) != 0 {
			t.Errorf("another practice sees %s", a.Text)
		}
		if gone := p.ok("DELETE", path, nil); gone.Body["archived_at"] == nil {
			t.Errorf("got %s", gone.Text)
		}
		if found := p.ok("GET", path, nil); found.Body["archived_at"] == nil || found.str("name") != "Front desk" {
			t.Errorf("got %s", found.Text)
		}
		p.refused(409, "admin_team_archived", "PATCH", path, map[string]any{"name": "x"})
	})
}

// TestAReplyIsATaskOfTheTeamItsMessageWasSentFor sends a message for a team over one door, and finds over the other the
// task that the patient's reply becomes.
func TestAReplyIsATaskOfTheTeamItsMessageWasSentFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		staff := p.practitioners()
		team := p.team("Reception", staff[0]).str("id")
		send := map[string]any{"recipient_contact_detail": "07700 900999", "assignee_id": numeric(t, team),
			"assignee_type": "AdminTeam"}
		id := p.sent("byron", "sms", send)
		if m := p.ok("GET", "/v1/messages/"+id, nil); m.str("assignee_id") != team ||
			m.str("assignee_type") != "AdminTeam" {
			t.Fatalf("got %s", m.Text)
		}
		tasks := `{ tasks { data { subject comments assignedToUserId assignedToUserName assignedToTeamId
			assignedToUser { id } patientName priority status } } }`
		var task any
		wait.Until(t, "the task", func() bool {
			got, _ := p.graphQL(p.creds.Token, tasks)
			all, _ := dig(got, "tasks", "data").([]any)
			for _, one := range all {
				if dig(one, "comments") == "Replies to message "+id+" wait for staff." {
					task = one
				}
			}
			return task != nil
		})
		if dig(task, "assignedToUserName") != "Reception" || dig(task, "assignedToUserId") != nil ||
			dig(task, "assignedToUser") != nil || dig(task, "assignedToTeamId") == nil || dig(task, "status") != "open" {
			t.Fatalf("got %v", task)
		}
		refused := p.refused(404, "assignee_not_found", "POST", "/v1/messages/send",
			p.message("byron", "sms", map[string]any{"assignee_id": numeric(t, staff[0]), "assignee_type": "AdminTeam"}))
		if path := dig(refused.Body, "message", 0, "path", 0); path != "assignee_id" {
			t.Errorf("the field is %v", path)
		}
		p.refused(404, "assignee_not_found", "POST", "/v1/messages/send",
			p.message("byron", "sms", map[string]any{"assignee_type": "AdminTeam"}))
		p.refused(409, "admin_team_in_use", "DELETE", "/v1/admin_teams/"+team, nil)
		// A member finds the team's tasks with their own.
		users, _ := p.graphQL(p.creds.Token, `{ users { data { id } } }`)
		found := 0
		for _, user := range dig(users, "users", "data").([]any) {
			with, a := p.graphQL(p.creds.Token, `{ tasks(options: {assignedTo: "`+dig(user, "id").(string)+
				`", includeTeams: true}) { data { comments } } }`)
			all, _ := dig(with, "tasks", "data").([]any)
			for _, one := range all {
				if dig(one, "comments") == dig(task, "comments") {
					found++
				}
			}
			if dig(a.Body, "errors") != nil {
				t.Fatal(a.Text)
			}
		}
		if found != 1 {
			t.Errorf("it is found with %d members of staff", found)
		}
	})
}

func TestAppointmentTypesAndFormLinksNameATeam(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, p *program) {
		team := p.team("Reception").str("id")
		kind := p.ok("GET", "/v1/appointment_types", nil).data()[0]
		if kind["assignee_id"] != nil || kind["assignee_type"] != nil {
			t.Fatalf("got %v", kind)
		}
		path := "/v1/appointment_types/" + kind["id"].(string)
		set := p.ok("PATCH", path, map[string]any{"assignee_id": team, "assignee_type": "AdminTeam"})
		if set.str("assignee_id") != team || set.str("assignee_type") != "AdminTeam" {
			t.Fatalf("got %s", set.Text)
		}
		kind = p.ok("GET", "/v1/appointment_types", nil).data()[0]
		if kind["assignee_id"] != team || kind["assignee_type"] != "AdminTeam" {
			t.Fatalf("got %v", kind)
		}
		p.refused(404, "assignee_not_found", "PATCH", path, map[string]any{"assignee_id": "1"})
		p.refused(409, "admin_team_in_use", "DELETE", "/v1/admin_teams/"+team, nil)
		if kept := p.ok("PATCH", path, map[string]any{"duration": 20}); kept.str("assignee_id") != team {
			t.Fatalf("got %s", kept.Text)
		}
		p.formLink(map[string]any{"assignee_id": team, "assignee_type": "AdminTeam"})
		// Replies to messages around such an appointment are for them.
		ada := p.patientBy("byron")
		p.appointmentAt(ada, p.slotFrom("2031-01-15", 0, map[string]any{"appointment_type_id": kind["id"]}))
		p.automatedBecomes(ada, "appointment_confirmed DELIVERED", "appointment_reminder SCHEDULED",
			"appointment_reminder SCHEDULED")
		automated := p.ok("GET", "/v2/automated_messages?recipient_id="+ada+"&notification_type=appointment_confirmed", nil)
		if m := p.ok("GET", "/v1/messages/"+automated.data()[0]["message_id"].(string), nil); m.str("assignee_id") != team ||
			m.str("assignee_type") != "AdminTeam" {
			t.Fatalf("got %s", m.Text)
		}
		free := p.ok("PATCH", path, map[string]any{"assignee_id": nil, "assignee_type": nil})
		if free.Body["assignee_id"] != nil || free.Body["assignee_type"] != nil {
			t.Fatalf("got %s", free.Text)
		}
		p.ok("DELETE", "/v1/admin_teams/"+team, nil)
		p.refused(404, "assignee_not_found", "PATCH", path,
			map[string]any{"assignee_id": team, "assignee_type": "AdminTeam"})
		// What is offered again is not an archived team's.
		next := p.team("Front office").str("id")
		p.ok("PATCH", path, map[string]any{"assignee_id": next, "assignee_type": "AdminTeam", "active": false})
		p.ok("DELETE", "/v1/admin_teams/"+next, nil)
		if on := p.ok("PATCH", path, map[string]any{"active": true}); on.Body["assignee_id"] != nil {
			t.Fatalf("got %s", on.Text)
		}
	})
}
