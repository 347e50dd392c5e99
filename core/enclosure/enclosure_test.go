package enclosure_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/enclosure"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/selfbooking"
	"frontdesk/core/template"
)

func TestAMessageCarriesALinkOfItsPatient(t *testing.T) {
	each(t, func(k *kit) {
		l := k.file(k.ctx, k.ada, nil)
		for _, c := range []struct {
			name, text string
			want       enclosure.Want
			goes       string
		}{
			{"last, by its id", "Your letter:", enclosure.Want{Link: l.ID}, "Your letter:\n" + l.URL},
			{"last, by its UUID", "Your letter:", enclosure.Want{UUID: l.UUID}, "Your letter:\n" + l.URL},
			{"in its place", "See {{attachment_link}} soon", enclosure.Want{UUID: l.UUID}, "See " + l.URL + " soon"},
		} {
			taken := k.send(c.text, c.want)
			if taken.Content != c.goes || taken.Parts != template.CountParts(c.goes).Parts {
				k.Errorf("%s: kept %q in %d parts", c.name, taken.Content, taken.Parts)
			}
			if went := k.deliver(); len(went) != 1 || went[0] != c.goes {
				k.Errorf("%s: %q went", c.name, went)
			}
			shown := k.message(taken.ID).Carries
			if shown == nil || shown.ID != l.ID || shown.Kind != link.Attachment || shown.Name != "Letter.txt" ||
				shown.Status != link.Unused {
				k.Errorf("%s: the message shows %+v", c.name, shown)
			}
		}
		if got := k.leads(l.URL); got.Patient != k.ada {
			k.Errorf("it leads to %v", got.Patient)
		}
	})
}

func TestALinkThatIsNotThePatientsIsRefused(t *testing.T) {
	each(t, func(k *kit) {
		theirs := k.person(k.other, "Mary", &born, "07700 900125")
		elsewhere, graces := k.file(k.other, theirs, nil), k.file(k.ctx, k.grace, nil)
		mine, withdrawn := k.file(k.ctx, k.ada, nil), k.file(k.ctx, k.ada, nil)
		_, err := k.links.Withdraw(k.ctx, withdrawn.ID)
		k.must(err)
		soon := k.file(k.ctx, k.ada, &input.Bound{At: k.clock.Add(time.Hour), Day: input.NoDate})
		for _, c := range []struct {
			name, text string
			want       enclosure.Want
			at         time.Time
			err        error
		}{
			{"another patient's", "x", enclosure.Want{Link: graces.ID}, time.Time{}, enclosure.ErrOthers},
			{"another practice's", "x", enclosure.Want{Link: elsewhere.ID}, time.Time{}, enclosure.ErrNoLink},
			{"another practice's UUID", "x", enclosure.Want{UUID: elsewhere.UUID}, time.Time{}, enclosure.ErrNoLink},
			{"none", "x", enclosure.Want{Link: 7}, time.Time{}, enclosure.ErrNoLink},
			{"a withdrawn one", "x", enclosure.Want{Link: withdrawn.ID}, time.Time{}, link.ErrWithdrawn},
			{"one that ends before", "x", enclosure.Want{Link: soon.ID}, k.clock.Add(2 * time.Hour), link.ErrExpired},
			{"a placeholder of another kind", "{{booking_link}}", enclosure.Want{Link: mine.ID}, time.Time{}, nil},
			{"two links", "x", enclosure.Want{Link: mine.ID, Booking: k.offer()}, time.Time{}, nil},
			{"two placeholders", "{{booking_link}} {{appointment_link}}", enclosure.Want{Booking: k.offer()}, time.Time{}, nil},
			{"nothing to book", "{{booking_link}}", enclosure.Want{}, time.Time{}, nil},
			{"no type to book", "x", enclosure.Want{Booking: &selfbooking.Change{}}, time.Time{}, nil},
			{"a form", "{{form_link}}", enclosure.Want{}, time.Time{}, nil},
			{"no file", "{{attachment_link}}", enclosure.Want{}, time.Time{}, nil},
			{"no appointment", "{{appointment_link}}", enclosure.Want{}, time.Time{}, enclosure.ErrNoAppointment},
		} {
			_, err := k.messages.Send(k.ctx, messaging.Request{Patient: k.ada, Channel: carrier.SMS, Text: c.text,
				Carries: c.want, SendAt: c.at})
			var f *fault.Error
			if c.err == nil && (!errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) == 0) ||
				c.err != nil && !errors.Is(err, c.err) {
				k.Errorf("%s: %v", c.name, err)
			}
		}
		if _, n, err := k.messages.Messages(k.ctx, messaging.Search{}); err != nil || n != 0 {
			k.Errorf("%d messages were kept, %v", n, err)
		}
		if n := k.count(link.Booking); n != 0 {
			k.Errorf("%d booking links were made", n)
		}
	})
}

func TestALinkIsJudgedAgainWhenItsMessageGoes(t *testing.T) {
	for name, c := range map[string]struct {
		change func(k *kit, l link.Link)
		code   string // empty is that it goes
	}{
		"nothing happens": {func(*kit, link.Link) {}, ""},
		"it is withdrawn": {func(k *kit, l link.Link) {
			_, err := k.links.Withdraw(k.ctx, l.ID)
			k.must(err)
		}, link.ErrWithdrawn.Code},
		"it has a new address": {func(k *kit, l link.Link) {
			_, err := k.links.Reissue(k.ctx, l.ID)
			k.must(err)
		}, enclosure.ErrNewAddress.Code},
		"it is locked": {func(k *kit, l link.Link) {
			for range 10 {
				_, err := k.links.Prove(k.ctx, l.URL[strings.LastIndexByte(l.URL, '/')+1:], born-1)
				k.want(err, link.ErrWrongDate)
			}
		}, link.ErrLocked.Code},
		"its patient is merged": {func(k *kit, _ link.Link) {
			plan, err := patienttest.Merging(k.db, k.people).Preview(k.ctx, k.grace, k.ada)
			k.must(err)
			_, err = patienttest.Merging(k.db, k.people).Merge(k.ctx, k.grace, k.ada, plan.Token)
			k.must(err)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(k *kit) {
				l := k.file(k.ctx, k.ada, nil)
				taken := k.send("Your letter:", enclosure.Want{Link: l.ID}, func(r *messaging.Request) {
					r.SendAt, r.Fallback, r.FallbackContact = k.clock.Add(time.Hour), carrier.Email, "ada@example.org"
				})
				c.change(k, l)
				k.clock = k.clock.Add(time.Hour)
				went, m := k.deliver(), k.message(taken.ID)
				switch {
				case c.code == "" && (len(went) != 1 || m.State != messaging.Sent):
					k.Errorf("%d went, and it is %s %s", len(went), m.State, m.Code)
				case c.code == "":
					k.leads(went[0])
				case len(went) != 0 || m.State != messaging.Failed || m.Code != c.code:
					k.Errorf("%d went, and it is %s %s, want failed %s", len(went), m.State, m.Code, c.code)
				}
			})
		})
	}
}

func TestABookingLinkIsMadeWithItsMessage(t *testing.T) {
	each(t, func(k *kit) {
		taken := k.send("Book here: {{booking_link}}. Mill Lane", enclosure.Want{Booking: k.offer()})
		l := k.leads(k.deliver()[0])
		if l.Kind != link.Booking || l.Patient != k.ada || *l.MaxUses != 1 || k.count(link.Booking) != 1 {
			k.Errorf("the link is %+v", l)
		}
		if m := k.message(taken.ID); m.Carries.Name != "Routine" || m.Carries.Status != link.Opened {
			k.Errorf("the message shows %+v", m.Carries)
		}
		// The same message once more has the same link.
		again, err := k.messages.SendAgain(k.ctx, taken.ID)
		k.must(err)
		if again.Content != taken.Content || again.ShortLink != l.ID || k.count(link.Booking) != 1 {
			k.Errorf("sent again: %q", again.Content)
		}
		_, err = k.links.Reissue(k.ctx, l.ID)
		k.must(err)
		_, err = k.messages.SendAgain(k.ctx, taken.ID)
		k.want(err, enclosure.ErrNewAddress)
		// What is not to be sent needs no link.
		k.must(k.messages.OptOut(k.ctx, carrier.SMS, "07700 900123", true))
		off := k.send("Book: {{booking_link}}", enclosure.Want{Booking: k.offer()}, func(r *messaging.Request) {
			r.Purpose = messaging.Other
		})
		if off.State != messaging.Suppressed || off.Content != "Book: {{booking_link}}" || k.count(link.Booking) != 1 {
			k.Errorf("a message that is not wanted is %s: %q", off.State, off.Content)
		}
		// On a page of its own, the text has the link.
		hidden := k.send("Book: {{booking_link}}", enclosure.Want{Booking: k.offer()}, func(r *messaging.Request) {
			r.Encrypted = true
		})
		if went := k.deliver(); len(went) != 1 || address.MatchString(went[0]) {
			k.Errorf("%q went of an encrypted message", went)
		}
		k.leads(hidden.Content)
		// A patient without a date of birth could not open one.
		k.ageless(k.ada)
		_, err = k.messages.Send(k.ctx, messaging.Request{Patient: k.ada, Channel: carrier.SMS, Text: "Book",
			Carries: enclosure.Want{Booking: k.offer()}})
		k.want(err, enclosure.ErrNoBirthDate)
	})
}

func TestAnAppointmentKeepsItsLink(t *testing.T) {
	each(t, func(k *kit) {
		k.appointment(k.ada, 72*time.Hour)
		next := k.appointment(k.ada, 48*time.Hour)
		one := k.leads(k.send("See {{appointment_link}}", enclosure.Want{}).Content)
		two := k.leads(k.send("Again: {{appointment_link}}", enclosure.Want{}).Content)
		if one.ID != two.ID || one.Appointment != int64(next.ID) || !one.ExpiresAt.Equal(next.End) ||
			k.count(link.Appointment) != 1 {
			k.Errorf("links %+v and %+v", one, two)
		}
		k.deliver()
		later := k.send("Again: {{appointment_link}}", enclosure.Want{}, func(r *messaging.Request) {
			r.SendAt = k.clock.Add(time.Hour)
		})
		_, err := k.book.Cancel(k.ctx, next.ID, booking.Cancellation{})
		k.must(err)
		k.clock = k.clock.Add(time.Hour)
		if went, m := k.deliver(), k.message(later.ID); len(went) != 0 || m.Code != link.ErrOff.Code {
			k.Errorf("%q went, and it is %s %s", went, m.State, m.Code)
		}
		// It is dead when the appointment is over.
		k.clock = next.End
		_, err = k.links.Look(k.ctx, address.FindStringSubmatch(one.URL)[1])
		k.want(err, link.ErrExpired)
	})
}
