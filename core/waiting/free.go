package waiting

import (
	"context"
	"errors"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/booking"
	"frontdesk/core/diary"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/practice"
)

// Free is a stretch of a diary that became free.
type Free struct {
	ID           int64
	Practitioner practice.PractitionerID
	From, To     time.Time
	// DueAt is when it is looked at next; zero is when an entry wakes it.
	DueAt time.Time
	// Wakes counts how often it was woken.
	Wakes int64
	Over  bool // nothing of it is free any more
}

// RoundKind is the kind of the job that offers what is free and settles what was offered.
const RoundKind = "waiting.round"

// RoundJob offers and settles what a practice group has due by the end of the ten seconds of a time. All of it shares
// one job.
func RoundJob(group practice.ID, at time.Time) job.Job {
	const every = 10 * time.Second
	at = at.Add(every - 1).Truncate(every).UTC()
	return job.Job{Group: int64(group), Kind: RoundKind, Key: at.Format(time.RFC3339), RunAt: at}
}

// Round is the job that offers what is free and settles what was offered.
func (s *Service) Round(ctx context.Context, j job.Job) error {
	return s.GoRound(ctx, practice.ID(j.Group))
}

// Freed is the job that core/booking asks for when an appointment gives time back.
func (s *Service) Freed(ctx context.Context, j job.Job) error {
	var f booking.Freed
	if err := j.Read(&f); err != nil {
		return err
	}
	group := practice.ID(j.Group)
	if err := s.settleThere(ctx, group, f); err != nil {
		return err
	}
	return s.add(ctx, group, f.From, f.To, f.Practitioner)
}

// add keeps time that became free, and offers it.
func (s *Service) add(
	ctx context.Context, group practice.ID, from, to time.Time, of ...practice.PractitionerID,
) error {
	now := s.now()
	if !to.After(now) {
		return nil
	}
	err := s.Store.Do(ctx, func(tx Tx) error {
		for _, one := range of {
			f := Free{ID: s.NewID(), Practitioner: one, From: from, To: to, DueAt: now}
			if err := tx.AddFree(ctx, group, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.GoRound(ctx, group)
}

// wake has free time looked at again that an entry may fit which waits now.
func wake(ctx context.Context, tx Tx, group practice.ID, e Entry, now time.Time) error {
	if e.State != Waiting {
		return nil
	}
	found, err := tx.WakeFree(ctx, group, e.Practitioners, now, mostWoken)
	if err != nil || !found {
		return err
	}
	return tx.Enqueue(ctx, RoundJob(group, now))
}

const (
	// mostWoken is how many stretches of free time one entry has looked at again.
	mostWoken = 50
	// roundChunk is how much is read at once.
	roundChunk = 50
	// mostSlots is how many free times are looked at in one stretch.
	mostSlots = 2000
)

// GoRound offers what is free, and settles the offers whose time is over.
func (s *Service) GoRound(ctx context.Context, group practice.ID) error {
	now := s.now()
	if err := s.settleDue(ctx, group, now); err != nil {
		return err
	}
	var g practice.Group
	for {
		due, err := s.Queue.DueFree(ctx, group, now, roundChunk)
		if err != nil || len(due) == 0 {
			return err
		}
		if g.ID == 0 {
			if g, err = s.Store.Group(ctx, group); err != nil {
				return err
			}
		}
		for _, f := range due {
			r := round{Service: s, group: g, free: f, now: now, ways: map[diary.TypeID]*notice.Offers{}}
			if err := r.run(access.With(ctx, access.System(group))); err != nil {
				return err
			}
		}
	}
}

// round is one look at one stretch of free time.
type round struct {
	*Service
	group practice.Group
	free  Free
	now   time.Time
	ways  map[diary.TypeID]*notice.Offers // nil is that times of the type are not offered
	later time.Time                       // when what cannot be offered now can be
}

// run offers all of the stretch that fits anyone, and says when it is to be looked at next.
func (r *round) run(ctx context.Context) error {
	for {
		slots, err := r.slots(ctx)
		if err != nil {
			return err
		}
		some := len(slots) > 0
		if slots, err = r.offered(ctx, slots); err != nil {
			return err
		}
		again, err := r.one(ctx, slots)
		if err != nil {
			return err
		}
		if !again {
			return r.rest(ctx, some)
		}
	}
}

// rest puts the stretch off until it can be offered, or until an entry wakes it; where nothing of it is free it is
// over, until what has its time gives it back.
func (r *round) rest(ctx context.Context, some bool) error {
	f := r.free
	f.DueAt, f.Over = r.later, !some
	return r.Store.Do(ctx, func(tx Tx) error {
		if err := tx.SaveFree(ctx, r.group.ID, f); err != nil || f.DueAt.IsZero() || f.Over {
			return err
		}
		return tx.Enqueue(ctx, RoundJob(r.group.ID, f.DueAt))
	})
}

// slots are the free times that have some of the stretch and do not start too soon.
func (r *round) slots(ctx context.Context) ([]diary.Slot, error) {
	from, to := r.free.From.Add(-diary.MaxLength), r.free.To
	if soonest := r.now.Add(time.Duration(r.group.OfferNotice) * time.Minute); from.Before(soonest) {
		from = soonest
	}
	if !from.Before(to) {
		return nil, nil
	}
	page, err := r.Diary.Slots(ctx, diary.SlotQuery{Practitioners: []practice.PractitionerID{r.free.Practitioner},
		From: diary.At(from), To: diary.At(to), Size: mostSlots})
	return slices.DeleteFunc(page.Slots, func(sl diary.Slot) bool { return !sl.End.After(r.free.From) }), err
}

// offered leaves the times that can be offered at this moment, and notes when others can be.
func (r *round) offered(ctx context.Context, slots []diary.Slot) ([]diary.Slot, error) {
	var out []diary.Slot
	for _, sl := range slots {
		ways, known := r.ways[sl.Type]
		if !known {
			var err error
			ways, err = r.Notices.Offers(ctx, r.group, sl.Type)
			if errors.Is(err, notice.ErrOff) || errors.Is(err, messaging.ErrNoCarrier) {
				ways, err = nil, nil
			}
			if err != nil {
				return nil, err
			}
			r.ways[sl.Type] = ways
		}
		if ways == nil {
			continue
		}
		if awake := ways.Awake(r.now); awake.After(r.now) {
			if r.later.IsZero() || awake.Before(r.later) {
				r.later = awake
			}
			continue
		}
		out = append(out, sl)
	}
	return out, nil
}

// one offers one of some free times to the first whom one fits, and reports whether it did, or found that the times
// are others by now.
func (r *round) one(ctx context.Context, slots []diary.Slot) (again bool, err error) {
	if len(slots) == 0 {
		return false, nil
	}
	zone := r.group.Zone()
	had, err := r.had(ctx, slots)
	if err != nil {
		return false, err
	}
	in := line{queue: r.Queue, group: r.group.ID, keys: keys(slots, zone)}
	for {
		id, err := in.next(ctx)
		if err != nil || id == 0 {
			return false, err
		}
		e, err := r.Store.Entry(ctx, r.group.ID, id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return false, err
		}
		for _, sl := range slots {
			if !e.wants(sl, zone) || had[chance{e.ID, sl.Start.Unix()}] {
				continue
			}
			switch got, err := r.offer(ctx, e, sl); {
			case err != nil:
				return false, err
			case got == isOffered, got == isTaken:
				return true, nil
			case got == isEnded:
				e.State = Removed
			}
			if e.State != Waiting {
				break
			}
		}
	}
}

// chance is a time that an entry was offered; of one practitioner.
type chance struct {
	entry ID
	start int64
}

// had are the offers that were made of some times before.
func (r *round) had(ctx context.Context, slots []diary.Slot) (map[chance]bool, error) {
	made, err := r.Queue.OffersOf(ctx, r.group.ID, r.free.Practitioner, slots[0].Start, slots[len(slots)-1].Start)
	out := make(map[chance]bool, len(made))
	for _, o := range made {
		out[chance{o.Entry, o.Start.Unix()}] = true
	}
	return out, err
}
