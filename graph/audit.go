package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
)

// doorName is what the audit trail calls this API.
const doorName = string(access.GraphQL)

// told is one field of an operation for the audit trail.
type told struct {
	operation, action, outcome string
	// seen is what core has read for the field, and below it.
	seen *audit.Collector
}

// maxOperation is how much of an operation's name is kept.
const maxOperation = 100

// names are what the trail calls the kinds.
var names = map[kind]string{
	kindPractice: "practice_group", kindUser: "user", kindRoom: "location", kindPlace: "location",
	kindPatient: audit.Patient,
	kindContact: "contact", kindRelationship: "relationship", kindPhone: "phone", kindMobile: "mobile",
	kindLandline: "landline",
	kindBooking:  "appointment", kindProduct: "product", kindTask: "task", kindLetter: "letter",
	kindConsultation: "consultation",
	kindRecord:       "record", kindPrescription: "prescription", kindInvoice: "invoice", kindLineItem: "line_item",
	kindPayment: "payment",
	kindRefund:  "refund", kindStatement: "statement", kindPaymentType: "payment_type", kindAccessGroup: "access_group",
	kindDefinition: "number_definition", kindNumber: "number", kindLabel: "label", kindLabelUse: "label_use",
	kindAttribute: "attribute", kindAvailability: "session", kindForm: "questionnaire", kindSection: "section",
	kindQuestion: "question", kindDocument: "document", kindTemplate: "template", kindFolder: "folder",
	kindMessage: "message",
	kindLab:     "lab", kindWebhook: "webhook", kindOwnNumber: audit.Patient, kindNHSNumber: audit.Patient,
	kindShare:       "share",
	kindRecordEntry: "record_entry",
}

// tell notes what a field of the root did.
func (d *door) tell(ctx context.Context, at *graphql.FieldContext, err error) {
	c := callOf(ctx)
	t := told{operation: c.operation, action: doorName + "." + at.Field.Name, outcome: "ok", seen: audit.Of(ctx)}
	if err != nil {
		t.outcome = refusalOf(fault.Of(err)).Code
		audit.Seen(ctx, namedIn(nil, at.Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables), maxSubjectDepth)...)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = append(c.entries, t)
}

// maxSubjectDepth is how deep ids are looked for in arguments.
const maxSubjectDepth = 4

// namedIn adds the things that arguments name by their ids: what a field that
// failed was asked about.
func namedIn(found []audit.Subject, v any, depth int) []audit.Subject {
	if depth == 0 || len(found) >= audit.MaxSubjects {
		return found
	}
	switch v := v.(type) {
	case string:
		k, id, ok := decode(v)
		switch name := names[k]; {
		case !ok || name == "":
		case name == audit.Patient:
			return append(found, audit.Person(id))
		default:
			return append(found, audit.Subject{Kind: name, ID: id})
		}
	case map[string]any:
		for _, one := range v {
			found = namedIn(found, one, depth-1)
		}
	case []any:
		for _, one := range v {
			found = namedIn(found, one, depth-1)
		}
	}
	return found
}

// handOver adds what was asked to what the request hands over to the audit trail. A
// stranger who signs in has no practice; the session that begins is in the trail
// itself.
func (d *door) handOver(ctx context.Context, c *call) {
	who, ok := access.From(ctx)
	if !ok {
		return
	}
	now := d.core.Key.Now()
	entries := make([]audit.Entry, len(c.entries))
	for i, t := range c.entries {
		e := who.Audit(now, t.action, "", 0, nil, nil)
		e.Door, e.Outcome = doorName, t.outcome
		e.Operation = t.operation[:min(len(t.operation), maxOperation)]
		t.seen.Name(&e)
		entries[i] = e
	}
	audit.Tell(ctx, entries...)
}
