package patient

import (
	"encoding/json"
	"reflect"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/contactpoint"
)

// Particulars are what else is known of a patient. Empty text means not known, and nil that the patient was not asked.
type Particulars struct {
	Gender               string          `json:"gender,omitempty"`
	Occupation           string          `json:"occupation,omitempty"`
	PaymentReference     string          `json:"payment_reference,omitempty"`
	BirthSurname         string          `json:"birth_surname,omitempty"`
	BirthName            string          `json:"birth_name,omitempty"`
	BirthNames           string          `json:"birth_names,omitempty"`
	BirthPlace           string          `json:"birth_place,omitempty"`
	BirthPlaceCode       string          `json:"birth_place_code,omitempty"`
	SocialSecurityNumber string          `json:"social_security_number,omitempty"`
	INS                  json.RawMessage `json:"ins,omitempty"` // of the French health identity
	ReceiveEmail         *bool           `json:"receive_email,omitempty"`
	ReceiveSMS           *bool           `json:"receive_sms,omitempty"`
	Marketing            *bool           `json:"marketing,omitempty"`
	PaymentReminders     *bool           `json:"payment_reminders,omitempty"`
	PrivacyPolicy        string          `json:"privacy_policy,omitempty"`
	OnHold               bool            `json:"on_hold,omitempty"`

	ArchivedAt       time.Time     `json:"archived_at,omitzero"`
	ArchivedBy       int64         `json:"archived_by,omitempty"` // a member of staff
	ArchivedReason   ArchiveReason `json:"archived_reason,omitempty"`
	ArchivedComments string        `json:"archived_comments,omitempty"`
	UnarchivedAt     time.Time     `json:"unarchived_at,omitzero"`
	UnarchivedBy     int64         `json:"unarchived_by,omitempty"`
	UnarchivedReason ArchiveReason `json:"unarchived_reason,omitempty"`
}

// shownTo is a patient as a caller sees them. What identifies a person further is
// left out for callers without access.SeeIdentity.
func (p Patient) shownTo(who access.Caller) Patient {
	if !who.May(access.SeeIdentity) {
		p.SocialSecurityNumber, p.BirthPlace, p.BirthPlaceCode = "", "", ""
	}
	return p
}

// unnamed is a patient without a name, as a deleted one is shown.
func (p Patient) unnamed() Patient {
	p.Title, p.FirstName, p.LastName, p.BirthSurname, p.BirthName, p.BirthNames = "", "", "", "", "", ""
	return p
}

func (x Particulars) same(o Particulars) bool { return reflect.DeepEqual(x, o) }

// ArchiveReason is why a patient was archived, or is so no longer.
type ArchiveReason string

// The reasons that change more than whether the patient is archived.
const (
	ReasonDeceased ArchiveReason = "deceased_patient"
	ReasonActive   ArchiveReason = "active_patient"
)

// SetAside reports whether a patient counts as archived: those who have died do,
// where the national service says so as well as where the practice has.
func (p Patient) SetAside() bool {
	return p.Status == Archived || p.Dead() && p.DeathSource == contactpoint.FromPDS
}
