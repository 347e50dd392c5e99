package billing

import (
	"context"
	"errors"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/label"
	"frontdesk/core/practice"
	"frontdesk/core/read"
	"frontdesk/core/write"
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
	Medication     Kind = "medication"
	Vaccine        Kind = "vaccine"
	Lab            Kind = "lab"
	MembershipKind Kind = "membership"
	PathwayKind    Kind = "pathway" // care over a while, for which a clinical pathway is opened
	Procedure      Kind = "procedure"
	Other          Kind = "other"
)

// Kinds are all the kinds.
var Kinds = []Kind{Appointment, Medication, Vaccine, Lab, MembershipKind, PathwayKind, Procedure, Other}

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
	input.Set(&p.Kind, ch.Kind)
	input.Set(&p.Name, ch.Name)
	input.Set(&p.Code, ch.Code)
	input.Set(&p.SerialNumber, ch.SerialNumber)
	input.Set(&p.VATName, ch.VATName)
	input.Set(&p.VATCode, ch.VATCode)
	input.Set(&p.Supplier, ch.Supplier)
	input.Set(&p.Comments, ch.Comments)
	input.Set(&p.Colour, ch.Colour)
	input.Set(&p.MembershipFrequency, ch.MembershipFrequency)
	input.Set(&p.Price, ch.Price)
	input.Set(&p.Minutes, ch.Minutes)
	input.Set(&p.Video, ch.Video)
	input.Set(&p.Bookable, ch.Bookable)
	input.Set(&p.NeedsPayment, ch.NeedsPayment)
	input.Set(&p.NeedsConfirmation, ch.NeedsConfirmation)
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

// ProductStore is what products need remembered.
type ProductStore interface {
	practice.GroupReader
	// Product finds a product, deleted ones too, or returns ErrProductNotFound.
	Product(ctx context.Context, group practice.ID, id ProductID) (Product, error)
	// Products lists products. Those asked for by when they were made or changed
	// come in that order, others in the order of their ids.
	Products(ctx context.Context, group practice.ID, q ProductQuery, rows input.Rows) ([]Product, error)
	// Worked lists what sessions that run on the day or later offer: at locations, or by practitioners.
	Worked(ctx context.Context, group practice.ID, list Offer, of []int64, today input.Date) (map[int64][]ProductID,
		error)
	// VAT is the practice's own rate.
	VAT(ctx context.Context, group practice.ID) (Permille, error)
	ProductListReader
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(ProductTx) error) error
}

// ProductListReader reads many products, and the lists that belong to them.
type ProductListReader interface {
	// ProductsByID finds those of the products there are, deleted ones too.
	ProductsByID(ctx context.Context, group practice.ID, ids []ProductID) (map[ProductID]Product, error)
	// Offers reads a list by what it belongs to: Parts by product, Places by location, People by practitioner.
	Offers(ctx context.Context, group practice.ID, list Offer, of []int64) (map[int64][]ProductID, error)
	// LabelsOnProducts lists the labels on some products, in the order they were
	// put on.
	LabelsOnProducts(ctx context.Context, group practice.ID, of []ProductID) (map[ProductID][]label.Use, error)
}

// ProductTx is a ProductStore inside a transaction.
type ProductTx interface {
	ProductListReader
	StockTx
	practice.MetadataTx
	LabelTx
	// LockAppointmentType keeps others from changing an appointment type until
	// the end of the transaction, when there is one of that id. It comes before
	// LockProduct.
	LockAppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) error
	AppointmentType(ctx context.Context, group practice.ID, id diary.TypeID) (diary.Type, error)
	// SaveAppointmentType keeps an appointment type and the product that it is.
	SaveAppointmentType(ctx context.Context, group practice.ID, t diary.Type) error
}

// Products is what the practice offers.
type Products struct {
	Store ProductStore
	Now   func() time.Time
	NewID func() int64
}

// productEdit is a product being changed.
type productEdit struct {
	Product
	tx    ProductTx
	who   access.Caller
	group practice.ID
	now   time.Time
}

// save keeps the product as it is now, as its next version.
func (e *productEdit) save(ctx context.Context) error {
	e.Version, e.UpdatedAt = e.Version+1, e.now
	return e.tx.SaveProduct(ctx, e.group, e.Product)
}

// saveType keeps the appointment type of a product as the product says.
func (e *productEdit) saveType(ctx context.Context, action string, before any, t diary.Type) error {
	price, active := int(e.Price), !e.Deleted()
	ch := diary.TypeChange{Name: &e.Name, Price: &price, Minutes: &e.Minutes, Video: &e.Video, Active: &active,
		PracticeVAT: e.VAT == nil}
	if e.VAT != nil {
		ch.VAT = new(int(*e.VAT))
	}
	if err := ch.Apply(&t); err != nil {
		return err
	}
	t.UpdatedAt = e.now
	if err := e.tx.SaveAppointmentType(ctx, e.group, t); err != nil {
		return err
	}
	return e.tx.Audit(ctx, e.who.Audit(e.now, action, "appointment_type", int64(t.ID), before, t))
}

const deleting = "product.delete"

// edit locks a product, changes it in one transaction, and keeps the audit entry with what change says of before and
// after. Errors: ErrProductNotFound, ErrProductDeleted.
func (s *Products) edit(ctx context.Context, id ProductID, action string,
	change func(e *productEdit) (before, after any, err error)) (Product, error) {
	return write.Do(ctx, access.EditProducts, s.Now, s.Store.Do, func(w write.Edit[ProductTx]) (Product, error) {
		e := productEdit{tx: w.Tx, who: w.Who, group: w.Group(), now: w.Now}
		err := e.tx.LockAppointmentType(ctx, e.group, diary.TypeID(id))
		if err == nil {
			e.Product, err = e.tx.LockProduct(ctx, e.group, id)
		}
		switch {
		case err != nil, e.Deleted() && action == deleting:
			return e.Product, err
		case e.Deleted():
			return e.Product, ErrProductDeleted
		}
		before, after, err := change(&e)
		if errors.Is(err, write.ErrSame) {
			return e.Product, nil
		}
		if err != nil {
			return e.Product, err
		}
		return e.Product, w.Audit(ctx, action, int64(id), before, after)
	})
}

// Create adds a product; for an appointment, its appointment type too.
func (s *Products) Create(ctx context.Context, ch ProductChange) (Product, error) {
	kept := write.Kind[ProductTx, ProductID, Product]{Needs: access.EditProducts, Save: ProductTx.SaveProduct}
	id := ProductID(s.NewID())
	return kept.Add(ctx, s.Now, s.Store.Do, "product.create", id, func(w write.Edit[ProductTx], p *Product) error {
		*p = Product{ID: id, Kind: Other, Version: 1, CreatedAt: w.Now, UpdatedAt: w.Now}
		if ch.Kind != nil && *ch.Kind == Appointment {
			p.Minutes = defaultMinutes
		}
		if err := ch.apply(p); err != nil || p.Kind != Appointment {
			return err
		}
		t := diary.Type{ID: diary.TypeID(id), Sector: practice.NHS, Profession: practice.GP, Active: true,
			CreatedAt: w.Now}
		t.InPerson = !p.Video
		if p.Price > 0 {
			t.Sector = practice.Paid
		}
		e := productEdit{Product: *p, tx: w.Tx, who: w.Who, group: w.Group(), now: w.Now}
		return e.saveType(ctx, "appointment_type.create", nil, t)
	})
}

// Update changes a product, and the appointment type that it is. What is
// on an invoice already stays as it was. Errors: ErrProductNotFound,
// ErrProductDeleted, ErrProductKind.
func (s *Products) Update(ctx context.Context, id ProductID, ch ProductChange) (Product, error) {
	return s.change(ctx, id, "product.update", func(e *productEdit) error {
		was := e.Kind
		if err := ch.apply(&e.Product); err != nil {
			return err
		}
		if was != e.Kind && (was == Appointment || e.Kind == Appointment) {
			return ErrProductKind
		}
		return nil
	})
}

// Delete deletes a product: it is offered no more, and stands on the
// invoices it is on. Deleting it again changes nothing. Error: ErrProductNotFound.
func (s *Products) Delete(ctx context.Context, id ProductID) (Product, error) {
	return s.change(ctx, id, deleting, func(e *productEdit) error {
		e.DeletedAt = e.now
		return nil
	})
}

func (s *Products) change(
	ctx context.Context, id ProductID, action string, change func(e *productEdit) error,
) (Product, error) {
	return s.edit(ctx, id, action, func(e *productEdit) (any, any, error) {
		before := e.Product
		if err := change(e); err != nil {
			return nil, nil, err
		}
		if e.Kind == Appointment {
			t, err := e.tx.AppointmentType(ctx, e.group, diary.TypeID(id))
			if err != nil {
				return nil, nil, err
			}
			if err := e.saveType(ctx, "appointment_type.update", t, t); err != nil {
				return nil, nil, err
			}
		}
		err := e.save(ctx)
		return before, e.Product, err
	})
}

// ProductQuery is what products to list.
type ProductQuery struct {
	input.Listing
	// Search is part of a name or a code, without case and accents.
	Search string
}

// Find finds one product, deleted or not. Error: ErrProductNotFound.
func (s *Products) Find(ctx context.Context, id ProductID) (Product, error) {
	return read.One(ctx, access.SeeProducts, id, s.Store.Product)
}

// List lists products, and reports whether more follow the page.
func (s *Products) List(ctx context.Context, q ProductQuery) (found []Product, more bool, err error) {
	var in input.Checks
	q.Search = in.Text("search", q.Search, 200)
	return read.Page(ctx, access.SeeProducts, &in, in.Rows(q.Page), q, s.Store.Products)
}

// ByID finds those of the products that exist, deleted ones too.
func (s *Products) ByID(ctx context.Context, ids []ProductID) (map[ProductID]Product, error) {
	return read.ByID(ctx, access.SeeProducts, ids, s.Store.ProductsByID)
}

// VAT is the practice's own rate: of products that have none.
func (s *Products) VAT(ctx context.Context) (Permille, error) {
	who, err := access.Require(ctx, access.SeeProducts)
	if err != nil {
		return 0, err
	}
	return s.Store.VAT(ctx, who.Group)
}
