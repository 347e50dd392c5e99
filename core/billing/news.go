package billing

import (
	"context"
	"slices"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/event"
)

// news tells subscriptions of something; ids are of what it is about, by noun.
func news(ctx context.Context, tx event.Recorder, who access.Caller, now time.Time, topic string, ids map[string]int64) error {
	return tx.Record(ctx, event.News(int64(who.Group), topic, now, ids))
}

// tell tells subscriptions what of an invoice is not as it was before. What is on
// a new one is told of with it: of its lines nobody is told besides.
func (b *bill) tell(ctx context.Context, who access.Caller, before bill) error {
	told := func(topic, noun string, id int64) error {
		ids := map[string]int64{"invoice": int64(b.ID), "patient": int64(b.Patient), "contact": int64(b.Payer.Contact)}
		if noun != "" {
			ids[noun] = id
		}
		return news(ctx, b.tx, who, b.now, topic, ids)
	}
	switch {
	case before.ID == 0:
		if err := told("invoice.created", "", 0); err != nil {
			return err
		}
	case b.Cancelled():
		return told("invoice.deleted", "", 0)
	default:
		if err := b.tellLines(before, told); err != nil {
			return err
		}
		if b.rewritten(before) {
			if err := told("invoice.updated", "", 0); err != nil {
				return err
			}
		}
	}
	for _, r := range fresh(b.Refunds, before.Refunds) {
		if err := told("invoice.refunded", "refund", int64(r.ID)); err != nil {
			return err
		}
	}
	switch {
	case b.settled() && !before.settled():
		return told("invoice.paid", "", 0)
	case b.Outstanding() > 0 && b.Paid-b.Refunded > before.Paid-before.Refunded:
		return told("invoice.partiallyPaid", "", 0)
	}
	return nil
}

func (b *bill) tellLines(before bill, told func(topic, noun string, id int64) error) error {
	at := func(all []Line, id LineID) int { return slices.IndexFunc(all, func(l Line) bool { return l.ID == id }) }
	for _, l := range fresh(b.Lines, before.Lines) {
		topic := "invoice.lineItems.added"
		if at(before.Lines, l.ID) >= 0 {
			topic = "invoice.lineItems.updated"
		}
		if err := told(topic, "line", int64(l.ID)); err != nil {
			return err
		}
	}
	for _, l := range before.Lines {
		if at(b.Lines, l.ID) < 0 {
			if err := told("invoice.lineItems.removed", "line", int64(l.ID)); err != nil {
				return err
			}
		}
	}
	return nil
}

// rewritten reports whether what stands above or below the lines is not as it
// was, or what was recorded of a payment. That one was added is told as the money
// it is.
func (b *bill) rewritten(before bill) bool {
	if b.Date != before.Date || b.Practitioner != before.Practitioner || b.Location != before.Location ||
		b.Comments != before.Comments || b.ExtraInfo != before.ExtraInfo {
		return true
	}
	for _, was := range before.Payments {
		is := Payment{}
		if i := slices.IndexFunc(b.Payments, func(p Payment) bool { return p.ID == was.ID }); i >= 0 {
			is = b.Payments[i]
		}
		if is.UpdatedAt = was.UpdatedAt; is != was {
			return true
		}
	}
	return false
}
