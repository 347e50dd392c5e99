package formlink

import (
	"context"
	"errors"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/booking"
	"frontdesk/core/fault"
	"frontdesk/core/form"
	"frontdesk/core/input"
	"frontdesk/core/link"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/write"
)

// Ask is what a form link asks for, for any patient.
type Ask struct {
	Form form.ID `json:"form"`
	// Expires is the last day it is good for, in the practice's time, or the instant it ends; nil is a month from now.
	Expires *input.Bound `json:"expires,omitempty"`
	// MaxUses is how often answers can be sent; nil is once.
	MaxUses  *int         `json:"max_uses,omitempty"`
	Write    bool         `json:"write,omitempty"`
	Code     string       `json:"code,omitempty"`
	Term     string       `json:"term,omitempty"`
	Assignee assignee.Ref `json:"assignee,omitzero"`
}

// New is a form link to make.
type New struct {
	Ask
	Patient     patient.ID
	Appointment booking.ID // 0 is none
}

// requests says how form links are changed.
var requests = write.Kind[Tx, link.ID, Request]{Needs: access.EditBookingLinks, Lock: Tx.LockRequest,
	Save: Tx.SaveRequest}

// Create makes a form link for a patient. Errors: ErrNoForm, patient.ErrNotFound, patient.ErrDeceased,
// booking.ErrNotFound, ErrNotTheirs, assignee.ErrNotFound, seal.ErrNoKey, field faults.
func (s *Service) Create(ctx context.Context, want New) (Request, error) {
	who, err := access.Require(ctx, requests.Needs)
	if err != nil {
		return Request{}, err
	}
	if err := s.offered(ctx, who.Group, want.Form); err != nil {
		return Request{}, err
	}
	r, err := write.Do(ctx, requests.Needs, s.Now, s.Store.Do, func(e write.Edit[Tx]) (r Request, err error) {
		if r, err = s.request(ctx, e, want); err != nil {
			return r, err
		}
		if err := e.Tx.SaveRequest(ctx, e.Group(), r); err != nil {
			return r, err
		}
		return r, e.Audit(ctx, "link.create", int64(r.ID), nil, r)
	})
	if err == nil {
		r.Link, err = s.Link.Shown(r.Link)
	}
	return r, err
}

// offered checks that a form can be filled in. Errors: ErrNoForm, ErrUnpublished.
func (s *Service) offered(ctx context.Context, group practice.ID, id form.ID) error {
	q, err := s.Form.Store.Questionnaire(ctx, group, id)
	if errors.Is(err, form.ErrNotFound) || err == nil && q.Deleted() {
		return named(ErrNoForm, "questionnaire")
	}
	if err == nil && q.Published == 0 {
		return ErrUnpublished
	}
	return err
}

// Known checks that what links are to ask for exists, and that the caller may make them. Errors: ErrNoForm,
// assignee.ErrNotFound.
func (s *Service) Known(ctx context.Context, a Ask) error {
	who, err := access.Require(ctx, requests.Needs)
	if err == nil {
		err = s.offered(ctx, who.Group, a.Form)
	}
	if err != nil || a.Assignee.IsZero() {
		return err
	}
	return s.Store.Do(ctx, func(tx Tx) error { return assignee.Check(ctx, tx, who.Group, a.Assignee) })
}

// Draft is a form link for a patient that no one has kept yet. Errors: field faults, seal.ErrNoKey.
func (s *Service) Draft(g practice.Group, of patient.ID, a Ask, now time.Time) (Request, error) {
	r := Request{Form: a.Form, Write: a.Write, Assignee: a.Assignee}
	once := 1
	if a.MaxUses == nil {
		a.MaxUses = &once
	}
	var in input.Checks
	var err error
	r.Link, err = s.Link.New(&in, g, link.Form, of, a.Expires, a.MaxUses, now)
	if a.Write && (a.Code != "" || a.Term != "") {
		c := record.Choose(&in, a.Code, a.Term, record.Form)
		r.Code, r.Term = c.Code, c.Term
	}
	return r, errors.Join(in.Err(), err)
}

// request checks what a link is to ask for.
func (s *Service) request(ctx context.Context, e write.Edit[Tx], want New) (Request, error) {
	g, err := e.Tx.Group(ctx, e.Group())
	if err != nil {
		return Request{}, err
	}
	r, err := s.Draft(g, want.Patient, want.Ask, e.Now)
	if r.Appointment = want.Appointment; err != nil {
		return r, err
	}
	if r.Patient, err = e.Tx.LockPatientAgainstMerge(ctx, e.Group(), want.Patient); err != nil {
		return r, patient.Misnamed(err, "patient")
	}
	if err := link.Known(ctx, e.Tx, r.Link); err != nil {
		return r, err
	}
	return r, s.around(ctx, e, r)
}

// around checks the appointment and the assignee that a link names.
func (s *Service) around(ctx context.Context, e write.Edit[Tx], r Request) error {
	if r.Appointment != 0 {
		of, err := e.Tx.AppointmentPatient(ctx, e.Group(), r.Appointment)
		if errors.Is(err, booking.ErrNotFound) {
			return named(booking.ErrNotFound, "appointment")
		}
		if err != nil {
			return err
		}
		if of != r.Patient {
			return ErrNotTheirs
		}
	}
	if r.Assignee.IsZero() {
		return nil
	}
	return assignee.Check(ctx, e.Tx, e.Group(), r.Assignee)
}

// named is a fault with the field that names what is missing.
func named(err error, field string) error {
	missing := *fault.Of(err)
	missing.Fields = []fault.Field{{Path: []string{field}, Code: missing.Code, Expected: "an id of this practice group",
		Message: missing.Message}}
	return &missing
}
