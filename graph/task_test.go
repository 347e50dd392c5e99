package graph

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/patient"
	"frontdesk/core/task"
	"frontdesk/graph/wire"
)

const taskFieldsAsked = `id patient { id fullName } patientId patientName assignedToUser { id fullName }
	assignedToUserId assignedToUserName subject dueDate
	taskType priority comments createdBy { id } createdByUserId createdByName lastUpdatedBy { id } lastUpdatedByUserId
	lastUpdatedByName
	createdAt updatedAt assignedAt status deleted`

const createTask = `mutation($data: CreateTaskDataInput!) { createTask(taskData: $data) { data { ` + taskFieldsAsked +
	` } error } }`

const updateTask = `mutation($id: ID!, $data: UpdateTaskDataInput!) { updateTask(id: $id, taskData: $data) { data { ` +
	taskFieldsAsked + ` } error } }`

// staff adds a user, who may be booked with or not.
func (d *kit) staff(first string, doctor bool) string {
	d.t.Helper()
	return d.done("createUser",
		`mutation($first: String!, $email: String!, $doctor: Boolean) { createUser(userData: {firstName: $first,
			lastName: "Khan", email: $email,
		role: "frontdesk", isDoctor: $doctor}) { data { id } error } }`, "first", first, "doctor", doctor,
		"email", fmt.Sprintf("%s%d@example.org", strings.ToLower(first), d.group.ID))["id"].(string)
}

func TestTasks(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		amir, ada := d.staff("Amir", true), d.person("Ada")
		made := d.done("createTask", createTask, "data", map[string]any{
			"subject": "Ring Ada", "comments": "About her results.", "assignedTo": amir, "patient": ada,
			"dueDate":  "2031-01-09",
			"taskType": "call", "priority": "high",
		})
		holds(t, made, map[string]any{
			"subject": "Ring Ada", "comments": "About her results.", "patientId": ada, "patient.id": ada,
			"patientName": "Ms Ada Byron", "assignedToUserId": amir,
			"assignedToUser.id": amir, "assignedToUserName": "Amir Khan", "dueDate": "2031-01-09T00:00:00.000Z",
			"taskType": "call", "priority": "high",
			"createdBy": nil, "createdByUserId": nil, "createdByName": "Website", "lastUpdatedBy": nil,
			"lastUpdatedByName": "Website", "status": "open",
			"deleted": false, "createdAt": "2031-01-06T09:00:00.000Z", "updatedAt": "2031-01-06T09:00:00.000Z",
			"assignedAt": "2031-01-06T09:00:00.000Z",
		})
		id := made["id"].(string)
		d.move(time.Minute)
		holds(t,
			d.done("updateTask", updateTask, "id", id, "data",
				map[string]any{"status": "closed", "dueDate": nil, "patient": nil, "taskType": nil, "priority": nil,
					"assignedTo": nil}),
			map[string]any{
				"status": "closed", "dueDate": nil, "patient": nil, "patientId": nil, "patientName": nil,
				"taskType": nil,
				"priority": "unset", "subject": "Ring Ada",
				"assignedToUserId": amir, "updatedAt": "2031-01-06T09:01:00.000Z",
				"assignedAt": "2031-01-06T09:00:00.000Z",
			})
		holds(t, d.done("updateTask", updateTask, "id", id, "data", map[string]any{}),
			map[string]any{"status": "closed"})
		holds(t, d.get("task", `query($id: ID!) { task(id: $id) { id subject } }`, "id", id),
			map[string]any{"id": id, "subject": "Ring Ada"})

		// The user who signed in created it; not only clinicians have tasks.
		rita := d.staff("Rita", false)
		email := d.get("user.email", `query($id: ID!) { user(id: $id) { email } }`, "id", rita).(string)
		_, err := d.core.Account.SetPassword(d.ctx, email, "correct horse battery staple")
		d.must(err)
		everything := d.token
		d.token = d.get("signIn.token",
			`mutation($email: String) { signIn(email: $email, password: "correct horse battery staple") { token } }`,
			"email",
			email).(string)
		holds(t, d.done("updateTask", updateTask, "id", id, "data", map[string]any{"assignedTo": rita}), map[string]any{
			"assignedToUserId": rita, "lastUpdatedByUserId": rita, "lastUpdatedBy.id": rita,
			"lastUpdatedByName": "Rita Khan",
			"createdByUserId":   nil,
			"createdByName":     "Website", "assignedAt": "2031-01-06T09:01:00.000Z",
		})

		d.token = everything
		_, err = d.core.Task.Delete(d.ctx, wire.Decoded[task.ID](&id))
		d.must(err)
		if got := d.get("task.deleted", `query($id: ID!) { task(id: $id) { deleted } }`, "id", id); got != true {
			t.Errorf("got %v", got)
		}
		if _, wrong := d.payload("updateTask", updateTask, "id", id, "data",
			map[string]any{}); wrong != task.ErrDeleted.Message {
			t.Error(wrong)
		}
	})
}

func TestTasksAreRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		amir, ada := d.staff("Amir", true), d.person("Ada")
		for _, c := range []struct {
			name string
			data map[string]any
			want string
		}{
			{"nothing to do", map[string]any{"subject": " ", "assignedTo": amir}, "subject"},
			{"assigned to a patient", map[string]any{"subject": "X", "assignedTo": ada}, assignee.ErrNotFound.Message},
			{"assigned to no one", map[string]any{"subject": "X", "assignedTo": ""}, assignee.ErrNotFound.Message},
			{"about a user", map[string]any{"subject": "X", "assignedTo": amir, "patient": amir},
				patient.ErrNotFound.Message},
			{"an id that is none", map[string]any{"subject": "X", "assignedTo": "amir"},
				`Cast to ObjectId failed for value "amir"`},
		} {
			if _, wrong := d.payload("createTask", createTask, "data", c.data); !strings.Contains(wrong, c.want) {
				t.Errorf("%s: %q", c.name, wrong)
			}
		}
		id := d.done("createTask", createTask, "data",
			map[string]any{"subject": "X", "assignedTo": amir, "patient": ada})["id"]
		if a := d.ask(`{ task(id: "0") { id } }`); a.message() != `Cast to ObjectId failed for value "0" (type `+
			`string) at path "_id"` {
			t.Error(a.text)
		}
		d.token = d.newToken("readonly")
		d.forbidden("editTasks", createTask, "data", map[string]any{"subject": "X", "assignedTo": amir})
		d.forbidden("editTasks", updateTask, "id", id, "data", map[string]any{})
		d.role("clerk", "seeTasks")
		a := d.ask(`query($id: ID!) { task(id: $id) { subject patientName assignedToUser { id } } }`, "id", id)
		if len(a.Errors) != 2 || at(t, a.Data, "task.subject") != "X" ||
			!strings.Contains(a.text, "Missing permission seePatients") ||
			!strings.Contains(a.text, "Missing permission settingsSeeUsers") {
			t.Error(a.text)
		}
		d.token = d.newToken("billing")
		d.forbidden("seeTasks", `query($id: ID!) { task(id: $id) { id } }`, "id", id)
		d.forbidden("seeTasks", `{ tasks { data { id } } }`)

		d.join("Another")
		if got := d.get("task", `query($id: ID!) { task(id: $id) { id } }`, "id", id); got != nil {
			t.Errorf("another practice sees %v", got)
		}
		all := d.get("tasks.data", `{ tasks(options: {includeDeleted: true}) { data { id } } }`)
		if got := all.([]any); len(got) != 0 {
			t.Errorf("another practice sees %v", got)
		}
		if _, wrong := d.payload("updateTask", updateTask, "id", id, "data",
			map[string]any{}); wrong != task.ErrNotFound.Message {
			t.Error(wrong)
		}
		here := d.staff("Beth", true)
		if _, wrong := d.payload("createTask", createTask, "data",
			map[string]any{"subject": "X", "assignedTo": amir}); !strings.Contains(wrong, assignee.ErrNotFound.Message) {
			t.Error(wrong)
		}
		if _, wrong := d.payload("createTask", createTask, "data",
			map[string]any{"subject": "X", "assignedTo": here, "patient": ada}); wrong != patient.ErrNotFound.Message {
			t.Error(wrong)
		}
	})
}

func TestTasksAreListed(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := 0
		var amir, ada string
		kinds := []string{"general", "call", "lab"}
		grow := func() int {
			for range 3 {
				amir, ada = d.staff("Amir"+string(rune('a'+made)), true), d.person("Ada"+string(rune('a'+made)))
				made++
				d.done("createTask", createTask, "data", map[string]any{
					"subject": fmt.Sprint("Task ", made), "assignedTo": amir, "patient": ada,
					"dueDate": fmt.Sprintf("2031-02-%02d", made), "taskType": kinds[made%3],
					"priority": map[bool]string{true: "low", false: "high"}[made == 2],
				})
			}
			return made
		}
		d.flat("tasks.data", `{ tasks { data { `+taskFieldsAsked+` } pageInfo { page pageSize hasMore } } }`, nil, grow)
		for _, c := range []struct {
			name, options string
			want          int
		}{
			{"no options", `{}`, 6},
			{"one kind, as a word", `{taskType: call}`, 2},
			{"two kinds", `{taskType: [call, lab, null]}`, 4},
			{"a priority", `{priority: [low]}`, 1},
			{"a state", `{status: closed}`, 0},
			{"a stretch of dates", `{dueDate: {start: "2031-02-02", end: "2031-02-04"}}`, 3},
			{"an open stretch", `{dueDate: {start: "2031-02-05"}}`, 2},
			{"an empty stretch", `{dueDate: {}}`, 6},
			{"assigned to a user", `{assignedTo: "` + amir + `"}`, 1},
			{"assigned to a patient", `{assignedTo: "` + ada + `"}`, 0},
			{"about a patient", `{patient: "` + ada + `"}`, 1},
			{"about a user", `{patient: "` + amir + `"}`, 0},
			{"made later", `{createdAt: {start: "2031-01-06T10:00:00Z"}}`, 0},
			{"nulls", `{includeDeleted: null, taskType: null, status: null, assignedTo: null, dueDate: null}`, 6},
		} {
			if got := d.get("tasks.data", `{ tasks(options: `+c.options+
				`) { data { id } } }`).([]any); len(got) != c.want {
				t.Errorf("%s: there are %d, not %d", c.name, len(got), c.want)
			}
		}
		a := d.ask(`{ tasks(pagination: {page: 2, pageSize: 4}) { data { subject } pageInfo { page pageSize hasMore ` +
			`} } }`)
		holds(t, a.Data,
			map[string]any{"tasks.data.1.subject": "Task 6", "tasks.pageInfo.page": 2.0, "tasks.pageInfo.pageSize": 4.0,
				"tasks.pageInfo.hasMore": false})
		a = d.ask(`{ tasks(options: {dueDate: {start: "2031-02-02T10:00"}}) { data { id } } }`)
		if a.message() != "Invalid date" || a.code() != codeInput {
			t.Error(a.text)
		}
	})
}
