package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/graph/wire"
)

// doorName is what the audit trail calls this API.
const doorName = string(access.GraphQL)

// audited is one field of an operation for the audit trail.
type audited struct {
	operation, action, outcome string
	// seen is what core has read for the field, and below it.
	seen *audit.Collector
}

// maxOperation is how much of an operation's name is kept.
const maxOperation = 100

// names are what the trail calls the kinds.
var names = map[wire.Kind]string{
	wire.KindPractice: "practice_group", wire.KindUser: "user", wire.KindRoom: "location", wire.KindPlace: "location",
	wire.KindPatient: audit.Patient,
	wire.KindContact: "contact", wire.KindRelationship: "relationship", wire.KindPhone: "phone",
	wire.KindMobile:   "mobile",
	wire.KindLandline: "landline",
	wire.KindBooking:  "appointment", wire.KindProduct: "product", wire.KindTask: "task", wire.KindLetter: "letter",
	wire.KindConsultation: "consultation",
	wire.KindRecord:       "record", wire.KindPrescription: "prescription", wire.KindInvoice: "invoice",
	wire.KindLineItem: "line_item",
	wire.KindPayment:  "payment",
	wire.KindRefund:   "refund", wire.KindStatement: "statement", wire.KindPaymentType: "payment_type",
	wire.KindAccessGroup: "access_group",
	wire.KindDefinition:  "number_definition", wire.KindNumber: "number", wire.KindLabel: "label",
	wire.KindLabelUse:  "label_use",
	wire.KindAttribute: "attribute", wire.KindAvailability: "session", wire.KindForm: "questionnaire",
	wire.KindSection:  "section",
	wire.KindQuestion: "question", wire.KindDocument: "document", wire.KindTemplate: "template",
	wire.KindFolder:  "folder",
	wire.KindMessage: "message",
	wire.KindLab:     "lab", wire.KindWebhook: "webhook", wire.KindOwnNumber: audit.Patient,
	wire.KindNHSNumber:   audit.Patient,
	wire.KindShare:       "share",
	wire.KindRecordEntry: "record_entry",
}

// note records what a field of the root did.
func (d *door) note(ctx context.Context, at *graphql.FieldContext, err error) {
	c := callOf(ctx)
	t := audited{operation: c.operation, action: doorName + "." + at.Field.Name, outcome: "ok", seen: audit.Of(ctx)}
	if err != nil {
		t.outcome = refusalOf(fault.Of(err)).Code
		audit.Seen(ctx, namedIn(nil, at.Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables),
			maxSubjectDepth)...)
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
		k, id, ok := wire.Decode(v)
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
	now := d.Core.Key.Now()
	entries := make([]audit.Entry, len(c.entries))
	for i, t := range c.entries {
		e := who.Audit(now, t.action, "", 0, nil, nil)
		e.Door, e.Outcome = doorName, t.outcome
		e.Operation = t.operation[:min(len(t.operation), maxOperation)]
		t.seen.Name(&e)
		entries[i] = e
	}
	audit.Add(ctx, entries...)
}
