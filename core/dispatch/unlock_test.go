package dispatch_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/carrier"
	"frontdesk/core/contactpoint"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	patientstore "frontdesk/store/patient"
)

// guess gives a wrong date of birth so often.
func (d *kit) guess(link string, n int) error {
	d.Helper()
	var err error
	for range n {
		if _, err = d.s.Open(context.Background(), link, input.DayOf(1990, 1, 2)); err == nil {
			d.Fatal("a wrong date opens it")
		}
	}
	return err
}

func (d *kit) told(id messaging.ID) string {
	d.Helper()
	all, err := d.db.Events(d.ctx, int64(d.group), 0, 1000)
	if err != nil {
		d.Fatal(err)
	}
	var out []string
	for _, e := range all {
		if e.Subject == int64(id) {
			out = append(out, string(e.Type))
		}
	}
	return strings.Join(out, " ")
}

func TestALockedMessageIsAnEventAndCanBeUnlocked(t *testing.T) {
	withDesk(t, func(d *kit) {
		people := &patient.Service{Store: patientstore.New(d.db), Now: d.s.Now, NewID: d.db.NewID}
		ada, err := patienttest.Register(d.ctx, people,
			patient.Changes{FirstName: new("Ada"), LastName: new("Byron"), BirthDate: new(input.DayOf(1990, 1, 1)),
				Mobile: ptr("07700 900123")})
		if err != nil {
			d.Fatal(err)
		}
		taken, err := d.s.Send(d.ctx, messaging.Request{Patient: ada, Channel: carrier.Hero, Text: "Secret"})
		if err != nil {
			d.Fatal(err)
		}
		link := taken.PageURL[strings.LastIndexByte(taken.PageURL, '/')+1:]
		d.guess(link, 9)
		if m := d.state(taken.ID); m.Locked || len(m.Steps) != 0 {
			d.Fatalf("after nine: %+v", m)
		}
		d.clock = d.clock.Add(time.Minute)
		if err := d.guess(link, 1); !errors.Is(err, messaging.ErrWrongDate) {
			d.Fatal(err)
		}
		m := d.state(taken.ID)
		if !m.Locked || len(m.Steps) != 1 || m.Steps[0].What != messaging.Locked || !m.Steps[0].At.Equal(d.clock) ||
			m.Steps[0].Channel != carrier.Hero {
			d.Fatalf("after ten: %+v", m)
		}
		if err := d.guess(link, 2); !errors.Is(err, messaging.ErrLinkShut) {
			d.Fatal(err)
		}
		if _, err := d.s.Open(context.Background(), link, input.DayOf(1990, 1, 1)); !errors.Is(err, messaging.ErrLinkShut) {
			d.Fatalf("the right date opens it: %v", err)
		}
		if got := d.told(taken.ID); got != "message.delivered message.locked" {
			d.Fatalf("told %s", got)
		}

		key := access.Caller{Group: d.group, Home: d.group, Permissions: access.OfKey(access.Scopes, nil)}
		if _, err := d.s.Unlock(access.With(d.ctx, key), taken.ID); !errors.Is(err, access.ErrPermission) {
			d.Errorf("a key that may not: %v", err)
		}
		reads := access.Caller{Group: d.group, Home: d.group, Session: 1, Staff: 2,
			Permissions: []access.Permission{access.SeeMessages}}
		if _, err := d.s.Unlock(access.With(d.ctx, reads), taken.ID); !errors.Is(err, access.ErrPermission) {
			d.Errorf("staff who may not: %v", err)
		}
		key.Permissions = access.OfKey(access.Scopes, []access.KeyPermission{access.Staff})
		for range 2 { // the second finds nothing to unlock
			if _, err := d.s.Unlock(access.With(d.ctx, key), taken.ID); err != nil {
				d.Fatal(err)
			}
		}
		if m := d.state(taken.ID); m.Locked || len(m.Steps) != 2 || m.Steps[1].What != messaging.Unlocked {
			d.Fatalf("unlocked: %+v", m)
		}
		if o, err := d.s.Open(context.Background(), link, input.DayOf(1990, 1, 1)); err != nil || o.Text != "Secret" {
			d.Fatalf("got %+v, %v", o, err)
		}
		if got := d.told(taken.ID); got != "message.delivered message.locked message.unlocked message.read" {
			d.Fatalf("told %s", got)
		}
		// Ten more lock it again.
		d.guess(link, 10)
		if m := d.state(taken.ID); !m.Locked {
			d.Fatal("it is not locked again")
		}
	})
}

func TestAMessageSentAgainHasAPageOfItsOwn(t *testing.T) {
	withDesk(t, func(d *kit) {
		c := &post{name: "a", got: map[string]int{}}
		d.post = []carrier.Carrier{c}
		first := d.messages(1,
			func(r *messaging.Request) { r.Encrypted, r.Text, r.Purpose = true, "Secret", messaging.DirectCare })[0]
		d.dispatch(carrier.SMS)
		was := d.state(first)
		people := &patient.Service{Store: patientstore.New(d.db), Now: d.s.Now, NewID: d.db.NewID}
		moved := "07700 900777"
		if _, err := people.SetContactPoint(d.ctx, was.Patient, contactpoint.Mobile,
			patient.PointChange{Value: &moved}); err != nil {
			d.Fatal(err)
		}
		d.clock = d.clock.Add(time.Hour)
		again, err := d.s.SendAgain(d.ctx, first)
		if err != nil || again.ID == first || again.PageURL == "" || again.Link == was.Link || !again.Encrypted ||
			again.Content != "Secret" ||
			again.Contact != "+447700900777" || again.State != messaging.Queued || again.WriteToRecord {
			d.Fatalf("got %+v, %v", again, err)
		}
		if now := d.state(first); now.State != was.State || now.Link != was.Link {
			d.Errorf("the first is %+v", now)
		}
		if _, err := d.s.SendAgain(d.ctx, 5); !errors.Is(err, messaging.ErrNotFound) {
			d.Error(err)
		}
	})
}
