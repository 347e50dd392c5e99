package payment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// The kinds of the jobs: SettleKind asks the provider what was paid of a request, FindKind what request a payment is
// for, and ConfirmKind confirms the hold that was paid for.
const (
	SettleKind  = "payment.settle"
	FindKind    = "payment.find"
	ConfirmKind = "payment.confirm"
)

type args struct {
	Request     ID         `json:"request,omitempty"`
	Intent      string     `json:"intent,omitempty"`
	Appointment booking.ID `json:"appointment,omitempty"`
}

// settleJob asks about a request. Those that wait with the same word are one.
func settleJob(group practice.ID, id ID, word string) job.Job {
	return job.Job{Group: int64(group), Kind: SettleKind, Key: id.String() + " " + word, Args: job.Args(args{Request: id})}
}

// Settle is the job: it asks the provider what was paid of a request, whatever is remembered, and records it.
func (s *Service) Settle(ctx context.Context, j job.Job) error {
	var a args
	if err := j.Read(&a); err != nil {
		return err
	}
	group := practice.ID(j.Group)
	r, err := s.Store.Request(ctx, group, a.Request)
	switch {
	case err != nil:
		return err
	case r.State == Opening:
		_, err = s.make(ctx, group, r)
		return err
	case r.State == Refused:
		return nil
	}
	return s.settle(ctx, group, r)
}

// Find is the job: it asks the provider which request a payment is for, and settles that. A payment of an invoice that
// the practice made at the provider says nothing of us: its invoice does.
func (s *Service) Find(ctx context.Context, j job.Job) error {
	var a args
	if err := j.Read(&a); err != nil {
		return err
	}
	group := practice.ID(j.Group)
	of, err := s.Provider.PaidFor(ctx, group, a.Intent)
	if err != nil {
		return err
	}
	id := of.Request
	if id == 0 {
		if id, err = s.linkedBy(ctx, group, of.Invoice); err != nil || id == 0 {
			return err
		}
	}
	r, err := s.Store.Request(ctx, group, id)
	if errors.Is(err, ErrNoRequest) {
		return nil // it was not asked for by this program
	}
	if err != nil {
		return err
	}
	return s.settle(ctx, group, r)
}

// linkedBy is the request by which an invoice at the provider is linked; 0 is none.
func (s *Service) linkedBy(ctx context.Context, group practice.ID, external string) (id ID, err error) {
	err = s.Store.Do(ctx, func(tx Tx) error {
		id, err = tx.RequestBy(ctx, group, external)
		return err
	})
	return id, err
}

// settle asks the provider what was paid, and records it. A page that is for another amount than is due by now, or for
// a time that was let go, is closed, so that no patient pays what is not owed.
func (s *Service) settle(ctx context.Context, group practice.ID, r Request) error {
	if r.State == Opening { // it is for another amount by now, and no patient has seen its address
		_, err := s.change(ctx, group, r.ID, func(r *Request) bool {
			opening := r.State == Opening
			if opening {
				r.State, r.Reason, r.DueAt = Refused, "another_amount", time.Time{}
			}
			return opening
		})
		return err
	}
	m, err := s.Provider.Money(ctx, group, r.Kind, r.External)
	if err != nil {
		return err
	}
	due, err := s.place(ctx, group, r.ID, m)
	if err != nil || m.State == Done {
		return err
	}
	over, err := s.over(ctx, group, r)
	if err != nil {
		return err
	}
	if r.Kind == Page && m.State == Live && (over || due != r.Amount || !s.Now().Before(r.ExpiresAt)) {
		if m, err = s.close(ctx, group, r); err != nil {
			return err
		}
	}
	if over && m.State == Ended {
		return s.drop(ctx, group, r)
	}
	return nil
}

// close keeps a page from being paid, and records what was paid on it until then.
func (s *Service) close(ctx context.Context, group practice.ID, r Request) (Money, error) {
	if err := s.Provider.ClosePage(ctx, group, r.External); err != nil {
		return Money{}, err
	}
	m, err := s.Provider.Money(ctx, group, r.Kind, r.External)
	if err == nil {
		_, err = s.place(ctx, group, r.ID, m)
	}
	return m, err
}

// place records what the provider has received, and how far the request is, in one transaction. What cannot be recorded
// becomes a task for staff, once. It gives what is still due.
func (s *Service) place(ctx context.Context, group practice.ID, id ID, m Money) (due billing.Pence, err error) {
	now, who := s.Now().Truncate(time.Microsecond), access.System(group)
	err = s.Store.Do(ctx, func(tx Tx) error {
		seen, err := tx.Request(ctx, group, id)
		if err != nil {
			return err
		}
		take, foreign := m.pounds()
		i, left, err := s.Invoices.Receive(ctx, edit(tx, who, now), seen.Invoice, take) // which locks the invoice
		if err != nil {
			return err
		}
		r, err := tx.LockRequest(ctx, group, id)
		if err != nil {
			return err
		}
		due = i.Outstanding()
		first := r.State != Done && m.State == Done
		if err := s.save(ctx, tx, group, &r, func(r *Request) bool {
			r.State, r.Checks = m.State, r.Checks+1
			r.DueAt = r.next(now)
			for _, one := range append(left, foreign...) {
				if !r.reports(one) && err == nil {
					r.Reported = strings.TrimSpace(r.Reported + " " + one)
					err = tx.Enqueue(ctx, s.unplaced(i, one).Job(int64(group)))
				}
			}
			return true
		}); err != nil {
			return err
		}
		// Once, when it becomes paid: an appointment that is cancelled afterwards is not confirmed again. Money that was
		// not recorded confirms nothing, and is a task already.
		if err == nil && r.Appointment != 0 && first && (due == 0 || len(left)+len(foreign) == 0) {
			err = tx.Enqueue(ctx, job.Job{Group: int64(group), Kind: ConfirmKind, Key: r.ID.String(),
				Args: job.Args(args{Appointment: r.Appointment, Request: r.ID})})
		}
		if i.Cancelled() {
			due = 0 // and its page is closed
		}
		return err
	})
	return due, err
}

// next is when the provider is asked again: soon at first and then more seldom, as long as it can be paid or refunded.
func (r Request) next(now time.Time) time.Time {
	wait := min(again<<min(r.Checks, 10), seldom)
	switch {
	case r.State == Live && r.Appointment != 0:
		wait = min(wait, holdChecked)
	case r.State == Live:
	case r.State == Done && now.Before(r.CreatedAt.Add(watched)):
		wait = each
	case r.State == Ended && r.Appointment != 0 && now.Before(r.CreatedAt.Add(longestHold)):
		wait = heldAgain // the hold may outlive its page, and its invoice ends with it
	default:
		return time.Time{}
	}
	return now.Add(wait)
}

// pounds are the payments in pounds, and the ids of those that are not.
func (m Money) pounds() (take []billing.Received, foreign []string) {
	for _, p := range m.Payments {
		if p.Currency != Pounds {
			foreign = append(foreign, p.ID)
			continue
		}
		take = append(take, p.Received)
	}
	return take, foreign
}

// unplaced is the task of money that could not be recorded.
func (s *Service) unplaced(i billing.Invoice, id string) job.Task {
	return job.Task{ID: s.NewID(), Patient: int64(i.Patient), About: "billing",
		Subject: fmt.Sprintf("Stripe took money that invoice %d has no room for", i.Number),
		Comments: "Look " + id + " up in Stripe and refund it there, or correct the invoice. The invoice was cancelled, is " +
			"for less, was paid in another way, or the money is in another currency."}
}

// errReturned is why a hold is not confirmed whose payment was given back, or was for less than is due by now.
var errReturned = fault.New(fault.Conflict, "payment_returned",
	"The payment was refunded, or the invoice changed, before the appointment was confirmed.")

// ConfirmPaid is the job: it confirms the hold that was paid for. Where the time is gone, or the money was given back
// meanwhile, staff get a task.
func (s *Service) ConfirmPaid(ctx context.Context, j job.Job) error {
	var a args
	if err := j.Read(&a); err != nil {
		return err
	}
	group := practice.ID(j.Group)
	held, err := s.held(ctx, group, a.Appointment)
	if err != nil || held.State == booking.Booked {
		return err
	}
	bill, err := s.Store.Billed(ctx, group, a.Appointment)
	if err != nil {
		return err
	}
	if err = errReturned; bill.Settled {
		err = s.Confirm(access.With(ctx, access.System(group)), a.Appointment)
	}
	if err == nil || fault.Later(err) {
		return err
	}
	r, findErr := s.Store.Request(ctx, group, a.Request)
	if findErr != nil {
		return findErr
	}
	// The task has the request's own id, so that it is opened once.
	return s.Store.Do(ctx, func(tx Tx) error {
		return tx.Enqueue(ctx, job.Task{ID: int64(r.ID), About: "billing",
			Subject: "An appointment was paid for that could not be confirmed",
			Comments: "Appointment " + a.Appointment.String() + ": " + fault.Of(err).Code + ". Book another time for the " +
				"patient, or refund the payment in Stripe."}.Job(int64(group)))
	})
}

// sweep is how many requests are asked about at a time.
const sweep = 100

// GoRound asks about what is due: what may have been paid without our being told, and what was being asked for when the
// program ended.
func (s *Service) GoRound(ctx context.Context, group practice.ID) error {
	due, err := s.Store.Due(ctx, group, s.Now(), sweep)
	if err != nil || len(due) == 0 {
		return err
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		for _, id := range due {
			if err := tx.Enqueue(ctx, settleJob(group, id, "due")); err != nil {
				return err
			}
		}
		return nil
	})
}
