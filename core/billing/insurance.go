package billing

import (
	"context"
	"slices"
	"strings"
	"time"

	"frontdesk/core/contact"
	"frontdesk/core/event"
	"frontdesk/core/input"
	"frontdesk/core/pathway"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// Insured is what an invoice says of the patient and of who insures them. It does not follow later changes of either.
type Insured struct {
	Title     string     `json:"patient_title,omitempty"`
	BirthDate input.Date `json:"patient_birth_date"`
	Insurance
}

// Insurance is a patient's policy with an insurer.
type Insurance struct {
	Insurer       string `json:"insurer,omitempty"`
	PolicyNumber  string `json:"policy_number,omitempty"`
	Authorisation string `json:"authorisation,omitempty"` // the insurer's code for this treatment
}

// InsuranceChange is what to set of it; nil leaves a thing as it is.
type InsuranceChange struct{ Insurer, PolicyNumber, Authorisation *string }

func (ch *InsuranceChange) apply(to *Insurance) error {
	if ch == nil {
		return nil
	}
	input.Set(&to.Insurer, ch.Insurer)
	input.Set(&to.PolicyNumber, ch.PolicyNumber)
	input.Set(&to.Authorisation, ch.Authorisation)
	var in input.Checks
	to.Insurer = in.Text("insurer", to.Insurer, 200)
	to.PolicyNumber = in.Text("policy_number", to.PolicyNumber, 100)
	to.Authorisation = in.Text("authorisation_code", to.Authorisation, 100)
	return in.Err()
}

// ClaimStatus is how far a bill is with Healthcode, spelt as it is stored there.
type ClaimStatus string

// ClaimStatuses are all of them; the empty one is that nothing was said of the bill.
var ClaimStatuses = []ClaimStatus{
	"Unprocessed", "In-process", "NotRequired", "AwaitingCorrection", "Validated", "Cancelled", "AwaitingCollection",
	"Collected", "NotFound", "Unspecified",
}

// Claim is how far an invoice is with Healthcode.
type Claim struct {
	Status    ClaimStatus `json:"status,omitempty"`
	Reference string      `json:"provider_reference,omitempty"`
	UpdatedAt time.Time   `json:"updated_at,omitzero"`
}

// ClaimChange is what another program says became of an invoice; nil leaves a thing as it is.
type ClaimChange struct {
	Status    *ClaimStatus
	Reference *string
}

// maxReference is how long Healthcode lets the reference of a bill be, in characters.
const maxReference = 25

func (ch *ClaimChange) apply(to *Claim, now time.Time) error {
	if ch == nil {
		return nil
	}
	was := *to
	input.Set(&to.Status, ch.Status)
	input.Set(&to.Reference, ch.Reference)
	var in input.Checks
	if ch.Status != nil {
		input.Choice(&in, "healthcode_status", *ch.Status, ClaimStatuses)
	}
	to.Reference = in.Text("provider_reference", to.Reference, maxReference)
	if *to != was {
		to.UpdatedAt = now
	}
	return in.Err()
}

// InvoiceFilter narrows a list of invoices. Nil and nothing narrow by nothing.
type InvoiceFilter struct {
	Numbers []int64
	// Key is of a value that another program keeps with an invoice; Value is the value, and nil any.
	Key   string
	Value *string
	// Submitted are those alone that are with Healthcode: they have a status and a reference there; or those alone
	// that are not.
	Submitted *bool
	// Claims are the statuses they may have there, and NoClaims those they may not.
	Claims, NoClaims []ClaimStatus
	// Pathway is the clinical pathway they belong to; 0 is any or none.
	Pathway pathway.ID
}

// MaxNumbers is how many invoices can be asked for by their number at once.
const MaxNumbers = 200

func (f *InvoiceFilter) check(in *input.Checks) {
	if len(f.Numbers) > MaxNumbers {
		in.Wrong("invoice_numbers", input.CodeBig, "at most 200 numbers", "These are too many numbers.")
	}
	f.Numbers = slices.Compact(slices.Sorted(slices.Values(f.Numbers)))
}

// Asked reports whether the filter narrows anything.
func (f InvoiceFilter) Asked() bool {
	return len(f.Numbers) > 0 || f.Key != "" || f.Submitted != nil || len(f.Claims)+len(f.NoClaims) > 0 ||
		f.Pathway != 0
}

// describe notes the patient as they are now.
func (b *bill) describe(p patient.Patient) {
	b.Insured.Title, b.Insured.BirthDate = p.Title, p.BirthDate
}

// insure notes the policy that the patient has with the contact who is billed: of their relationship with an insurer of
// that name.
func (b *bill) insure(ctx context.Context, with contact.Contact) error {
	b.Insurer = named(with)
	all, err := b.tx.Policies(ctx, b.group, b.Patient)
	for _, policy := range all {
		if strings.EqualFold(policy.Insurer, b.Insurer) {
			b.Insurance.PolicyNumber, b.Insurance.Authorisation = policy.PolicyNumber, policy.Authorisation
			break
		}
	}
	return err
}

// told are the facts of how far an invoice is with Healthcode.
func (b *bill) told(before bill, note func(of event.Type, noun string, id int64)) {
	if b.Claim != before.Claim {
		note(event.InvoiceHealthcodeStatusUpdated, "", 0)
	}
}

// Policies finds what a patient has said of their insurers.
type Policies interface {
	// Policies lists the policies among the relationships of a patient, the newest first.
	Policies(ctx context.Context, group practice.ID, of patient.ID) ([]Insurance, error)
}

// named is a contact as an insurer: the company, or the person.
func named(c contact.Contact) string {
	if c.Company != "" {
		return c.Company
	}
	return strings.TrimSpace(c.FullName())
}
