package graph

import (
	"strings"
	"testing"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/audit"
	"frontdesk/core/diary"
	"frontdesk/core/practice"
	"frontdesk/graph/wire"
)

func TestThePractice(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		place, err := d.core.Practice.CreateLocation(d.ctx,
			practice.LocationChange{Name: new("Mill Lane"),
				Address: &practice.Address{Line1: "1 Mill Lane", Line2: "Old Town", Town: "Leeds",
					Postcode: "LS1 4AP"}})
		d.must(err)
		_, err = d.core.Practice.CreateLocation(d.ctx, practice.LocationChange{Name: new("Closed"), Active: new(false)})
		d.must(err)
		_, err = d.core.Diary.CreateType(d.ctx,
			diary.TypeChange{Name: new("New patient"), Minutes: new(30), Price: new(4550), InPerson: new(true)})
		d.must(err)
		_, err = d.core.Account.SaveAccessGroup(d.ctx, account.AccessGroup{Name: "Diabetes", Label: "DM"})
		d.must(err)
		room := wire.Encode(wire.KindRoom, place.ID)
		a := d.ask(`mutation($id: ID!) { updateLocationMetadata(locationId: $id, key: "erp", value: "7") { data { `+
			`id } error } }`, "id", wire.Encode(wire.KindPlace, place.ID))
		if at(t, a.Data, "updateLocationMetadata.error") != nil {
			t.Fatal(a.text)
		}
		a = d.ask(`{ practice { id name timezone logo patientSharingMode contactSharingMode branding { secondaryLogo }
			locations { id name groupName groupId address { address city postcode country } metadata { key value } }
			appointmentTypes { id title duration price color } accessGroups { name label } } }`)
		for path, want := range map[string]any{
			"practice.id": wire.Encode(wire.KindPractice, d.group.ID), "practice.name": "Mill Lane",
			"practice.timezone":           "Europe/London",
			"practice.logo":               nil,
			"practice.patientSharingMode": "fallback", "practice.contactSharingMode": "link",
			"practice.locations.0.id": room, "practice.locations.0.groupId": wire.Encode(wire.KindPlace, place.ID),
			"practice.locations.0.groupName":        "Mill Lane",
			"practice.locations.0.address.address":  "1 Mill Lane, Old Town",
			"practice.locations.0.address.country":  "GB",
			"practice.locations.0.metadata.0.value": "7", "practice.appointmentTypes.0.title": "New patient",
			"practice.appointmentTypes.0.duration": 30.0, "practice.appointmentTypes.0.price": 45.5,
			"practice.accessGroups.0.label": "DM",
		} {
			if got := at(t, a.Data, path); got != want {
				t.Errorf("%s is %v, want %v", path, got, want)
			}
		}
		if n := len(at(t, a.Data, "practice.locations").([]any)); n != 1 {
			t.Errorf("there are %d places", n)
		}
	})
}

func TestMetadataHasLimits(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		place, err := d.core.Practice.CreateLocation(d.ctx, practice.LocationChange{Name: new("Mill Lane")})
		d.must(err)
		set := func(key, value string) any {
			return d.get("updateLocationMetadata.error",
				`mutation($id: ID!, $k: String!, $v: String!) { updateLocationMetadata(locationId: $id, key: $k, `+
					`value: $v) { data { id } error } }`,
				"id", wire.Encode(wire.KindRoom, place.ID), "k", key, "v", value)
		}
		for i := range 50 {
			if e := set(strings.Repeat("k", 1+i%40)+string(rune('a'+i/40)), "v"); e != nil && i%40 != 39 {
				t.Fatalf("key %d: %v", i, e)
			}
		}
		for _, c := range []struct {
			name, key, value string
			want             any
		}{
			{"a long key", strings.Repeat("k", 41), "v", "A key has 1 to 40 characters."},
			{"a long value", "a", strings.Repeat("é", 501), "A value has at most 500 characters."},
			{"as long as may be", "ka", strings.Repeat("é", 500), nil},
		} {
			if got := set(c.key, c.value); got != c.want {
				t.Errorf("%s: %v", c.name, got)
			}
		}
		set("last", "v")
		if got := set("one more", "v"); got != "There can be at most 50 keys." {
			t.Errorf("the 51st: %v", got)
		}
		drop := `mutation($id: ID!) { deleteLocationMetadata(locationId: $id, key: "last") { data { metadata { key ` +
			`} } error } }`
		a := d.ask(drop, "id", wire.Encode(wire.KindRoom, place.ID))
		if n := len(at(t, a.Data, "deleteLocationMetadata.data.metadata").([]any)); n != 49 {
			t.Errorf("there are %d", n)
		}
		a = d.ask(drop, "id", wire.Encode(wire.KindRoom, place.ID))
		if at(t, a.Data, "deleteLocationMetadata.data") != nil ||
			at(t, a.Data, "deleteLocationMetadata.error") != practice.ErrNoKey.Message ||
			at(t, a.Ext, "errors.deleteLocationMetadata") != practice.ErrNoKey.Code {
			t.Error(a.text)
		}
		d.join("Another")
		if got := d.get("updateLocationMetadata.error",
			`mutation($id: ID!) { updateLocationMetadata(locationId: $id, key: "a", value: "b") { data { id }
				error } }`, "id",
			wire.Encode(wire.KindRoom, place.ID)); got != practice.ErrLocationNotFound.Message {
			t.Errorf("another practice: %v", got)
		}
	})
}

func TestStaff(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		group, err := d.core.Account.SaveAccessGroup(d.ctx,
			account.AccessGroup{Name: "All staff", Label: "All", Public: true})
		d.must(err)
		a := d.ask(`mutation { createUser(userData: {firstName: "Amir", lastName: "Khan", email: "amir@example.org",
			role: "booking", title: "Dr", isDoctor: true,
			gender: male, pronouns: heHim, medicalSpecialties: ["Dermatology"], minimumTreatmentAge: 5,
			enableAllPublicAccessGroup: true, registration: "7012345",
			mobileNumber: {number: "07700900123"}, settings: {calendarColor: "#fff"}}) { data { id fullName isDoctor
			accessGroups { id } medicalSpecialties minimumTreatmentAge createdAt updatedAt metadata { key } deleted }
			error } }`)
		id, _ := at(t, a.Data, "createUser.data.id").(string)
		if id == "" || at(t, a.Data, "createUser.data.fullName") != "Dr Amir Khan" ||
			at(t, a.Data, "createUser.data.accessGroups.0.id") != wire.Encode(wire.KindAccessGroup, group.ID) ||
			at(t, a.Data, "createUser.data.createdAt") != "2031-01-06T09:00:00.000Z" ||
			at(t, a.Data, "createUser.data.updatedAt") != "2031-01-06T09:00:00.000Z" {
			t.Fatal(a.text)
		}
		d.move(time.Minute)
		a = d.ask(`mutation($id: ID!) { updateUser(id: $id, userData: {pronouns: null, positionTitle: "Partner",
			accessGroupIds: []}) {
			data { pronouns gender positionTitle accessGroups { id } updatedAt minimumTreatmentAge } error } }`, "id",
			id)
		if at(t, a.Data, "updateUser.data.pronouns") != nil || at(t, a.Data, "updateUser.data.gender") != "male" ||
			at(t, a.Data, "updateUser.data.positionTitle") != "Partner" ||
			at(t, a.Data, "updateUser.data.updatedAt") != "2031-01-06T09:01:00.000Z" ||
			len(at(t, a.Data, "updateUser.data.accessGroups").([]any)) != 0 {
			t.Fatal(a.text)
		}
		for _, c := range []struct{ name, data, want string }{
			{"a role that is none", `{role: "king"}`, "There is no such role."},
			{"a blank name", `{firstName: " "}`, "firstName"},
			{"a locum for an unknown user", `{locumFor: "69555b8002000000000001aa"}`, account.ErrNotFound.Message},
			{"an id that is none", `{locumFor: "x"}`, "Cast to ObjectId failed"},
		} {
			a := d.ask(`mutation($id: ID!) { updateUser(id: $id, userData: `+c.data+`) { data { id } error } }`, "id",
				id)
			if got, _ := at(t, a.Data, "updateUser.error").(string); !strings.Contains(got, c.want) ||
				at(t, a.Data, "updateUser.data") != nil {
				t.Errorf("%s: %s", c.name, a.text)
			}
		}
		if got := d.get("users.data.0.id",
			`{ users(options: {includeUnvalidated: true}, filters: {isClinician: true}) { data { id }
				pageInfo { page pageSize hasMore } } }`); got != id {
			t.Errorf("got %v", got)
		}
		if a := d.ask(`{ users { data { id } } }`); len(at(t, a.Data, "users.data").([]any)) != 0 {
			t.Errorf("who was only invited is listed: %s", a.text)
		}
		if got := d.get("user.lastName", `query($id: ID!) { user(id: $id) { lastName } }`, "id", id); got != "Khan" {
			t.Errorf("got %v", got)
		}
		if a := d.ask(`{ user(id: "nope") { id } }`); a.code() != codeInput ||
			!strings.HasPrefix(a.message(), `Cast to ObjectId failed for value "nope"`) {
			t.Error(a.text)
		}
		d.token = d.newToken("billing")
		d.must(nil)
		a = d.ask(`mutation($id: ID!) { updateUser(id: $id, userData: {title: "Mr"}) { data { id } error } }`, "id", id)
		if a.message() != "Missing permission settingsEditUsers" || a.code() != "FORBIDDEN" ||
			at(t, a.Data, "updateUser") != nil {
			t.Error(a.text)
		}
		d.join("Another")
		if got := d.get("user", `query($id: ID!) { user(id: $id) { lastName } }`, "id", id); got != nil {
			t.Errorf("another practice sees %v", got)
		}
	})
}

func TestLogNamesTheOperation(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		place, err := d.core.Practice.CreateLocation(d.ctx, practice.LocationChange{Name: new("Mill Lane")})
		d.must(err)
		d.ask(`query Everything { practice { id } labs { data { id } } }`)
		d.ask(`mutation M($id: ID!) { updateLocationMetadata(locationId: $id, key: "", value: "") { error } }`, "id",
			wire.Encode(wire.KindRoom, place.ID))
		d.ask(`{ user(id: "69555b8002000000000001aa") { id } }`)
		d.ask(`{ nonsense }`)
		entries, err := d.core.Audit.List(d.ctx, audit.Query{From: time.Time{}, Until: d.now.Load().Add(time.Hour)}, 0)
		d.must(err)
		var got []string
		for _, e := range entries {
			if e.Door == "graphql" {
				if e.Actor != "Website" || e.KeyID == 0 || e.RequestID == "" {
					t.Errorf("got %+v", e)
				}
				got = append(got, strings.Join([]string{e.Operation, e.Action, e.Outcome, strings.Join(e.Subjects,
					" ")}, "|"))
			}
		}
		want := []string{
			"Everything|graphql.practice|ok|practice_group:" + d.group.ID.String(),
			"M|graphql.updateLocationMetadata|metadata_key|location:" + place.ID.String(),
			"|graphql.user|ok|",
		}
		for _, w := range want {
			found := false
			for _, g := range got {
				found = found || g == w
			}
			if !found {
				t.Errorf("%q is not in %q", w, got)
			}
		}
	})
}
