package membership_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/membership"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/practice"
	"frontdesk/store"
	auditstore "frontdesk/store/audit"
	billingstore "frontdesk/store/billing"
	patientstore "frontdesk/store/patient"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

// kit is a practice that sells memberships, beside another one, and a clock that moves.
type kit struct {
	*testing.T
	*membership.Policies
	members          *membership.Service
	products         *billing.Products
	invoices         *billing.Invoices
	patients         *patient.Service
	practice         *practice.Service
	db               *store.DB
	clock            *atomic.Pointer[time.Time]
	ctx, other       context.Context
	place            practice.LocationID
	gp               practice.PractitionerID
	ada              patient.ID
	gold, silver     billing.ProductID // memberships
	visit, jab, free billing.ProductID // 65.00, 19.99 with VAT of 20 %, and nothing
}

func second[T any](_ T, err error) error { return err }

// day is a date in July 2031, when clocks in London show an hour more than UTC.
func day(n int) input.Date { return input.DayOf(2031, time.July, n) }

func each(t *testing.T, test func(k *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		k := &kit{T: t, db: db, clock: &atomic.Pointer[time.Time]{}}
		k.at(7, 9, 0)
		now := func() time.Time { return *k.clock.Load() }
		k.Policies = &membership.Policies{Store: billingstore.NewPolicies(db), Now: now, NewID: db.NewID}
		k.members = &membership.Service{Store: billingstore.NewMemberships(db), Now: now, NewID: db.NewID}
		k.products = &billing.Products{Store: billingstore.NewProducts(db), Now: now, NewID: db.NewID}
		k.invoices = &billing.Invoices{Store: billingstore.NewInvoices(db), Now: now, NewID: db.NewID}
		k.patients = &patient.Service{Store: patientstore.New(db), Now: now, NewID: db.NewID}
		k.practice = &practice.Service{Store: practicestore.New(db), Now: now, NewID: db.NewID}
		for _, ctx := range []*context.Context{&k.other, &k.ctx} {
			g, err := k.practice.CreateGroup(context.Background(), practice.Group{Name: "Mill Lane"})
			k.must(err)
			*ctx = access.With(context.Background(), access.Operator(g.ID))
		}
		at, err := k.practice.CreateLocation(k.ctx, practice.LocationChange{Name: new("Mill Lane")})
		k.must(err)
		gp, err := k.practice.CreatePractitioner(k.ctx, practice.PractitionerChange{FirstName: new("A"),
			LastName: new("Khan")})
		k.must(err)
		k.place, k.gp, k.ada = at.ID, gp.ID, k.admit("Ada")
		k.gold = k.sells(billing.MembershipKind, "Gold", 2000, 0)
		k.silver = k.sells(billing.MembershipKind, "Silver", 1000, 0)
		k.visit, k.jab = k.sells(billing.Other, "A visit", 6500, 0), k.sells(billing.Vaccine, "A vaccine", 1999, 200)
		k.free = k.sells(billing.Other, "A chat", 0, 0)
		test(k)
	})
}

// at sets the clock to a time of July 2031, in UTC.
func (k *kit) at(d, hour, minute int) {
	k.clock.Store(new(time.Date(2031, time.July, d, hour, minute, 0, 0, time.UTC)))
}

func (k *kit) must(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err, fault.Of(err).Fields)
	}
}

func (k *kit) want(err, want error) {
	k.Helper()
	if !errors.Is(err, want) {
		k.Fatalf("got %v, want %v", err, want)
	}
}

func (k *kit) admit(name string) patient.ID {
	k.Helper()
	of, err := patienttest.Register(k.ctx, k.patients, patient.Changes{FirstName: &name, LastName: new("Byron"),
		BirthDate: new(input.DayOf(1985, 12, 10)), Email: new(name + "@example.org")})
	k.must(err)
	return of
}

func (k *kit) sells(kind billing.Kind, name string, price billing.Pence, rate billing.Permille) billing.ProductID {
	k.Helper()
	p, err := k.products.Create(k.ctx, billing.ProductChange{Kind: &kind, Name: &name, Price: &price, VAT: &rate})
	k.must(err)
	return p.ID
}

// joins makes Ada a member from a day on.
func (k *kit) joins(of billing.ProductID, from input.Date) {
	k.Helper()
	k.must(second(k.members.Add(k.ctx, k.ada, membership.Subscription{Product: of, Start: from, Said: from.String()})))
}

// percent makes a policy that takes a share off, in hundredths of a per cent, and amount one that takes pence off.
func (k *kit) percent(of billing.ProductID, off billing.BasisPoints, to ...billing.ProductID) membership.PolicyID {
	k.Helper()
	return k.make(of, membership.PolicyChange{Name: new("A share"), Percent: &off, AppliesTo: &to})
}

func (k *kit) amount(of billing.ProductID, off billing.Pence, to ...billing.ProductID) membership.PolicyID {
	k.Helper()
	return k.make(of, membership.PolicyChange{Name: new("An amount"), Amount: &off, AppliesTo: &to})
}

func (k *kit) make(of billing.ProductID, c membership.PolicyChange) membership.PolicyID {
	k.Helper()
	p, err := k.Create(k.ctx, of, c)
	k.must(err)
	return p.ID
}

// bill puts a line for one of a product on an invoice of its own about Ada, and gives the line.
func (k *kit) bill(of billing.ProductID, on input.Date, price *billing.Pence) billing.Line {
	k.Helper()
	i, err := k.invoices.Create(k.ctx, billing.InvoiceRequest{Date: on, Patient: k.ada, Practitioner: k.gp,
		Location: k.place})
	k.must(err)
	_, err = k.invoices.AddLine(k.ctx, i.ID, billing.LineRequest{Date: on, Product: of, Quantity: billing.One,
		Price: price})
	k.must(err)
	return k.line(i.ID)
}

func (k *kit) line(of billing.InvoiceID) billing.Line {
	k.Helper()
	all, err := k.invoices.LinesOf(k.ctx, []billing.InvoiceID{of})
	k.must(err)
	if len(all[of]) != 1 {
		k.Fatalf("the lines are %+v", all)
	}
	return all[of][0]
}

// pays holds a line to a price, and to the policy by which it was taken off another.
func (k *kit) pays(l billing.Line, price billing.Pence, by membership.PolicyID, list billing.Pence) {
	k.Helper()
	if l.Price != price || l.MembershipPolicy != by || l.ListPrice != list {
		k.Errorf("the price is %d, by policy %d off %d; want %d, by %d off %d", l.Price, l.MembershipPolicy, l.ListPrice,
			price, by, list)
	}
}

func TestMembersPayTheLeastPriceThatAPolicyGives(t *testing.T) {
	each(t, func(k *kit) {
		k.joins(k.gold, day(7))
		k.pays(k.bill(k.visit, day(7), nil), 6500, 0, 0)
		tenth := k.percent(k.gold, 1000)
		k.pays(k.bill(k.visit, day(7), nil), 5850, tenth, 6500)
		// 19.99 less 10 % is 17.991, down to 17.99; VAT of 20 % on it is 3.598, up to 3.60.
		l := k.bill(k.jab, day(7), nil)
		if k.pays(l, 1799, tenth, 1999); l.VAT != 360 || l.Total != 2159 {
			t.Errorf("the line is %d with VAT of %d", l.Total, l.VAT)
		}
		k.pays(k.bill(k.free, day(7), nil), 0, 0, 0)
		k.pays(k.bill(k.silver, day(7), nil), 1000, 0, 0) // a membership is not reduced
		fiver := k.amount(k.gold, 500, k.jab)
		k.pays(k.bill(k.jab, day(7), nil), 1499, fiver, 1999)
		k.pays(k.bill(k.visit, day(7), nil), 5850, tenth, 6500)
		k.percent(k.silver, 9000) // of another membership
		k.pays(k.bill(k.visit, day(7), nil), 5850, tenth, 6500)
		much := k.amount(k.gold, 2000, k.jab, k.visit)
		k.pays(k.bill(k.jab, day(7), nil), 0, much, 1999) // never below nothing
		k.percent(k.gold, 10_000, k.jab)                  // as much, and made later
		k.pays(k.bill(k.jab, day(7), nil), 0, much, 1999)
		k.pays(k.bill(k.jab, day(7), new(billing.Pence(1900))), 1900, 0, 0) // a price that was given stands
		k.ada = k.admit("Bob")
		k.pays(k.bill(k.jab, day(7), nil), 1999, 0, 0)
	})
}

func TestHalfAPennyOfAMembersPriceGoesUp(t *testing.T) {
	for _, c := range []struct {
		price billing.Pence
		off   billing.BasisPoints
		want  billing.Pence
	}{
		{5, 5000, 3},       // 2.5
		{3, 5000, 2},       // 1.5
		{1, 5001, 0},       // 0.4999
		{1, 1, 1},          // 0.9999
		{1999, 1250, 1749}, // 17.49125
		{2000, 3333, 1333}, // 13.334
		{billing.MaxAmount, 9999, 10_000},
		{billing.MaxAmount, 10_000, 0},
	} {
		if got := (billing.Reduction{Percent: c.off}).Reduced(c.price); got != c.want {
			t.Errorf("%d less %d hundredths of a per cent is %d, not %d", c.price, c.off, got, c.want)
		}
	}
}

func TestAMemberIsOneOnTheDateOfTheLine(t *testing.T) {
	each(t, func(k *kit) {
		k.joins(k.gold, day(8))
		half, third := k.percent(k.gold, 5000), k.percent(k.silver, 3000)
		k.pays(k.bill(k.visit, day(7), nil), 6500, 0, 0) // it has not begun
		k.pays(k.bill(k.visit, day(8), nil), 3250, half, 6500)
		// In London it ends with the tenth.
		k.at(10, 23, 0)
		k.must(second(k.members.Remove(k.ctx, k.ada, k.gold)))
		k.pays(k.bill(k.visit, day(10), nil), 3250, half, 6500)
		k.pays(k.bill(k.visit, day(11), nil), 6500, 0, 0)
		k.joins(k.silver, day(11))
		k.pays(k.bill(k.visit, day(11), nil), 4550, third, 6500)
		k.pays(k.bill(k.visit, day(10), nil), 3250, half, 6500)
	})
}

func TestALineStaysAsItIsWhenItsPolicyChanges(t *testing.T) {
	each(t, func(k *kit) {
		k.joins(k.gold, day(7))
		id := k.percent(k.gold, 1000)
		first := k.bill(k.visit, day(7), nil)
		k.at(7, 10, 0)
		p, err := k.Update(k.ctx, id, membership.PolicyChange{Name: new("A tenner"), Amount: new(billing.Pence(1000)),
			AppliesTo: &[]billing.ProductID{k.visit, k.visit}})
		k.must(err)
		if p.Percent != 0 || p.Amount != 1000 || !slices.Equal(p.AppliesTo, []billing.ProductID{k.visit}) ||
			p.Version != 2 || p.Product != k.gold {
			t.Errorf("it became %+v", p)
		}
		same, err := k.Update(k.ctx, id, membership.PolicyChange{Amount: new(billing.Pence(1000))})
		if k.must(err); same.Version != 2 {
			t.Errorf("the same again is %+v", same)
		}
		later := k.bill(k.visit, day(7), nil)
		k.pays(later, 5500, id, 6500)
		k.pays(k.bill(k.jab, day(7), nil), 1999, 0, 0)
		for range 2 {
			p, err := k.End(k.ctx, id)
			if k.must(err); !p.Ended() || p.Version != 3 {
				t.Errorf("it ended as %+v", p)
			}
		}
		k.pays(k.bill(k.visit, day(7), nil), 6500, 0, 0)
		k.want(second(k.Update(k.ctx, id, membership.PolicyChange{Name: new("x")})), membership.ErrPolicyEnded)
		k.pays(k.line(first.Invoice), 5850, id, 6500)
		// Its quantity changes at the price it has, until another is given.
		change := func(ch billing.LineChange) billing.Line {
			k.must(second(k.invoices.UpdateLine(k.ctx, later.Invoice, later.ID, ch)))
			return k.line(later.Invoice)
		}
		l := change(billing.LineChange{Quantity: new(2 * billing.One), Price: new(billing.Pence(5500))})
		if k.pays(l, 5500, id, 6500); l.Total != 11_000 {
			t.Errorf("two are %d", l.Total)
		}
		k.pays(change(billing.LineChange{Price: new(billing.Pence(6000))}), 6000, 0, 0)
		trail, err := auditstore.New(k.db).Trail(k.ctx, k.group(k.ctx), "membership_policy", int64(id), 100)
		k.must(err)
		var did []string
		for _, e := range trail {
			did = append(did, e.Action)
		}
		if got := strings.Join(did, " "); got !=
			"membership_policy.create membership_policy.update membership_policy.end" {
			t.Errorf("the trail is %s", got)
		}
	})
}

func (k *kit) group(ctx context.Context) int64 {
	who, _ := access.From(ctx)
	return int64(who.Group)
}

func TestPoliciesThatAreNoneAreRefused(t *testing.T) {
	each(t, func(k *kit) {
		old := k.sells(billing.MembershipKind, "Old", 0, 0)
		k.must(second(k.products.Delete(k.ctx, old)))
		tenth := new(billing.BasisPoints(1000))
		for _, c := range []struct {
			name  string
			of    billing.ProductID
			c     membership.PolicyChange
			code  string
			field string
		}{
			{"no name", k.gold, membership.PolicyChange{Percent: tenth}, "invalid_request", "name"},
			{"neither", k.gold, membership.PolicyChange{}, "invalid_request", "percent_off"},
			{"both", k.gold, membership.PolicyChange{Percent: tenth, Amount: new(billing.Pence(1))}, "invalid_request",
				"amount_off"},
			{"nothing", k.gold, membership.PolicyChange{Percent: new(billing.BasisPoints(0))}, "invalid_request",
				"percent_off"},
			{"more than all", k.gold, membership.PolicyChange{Percent: new(billing.BasisPoints(10_001))}, "invalid_request",
				"percent_off"},
			{"a surcharge", k.gold, membership.PolicyChange{Amount: new(billing.Pence(-1))}, "invalid_request",
				"amount_off"},
			{"a fortune", k.gold, membership.PolicyChange{Amount: new(billing.MaxAmount + 1)}, "invalid_request",
				"amount_off"},
			{"a product that is not there", k.gold, membership.PolicyChange{Percent: tenth,
				AppliesTo: &[]billing.ProductID{k.jab, 7}}, "product_not_found", "applies_to"},
			{"a membership", k.gold, membership.PolicyChange{Percent: tenth, AppliesTo: &[]billing.ProductID{k.silver}},
				"invalid_request", "applies_to"},
			{"too many products", k.gold, membership.PolicyChange{Percent: tenth, AppliesTo: hundreds()},
				"invalid_request", "applies_to"},
			{"of no membership", k.jab, membership.PolicyChange{Percent: tenth}, membership.ErrNotMembership.Code, ""},
			{"of one that was deleted", old, membership.PolicyChange{Percent: tenth}, billing.ErrProductDeleted.Code, ""},
			{"of nothing", 7, membership.PolicyChange{Percent: tenth}, billing.ErrProductNotFound.Code, ""},
		} {
			if c.name != "no name" {
				c.c.Name = new("A policy")
			}
			_, err := k.Create(k.ctx, c.of, c.c)
			f := fault.Of(err)
			var fields []string
			for _, one := range f.Fields {
				fields = append(fields, strings.Join(one.Path, "."))
			}
			if got := strings.Join(fields, " "); err == nil || f.Code != c.code && c.code != "invalid_request" ||
				c.code == "invalid_request" && f.Kind != fault.Invalid || got != c.field {
				t.Errorf("%s: %v about %q", c.name, err, got)
			}
		}
		id := k.percent(k.gold, 1000)
		if err := second(k.Update(k.ctx, id, membership.PolicyChange{Name: new("")})); fault.Of(err).Kind !=
			fault.Invalid {
			t.Errorf("a name that is none: %v", err)
		}
		for range 99 {
			k.percent(k.gold, 1000)
		}
		_, err := k.Create(k.ctx, k.gold, membership.PolicyChange{Name: new("One more"), Percent: tenth})
		k.want(err, membership.ErrManyPolicies)
		k.must(second(k.End(k.ctx, id)))
		k.percent(k.gold, 1000)
	})
}

// hundreds are more ids than a policy names.
func hundreds() *[]billing.ProductID {
	out := make([]billing.ProductID, 201)
	for i := range out {
		out[i] = billing.ProductID(i + 1)
	}
	return &out
}

func TestPoliciesAreListedInTheOrderTheyWereMade(t *testing.T) {
	each(t, func(k *kit) {
		ids := []membership.PolicyID{k.percent(k.gold, 1000), k.amount(k.silver, 5, k.jab, k.visit), k.percent(k.gold, 10)}
		k.must(second(k.End(k.ctx, ids[0])))
		list := func(q membership.PolicyQuery) string {
			t.Helper()
			found, more, err := k.List(k.ctx, q)
			k.must(err)
			n, err := k.Count(k.ctx, q)
			k.must(err)
			var at []int
			for _, p := range found {
				at = append(at, slices.Index(ids, p.ID))
				if one, err := k.Find(k.ctx, p.ID); err != nil || fmt.Sprint(one) != fmt.Sprint(p) {
					t.Errorf("found %+v and listed %+v", one, p)
				}
			}
			return fmt.Sprint(at, more, n)
		}
		for q, want := range map[membership.PolicyQuery]string{
			{}:            "[1 2] false 2",
			{Ended: true}: "[0 1 2] false 3",
			{Ended: true, Page: input.Page{Number: 2, Size: 1}}: "[1] true 3",
		} {
			if got := list(q); got != want {
				t.Errorf("%+v gives %s, not %s", q, got, want)
			}
		}
		p, err := k.Find(k.ctx, ids[1])
		if k.must(err); p.Amount != 5 || p.Percent != 0 || len(p.AppliesTo) != 2 {
			t.Errorf("it is %+v", p)
		}
	})
}

func TestPoliciesOfAnotherPracticeAreNotFound(t *testing.T) {
	each(t, func(k *kit) {
		k.joins(k.gold, day(7))
		id := k.percent(k.gold, 1000)
		share := membership.PolicyChange{Name: new("x"), Percent: new(billing.BasisPoints(1))}
		k.want(second(k.Find(k.other, id)), membership.ErrPolicyNotFound)
		k.want(second(k.Update(k.other, id, share)), membership.ErrPolicyNotFound)
		k.want(second(k.End(k.other, id)), membership.ErrPolicyNotFound)
		k.want(second(k.Create(k.other, k.gold, share)), billing.ErrProductNotFound)
		theirs, err := k.products.Create(k.other, billing.ProductChange{Kind: new(billing.MembershipKind),
			Name: new("Theirs")})
		k.must(err)
		share.AppliesTo = &[]billing.ProductID{k.jab}
		k.want(second(k.Create(k.other, theirs.ID, share)), billing.ErrProductNotFound)
		found, _, err := k.List(k.other, membership.PolicyQuery{Ended: true})
		if k.must(err); len(found) != 0 {
			t.Errorf("found %+v", found)
		}
		k.pays(k.bill(k.visit, day(7), nil), 5850, id, 6500)
	})
}

func TestPoliciesNeedTheirPermissions(t *testing.T) {
	each(t, func(k *kit) {
		id := k.percent(k.gold, 1000)
		share := membership.PolicyChange{Name: new("x"), Percent: new(billing.BasisPoints(1))}
		list := func(ctx context.Context) error {
			_, _, err := k.List(ctx, membership.PolicyQuery{})
			return err
		}
		for grant, calls := range map[access.Permission][]func(context.Context) error{
			access.SeeProducts: {
				list,
				func(ctx context.Context) error { return second(k.Find(ctx, id)) },
				func(ctx context.Context) error { return second(k.Count(ctx, membership.PolicyQuery{})) },
			},
			access.EditProducts: {
				func(ctx context.Context) error { return second(k.Create(ctx, k.gold, share)) },
				func(ctx context.Context) error { return second(k.Update(ctx, id, share)) },
				func(ctx context.Context) error { return second(k.End(ctx, id)) },
			},
		} {
			for i, call := range calls {
				for _, has := range []access.Permission{access.SeeProducts, access.EditProducts, access.EditInvoices} {
					who, _ := access.From(k.ctx)
					err := call(access.With(context.Background(), access.Caller{Group: who.Group, Home: who.Group,
						Permissions: []access.Permission{has}}))
					if has == grant && err != nil || has != grant && !errors.Is(err, access.ErrPermission) {
						t.Errorf("call %d with %s where %s is needed: %v", i, has, grant, err)
					}
				}
			}
		}
	})
}
