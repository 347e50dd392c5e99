// Package dispatch hands messages over to carriers, and takes in what providers report about them.
//
//	dispatch.go  hand over what is due, a group at a time
//	port.go      what it needs remembered
//	eligible.go  whether a message that is due may go, and by which carrier
//	handover.go  note what goes out, and how that ended
//	again.go     the same request sent again until there is an answer
//	pair.go      both channels at once, where a carrier does that
//	settle.go    how handing over ended, and what follows
//	receipt.go   receipts of providers
//	recover.go   take back what a server that stopped had in hand; ask for receipts
package dispatch

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"frontdesk/core/carrier"
	"frontdesk/core/fault"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Claim says which messages to take.
type Claim struct {
	Group   practice.ID
	Batch   messaging.BatchID
	Channel carrier.Channel
	// Carrier is who will get them: kept with each, so that it is known whom to
	// believe when the program dies before it hears.
	Carrier string
	Now     time.Time
	Lease   int64
	Until   time.Time
	Limit   int
	// Journal is the epoch of the journal that notes which of them go out; 0 is none.
	Journal int64
}

// Outbound is a leased message with what a carrier needs besides.
type Outbound struct {
	messaging.Message
	// Person is who it is to, without what matters to no message.
	Person patient.Patient
	Pair   carrier.Pair // when it is Paired
	// About is what it is about, of a message the program sent by itself.
	About messaging.About
	// Via is the carrier it goes by when it is not the one that was picked.
	Via carrier.Carrier
	// Withheld is why it may not go.
	Withheld error
}

// Due is a channel with single messages that are due.
type Due struct {
	Batch   messaging.BatchID
	Channel carrier.Channel
}

const (
	// groupsInFlight is how many groups of one batch and channel are under way at once: one is written down, one is
	// handed over, and one is ready for the connections of that, which wait for notes now and then.
	groupsInFlight = 3
	// dispatchFor is how long one job goes on before it lets others run.
	dispatchFor = 3 * time.Minute
	// settleTries and settlePause are how long what a carrier said is held for a database that does not answer.
	settleTries = 20
	settlePause = time.Second
)

// Run is the job: it hands over what is due, a group at a time, until nothing is due any more.
func (s *Service) Run(ctx context.Context, j job.Job) error {
	var args messaging.DispatchArgs
	if err := j.Read(&args); err != nil {
		return err
	}
	again := func(ctx context.Context, j job.Job) error {
		return s.Store.Do(ctx, func(tx Tx) error { return tx.Enqueue(ctx, j) })
	}
	return s.alone.Once(ctx, j, again, func() error { return s.dispatch(ctx, practice.ID(j.Group), args) })
}

func (s *Service) dispatch(ctx context.Context, group practice.ID, args messaging.DispatchArgs) error {
	d := &dispatcher{Service: s, group: group, args: args, until: s.Now().Add(dispatchFor)}
	if paused, err := s.Store.SendingPaused(ctx); err != nil || paused {
		return err
	}
	g, err := s.Store.Group(ctx, group)
	if err != nil {
		return err
	}
	d.practice = g.Name
	carriers, err := s.Messages.Carriers(ctx, d.group, args.Channel)
	if err != nil {
		return err
	}
	if args.Channel == carrier.Hero {
		carriers = []carrier.Carrier{pageCarrier{}}
	}
	if args.Channel == carrier.NHSApp {
		if d.seconds, err = s.seconds(ctx, group, carriers); err != nil {
			return err
		}
	}
	d.carriers = carriers
	if len(carriers) == 0 {
		d.carriers = []carrier.Carrier{noCarrier{}}
	}
	if s.Journal != nil && slices.ContainsFunc(carriers, func(c carrier.Carrier) bool {
		_,
			ok := c.(carrier.Recorded)
		return ok
	}) {
		d.epoch = s.Journal.Epoch(ctx)
	}
	var wait sync.WaitGroup
	errs := make([]error, groupsInFlight)
	for i := range groupsInFlight {
		wait.Go(func() { errs[i] = d.sendGroups(ctx) })
	}
	wait.Wait()
	return errors.Join(errors.Join(errs...), d.finish(ctx))
}

// dispatcher is one run of the job.
type dispatcher struct {
	*Service
	group    practice.ID
	practice string // its name
	args     messaging.DispatchArgs
	until    time.Time
	carriers []carrier.Carrier
	seconds  map[carrier.Channel]string // carriers that take both ways at once go by these
	epoch    int64                      // of the journal

	mu   sync.Mutex
	busy map[string]time.Time // carriers that take nothing until then
	open time.Time            // when to look for requests to send again
}

// pick is the first carrier that takes messages now; with none, the first, and when it may be asked again.
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

// sendGroups takes a group, hands it over, writes down its outcomes, and takes the next, in the same transaction.
func (d *dispatcher) sendGroups(ctx context.Context) error {
	var done []Settled
	for {
		now := d.Now().Truncate(time.Microsecond)
		by, wait := d.pick(now)
		more := wait.IsZero() && now.Before(d.until) && ctx.Err() == nil
		claimed, err := d.turn(context.WithoutCancel(ctx), by, done, more, now)
		// What carriers said must not be lost to a database that is away for a moment: it is known nowhere else.
		for i := 0; err != nil && len(done) > 0 && fault.Later(err) && i < settleTries; i++ {
			<-time.After(settlePause)
			claimed, err = d.turn(context.WithoutCancel(ctx), by, done, false, now)
		}
		if err != nil {
			return err
		}
		d.forget(ctx, done)
		if len(claimed) == 0 {
			return nil
		}
		done = d.hand(ctx, d.named(claimed[0].Carrier), claimed)
	}
}

// forget throws away the notes of a group that has been written down.
func (d *dispatcher) forget(ctx context.Context, done []Settled) {
	if len(done) == 0 || done[0].Journal == 0 {
		return
	}
	// What stays is of a lease that is over, and does no harm.
	_ = d.Journal.Forget(context.WithoutCancel(ctx), d.group, []int64{done[0].Leased})
}

// turn writes down the outcomes of the last group and takes the next.
func (d *dispatcher) turn(ctx context.Context, by carrier.Carrier, done []Settled, more bool,
	now time.Time) ([]Outbound, error) {
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
		c := Claim{
			Group: d.group, Batch: d.args.Batch, Channel: d.args.Channel, Carrier: by.Name(), Now: now,
			Lease: d.NewID(), Until: now.Add(d.lease()), Limit: max(1, by.Together()), Journal: d.epochOf(by),
		}
		if claimed, err = d.again(ctx, tx, c); err == nil && len(claimed) == 0 {
			claimed, err = tx.Claim(ctx, c)
		}
		if err != nil || len(claimed) == 0 {
			return err
		}
		return d.check(ctx, tx, d.named(claimed[0].Carrier), claimed)
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

// hand gives a group to its carrier, all but what must not go any more.
func (d *dispatcher) hand(ctx context.Context, by carrier.Carrier, claimed []Outbound) []Settled {
	now := d.Now().Truncate(time.Microsecond)
	out := make([]Settled, 0, len(claimed))
	var sends []carrier.Outgoing
	var via []carrier.Carrier
	var which []int
	wire := d.wire(by, claimed[0].Lease)
	over := expired(claimed, now)
	for _, m := range claimed {
		settled, send := d.sentAgain(m, now, over)
		out = append(out, settled)
		if send {
			sends = append(sends, carrier.Outgoing{
				Key: settled.Key(d.group), Channel: settled.LegChannel(), To: settled.LegContact(),
				NHSNumber: m.Person.NHSNumber,
				FromName:  d.practice, Subject: m.Subject,
				Text:     m.About.Words(m.Message, d.Messages.Words(d.group, m.Message, d.practice)),
				Calendar: m.About.Part(m.Message), Pair: m.Pair, Request: m.Request,
				Unsubscribe: d.Messages.UnsubscribeURL(d.group, settled.Message),
			})
			if wire != nil {
				sends[len(sends)-1].Recorder = wire
			}
			via = append(via, cmp.Or(m.Via, by))
			which = append(which, len(out)-1)
		}
	}
	if len(sends) == 0 {
		return out
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.Timeout)
	defer cancel()
	results := carrier.SendVia(ctx, sends, via)
	if wire != nil {
		wire.Flush(ctx)
	}
	now = d.Now().Truncate(time.Microsecond)
	for i, r := range results {
		d.outcome(&out[which[i]], via[i], r, now)
	}
	d.keepTogether(out, now)
	return out
}

// finish asks for another run when something will fall due, and sees whether a batch is done.
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
			return err // Resume asks for the job
		}
		return tx.Enqueue(ctx, messaging.DispatchJob(d.group, d.args.Batch, d.args.Channel, next, now))
	})
}

// pageCarrier carries messages of the patient's page: they are there already.
type pageCarrier struct{}

func (pageCarrier) Name() string     { return "page" }
func (pageCarrier) Idempotent() bool { return true }
func (pageCarrier) Together() int    { return 100 }
func (pageCarrier) Send(context.Context, carrier.Outgoing) (carrier.Accepted, error) {
	return carrier.Accepted{}, nil
}

func (n pageCarrier) SendAll(_ context.Context, m []carrier.Outgoing) []carrier.Result {
	return make([]carrier.Result, len(m))
}

// noCarrier stands for a carrier that has been taken away since the message was accepted.
type noCarrier struct{ pageCarrier }

func (noCarrier) Name() string { return "none" }

func (noCarrier) Send(context.Context, carrier.Outgoing) (carrier.Accepted, error) {
	return carrier.Accepted{}, &carrier.Busy{Code: "no_carrier", After: 5 * time.Minute}
}

func (a noCarrier) SendAll(ctx context.Context, m []carrier.Outgoing) []carrier.Result {
	out := make([]carrier.Result, len(m))
	for i := range out {
		_, out[i].Err = a.Send(ctx, m[i])
	}
	return out
}
