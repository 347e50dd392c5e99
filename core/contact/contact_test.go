package contact_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/contact"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/store"
	auditstore "frontdesk/store/audit"
	contactstore "frontdesk/store/contact"
	practicestore "frontdesk/store/practice"
	"frontdesk/store/storetest"
)

func ptr[T any](v T) *T { return &v }

// kit is a practice with no contacts yet, beside another one, and a clock that moves.
type kit struct {
	*contact.Service
	t          *testing.T
	db         *store.DB
	now        time.Time
	group      practice.Group
	ctx, other context.Context
}

func each(t *testing.T, test func(t *testing.T, d *kit)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := &kit{t: t, db: db, now: time.Date(2031, time.January, 6, 7, 0, 0, 123456789, time.UTC)}
		d.Service = &contact.Service{Store: contactstore.New(db), Now: func() time.Time { return d.now },
			NewID: db.NewID}
		groups := &practice.Service{Store: practicestore.New(db), Now: d.Now, NewID: db.NewID}
		at := func(name string) (practice.Group, context.Context) {
			g, err := groups.CreateGroup(context.Background(), practice.Group{Name: name})
			d.must(err)
			who := access.Caller{Group: g.ID, Home: g.ID, Key: 7, Actor: "Partner", RequestID: "r1",
				Permissions: []access.Permission{contact.See, contact.Edit}}
			return g, access.With(context.Background(), who)
		}
		d.group, d.ctx = at("Mill Lane")
		_, d.other = at("Elsewhere")
		test(t, d)
	})
}

func (d *kit) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *kit) want(err, target error) {
	d.t.Helper()
	if !errors.Is(err, target) {
		d.t.Fatalf("got %v, want %v", err, target)
	}
}

func (d *kit) add(ch contact.Change) contact.Contact {
	d.t.Helper()
	c, err := d.Create(d.ctx, ch)
	d.must(err)
	return c
}

// list is the last names, or companies, of a list.
func (d *kit) list(q contact.Query) string {
	d.t.Helper()
	found, more, err := d.Contacts(d.ctx, q)
	d.must(err)
	var out []string
	for _, c := range found {
		out = append(out, c.LastName+c.Company)
	}
	if more {
		out = append(out, "…")
	}
	return strings.Join(out, " ")
}

func (d *kit) phones(id contact.ID) string {
	d.t.Helper()
	all, err := d.PhonesOf(d.ctx, []contact.ID{id})
	d.must(err)
	var out []string
	for _, p := range all[id] {
		out = append(out, string(p.Kind)+" "+p.Number)
	}
	return strings.Join(out, ", ")
}

func TestContactIsKeptAsGiven(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		made := d.add(contact.Change{
			Title: ptr("Dr"), FirstName: ptr(" Chidi "), LastName: ptr("Okafor"), Company: ptr("Brambleford Hospital"),
			Email: ptr("okafor@example.org"),
			Line1: ptr("1 Mill Lane"), Town: ptr("Brambleford"), Postcode: ptr("zz1 1aa"), Country: ptr("gb"),
			Specialty: ptr("Cardiology"), IsPayor: ptr(true),
			InvoiceRecipient: ptr("Accounts"), BillingFrequency: ptr(contact.Quarterly),
			BillingDetails: ptr("PO 17\nNet 30"), PaymentReference: ptr("BH-1"),
			Phones: &[]contact.PhoneChange{{Kind: ptr(input.OfficePhone), Number: ptr("01632 960123")},
				{Number: ptr("07700 900123")}},
		})
		if made.FullName() != "Dr Chidi Okafor" || !made.IsDoctor || made.Address.Postcode != "ZZ1 1AA" ||
			made.Address.Country != "GB" || made.Version != 1 ||
			!made.CreatedAt.Equal(made.UpdatedAt) || !made.CreatedAt.Equal(d.now.Truncate(time.Microsecond)) {
			t.Fatalf("got %+v", made)
		}
		found, err := d.Contact(d.ctx, made.ID)
		if err != nil || found != made {
			t.Fatalf("got %+v, %v\nwant %+v", found, err, made)
		}
		if got := d.phones(made.ID); got != "Office +441632960123, Other +447700900123" {
			t.Fatal(got)
		}
		d.now = d.now.Add(time.Hour)
		after, err := d.Update(d.ctx, made.ID, contact.Change{LastName: ptr("Okafor-Bell"), Town: ptr("")})
		d.must(err)
		want := made
		want.LastName, want.Address.Town, want.Version, want.UpdatedAt = "Okafor-Bell", "", 2,
			d.now.Truncate(time.Microsecond)
		if found, err = d.Contact(d.ctx, made.ID); err != nil || found != want || after != want {
			t.Fatalf("got %+v, %v\nwant %+v", found, err, want)
		}
	})
}

func TestContactDetailsAreChecked(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		for _, c := range []struct {
			name string
			in   contact.Change
			want error
		}{
			{"a company is enough", contact.Change{Company: ptr("Acme")}, nil},
			{"a last name is enough", contact.Change{LastName: ptr("Bell")}, nil},
			{"a contact without a name is not", contact.Change{Email: ptr("a@example.org")}, contact.ErrNameless},
			{"spaces are no name", contact.Change{Company: ptr("  ")}, contact.ErrNameless},
			{"an e-mail address that is none", contact.Change{LastName: ptr("Bell"), Email: ptr("bell")},
				fault.Input()},
			{"a country in full", contact.Change{LastName: ptr("Bell"), Country: ptr("United Kingdom")}, fault.Input()},
			{"a number that cannot be dialled", contact.Change{LastName: ptr("Bell"),
				Phones: &[]contact.PhoneChange{{Number: ptr("call me")}}}, fault.Input()},
			{"an empty number", contact.Change{LastName: ptr("Bell"), Phones: &[]contact.PhoneChange{{}}},
				fault.Input()},
			{"a kind of number there is not", contact.Change{LastName: ptr("Bell"),
				Phones: &[]contact.PhoneChange{{Number: ptr("01632 960123"), Kind: ptr(input.PhoneKind("Pager"))}}},
				fault.Input()},
			{"a frequency there is not", contact.Change{LastName: ptr("Bell"),
				BillingFrequency: ptr(contact.Frequency("hourly"))}, fault.Input()},
			{"twenty-one numbers", contact.Change{LastName: ptr("Bell"),
				Phones: ptr(slices.Repeat([]contact.PhoneChange{{Number: ptr("01632 960123")}}, 21))},
				contact.ErrManyPhones},
		} {
			t.Run(c.name, func(t *testing.T) {
				if _, err := d.Create(d.ctx, c.in); !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %v", err, c.want)
				}
			})
		}
		made := d.add(contact.Change{LastName: ptr("Bell")})
		_, err := d.Update(d.ctx, made.ID, contact.Change{LastName: ptr("")})
		d.want(err, contact.ErrNameless)
	})
}

func TestTelephoneNumbersComeAndGo(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		c := d.add(contact.Change{LastName: ptr("Bell")})
		_, err := d.AddPhone(d.ctx, c.ID, contact.PhoneChange{Kind: ptr(input.Fax), Number: ptr("01632 960123")})
		d.must(err)
		after, err := d.AddPhone(d.ctx, c.ID, contact.PhoneChange{Kind: ptr(input.HomePhone),
			Number: ptr("01632 960124")})
		d.must(err)
		if after.Version != 3 || d.phones(c.ID) != "Fax +441632960123, Home +441632960124" {
			t.Fatalf("version %d: %s", after.Version, d.phones(c.ID))
		}
		all, err := d.PhonesOf(d.ctx, []contact.ID{c.ID})
		d.must(err)
		fax, home := all[c.ID][0].ID, all[c.ID][1].ID
		_, err = d.UpdatePhone(d.ctx, c.ID, home, contact.PhoneChange{Number: ptr("07700 900123")})
		d.must(err)
		_, err = d.RemovePhone(d.ctx, c.ID, fax)
		d.must(err)
		if got := d.phones(c.ID); got != "Home +447700900123" || d.list(contact.Query{Search: "960123"}) != "" ||
			d.list(contact.Query{Search: "07700 900"}) != "Bell" {
			t.Fatal(got)
		}
		for _, err := range []error{
			second(d.RemovePhone(d.ctx, c.ID, fax)),
			second(d.UpdatePhone(d.ctx, c.ID, fax, contact.PhoneChange{})),
			second(d.RemovePhone(d.ctx, d.add(contact.Change{LastName: ptr("Other")}).ID, home)),
		} {
			d.want(err, contact.ErrPhoneNotFound)
		}
		// All of them in place of those there are: one that stays keeps its id.
		_, err = d.Update(d.ctx, c.ID, contact.Change{Phones: &[]contact.PhoneChange{
			{Number: ptr("01632 960999")}, {Kind: ptr(input.MobilePhone), Number: ptr("+44 7700 900123")},
			{Number: ptr("07700900123")},
		}})
		d.must(err)
		all, err = d.PhonesOf(d.ctx, []contact.ID{c.ID})
		d.must(err)
		if got := d.phones(c.ID); got != "Mobile +447700900123, Other +441632960999, Other +447700900123" ||
			all[c.ID][0].ID != home {
			t.Fatal(got)
		}
		_, err = d.Update(d.ctx, c.ID, contact.Change{Phones: &[]contact.PhoneChange{}})
		d.must(err)
		if got := d.phones(c.ID); got != "" {
			t.Fatal(got)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestDeletedContactIsKeptAndCannotBeChanged(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		c := d.add(contact.Change{LastName: ptr("Bell"), Phones: &[]contact.PhoneChange{{Number: ptr("01632 960123")}}})
		d.now = d.now.Add(time.Hour)
		gone, err := d.Delete(d.ctx, c.ID)
		d.must(err)
		d.now = d.now.Add(time.Hour)
		again, err := d.Delete(d.ctx, c.ID)
		d.must(err)
		if !gone.Deleted() || gone != again || gone.Version != 2 {
			t.Fatalf("got %+v, then %+v", gone, again)
		}
		if got := d.list(contact.Query{}) + "/" +
			d.list(contact.Query{Listing: input.Listing{Deleted: true}}); got != "/Bell" {
			t.Fatal(got)
		}
		if found, err := d.Contact(d.ctx, c.ID); err != nil || !found.Deleted() || d.phones(c.ID) == "" {
			t.Fatalf("got %+v, %v", found, err)
		}
		d.want(second(d.Update(d.ctx, c.ID, contact.Change{LastName: ptr("x")})), contact.ErrDeleted)
		d.want(second(d.AddPhone(d.ctx, c.ID, contact.PhoneChange{Number: ptr("01632 960124")})), contact.ErrDeleted)
	})
}

func TestContactsAreListedAndFound(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		start := d.now
		for _, ch := range []contact.Change{
			{FirstName: ptr("Siân"), LastName: ptr("Årup"), IsPayor: ptr(true)},
			{FirstName: ptr("Bob"), LastName: ptr("Bell"), Email: ptr("bob_50%@example.org"),
				Specialty: ptr("Oncology")},
			{Company: ptr("Crown"), IsPayor: ptr(true), Phones: &[]contact.PhoneChange{{Number: ptr("020 7946 0123")}}},
			{LastName: ptr("O'Neill"), IsDoctor: ptr(true)},
			{LastName: ptr("Zadeh")},
		} {
			d.add(ch)
			d.now = d.now.Add(time.Hour)
		}
		d.must(second(d.Create(d.other, contact.Change{LastName: ptr("Stranger")})))
		hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour).Truncate(time.Microsecond) }
		for _, c := range []struct {
			name string
			q    contact.Query
			want string
		}{
			{"all come in the order they were made", contact.Query{}, "Årup Bell Crown O'Neill Zadeh"},
			{"a page", contact.Query{Listing: input.Listing{Page: input.Page{Number: 2, Size: 2}}}, "Crown O'Neill …"},
			{"the last page", contact.Query{Listing: input.Listing{Page: input.Page{Number: 3, Size: 2}}}, "Zadeh"},
			{"a full page that is the last", contact.Query{Listing: input.Listing{Page: input.Page{Size: 5}}},
				"Årup Bell Crown O'Neill Zadeh"},
			{"a page beyond the end", contact.Query{Listing: input.Listing{Page: input.Page{Number: 9}}}, ""},
			{"part of a name, without its accents", contact.Query{Search: "ian Aru"}, "Årup"},
			{"a name with an apostrophe", contact.Query{Search: "oneil"}, "O'Neill"},
			{"part of a company", contact.Query{Search: "ROW"}, "Crown"},
			{"part of an e-mail address", contact.Query{Search: "BOB_50%@"}, "Bell"},
			{"what LIKE would take for anything", contact.Query{Search: "b_b"}, ""},
			{"a specialty", contact.Query{Search: "oncol"}, "Bell"},
			{"a telephone number as it is dialled at home", contact.Query{Search: "(020) 7946-0123"}, "Crown"},
			{"and from abroad", contact.Query{Search: "+44 20 7946"}, "Crown"},
			{"its last digits", contact.Query{Search: "460123"}, "Crown"},
			{"payors", contact.Query{IsPayor: ptr(true)}, "Årup Crown"},
			{"others", contact.Query{IsPayor: ptr(false)}, "Bell O'Neill Zadeh"},
			{"doctors", contact.Query{IsDoctor: ptr(true)}, "Bell O'Neill"},
			{"all conditions together", contact.Query{IsPayor: ptr(false), IsDoctor: ptr(true), Search: "e"},
				"Bell O'Neill"},
			{"made from one moment to another", contact.Query{Listing: input.Listing{Created: input.Span{From: hour(1),
				Until: hour(3)}}}, "Bell Crown O'Neill"},
			{"changed since", contact.Query{Listing: input.Listing{Updated: input.Span{From: hour(3)}}},
				"O'Neill Zadeh"},
			{"made since and changed until", contact.Query{Listing: input.Listing{Created: input.Span{From: hour(1)},
				Updated: input.Span{Until: hour(2)}}}, "Bell Crown"},
		} {
			t.Run(c.name, func(t *testing.T) {
				if got := d.list(c.q); got != c.want {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			})
		}
		_, _, err := d.Contacts(d.ctx, contact.Query{Listing: input.Listing{Page: input.Page{Size: 201}}})
		d.want(err, fault.Input())
	})
}

func TestManyContactsAreReadAtOnce(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		const n = 230 // more than one statement has room for
		ids := make([]contact.ID, n)
		for i := range ids {
			ids[i] = d.add(contact.Change{LastName: ptr(fmt.Sprint("n", i)),
				Phones: &[]contact.PhoneChange{{Number: ptr(fmt.Sprintf("01632 960%03d", i))},
					{Number: ptr("07700 900123")}}}).ID
		}
		for _, k := range []int{0, 1, 19, 20, 21, 199, 200, 201, n} {
			asked := append(slices.Clone(ids[:k]), ids[:min(k, 3)]...) // some twice
			found, err := d.ByIDs(d.ctx, append(asked, 12345))
			d.must(err)
			phones, err := d.PhonesOf(d.ctx, asked)
			d.must(err)
			if len(found) != k || len(phones) != k {
				t.Fatalf("of %d found %d, and numbers of %d", k, len(found), len(phones))
			}
			for i, id := range ids[:k] {
				if found[id].LastName != fmt.Sprint("n", i) || len(phones[id]) != 2 ||
					phones[id][0].Number != fmt.Sprintf("+441632960%03d", i) {
					t.Fatalf("number %d: %+v, %+v", i, found[id], phones[id])
				}
			}
		}
	})
}

func TestAnotherPracticesContactsAreNotFound(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		c := d.add(contact.Change{LastName: ptr("Bell"), Phones: &[]contact.PhoneChange{{Number: ptr("01632 960123")}}})
		phones, err := d.PhonesOf(d.ctx, []contact.ID{c.ID})
		d.must(err)
		p := phones[c.ID][0].ID
		for name, err := range map[string]error{
			"read":         second(d.Contact(d.other, c.ID)),
			"update":       second(d.Update(d.other, c.ID, contact.Change{})),
			"delete":       second(d.Delete(d.other, c.ID)),
			"add phone":    second(d.AddPhone(d.other, c.ID, contact.PhoneChange{Number: ptr("01632 960124")})),
			"update phone": second(d.UpdatePhone(d.other, c.ID, p, contact.PhoneChange{Number: ptr("01632 960124")})),
			"remove phone": second(d.RemovePhone(d.other, c.ID, p)),
		} {
			if !errors.Is(err, contact.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		found, err := d.ByIDs(d.other, []contact.ID{c.ID})
		phones, again := d.PhonesOf(d.other, []contact.ID{c.ID})
		if err != nil || again != nil || len(found)+len(phones) != 0 {
			t.Fatalf("found %v %v", found, phones)
		}
		if now, err := d.Contact(d.ctx, c.ID); err != nil || now != c || d.phones(c.ID) != "Other +441632960123" {
			t.Fatalf("changed: %+v, %v", now, err)
		}
	})
}

func TestContactsNeedTheirGrants(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		c := d.add(contact.Change{LastName: ptr("Bell")})
		as := func(g ...access.Permission) context.Context {
			return access.With(context.Background(), access.Caller{Group: d.group.ID, Home: d.group.ID, Permissions: g})
		}
		reads := map[string]func(context.Context) error{
			"one":    func(ctx context.Context) error { return second(d.Contact(ctx, c.ID)) },
			"list":   func(ctx context.Context) error { _, _, err := d.Contacts(ctx, contact.Query{}); return err },
			"by ids": func(ctx context.Context) error { return second(d.ByIDs(ctx, []contact.ID{c.ID})) },
			"phones": func(ctx context.Context) error { return second(d.PhonesOf(ctx, []contact.ID{c.ID})) },
		}
		writes := map[string]func(context.Context) error{
			"create": func(ctx context.Context) error {
				return second(d.Create(ctx,
					contact.Change{LastName: ptr("x")}))
			},
			"update": func(ctx context.Context) error { return second(d.Update(ctx, c.ID, contact.Change{})) },
			"delete": func(ctx context.Context) error { return second(d.Delete(ctx, c.ID)) },
		}
		for name, call := range reads {
			if err := call(as(contact.Edit)); !errors.Is(err, access.ErrPermission) ||
				fault.Of(err).Message != "Missing permission seeContacts" {
				t.Errorf("%s: %v", name, err)
			}
			d.must(call(as(contact.See)))
		}
		for name, call := range writes {
			if err := call(as(contact.See)); !errors.Is(err, access.ErrPermission) ||
				fault.Of(err).Message != "Missing permission editContacts" {
				t.Errorf("%s: %v", name, err)
			}
			// What comes after it in the map may come after its deletion.
			if err := call(as(contact.Edit)); err != nil && !errors.Is(err, contact.ErrDeleted) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestContactChangesAreAudited(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		c := d.add(contact.Change{LastName: ptr("Bell")})
		d.must(second(d.AddPhone(d.ctx, c.ID, contact.PhoneChange{Number: ptr("01632 960123")})))
		d.must(second(d.Update(d.ctx, c.ID, contact.Change{LastName: ptr("Ring")})))
		d.must(second(d.Delete(d.ctx, c.ID)))
		d.must(second(d.Delete(d.ctx, c.ID)))
		trail, err := auditstore.New(d.db).Trail(d.ctx, int64(d.group.ID), "contact", int64(c.ID), 10)
		d.must(err)
		var said []string
		for _, e := range trail {
			var was, is struct {
				LastName string `json:"last_name"`
				Phones   []any  `json:"phones"`
			}
			_ = json.Unmarshal(e.Before, &was)
			d.must(json.Unmarshal(e.After, &is))
			said = append(said, fmt.Sprintf("%s by %s: %s/%d %s/%d", e.Action, e.Actor, was.LastName, len(was.Phones),
				is.LastName, len(is.Phones)))
		}
		want := []string{
			"contact.create by Partner: /0 Bell/0", "contact.add_phone by Partner: Bell/0 Bell/1",
			"contact.update by Partner: Bell/1 Ring/1", "contact.delete by Partner: Ring/1 Ring/1",
		}
		if !slices.Equal(said, want) {
			t.Fatalf("got %q", said)
		}
	})
}

func TestConcurrentContactChangesAreAllKept(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		c := d.add(contact.Change{LastName: ptr("Bell")})
		var wait sync.WaitGroup
		errs := make([]error, 20)
		for i := range errs {
			wait.Go(func() {
				_, errs[i] = d.AddPhone(d.ctx, c.ID, contact.PhoneChange{Number: ptr(fmt.Sprintf("01632 960%03d", i))})
			})
		}
		wait.Wait()
		d.must(errors.Join(errs...))
		found, err := d.Contact(d.ctx, c.ID)
		d.must(err)
		if n := strings.Count(d.phones(c.ID), "+44"); n != 20 || found.Version != 21 {
			t.Fatalf("%d numbers at version %d", n, found.Version)
		}
		d.want(second(d.AddPhone(d.ctx, c.ID, contact.PhoneChange{Number: ptr("01632 960999")})), contact.ErrManyPhones)
	})
}
