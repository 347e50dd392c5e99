package record_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/carrier"
	"frontdesk/core/input"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/store"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	recordstore "frontdesk/store/record"
	"frontdesk/store/storetest"
)

// office is a practice with two patients.
type office struct {
	*testing.T
	db       *store.DB
	group    practice.ID
	ctx      context.Context
	records  *record.Service
	messages *messaging.Service
	people   *patient.Service
	ada, bob patient.ID
	clock    time.Time
}

func newOffice(t *testing.T, db *store.DB) *office {
	t.Helper()
	o := &office{T: t, db: db, clock: time.Date(2031, 1, 6, 9, 0, 0, 0, time.UTC)}
	now, pages := func() time.Time { return o.clock }, func() string { return "https://desk.example.org" }
	groups := &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
	g, err := groups.CreateGroup(context.Background(),
		practice.Group{Name: "Mill Lane", ODSCode: "Y12345", Phone: "01632 960100"})
	o.must(err)
	o.group, o.ctx = g.ID, access.With(context.Background(), access.Operator(g.ID))
	o.people = &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
	o.records = &record.Service{Store: recordstore.New(db), Writer: record.Own{}, Now: now, NewID: db.NewID,
		Pages: pages}
	o.messages = &messaging.Service{Store: messagingstore.New(db), Records: o.records, Now: now, NewID: db.NewID,
		Pages: pages}
	for first, id := range map[string]*patient.ID{"Ada": &o.ada, "Bob": &o.bob} {
		email := first + "@example.org"
		*id, err = patienttest.Register(o.ctx, o.people,
			patient.Changes{FirstName: new(first), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
				Email: &email})
		o.must(err)
	}
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// propose proposes a message for a patient's record.
func (o *office) propose(of patient.ID) int64 {
	o.Helper()
	who := access.Caller{Group: o.group, Home: o.group, Actor: "Reminders Ltd",
		Permissions: access.OfKey([]access.Scope{access.Messaging}, nil)}
	sent, err := o.messages.Send(access.With(o.ctx, who),
		messaging.Request{Patient: of, Channel: carrier.Hero, Text: "Hello", WriteToRecord: true})
	o.must(err)
	return sent.Record.ID
}

// grace is a member of staff who has signed in.
func (o *office) grace() access.Caller {
	return access.Caller{
		Group: o.group, Home: o.group, Session: 7, Staff: 8, Actor: "Grace Hopper (signed in)",
		Permissions: []access.Permission{access.ApproveRecordEntries, access.SeeMessages},
	}
}

func (o *office) decide(who access.Caller, id int64, approve bool) (record.Review, error) {
	return o.records.Decide(access.With(context.Background(), who), id, o.ada, approve)
}

// TestNoProgramApprovesWhatItProposed asks as everything that is no member of
// staff who has signed in, with every right a program can have.
func TestNoProgramApprovesWhatItProposed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		id := o.propose(o.ada)
		key := access.Caller{Group: o.group, Home: o.group, Key: 3, Actor: "Reminders Ltd",
			Permissions: access.OfKey(access.Scopes, access.KeyPermissions)}
		token := key
		token.Permissions = access.Permissions
		session := token
		session.Session = 9
		forged := token
		forged.Staff = 8
		reads, elsewhere := o.grace(), o.grace()
		reads.Permissions = []access.Permission{access.SeeMessages, access.SeeRecords, access.EditRecords}
		elsewhere.Group, elsewhere.Home = o.group+1, o.group+1
		for name, c := range map[string]struct {
			who  access.Caller
			want error
		}{
			"a key with every scope":      {key, access.ErrNotStaff},
			"a token with every right":    {token, access.ErrNotStaff},
			"the session of a key":        {session, access.ErrNotStaff},
			"a token that names a person": {forged, access.ErrNotStaff},
			"the command line":            {access.Operator(o.group), access.ErrNotStaff},
			"our own jobs":                {access.System(o.group), access.ErrNotStaff},
			"staff who may not":           {reads, access.ErrPermission},
			"another practice's staff":    {elsewhere, record.ErrNotFound},
		} {
			for _, approve := range []bool{true, false} {
				if _, err := o.decide(c.who, id, approve); !errors.Is(err, c.want) {
					t.Errorf("%s decides: %v", name, err)
				}
			}
			if _, err := o.records.Review(access.With(context.Background(), c.who), id); !errors.Is(err, c.want) {
				t.Errorf("%s looks: %v", name, err)
			}
		}
		if e, err := recordstore.New(db).RecordEntry(o.ctx, o.group, id); err != nil || e.Status != record.Pending ||
			e.DecidedBy != "" {
			t.Fatalf("kept %+v, %v", e, err)
		}
		got, err := o.decide(o.grace(), id, true)
		if err != nil || got.Status != record.Approved || got.DecidedBy != "Grace Hopper" || got.Decider != 8 ||
			got.Of.FirstName != "Ada" || got.ProposedBy != "Reminders Ltd" {
			t.Fatalf("got %+v, %v", got, err)
		}
		if got, err = o.decide(o.grace(), id, false); !errors.Is(err, record.ErrDecided) ||
			got.Status != record.Approved {
			t.Fatalf("got %+v, %v", got, err)
		}
		if _, err := o.records.Decide(access.With(context.Background(), o.grace()), o.propose(o.bob), o.ada,
			true); !errors.Is(err, record.ErrOtherRecord) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestWhatWaitsIsListed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		var ids []int64
		for _, of := range []patient.ID{o.ada, o.bob, o.ada, o.ada} {
			ids = append(ids, o.propose(of))
			o.clock = o.clock.Add(time.Minute)
		}
		_, err := o.decide(o.grace(), ids[0], true)
		o.must(err)
		_, err = o.decide(o.grace(), ids[2], false)
		o.must(err)
		o.clock = o.clock.Add(record.ApprovalLife) // the links are over, what waits waits on
		messages := access.Caller{Group: o.group, Home: o.group,
			Permissions: access.OfKey([]access.Scope{access.Messaging}, nil)}
		books, elsewhere := messages, messages
		books.Permissions = access.OfKey([]access.Scope{access.Booking}, nil)
		elsewhere.Group, elsewhere.Home = o.group+1, o.group+1
		for _, c := range []struct {
			name  string
			who   access.Caller
			ask   record.Search
			want  []int64
			count int
		}{
			{"what waits", messages, record.Search{PageSize: 10}, []int64{ids[1], ids[3]}, 2},
			{"staff ask", o.grace(), record.Search{PageSize: 10}, []int64{ids[1], ids[3]}, 2},
			{"one patient's", messages, record.Search{PageSize: 10, Patient: o.ada}, []int64{ids[3]}, 1},
			{"what was approved", messages, record.Search{PageSize: 10, Status: record.Approved}, ids[:1], 1},
			{"what was turned down", messages, record.Search{PageSize: 10, Status: record.Rejected}, ids[2:3], 1},
			{"a page", messages, record.Search{PageIndex: 1, PageSize: 1}, ids[3:], 2},
			{"a page after the last", messages, record.Search{PageIndex: 2, PageSize: 1}, nil, 2},
			{"another practice's", elsewhere, record.Search{PageSize: 10}, nil, 0},
		} {
			found, count, err := o.records.Find(access.With(context.Background(), c.who), c.ask)
			o.must(err)
			var got []int64
			for _, e := range found {
				got = append(got, e.ID)
				if name := map[patient.ID]string{o.ada: "Ada", o.bob: "Bob"}[e.Patient]; e.Of.FirstName != name {
					t.Errorf("%s: %d is for %q", c.name, e.ID, e.Of.FirstName)
				}
			}
			if len(got) != len(c.want) || count != c.count {
				t.Errorf("%s: got %v of %d", c.name, got, count)
				continue
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("%s: got %v, not %v", c.name, got, c.want)
				}
			}
		}
		if _, _, err := o.records.Find(access.With(context.Background(), books),
			record.Search{PageSize: 10}); !errors.Is(err,
			access.ErrPermission) {
			t.Errorf("a key that books: %v", err)
		}
		if _, _, err := o.records.Find(o.ctx, record.Search{Status: "lost", PageSize: 10}); err == nil {
			t.Error("there is no such state")
		}
		// Of a record that was deleted nothing is told.
		bob, err := o.people.Patient(o.ctx, o.bob)
		o.must(err)
		bob.DeletedAt = o.clock
		o.must(patientstore.New(db).Do(o.ctx, func(tx patient.Tx) error { return tx.SavePatient(o.ctx, o.group, bob) }))
		found, _, err := o.records.Find(o.ctx, record.Search{PageSize: 10})
		o.must(err)
		if len(found) != 2 || found[0].Of.FirstName != "" || !found[0].Of.Deleted() {
			t.Errorf("got %+v", found)
		}
	})
}
