// Package contactpoint is the ways to reach a person, and who gave each: as HL7 FHIR's ContactPoint.
package contactpoint

import (
	"slices"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/input"
)

// Kind is a way to reach a patient.
type Kind string

// The ways to reach a patient.
const (
	Mobile   Kind = "mobile"
	Landline Kind = "landline"
	Email    Kind = "email"
	Postal   Kind = "address"
)

// Kinds are all the ways.
var Kinds = []Kind{Mobile, Landline, Email, Postal}

// Informant is who gave a detail.
type Informant string

// The sources, the one that is believed first first.
const (
	FromPractice Informant = "practice" // a member of staff
	FromCaller   Informant = "caller"   // a partner's program
	FromPDS      Informant = "pds"      // the national service
)

// sources in the order they are believed: what the practice entered is never replaced by another source, and
// what the patient just told a partner is newer than the national record.
var sources = []Informant{FromPractice, FromCaller, FromPDS}

// Point is what one source says of one way to reach a patient.
type Point struct {
	Kind   Kind      `json:"kind"`
	Source Informant `json:"source"`
	// Value is the number or the address; a postal address is JSON.
	Value      string    `json:"value"`
	RecordedAt time.Time `json:"recorded_at"`
	// VerifiedAt is when a member of staff saw that it is right; zero is never.
	VerifiedAt time.Time `json:"verified_at,omitzero"`
}

// Points are what all sources say, one contact for each kind and source.
type Points []Point

// Find is where what a source says of a kind is, or -1.
func (c Points) Find(kind Kind, source Informant) int {
	return slices.IndexFunc(c, func(x Point) bool { return x.Kind == kind && x.Source == source })
}

// Used is the contact of a kind that is used, if there is one.
func (c Points) Used(kind Kind) (Point, bool) {
	for _, source := range sources {
		if i := c.Find(kind, source); i >= 0 {
			return c[i], true
		}
	}
	return Point{}, false
}

// Put sets what a source says; the empty value forgets it. A value that is the same keeps its time.
func (c Points) Put(kind Kind, source Informant, value string, now time.Time) Points {
	c = slices.Clone(c)
	i := c.Find(kind, source)
	switch {
	case value == "" && i >= 0:
		return slices.Delete(c, i, i+1)
	case value == "" || i >= 0 && c[i].Value == value:
		return c
	case i >= 0:
		c[i] = Point{Kind: kind, Source: source, Value: value, RecordedAt: now}
		return c
	}
	return append(c, Point{Kind: kind, Source: source, Value: value, RecordedAt: now})
}

// Verify notes that the contact in use was seen to be right, or was not.
func (c Points) Verify(kind Kind, yes *bool, now time.Time) (Points, error) {
	used, ok := c.Used(kind)
	switch {
	case yes == nil:
		return c, nil
	case !ok:
		return c, fault.Wrong("verified", input.CodeSmall, "a detail to verify, in value or given before",
			"There is no such detail to verify.")
	}
	c = slices.Clone(c)
	i := c.Find(kind, used.Source)
	switch {
	case !*yes:
		c[i].VerifiedAt = time.Time{}
	case c[i].VerifiedAt.IsZero():
		c[i].VerifiedAt = now
	}
	return c, nil
}

// Said is what the national service says of one way to reach a patient.
func (c Points) Said(kind Kind) string {
	if i := c.Find(kind, FromPDS); i >= 0 {
		return c[i].Value
	}
	return ""
}
