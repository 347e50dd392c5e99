package dispatch

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
)

// A request that a carrier may have taken, and takes once however often it comes, is handed over again as it was: its
// messages, all of them and no others, keep its name and wait for one time. It is not judged anew. The first of its
// messages that it becomes too late for ends it for all.

// lookAgain is how often a run that goes on looks for requests to send again.
const lookAgain = 15 * time.Second

// again leases a request that is to be sent again.
func (d *dispatcher) again(ctx context.Context, tx Tx, c Claim) ([]Outbound, error) {
	d.mu.Lock()
	look := !c.Now.Before(d.open)
	d.mu.Unlock()
	if !look {
		return nil, nil
	}
	request, by, err := tx.DueRequest(ctx, c)
	if err == nil && request == "" {
		d.mu.Lock()
		d.open = c.Now.Add(lookAgain)
		d.mu.Unlock()
	}
	if err != nil || request == "" {
		return nil, err
	}
	c.Carrier, c.Journal = by, d.epochOf(d.named(by))
	return tx.ClaimRequest(ctx, c, request)
}

// named is the carrier that may have a request, or one that cannot be asked any more.
func (d *dispatcher) named(name string) carrier.Carrier {
	if i := slices.IndexFunc(d.carriers, func(c carrier.Carrier) bool { return c.Name() == name }); i >= 0 {
		return d.carriers[i]
	}
	return removedCarrier{name: name}
}

// expired reports whether a request may not be sent again any more.
func expired(claimed []Outbound, now time.Time) bool {
	return slices.ContainsFunc(claimed, func(m Outbound) bool { return m.Request != "" && now.After(m.SendBy) })
}

// sentAgain says whether a message goes. Of a request that is sent again, one that it is alone in may still be
// withheld; of several, none is, as without it the others would be another request.
func (d *dispatcher) sentAgain(m Outbound, now time.Time, over bool) (Settled, bool) {
	if !over && (m.Request == "" || m.Request == m.Key(d.group)) {
		return d.verdict(m, now)
	}
	s := Settled{Message: m.Message, Was: m.Prior, At: now, Leased: m.Lease}
	if over && m.InDoubt() {
		s.unknown(now, noAnswer, noAnswerInTime)
	}
	return s, !over
}

// over ends a leg of which it will not be known whether the carrier has it. Its other way is better than none.
func (s *Settled) over(now time.Time) {
	if s.Leg == 1 && s.Fallback != "" {
		s.What = "unknown"
		s.next(now, noAnswer, noAnswerInTime)
		return
	}
	s.unknown(now, noAnswer, noAnswerInTime)
}

const (
	noAnswer       = "no_answer"
	noAnswerInTime = "The carrier did not answer in time, and may have the message or not."
)

// taken notes that a carrier has a message after all, of which it had not said so.
func (s *Settled) taken(at time.Time) {
	s.State, s.SentAt, s.EndedAt, s.Request, s.Tries = messaging.Sent, at, time.Time{}, "", 0
	s.Code, s.Reason, s.DueAt = "", "", time.Time{}
	if s.Leg == 1 && s.Fallback != "" && s.Channel == carrier.NHSApp && !s.Paired {
		s.DueAt = at.Add(time.Duration(s.UnreadMinutes) * time.Minute)
	}
}

// takenTogether notes the same of the other messages of a request: a carrier has all of it or nothing.
func (s *Service) takenTogether(ctx context.Context, tx Tx, group practice.ID, of messaging.Message, at,
	now time.Time) error {
	others, err := tx.SameRequest(ctx, group, of)
	if err != nil {
		return err
	}
	for _, m := range others {
		x := Settled{Message: m, Was: m.State, At: now}
		x.taken(at)
		x.UpdatedAt = now
		step := messaging.Step{ID: s.NewID(), At: at, Leg: x.Leg, Channel: x.LegChannel(), Carrier: x.Carrier,
			What: "accepted", Code: "reported"}
		if err := s.keep(ctx, tx, group, m, x, &step); err != nil {
			return err
		}
	}
	return nil
}

// unanswered has a request sent again.
func (d *dispatcher) unanswered(s *Settled, u *carrier.Unanswered, now time.Time) {
	s.Tries++
	s.State, s.What, s.Request = messaging.Queued, "again", u.Request
	s.Code, s.Reason = noAnswer, "The carrier did not answer. It is asked again with the same request."
	wait := u.After
	if wait == 0 {
		wait = backoff(s.Tries)
	}
	s.DueAt = now.Add(wait)
}

// keepTogether gives the messages of each request one time, unless that is too late for one of them.
func (d *dispatcher) keepTogether(out []Settled, now time.Time) {
	type request struct {
		due, by time.Time
		tries   int
	}
	all := map[string]*request{}
	for _, s := range out {
		if s.State != messaging.Queued || s.Request == "" {
			continue
		}
		r := all[s.Request]
		if r == nil {
			r = &request{by: s.SendBy}
			all[s.Request] = r
		}
		r.tries = max(r.tries, s.Tries)
		if s.DueAt.After(r.due) {
			r.due = s.DueAt
		}
		if s.SendBy.Before(r.by) {
			r.by = s.SendBy
		}
	}
	for _, r := range all {
		if last := r.by.Add(-lastTry); r.due.After(last) && now.Before(last) {
			r.due = last // once more before it is too late
		}
		d.mu.Lock()
		if r.due.Before(d.open) {
			d.open = r.due
		}
		d.mu.Unlock()
	}
	for i := range out {
		s := &out[i]
		if s.State != messaging.Queued || s.Request == "" {
			continue
		}
		if r := all[s.Request]; r.due.After(r.by) {
			s.over(now)
		} else {
			s.DueAt, s.Tries = r.due, r.tries
		}
	}
}

// lastTry is how long before it is too late a request is sent for the last time.
const lastTry = 30 * time.Second

// removedCarrier stands for the carrier of a request that has been taken away since.
type removedCarrier struct {
	pageCarrier
	name string
}

func (g removedCarrier) Name() string { return g.name }

func (g removedCarrier) Send(context.Context, carrier.Outgoing) (carrier.Accepted, error) {
	return carrier.Accepted{}, errLost
}

func (g removedCarrier) SendAll(_ context.Context, m []carrier.Outgoing) []carrier.Result {
	out := make([]carrier.Result, len(m))
	for i := range out {
		out[i].Err = errLost
	}
	return out
}

// Idempotent implements carrier.Carrier.
func (removedCarrier) Idempotent() bool { return false }
