package dispatch

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/messaging"
	"frontdesk/core/practice"
)

// Recover takes back messages whose sender died before it heard their outcome, and asks again for everything that is
// due: after a restart, or when sending goes on after a pause. What had not gone out is sent, and what the carrier had
// answered is written down. Of what was under way, a carrier that knows our keys or our requests is asked again; any
// other cannot be asked, and the message is left Unknown.
func (s *Service) Recover(ctx context.Context, group practice.ID) error {
	if paused, err := s.Store.SendingPaused(ctx); err != nil || paused {
		return err
	}
	now := s.Now().Truncate(time.Microsecond)
	leases := map[int64]found{}
	for {
		lost, err := s.Store.LostLeases(ctx, group, now, recoverChunk)
		if err != nil {
			return err
		}
		if err := s.recoverSome(ctx, group, lost, leases, now); err != nil {
			return err
		}
		if len(lost) < recoverChunk {
			break
		}
	}
	// Not before: what is left of a lease without its notes would go once more.
	for lease, f := range leases {
		if f.known {
			_ = s.Journal.Forget(ctx, group, []int64{lease}) // notes that stay do no harm
		}
	}
	return errors.Join(s.ask(ctx, group, now), s.askForReceipts(ctx, group, now))
}

const recoverChunk = 500

// found is what is known of one lost lease.
type found struct {
	trail
	known bool
}

func (s *Service) recoverSome(ctx context.Context, group practice.ID, lost []messaging.Message, leases map[int64]found,
	now time.Time) error {
	if len(lost) == 0 {
		return nil
	}
	carriers := map[string]carrier.Carrier{"": pageCarrier{}, "page": pageCarrier{}}
	for _, channel := range carrier.Channels {
		some, err := s.Messages.Carriers(ctx, group, channel)
		if err != nil {
			return err
		}
		for _, c := range some {
			carriers[c.Name()] = c
		}
	}
	for _, m := range lost {
		if _, read := leases[m.Lease]; read {
			continue
		}
		t, known, err := s.follow(ctx, group, m.Lease, m.Journal)
		if err != nil {
			return err
		}
		leases[m.Lease] = found{t, known}
	}
	d := &dispatcher{Service: s, group: group, carriers: []carrier.Carrier{noCarrier{}}}
	return s.Store.Do(ctx, func(tx Tx) error {
		settled := make([]Settled, len(lost))
		for i, m := range lost {
			settled[i] = Settled{Message: m, Was: m.Prior, At: now, Leased: m.Lease}
			d.takeBack(&settled[i], carriers[m.Carrier], leases[m.Lease], now)
		}
		return d.settle(ctx, tx, settled)
	})
}

// takeBack decides the outcome of a message whose sender died. by is nil when its carrier has been taken away.
func (d *dispatcher) takeBack(x *Settled, by carrier.Carrier, f found, now time.Time) {
	key := x.Key(d.group)
	request, begun := f.begun[key]
	result, answered := f.ended[key]
	x.State, x.DueAt, x.What = x.Was, now, "again"
	var busy *carrier.Busy
	var unanswered *carrier.Unanswered
	switch {
	case x.Unread(), x.InDoubt():
	case answered && errors.As(result.Err, &unanswered):
		x.Request = unanswered.Request
	case answered && errors.As(result.Err, &busy), f.known && !begun: // it has not gone
	case answered && by != nil:
		d.outcome(x, by, result, now)
	case begun && request != "":
		x.Request = request
	case by != nil && by.Idempotent():
		if x.Carrier != "" && x.Carrier != (pageCarrier{}).Name() {
			x.Request = key
		}
	default:
		x.unknown(now, noAnswer, "The server stopped before the carrier answered.")
	}
}

// ask adds the jobs for everything that is due.
func (s *Service) ask(ctx context.Context, group practice.ID, now time.Time) error {
	due, err := s.Store.DueChannels(ctx, group, now)
	if err != nil {
		return err
	}
	if len(due) == 0 {
		return nil
	}
	return s.Store.Do(ctx, func(tx Tx) error {
		for _, x := range due {
			j := messaging.DispatchJob(group, x.Batch, x.Channel, now, now)
			// A server that died as it took a job on has left it behind, and its
			// key with it: this one must not wait for that.
			j.Key = ""
			if err := tx.Enqueue(ctx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

const (
	// receiptWait is how long a provider has to report a message's outcome by
	// itself: NHS Notify calls back for two hours, and then no more.
	receiptWait = 2 * time.Hour
	// askFor is how long after it was sent a message is asked about. By then the
	// longest way that a provider may take is over.
	askFor = 96 * time.Hour
	// asksAtOnce is how many messages are asked about in one go.
	asksAtOnce = 200
)

// askForReceipts asks carriers about messages that have no receipt.
func (s *Service) askForReceipts(ctx context.Context, group practice.ID, now time.Time) error {
	due, err := s.Store.AwaitingReceipt(ctx, group, now, asksAtOnce)
	if err != nil {
		return err
	}
	for _, m := range due {
		by, err := s.asker(ctx, group, m)
		if err != nil {
			return err
		}
		next := time.Time{}
		if by != nil {
			var later bool
			if later, err = s.askAbout(ctx, group, by, m); err != nil {
				return err
			}
			if later {
				return nil // the others would hear the same
			}
			if next = now.Add(max(receiptWait, now.Sub(m.SentAt))); next.Sub(m.SentAt) > askFor {
				next = time.Time{}
			}
		}
		if err := s.Store.Do(ctx, func(tx Tx) error {
			return tx.AskAgain(ctx, group, m.ID, m.AskAt,
				next)
		}); err != nil {
			return err
		}
	}
	return nil
}

// asker is the carrier that has a message, if it can be asked.
func (s *Service) asker(ctx context.Context, group practice.ID, m messaging.Message) (carrier.Asker, error) {
	some, err := s.Messages.Carriers(ctx, group, m.LegChannel())
	for _, c := range some {
		if a, ok := c.(carrier.Asker); ok && c.Name() == m.Carrier {
			return a, err
		}
	}
	return nil, err
}

// askAbout asks about one message. later is that the carrier does not answer now.
func (s *Service) askAbout(ctx context.Context, group practice.ID, by carrier.Asker,
	m messaging.Message) (later bool, err error) {
	within, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	r, err := by.Status(within, m.ProviderID)
	var refused *carrier.Refusal
	switch {
	case errors.As(err, &refused): // it knows nothing of it
		return false, nil
	case err != nil:
		return true, nil
	case r.Progress == "":
		return false, nil
	}
	r.Key = m.Key(group)
	return false, s.Receive(ctx, group, m.Carrier, carrier.Report{Receipts: []carrier.Receipt{r}})
}
