package billing

import (
	"context"
	"fmt"
	"strings"

	"frontdesk/core/billing"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/relationship"

	"frontdesk/store"
	"frontdesk/store/value"
)

// dateOrNone is a date as text; no date is no text.
func dateOrNone(d input.Date) string {
	if d == input.NoDate {
		return ""
	}
	return d.String()
}

// Policies lists the policies among the relationships of a patient.
func (t *Tx) Policies(ctx context.Context, group practice.ID, of patient.ID) ([]billing.Insurance, error) {
	return store.List(ctx, t.Conn, `SELECT details FROM relationship WHERE practice_group_id = $1 AND patient_id = $2
		AND kind = 'INSURER' ORDER BY id DESC LIMIT 200`, store.In{group, of},
		func(scan store.Scanner) (billing.Insurance, error) {
			var d relationship.Details
			err := scan(value.Stored(&d))
			i := billing.Insurance{Insurer: d.Company, PolicyNumber: d.PolicyNumber, Authorisation: d.Authorisation}
			if i.Insurer == "" {
				i.Insurer = strings.Join(strings.Fields(d.Title+" "+d.FirstName+" "+d.LastName), " ")
			}
			return i, err
		})
}

// fewNumbers is the lesser room for numbers of invoices.
const fewNumbers = 20

// submitted are invoices that Healthcode has.
const submitted = `(healthcode_status <> '' AND healthcode_reference <> '')`

// narrowed is the text of a list with what an invoice must be for a filter before its order, and its arguments.
func narrowed(f billing.InvoiceFilter, text string, args store.In) (string, store.In) {
	if !f.Asked() {
		return text, args
	}
	var where strings.Builder
	next := func(v any) string {
		args = append(args, v)
		return fmt.Sprint("$", len(args))
	}
	if len(f.Numbers) > 0 {
		// There is room for few or for many, so that there are not as many texts as numbers of numbers.
		places := make([]string, fewNumbers)
		if len(f.Numbers) > fewNumbers {
			places = make([]string, billing.MaxNumbers)
		}
		for i := range places {
			places[i] = next(f.Numbers[min(i, len(f.Numbers)-1)])
		}
		where.WriteString(` AND number IN (` + strings.Join(places, ", ") + `)`)
	}
	if f.Pathway != 0 {
		where.WriteString(` AND pathway_id <> 0 AND pathway_id = ` + next(f.Pathway))
	}
	if f.Key != "" {
		where.WriteString(` AND id IN (SELECT subject_id FROM metadata WHERE practice_group_id = $1
			AND kind = 'invoice' AND key = ` + next(f.Key))
		if f.Value != nil {
			where.WriteString(` AND value = ` + next(*f.Value))
		}
		where.WriteString(`)`)
	}
	switch {
	case f.Submitted != nil && *f.Submitted:
		where.WriteString(` AND ` + submitted)
	case f.Submitted != nil:
		where.WriteString(` AND NOT ` + submitted)
	}
	if len(f.Claims) > 0 {
		where.WriteString(` AND healthcode_status <> '' AND ` + next(among(f.Claims)) +
			` LIKE '%,' || healthcode_status || ',%'`)
	}
	if len(f.NoClaims) > 0 {
		where.WriteString(` AND ` + next(among(f.NoClaims)) + ` NOT LIKE '%,' || healthcode_status || ',%'`)
	}
	return strings.Replace(text, " ORDER BY", where.String()+" ORDER BY", 1), args
}

// among are statuses as one text to look in. None of them has a comma, and no status is none.
func among(all []billing.ClaimStatus) string { return "," + value.Joined(all) + "," }
