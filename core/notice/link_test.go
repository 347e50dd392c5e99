package notice_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/enclosure"
	"frontdesk/core/link"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	enclosurestore "frontdesk/store/enclosure"
	linkstore "frontdesk/store/link"
)

var linkIn = regexp.MustCompile(`https://desk\.example\.org/s/[a-z0-9-]+`)

// linked has messages lead to a page where the appointment is moved and cancelled.
func (d *desk) linked() *link.Service {
	d.Helper()
	box, err := seal.Parse([]byte(seal.NewKey()))
	d.must(err)
	now := func() time.Time { return d.now }
	links := &link.Service{Store: linkstore.New(d.db), Now: now, NewID: d.db.NewID, Pages: d.messages.Pages,
		Box: func() (*seal.Box, error) { return box, nil }}
	all := &enclosure.Service{Store: enclosurestore.New(d.db), Link: links, Now: now}
	d.messages.Enclosures = all
	d.notices.Links = func(
		ctx context.Context, tx notice.Tx, group practice.ID, a booking.Appointment,
	) (link.Link, error) {
		return all.ForAppointment(ctx, tx, group, link.Of{Appointment: int64(a.ID), Patient: a.Patient, End: a.End})
	}
	return links
}

func TestMessagesLeadToTheAppointment(t *testing.T) {
	each(t, func(d *desk) {
		links := d.linked()
		a := d.book(friday)
		first := d.step()
		url := linkIn.FindString(first[0].Text)
		d.want(first, "at Mill Lane. To move or cancel: "+url)
		l, err := links.Find(d.ctx, 0, url)
		if d.must(err); l.Kind != link.Appointment || l.Appointment != int64(a.ID) || l.Patient != d.ada {
			d.Fatalf("it leads to %+v", l)
		}
		// The reminders have the same one.
		d.want(d.at(friday.Add(-48*time.Hour)), "To move or cancel: "+url)
		// A day before it is too late to cancel by the practice's policy, and the message says whom to ring.
		d.want(d.at(friday.Add(-24*time.Hour)), "To change or cancel, call 020 7946 0000.")
		shown, err := d.messages.History(d.ctx, d.list(notice.Query{}, "")[0].Message.ID)
		if d.must(err); shown.Carries == nil || shown.Carries.ID != l.ID || shown.Carries.Name != "Routine" {
			d.Fatalf("the message shows %+v", shown.Carries)
		}
		d.cancel(a, booking.Cancellation{})
		if gone := d.step(); len(gone) != 1 || linkIn.MatchString(gone[0].Text) {
			d.Fatalf("got %+v", gone)
		}
	})
}

func TestAReminderGoesWithoutALinkThatIsDead(t *testing.T) {
	each(t, func(d *desk) {
		links := d.linked()
		d.book(friday)
		url := linkIn.FindString(d.step()[0].Text)
		l, err := links.Find(d.ctx, 0, url)
		d.must(err)
		_, err = links.Withdraw(d.ctx, l.ID)
		d.must(err)
		d.want(d.at(friday.Add(-48*time.Hour)), "To change or cancel, call 020 7946 0000.")
		d.wantSaid("confirmed sent", "reminder 48h0m0s sent", "reminder 24h0m0s scheduled")
	})
}

func TestATextOfThePracticesOwnHasTheLink(t *testing.T) {
	each(t, func(d *desk) {
		d.linked()
		_, err := d.notices.Set(d.ctx, 0, func(s *notice.Settings) {
			s.Texts = map[booking.Occasion]notice.Text{booking.OnConfirmed: {SMS: "Booked. {{appointment_link}}"},
				booking.OnReminder: {SMS: "See you soon.", Email: "See you soon."}}
		})
		d.must(err)
		d.book(friday)
		got := d.step()
		if !linkIn.MatchString(got[0].Text) || strings.Contains(got[0].Text, "{{") {
			d.Fatalf("got %q", got[0].Text)
		}
		d.want(d.at(friday.Add(-48*time.Hour)), "See you soon.")
		if m, err := d.messages.Message(d.ctx, d.list(notice.Query{}, "")[1].Message.ID); err != nil ||
			m.ShortLink != 0 || m.State != messaging.Sent {
			d.Fatalf("a message without the link carries %v, %v", m.ShortLink, err)
		}
	})
}
