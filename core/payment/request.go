package payment

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/billing"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// ID names a request for payment within a practice group.
type ID int64

// String gives the id as digits.
func (id ID) String() string { return strconv.FormatInt(int64(id), 10) }

// Kind is how an invoice is asked to be paid.
type Kind string

// The kinds.
const (
	Page   Kind = "page"    // a payment page of the provider's
	Linked Kind = "invoice" // an invoice that the provider made
)

// State is how far a request is.
type State string

// The states.
const (
	Opening State = "opening" // the provider has been asked for a page, or is about to be
	Live    State = "open"    // it can be paid
	Done    State = "paid"    // it was paid
	Ended   State = "ended"   // it ran out, or was closed, unpaid
	Refused State = "refused" // the provider did not make it
)

// Request is an invoice that is asked to be paid.
type Request struct {
	ID      ID                `json:"id"`
	Invoice billing.InvoiceID `json:"invoice_id"`
	Kind    Kind              `json:"kind"`
	State   State             `json:"state"`
	Amount  billing.Pence     `json:"amount"`
	// External is the provider's id, and Customer that of who is asked there; empty is not known.
	External string `json:"external_id"`
	Customer string `json:"customer_id"`
	// URL is where it is paid.
	URL    string `json:"-"`
	Reason string `json:"reason"` // why it was refused, as a code
	// Reported are the provider's ids of money that could not be recorded and was reported to staff.
	Reported string `json:"reported"`
	// Appointment is the hold that is confirmed when it has been paid; 0 is none.
	Appointment booking.ID `json:"appointment_id,omitempty"`
	ExpiresAt   time.Time  `json:"expires_at,omitzero"`
	// DueAt is when the provider is asked next; the zero time is never. Checks counts how often it was.
	DueAt     time.Time `json:"-"`
	Checks    int       `json:"-"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// AuditSubject says what it is in the audit trail.
func (r Request) AuditSubject() audit.Subject {
	return audit.Subject{Kind: "payment_request", ID: int64(r.ID)}
}

// key is what the provider is asked for the page under, however often.
func (r Request) key() string { return "page-" + r.ID.String() }

// payable reports whether it can be paid, or is about to be.
func (r Request) payable() bool { return r.State == Opening || r.State == Live }

// The faults of requests.
var (
	ErrNothingDue = fault.New(fault.Conflict, "nothing_to_pay", "There is nothing left to pay on this invoice.")
	ErrTooSmall   = fault.New(fault.Conflict, "amount_too_small", "The payment provider takes 30 pence or more.")

	// ErrNoRequest is returned where there is no request.
	ErrNoRequest = fault.New(fault.NotFound, "payment_request_not_found", "There is no such request for payment.")
)

const (
	// least is the smallest amount the provider takes, in pence.
	least = 30
	// pageLife is how long a page can be paid, and giveUp how long the provider is asked for one that it did not make.
	pageLife = 23 * time.Hour
	giveUp   = 20 * time.Minute
	// again is how soon the provider is asked again first, and seldom how often at the least, of what can be paid.
	again, seldom = 30 * time.Second, 15 * time.Minute
	// watched is how long money that was received is watched for refunds, and each how often.
	watched, each = 60 * 24 * time.Hour, 24 * time.Hour
)

// edit is a change of invoices in the transaction of a change of requests.
func edit(tx Tx, who access.Caller, now time.Time) write.Edit[billing.InvoiceTx] {
	return write.Edit[billing.InvoiceTx]{Tx: tx.Billing(), Who: who, Now: now}
}

// Open gives the page on which an invoice is paid: the one there is while it is for what is due, else a new one. Only
// one can be paid at a time. Errors: billing.ErrNotFound, billing.ErrCancelled, ErrNothingDue, ErrTooSmall, and those
// of Provider.
func (s *Service) Open(ctx context.Context, of billing.InvoiceID) (Request, error) {
	who, err := access.Require(ctx, access.EditInvoices)
	if err != nil {
		return Request{}, err
	}
	return s.open(ctx, who, of, 0)
}

// tries is how often a page that is for another amount is closed before a new one is made.
const tries = 3

func (s *Service) open(
	ctx context.Context, who access.Caller, of billing.InvoiceID, hold booking.ID,
) (Request, error) {
	if ok, err := s.Provider.Connected(ctx, who.Group); err != nil || !ok {
		return Request{}, errors.Join(err, map[bool]error{false: ErrNotConnected}[ok])
	}
	for range tries {
		r, stale, err := s.ask(ctx, who, of, hold)
		switch {
		case err != nil:
			return r, err
		case stale:
			if err := s.settle(ctx, who.Group, r); err != nil {
				return r, err
			}
		case r.State == Opening:
			return s.make(ctx, who.Group, r)
		default:
			return r, nil
		}
	}
	return Request{}, ErrDown
}

// ask finds the request by which an invoice is paid, or keeps a new one. A stale one is for another amount, or has run
// out, and has to be closed first.
func (s *Service) ask(
	ctx context.Context, who access.Caller, of billing.InvoiceID, hold booking.ID,
) (r Request, stale bool, err error) {
	now := s.Now().Truncate(time.Microsecond)
	err = s.Store.Do(ctx, func(tx Tx) error {
		i, err := s.Invoices.Lock(ctx, edit(tx, who, now), of)
		if err != nil {
			return err
		}
		live, err := tx.Payable(ctx, who.Group, of)
		switch {
		case err != nil && !errors.Is(err, ErrNoRequest):
			return err
		case i.Cancelled():
			return billing.ErrCancelled
		case i.Outstanding() <= 0:
			return ErrNothingDue
		case i.Outstanding() < least:
			return ErrTooSmall
		case err == nil:
			r, stale = live, live.stale(i.Outstanding(), now)
			return nil
		}
		if hold == 0 {
			if hold, err = s.holdOf(ctx, tx, who.Group, of); err != nil {
				return err
			}
		}
		r = Request{ID: ID(s.NewID()), Invoice: of, Kind: Page, State: Opening, Amount: i.Outstanding(),
			Appointment: hold, ExpiresAt: now.Add(pageLife).Truncate(time.Second), DueAt: now.Add(again),
			CreatedAt: now, UpdatedAt: now}
		if hold != 0 {
			r.ExpiresAt = now.Add(holdLife).Truncate(time.Second)
		}
		known, err := tx.CustomersOf(ctx, who.Group, i.Payer.Patient)
		if err != nil {
			return err
		}
		if len(known) > 0 {
			r.Customer = known[0].ExternalID
		}
		if err := tx.SaveRequest(ctx, who.Group, r); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "payment_request.create", "payment_request", int64(r.ID), nil, r))
	})
	return r, stale, err
}

// make has the provider make the page that was asked for, under the request's own key: again is once.
func (s *Service) make(ctx context.Context, group practice.ID, r Request) (Request, error) {
	i, err := s.Invoices.Store.Invoice(ctx, group, r.Invoice)
	if err != nil {
		return r, err
	}
	opened, failed := s.Provider.OpenPage(ctx, group, r.key(), PageRequest{Request: r.ID, Group: group,
		Amount: r.Amount, Customer: r.Customer, Name: "Invoice " + strconv.FormatInt(i.Number, 10),
		Until: r.ExpiresAt})
	now := s.Now().Truncate(time.Microsecond)
	if failed != nil && fault.Later(failed) && now.Before(r.CreatedAt.Add(giveUp)) {
		return r, failed // it is asked again, by the same key
	}
	after, err := s.change(ctx, group, r.ID, func(r *Request) bool {
		if r.State != Opening {
			return false // another has done it
		}
		r.State, r.External, r.URL, r.DueAt = Live, opened.ID, opened.URL, now.Add(again)
		if failed != nil { // no patient has seen the address of a page that may be there all the same
			r.State, r.Reason, r.DueAt = Refused, fault.Of(failed).Code, time.Time{}
		}
		return true
	})
	return after, errors.Join(failed, err)
}

// change changes a request in a transaction of its own, where fn says that it is another then.
func (s *Service) change(
	ctx context.Context, group practice.ID, id ID, fn func(r *Request) bool,
) (r Request, err error) {
	err = s.Store.Do(ctx, func(tx Tx) error {
		if r, err = tx.LockRequest(ctx, group, id); err != nil {
			return err
		}
		return s.save(ctx, tx, group, &r, fn)
	})
	return r, err
}

// save keeps a request that fn has changed.
func (s *Service) save(ctx context.Context, tx Tx, group practice.ID, r *Request, fn func(r *Request) bool) error {
	before, now := *r, s.Now().Truncate(time.Microsecond)
	if !fn(r) {
		return nil
	}
	r.UpdatedAt = now
	if err := tx.SaveRequest(ctx, group, *r); err != nil || r.State == before.State && r.Reported == before.Reported {
		return err
	}
	return tx.Audit(ctx, access.System(group).Audit(now, "payment_request."+string(r.State), "payment_request",
		int64(r.ID), before, *r))
}

// reports says whether money was reported to staff.
func (r Request) reports(id string) bool {
	for known := range strings.FieldsSeq(r.Reported) {
		if known == id {
			return true
		}
	}
	return false
}

// Linked is the id of the provider's invoice that an invoice is linked to; empty is none.
func (r Request) Linked() string {
	if r.Kind == Linked {
		return r.External
	}
	return ""
}

// stale reports whether a page is for another amount than is due, or has run out.
func (r Request) stale(due billing.Pence, at time.Time) bool {
	return r.Kind == Page && (r.Amount != due || r.State == Live && !at.Before(r.ExpiresAt))
}

// Address is where an invoice can be paid now by a request of it; empty is nowhere.
func (s *Service) Address(r Request, i billing.Invoice) string {
	if r.State != Live || i.Cancelled() || i.Outstanding() <= 0 || r.stale(i.Outstanding(), s.Now()) {
		return ""
	}
	return r.URL
}

// Addresses are where those of some invoices that can be paid now are paid.
func (s *Service) Addresses(
	ctx context.Context, of []billing.InvoiceID,
) (map[billing.InvoiceID]string, error) {
	requests, err := s.OfInvoices(ctx, of)
	if err != nil || len(requests) == 0 {
		return nil, err
	}
	invoices, err := s.Invoices.ByID(ctx, slices.Sorted(maps.Keys(requests)))
	out := make(map[billing.InvoiceID]string, len(requests))
	for id, i := range invoices {
		if address := s.Address(requests[id], i); address != "" {
			out[id] = address
		}
	}
	return out, err
}

// OfInvoices are the requests by which some invoices are paid, or were: one that can be paid before others, and else
// the newest.
func (s *Service) OfInvoices(
	ctx context.Context, of []billing.InvoiceID,
) (map[billing.InvoiceID]Request, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil || len(of) == 0 {
		return nil, err
	}
	found, err := s.Store.RequestsOf(ctx, who.Group, of)
	out := make(map[billing.InvoiceID]Request, len(found))
	for id, all := range found {
		for _, r := range all {
			if was, ok := out[id]; !ok || r.payable() || !was.payable() {
				out[id] = r
			}
		}
	}
	return out, err
}
