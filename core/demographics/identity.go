package demographics

import (
	"context"
	"crypto/sha256"
	"errors"
	"strconv"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/audit"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
	"frontdesk/core/seal"
)

// IdentityCheck is a page for a person who could not be identified from what was
// given. It shows nothing of any patient.
type IdentityCheck struct {
	ID   int64
	Hash []byte // SHA-256 of the token
	// Reason is why, for the practice: details_differ, several_match or no_birth_date, and of visitors of a link no_match,
	// restricted, deceased and elsewhere as well.
	Reason string
	// Said is who they said they were, and Differs names the details that are not
	// as the national service has them, by the caller's names.
	Said    Said
	Differs []string
	// AskedBy is the program that wanted them registered.
	AskedBy   string
	CreatedAt time.Time
	ExpiresAt time.Time
	// URL is where the page is; only known when the check has just been made.
	URL string
}

// Path is where the page is below the address of the pages; only known when the check has just been made.
func (c IdentityCheck) Path() string {
	if at := strings.Index(c.URL, "/verify/"); at >= 0 {
		return c.URL[at:]
	}
	return ""
}

// Said is who a person said they were. Empty is what they did not say.
type Said struct {
	NHSNumber string      `json:"nhs_number,omitempty"`
	BirthDate string      `json:"dob,omitempty"`
	Forename  string      `json:"forename,omitempty"`
	Surname   string      `json:"surname,omitempty"`
	Postcode  string      `json:"postcode,omitempty"`
	Sex       patient.Sex `json:"sex,omitempty"`
}

// said is who the caller says the person is.
func (q sought) said() Said {
	out := Said{NHSNumber: q.number, Forename: q.trace.FirstName, Surname: q.trace.LastName, Postcode: q.trace.Postcode,
		Sex: q.trace.Sex}
	if q.born != input.NoDate {
		out.BirthDate = q.born.String()
	}
	return out
}

// A reference is the end of a check's id in base 36: short enough to read out.
const (
	referenceLen = 8
	// ReferenceSpan is how many references there are: 36 to the power of their length.
	ReferenceSpan = 2_821_109_907_456
)

// Reference is what the person quotes to the practice.
func (c IdentityCheck) Reference() string {
	s := strings.ToUpper(strconv.FormatInt(c.ID, 36))
	return s[max(0, len(s)-referenceLen):]
}

// parseReference reads a reference as people write it down.
func parseReference(text string) (int64, bool) {
	text = strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(text)
	n, err := strconv.ParseInt(text, 36, 64)
	return n, err == nil && len(text) <= referenceLen && text[0] != '+'
}

// CheckLife is how long the page of an identity check is there.
const CheckLife = 7 * 24 * time.Hour

// ErrNoCheck is returned for a token that was never given out, or has expired.
var ErrNoCheck = seal.ErrLink.Saying("This link is not known, or is too old to use.")

// unsure answers with a page in place of a patient.
func (s *Service) unsure(ctx context.Context, who access.Caller, now time.Time, q sought, reason string,
	differs ...string) (Registered, error) {
	token := seal.NewToken()
	hash := sha256.Sum256([]byte(token))
	c := IdentityCheck{
		ID: s.NewID(), Hash: hash[:], Reason: reason, Said: q.said(), Differs: differs, AskedBy: who.Name(),
		CreatedAt: now, ExpiresAt: now.Add(CheckLife),
	}
	c.URL = s.Pages() + "/verify/" + strconv.FormatInt(int64(who.Group), 36) + "-" + token
	err := s.Store.Do(ctx, func(tx Tx) error {
		if err := tx.AddIdentityCheck(ctx, who.Group, c); err != nil {
			return err
		}
		return tx.Audit(ctx, who.Audit(now, "patient.unidentified", "identity_check", c.ID, nil,
			map[string]string{"reason": reason, "reference": c.Reference()}))
	})
	return Registered{Check: c}, err
}

// IdentityCheck finds the check a link leads to, and its practice group. It is open to all
// who have the link. Error: ErrNoCheck.
func (s *Service) IdentityCheck(ctx context.Context, link string) (IdentityCheck, practice.ID, error) {
	group, token, ok := strings.Cut(link, "-")
	id, err := strconv.ParseInt(group, 36, 64)
	if !ok || err != nil || id <= 0 || len(token) > 64 {
		return IdentityCheck{}, 0, ErrNoCheck
	}
	sum := sha256.Sum256([]byte(token))
	c, err := s.Store.IdentityCheck(ctx, practice.ID(id), sum[:])
	if err == nil && !s.Now().Before(c.ExpiresAt) {
		err = ErrNoCheck
	}
	return c, practice.ID(id), err
}

// ErrNoReference is returned for a reference that was never given out, or whose check has expired.
var ErrNoReference = fault.New(fault.NotFound, "identity_check_not_found",
	"There is no identity check with that reference, or it is older than seven days.")

// Quoted finds the identity check whose reference a person quotes, for staff who put their details right, and the
// patient who has the NHS number they gave; 0 is none. The audit trail notes who looked. Error: ErrNoReference.
func (s *Service) Quoted(ctx context.Context, reference string) (IdentityCheck, patient.ID, error) {
	who, err := access.Require(ctx, access.SeeIdentityChecks)
	if err != nil {
		return IdentityCheck{}, 0, err
	}
	n, ok := parseReference(reference)
	if !ok {
		return IdentityCheck{}, 0, ErrNoReference
	}
	c, err := s.Store.IdentityCheckQuoted(ctx, who.Group, n, s.Now())
	if err != nil {
		return IdentityCheck{}, 0, err
	}
	var known patient.Patient
	if c.Said.NHSNumber != "" {
		known, err = s.Store.PatientByNHSNumber(ctx, who.Group, c.Said.NHSNumber)
		if err != nil && !errors.Is(err, patient.ErrNotFound) {
			return IdentityCheck{}, 0, err
		}
	}
	audit.Seen(ctx, audit.Subject{Kind: "identity_check", ID: c.ID, Patient: int64(known.ID), Personal: true})
	return c, known.ID, nil
}

// Forget deletes identity checks that have expired.
func (s *Service) Forget(ctx context.Context) error {
	who, err := access.Require(ctx, access.Operate)
	if err != nil {
		return err
	}
	return s.Store.Forget(ctx, who.Group, s.Now())
}
