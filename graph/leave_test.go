package graph

import (
	"context"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/assignee"
	"frontdesk/core/audit"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/episode"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/graph/wire"
)

const deleteUser = `mutation($id: ID!) { deleteUser(id: $id) { data { id deleted } error } }`

// colleague adds a member of staff who has chosen a password, and gives the id and the token of their session.
func (d *kit) colleague(name, role string) (id, token string) {
	d.t.Helper()
	email := strings.ToLower(name) + "@example.org"
	made := d.done("createUser", `mutation($email: String!, $name: String!, $role: String!) { createUser(userData: {
		firstName: $name, lastName: "Lee", email: $email, role: $role, isDoctor: true}) { data { id } error } }`,
		"email", email, "name", name, "role", role)
	_, err := d.core.Account.SetPassword(d.ctx, email, "correct horse battery")
	d.must(err)
	return made["id"].(string), d.signIn(email)
}

func (d *kit) signIn(email string) string {
	d.t.Helper()
	a := d.ask(`mutation($email: String!) { signIn(email: $email, password: "correct horse battery") { token } }`,
		"email", email)
	if at(d.t, a.Data, "signIn") == nil {
		return ""
	}
	return at(d.t, a.Data, "signIn.token").(string)
}

// notDeleted makes sure that a user is not deleted, and why.
func (d *kit) notDeleted(id string, want string) {
	d.t.Helper()
	a := d.ask(deleteUser, "id", id)
	if got, _ := at(d.t, a.Data, "deleteUser.error").(string); !strings.Contains(got, want) ||
		at(d.t, a.Data, "deleteUser.data") != nil {
		d.t.Errorf("got %s, want %q", a.text, want)
	}
}

func TestDeletedUserIsSignedOutAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		owner := d.token
		ann, hers := d.colleague("Ann", "everything")
		bea, _ := d.colleague("Bea", "frontdesk")
		invited := d.done("createUser", `mutation { createUser(userData: {firstName: "Cy", lastName: "Lee",
			email: "cy@example.org", role: "everything"}) { data { id } error } }`)["id"].(string)
		letter := `{ users { data { id } } }`
		if n := len(at(t, d.ask(letter).Data, "users.data").([]any)); n != 2 {
			t.Errorf("%d have signed in", n)
		}
		d.notDeleted(ann, account.ErrLastEditor.Message) // Cy has the role, and cannot sign in
		d.token = hers
		d.notDeleted(ann, account.ErrOwnAccount.Message)
		d.done("deleteUser", deleteUser, "id", bea)
		if got := d.signIn("bea@example.org"); got != "" {
			t.Error("a deleted user signed in")
		}
		d.token = owner
		dee, _ := d.colleague("Dee", "everything")
		holds(t, d.done("deleteUser", deleteUser, "id", ann), map[string]any{"id": ann, "deleted": true})
		d.token = hers
		if a := d.ask(letter); a.code() != "UNAUTHENTICATED" {
			t.Errorf("a session of a deleted user: %s", a.text)
		}
		d.token = owner
		d.done("deleteUser", deleteUser, "id", ann) // again, and nothing changes
		d.done("deleteUser", deleteUser, "id", invited)
		all := d.ask(`{ users(options: {includeDeleted: true}) { data { id deleted } } }`)
		if got := at(t, all.Data, "users.data").([]any); len(got) != 3 || at(t, got[0], "deleted") != true ||
			at(t, got[2], "id") != dee {
			t.Errorf("got %s", all.text)
		}
		if got := d.get("user.deleted", `query($id: ID!) { user(id: $id) { deleted } }`, "id", ann); got != true {
			t.Errorf("read by id: %v", got)
		}
		// Their address is free again.
		again, _ := d.colleague("Ann", "booking")
		if again == ann {
			t.Error("one user twice")
		}
		_, n, _ := wire.Decode(ann)
		log, err := d.core.Audit.List(d.ctx, audit.Query{Until: d.now.Load().Add(time.Hour),
			Subject: audit.Subject{Kind: "user", ID: n}, Action: "user.delete"}, 10)
		d.must(err)
		if len(log) != 1 {
			t.Errorf("the audit trail has %v", log)
		}
		d.token = d.newToken("billing")
		if a := d.ask(deleteUser, "id", dee); a.message() != "Missing permission settingsEditUsers" {
			t.Errorf("got %s", a.text)
		}
		d.join("Another")
		d.notDeleted(dee, account.ErrNotFound.Message)
	})
}

func TestUserWithAppointmentsAheadIsNotDeleted(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		doctor, _ := d.colleague("Omar", "booking")
		_, n, _ := wire.Decode(doctor)
		place, err := d.core.Practice.CreateLocation(d.ctx, practice.LocationChange{Name: new("Mill Lane")})
		d.must(err)
		kind, err := d.core.Diary.CreateType(d.ctx,
			diary.TypeChange{Name: new("Visit"), Minutes: new(20), InPerson: new(true)})
		d.must(err)
		ada, err := patienttest.Register(d.ctx, d.core.Patient,
			patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Mobile: new("07700 900123")})
		d.must(err)
		book := func(in time.Duration) booking.Appointment {
			a, err := d.core.Booking.Book(d.ctx, booking.Request{Patient: ada, Location: place.ID, Type: kind.ID,
				Practitioner: practice.PractitionerID(n), Start: d.now.Load().Add(in), Length: 20 * time.Minute,
				Override: true})
			d.must(err)
			return a
		}
		first, second := book(time.Hour), book(72*time.Hour)
		d.notDeleted(doctor, "2, the first of them at 2031-01-06T10:00:00Z")
		_, err = d.core.Booking.Cancel(d.ctx, second.ID, booking.Cancellation{})
		d.must(err)
		d.move(90 * time.Minute)
		d.done("deleteUser", deleteUser, "id", doctor)
		// What was booked with them stays, and says with whom.
		got := d.ask(`query($id: ID!) { booking(id: $id) { doctor { id fullName deleted } } }`, "id",
			wire.Encode(wire.KindBooking, first.ID))
		holds(t, at(t, got.Data, "booking").(map[string]any), map[string]any{"doctor.id": doctor,
			"doctor.fullName": "Omar Lee", "doctor.deleted": true})
		if people, err := d.core.Practice.Practitioners(access.With(context.Background(),
			access.Operator(d.group.ID)), false); err != nil || len(people) != 0 {
			t.Errorf("patients can be booked with %v, %v", people, err)
		}
	})
}

func TestUserWithWorkIsNotDeleted(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.colleague("Ann", "everything")
		bea, _ := d.colleague("Bea", "frontdesk")
		_, n, _ := wire.Decode(bea)
		task := d.done("createTask", createTask, "data", map[string]any{"subject": "Ring", "assignedTo": bea})
		ada, err := patienttest.Register(d.ctx, d.core.Patient, patient.Changes{FirstName: new("Ada"),
			LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)), Mobile: new("07700 900123")})
		d.must(err)
		of, err := d.core.Episode.Create(d.ctx, ada, episode.Change{Subject: new("Rash"),
			Assignees: &[]assignee.Ref{assignee.ToStaff(n)}})
		d.must(err)
		d.notDeleted(bea, "1 tasks and 1 episodes")
		d.done("updateTask", updateTask, "id", task["id"], "data", map[string]any{"status": "closed"})
		d.notDeleted(bea, "0 tasks and 1 episodes")
		_, err = d.core.Episode.Update(d.ctx, of.ID, episode.Change{Assignees: &[]assignee.Ref{}})
		d.must(err)
		d.done("deleteUser", deleteUser, "id", bea)
	})
}
