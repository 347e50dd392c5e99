package access

import (
	"context"
	"slices"

	"frontdesk/core/fault"
)

// Permission is one thing a caller may do. This is the only list there is: the
// scopes and the extra permissions of an API key, and the roles of staff and of
// applications, are named sets of it (see set.go).
type Permission string

// The permissions. settingsSeeUsers, settingsEditUsers, settingsLabel,
// settingsGeneral and editWebhooks are spelt as https://docs.semble.io and programs written for that
// API have them; the others are ours.
const (
	SeePractice        Permission = "seePractice"
	SeePatients        Permission = "seePatients"
	EditPatients       Permission = "editPatients"
	SeeContacts        Permission = "seeContacts"
	EditContacts       Permission = "editContacts"
	SeeBookings        Permission = "seeBookings"
	EditBookings       Permission = "editBookings"
	SeeAvailability    Permission = "seeAvailability"
	EditAvailability   Permission = "editAvailability"
	SeeInvoices        Permission = "seeInvoices"
	EditInvoices       Permission = "editInvoices"
	SeeProducts        Permission = "seeProducts"
	EditProducts       Permission = "editProducts"
	SeeTasks           Permission = "seeTasks"
	EditTasks          Permission = "editTasks"
	SeeRecords         Permission = "seeRecords"
	EditRecords        Permission = "editRecords"
	SeeLetters         Permission = "seeLetters"
	EditLetters        Permission = "editLetters"
	SeePrescriptions   Permission = "seePrescriptions"
	EditPrescriptions  Permission = "editPrescriptions" // to issue them
	SeeLabs            Permission = "seeLabs"
	SeeQuestionnaires  Permission = "seeQuestionnaires"
	FillQuestionnaires Permission = "fillQuestionnaires"
	SeeDocuments       Permission = "seeDocuments"
	EditDocuments      Permission = "editDocuments"
	SeeMessages        Permission = "seeCommunications"
	SendMessages       Permission = "sendCommunications"
	SeeWebhooks        Permission = "seeWebhooks"
	EditWebhooks       Permission = "editWebhooks"
	SeeLabels          Permission = "seeLabels"
	SettingsLabel      Permission = "settingsLabel" // to see and change them
	SettingsGeneral    Permission = "settingsGeneral"
	SettingsSeeUsers   Permission = "settingsSeeUsers"
	EditUsers          Permission = "settingsEditUsers"
	// SeeIdentity shows what identifies a person beyond their name and birth
	// date: a social security number and the place of birth.
	SeeIdentity Permission = "seeIdentity"
	// ApproveRecordEntries lets a member of staff decide what is written into
	// patients' records. A program never may: see personal.
	ApproveRecordEntries Permission = "approveRecordEntries"

	// MergePatients shows which records may be one person's, and merges them.
	MergePatients Permission = "mergePatients"
	// VerifyContacts sets contact details that are believed before all others.
	VerifyContacts Permission = "verifyContacts"
	// SeeIdentityChecks shows what a person entered who could not be identified.
	SeeIdentityChecks Permission = "seeIdentityChecks"
	// UnlockMessages opens a message's page again after too many wrong answers.
	UnlockMessages Permission = "unlockMessages"
	// SeeAllWebhooks shows and changes the endpoints of all partners, and
	// IncludeDetails puts names and contact details into what is sent to one.
	SeeAllWebhooks Permission = "seeAllWebhooks"
	IncludeDetails Permission = "includeDetails"
	// EditBookingLinks makes links by which patients book.
	EditBookingLinks Permission = "editBookingLinks"
	// HostVideo shows the address from which staff let patients into a video consultation.
	HostVideo Permission = "hostVideo"
	// WriteUnapproved writes a message into the record without approval.
	WriteUnapproved Permission = "writeUnapproved"
	// ImportRecords adds records that were made elsewhere.
	ImportRecords Permission = "importRecords"
	// InviteUsers sends members of staff the link by which they choose a password.
	InviteUsers Permission = "inviteUsers"
	// ManageKeys is for API keys, sessions and roles; ManageConnections for the
	// outside systems a practice uses; SeeAudit for the audit trail.
	ManageKeys        Permission = "manageKeys"
	ManageConnections Permission = "manageConnections"
	SeeAudit          Permission = "seeAudit"
	// Operate is for our own jobs and the command line. No set has it.
	Operate Permission = "operate"
)

// Permissions are all a role can have, in the order they are shown.
var Permissions = []Permission{
	SeePractice, SeePatients, EditPatients, SeeContacts, EditContacts, SeeBookings, EditBookings, SeeAvailability,
	EditAvailability, SeeInvoices, EditInvoices, SeeProducts, EditProducts, SeeTasks, EditTasks, SeeRecords,
	EditRecords,
	SeeLetters, EditLetters, SeePrescriptions, EditPrescriptions, SeeLabs, SeeQuestionnaires, FillQuestionnaires,
	SeeDocuments,
	EditDocuments,
	SeeMessages, SendMessages, ApproveRecordEntries, SeeWebhooks, EditWebhooks, SeeLabels, SettingsLabel,
	SettingsGeneral, SettingsSeeUsers, EditUsers, SeeIdentity, MergePatients, VerifyContacts, SeeIdentityChecks,
	UnlockMessages, SeeAllWebhooks, IncludeDetails, EditBookingLinks, HostVideo, WriteUnapproved, ImportRecords,
	InviteUsers,
	ManageKeys,
	ManageConnections, SeeAudit,
}

// renamed are names that permissions had before.
var renamed = map[Permission]Permission{"editUsers": EditUsers}

// Renamed is the name that a permission has now.
func Renamed(p Permission) Permission {
	if now, ok := renamed[p]; ok {
		return now
	}
	return p
}

// personal are the permissions that only a member of staff who has signed in can
// use.
var personal = []Permission{ApproveRecordEntries}

// networkAllows is all that a key may do in another practice group of its
// network: read, and book.
var networkAllows = []Permission{
	SeePractice, SeePatients, SeeBookings, EditBookings, SeeAvailability, SeeMessages, SeeRecords, SeeDocuments,
}

// The faults of permission.
var (
	// ErrNoCaller is returned when the request says nothing of who is asking.
	ErrNoCaller = fault.New(fault.Unauthenticated, "unauthenticated", "This needs a caller who is known.")
	// ErrPermission is returned to a caller who lacks a permission. Its one field,
	// named "permission", says which.
	ErrPermission = fault.New(fault.Forbidden, "missing_permission", "A permission is missing.")
	// ErrNotStaff is returned to a program that asks for what a person must decide.
	ErrNotStaff = fault.New(fault.Forbidden, "needs_member_of_staff",
		"Only a member of staff who has signed in can do this. A program cannot.")
)

// networkRule is the sentence a refusal in another practice group gives, and
// CodeNetwork the code of its field.
const (
	networkRule = "In another practice group of the network a key may read and book, and change nothing else."
	CodeNetwork = "not_in_network"
)

// Missing is ErrPermission for one permission.
func Missing(p Permission) *fault.Error {
	return lacking(p, ErrPermission.Code, "Missing permission "+string(p))
}

func lacking(p Permission, code, message string) *fault.Error {
	f := ErrPermission.Saying(message)
	f.Fields = []fault.Field{{Path: []string{"permission"}, Code: code, Expected: string(p), Message: message}}
	return f
}

// May reports whether the caller has a permission, in the practice group it asks
// about.
func (c Caller) May(p Permission) bool {
	if c.trusted {
		return true
	}
	return slices.Contains(c.Permissions, p) && (!c.Foreign() || slices.Contains(networkAllows, p))
}

// Require gives the caller when it has a permission. Every operation of core
// begins with it. Errors: ErrNoCaller, ErrPermission, ErrNotStaff.
func Require(ctx context.Context, p Permission) (Caller, error) {
	c, err := Who(ctx)
	if err != nil {
		return Caller{}, err
	}
	switch {
	case slices.Contains(personal, p):
		if c.Staff == 0 || c.Session == 0 {
			if c.Application && !c.May(p) {
				return Caller{}, Missing(p)
			}
			return Caller{}, ErrNotStaff
		}
	case !c.trusted && c.Foreign() && !slices.Contains(networkAllows, p):
		return Caller{}, lacking(p, CodeNetwork, networkRule)
	}
	if !c.May(p) {
		return Caller{}, Missing(p)
	}
	return c, nil
}
