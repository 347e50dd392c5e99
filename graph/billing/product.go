package billing

import (
	"context"
	"math"

	"frontdesk/core/account"
	"frontdesk/core/billing"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/label"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	practicegraph "frontdesk/graph/practice"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

// ErrShortID is the fault of a product's id that is too short to be one, in the
// words that programs compare.
var ErrShortID = wire.ErrID.Saying("id must be at least 24 characters")

// ProductID reads the id of a product.
func ProductID(s string) (billing.ProductID, error) {
	if len(s) < wire.HexLen {
		return 0, ErrShortID
	}
	return wire.Known[billing.ProductID](wire.KindProduct, s)
}

// percent is a rate to answer with.
func percent(p billing.Permille) *float64 { return new(float64(p) / 10) }

// money is an amount to answer with.
func money(p billing.Pence) *float64 { return wire.Pounds(int(p)) }

// ErrAmount is the fault of an amount with parts of a penny.
var ErrAmount = fault.New(fault.Invalid, "amount_decimals", "Amounts have at most two decimals.")

// most is more than any amount can be: core says how much that is.
const most = 1e15

// pence reads an amount of pounds. Programs reckon in binary fractions, so what
// is next to a penny is that penny.
func pence(field string, pounds *float64) (*billing.Pence, error) {
	if pounds == nil {
		return nil, nil
	}
	x := max(-most, min(most, *pounds*100))
	n := math.Round(x)
	if math.IsNaN(x) || math.Abs(x-n) > 1e-6 {
		wrong := *ErrAmount
		wrong.Fields = []fault.Field{{Path: []string{field}, Code: wrong.Code, Expected: "pounds and whole pence",
			Message: wrong.Message}}
		return nil, &wrong
	}
	return new(billing.Pence(n)), nil
}

// products are products as this API answers them. A product without a rate of VAT
// of its own has the practice's.
func (d Resolver) products(ctx context.Context, all []billing.Product) ([]*gql.Product, error) {
	var own billing.Permille
	for _, p := range all {
		if p.VAT != nil {
			continue
		}
		var err error
		if own, err = wire.Loader(ctx, "the practice's VAT", func(ctx context.Context,
			ids []int64) (map[int64]billing.Permille, error) {
			rate, err := d.Core.Product.VAT(ctx)
			return map[int64]billing.Permille{ids[0]: rate}, err
		}).Load(ctx, 0); err != nil {
			return nil, err
		}
		break
	}
	return wire.Map(all, func(p billing.Product) *gql.Product { return productOf(p, own) }), nil
}

func productOf(p billing.Product, own billing.Permille) *gql.Product {
	out := &gql.Product{
		ID: wire.Encode(wire.KindProduct, p.ID), Status: wire.Standing(p.Deleted()),
		ProductType: new(gql.ProductType(p.Kind)),
		ItemCode:    wire.Text(p.Code), Name: wire.Text(p.Name),
		SerialNumber: wire.Text(p.SerialNumber), StockLevel: p.Stock, Price: money(p.Price),
		SupplierName:        wire.Text(p.Supplier),
		SupplierDisplayName: wire.Text(p.Supplier),
		Comments:            wire.Text(p.Comments), IsBookable: &p.Bookable, Color: wire.Text(p.Colour),
		IsVideoConsultation: &p.Video, RequiresPayment: &p.NeedsPayment,
		RequiresConfirmation: &p.NeedsConfirmation, CreatedAt: scalar.Of(p.CreatedAt),
		UpdatedAt: scalar.Of(p.UpdatedAt),
		Tax:       &gql.Tax{TaxName: wire.Text(p.VATName), TaxRate: percent(own), TaxCode: wire.Text(p.VATCode)},
	}
	if p.VAT != nil {
		out.Tax.TaxRate = percent(*p.VAT)
	}
	if p.Cost != nil {
		out.Cost = money(*p.Cost)
	}
	if p.Minutes > 0 {
		out.Duration = &p.Minutes
	}
	return out
}

// productsByID reads products along with others that are asked for, in the order
// of their ids here, without those that do not exist.
func (d Resolver) productsByID(ctx context.Context, ids []billing.ProductID) ([]*gql.Product, error) {
	all, err := wire.LoadAll(ctx, wire.Loader(ctx, "products", func(ctx context.Context,
		ids []billing.ProductID) (map[billing.ProductID]*billing.Product, error) {
		all, err := d.Core.Product.ByID(ctx, ids)
		out := make(map[billing.ProductID]*billing.Product, len(all))
		for id, p := range all {
			out[id] = &p
		}
		return out, err
	}), ids)
	if err != nil {
		return nil, err
	}
	var found []billing.Product
	for _, p := range all {
		if p != nil {
			found = append(found, *p)
		}
	}
	return d.products(ctx, found)
}

// Product finds one product, deleted or not. An unknown id is an error, as programs
// expect.
func (q Query) Product(ctx context.Context, id string) (*gql.Product, error) {
	n, err := ProductID(id)
	if err != nil {
		return nil, err
	}
	p, err := q.Core.Product.Find(ctx, n)
	if err != nil {
		return nil, err
	}
	return q.product(ctx, p)
}

func (d Resolver) product(ctx context.Context, p billing.Product) (*gql.Product, error) {
	all, err := d.products(ctx, []billing.Product{p})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// Products lists products.
func (q Query) Products(
	ctx context.Context, search *string, pagination *gql.Pagination, options *gql.QueryOptions,
) (*gql.ProductData, error) {
	p, l, err := q.Listing(ctx, pagination, options)
	if err != nil {
		return nil, err
	}
	all, more, err := q.Core.Product.List(ctx, billing.ProductQuery{Listing: l, Search: wire.Deref(search)})
	if err != nil {
		return nil, err
	}
	data, err := q.products(ctx, all)
	return &gql.ProductData{Data: data, PageInfo: p.Info(more)}, err
}

// Appointments are those that come with a product.
func (f ProductFields) Appointments(ctx context.Context, obj *gql.Product) ([]*gql.Product, error) {
	parts, err := wire.Loader(ctx, "parts of products", f.Core.Product.PartsOf).Load(ctx,
		wire.Decoded[billing.ProductID](&obj.ID))
	if err != nil {
		return nil, err
	}
	return f.productsByID(ctx, parts)
}

// Labels are those on a product.
func (f ProductFields) Labels(ctx context.Context, obj *gql.Product) ([]*gql.ProductLabel, error) {
	all, err := wire.Loader(ctx, "labels of products", f.Core.Product.LabelsOn).Load(ctx,
		wire.Decoded[billing.ProductID](&obj.ID))
	return wire.Map(all, func(u label.Use) *gql.ProductLabel {
		return &gql.ProductLabel{ID: wire.Encode(wire.KindLabelUse, u.ID), ReferenceID: wire.Encode(wire.KindLabel,
			u.Label.ID),
			Text: &u.Label.Title, Color: wire.Text(u.Label.Colour)}
	}), err
}

// AddProductLabel puts a label on a product.
func (m Mutation) AddProductLabel(
	ctx context.Context, productID, labelReferenceID string,
) (*gql.ProductResponsePayload, error) {
	return m.withProduct(ctx, productID, func(ctx context.Context, id billing.ProductID) (billing.Product, error) {
		n, err := wire.Known[label.ID](wire.KindLabel, labelReferenceID)
		if err != nil {
			return billing.Product{}, err
		}
		return m.Core.Product.AddLabel(ctx, id, n)
	})
}

// RemoveProductLabel takes a label off a product: by the id it has there, or the
// practice's own.
func (m Mutation) RemoveProductLabel(
	ctx context.Context, productID, labelID string,
) (*gql.ProductResponsePayload, error) {
	return m.withProduct(ctx, productID, func(ctx context.Context, id billing.ProductID) (billing.Product, error) {
		use, of, err := practicegraph.LabelOn(labelID)
		if err != nil {
			return billing.Product{}, err
		}
		return m.Core.Product.RemoveLabel(ctx, id, use, of)
	})
}

// Metadata is what other programs keep with a product.
func (f ProductFields) Metadata(ctx context.Context, obj *gql.Product) ([]*gql.MetadataEntry, error) {
	return f.MetadataOf(ctx, practice.OfProduct, obj.ID)
}

// ServicesProvided is what is offered at a place.
func (f LocationFields) ServicesProvided(ctx context.Context, obj *gql.PracticeLocation) ([]*gql.Product, error) {
	ids, err := wire.Loader(ctx, "products of places", f.Core.Product.OfferedAt).Load(ctx,
		wire.Decoded[practice.LocationID](&obj.ID))
	if err != nil {
		return nil, err
	}
	return f.productsByID(ctx, ids)
}

// ServicesProvided is what a member of staff offers.
func (f UserFields) ServicesProvided(ctx context.Context, obj *gql.User) ([]*gql.Product, error) {
	ids, err := wire.Loader(ctx, "products of users", f.Core.Product.OfferedBy).Load(ctx,
		practice.PractitionerID(wire.Decoded[account.StaffID](&obj.ID)))
	if err != nil {
		return nil, err
	}
	return f.productsByID(ctx, ids)
}

// productChange reads an input. A number that is null stays as it is.
func productChange(in gql.ProductDataInput) (ch billing.ProductChange, err error) {
	ch = billing.ProductChange{
		Name: wire.Change(in.Name), Code: wire.Change(in.ItemCode), SerialNumber: wire.Change(in.SerialNumber),
		Supplier: wire.Change(in.SupplierName),
		Comments: wire.Change(in.Comments), Colour: wire.Change(in.Color),
		MembershipFrequency: wire.Change(in.MembershipFrequency),
		Stock:               in.StockLevel.Value(),
		Minutes:             in.Duration.Value(), Video: in.IsVideoConsultation.Value(),
		Bookable:          in.IsBookable.Value(),
		NeedsPayment:      in.RequiresPayment.Value(),
		NeedsConfirmation: in.RequiresConfirmation.Value(),
	}
	if k := in.ProductType.Value(); k != nil {
		ch.Kind = new(billing.Kind(*k))
	}
	if ch.Price, err = pence("price", in.Price.Value()); err != nil {
		return ch, err
	}
	if tax := in.Tax.Value(); tax != nil {
		ch.VATName, ch.VATCode = wire.Change(tax.TaxName), wire.Change(tax.TaxCode)
		var check input.Checks
		if rate, set := tax.TaxRate.ValueOK(); rate != nil {
			ch.VAT = new(billing.Permille(check.Rate("taxRate", *rate)))
		} else {
			ch.PracticeVAT = set
		}
		if err := check.Err(); err != nil {
			return ch, err
		}
	}
	ch.Cost, err = pence("cost", in.Cost.Value())
	return ch, err
}

// CreateProduct adds a product.
func (m Mutation) CreateProduct(ctx context.Context, in gql.ProductDataInput) (*gql.ProductResponsePayload, error) {
	ch, err := productChange(in)
	if err != nil {
		return nil, err
	}
	p, err := m.Core.Product.Create(ctx, ch)
	return m.productPayload(ctx, p, err)
}

// UpdateProduct changes a product.
func (m Mutation) UpdateProduct(
	ctx context.Context, id string, in gql.ProductDataInput,
) (*gql.ProductResponsePayload, error) {
	ch, err := productChange(in)
	if err != nil {
		return nil, err
	}
	return m.withProduct(ctx, id, func(ctx context.Context, id billing.ProductID) (billing.Product, error) {
		return m.Core.Product.Update(ctx, id, ch)
	})
}

// DeleteProduct deletes a product.
func (m Mutation) DeleteProduct(ctx context.Context, id string) (*gql.ProductResponsePayload, error) {
	return m.withProduct(ctx, id, m.Core.Product.Delete)
}

// UpdateProductMetadata keeps a value with a product.
func (m Mutation) UpdateProductMetadata(
	ctx context.Context, id, key, value string,
) (*gql.ProductResponsePayload, error) {
	return m.withProduct(ctx, id, func(ctx context.Context, id billing.ProductID) (billing.Product, error) {
		return m.Core.Product.SetMetadata(ctx, id, practice.Metadata{Key: key, Value: value})
	})
}

// DeleteProductMetadata forgets a value.
func (m Mutation) DeleteProductMetadata(ctx context.Context, id, key string) (*gql.ProductResponsePayload, error) {
	return m.withProduct(ctx, id, func(ctx context.Context, id billing.ProductID) (billing.Product, error) {
		return m.Core.Product.DropMetadata(ctx, id, key)
	})
}

// withProduct changes the product of an id.
func (m Mutation) withProduct(
	ctx context.Context, id string, do func(context.Context, billing.ProductID) (billing.Product, error),
) (*gql.ProductResponsePayload, error) {
	n, err := ProductID(id)
	if err != nil {
		return nil, err
	}
	p, err := do(ctx, n)
	return m.productPayload(ctx, p, err)
}

// productPayload answers a product after a change. A caller who may change products
// and not see them does not get the practice's rate of VAT.
func (m Mutation) productPayload(
	ctx context.Context, p billing.Product, err error,
) (*gql.ProductResponsePayload, error) {
	if err != nil {
		return nil, err
	}
	out, err := m.product(ctx, p)
	if err != nil && fault.Of(err).Kind == fault.Forbidden {
		out, err = productOf(p, 0), nil
		out.Tax.TaxRate = nil
	}
	return &gql.ProductResponsePayload{Data: out}, err
}
