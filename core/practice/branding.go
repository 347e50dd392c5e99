package practice

import (
	"context"

	"frontdesk/core/access"
)

// Branding is how a practice looks, and how it shares documents.
type Branding struct {
	Logo, SecondLogo, Colour, SecondColour string
	PatientSharing, ContactSharing         string
}

// Overview is a practice as its own programs see it.
type Overview struct {
	Group
	Branding
}

// Overview is the caller's practice.
func (s *Service) Overview(ctx context.Context) (Overview, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return Overview{}, err
	}
	var o Overview
	if o.Group, err = s.Store.Group(ctx, who.Group); err != nil {
		return o, err
	}
	o.Branding, err = s.Store.Branding(ctx, who.Group)
	return o, err
}
