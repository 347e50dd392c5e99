package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/booking"
	"frontdesk/core/carrier"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/selfbooking"
	"frontdesk/core/waiting"
	"frontdesk/store"
	patientstore "frontdesk/store/patient"
	"frontdesk/store/storetest"
)

// world is a desk at which anything happens in any order, and what may be told and held there.
type world struct {
	*desk
	random    *rand.Rand
	log       []string
	people    []patient.ID
	dead      map[patient.ID]bool
	joined    map[patient.ID]bool // two records, each of which may have had an offer
	made      []booking.ID
	cancelled map[booking.ID]bool // by a step
	told      map[string]int
	visits    []selfbooking.Visit
	accepted  int
	bad       string
}

func (w *world) note(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

func (w *world) fail(format string, args ...any) {
	if w.bad == "" {
		w.bad = fmt.Sprintf(format, args...)
	}
}

// take is a carrier that judges what it is given by the appointment as it is at that moment.
func (w *world) take(m carrier.Outgoing) error {
	switch w.random.IntN(12) {
	case 0:
		return &carrier.Busy{After: 5 * time.Minute, Code: "busy"}
	case 1:
		return &carrier.Refusal{Code: "no", Reason: "No."}
	}
	_, id, _, _ := messaging.ParseKey(m.Key)
	n := w.noticeOf(id)
	a := w.read(n.Appointment)
	key := fmt.Sprint(n.Appointment, n.Version, n.On, n.Lead)
	w.told[key]++
	now := w.now()
	w.note("%s told %s of %s: %s", now.Format(time.DateTime), a.Patient, n.On, m.Text)
	state := booking.Booked
	switch n.On {
	case booking.OnCancelled:
		state = booking.Cancelled
	case booking.OnOffered:
		state = booking.Reserved
		if hour := now.Hour(); hour >= 21 || hour < 8 {
			w.fail("offered in the night")
		}
		if a.Start.Before(now.Add(90 * time.Minute)) {
			w.fail("offered a time that starts too soon")
		}
		w.visits = append(w.visits, w.visit(m))
	}
	switch {
	case w.dead[a.Patient]:
		w.fail("a patient who died was told")
	case a.State != state || !strings.Contains(m.Text, a.Start.Format("Monday 2 January 2006")):
		w.fail("given a time that is not the patient's: the appointment is %s at %s", a.State, a.Start)
	case w.told[key] > 1:
		w.fail("told twice")
	}
	return nil
}

func (w *world) notes() []notice.Notice {
	all, _, err := w.notices.List(w.ctx, notice.Query{Limit: 5000}, "")
	w.must(err)
	return all
}

func (w *world) noticeOf(id messaging.ID) notice.Notice {
	for _, n := range w.notes() {
		if n.Message.ID == id {
			return n
		}
	}
	w.fail("a message without a notice")
	return notice.Notice{}
}

func pick[T any](w *world, of []T) (one T, ok bool) {
	if len(of) == 0 {
		return one, false
	}
	return of[w.random.IntN(len(of))], true
}

// free is a free time of the next four days.
func (w *world) free() (diary.Slot, bool) {
	page, err := w.days.Slots(w.ctx, diary.SlotQuery{Types: []diary.TypeID{w.kind.ID}, From: diary.At(w.now()),
		To: diary.At(w.now().Add(96 * time.Hour)), Size: 500})
	w.must(err)
	return pick(w, page.Slots)
}

// step is one thing that may happen.
func (w *world) step() {
	switch n := w.random.IntN(23); n {
	case 0, 1:
		w.bookOne()
	case 2:
		if id, ok := pick(w, w.made); ok {
			if sl, ok := w.free(); ok {
				_, err := w.booking.Change(w.ctx, id, booking.Change{State: booking.Booked, Practitioner: &sl.Practitioner,
					Start: &sl.Start, End: &sl.End, SuppressPolicy: true})
				w.note("moved %s to %s: %v", id, sl.Start, err)
			}
		}
	case 3, 4:
		if id, ok := pick(w, w.made); ok {
			w.cancelOne(id)
		}
	case 5, 6:
		w.join()
	case 7, 8, 9:
		w.mu.Lock()
		var j = w.jobs
		i := 0
		if len(j) > 0 {
			i = w.random.IntN(len(j))
			w.jobs = append(j[:i:i], j[i+1:]...)
		}
		w.mu.Unlock()
		if len(j) > 0 {
			w.job(j[i])
		}
	case 10, 11:
		w.must(w.list.GoRound(w.ctx, w.group.ID))
	case 12, 13:
		w.hand()
	case 14:
		w.move(time.Duration(1+w.random.IntN(40)) * time.Minute)
		if w.now().Hour() >= 19 && w.random.IntN(4) > 0 {
			w.move(14 * time.Hour) // most nights nothing happens
		}
	case 15:
		w.must(w.booking.Release(w.ctx, booking.ReleaseJob(w.group.ID, w.now())))
	case 16, 17, 18:
		w.answer()
	case 19, 20, 21:
		w.run()
		w.hand()
	case 22:
		w.rarely()
	}
}

func (w *world) bookOne() {
	of, _ := pick(w, w.people)
	sl, ok := w.free()
	if !ok {
		return
	}
	a, err := w.booking.Book(w.ctx, booking.Request{Type: w.kind.ID, Location: sl.Location,
		Practitioner: sl.Practitioner, Start: sl.Start, Length: sl.End.Sub(sl.Start), Patient: of})
	if err == nil {
		w.made = append(w.made, a.ID)
	}
	w.note("%s booked %s for %s: %v", a.ID, sl.Start, of, err)
}

func (w *world) cancelOne(id booking.ID) {
	_, err := w.booking.Cancel(w.ctx, id, booking.Cancellation{SuppressPolicy: true})
	w.mu.Lock()
	w.cancelled[id] = true
	w.mu.Unlock()
	w.note("cancelled %s: %v", id, err)
}

// join adds someone to the list, or changes or ends their entry.
func (w *world) join() {
	of, _ := pick(w, w.people)
	j := waiting.Joining{Patient: of, Type: w.kind.ID}
	if id, ok := pick(w, w.made); ok && w.random.IntN(2) == 0 {
		j.Replaces, j.Patient = &id, w.read(id).Patient
	}
	if w.random.IntN(3) == 0 {
		j.Part = new(selfbooking.Morning)
	}
	if w.random.IntN(4) == 0 {
		j.Practitioners = &[]practice.PractitionerID{w.gp[w.random.IntN(2)].ID}
	}
	j.Priority = new(1 + w.random.IntN(9))
	e, err := w.list.Add(w.ctx, j)
	w.note("%s waits, %s: %v", j.Patient, e.ID, err)
	if !errors.Is(err, waiting.ErrWaits) {
		return
	}
	all, _, err := w.list.List(w.ctx, waiting.Query{Patient: j.Patient, Limit: 100})
	w.must(err)
	last := all[len(all)-1]
	if w.random.IntN(3) == 0 {
		_, err = w.list.Remove(w.ctx, last.ID)
	} else {
		_, err = w.list.Change(w.ctx, last.ID, waiting.Change{Priority: j.Priority, Part: j.Part})
	}
	w.note("entry %s changed: %v", last.ID, err)
}

// answer has patients answer, several at once, and now and then staff end the hold meanwhile.
func (w *world) answer() {
	v, ok := pick(w, w.visits)
	if !ok {
		return
	}
	if w.random.IntN(3) > 0 {
		v = w.visits[len(w.visits)-1]
	}
	seen, err := w.list.See(context.Background(), v)
	if err != nil {
		return // the visit is over
	}
	does := make([]int, 1+w.random.IntN(4))
	for i := range does {
		does[i] = w.random.IntN(8)
	}
	w.note("%s offer %s is answered by %v", w.now().Format(time.DateTime), seen.Offer.ID, does)
	var all sync.WaitGroup
	for _, what := range does {
		all.Go(func() {
			var err error
			switch what {
			case 0:
				_, err = w.list.Decline(context.Background(), v, false)
			case 1:
				_, err = w.booking.Cancel(w.ctx, seen.Offer.Hold, booking.Cancellation{HoldOnly: true})
			case 2:
				err = w.list.GoRound(w.ctx, w.group.ID)
			default:
				_, err = w.list.Accept(context.Background(), v)
			}
			if f := fault.Of(err); err != nil && (f == nil || f.Kind == fault.Internal) {
				w.mu.Lock()
				w.bad = fmt.Sprintf("answering failed: %v", err)
				w.mu.Unlock()
			}
		})
	}
	all.Wait()
	after, err := w.list.See(context.Background(), v)
	if err == nil && after.Got != nil && seen.Got == nil {
		w.accepted++
		w.note("taken: %s at %s", after.Got.ID, after.Got.Start)
		if after.Got.ID == after.Offer.Hold {
			w.made = append(w.made, after.Got.ID)
		}
	}
}

// rarely is what does not happen at every turn.
func (w *world) rarely() {
	of, _ := pick(w, w.people)
	store := patientstore.New(w.db)
	switch w.random.IntN(4) {
	case 0:
		yes := w.random.IntN(2) == 0
		w.must(store.Do(w.ctx, func(tx patient.Tx) error {
			return tx.SaveParticulars(w.ctx, w.group.ID, of, patient.Particulars{ReceiveSMS: &yes, ReceiveEmail: new(false)})
		}))
		w.note("%s wants messages: %v", of, yes)
	case 1:
		keep := w.person("Kept")
		if w.random.IntN(2) == 0 {
			keep, _ = pick(w, w.people)
		}
		if keep == of || w.dead[of] || w.dead[keep] {
			return
		}
		seen, err := w.merges.Preview(w.ctx, keep, of)
		if err != nil {
			return
		}
		if _, err = w.merges.Merge(w.ctx, keep, of, seen.Token); err == nil {
			w.note("merged %s into %s", of, keep)
			w.joined[keep] = true
			w.replace(of, keep)
		}
	case 2:
		if len(w.dead) > 1 || w.random.IntN(3) > 0 {
			return
		}
		w.must(store.Do(w.ctx, func(tx patient.Tx) error {
			p, err := store.Patient(w.ctx, w.group.ID, of)
			p.DeceasedAt = w.now()
			return errors.Join(err, tx.SavePatient(w.ctx, w.group.ID, p))
		}))
		w.dead[of] = true
		w.note("%s died", of)
	case 3:
		w.move(time.Duration(1+w.random.IntN(5)) * time.Hour)
	}
}

func (w *world) replace(of, by patient.ID) {
	for i, p := range w.people {
		if p == of {
			w.people[i] = by
		}
	}
}

func (w *world) hand() {
	w.must(w.notices.MakeDue(w.ctx, w.group.ID))
	for _, channel := range []carrier.Channel{carrier.SMS, carrier.Email} {
		w.must(w.dispatch.Run(w.ctx, messaging.DispatchJob(w.group.ID, 0, channel, w.now(), w.now())))
	}
}

// check holds what must be true at every moment against what is kept.
func (w *world) check() {
	now := w.now()
	all, _, err := w.booking.List(w.ctx, booking.Query{Limit: 5000})
	w.must(err)
	holds := map[patient.ID]int{}
	for i, a := range all {
		live := a.State == booking.Booked || a.State == booking.Reserved
		if !live {
			continue
		}
		if a.State == booking.Reserved {
			holds[a.Patient]++
			if a.ReservedUntil.After(now.Add(30 * time.Minute)) {
				w.fail("%s is held until %s", a.ID, a.ReservedUntil)
			}
			if holds[a.Patient] > 1 && !w.joined[a.Patient] {
				w.fail("%s is offered two times at once", a.Patient)
			}
		}
		for _, b := range all[:i] {
			if (b.State == booking.Booked || b.State == booking.Reserved) && a.Practitioner == b.Practitioner &&
				a.Start.Before(b.End) && b.Start.Before(a.End) {
				w.fail("%s and %s have one time", a.ID, b.ID)
			}
		}
	}
	for _, id := range w.made {
		if a := w.read(id); a.State != booking.Booked && !w.cancelled[id] {
			w.fail("appointment %s is %s, and no step cancelled it", id, a.State)
		}
	}
}

// settle lets all that was asked for be done with offers switched off, and holds what stands against what was told.
func (w *world) settle() {
	_, err := w.notices.Set(w.ctx, 0, func(s *notice.Settings) { s.Off = []booking.Occasion{booking.OnOffered} })
	w.must(err)
	carrierWorks := w.post.answer
	w.post.answer = func(m carrier.Outgoing) error {
		for {
			if err := carrierWorks(m); err == nil {
				return nil
			}
		}
	}
	for range 4 {
		w.run()
		w.hand()
		w.move(21 * time.Minute)
	}
	w.check()
	all, _, err := w.booking.List(w.ctx, booking.Query{States: []booking.State{booking.Reserved}, Limit: 100})
	w.must(err)
	if len(all) > 0 {
		w.fail("%s is held for ever", all[0].ID)
	}
	waits, _, err := w.list.List(w.ctx, waiting.Query{State: waiting.Offered, Limit: 100})
	w.must(err)
	if len(waits) > 0 {
		w.fail("entry %s has an offer for ever", waits[0].ID)
	}
	notes := w.notes()
	for _, id := range w.made {
		a := w.read(id)
		last := booking.OnMoved
		switch {
		case a.State == booking.Cancelled:
			last = booking.OnCancelled
		case a.Version == 1, a.Source == waiting.Source && a.Version == 2:
			last = booking.OnConfirmed
		}
		key := fmt.Sprint(a.ID, a.Version, last, time.Duration(0))
		if w.told[key] == 0 && !w.excused(notes, a, last) {
			w.fail("no message says that appointment %s was %s", id, last)
		}
	}
}

// excused reports whether there is a reason why no message says what the last change was.
func (w *world) excused(notes []notice.Notice, a booking.Appointment, on booking.Occasion) bool {
	if !a.Start.After(w.now()) || w.dead[a.Patient] {
		return true
	}
	for _, n := range notes {
		if n.Appointment == a.ID && n.Version == a.Version && n.On == on {
			return n.Message.State == messaging.Failed || n.Message.State == messaging.Expired ||
				n.Message.State == messaging.Suppressed || n.State == notice.Skipped || n.State == notice.Invalidated
		}
	}
	return false
}

// TestNoTimeIsPromisedTwiceAndNoneIsLostWhateverTheOrder lets bookings, moves, cancellations, opt-outs, deaths, merges,
// offers and answers, several of them at once, happen in any order with the jobs and with time. No patient is given a
// time they do not have and are not offered, every confirmed change is told once, no two have one time, no time is held
// for ever, and no appointment is lost but by who cancels it.
func TestNoTimeIsPromisedTwiceAndNoneIsLostWhateverTheOrder(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 5
	}
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		taken, offers := 0, 0
		for seed := range uint64(rounds) {
			w := &world{random: rand.New(rand.NewPCG(seed, 46)), told: map[string]int{}, dead: map[patient.ID]bool{},
				joined: map[patient.ID]bool{}, cancelled: map[booking.ID]bool{}}
			w.desk = newDesk(t, db)
			w.post.answer = w.take
			for range 6 {
				w.people = append(w.people, w.person("Patient"))
			}
			for range 160 {
				w.step()
				if w.check(); w.bad != "" {
					break
				}
			}
			if w.bad == "" {
				w.settle()
			}
			if w.bad != "" {
				t.Fatalf("seed %d: %s\n%s", seed, w.bad, strings.Join(w.log, "\n"))
			}
			taken, offers = taken+w.accepted, offers+len(w.visits)
		}
		t.Logf("%d offers, %d taken", offers, taken)
		if taken < rounds || offers < 2*rounds {
			t.Fatalf("%d offers and %d taken in %d rounds prove nothing", offers, taken, rounds)
		}
	})
}
