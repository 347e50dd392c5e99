package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/batch"
	"frontdesk/core/booking"
	"frontdesk/core/courier"
	"frontdesk/core/demographics"
	"frontdesk/core/job"
	"frontdesk/core/messaging"
	"frontdesk/core/notice"
	"frontdesk/core/payment"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/sequence"
	"frontdesk/core/waiting"
	"frontdesk/core/webhook"
	practicestore "frontdesk/store/practice"
	"frontdesk/worker"
)

// The kinds of the jobs that clear old things away and that look for patients
// whose national record should be read again.
const (
	forgetOld   = "access.forget"
	askRefresh  = "patient.ask-refresh"
	refreshEach = 10 * time.Minute
	recoverLost = "message.recover"
	recoverEach = 20 * time.Second
	// senders is how many batches and channels one node sends at once.
	senders = 48
)

func (a *App) newWorker() (*worker.Worker, error) {
	return worker.New(worker.Config{
		Postgres: a.db.Postgres(), SQLite: a.db.SQLite(), Pooled: a.db.Pooled(), Begin: a.db.Begin, Log: a.config.Log,
		Done: a.metrics.job,
		Handlers: map[string]job.Handler{
			booking.ReleaseKind:      a.core.Booking.Release,
			demographics.RefreshKind: a.core.Demographics.Refresh,
			forgetOld:                a.forgets(),
			askRefresh:               a.eachGroup(a.core.Demographics.AskRefresh),

			messaging.DispatchKind: a.core.Dispatch.Run,
			batch.Kind:             a.core.Batch.Run,
			booking.FollowKind:     a.core.Notice.Follow,
			booking.FreedKind:      a.core.Waiting.Freed,
			waiting.HoursKind:      a.core.Waiting.HoursFreed,
			waiting.RoundKind:      a.core.Waiting.Round,
			notice.DueKind:         a.core.Notice.Due,
			notice.SweepKind:       a.core.Notice.Sweep,
			sequence.DueKind:       a.core.Sequence.Due,
			payment.SettleKind:     a.core.Payment.Settle,
			payment.FindKind:       a.core.Payment.Find,
			payment.ConfirmKind:    a.core.Payment.ConfirmPaid,
			record.WriteKind:       a.writeRecord,
			recoverLost:            a.recovers(),
			webhook.ReplayKind:     a.core.Webhook.GoOn,
			courier.DisabledKind:   a.noticeOfDisabled,
			job.TaskKind:           a.core.Task.Open,
			account.InviteKind:     a.core.Account.SendInvitation,
		},
		Queues: map[string]int{messaging.Queue: senders},
		Every:  map[string]time.Duration{forgetOld: time.Hour, askRefresh: refreshEach, recoverLost: recoverEach},
	})
}

// forgets is the job that deletes what has had its day.
func (a *App) forgets() job.Handler {
	return a.eachGroup(a.core.Idempotency.Forget, a.core.Account.Forget, a.core.Demographics.Forget,
		a.core.Merge.Forget, a.core.Batch.Forget,
		a.core.FormLink.Forget, a.core.Notice.Refresh, a.core.Waiting.Tidy, a.core.Payment.Forget,
		a.core.Webhook.Forget, a.core.Token.Forget, a.core.Link.Forget, a.core.Audit.Settle)
}

// eachGroup makes a job of chores that every group has. One that fails keeps none of the others from being done.
func (a *App) eachGroup(chores ...func(context.Context) error) job.Handler {
	return func(ctx context.Context, _ job.Job) error {
		groups, err := practicestore.New(a.db).Groups(ctx)
		if err != nil {
			return err
		}
		var failed error
		for _, g := range groups {
			for _, chore := range chores {
				if err := chore(access.With(ctx, access.System(g.ID))); err != nil {
					failed = errors.Join(failed, fmt.Errorf("practice group %s: %w", g.ID, err))
				}
			}
		}
		return failed
	}
}

// recovers is the job that takes back what was lost, and asks again for what is
// due.
func (a *App) recovers() job.Handler {
	return a.eachGroup(func(ctx context.Context) error {
		who, err := access.Who(ctx)
		if err != nil {
			return err
		}
		if err := a.core.Dispatch.Recover(ctx, who.Group); err != nil {
			return err
		}
		return errors.Join(a.core.Batch.Recover(ctx, who.Group), a.core.Notice.MakeDue(ctx, who.Group),
			a.core.Sequence.MakeDue(ctx, who.Group),
			a.core.Waiting.GoRound(ctx, who.Group), a.core.Payment.GoRound(ctx, who.Group))
	})
}

// writeRecord is the job that writes an entry into a record.
func (a *App) writeRecord(ctx context.Context, j job.Job) error {
	id, err := strconv.ParseInt(string(j.Args), 10, 64)
	if err != nil {
		return err
	}
	return a.core.Record.Write(ctx, practice.ID(j.Group), id)
}

// beatEvery is how often a running program notes that the database is in use.
const beatEvery = 30 * time.Second

// beating goes on until the program stops.
func (a *App) beating(ctx context.Context) {
	ticks := time.NewTicker(beatEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ticks.C:
			if err := a.core.Sending.Beat(ctx); err != nil && ctx.Err() == nil {
				a.config.Log.WarnContext(ctx, "cannot note that the database is in use", "error", err.Error())
			}
		case <-ctx.Done():
			return
		}
	}
}
