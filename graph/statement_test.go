package graph

import (
	"testing"
	"time"

	"frontdesk/core/billing"
	"frontdesk/core/contact"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/statement"
	"frontdesk/graph/wire"
)

const statementFieldsAsked = `id statementType date start end header accountReferenceNumber comments
	account { __typename ... on Patient { id fullName } ... on Contact { id company } } invoices { id total outstanding
	location lineItems { title } }
	totalPaid totalPrice totalOutstanding createdAt updatedAt deleted`

// stated makes a statement of an account's January.
func (s *surgery) stated(account billing.Account, kind statement.Kind) string {
	s.t.Helper()
	st, err := s.core.Statement.Create(s.ctx, statement.Request{
		Kind: kind, Account: account, From: input.DayOf(2031, time.January, 1), Until: input.DayOf(2031, time.January,
			31),
		Comments: "Soon, please.",
	})
	s.must(err)
	return wire.Encode(wire.KindStatement, st.ID)
}

func TestAccountStatements(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		first := s.invoiced(map[string]any{"payments": []any{s.payBy(9.99)}})
		s.invoiced(map[string]any{"accountId": s.insurer})
		ada, insurer := billing.Account{Patient: wire.Decoded[patient.ID](&s.ada)},
			billing.Account{Contact: wire.Decoded[contact.ID](&s.insurer)}
		of := s.stated(ada, statement.Activity)
		one := `query($id: ID!) { accountStatement(id: $id) { ` + statementFieldsAsked + ` } }`
		holds(t, d.get("accountStatement", one, "id", of), map[string]any{
			"id": of, "statementType": "ACTIVITY", "date": "2031-01-06T09:00:00.000Z",
			"start":  "2031-01-01T00:00:00.000Z",
			"end":    "2031-01-31T00:00:00.000Z",
			"header": "Mill Lane", "comments": "Soon, please.", "account.__typename": "Patient", "account.id": s.ada,
			"account.fullName": "Ms Ada Byron",
			"invoices.0.id":    first, "invoices.0.location": "Mill Lane",
			"invoices.0.lineItems.0.title": "Travel vaccine",
			"totalPaid":                    9.99,
			"totalPrice":                   39.98, "totalOutstanding": 29.99, "deleted": false,
			"createdAt": "2031-01-06T09:00:00.000Z",
			"updatedAt": "2031-01-06T09:00:00.000Z",
		})
		d.move(time.Minute)
		theirs := s.stated(insurer, statement.Unpaid)
		holds(t, d.get("accountStatement", one, "id", theirs), map[string]any{
			"statementType": "OUTSTANDING", "account.__typename": "Contact", "account.id": s.insurer,
			"account.company":        "Crown Insurance",
			"accountReferenceNumber": "CR-7", "totalOutstanding": 39.98,
		})
		// A later payment changes the invoice, not the statement.
		s.change("addInvoicePayment", `invoiceId: $id, paymentData: $payment`, "id", first, "payment", s.payBy(29.99))
		holds(t, d.get("accountStatement", one, "id", of),
			map[string]any{"invoices.0.outstanding": 0.0, "totalOutstanding": 29.99})

		d.role("clerk", "seeInvoices")
		a := d.ask(one, "id", of)
		if len(a.Errors) != 1 || a.message() != "Missing permission seePatients" ||
			at(t, a.Data, "accountStatement.account") != nil || at(t, a.Data, "accountStatement.id") != of {
			t.Error(a.text)
		}
		a = d.ask(one, "id", theirs)
		if len(a.Errors) != 1 || a.message() != "Missing permission seeContacts" {
			t.Error(a.text)
		}
		d.token = d.newToken("booking")
		d.forbidden("seeInvoices", `query($id: ID!) { accountStatement(id: $id) { id } }`, "id", of)
		d.forbidden("seeInvoices", `{ accountStatements { data { id } } }`)
		if a := d.ask(`{ accountStatement(id: "0") { id } }`); a.message() != `Cast to ObjectId failed for value `+
			`"0" (type string) at path "_id"` {
			t.Error(a.text)
		}
		d.join("Another")
		if got := d.get("accountStatement", one, "id", of); got != nil {
			t.Errorf("another practice sees %v", got)
		}
		if got := d.get("accountStatements.data", `{ accountStatements { data { id } } }`).([]any); len(got) != 0 {
			t.Errorf("another practice sees %v", got)
		}
	})
}

func TestAccountStatementsAreListed(t *testing.T) {
	each(t, func(t *testing.T, d *kit) {
		s := d.surgery()
		var made []string
		grow := func() int {
			for range 3 {
				d.move(time.Minute)
				who := d.person("Ada" + string(rune('a'+len(made))))
				s.invoiced(map[string]any{"patientId": who})
				made = append(made, s.stated(billing.Account{Patient: wire.Decoded[patient.ID](&who)},
					statement.Activity))
				company := d.done("createContact",
					`mutation { createContact(company: "Crown", isPayor: true) { data { id } error } }`)["id"].(string)
				s.invoiced(map[string]any{"accountId": company})
				made = append(made, s.stated(billing.Account{Contact: wire.Decoded[contact.ID](&company)},
					statement.Activity))
			}
			return len(made)
		}
		d.flat("accountStatements.data", `{ accountStatements(pagination: {pageSize: 15}) { data { `+
			statementFieldsAsked+
			` } pageInfo { pageSize hasMore } } }`, nil, grow)
		ids := `{ accountStatements(dateRange: $r, pagination: $p, options: $o) { data { id } pageInfo { pageSize ` +
			`hasMore } } }`
		page := func(p map[string]any) answer {
			t.Helper()
			return d.ask(`query($r: DateRange, $p: CursorPagination, $o: QueryOptions) `+ids, "p", p)
		}
		holds(t, page(map[string]any{"pageSize": 2}).Data, map[string]any{
			"accountStatements.data.0.id": made[0], "accountStatements.data.1.id": made[1],
			"accountStatements.pageInfo.pageSize": 2.0, "accountStatements.pageInfo.hasMore": true,
		})
		holds(t, page(map[string]any{"pageSize": 2, "cursor": made[9], "direction": "NEXT"}).Data, map[string]any{
			"accountStatements.data.0.id": made[10], "accountStatements.data.1.id": made[11],
			"accountStatements.pageInfo.hasMore": false,
		})
		holds(t, page(map[string]any{"pageSize": 2, "cursor": made[9], "direction": "PREVIOUS"}).Data, map[string]any{
			"accountStatements.data.0.id": made[7], "accountStatements.data.1.id": made[8],
			"accountStatements.pageInfo.hasMore": true,
		})
		if a := page(map[string]any{"cursor": s.ada}); a.message() != wire.ErrCursor.Message || a.code() != codeInput {
			t.Error(a.text)
		}
		if a := page(map[string]any{"cursor": "7"}); a.code() != codeInput {
			t.Error(a.text)
		}
		got := d.get("accountStatements.data", `query($r: DateRange, $p: CursorPagination, $o: QueryOptions) `+ids,
			"r", map[string]any{"start": "2031-01-06T09:06:00Z", "end": "2031-01-06T09:06:00Z"}, "o",
			map[string]any{"createdAt": map[string]any{}}).([]any)
		if len(got) != 2 || at(t, got, "0.id") != made[10] {
			t.Errorf("got %v", got)
		}
		_, err := d.core.Statement.Delete(d.ctx, wire.Decoded[statement.ID](&made[0]))
		d.must(err)
		if got := d.get("accountStatements.data.0.id", `{ accountStatements { data { id } } }`); got != made[1] {
			t.Errorf("the first is %v", got)
		}
		holds(t, d.get("accountStatements", `{ accountStatements(options: {includeDeleted: true}) { data { id `+
			`deleted } } }`),
			map[string]any{"data.0.id": made[0], "data.0.deleted": true})
	})
}
