package detail_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/api/apitest"
	"frontdesk/core"
	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/demographics"
	"frontdesk/core/detail"
	"frontdesk/core/diary"
	"frontdesk/core/dispatch"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/merge"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/core/reply"
	"frontdesk/core/seal"
	"frontdesk/core/webhook"
	"frontdesk/store"
	bookingstore "frontdesk/store/booking"
	demographicsstore "frontdesk/store/demographics"
	diarystore "frontdesk/store/diary"
	dispatchstore "frontdesk/store/dispatch"
	mergestore "frontdesk/store/merge"
	messagingstore "frontdesk/store/messaging"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	replystore "frontdesk/store/reply"
	"frontdesk/store/storetest"
)

// surgery is a small practice, and what its events leave out.
type surgery struct {
	*testing.T
	db         *store.DB
	core       *core.Core
	found      *detail.Service
	group      practice.ID
	ctx        context.Context
	clock      time.Time
	restricted demographics.Person
}

// Read is a national service that knows one person.
func (s *surgery) Read(context.Context, practice.ID, string) (demographics.Person, error) {
	return s.restricted, nil
}

func (s *surgery) Trace(context.Context, practice.ID, demographics.Trace) (demographics.Person, error) {
	return s.restricted, nil
}

func newSurgery(t *testing.T, db *store.DB) *surgery {
	s := &surgery{T: t, db: db, clock: time.Date(2031, time.January, 6, 7, 0, 0, 0, time.UTC)}
	now := func() time.Time { return s.clock }
	pages := func() string { return "https://desk.example.org" }
	box := sync.OnceValues(func() (*seal.Box, error) { return seal.Parse([]byte(seal.NewKey())) })
	days := &diary.Service{Store: diarystore.New(db), Practice: practicestore.New(db), Now: now, NewID: db.NewID}
	s.core = &core.Core{
		Practice: &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID},
		Patient:  &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID},
		Demographics: &demographics.Service{Store: demographicsstore.New(db), PDS: s, Pages: pages, Now: now,
			NewID: db.NewID},
		Merge:   &merge.Service{Store: mergestore.New(db), Now: now, NewID: db.NewID},
		Diary:   days,
		Booking: &booking.Service{Store: bookingstore.New(db), Diary: days, Now: now, NewID: db.NewID, Hold: time.Hour},
		Messaging: &messaging.Service{
			Store: messagingstore.New(db), Box: box, Pages: pages, Now: now, NewID: db.NewID,
			Carriers: func(context.Context, practice.ID, carrier.Channel) ([]carrier.Carrier, error) {
				return make([]carrier.Carrier, 1), nil
			},
		},
	}
	s.core.Reply = &reply.Service{
		Store: replystore.New(db), Now: now, NewID: db.NewID,
		Dispatch: &dispatch.Service{Store: dispatchstore.New(db), Messages: s.core.Messaging, Now: now, NewID: db.NewID},
	}
	s.found = &detail.Service{
		Patients: s.core.Patient, Bookings: s.core.Booking, Practices: s.core.Practice, Messages: s.core.Messaging,
		Replies: s.core.Reply,
	}
	g, err := s.core.Practice.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane", Sandbox: true})
	s.must(err)
	s.group, s.ctx = g.ID, access.With(context.Background(), access.Operator(g.ID))
	return s
}

func (s *surgery) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func at[T any](v T) *T { return &v }

func (s *surgery) register(first, number string) patient.ID {
	s.Helper()
	r := patient.Changes{FirstName: new(first), LastName: new("Byron"), BirthDate: new(input.DayOf(1985, 12, 10)),
		Mobile: at("07700 900123"), Email: at("ada@example.org")}
	if number != "" {
		r.NHSNumber = at(number)
	}
	id, err := patienttest.Register(s.ctx, s.core.Patient, r)
	s.must(err)
	return id
}

// details are those of an event as it is told, which must be of its shape.
func (s *surgery) details(e event.Event) map[string]any {
	s.Helper()
	text, err := s.found.Of(context.Background(), s.group, e)
	s.must(err)
	if text == nil {
		return nil
	}
	var data, out map[string]any
	s.must(json.Unmarshal(e.Data, &data))
	s.must(json.Unmarshal(text, &out))
	data["details"] = out
	if e.Data, err = json.Marshal(data); err != nil {
		s.Fatal(err)
	}
	apitest.Events(s, []event.Event{e})
	return out
}

// last is the last event of a type.
func (s *surgery) last(of event.Type) event.Event {
	s.Helper()
	all, err := s.db.Events(s.ctx, int64(s.group), 0, 1000)
	s.must(err)
	var out event.Event
	for _, e := range all {
		if e.Type == of {
			out = e
		}
	}
	if out.ID == 0 {
		s.Fatalf("there is no %s", of)
	}
	return out
}

func (s *surgery) same(what string, got, want any) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("%s: %s", what, diff)
	}
}

var ada = map[string]any{"first_name": "Ada", "last_name": "Byron", "dob": "1985-12-10", "mobile": "+447700900123",
	"email": "ada@example.org"}

func TestAppointmentEventsHaveNames(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newSurgery(t, db)
		place, err := s.core.Practice.CreateLocation(s.ctx, practice.LocationChange{Name: at("Town Hall")})
		s.must(err)
		gp := func(name string) practice.PractitionerID {
			p, err := s.core.Practice.CreatePractitioner(s.ctx, practice.PractitionerChange{Title: at("Dr"),
				FirstName: at("Chidi"), LastName: at(name)})
			s.must(err)
			return p.ID
		}
		okafor, abara := gp("Okafor"), gp("Abara")
		kind, err := s.core.Diary.CreateType(s.ctx, diary.TypeChange{Name: at("Routine"), Minutes: at(10),
			InPerson: at(true)})
		s.must(err)
		nine := s.clock.Add(2 * time.Hour)
		held, err := s.core.Booking.Reserve(s.ctx, booking.Request{Type: kind.ID, Location: place.ID,
			Practitioner: okafor, Start: nine, Length: 10 * time.Minute, Override: true})
		s.must(err)
		reserved := s.last(event.AppointmentReserved)
		names := map[string]any{"appointment_type": "Routine", "practitioner": "Dr Chidi Okafor",
			"location": "Town Hall"}
		s.same("a hold without a patient", s.details(reserved), names)
		_, err = s.core.Booking.Confirm(s.ctx, held.ID, booking.Confirmation{Patient: s.register("Ada", "")})
		s.must(err)
		names["patient"] = ada
		s.same("a confirmed one", s.details(s.last(event.AppointmentConfirmed)), names)
		_, err = s.core.Booking.Change(s.ctx, held.ID, booking.Change{Practitioner: &abara, Override: true,
			SuppressPolicy: true})
		s.must(err)
		s.same("what was told before it moved", s.details(s.last(event.AppointmentConfirmed)), names)
		names["practitioner"] = "Dr Chidi Abara"
		s.same("one that has moved", s.details(s.last(event.AppointmentRescheduled)), names)
	})
}

func TestMessageEventsHaveTheirTexts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newSurgery(t, db)
		sent, err := s.core.Messaging.Send(s.ctx, messaging.Request{
			Patient: s.register("Ada", ""), Channel: carrier.SMS, Text: "Your results are in.",
			SendAt: time.Date(2031, 1, 7, 9, 0, 0, 0, time.UTC), Fallback: carrier.Email,
		})
		s.must(err)
		for i, text := range []string{"Thanks", "What are they?"} {
			s.clock = s.clock.Add(time.Minute)
			s.must(s.core.Reply.Receive(s.ctx, s.group, "carrier", carrier.Report{Replies: []carrier.Reply{
				{ID: text, Channel: carrier.SMS, From: "+447700900123", Text: text,
					At: s.clock.Add(time.Duration(i) * time.Nanosecond)},
			}}))
		}
		whole := map[string]any{"patient": ada, "contact": "+447700900123", "subject": "A message from Mill Lane",
			"content": "Your results are in.", "reply": "What are they?"}
		replied := s.last(event.MessageReplied)
		s.same("a reply", s.details(replied), whole)
		delete(whole, "reply")
		_, err = s.core.Messaging.Cancel(s.ctx, sent.ID)
		s.must(err)
		cancelled := s.last(event.MessageCancelled)
		s.same("one called back", s.details(cancelled), whole)
		// The same moment as the reply's is no reason to tell the reply.
		s.edit(&cancelled, "at", s.clock)
		s.same("one called back at the time of the reply", s.details(cancelled), whole)
		s.edit(&cancelled, "channel", carrier.Email)
		whole["contact"] = "ada@example.org"
		s.same("on its second way", s.details(cancelled), whole)
	})
}

// edit changes an event's data.
func (s *surgery) edit(e *event.Event, field string, to any) {
	var data map[string]any
	s.must(json.Unmarshal(e.Data, &data))
	data[field] = to
	var err error
	e.Data, err = json.Marshal(data)
	s.must(err)
}

func TestPatientEventsShowThePatientAsTheyAreNow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newSurgery(t, db)
		keep, from := s.register("Ada", ""), s.register("Augusta", "")
		preview, err := s.core.Merge.Preview(s.ctx, keep, from)
		s.must(err)
		_, err = s.core.Merge.Merge(s.ctx, keep, from, preview.Token)
		s.must(err)
		merged := s.last(event.PatientMerged)
		s.same("a merge", s.details(merged), map[string]any{"patient": ada})
		s.edit(&merged, "patient_id", from.String())
		s.same("the one that was merged", s.details(merged), map[string]any{"patient": ada})

		s.edit(&merged, "patient_id", "1")
		if got := s.details(merged); got != nil {
			t.Errorf("a patient who is not there: %v", got)
		}
		for _, of := range event.Logged {
			e := event.Event{ID: 1, Group: int64(s.group), Type: of, Subject: 2, Sequence: 1, At: s.clock,
				Data: webhook.Sample(of)}
			if got := s.details(e); got != nil {
				t.Errorf("an invented %s: %v", of, got)
			}
		}
		s.clock = s.clock.Add(time.Minute)
		other, err := s.core.Practice.CreateGroup(context.Background(), practice.Group{Name: "High Street"})
		s.must(err)
		s.edit(&merged, "patient_id", keep.String())
		if got, err := s.found.Of(s.ctx, other.ID, merged); got != nil || err != nil {
			t.Errorf("another practice's patient: %s, %v", got, err)
		}
	})
}

func TestEventsOfARestrictedRecordHaveNoContactDetails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newSurgery(t, db)
		id := s.register("Ada", "9990000018")
		sent, err := s.core.Messaging.Send(s.ctx, messaging.Request{Patient: id, Channel: carrier.SMS, Text: "Hello",
			SendAt: time.Date(2031, 1, 7, 9, 0, 0, 0, time.UTC)})
		s.must(err)
		s.restricted = demographics.Person{NHSNumber: "9990000018", Version: "2", FirstName: "Ada", LastName: "Byron",
			Restricted: true}
		p, err := s.core.Patient.Patient(s.ctx, id)
		s.must(err)
		s.restricted.BirthDate = p.BirthDate
		_, err = s.core.Demographics.Register(s.ctx,
			demographics.Registration{NHSNumber: at("9990000018"), BirthDate: new(input.DayOf(1985, 12, 10))})
		s.must(err)
		hidden := map[string]any{"first_name": "Ada", "last_name": "Byron", "dob": "1985-12-10",
			"nhs_number": "9990000018"}
		s.same("what the national service says", s.details(s.last(event.DemographicsUpdated)),
			map[string]any{"patient": hidden})
		_, err = s.core.Messaging.Cancel(s.ctx, sent.ID)
		s.must(err)
		s.same("a message that was to go", s.details(s.last(event.MessageCancelled)), map[string]any{
			"patient": hidden, "subject": "A message from Mill Lane", "content": "Hello",
		})
	})
}
