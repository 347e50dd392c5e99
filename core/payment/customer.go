package payment

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// Coupons lists the reductions the practice gives at its payment provider.
func (s *Service) Coupons(ctx context.Context) ([]Coupon, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return nil, err
	}
	return s.Provider.Coupons(ctx, who.Group)
}

// longestQuery is the longest text that customers are looked for by.
const longestQuery = 100

// Customers finds customers of the practice by part of a name, an e-mail address or a telephone number.
func (s *Service) Customers(ctx context.Context, query string) ([]Customer, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return nil, err
	}
	var in input.Checks
	query = in.Required("query", query, longestQuery)
	if err := in.Err(); err != nil {
		return nil, err
	}
	found, err := s.Provider.Customers(ctx, who.Group, query)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	known, err := s.Customer.KnownAs(ctx, who.Group, ids)
	if err != nil {
		return nil, err
	}
	audit.Seen(ctx, known...) // of those who are patients
	return found, nil
}

// NewCustomer is a customer to add.
type NewCustomer struct {
	Name, Email, Phone string
	// Methods are ids of payment methods that the provider gave the patient's browser; one at most.
	Methods []string
	// Patient is the patient the customer is; 0 is none.
	Patient patient.ID
	// Once is the caller's own name for the request, by which it is done once; it may be empty.
	Once string
}

// method is the id of a payment method. What looks like the number of a card is none.
var method = regexp.MustCompile(`^pm_[A-Za-z0-9_]{1,100}$`)

// CreateCustomer adds a customer at the payment provider, and keeps whose it is where that is a patient. Errors:
// patient.ErrNotFound, field faults, and those of Provider.
func (s *Service) CreateCustomer(ctx context.Context, n NewCustomer) (Customer, error) {
	who, err := access.Require(ctx, access.EditInvoices)
	if err != nil {
		return Customer{}, err
	}
	var in input.Checks
	c := Customer{Name: in.Required("name", n.Name, 200)}
	if n.Email != "" {
		c.Email = in.Email("email", n.Email)
	}
	if n.Phone != "" {
		c.Phone = in.Telephone("phone", n.Phone)
	}
	if len(n.Methods) > 1 {
		in.Wrong("sources", input.CodeBig, "one payment method at most", "A customer is made with one payment method.")
	}
	for _, id := range n.Methods {
		if !method.MatchString(id) {
			in.Wrong("sources", input.CodeString, "the id of a payment method of the provider",
				"This is not the id of a payment method.")
		}
		c.Methods = append(c.Methods, Method{ID: id})
	}
	if err := in.Err(); err != nil {
		return Customer{}, err
	}
	if n.Patient != 0 {
		if _, err := s.Store.Patient(ctx, who.Group, n.Patient); err != nil {
			return Customer{}, err
		}
	}
	id := CustomerID(s.NewID())
	key := "customer-" + id.String()
	if n.Once != "" {
		// Others name their requests as they like. A key has at most 255 characters.
		holder := cmp.Or(int64(who.Key), who.Staff)
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s", who.Group, holder, n.Once))
		key = "customer-of-" + hex.EncodeToString(sum[:])
	}
	made, err := s.Provider.CreateCustomer(ctx, who.Group, key, c)
	if err != nil {
		return made, err
	}
	now := s.Now().Truncate(time.Microsecond)
	return made, s.Store.Do(ctx, func(tx Tx) (err error) {
		k := Known{ID: id, ExternalID: made.ID, CreatedAt: now}
		if n.Patient != 0 {
			if k.Patient, err = tx.LockPatientAgainstMerge(ctx, who.Group, n.Patient); err != nil {
				return err
			}
			if err := tx.SaveCustomer(ctx, who.Group, k); err != nil {
				return err
			}
		}
		return tx.Audit(ctx, who.Audit(now, "payment_customer.create", "payment_customer", int64(id), nil, k))
	})
}

// Methods lists the payment methods of a patient: none of one who is no customer. Errors: patient.ErrNotFound, and
// those of Provider.
func (s *Service) Methods(ctx context.Context, of patient.ID) ([]Method, error) {
	who, err := access.Require(ctx, access.SeeInvoices)
	if err != nil {
		return nil, err
	}
	p, err := patient.Current(ctx, s.Store, who.Group, of)
	if err != nil {
		return nil, err
	}
	audit.Seen(ctx, p)
	known, err := s.Store.CustomersOf(ctx, who.Group, p.ID)
	if err != nil || len(known) == 0 {
		return nil, err
	}
	return s.Provider.Methods(ctx, who.Group, known[0].ExternalID)
}
