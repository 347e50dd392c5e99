package graph

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/event"
	"frontdesk/core/membership"
	"frontdesk/core/patient"
	billinggraph "frontdesk/graph/billing"
	"frontdesk/graph/wire"
	auditstore "frontdesk/store/audit"
	billingstore "frontdesk/store/billing"
)

// plan makes a product that is a membership.
func (d *kit) plan(name string) string {
	d.t.Helper()
	return d.product(map[string]any{"productType": "membership", "name": name, "price": 20})
}

const (
	joinPlan = `mutation($id: ID!, $plan: ID!, $start: String, $comments: String) { ` +
		`addPatientMembership(patientId: $id, membershipId: $plan, membershipStartDate: $start, comments: ` +
		`$comments) { data { ` + membershipAsked + ` } error } }`
	leavePlan = `mutation($id: ID!, $plan: ID!) { removePatientMembership(patientId: $id, membershipId: $plan) { ` +
		`data { ` +
		membershipAsked + ` } error } }`

	membershipAsked = `membershipName membershipStartDate membershipStartDateFormatted updatedAt`
)

func member(name, said, start any) map[string]any {
	return map[string]any{"membershipName": name, "membershipStartDate": said, "membershipStartDateFormatted": start}
}

func TestPatientHasOneMembershipAtATime(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		id := d.admit(`{first: "Ada", last: "Lovelace"}`)
		n := wire.Decoded[patient.ID](&id)
		gold, silver := d.plan("Gold"), d.plan("Silver")
		holds(t, d.done("addPatientMembership", joinPlan, "id", id, "plan", silver),
			member("Silver", "2031-01-06", "2031-01-06T00:00:00.000Z"))
		d.move(time.Hour)
		holds(t,
			d.done("addPatientMembership", joinPlan, "id", id, "plan", gold, "start", "2031-02-01T23:30:00-05:00",
				"comments",
				"Family"), member("Gold", "2031-02-01T23:30:00-05:00", "2031-02-01T00:00:00.000Z"))
		d.move(time.Hour)
		// The same again changes nothing.
		holds(t,
			d.done("addPatientMembership", joinPlan, "id", id, "plan", gold, "start", "2031-02-01", "comments",
				"Family"),
			map[string]any{
				"membershipStartDate": "2031-02-01T23:30:00-05:00", "updatedAt": "2031-01-06T10:00:00.000Z",
			})
		if _, wrong := d.payload("removePatientMembership", leavePlan, "id", id, "plan",
			silver); wrong != membership.ErrNoMembership.Message {
			t.Error(wrong)
		}
		holds(t, d.done("removePatientMembership", leavePlan, "id", id, "plan", gold), member(nil, nil, nil))
		if _, wrong := d.payload("removePatientMembership", leavePlan, "id", id, "plan",
			gold); wrong != membership.ErrNoMembership.Message {
			t.Error(wrong)
		}

		all, err := billingstore.NewMemberships(d.db).Memberships(d.ctx, d.group.ID, []patient.ID{n})
		d.must(err)
		var had []string
		for _, m := range all[n] {
			had = append(had, fmt.Sprint(m.Name, " ", m.Start, " until ", m.EndedAt.Format("15:04"), " ", m.Comments))
		}
		if got := strings.Join(had, "; "); got != "Silver 2031-01-06 until 10:00 ; Gold 2031-02-01 until 11:00 Family" {
			t.Errorf("the history is %s", got)
		}
		events, err := d.db.Events(d.ctx, int64(d.group.ID), 0, 100)
		d.must(err)
		var got []string
		ours := func(s string) string { return wire.Decoded[billing.ProductID](&s).String() }
		for _, e := range events {
			if e.Type == event.PatientMembershipUpdated {
				got = append(got, string(e.Data))
			}
		}
		want := []string{
			`{"patient_id":"` + n.String() + `","product_id":"` + ours(silver) + `"}`,
			`{"patient_id":"` + n.String() + `","previous_product_id":"` + ours(silver) + `","product_id":"` +
				ours(gold) + `"}`,
			`{"patient_id":"` + n.String() + `","previous_product_id":"` + ours(gold) + `"}`,
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		trail, err := auditstore.New(d.db).Trail(d.ctx, int64(d.group.ID), "patient", int64(n), 100)
		d.must(err)
		var kept []string
		for _, e := range trail {
			if strings.HasPrefix(e.Action, "patient.membership") {
				kept = append(kept, e.Action+fmt.Sprint(strings.Contains(string(e.Before), `"said":"2031-02-01T23`)))
			}
		}
		if got := strings.Join(kept,
			" "); got != "patient.membership.addfalse patient.membership.addfalse patient.membership.removetrue" {
			t.Errorf("the log has %s", got)
		}
	})
}

func TestMembershipsAreRefused(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		id := d.admit(`{first: "Ada", last: "Lovelace"}`)
		gold, old, plaster := d.plan("Gold"), d.plan("Old"), d.product(map[string]any{"name": "Plaster"})
		d.done("deleteProduct", `mutation($id: ID!) { deleteProduct(id: $id) { data { id } error } }`, "id", old)
		for _, c := range []struct{ id, plan, start, want string }{
			{id, plaster, "", membership.ErrNotMembership.Message},
			{id, old, "", billing.ErrProductDeleted.Message},
			{id, wire.Encode(wire.KindProduct, billing.ProductID(700)), "", billing.ErrProductNotFound.Message},
			{id, "x", "", billinggraph.ErrShortID.Message},
			{wire.Encode(wire.KindPatient, patient.ID(700)), gold, "", patient.ErrNotFound.Message},
			{id, gold, "soon", "membershipStartDate"},
			{id, gold, "1031-01-01", "membershipStartDate"},
			{id, gold, strings.Repeat("1", 41), "membershipStartDate"},
		} {
			if _, wrong := d.payload("addPatientMembership", joinPlan, "id", c.id, "plan", c.plan, "start",
				c.start); !strings.Contains(wrong, c.want) {
				t.Errorf("%+v: %q", c, wrong)
			}
		}
		holds(t, d.get("patient", `query($id: ID!) { patient(id: $id) { `+membershipAsked+` } }`, "id", id),
			member(nil, nil, nil))
		d.token = d.newToken("readonly")
		d.forbidden("editPatients", joinPlan, "id", id, "plan", gold)
		d.forbidden("editPatients", leavePlan, "id", id, "plan", gold)
	})
}

// TestMergeLeavesOneMembership merges patients who are members, and undoes it.
func TestMergeLeavesOneMembership(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		gold, silver := d.plan("Gold"), d.plan("Silver")
		of := func(id string) any {
			return d.get("patient.membershipName", `query($id: ID!) { patient(id: $id) { membershipName } }`, "id", id)
		}
		for _, c := range []struct {
			name         string
			keep, from   string // what each is a member of
			meanwhile    string // what the one that stayed is given before the merge is undone
			merged       any
			keeps, frees any
		}{
			{"both are members", gold, silver, "", "Gold", "Gold", "Silver"},
			{"only the one that goes", "", silver, "", "Silver", nil, "Silver"},
			{"only the one that stays", gold, "", "", "Gold", "Gold", nil},
			{"another is given meanwhile", "", silver, gold, "Silver", "Gold", nil},
		} {
			keep, from := d.admit(`{first: "Ada", last: "Lovelace"}`), d.admit(`{first: "Ada", last: "King"}`)
			for id, plan := range map[string]string{keep: c.keep, from: c.from} {
				if plan != "" {
					d.done("addPatientMembership", joinPlan, "id", id, "plan", plan)
				}
			}
			a, b := wire.Decoded[patient.ID](&keep), wire.Decoded[patient.ID](&from)
			p, err := d.core.Merge.Preview(d.ctx, a, b)
			d.must(err)
			_, err = d.core.Merge.Merge(d.ctx, a, b, p.Token)
			d.must(err)
			if got := of(keep); got != c.merged {
				t.Errorf("%s: merged, %v", c.name, got)
			}
			if c.meanwhile != "" {
				d.done("addPatientMembership", joinPlan, "id", keep, "plan", c.meanwhile)
			}
			_, err = d.core.Merge.Unmerge(d.ctx, b, 0)
			d.must(err)
			if k, f := of(keep), of(from); k != c.keeps || f != c.frees {
				t.Errorf("%s: two again, %v and %v", c.name, k, f)
			}
		}
	})
}

func TestMembershipsAreListedTogether(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		gold, n := d.plan("Gold"), 0
		d.flat("patients.data", `{ patients { data { `+membershipAsked+` } } }`, nil, func() int {
			for range 3 {
				n++
				d.done("addPatientMembership", joinPlan, "id", d.admit(fmt.Sprintf(`{first: "Ada", last: "L%d"}`, n)),
					"plan", gold)
			}
			return n
		})
	})
}
