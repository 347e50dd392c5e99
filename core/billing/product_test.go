package billing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/diary"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	diarystore "frontdesk/store/diary"
	"frontdesk/store/storetest"
)

func TestAProductIsKeptAsItWasGiven(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.product(billing.ProductChange{
			Kind: ptr(billing.Medication), Name: ptr(" Ointment "), Code: ptr("OI-1"), SerialNumber: ptr("S 1"),
			Price: ptr(billing.Pence(1250)), Cost: ptr(billing.Pence(0)),
			VAT: ptr(billing.Permille(50)), VATName: ptr("Reduced"), VATCode: ptr("R"), Stock: ptr(0),
			Supplier: ptr("Acme"), Comments: ptr("Cool, dry\nplace"),
			Colour: ptr("#fff"), Minutes: ptr(5), Bookable: ptr(true), NeedsPayment: ptr(true),
			NeedsConfirmation: ptr(true), MembershipFrequency: ptr("monthly"),
		})
		found, err := d.products.Find(d.ctx, made.ID)
		if diff := cmp.Diff(made, found); err != nil || diff != "" || made.Name != "Ointment" || made.Version != 1 ||
			!made.CreatedAt.Equal(made.UpdatedAt) {
			t.Fatalf("%v %+v\n%s", err, made, diff)
		}
		d.move(time.Hour)
		after, err := d.products.Update(d.ctx, made.ID, billing.ProductChange{Kind: ptr(billing.Procedure),
			Stock: ptr(12)})
		d.must(err)
		want := made
		want.Kind, want.Stock, want.Version, want.UpdatedAt = billing.Procedure, ptr(12), 2,
			made.CreatedAt.Add(time.Hour)
		found, err = d.products.Find(d.ctx, made.ID)
		if diff := cmp.Diff(want, found) + cmp.Diff(want, after); err != nil || diff != "" {
			t.Fatalf("%v %s", err, diff)
		}
		if d.jab.Stock != nil || d.visit.Cost != nil || d.visit.VAT != nil {
			t.Fatal("what was not given is known")
		}
	})
}

func TestAnAppointmentIsOneThingAsAProductAndAsAType(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		both := func(id billing.ProductID) string {
			t.Helper()
			p, err := d.products.Find(d.ctx, id)
			d.must(err)
			k, err := diarystore.New(d.db).AppointmentType(d.ctx, d.group.ID, diary.TypeID(id))
			d.must(err)
			product := fmt.Sprintf("%s %d %d %t %t", p.Name, p.Price, p.Minutes, p.Video, !p.Deleted())
			if kind := fmt.Sprintf("%s %d %d %t %t", k.Name, k.Price, k.Minutes, k.Video, k.Active); kind != product ||
				!p.UpdatedAt.Equal(k.UpdatedAt) {
				t.Fatalf("the product is %s, the type %s", product, kind)
			}
			return product
		}
		if got := both(d.visit.ID); got != "Consultation 6500 20 false true" {
			t.Fatal(got)
		}
		d.move(time.Hour)
		d.must(second(d.products.Update(d.ctx, d.visit.ID, billing.ProductChange{Name: ptr("Long visit"),
			Price: ptr(billing.Pence(9000)), Minutes: ptr(40), Video: ptr(true), Code: ptr("LV")})))
		if got := both(d.visit.ID); got != "Long visit 9000 40 true true" {
			t.Fatal(got)
		}
		d.move(time.Hour)
		d.must(second(d.diary.UpdateType(d.setup, diary.TypeID(d.visit.ID), diary.TypeChange{Price: ptr(7000)})))
		if got := both(d.visit.ID); got != "Long visit 7000 40 true true" {
			t.Fatal(got)
		}
		if p, err := d.products.Find(d.ctx, d.visit.ID); err != nil || p.Code != "LV" || p.Version != 3 {
			t.Fatalf("a change of the type lost what only the product has: %+v, %v", p, err)
		}
		d.must(second(d.diary.UpdateType(d.setup, diary.TypeID(d.visit.ID), diary.TypeChange{Active: ptr(false)})))
		if got := both(d.visit.ID); got != "Long visit 7000 40 true false" {
			t.Fatal(got)
		}
		d.want(second(d.products.Update(d.ctx, d.visit.ID, billing.ProductChange{Name: ptr("x")})),
			billing.ErrProductDeleted)
		d.must(second(d.diary.UpdateType(d.setup, diary.TypeID(d.visit.ID), diary.TypeChange{Active: ptr(true)})))
		d.must(second(d.products.Delete(d.ctx, d.visit.ID)))
		if got := both(d.visit.ID); got != "Long visit 7000 40 true false" {
			t.Fatal(got)
		}
		made, err := d.diary.CreateType(d.setup, diary.TypeChange{Name: ptr("Nurse"), Minutes: ptr(10),
			InPerson: ptr(true)})
		d.must(err)
		if got := both(billing.ProductID(made.ID)); got != "Nurse 0 10 false true" {
			t.Fatal(got)
		}
		if p, err := d.products.Find(d.ctx, billing.ProductID(made.ID)); err != nil || p.Kind != billing.Appointment ||
			p.Version != 1 || !p.CreatedAt.Equal(made.CreatedAt.Truncate(time.Microsecond)) {
			t.Fatalf("got %+v, %v", p, err)
		}
		for _, c := range []struct {
			id billing.ProductID
			to billing.Kind
		}{{billing.ProductID(made.ID), billing.Vaccine}, {d.jab.ID, billing.Appointment}} {
			d.want(second(d.products.Update(d.ctx, c.id, billing.ProductChange{Kind: &c.to})), billing.ErrProductKind)
		}
		// What a type may not be, an appointment may not be either, and neither is kept.
		_, err = d.products.Update(d.ctx, billing.ProductID(made.ID), billing.ProductChange{Minutes: ptr(0)})
		d.want(err, fault.Input())
		both(billing.ProductID(made.ID))
	})
}

func TestNoChangeOfAnAppointmentIsLostBetweenItsTwoSides(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		var wait sync.WaitGroup
		errs := make([]error, 16)
		for i := range errs {
			wait.Go(func() {
				if i%2 == 0 {
					_, errs[i] = d.products.Update(d.ctx, d.visit.ID, billing.ProductChange{Code: ptr(fmt.Sprint(i)),
						Price: ptr(billing.Pence(100 + i))})
				} else {
					_, errs[i] = d.diary.UpdateType(d.setup, diary.TypeID(d.visit.ID),
						diary.TypeChange{Name: ptr("Named"), Minutes: ptr(30)})
				}
			})
		}
		wait.Wait()
		d.must(errors.Join(errs...))
		p, err := d.products.Find(d.ctx, d.visit.ID)
		d.must(err)
		k, err := diarystore.New(d.db).AppointmentType(d.ctx, d.group.ID, diary.TypeID(d.visit.ID))
		d.must(err)
		if p.Name != "Named" || k.Name != "Named" || p.Minutes != 30 || int(p.Price) != k.Price || p.Price < 100 ||
			p.Price > 115 || p.Code == "" || p.Version != 17 {
			t.Fatalf("product %+v, type %+v", p, k)
		}
	})
}

func TestWhatAProductMayBe(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for _, c := range []struct {
			name string
			in   billing.ProductChange
			want error
		}{
			{"a name is enough", billing.ProductChange{Name: ptr("Plaster")}, nil},
			{"an appointment of an unknown length", billing.ProductChange{Name: ptr("Visit"),
				Kind: ptr(billing.Appointment)}, nil},
			{"no name", billing.ProductChange{}, fault.Input()},
			{"a kind there is not", billing.ProductChange{Name: ptr("x"), Kind: ptr(billing.Kind("wand"))},
				fault.Input()},
			{"a price below nothing", billing.ProductChange{Name: ptr("x"), Price: ptr(billing.Pence(-1))},
				fault.Input()},
			{"a price beyond a million pounds", billing.ProductChange{Name: ptr("x"),
				Price: ptr(billing.Pence(100_000_001))}, fault.Input()},
			{"a cost below nothing", billing.ProductChange{Name: ptr("x"), Cost: ptr(billing.Pence(-1))},
				fault.Input()},
			{"VAT of more than all", billing.ProductChange{Name: ptr("x"), VAT: ptr(billing.Permille(1001))},
				fault.Input()},
			{"an appointment longer than a day", billing.ProductChange{Name: ptr("x"), Kind: ptr(billing.Appointment),
				Minutes: ptr(1441)}, fault.Input()},
		} {
			t.Run(c.name, func(t *testing.T) {
				if _, err := d.products.Create(d.ctx, c.in); !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %v", err, c.want)
				}
			})
		}
		found, _, err := d.products.List(d.ctx, billing.ProductQuery{})
		if err != nil || len(found) != 4 {
			t.Fatalf("%d products, %v", len(found), err)
		}
	})
}

func TestProductsAreListedAndFound(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		start := d.Now()
		for i, name := range []string{"Café visit", "Cream", "Test 100%"} {
			d.move(time.Hour)
			d.product(billing.ProductChange{Name: &name, Code: ptr(fmt.Sprintf("C-%d", i))})
		}
		d.move(time.Hour)
		d.must(second(d.products.Update(d.ctx, d.jab.ID, billing.ProductChange{SerialNumber: ptr("SN99")})))
		d.must(second(d.products.Delete(d.ctx, d.visit.ID)))
		hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour).Truncate(time.Microsecond) }
		for _, c := range []struct {
			name string
			q    billing.ProductQuery
			want string
		}{
			{"all that are offered", billing.ProductQuery{}, "Travel vaccine, Café visit, Cream, Test 100%"},
			{"deleted ones too", billing.ProductQuery{Listing: input.Listing{Deleted: true}},
				"Consultation, Travel vaccine, Café visit, Cream, Test 100%"},
			{"a page", billing.ProductQuery{Listing: input.Listing{Page: input.Page{Number: 2, Size: 2}}},
				"Cream, Test 100%"},
			{"a page with more after it", billing.ProductQuery{Listing: input.Listing{Page: input.Page{Size: 2}}},
				"Travel vaccine, Café visit, …"},
			{"part of a name without its accents", billing.ProductQuery{Search: "AFE v"}, "Café visit"},
			{"part of a code", billing.ProductQuery{Search: "c-1"}, "Cream"},
			{"part of a serial number", billing.ProductQuery{Search: "sn9"}, "Travel vaccine"},
			{"what LIKE would take for anything", billing.ProductQuery{Search: "t%t"}, ""},
			{"made in a stretch of time", billing.ProductQuery{Listing: input.Listing{Created: input.Span{From: hour(1),
				Until: hour(2)}}}, "Café visit, Cream"},
			{"changed since", billing.ProductQuery{Listing: input.Listing{Updated: input.Span{From: hour(3)}}},
				"Test 100%, Travel vaccine"},
		} {
			t.Run(c.name, func(t *testing.T) {
				found, more, err := d.products.List(d.ctx, c.q)
				d.must(err)
				var names []string
				for _, p := range found {
					names = append(names, p.Name)
				}
				if more {
					names = append(names, "…")
				}
				if got := strings.Join(names, ", "); got != c.want {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			})
		}
	})
}

func TestListsSetForProductsWinOverSessions(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		plan := d.product(billing.ProductChange{Kind: ptr(billing.MembershipKind), Name: ptr("Plan")})
		d.offer(plan.ID, "part", d.visit.ID)
		parts, err := d.products.PartsOf(d.ctx, []billing.ProductID{plan.ID, d.jab.ID})
		d.must(err)
		if !slices.Equal(parts[plan.ID], []billing.ProductID{d.visit.ID}) || len(parts) != 1 {
			t.Fatalf("got %v", parts)
		}
		at := func() []billing.ProductID {
			t.Helper()
			all, err := d.products.OfferedAt(d.ctx, []practice.LocationID{d.place.ID})
			d.must(err)
			return all[d.place.ID]
		}
		by := func() []billing.ProductID {
			t.Helper()
			all, err := d.products.OfferedBy(d.ctx, []practice.PractitionerID{d.gp.ID})
			d.must(err)
			return all[d.gp.ID]
		}
		if len(at())+len(by()) != 0 {
			t.Fatalf("offered before anything is set: %v, %v", at(), by())
		}
		// Where nothing is set, sessions offer it; those that are over do not.
		session := func(start input.Date) {
			d.must(second(d.diary.CreateSession(d.setup, diary.SessionChange{Practitioner: &d.gp.ID,
				Location: &d.place.ID, Types: &[]diary.TypeID{diary.TypeID(d.visit.ID)},
				StartDate: &start, From: ptr(9 * 60), To: ptr(12 * 60), Step: ptr(10)})))
		}
		session(input.DayOf(2031, 1, 5))
		if len(at())+len(by()) != 0 {
			t.Fatalf("a session that is over offers %v, %v", at(), by())
		}
		session(input.DayOf(2031, 1, 6))
		only := []billing.ProductID{d.visit.ID}
		if !slices.Equal(at(), only) || !slices.Equal(by(), only) {
			t.Fatalf("a session of today offers %v, %v", at(), by())
		}
		d.offer(d.jab.ID, "location", d.place.ID)
		d.offer(plan.ID, "practitioner", d.gp.ID)
		if !slices.Equal(at(), []billing.ProductID{d.jab.ID}) || !slices.Equal(by(), []billing.ProductID{plan.ID}) {
			t.Fatalf("what is set is %v, %v", at(), by())
		}
	})
}

func TestThereAreWaysToPayFromTheBeginning(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		names := func(inactive bool) string {
			t.Helper()
			all, err := d.types.List(d.as(), inactive)
			d.must(err)
			var out []string
			for _, p := range all {
				out = append(out, p.Name)
			}
			return strings.Join(out, ", ")
		}
		if got := names(false); got != "Card, Cash, Bank transfer, Insurance, Other" {
			t.Fatal(got)
		}
		i := d.invoice(of(d.visit, 1))
		d.pay(i, 500)
		storetest.Exec(t, d.db, `UPDATE payment_type SET name = CASE id WHEN 1 THEN 'Card machine' ELSE name END,
			active = $2 WHERE practice_group_id = $1 AND id <= 2`, d.group.ID, false)
		storetest.Exec(t, d.db, `UPDATE payment_type SET active = $2 WHERE practice_group_id = $1 AND id = 1`,
			d.group.ID, true)
		if got := names(false) + "/" + names(true); got != "Card machine, Bank transfer, Insurance, Other/"+
			"Card machine, Cash, Bank transfer, Insurance, Other" {
			t.Fatal(got)
		}
		d.pay(i, 600)
		paid, err := d.invoices.PaymentsOf(d.ctx, []billing.InvoiceID{i.ID})
		d.must(err)
		if p := paid[i.ID]; p[0].Source != "Card" || p[1].Source != "Card machine" {
			t.Fatalf("got %+v", p)
		}
		d.want(second(d.invoices.AddPayment(d.ctx, i.ID, billing.PaymentRequest{Amount: 1, Type: 2, Date: day(7)})),
			billing.ErrPaymentTypeNotFound)
		// A change of the practice leaves them alone.
		d.must(second(d.practice.UpdateGroup(d.setup, practice.GroupChange{Name: ptr("Other name")})))
		if got := names(false); !strings.HasPrefix(got, "Card machine, Bank") {
			t.Fatal(got)
		}
		stranger := access.With(context.Background(), access.Caller{Group: d.group.ID, Home: d.group.ID})
		d.want(second(d.practice.UpdateGroup(stranger, practice.GroupChange{VAT: ptr(200)})), access.ErrPermission)
	})
}

func TestMetadataOfProducts(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		kept := func() []practice.Metadata {
			all, err := d.practice.Metadata(d.ctx, practice.OfProduct, []int64{int64(d.jab.ID)})
			d.must(err)
			return all[int64(d.jab.ID)]
		}
		for _, v := range []string{"7", "8"} {
			p, err := d.products.SetMetadata(d.ctx, d.jab.ID, practice.Metadata{Key: "erp", Value: v})
			d.must(err)
			if got := kept(); p.ID != d.jab.ID || len(got) != 1 || got[0].Value != v {
				t.Fatalf("got %+v", got)
			}
		}
		d.want(second(d.products.SetMetadata(d.ctx, d.jab.ID, practice.Metadata{Value: "7"})), practice.ErrKeyLength)
		d.want(second(d.products.SetMetadata(d.as("seeProducts"), d.jab.ID, practice.Metadata{Key: "a"})),
			access.ErrPermission)
		d.want(second(d.products.SetMetadata(d.ctx, 12345, practice.Metadata{Key: "a"})), billing.ErrProductNotFound)
		d.must(second(d.products.DropMetadata(d.ctx, d.jab.ID, "erp")))
		if got := kept(); len(got) != 0 {
			t.Fatalf("got %+v", got)
		}
		d.want(second(d.products.DropMetadata(d.ctx, d.jab.ID, "erp")), practice.ErrNoKey)
		if got := d.trail("product", int64(d.jab.ID)); strings.Count(got, "product.metadata") != 3 {
			t.Errorf("the trail is %q", got)
		}
		d.must(second(d.products.Delete(d.ctx, d.jab.ID)))
		d.want(second(d.products.SetMetadata(d.ctx, d.jab.ID, practice.Metadata{Key: "a"})), billing.ErrProductDeleted)
		d.want(second(d.products.DropMetadata(d.ctx, d.jab.ID, "a")), billing.ErrProductDeleted)
		theirs := d.visit.ID
		d.open("Elsewhere")
		d.want(second(d.products.SetMetadata(d.ctx, theirs, practice.Metadata{Key: "a"})), billing.ErrProductNotFound)
	})
}
