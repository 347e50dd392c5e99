package graph

import (
	"context"
	"reflect"
	"slices"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
)

// doorName is what the practice's log calls this API.
const doorName = "graphql"

// told is one field of an operation for the log.
type told struct {
	action, outcome string
	subjects        []subject
}

// subject is a thing a field touched.
type subject struct {
	kind kind
	id   int64
}

// The log names so many things and so much of a name.
const (
	maxSubjects  = 200
	maxOperation = 100
)

// names are what the log calls the kinds.
var names = map[kind]string{
	kindPractice: "practice_group", kindUser: "user", kindRoom: "location", kindPlace: "location", kindPatient: "patient", kindContact: "contact",
	kindRelationship: "relationship", kindPhone: "phone", kindMobile: "mobile", kindLandline: "landline", kindBooking: "appointment",
	kindProduct: "product", kindTask: "task", kindLetter: "letter", kindConsultation: "consultation", kindRecord: "record",
	kindPrescription: "prescription", kindInvoice: "invoice", kindLineItem: "line_item", kindPayment: "payment", kindRefund: "refund",
	kindStatement: "statement", kindPaymentType: "payment_type", kindAccessGroup: "access_group", kindDefinition: "number_definition",
	kindNumber: "number", kindLabel: "label", kindLabelUse: "label_use", kindAttribute: "attribute", kindAvailability: "session",
	kindForm: "questionnaire", kindSection: "section", kindQuestion: "question", kindDocument: "document", kindTemplate: "template",
	kindFolder: "folder", kindMessage: "message", kindLab: "lab", kindWebhook: "webhook", kindOwnNumber: "patient", kindNHSNumber: "patient", kindShare: "share",
	kindRecordEntry: "record_entry",
}

// tell notes what a field of the root did. What was asked for and what came back
// say by their ids what it touched.
func (d *door) tell(ctx context.Context, at *graphql.FieldContext, out any, err error) {
	c := callOf(ctx)
	t := told{action: "graphql." + at.Field.Name, outcome: "ok"}
	if err != nil {
		t.outcome = refusalOf(fault.Of(err)).Code
	}
	for _, v := range at.Args {
		t.given(reflect.ValueOf(v), maxSubjectDepth)
	}
	t.came(reflect.ValueOf(out), maxSubjectDepth)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = append(c.entries, t)
}

// maxSubjectDepth is how deep ids are looked for.
const maxSubjectDepth = 4

func (t *told) add(text string) {
	k, id, ok := decode(text)
	if !ok || len(t.subjects) >= maxSubjects {
		return
	}
	if s := (subject{k, id}); names[k] != "" && !slices.Contains(t.subjects, s) {
		t.subjects = append(t.subjects, s)
	}
}

// given finds ids in an argument.
func (t *told) given(v reflect.Value, depth int) {
	if depth == 0 || !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		t.add(v.String())
	case reflect.Pointer, reflect.Interface:
		t.given(v.Elem(), depth)
	case reflect.Struct:
		for i := range v.NumField() {
			t.given(v.Field(i), depth-1)
		}
	case reflect.Slice:
		for i := range min(v.Len(), maxSubjects) {
			t.given(v.Index(i), depth-1)
		}
	}
}

// came finds the ids of what a field gives: of the thing, of a payload's data, of
// a list's.
func (t *told) came(v reflect.Value, depth int) {
	if depth == 0 || !v.IsValid() {
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		t.came(v.Elem(), depth)
	case reflect.Struct:
		if id := v.FieldByName("ID"); id.Kind() == reflect.String {
			t.add(id.String())
		}
		t.came(v.FieldByName("Data"), depth-1)
	case reflect.Slice:
		for i := range min(v.Len(), maxSubjects) {
			t.came(v.Index(i), depth-1)
		}
	}
}

// keep writes the operation into the practice's log. A stranger who signs in has
// no practice; the session that begins is in the log of its own.
func (d *door) keep(ctx context.Context, c *call) error {
	who, ok := access.From(ctx)
	if !ok || len(c.entries) == 0 {
		return nil
	}
	now := d.core.Key.Now()
	entries := make([]audit.Entry, len(c.entries))
	for i, t := range c.entries {
		e := who.Audit(now, t.action, "", 0, nil, nil)
		if len(t.subjects) > 0 {
			e.Entity, e.EntityID = names[t.subjects[0].kind], t.subjects[0].id
		}
		e.Door, e.Outcome = doorName, t.outcome
		e.Operation = c.operation[:min(len(c.operation), maxOperation)]
		for _, s := range t.subjects {
			e.Subjects = append(e.Subjects, s.String())
		}
		for _, id := range c.seen {
			if len(e.Subjects) < maxSubjects && !slices.Contains(e.Subjects, id) {
				e.Subjects = append(e.Subjects, id)
			}
		}
		entries[i] = e
	}
	return d.core.Key.Keep(ctx, entries)
}
