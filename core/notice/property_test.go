package notice_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/patient"
	"frontdesk/store"
)

// world is a desk at which anything happens in any order, and what a patient may be told there.
type world struct {
	*desk
	t      *testing.T
	random *rand.Rand
	log    []string
	made   []booking.ID
	// told counts how often a carrier took each message: by appointment, version, occasion and lead.
	told map[string]int
	dead bool
	bad  string // what a carrier was given that it should not have been
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// take is a carrier that judges what it is given by the appointment as it is at that moment.
func (w *world) take(m carrier.Outgoing) error {
	switch w.random.IntN(12) {
	case 0:
		return &carrier.Busy{After: 20 * time.Minute, Code: "busy"}
	case 1:
		return &carrier.Refusal{Code: "no", Reason: "No."}
	}
	_, id, _, _ := messaging.ParseKey(m.Key)
	n := w.noticeOf(id)
	a, err := w.booking.Read(w.ctx, n.Appointment)
	w.must(err)
	at := a.Start.In(time.UTC).Format("Monday 2 January 2006")
	state := booking.Booked
	if n.On == booking.OnCancelled {
		state = booking.Cancelled
	}
	key := fmt.Sprint(n.Appointment, n.Version, n.On, n.Lead)
	w.told[key]++
	w.note("%s told %s of %s %s: %s", w.now.Format(time.DateTime), m.To, n.On, n.Lead, m.Text)
	hour := w.now.Hour()
	switch {
	case w.dead:
		w.bad = "a patient who died was told"
	case a.State != state || !strings.Contains(m.Text, at) || !strings.Contains(m.Text, short(a.Start)):
		w.bad = fmt.Sprintf("given a time that is not the patient's: the appointment is %s at %s", a.State, a.Start)
	case w.told[key] > 1:
		w.bad = "told twice"
	case n.On == booking.OnReminder && (hour >= 21 || hour < 8):
		w.bad = "reminded in the night"
	case n.On == booking.OnMissed && a.Journey.NoShow.IsZero():
		w.bad = "sent word of missing an appointment that the patient did not miss"
	}
	return nil
}

func short(at time.Time) string {
	if at.Minute() == 0 {
		return at.Format("3pm")
	}
	return at.Format("3:04pm")
}

func (w *world) noticeOf(id messaging.ID) notice.Notice {
	for _, n := range w.list(notice.Query{}, "") {
		if n.Message.ID == id {
			return n
		}
	}
	w.bad = "a message without a notice"
	return notice.Notice{}
}

// free is a time that no two steps take: each has an hour of its own, and never the middle of the day or of the night.
func (w *world) free() time.Time {
	days := 1 + w.random.IntN(6)
	start := w.now.Truncate(24 * time.Hour).Add(time.Duration(24*days+w.random.IntN(11)) * time.Hour)
	return start.Add(time.Duration(1+w.random.IntN(5)) * 10 * time.Minute)
}

func (w *world) some() (booking.ID, bool) {
	if len(w.made) == 0 {
		return 0, false
	}
	return w.made[w.random.IntN(len(w.made))], true
}

// steps are what may happen.
func (w *world) step() {
	switch w.random.IntN(14) {
	case 0, 1:
		a, err := w.booking.Book(w.ctx, w.request(w.free()))
		if err == nil {
			w.made = append(w.made, a.ID)
			w.note("booked %s at %s", a.ID, a.Start)
		}
	case 2, 3:
		if id, ok := w.some(); ok {
			to := w.free()
			_, err := w.booking.Change(w.ctx, id, booking.Change{Start: new(to), End: new(to.Add(10 * time.Minute)),
				Override: true, SuppressPolicy: true})
			w.note("moved %s to %s: %v", id, to, err)
		}
	case 4:
		if id, ok := w.some(); ok {
			_, err := w.booking.Cancel(w.ctx, id, booking.Cancellation{SuppressPolicy: true})
			w.note("cancelled %s: %v", id, err)
		}
	case 5:
		if id, ok := w.some(); ok {
			undo := w.random.IntN(2) == 0
			_, err := w.booking.RecordJourney(w.ctx, id, booking.Step{Stage: booking.StageNoShow, Undo: undo})
			w.note("missed %s, undo %v: %v", id, undo, err)
		}
	case 6, 7, 8: // the jobs run in any order
		if len(w.jobs) > 0 {
			i := w.random.IntN(len(w.jobs))
			j := w.jobs[i]
			w.jobs = append(w.jobs[:i:i], w.jobs[i+1:]...)
			w.must(w.notices.Follow(w.ctx, j))
			if w.random.IntN(4) == 0 { // and now and then once more
				w.must(w.notices.Follow(w.ctx, j))
			}
		}
	case 9:
		w.must(w.notices.MakeDue(w.ctx, w.group))
	case 10:
		w.hand()
	case 11:
		w.now = w.now.Add(time.Duration(1+w.random.IntN(40)) * time.Hour / 2)
	case 12:
		w.must(w.notices.Refresh(w.ctx))
	case 13:
		w.rarely()
	}
}

// rarely is what does not happen at every turn.
func (w *world) rarely() {
	switch w.random.IntN(5) {
	case 0:
		yes, no := w.random.IntN(2) == 0, w.random.IntN(2) == 0
		w.prefer(patient.Particulars{ReceiveSMS: &yes, ReceiveEmail: &no})
		w.note("wants text messages %v, e-mail %v", yes, no)
	case 1:
		keep := w.person("Ada", fmt.Sprintf("07700 900%03d", w.random.IntN(1000)), "byron@example.org")
		seen, err := w.merges.Preview(w.ctx, keep, w.ada)
		w.must(err)
		if _, err = w.merges.Merge(w.ctx, keep, w.ada, seen.Token); err == nil {
			w.note("merged %s into %s", w.ada, keep)
			w.ada = keep
		}
	case 2:
		if w.random.IntN(3) == 0 && !w.dead {
			w.change(w.ada, func(p *patient.Patient) { p.DeceasedAt = w.now })
			w.dead = true
			w.note("died")
		}
	case 3:
		_, err := w.notices.Set(w.ctx, 0, func(s *notice.Settings) {
			s.Reminders = []notice.Lead{{Duration: time.Duration(1+w.random.IntN(72)) * time.Hour}}
		})
		w.must(err)
		w.note("set other reminders")
	}
}

func (w *world) hand() {
	for _, channel := range []carrier.Channel{carrier.SMS, carrier.Email} {
		w.must(w.dispatch.Run(w.ctx, messaging.DispatchJob(w.group, 0, channel, w.now, w.now)))
	}
}

// settle lets all that was asked for be done, and holds the standing of every appointment against what was told.
func (w *world) settle() {
	carrierWorks := w.post.answer
	w.post.answer = func(m carrier.Outgoing) error {
		for {
			err := carrierWorks(m)
			if err == nil {
				return nil
			}
		}
	}
	_, dead := w.now, w.dead
	wants := patient.Particulars{ReceiveSMS: new(true), ReceiveEmail: new(true)}
	w.prefer(wants)
	for range 3 {
		w.follow()
		w.must(w.notices.MakeDue(w.ctx, w.group))
		w.hand()
		w.now = w.now.Add(21 * time.Minute)
	}
	for _, id := range w.made {
		a, err := w.booking.Read(w.ctx, id)
		w.must(err)
		last := booking.OnMoved
		switch {
		case a.State == booking.Cancelled:
			last = booking.OnCancelled
		case a.Version == 1:
			last = booking.OnConfirmed
		}
		n := w.told[fmt.Sprint(a.ID, a.Version, last, time.Duration(0))]
		if n == 0 && !dead && !w.excused(a, last) {
			w.bad = fmt.Sprintf("no message says that appointment %s was %s", id, last)
		}
	}
}

// excused reports whether there is a reason why no message says what the last change was: its time had come, the
// carriers refused it, or the patient wanted no messages then.
func (w *world) excused(a booking.Appointment, on booking.Occasion) bool {
	if !a.Start.After(w.now) {
		return true
	}
	for _, n := range w.list(notice.Query{}, "") {
		if n.Appointment == a.ID && n.Version == a.Version && n.On == on {
			return n.Message.State == messaging.Failed || n.Reason == "not_wanted" || n.Message.Code == "not_wanted"
		}
	}
	return false
}

// TestNoPatientIsSentATimeTheyDoNotHaveWhateverTheOrder lets bookings, moves, cancellations, deaths, merges, wishes and
// settings happen in any order with the jobs that make and hand over messages. Whatever a carrier is given is true at
// that moment, is told once, and the last change of each appointment is told.
func TestNoPatientIsSentATimeTheyDoNotHaveWhateverTheOrder(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 10
	}
	eachOf(t, func(t *testing.T, db *store.DB) {
		tellings := 0
		for seed := range uint64(rounds) {
			w := &world{t: t, random: rand.New(rand.NewPCG(seed, 38)), told: map[string]int{}}
			w.desk = newDesk(t, db)
			w.post.answer = w.take
			for range 60 {
				if w.step(); w.bad != "" {
					break
				}
			}
			if w.bad == "" {
				w.settle()
			}
			if w.bad != "" {
				t.Fatalf("seed %d: %s\n%s\n%s", seed, w.bad, strings.Join(w.log, "\n"), strings.Join(w.said(), "\n"))
			}
			tellings += len(w.told)
		}
		if tellings < 3*rounds {
			t.Fatalf("%d messages in %d rounds prove nothing", tellings, rounds)
		}
	})
}
