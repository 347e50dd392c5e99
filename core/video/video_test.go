package video_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
	"frontdesk/core/video"
)

func TestRoomOpensHalfAnHourBeforeAndClosesAnHourAfter(t *testing.T) {
	each(t, func(w *ward) {
		patient, staff := w.link()
		end := nine.Add(15 * time.Minute)
		for _, c := range []struct {
			at   time.Time
			want error
		}{
			{nine.Add(-24 * time.Hour), video.ErrEarly},
			{nine.Add(-30*time.Minute - time.Microsecond), video.ErrEarly},
			{nine.Add(-30 * time.Minute), nil},
			{nine, nil},
			{end.Add(time.Hour - time.Microsecond), nil},
			{end.Add(time.Hour), video.ErrOver},
			{end.Add(48 * time.Hour), video.ErrOver},
		} {
			w.clock = c.at
			for role, link := range map[video.Role]string{video.Patient: patient, video.Staff: staff} {
				v, err := w.video.Visit(context.Background(), link)
				w.want(err, c.want)
				if v.Role != role || v.Appointment != w.visit.ID || v.Group.Phone == "" || !v.Start.Equal(nine) {
					t.Errorf("%s: the visit is %+v", c.at, v)
				}
				_, err = w.video.Join(context.Background(), link, video.Hello{Page: "a"}, &page{})
				w.want(err, c.want)
			}
		}
	})
}

func TestRoomFollowsTheAppointmentAsItIsAtEachJoin(t *testing.T) {
	each(t, func(w *ward) {
		patient, _ := w.link()
		w.clock = nine.Add(-10 * time.Minute)
		w.join(patient, "a")
		later := nine.Add(3 * time.Hour)
		_, err := w.booking.Change(w.ctx, w.visit.ID, booking.Change{State: booking.Booked, Start: &later,
			End: new(later.Add(15 * time.Minute)), Override: true, SuppressPolicy: true})
		w.must(err)
		_, err = w.video.Visit(context.Background(), patient)
		w.want(err, video.ErrEarly)
		w.clock = later.Add(-30 * time.Minute)
		w.join(patient, "a") // the same link leads to the new time
		_, err = w.booking.Cancel(w.ctx, w.visit.ID, booking.Cancellation{SuppressPolicy: true})
		w.must(err)
		_, err = w.video.Join(context.Background(), patient, video.Hello{Page: "a"}, &page{})
		w.want(err, video.ErrOff)
	})
}

func TestSecretsAreLongUnlikeAndKeptHashedAlone(t *testing.T) {
	each(t, func(w *ward) {
		patient, staff := w.link()
		if patient == staff {
			t.Fatal("patient and staff have one link")
		}
		for _, link := range []string{patient, staff} {
			_, token, _ := strings.Cut(link, "-")
			if len(token) < 43 { // 256 bits in Base64
				t.Errorf("the secret %q is short", token)
			}
			kept := w.column(`SELECT CAST(patient_hash AS text) || CAST(staff_hash AS text) || CAST(name AS text)
				FROM video_room WHERE practice_group_id = $1`)
			if len(kept) != 1 || strings.Contains(kept[0], token) {
				t.Errorf("the database keeps %q", kept)
			}
		}
		if again, _ := w.link(); again != patient {
			t.Error("asked for again, the link is another")
		}
		rooms := w.column(`SELECT CAST(id AS text) FROM video_room WHERE practice_group_id = $1`)
		if len(rooms) != 1 {
			t.Errorf("there are %d rooms", len(rooms))
		}
	})
}

func TestUnknownLinkLeadsNowhere(t *testing.T) {
	each(t, func(w *ward) {
		patient, _ := w.link()
		w.clock = nine
		group, token, _ := strings.Cut(patient, "-")
		other, err := w.practice.CreateGroup(context.Background(), practice.Group{Name: "Elsewhere"})
		w.must(err)
		for _, link := range []string{
			"", "-", group, group + "-", group + "-" + token[1:], group + "-" + token + "A",
			fmt.Sprintf("%s-%s", strings.ToLower(other.ID.String()), token),
			practiceLink(other.ID, token), "zz!-" + token, group + "-" + strings.Repeat("a", 1000),
		} {
			_, err := w.video.Visit(context.Background(), link)
			w.want(err, seal.ErrLink)
		}
	})
}

func practiceLink(id practice.ID, token string) string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyz"
	text := ""
	for n := int64(id); n > 0; n /= 36 {
		text = digits[n%36:n%36+1] + text
	}
	return text + "-" + token
}

func TestLinksOutliveANewSealKeyAndDieWithALostOne(t *testing.T) {
	each(t, func(w *ward) {
		before, _ := w.link()
		old := w.keys
		w.clock = nine
		w.keys = seal.NewKey() + "\n" + old
		if now, _ := w.link(); now != before {
			t.Error("a new key changes the link that the patient has")
		}
		_, err := w.video.Visit(context.Background(), before)
		w.must(err)
		w.keys = seal.NewKey()
		after, _ := w.link()
		if after == before {
			t.Fatal("the link is the same without its key")
		}
		_, err = w.video.Visit(context.Background(), before)
		w.want(err, seal.ErrLink)
		_, err = w.video.Visit(context.Background(), after)
		w.must(err)
	})
}

func TestOwnProviderTakesThePlaceOfOurRoom(t *testing.T) {
	each(t, func(w *ward) {
		ours, _ := w.link()
		set := func(template string) error {
			_, err := w.practice.UpdateGroup(w.ctx, practice.GroupChange{VideoURL: &template})
			return err
		}
		for _, bad := range []string{"http://meet.example.org/{room}", "https://meet.example.org/", "{room}",
			"https://meet.example.org/{room}/{room}", "https://{room}.example.org/", "https:///{room}",
			"https://user@meet.example.org/{room}", "https://meet.example.org{room}",
			"https://meet.example.org/{room}?x={y}", "javascript:alert({room})"} {
			if f := fault.Of(set(bad)); f == nil || f.Kind != fault.Invalid ||
				f.Fields[0].Path[0] != "video_url_template" {
				t.Errorf("%q: %v", bad, f)
			}
		}
		w.must(set("https://meet.example.org/practice-{room}#config"))
		l, err := w.video.MakeLink(w.ctx, video.Request{Appointment: w.visit.ID})
		w.must(err)
		if !l.Outside || l.Patient != l.Staff ||
			!regexp.MustCompile(`^https://meet\.example\.org/practice-[0-9a-f]{32}#config$`).MatchString(l.Patient) {
			t.Errorf("the link is %+v", l)
		}
		found, err := w.video.Addresses(w.ctx, w.visit)
		w.must(err)
		if found[w.visit.ID].Patient != l.Patient {
			t.Errorf("the appointment says %q", found[w.visit.ID].Patient)
		}
		w.clock = nine
		v, err := w.video.Visit(context.Background(), ours)
		w.must(err)
		if v.Elsewhere != l.Patient {
			t.Errorf("the link sent before leads to %q", v.Elsewhere)
		}
		_, err = w.video.Join(context.Background(), ours, video.Hello{Page: "a"}, &page{})
		w.want(err, video.ErrOff)
	})
}

func TestOnlyConfirmedVideoAppointmentsHaveAnAddress(t *testing.T) {
	each(t, func(w *ward) {
		r := w.request
		r.Start = nine.Add(time.Hour)
		held, err := w.booking.Reserve(w.ctx, r)
		w.must(err)
		bodily := w.visit
		bodily.Video = false
		found, err := w.video.Addresses(w.ctx, held, bodily)
		w.must(err)
		if len(found) != 0 {
			t.Errorf("addresses of a hold, and of an appointment in person: %v", found)
		}
		found, err = w.video.Addresses(w.ctx, held, w.visit)
		w.must(err)
		if len(found) != 1 || !strings.HasPrefix(found[w.visit.ID].Patient, "https://desk.example.org/video/") {
			t.Errorf("addresses are %v", found)
		}
		_, err = w.video.MakeLink(w.ctx, video.Request{Appointment: held.ID})
		w.want(err, video.ErrNotBooked)
		_, err = w.video.MakeLink(w.ctx, video.Request{Appointment: 1})
		w.want(err, booking.ErrNotFound)
		for _, r := range []video.Request{{Appointment: w.visit.ID, Patient: 1},
			{Appointment: w.visit.ID, Practitioner: 1}} {
			_, err = w.video.MakeLink(w.ctx, r)
			if f := fault.Of(err); f.Kind != fault.Invalid || f.Fields[0].Code != video.CodeOther {
				t.Errorf("%+v: %v", r, err)
			}
		}
	})
}

func TestStaffAddressNeedsItsPermission(t *testing.T) {
	each(t, func(w *ward) {
		ask := func(p ...access.Permission) (video.Link, error) {
			return w.video.MakeLink(access.With(w.ctx, access.Caller{Group: w.group, Home: w.group, Actor: "x",
				Permissions: p}), video.Request{Appointment: w.visit.ID})
		}
		_, err := ask(access.SeeBookings, access.EditBookings)
		w.want(err, access.ErrPermission)
		l, err := ask(access.EditBookingLinks)
		w.must(err)
		if l.Patient == "" || l.Staff != "" {
			t.Errorf("a key without the permission gets %+v", l)
		}
		l, err = ask(access.EditBookingLinks, access.HostVideo)
		w.must(err)
		if l.Staff == "" {
			t.Error("a key with the permission gets no staff address")
		}
	})
}

func TestEveryJoinIsInTheAuditTrail(t *testing.T) {
	each(t, func(w *ward) {
		patient, staff := w.link()
		w.clock = nine
		w.join(patient, "a")
		w.join(staff, "b")
		w.join(patient, "a")
		got := w.column(`SELECT actor || ' ' || action || ' ' || CAST(after AS text) FROM audit
			WHERE practice_group_id = $1 AND action = 'video.join'`)
		want := fmt.Sprintf(`{"role":"%%s","appointment_id":"%s"}`, w.visit.ID)
		expected := []string{"patient video.join " + fmt.Sprintf(want, "patient"),
			"patient video.join " + fmt.Sprintf(want, "patient"), "staff video.join " + fmt.Sprintf(want, "staff")}
		if strip(got) != strip(expected) {
			t.Errorf("the trail has %q, want %q", got, expected)
		}
		of := w.column(`SELECT kind FROM audit_subject WHERE practice_group_id = $1 AND audit_id IN
			(SELECT id FROM audit WHERE action = 'video.join')`)
		if !slices.Contains(of, "appointment") || !slices.Contains(of, "patient") {
			t.Errorf("the entries are about %q", of)
		}
	})
}

func strip(all []string) string { return strings.ReplaceAll(strings.Join(all, "\n"), ": ", ":") }
