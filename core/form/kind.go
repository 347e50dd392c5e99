package form

import (
	"strings"

	"frontdesk/core/record"
)

// Type is what a form is for.
type Type string

// The types of form. Source: developer.herohealth.net, List Forms, form_type.
const (
	Asks      Type = "questionnaire"   // what the practice asks of a patient
	Replies   Type = "response"        // answers a message
	Intake    Type = "appointment"     // goes with an appointment
	Navigates Type = "care_navigation" // leads to what fits the answers
)

// Types are all the types of form.
var Types = []Type{Asks, Replies, Intake, Navigates}

// concepts are what answers are kept with in the record, by the type of form. Source: Hero Health's help centre, SNOMED
// codes in Hero forms.
var concepts = map[Type]record.Concept{
	Asks:      record.DefaultConcept(record.Form),
	Replies:   {Code: "37291000000107", Term: "Patient response"},
	Intake:    {Code: "714301000000106", Term: "Intake form"},
	Navigates: {Code: "1068881000000101", Term: "Care navigation form"},
}

// Concept is what the answers to a form are kept with in the record, unless a link says otherwise: its own concept, or
// that of its type.
func (q Questionnaire) Concept() record.Concept {
	c := concepts[q.Type]
	if q.Content.Code != "" {
		c = record.Concept{Code: q.Content.Code, Term: q.Content.Term}
	}
	return c
}

// Shown is what patients see as the title.
func (q Questionnaire) Shown() string {
	if q.Content.PatientTitle != "" {
		return q.Content.PatientTitle
	}
	return q.Title
}

// About says what the form is for, to staff.
func (q Questionnaire) About() string {
	if q.Content.Description != "" {
		return q.Content.Description
	}
	return q.Content.Header
}

// contains reports whether a title has some words in it, whatever their case.
func contains(title, words string) bool {
	return strings.Contains(strings.ToLower(title), strings.ToLower(strings.TrimSpace(words)))
}
