package billing

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
)

// ProductID names a product within a practice group. That of an appointment is
// the id of its appointment type.
type ProductID int64

// String gives the id as digits.
func (id ProductID) String() string { return strconv.FormatInt(int64(id), 10) }

// Kind says what kind of product it is.
type Kind string

// The kinds.
const (
	Appointment    Kind = "appointment"
	Consumable     Kind = "consumable"
	Drug           Kind = "drug"
	Lab            Kind = "lab"
	MembershipKind Kind = "membership"
	ServiceKind    Kind = "service"
	Vaccine        Kind = "vaccine"
	Other          Kind = "other"
)

// Kinds are all the kinds.
var Kinds = []Kind{Appointment, Consumable, Drug, Lab, MembershipKind, ServiceKind, Vaccine, Other}

// Product is something the practice offers. Of an appointment, the name, the
// price, the length, whether it is by video, and whether it is offered at all are
// those of its appointment type.
type Product struct {
	ID           ProductID `json:"id"`
	Kind         Kind      `json:"kind"`
	Name         string    `json:"name"`
	Code         string    `json:"code"`
	SerialNumber string    `json:"serial_number"`
	Price        Pence     `json:"price"` // without VAT
	Cost         *Pence    `json:"cost"`  // nil is not known
	// VAT is the rate; nil is the practice's own.
	VAT     *Permille `json:"vat_permille"`
	VATName string    `json:"vat_name"`
	VATCode string    `json:"vat_code"`
	// Stock is how many there are, less what invoices took; nil is not counted.
	Stock               *int      `json:"stock"`
	Supplier            string    `json:"supplier"`
	Comments            string    `json:"comments"`
	Colour              string    `json:"colour"`
	Minutes             int       `json:"duration"` // 0 is none
	Video               bool      `json:"video"`
	Bookable            bool      `json:"bookable"` // by patients themselves
	NeedsPayment        bool      `json:"requires_payment"`
	NeedsConfirmation   bool      `json:"requires_confirmation"`
	MembershipFrequency string    `json:"membership_frequency"`
	DeletedAt           time.Time `json:"deleted_at,omitzero"`
	// Version counts changes.
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Deleted reports whether the product is offered no more.
func (p Product) Deleted() bool { return !p.DeletedAt.IsZero() }

// ProductChange is what to set of a product; nil leaves a thing as it is.
type ProductChange struct {
	Kind                                             *Kind
	Name, Code, SerialNumber, VATName, VATCode       *string
	Supplier, Comments, Colour, MembershipFrequency  *string
	Price, Cost                                      *Pence
	VAT                                              *Permille
	PracticeVAT                                      bool // back to the practice's own rate
	Stock, Minutes                                   *int
	Video, Bookable, NeedsPayment, NeedsConfirmation *bool
}

func (ch ProductChange) apply(p *Product) error {
	set(&p.Kind, ch.Kind)
	set(&p.Name, ch.Name)
	set(&p.Code, ch.Code)
	set(&p.SerialNumber, ch.SerialNumber)
	set(&p.VATName, ch.VATName)
	set(&p.VATCode, ch.VATCode)
	set(&p.Supplier, ch.Supplier)
	set(&p.Comments, ch.Comments)
	set(&p.Colour, ch.Colour)
	set(&p.MembershipFrequency, ch.MembershipFrequency)
	set(&p.Price, ch.Price)
	set(&p.Minutes, ch.Minutes)
	set(&p.Video, ch.Video)
	set(&p.Bookable, ch.Bookable)
	set(&p.NeedsPayment, ch.NeedsPayment)
	set(&p.NeedsConfirmation, ch.NeedsConfirmation)
	if ch.Cost != nil {
		p.Cost = ch.Cost
	}
	if ch.VAT != nil || ch.PracticeVAT {
		p.VAT = ch.VAT
	}
	if ch.Stock != nil {
		p.Stock = ch.Stock
	}
	return p.check()
}

func (p *Product) check() error {
	var in input.Checks
	p.Kind = input.Choice(&in, "product_type", p.Kind, Kinds)
	p.Name = in.Required("name", p.Name, 200)
	p.Code = in.Text("item_code", p.Code, 100)
	p.SerialNumber = in.Text("serial_number", p.SerialNumber, 100)
	p.Price = amount(&in, "price", p.Price, 0)
	if p.Cost != nil {
		amount(&in, "cost", *p.Cost, 0)
	}
	if p.VAT != nil {
		in.Between("vat_rate", int(*p.VAT), 0, input.MaxRate)
	}
	if p.Stock != nil {
		in.Between("stock_level", *p.Stock, -maxStock, maxStock)
	}
	p.VATName, p.VATCode = in.Text("vat_name", p.VATName, 100), in.Text("vat_code", p.VATCode, 40)
	p.Supplier = in.Text("supplier", p.Supplier, 200)
	p.Comments = in.Lines("comments", p.Comments, 5000)
	p.Colour = in.Text("colour", p.Colour, 40)
	p.Minutes = in.Between("duration", p.Minutes, 0, int(diary.MaxLength/time.Minute))
	p.MembershipFrequency = in.Text("membership_frequency", p.MembershipFrequency, 40)
	return in.Err()
}

// defaultMinutes is how long a new appointment lasts when nothing is said.
const defaultMinutes = 15

// CreateProduct adds a product; for an appointment, its appointment type too.
func (s *Service) CreateProduct(ctx context.Context, ch ProductChange) (Product, error) {
	who, err := access.Require(ctx, access.EditProducts)
	if err != nil {
		return Product{}, err
	}
	now := s.now()
	p := Product{ID: ProductID(s.NewID()), Kind: Other, Version: 1, CreatedAt: now, UpdatedAt: now}
	if ch.Kind != nil && *ch.Kind == Appointment {
		p.Minutes = defaultMinutes
	}
	if err := ch.apply(&p); err != nil {
		return Product{}, err
	}
	return p, s.Store.Do(ctx, func(tx Tx) error {
		if p.Kind == Appointment {
			fresh := diary.Type{ID: diary.TypeID(p.ID), Sector: practice.NHS, Profession: practice.GP, Active: true,
				CreatedAt: now}
			fresh.InPerson = !p.Video
			if p.Price > 0 {
				fresh.Sector = practice.Paid
			}
			if err := saveType(ctx, tx, who, now, "appointment_type.create", nil, fresh, p); err != nil {
				return err
			}
		}
		if err := tx.SaveProduct(ctx, who.Group, p); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "product.create", "product", int64(p.ID), nil, p))
	})
}

// saveType keeps the appointment type of a product as the product says.
func saveType(
	ctx context.Context, tx Tx, who access.Caller, now time.Time, action string, before any, t diary.Type, p Product,
) error {
	price, active := int(p.Price), !p.Deleted()
	ch := diary.TypeChange{Name: &p.Name, Price: &price, Minutes: &p.Minutes, Video: &p.Video, Active: &active,
		PracticeVAT: p.VAT == nil}
	if p.VAT != nil {
		rate := int(*p.VAT)
		ch.VAT = &rate
	}
	t, err := t.With(ch)
	if err != nil {
		return err
	}
	t.UpdatedAt = now
	if err := tx.SaveAppointmentType(ctx, who.Group, t); err != nil {
		return err
	}
	return tx.Audit(ctx, who.Audit(now, action, "appointment_type", int64(t.ID), before, t))
}

// UpdateProduct changes a product, and the appointment type that it is. What is
// on an invoice already stays as it was. Errors: ErrProductNotFound,
// ErrProductDeleted, ErrProductKind.
func (s *Service) UpdateProduct(ctx context.Context, id ProductID, ch ProductChange) (Product, error) {
	return s.changeProduct(ctx, id, "product.update", func(p *Product) error {
		was := p.Kind
		if err := ch.apply(p); err != nil {
			return err
		}
		if was != p.Kind && (was == Appointment || p.Kind == Appointment) {
			return ErrProductKind
		}
		return nil
	})
}

const deleting = "product.delete"

// DeleteProduct deletes a product: it is offered no more, and stands on the
// invoices it is on. Deleting it again changes nothing. Error: ErrProductNotFound.
func (s *Service) DeleteProduct(ctx context.Context, id ProductID) (Product, error) {
	return s.changeProduct(ctx, id, deleting, func(p *Product) error {
		p.DeletedAt = p.UpdatedAt
		return nil
	})
}

// changeProduct changes a product, with the audit entry. change finds UpdatedAt
// set to now.
func (s *Service) changeProduct(
	ctx context.Context, id ProductID, action string, change func(*Product) error,
) (Product, error) {
	who, err := access.Require(ctx, access.EditProducts)
	if err != nil {
		return Product{}, err
	}
	now := s.now()
	var after Product
	err = s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.LockAppointmentType(ctx, who.Group, diary.TypeID(id)); err != nil {
			return err
		}
		before, err := tx.LockProduct(ctx, who.Group, id)
		if err != nil {
			return err
		}
		after = before
		switch {
		case before.Deleted() && action == deleting:
			return nil
		case before.Deleted():
			return ErrProductDeleted
		}
		after.Version, after.UpdatedAt = before.Version+1, now
		if err := change(&after); err != nil {
			return err
		}
		if after.Kind == Appointment {
			t, err := tx.AppointmentType(ctx, who.Group, diary.TypeID(id))
			if err != nil {
				return err
			}
			if err := saveType(ctx, tx, who, now, "appointment_type.update", t, t, after); err != nil {
				return err
			}
		}
		if err := tx.SaveProduct(ctx, who.Group, after); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, action, "product", int64(id), before, after))
	})
	return after, err
}

// ProductQuery is what products to list.
type ProductQuery struct {
	input.Listing
	// Search is part of a name or a code, without case and accents.
	Search string
}

// ProductRows is a ProductQuery in the form the store takes.
type ProductRows struct {
	ProductQuery
	Offset, Limit int
}

// Product finds one product, deleted or not. Error: ErrProductNotFound.
func (s *Service) Product(ctx context.Context, id ProductID) (Product, error) {
	who, err := access.Require(ctx, access.SeeProducts)
	if err != nil {
		return Product{}, err
	}
	return s.Store.Product(ctx, who.Group, id)
}

// Products lists products, and whether more follow the page.
func (s *Service) Products(ctx context.Context, q ProductQuery) (found []Product, more bool, err error) {
	who, err := access.Require(ctx, access.SeeProducts)
	if err != nil {
		return nil, false, err
	}
	var in input.Checks
	offset, size := in.Window(q.Page)
	q.Search = in.Text("search", q.Search, 200)
	if err := in.Err(); err != nil {
		return nil, false, err
	}
	found, err = s.Store.Products(ctx, who.Group, ProductRows{q, offset, size + 1})
	if len(found) > size {
		return found[:size], true, err
	}
	return found, false, err
}

// ProductsByID finds those of the products there are, deleted ones too.
func (s *Service) ProductsByID(ctx context.Context, ids []ProductID) (map[ProductID]Product, error) {
	who, err := access.Require(ctx, access.SeeProducts)
	if err != nil {
		return nil, err
	}
	return s.Store.ProductsByID(ctx, who.Group, ids)
}
