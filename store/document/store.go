// Package document keeps what core/document remembers.
package document

import (
	"context"

	"frontdesk/core/document"
	"frontdesk/core/patient"
	"frontdesk/core/practice"

	"frontdesk/store"
	patientstore "frontdesk/store/patient"
)

// Documents keeps documents with their files and folders.
type Documents struct {
	*Tx
	db *store.DB
}

// NewDocuments keeps them in a database.
func NewDocuments(db *store.DB) *Documents { return &Documents{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Documents) Do(ctx context.Context, fn func(document.Tx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// NewShares keeps what was shared, and the recipients, in a database.
func NewShares(db *store.DB) document.ShareStore { return On(db.Conn()) }

// Tokens keeps the tokens that say who patients are.
type Tokens struct {
	*Tx
	db *store.DB
}

// NewTokens keeps them in a database.
func NewTokens(db *store.DB) *Tokens { return &Tokens{On(db.Conn()), db} }

// Do runs fn in one transaction: all of it happens, or none.
func (s *Tokens) Do(ctx context.Context, fn func(document.TokenTx) error) error {
	return s.db.Do(ctx, func(c store.Conn) error { return fn(On(c)) })
}

// Tx is its statements in one transaction, with what it asks of other areas there.
type Tx struct {
	store.Conn
	patients
}

// On is its statements in a transaction of another area.
func On(c store.Conn) *Tx { return &Tx{c, patientstore.On(c)} }

type patients interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	LockPatientAgainstMerge(ctx context.Context, group practice.ID, id patient.ID) (patient.ID, error)
}
