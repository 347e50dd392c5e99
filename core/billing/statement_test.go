package billing_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/billing"
	"frontdesk/core/contact"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/patient/patienttest"
	"frontdesk/core/statement"
)

// state makes a statement of January for an account.
func (d *kit) state(kind statement.Kind, to billing.Account) statement.Statement {
	d.t.Helper()
	s, err := d.statements.Create(d.ctx, statement.Request{Kind: kind, Account: to, From: day(1),
		Until: day(31)})
	d.must(err)
	return s
}

// on are the sums of the invoices on a statement.
func (d *kit) on(id statement.ID) string {
	d.t.Helper()
	all, err := d.statements.InvoicesOn(d.ctx, []statement.ID{id})
	d.must(err)
	var out []string
	for _, l := range all[id] {
		out = append(out, fmt.Sprintf("%d-%d=%d", l.Total, l.Paid, l.Outstanding))
	}
	return strings.Join(out, " ")
}

func TestAStatementIsKeptAsThingsWere(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		bill := func(n int, to billing.Account, pay ...billing.Pence) billing.Invoice {
			t.Helper()
			r := d.ask(of(d.visit, 1))
			r.Date, r.Payer = day(n), to
			for _, p := range pay {
				r.Payments = append(r.Payments, card(p))
			}
			i, err := d.invoices.Create(d.ctx, r)
			d.must(err)
			return i
		}
		ada, crown := billing.Account{Patient: d.ada}, billing.Account{Contact: d.insurer.ID}
		part := bill(1, ada, 500, 1000)
		bill(31, billing.Account{}, 6500) // to the patient
		bill(5, crown)                    // about Ada, and not to her
		d.must(second(d.invoices.Cancel(d.ctx, bill(6, ada).ID)))
		early := d.ask(of(d.visit, 1))
		early.Date = input.DayOf(2030, time.December, 31)
		d.must(second(d.invoices.Create(d.ctx, early)))
		paid, err := d.invoices.PaymentsOf(d.ctx, []billing.InvoiceID{part.ID})
		d.must(err)
		_, _, err = d.invoices.Refund(d.ctx, part.ID, paid[part.ID][0].ID, billing.RefundRequest{Date: day(9)})
		d.must(err)

		d.move(time.Hour)
		made := d.state(statement.Activity, ada)
		now := d.Now().Truncate(time.Microsecond)
		want := statement.Statement{ID: made.ID, Kind: statement.Activity, MadeAt: now, From: day(1), Until: day(31),
			Account: ada, Header: "Brambleford",
			Reference: d.ada.String(), Total: 13000, Paid: 7500, Outstanding: 5500, Version: 1, CreatedAt: now,
			UpdatedAt: now}
		if found, err := d.statements.Find(d.ctx, made.ID); err != nil || found != want || made != want {
			t.Fatalf("got  %+v, %v\nwant %+v", found, err, want)
		}
		if got := d.on(made.ID); got != "6500-1000=5500 6500-6500=0" {
			t.Fatal(got)
		}
		if s := d.state(statement.Unpaid, ada); d.on(s.ID) != "6500-1000=5500" || s.Outstanding != 5500 ||
			s.Total != 6500 {
			t.Fatalf("%+v of %s", s, d.on(s.ID))
		}
		if s := d.state(statement.Activity, crown); d.on(s.ID) != "6500-0=6500" || s.Reference != "CR-7" ||
			s.Account != crown {
			t.Fatalf("%+v of %s", s, d.on(s.ID))
		}
		if s := d.state(statement.Activity, billing.Account{Patient: d.bob}); d.on(s.ID) != "" || s.Total != 0 {
			t.Fatalf("%+v of %s", s, d.on(s.ID))
		}
		// What happens afterwards is not on it.
		d.pay(part, 5500)
		bill(7, ada)
		if found, err := d.statements.Find(d.ctx, made.ID); err != nil || found != want ||
			d.on(made.ID) != "6500-1000=5500 6500-6500=0" {
			t.Fatalf("became %+v, %v of %s", found, err, d.on(made.ID))
		}
		if got := d.trail("statement", int64(made.ID)); got != "statement.create" {
			t.Fatal(got)
		}
	})
}

func TestWhatAStatementMayBe(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		d.must(second(d.contacts.Delete(d.setup, d.insurer.ID)))
		for _, c := range []struct {
			name   string
			change func(*statement.Request)
			want   error
		}{
			{"of one day", func(r *statement.Request) { r.Until = r.From }, nil},
			{"a day that ends before it starts", func(r *statement.Request) { r.Until = r.From - 1 },
				fault.Input()},
			{"no end", func(r *statement.Request) { r.Until = input.NoDate }, fault.Input()},
			{"without an account", func(r *statement.Request) { r.Account = billing.Account{} }, fault.Input()},
			{"of two", func(r *statement.Request) { r.Account.Contact = 5 }, fault.Input()},
			{"a kind there is not", func(r *statement.Request) { r.Kind = "all" }, fault.Input()},
			{"of a patient there is not", func(r *statement.Request) { r.Account.Patient = 1 },
				patient.ErrNotFound},
			{"of a contact there is not", func(r *statement.Request) { r.Account = billing.Account{Contact: 1} },
				contact.ErrNotFound},
			{"of a contact that was deleted",
				func(r *statement.Request) { r.Account = billing.Account{Contact: d.insurer.ID} },
				contact.ErrDeleted},
		} {
			t.Run(c.name, func(t *testing.T) {
				r := statement.Request{Kind: statement.Activity, Account: billing.Account{Patient: d.ada},
					From: day(1), Until: day(31)}
				c.change(&r)
				if _, err := d.statements.Create(d.ctx, r); !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %v", err, c.want)
				}
			})
		}
	})
}

func TestStatementsAreListedFromACursor(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		start := d.Now()
		var ids []statement.ID
		for range 5 {
			ids = append(ids, d.state(statement.Activity, billing.Account{Patient: d.ada}).ID)
			d.move(time.Hour)
		}
		gone, err := d.statements.Delete(d.ctx, ids[3])
		d.must(err)
		d.move(time.Hour)
		again, err := d.statements.Delete(d.ctx, ids[3])
		if err != nil || again != gone || gone.Version != 2 || !gone.Deleted() {
			t.Fatalf("got %+v, %v", again, err)
		}
		d.want(second(d.statements.Delete(d.ctx, 1)), statement.ErrNotFound)
		hour := func(n int) time.Time { return start.Add(time.Duration(n) * time.Hour).Truncate(time.Microsecond) }
		for _, c := range []struct {
			name string
			q    statement.Query
			want string
		}{
			{"from the beginning", statement.Query{}, "0 1 2 4"},
			{"some", near(input.Cursor{Size: 2}), "0 1 …"},
			{"the next ones", near(input.Cursor{Size: 2, From: int64(ids[1])}), "2 4"},
			{"those before", near(input.Cursor{Size: 2, From: int64(ids[4]), Back: true}), "1 2 …"},
			{"the first ones before", near(input.Cursor{Size: 2, From: int64(ids[2]), Back: true}), "0 1"},
			{"from the end", near(input.Cursor{Size: 3, Back: true}), "1 2 4 …"},
			{"past the end", near(input.Cursor{From: int64(ids[4])}), ""},
			{"deleted ones too", statement.Query{Listing: input.Listing{Deleted: true}}, "0 1 2 3 4"},
			{"made in a stretch of time", statement.Query{Made: input.Span{From: hour(1), Until: hour(2)}},
				"1 2"},
			{"kept in a stretch of time", statement.Query{Listing: input.Listing{Created: input.Span{Until: hour(1)}}},
				"0 1"},
			{"changed since", statement.Query{Listing: input.Listing{Updated: input.Span{From: hour(5)},
				Deleted: true}}, "3"},
		} {
			t.Run(c.name, func(t *testing.T) {
				found, more, err := d.statements.List(d.ctx, c.q)
				d.must(err)
				var out []string
				for _, s := range found {
					out = append(out, fmt.Sprint(slices.Index(ids, s.ID)))
				}
				if more {
					out = append(out, "…")
				}
				if got := strings.Join(out, " "); got != c.want {
					t.Fatalf("got %q, want %q", got, c.want)
				}
			})
		}
		for _, size := range []int{-1, 201} {
			_, _, err := d.statements.List(d.ctx, near(input.Cursor{Size: size}))
			d.want(err, fault.Input())
		}
	})
}

// near are the statements next to a cursor.
func near(c input.Cursor) statement.Query { return statement.Query{Cursor: c} }

// TestWhatIsBilledFollowsAMerge merges one patient into another and back.
func TestWhatIsBilledFollowsAMerge(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		about := d.invoice(of(d.visit, 1)) // about Ada, and to her
		r := d.ask(of(d.jab, 1))
		r.Patient, r.Payer.Patient = d.bob, d.ada
		to, err := d.invoices.Create(d.ctx, r)
		d.must(err)
		st := d.state(statement.Activity, billing.Account{Patient: d.ada})
		now := func() string {
			t.Helper()
			all, err := d.invoices.ByID(d.ctx, []billing.InvoiceID{about.ID, to.ID})
			d.must(err)
			s, err := d.statements.Find(d.ctx, st.ID)
			d.must(err)
			who := map[patient.ID]string{d.ada: "Ada", d.bob: "Bob"}
			a, b := all[about.ID], all[to.ID]
			return strings.Join([]string{who[a.Patient], who[a.Payer.Patient], who[b.Patient], who[b.Payer.Patient],
				who[s.Account.Patient]}, " ")
		}
		if got := now(); got != "Ada Ada Bob Ada Ada" {
			t.Fatal(got)
		}
		staff := access.With(d.setup, access.Operator(d.group.ID))
		p, err := patienttest.Merging(d.db, d.patients).Preview(staff, d.bob, d.ada)
		d.must(err)
		m, err := patienttest.Merging(d.db, d.patients).Merge(staff, d.bob, d.ada, p.Token)
		d.must(err)
		if got := now(); got != "Bob Bob Bob Bob Bob" || m.Moved["invoices"] != 1 || m.Moved["bills"] != 2 ||
			m.Moved["statements"] != 1 {
			t.Fatal(got, m.Moved)
		}
		// A new invoice about the one who is gone is about the one who stayed.
		if i := d.invoice(); i.Patient != d.bob || i.Payer.Patient != d.bob {
			t.Fatalf("got %+v", i)
		}
		if s := d.state(statement.Activity, billing.Account{Patient: d.ada}); s.Account.Patient != d.bob ||
			s.Total != 6500+2399 {
			t.Fatalf("got %+v", s)
		}
		d.must(second(patienttest.Merging(d.db, d.patients).Unmerge(staff, d.ada, 0)))
		if got := now(); got != "Ada Ada Bob Ada Ada" {
			t.Fatal(got)
		}
	})
}
