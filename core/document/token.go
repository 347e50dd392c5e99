package document

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// TokenLife is how long a token is good.
const TokenLife = 7 * 24 * time.Hour

// Token says who a patient is to one of the practice's pages. It is no right to
// use an API.
type Token struct {
	ID        int64      `json:"id"`
	Patient   patient.ID `json:"patient_id"`
	ExpiresAt time.Time  `json:"expires_at"`
	CreatedAt time.Time  `json:"created_at"`
}

// TokenStore is what tokens need remembered.
type TokenStore interface {
	Patient(ctx context.Context, group practice.ID, id patient.ID) (patient.Patient, error)
	// IntegrationToken finds the newest of a patient's tokens that is good at a time,
	// or returns ErrNoToken.
	IntegrationToken(ctx context.Context, group practice.ID, of patient.ID, at time.Time) (Token, error)
	// Do runs fn in one transaction: all of it happens, or none.
	Do(ctx context.Context, fn func(TokenTx) error) error
}

// TokenTx is a TokenStore inside a transaction.
type TokenTx interface {
	PatientLock
	AddIntegrationToken(ctx context.Context, group practice.ID, t Token) error
	// ForgetIntegrationTokens deletes those that ended before a time.
	ForgetIntegrationTokens(ctx context.Context, group practice.ID, before time.Time) error
	Audit(ctx context.Context, e audit.Entry) error
}

// Tokens is the tokens that say who patients are.
type Tokens struct {
	Store TokenStore
	// Box gives what tokens are signed with.
	Box   func() (*seal.Box, error)
	Now   func() time.Time
	NewID func() int64
}

const (
	integration = "integration token"
	prefix      = "fdi_"
)

// text is the token itself, which is kept nowhere: it is its id, signed.
func (s *Tokens) text(group practice.ID, t Token) (string, error) {
	sign, err := boxed(s.Box).sign(integration, int64(group), t.ID)
	return prefix + sign, err
}

// Create makes a token for a patient, good for a week. Error:
// patient.ErrNotFound.
func (s *Tokens) Create(ctx context.Context, of patient.ID) (string, error) {
	who, err := access.Require(ctx, access.FillQuestionnaires)
	if err != nil {
		return "", err
	}
	now := s.Now().Truncate(time.Microsecond)
	t := Token{ID: s.NewID(), CreatedAt: now, ExpiresAt: now.Add(TokenLife)}
	text, err := s.text(who.Group, t)
	if err != nil {
		return "", err
	}
	return text, s.Store.Do(ctx, func(tx TokenTx) error {
		if t.Patient, err = tx.LockPatientAgainstMerge(ctx, who.Group, of); err != nil {
			return err
		}
		if err := tx.AddIntegrationToken(ctx, who.Group, t); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "integration-token.create", "integration_token", t.ID, nil, t))
	})
}

// Find gives the newest of a patient's tokens that is still good.
// Errors: patient.ErrNotFound, ErrNoToken.
func (s *Tokens) Find(ctx context.Context, of patient.ID) (string, error) {
	who, err := access.Require(ctx, access.FillQuestionnaires)
	if err != nil {
		return "", err
	}
	p, err := patient.Current(ctx, s.Store, who.Group, of)
	if err != nil {
		return "", err
	}
	t, err := s.Store.IntegrationToken(ctx, who.Group, p.ID, s.Now())
	if err != nil {
		return "", err
	}
	audit.Seen(ctx, audit.Subject{Kind: "integration_token", ID: t.ID, Patient: int64(p.ID)})
	return s.text(who.Group, t)
}

// Forget deletes tokens that have ended.
func (s *Tokens) Forget(ctx context.Context) error {
	who, err := access.Who(ctx)
	if err != nil {
		return err
	}
	return s.Store.Do(ctx, func(tx TokenTx) error { return tx.ForgetIntegrationTokens(ctx, who.Group, s.Now()) })
}
