// Package identity finds out who a visitor of a link is, without an account.
//
//	identity.go  a visitor who says who they are
//	login.go     one who proves it by NHS login
//
// The rules of who is taken for a patient are those of core/demographics, and the rules of links those of core/link.
package identity

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/demographics"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/link"
)

// ErrNotNow is returned while the national service does not answer, or does not let us ask.
var ErrNotNow = fault.New(fault.Unavailable, "identity_unavailable",
	"We cannot look up who you are at the moment. Try again in a few minutes.").After(time.Minute)

// patience is the longest it may take to find out who a visitor is. It goes on when the visitor has left, so that
// leaving is no way to try for nothing.
const patience = 20 * time.Second

// Said is what a visitor says of themselves: both names, the date of birth, and the NHS number or the postcode.
type Said struct {
	FirstName, LastName string
	BirthDate           input.Date
	NHSNumber, Postcode string
}

// Service is the identity capability.
type Service struct {
	Link         *link.Service
	Demographics *demographics.Service
	Login        Login
	// Pace begins to measure how long a visitor waits, and gives what waits until a refusal is due: all of them take
	// equally long, whatever their reason. nil is no wait.
	Pace func() (settle func(context.Context))
	Now  func() time.Time
}

// Found is how a visitor was identified: with what proves the visit, or with a page that says whom to ask.
type Found struct {
	// Proof proves the visit to core/link. Empty is that we are not sure who the visitor is.
	Proof string
	// Check is the page then.
	Check demographics.IdentityCheck
}

// guest is what a visitor may do while it is found out who they are.
func guest(ctx context.Context, t link.Try) context.Context {
	who := access.Visitor(ctx, t.Group.ID, "patient")
	who.Permissions, who.Door = []access.Permission{access.EditPatients}, access.Page
	return access.With(ctx, who)
}

// Identify begins the visit of a visitor of a link for anyone who says who they are. network is where they come from,
// and is kept only as a signature. Errors: those of link.Begin, ErrNotNow, field faults; none of these counts as a try.
func (s *Service) Identify(ctx context.Context, address, network string, said Said) (Found, error) {
	settle := s.pace()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	t, err := s.Link.Begin(ctx, address, network)
	if err == nil && !t.Link.Anyone() {
		err = errors.Join(link.ErrUnknown, s.Link.GiveBack(ctx, t))
	}
	if err != nil {
		return Found{}, err
	}
	return s.find(ctx, t, settle, demographics.Visitor{FirstName: said.FirstName, LastName: said.LastName,
		BirthDate: said.BirthDate, NHSNumber: said.NHSNumber, Postcode: said.Postcode})
}

// find looks a visitor up, and begins the visit.
func (s *Service) find(
	ctx context.Context, t link.Try, settle func(context.Context), v demographics.Visitor,
) (Found, error) {
	// By a link that books nothing any more its own appointments are managed: that takes no new patient.
	bookable := t.Link.Bookable(s.Now()) == nil
	v.New, v.Network = t.Link.NewPatients && bookable, t.Link.NetworkPatients && bookable
	got, err := s.Demographics.Identify(guest(ctx, t), v)
	if errors.Is(err, demographics.ErrDown) || errors.Is(err, demographics.ErrRefused) {
		err = ErrNotNow.Because(err)
	}
	if err != nil {
		return Found{}, errors.Join(err, s.Link.GiveBack(ctx, t))
	}
	if got.ID == 0 {
		err := s.Link.Failed(ctx, t)
		settle(ctx)
		return Found{Check: got.Check}, err
	}
	proof, err := s.Link.Enter(ctx, t, got.ID)
	return Found{Proof: proof}, err
}

func (s *Service) pace() func(context.Context) {
	if s.Pace == nil {
		return func(context.Context) {}
	}
	return s.Pace()
}
