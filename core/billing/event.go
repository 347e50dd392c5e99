package billing

import (
	"context"
	"slices"

	"frontdesk/core/access"
	"frontdesk/core/event"
)

// record records what of an invoice is not as it was before, as one event. What is
// on a new one comes with it: its lines are no facts besides.
func (b *bill) record(ctx context.Context, who access.Caller, before bill) error {
	facts := b.facts(before)
	if len(facts) == 0 {
		return nil
	}
	return b.tx.Record(ctx, event.Of(int64(who.Group), b.now, facts...))
}

func (b *bill) facts(before bill) (facts []event.Fact) {
	note := func(of event.Type, noun string, id int64) {
		ids := event.IDs{"invoice": int64(b.ID), "patient": int64(b.Patient), "contact": int64(b.Payer.Contact)}
		if noun != "" {
			ids[noun] = id
		}
		facts = append(facts, event.Fact{Type: of, IDs: ids})
	}
	switch {
	case before.ID == 0:
		note(event.InvoiceCreated, "", 0)
	case b.Cancelled():
		note(event.InvoiceDeleted, "", 0)
		return facts
	default:
		b.noteLines(before, note)
		b.told(before, note)
		if b.rewritten(before) {
			note(event.InvoiceUpdated, "", 0)
		}
	}
	for _, r := range fresh(b.Refunds, before.Refunds) {
		note(event.InvoiceRefunded, "refund", int64(r.ID))
	}
	switch {
	case b.settled() && !before.settled():
		note(event.InvoicePaid, "", 0)
	case b.Outstanding() > 0 && b.Paid-b.Refunded > before.Paid-before.Refunded:
		note(event.InvoicePartiallyPaid, "", 0)
	}
	return facts
}

func (b *bill) noteLines(before bill, note func(of event.Type, noun string, id int64)) {
	at := func(all []Line, id LineID) int { return slices.IndexFunc(all, func(l Line) bool { return l.ID == id }) }
	for _, l := range fresh(b.Lines, before.Lines) {
		of := event.InvoiceLineAdded
		if at(before.Lines, l.ID) >= 0 {
			of = event.InvoiceLineUpdated
		}
		note(of, "line", int64(l.ID))
	}
	for _, l := range before.Lines {
		if at(b.Lines, l.ID) < 0 {
			note(event.InvoiceLineRemoved, "line", int64(l.ID))
		}
	}
}

// rewritten reports whether what stands above or below the lines is not as it
// was, or what was recorded of a payment. A payment that was added is not: the
// money is a fact of its own.
func (b *bill) rewritten(before bill) bool {
	if b.Date != before.Date || b.Practitioner != before.Practitioner || b.Location != before.Location ||
		b.Comments != before.Comments || b.ExtraInfo != before.ExtraInfo || b.Insured != before.Insured ||
		b.Claim != before.Claim || b.Pathway != before.Pathway {
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
