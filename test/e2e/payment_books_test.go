package e2e

import (
	"fmt"
	"strings"
)

// books is what Stripe and the program have of what was paid.
type books struct {
	*market
	requests map[string]asking // by the program's id
	payments map[string][]entry
	refunds  map[string][]entry
	states   map[string]string // of appointments
	open     map[string]bool   // invoices that were not cancelled
	tasks    []string
}

// asking is a request for payment.
type asking struct{ invoice, appointment, page, state, reported string }

// entry is a payment or a refund in the books.
type entry struct {
	invoice string
	amount  int64
}

// read reads the books.
func (m *market) read() *books {
	b := &books{market: m, requests: map[string]asking{}, payments: map[string][]entry{}, refunds: map[string][]entry{},
		states: map[string]string{}, open: map[string]bool{}}
	m.each(`SELECT CAST(id AS text), CAST(invoice_id AS text), CAST(coalesce(appointment_id, 0) AS text), external_id,
		state, reported FROM payment_request`, 6, func(v []string) {
		b.requests[v[0]] = asking{v[1], v[2], v[3], v[4], v[5]}
	})
	entries := func(into map[string][]entry) func([]string) {
		return func(v []string) {
			var amount int64
			fmt.Sscan(v[2], &amount)
			into[v[0]] = append(into[v[0]], entry{v[1], amount})
		}
	}
	m.each(`SELECT external_id, CAST(invoice_id AS text), CAST(amount AS text) FROM payment
		WHERE external_id IS NOT NULL AND deleted_at IS NULL`, 3, entries(b.payments))
	m.each(`SELECT external_id, CAST(invoice_id AS text), CAST(amount AS text) FROM refund
		WHERE external_id IS NOT NULL`, 3, entries(b.refunds))
	m.each(`SELECT CAST(id AS text), state FROM appointment`, 2, func(v []string) { b.states[v[0]] = v[1] })
	m.each(`SELECT CAST(id AS text) FROM invoice WHERE cancelled_at IS NULL`, 1, func(v []string) { b.open[v[0]] = true })
	m.each(`SELECT comments FROM task WHERE deleted_at IS NULL`, 1, func(v []string) { b.tasks = append(b.tasks, v[0]) })
	return b
}

// each reads rows of texts.
func (m *market) each(query string, columns int, do func([]string)) {
	rows, err := m.db.Query(query)
	if err != nil {
		m.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		values, into := make([]string, columns), make([]any, columns)
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			m.t.Fatal(err)
		}
		do(values)
	}
	if err := rows.Err(); err != nil {
		m.t.Fatal(err)
	}
}

// about counts the tasks of staff that name something.
func (b *books) about(what string) (n int) {
	for _, comments := range b.tasks {
		if strings.Contains(comments, what) {
			n++
		}
	}
	return n
}

// paid says what is wrong with what was charged: each charge is one payment on the invoice it was asked for, a patient
// is charged once, and has the appointment or staff have a task.
func (b *books) paid() (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	charges, of, made := map[string]bool{}, map[string]int{}, map[string]int{}
	for _, s := range b.bank.Sessions() {
		r, known := b.requests[s.Reference]
		if made[s.Reference]++; made[s.Reference] > 1 {
			say("request %s has %d pages", s.Reference, made[s.Reference])
		}
		if !known || r.page != s.ID {
			say("page %s is for request %s, which has page %q and is %s", s.ID, s.Reference, r.page, r.state)
		}
		if s.Intent == "" {
			continue
		}
		charges[s.Intent] = true
		of[r.appointment]++
		noted, told := b.payments[s.Intent], b.about(s.Intent)
		switch {
		case len(noted)+told != 1:
			say("charge %s is %d payments and %d tasks", s.Intent, len(noted), told)
		case len(noted) == 1 && (noted[0] != entry{r.invoice, s.Amount}):
			say("charge %s of %d on invoice %s is noted as %v", s.Intent, s.Amount, r.invoice, noted[0])
		}
	}
	for id := range b.payments {
		if !charges[id] {
			say("payment %s was not charged", id)
		}
	}
	for _, v := range b.visits {
		state, tasks := b.states[v.appointment], b.about("Appointment "+v.appointment+":")
		if n := of[v.appointment]; n != v.charges || n > 1 {
			say("appointment %s was charged %d times, and its patient saw %d", v.appointment, n, v.charges)
		}
		switch {
		case state == "booked" && v.charges == 0:
			say("appointment %s is confirmed without its payment", v.appointment)
		case state == "booked" && tasks > 0:
			say("appointment %s is confirmed, and staff have %d tasks about it", v.appointment, tasks)
		case v.booked && state != "booked":
			say("appointment %s is %s, and its patient was answered that it is booked", v.appointment, state)
		case v.charges > 0 && !v.letGo && state != "booked" && !(v.refunded && tasks == 1):
			say("appointment %s was paid and is %s, with %d tasks", v.appointment, state, tasks)
		case v.charges > 0 && v.letGo && tasks != 1:
			say("appointment %s was let go and paid, and staff have %d tasks", v.appointment, tasks)
		case v.letGo && state == "booked":
			say("appointment %s was let go and is booked", v.appointment)
		}
	}
	return wrong
}

// rest says what is wrong with refunds, each of which is noted once, and with what was not paid, which is let go.
func (b *books) rest() (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	given := b.bank.Refunds()
	for id, amount := range given {
		if all := b.refunds[id]; len(all) != 1 || all[0].amount != amount {
			say("refund %s of %d is noted as %v", id, amount, all)
		}
	}
	for id := range b.refunds {
		if given[id] == 0 {
			say("refund %s was not made", id)
		}
	}
	for _, v := range b.visits {
		if v.charges > 0 {
			continue
		}
		if state := b.states[v.appointment]; state == "booked" { // a job that notes that a hold ran out goes by no clock
			say("appointment %s was not paid and is %s", v.appointment, state)
		}
		for _, r := range b.requests {
			if r.appointment == v.appointment && b.open[r.invoice] {
				say("invoice %s is for appointment %s, which was not paid, and can still be paid", r.invoice, v.appointment)
			}
		}
	}
	return wrong
}
