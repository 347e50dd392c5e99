// Package prescription issues prescriptions, and keeps the pharmacies that prescribers send them to.
//
//	prescription.go  prescribers, their pharmacies, and what is remembered
//	issue.go         issue a prescription, for a patient who is registered with it where need be
//	read.go          prescriptions, whichever system made them
//
// What it issues are the prescriptions of core/clinical: those that other systems made are listed beside them.
package prescription

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/account"
	"frontdesk/core/audit"
	"frontdesk/core/clinical"
	"frontdesk/core/event"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/record"
	"frontdesk/core/write"
)

// PharmacyID names a pharmacy within a practice group.
type PharmacyID int64

// String gives the id as digits.
func (id PharmacyID) String() string { return strconv.FormatInt(int64(id), 10) }

// Pharmacy is where a prescriber sends prescriptions.
type Pharmacy struct {
	ID         PharmacyID      `json:"id,string"`
	Prescriber account.StaffID `json:"prescriber_id,string"`
	Name       string          `json:"name"`
	Email      string          `json:"email"`
	Mobile     string          `json:"mobile"`
	CreatedAt  time.Time       `json:"created_at"`
}

// The faults of prescriptions.
var (
	ErrNoPrescriber = fault.New(fault.NotFound, "prescriber_not_found",
		"This practice group has no such prescriber: a member of staff whom patients are booked with.")
	ErrNoPharmacy = fault.New(fault.NotFound, "pharmacy_not_found", "The prescriber has no such pharmacy.")
	ErrPharmacies = fault.New(fault.Conflict, "too_many_pharmacies", "A prescriber can have 500 pharmacies.")
	// ErrEmpty is returned for a prescription of nothing.
	ErrEmpty = fault.New(fault.Invalid, "prescription_empty", "A prescription needs `drugs`, `items` or both.")
	// ErrWho is returned where it is not said, or said twice, whose the prescription is.
	ErrWho = fault.New(fault.Invalid, "prescription_patient", "Give `patient_id` or `patient`, one of the two.")
)

// mostPharmacies is how many a prescriber can have.
const mostPharmacies = 500

// Page is which rows of a list are wanted.
type Page struct{ Offset, Limit int }

// Query says which prescriptions to list.
type Query struct {
	Page
	Patient patient.ID // 0 is all
}

// Reader is what is read, in a transaction too.
type Reader interface {
	// Staff finds members of staff by id; those the group lacks are left out.
	Staff(ctx context.Context, group practice.ID, ids []account.StaffID) ([]account.Staff, error)
	// Pharmacy finds a pharmacy, or returns ErrNoPharmacy.
	Pharmacy(ctx context.Context, group practice.ID, id PharmacyID) (Pharmacy, error)
	// Pharmacies lists a prescriber's by id, and counts them.
	Pharmacies(ctx context.Context, group practice.ID, of account.StaffID, p Page) ([]Pharmacy, int, error)
}

// Store is what prescription needs remembered.
type Store interface {
	Reader
	// Prescription finds a prescription that was not deleted, or returns clinical.ErrNoPrescription.
	Prescription(ctx context.Context, group practice.ID, id clinical.PrescriptionID) (clinical.Prescription, error)
	// Prescriptions lists those that were not deleted by id, and counts them as input.CountTo says.
	Prescriptions(ctx context.Context, group practice.ID, q Query) ([]clinical.Prescription, int, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(Tx) error) error
	// Patients and Entries keep patients and entries for records in it.
	Patients(tx Tx) patient.Tx
	Entries(tx Tx) record.Keeper
}

// Tx is a Store inside a transaction.
type Tx interface {
	Reader
	event.Recorder
	// LockPrescriber keeps others from adding pharmacies to a prescriber until the end of the transaction.
	LockPrescriber(ctx context.Context, group practice.ID, id account.StaffID) error
	AddPharmacy(ctx context.Context, group practice.ID, p Pharmacy) error
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	SavePrescription(ctx context.Context, group practice.ID, p clinical.Prescription) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Service is the prescription capability.
type Service struct {
	Store    Store
	Register *patient.Service
	Records  *record.Service
	Now      func() time.Time
	NewID    func() int64
}

// prescriber finds a member of staff who has not left and whom patients are booked with. Error: ErrNoPrescriber.
func prescriber(ctx context.Context, r Reader, group practice.ID, id account.StaffID) (account.Staff, error) {
	all, err := r.Staff(ctx, group, []account.StaffID{id})
	if err != nil {
		return account.Staff{}, err
	}
	if len(all) == 0 || !all[0].DeletedAt.IsZero() || !all[0].Clinician {
		return account.Staff{}, ErrNoPrescriber
	}
	return all[0], nil
}

// Prescriber finds a prescriber. Error: ErrNoPrescriber.
func (s *Service) Prescriber(ctx context.Context, id account.StaffID) (account.Staff, error) {
	who, err := access.Require(ctx, access.SeePrescriptions)
	if err != nil {
		return account.Staff{}, err
	}
	return prescriber(ctx, s.Store, who.Group, id)
}

// Pharmacies lists a prescriber's pharmacies, and counts them. Error: ErrNoPrescriber.
func (s *Service) Pharmacies(ctx context.Context, of account.StaffID, p Page) ([]Pharmacy, int, error) {
	who, err := access.Require(ctx, access.SeePrescriptions)
	if err != nil {
		return nil, 0, err
	}
	if _, err := prescriber(ctx, s.Store, who.Group, of); err != nil {
		return nil, 0, err
	}
	return s.Store.Pharmacies(ctx, who.Group, of, p)
}

// AddPharmacy adds a pharmacy to a prescriber's. Errors: ErrNoPrescriber, ErrPharmacies, field faults.
func (s *Service) AddPharmacy(ctx context.Context, p Pharmacy) (Pharmacy, error) {
	return write.Do(ctx, access.EditPrescriptions, s.Now, s.Store.Do, func(e write.Edit[Tx]) (Pharmacy, error) {
		var in input.Checks
		p.ID, p.CreatedAt = PharmacyID(s.NewID()), e.Now
		p.Name = in.Required("name", p.Name, 200)
		if p.Email = in.Email("email", p.Email); p.Email == "" {
			in.Wrong("email", input.CodeRequired, "an e-mail address", "A pharmacy needs an e-mail address.")
		}
		if p.Mobile = in.Telephone("mobile", p.Mobile); p.Mobile == "" {
			in.Wrong("mobile", input.CodeRequired, "a telephone number", "A pharmacy needs a telephone number.")
		}
		if err := in.Err(); err != nil {
			return p, err
		}
		if _, err := prescriber(ctx, e.Tx, e.Group(), p.Prescriber); err != nil {
			return p, err
		}
		if err := e.Tx.LockPrescriber(ctx, e.Group(), p.Prescriber); err != nil {
			return p, err
		}
		_, n, err := e.Tx.Pharmacies(ctx, e.Group(), p.Prescriber, Page{Limit: 1})
		if err == nil && n >= mostPharmacies {
			err = ErrPharmacies
		}
		if err == nil {
			err = e.Tx.AddPharmacy(ctx, e.Group(), p)
		}
		if err != nil {
			return p, err
		}
		return p, e.Audit(ctx, "pharmacy.create", int64(p.ID), nil, p)
	})
}
