package messaging

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/practice"
)

// Claim says which messages to take.
type Claim struct {
	Group   practice.ID
	Batch   BatchID
	Channel carrier.Channel
	// Carrier is who will get them: kept with each, so that it is known whom to
	// believe when the program dies before it hears.
	Carrier string
	Now     time.Time
	Lease   int64
	Until   time.Time
	Limit   int
}

// Outbound is a leased message with what a carrier needs besides.
type Outbound struct {
	Message
	NHSNumber string
	Pair      carrier.Pair // when it is Paired
	// Withheld is why it may not go.
	Withheld error
}

// Due is a channel with single messages that are due.
type Due struct {
	Batch   BatchID
	Channel carrier.Channel
}

const (
	// lanes is how many handfuls of one batch and channel are under way at
	// once: while one is handed over, the other is written down.
	lanes = 2
	// dispatchFor is how long one job goes on before it lets others run.
	dispatchFor = 3 * time.Minute
	// settleTries and settlePause are how long what a carrier said is held for
	// a database that does not answer.
	settleTries = 20
	settlePause = time.Second
	// maxTries is how often a leg whose fate is unknown is handed over again,
	// where that is harmless.
	maxTries = 8
)

// Dispatch is the job: it hands over what is due, a handful at a time, until
// nothing is due any more.
func (s *Service) Dispatch(ctx context.Context, j job.Job) error {
	var args dispatchArgs
	if err := json.Unmarshal(j.Args, &args); err != nil {
		return fault.New(fault.Invalid, "bad_job", "This job cannot be read.").Because(err)
	}
	return s.Once(ctx, j, func() error { return s.dispatch(ctx, practice.ID(j.Group), args) })
}

func (s *Service) dispatch(ctx context.Context, group practice.ID, args dispatchArgs) error {
	d := &dispatcher{Service: s, group: group, args: args, until: s.Now().Add(dispatchFor)}
	if paused, err := s.Store.SendingPaused(ctx); err != nil || paused {
		return err
	}
	g, err := s.Store.Group(ctx, group)
	if err != nil {
		return err
	}
	d.practice = g.Name
	carriers, err := s.Carriers(ctx, d.group, args.Channel)
	if err != nil {
		return err
	}
	if args.Channel == carrier.Hero {
		carriers = []carrier.Carrier{nobody{}}
	}
	if args.Channel == carrier.NHSApp {
		if d.seconds, err = s.seconds(ctx, group, carriers); err != nil {
			return err
		}
	}
	d.carriers = carriers
	if len(carriers) == 0 {
		d.carriers = []carrier.Carrier{absent{}}
	}
	var wait sync.WaitGroup
	errs := make([]error, lanes)
	for i := range lanes {
		wait.Go(func() { errs[i] = d.lane(ctx) })
	}
	wait.Wait()
	return errors.Join(errors.Join(errs...), d.finish(ctx))
}

// Once runs a job unless this program is running one just like it. Otherwise a
// batch that is queued bit by bit would be handed over by a job for each bit, in
// more lanes than there should be, and leave no room for other batches.
func (s *Service) Once(ctx context.Context, j job.Job, run func() error) error {
	again, err := s.alone.Run(j, run)
	if again {
		j.RunAt = time.Time{}
		ctx = context.WithoutCancel(ctx)
		err = errors.Join(err, s.Store.Do(ctx, func(tx Tx) error { return tx.Enqueue(ctx, j) }))
	}
	return err
}

// dispatcher is one run of the job.
type dispatcher struct {
	*Service
	group    practice.ID
	practice string // its name
	args     dispatchArgs
	until    time.Time
	carriers []carrier.Carrier
	seconds  map[carrier.Channel]string // carriers that take both ways at once go by these

	mu   sync.Mutex
	busy map[string]time.Time // carriers that take nothing until then
}

// pick is the first carrier that takes messages now; with none, the first, and
// when it may be asked again.
func (d *dispatcher) pick(now time.Time) (carrier.Carrier, time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var soonest time.Time
	for _, c := range d.carriers {
		until, ok := d.busy[c.Name()]
		if !ok || !now.Before(until) {
			return c, time.Time{}
		}
		if soonest.IsZero() || until.Before(soonest) {
			soonest = until
		}
	}
	return d.carriers[0], soonest
}

// rest notes that a carrier takes nothing for a while.
func (d *dispatcher) rest(name string, until time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy == nil {
		d.busy = map[string]time.Time{}
	}
	d.busy[name] = until
}

// lane takes a handful, hands it over, writes down what became of it, and takes
// the next, in the same transaction.
func (d *dispatcher) lane(ctx context.Context) error {
	var done []Settled
	for {
		now := d.Now().Truncate(time.Microsecond)
		by, wait := d.pick(now)
		more := wait.IsZero() && now.Before(d.until) && ctx.Err() == nil
		claimed, err := d.turn(context.WithoutCancel(ctx), by, done, more, now)
		// What carriers said must not be lost to a database that is away for a
		// moment: nobody would know it any more.
		for i := 0; err != nil && len(done) > 0 && fault.Later(err) && i < settleTries; i++ {
			time.Sleep(settlePause)
			claimed, err = d.turn(context.WithoutCancel(ctx), by, done, false, now)
		}
		if err != nil || len(claimed) == 0 {
			return err
		}
		done = d.hand(ctx, by, claimed)
	}
}

// turn writes down what became of the last handful and takes the next.
func (d *dispatcher) turn(ctx context.Context, by carrier.Carrier, done []Settled, more bool, now time.Time) ([]Outbound, error) {
	var claimed []Outbound
	err := d.Store.Do(ctx, func(tx Tx) error {
		claimed = nil
		if len(done) > 0 {
			if err := d.settle(ctx, tx, done); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		if stop, err := d.stopped(ctx, tx); err != nil || stop {
			return err
		}
		var err error
		claimed, err = tx.Claim(ctx, Claim{
			Group: d.group, Batch: d.args.Batch, Channel: d.args.Channel, Carrier: by.Name(), Now: now,
			Lease: d.NewID(), Until: now.Add(d.lease()), Limit: max(1, by.Together()),
		})
		if err != nil {
			return err
		}
		return d.judge(ctx, tx, by, claimed)
	})
	return claimed, err
}

// stopped reports whether nothing more of this may go now.
func (d *dispatcher) stopped(ctx context.Context, tx Tx) (bool, error) {
	paused, err := tx.SendingPaused(ctx)
	if err != nil || paused || d.args.Batch == 0 {
		return paused, err
	}
	return tx.BatchHalted(ctx, d.group, d.args.Batch)
}

// hand gives a handful to its carrier, all but what must not go any more.
func (d *dispatcher) hand(ctx context.Context, by carrier.Carrier, claimed []Outbound) []Settled {
	now := d.Now().Truncate(time.Microsecond)
	out := make([]Settled, 0, len(claimed))
	var sends []carrier.Outgoing
	var which []int
	for _, m := range claimed {
		settled, send := d.verdict(m, now)
		out = append(out, settled)
		if send {
			sends = append(sends, carrier.Outgoing{
				Key: settled.Key(d.group), Channel: settled.LegChannel(), To: settled.LegContact(), NHSNumber: m.NHSNumber,
				FromName: d.practice, Subject: m.Subject, Text: d.words(d.group, m.Message, d.practice), Pair: m.Pair,
				Unsubscribe: d.unsubscribeURL(d.group, settled.Message),
			})
			which = append(which, len(out)-1)
		}
	}
	if len(sends) == 0 {
		return out
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Timeout)
	defer cancel()
	var results []carrier.Result
	if len(sends) == 1 {
		a, err := by.Send(ctx, sends[0])
		results = []carrier.Result{{Accepted: a, Err: err}}
	} else {
		results = by.SendAll(ctx, sends)
	}
	now = d.Now().Truncate(time.Microsecond)
	for i, r := range results {
		d.outcome(&out[which[i]], by, r, now)
	}
	return out
}

// finish asks for another run when something will fall due, and sees whether a
// batch is done.
func (d *dispatcher) finish(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	now := d.Now().Truncate(time.Microsecond)
	next, err := d.Store.NextDue(ctx, d.group, d.args.Batch, d.args.Channel)
	if err != nil {
		return err
	}
	if next.IsZero() {
		if d.args.Batch == 0 {
			return nil
		}
		return d.BatchDone(ctx, d.group, d.args.Batch)
	}
	_, wait := d.pick(now)
	if next.Before(wait) {
		next = wait
	}
	return d.Store.Do(ctx, func(tx Tx) error {
		if stop, err := d.stopped(ctx, tx); err != nil || stop {
			return err // whoever lets it go on asks for the job
		}
		return tx.Enqueue(ctx, DispatchJob(d.group, d.args.Batch, d.args.Channel, next, now))
	})
}

// Recover takes back messages whose sender died before it heard what became of
// them, and asks again for everything that is due: after a restart, or when
// sending goes on after a pause. A carrier that knows our keys is asked again;
// of any other nobody knows, and the message is left Unknown.
func (s *Service) Recover(ctx context.Context, group practice.ID) error {
	if paused, err := s.Store.SendingPaused(ctx); err != nil || paused {
		return err
	}
	now := s.Now().Truncate(time.Microsecond)
	for {
		lost, err := s.Store.LostLeases(ctx, group, now, recoverChunk)
		if err != nil {
			return err
		}
		if err := s.recoverSome(ctx, group, lost, now); err != nil {
			return err
		}
		if len(lost) < recoverChunk {
			break
		}
	}
	return s.ask(ctx, group, now)
}

const recoverChunk = 500

func (s *Service) recoverSome(ctx context.Context, group practice.ID, lost []Message, now time.Time) error {
	if len(lost) == 0 {
		return nil
	}
	again := map[string]bool{"": true, "page": true}
	for _, channel := range carrier.Channels {
		carriers, err := s.Carriers(ctx, group, channel)
		if err != nil {
			return err
		}
		for _, c := range carriers {
			again[c.Name()] = c.Idempotent()
		}
	}
	d := &dispatcher{Service: s, group: group}
	return s.Store.Do(ctx, func(tx Tx) error {
		settled := make([]Settled, len(lost))
		for i, m := range lost {
			settled[i] = Settled{Message: m, Was: m.Prior, At: now, Leased: m.Lease}
			switch x := &settled[i]; {
			case m.handed() || again[m.Carrier]:
				x.State, x.DueAt, x.What = m.Prior, now, "again"
				if !m.handed() {
					x.Code, x.Reason = noAnswer, "The server stopped before the carrier answered."
				}
			default:
				x.unknown(now, noAnswer, "The server stopped before the carrier answered.")
			}
		}
		return d.settle(ctx, tx, settled)
	})
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
			j := DispatchJob(group, x.Batch, x.Channel, now, now)
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

// nobody carries messages of the patient's page: they are there already.
type nobody struct{}

func (nobody) Name() string     { return "page" }
func (nobody) Idempotent() bool { return true }
func (nobody) Together() int    { return 100 }
func (nobody) Send(context.Context, carrier.Outgoing) (carrier.Accepted, error) {
	return carrier.Accepted{}, nil
}

func (n nobody) SendAll(_ context.Context, m []carrier.Outgoing) []carrier.Result {
	return make([]carrier.Result, len(m))
}

// absent stands for a carrier that has been taken away since the message was
// accepted.
type absent struct{ nobody }

func (absent) Name() string { return "none" }

func (absent) Send(context.Context, carrier.Outgoing) (carrier.Accepted, error) {
	return carrier.Accepted{}, &carrier.Busy{Code: "no_carrier", After: 5 * time.Minute}
}

func (a absent) SendAll(ctx context.Context, m []carrier.Outgoing) []carrier.Result {
	out := make([]carrier.Result, len(m))
	for i := range out {
		_, out[i].Err = a.Send(ctx, m[i])
	}
	return out
}
