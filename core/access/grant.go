package access

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"frontdesk/core/fault"
)

// Grant is something a role lets whoever has it do in the GraphQL API. Its name
// is the one a refusal tells.
type Grant string

// The grants. settingsSeeUsers, settingsLabel, settingsGeneral and editWebhooks
// are spelt as https://docs.semble.io and programs written for that API have
// them; the others are ours.
const (
	SeePractice        Grant = "seePractice"
	SeePatients        Grant = "seePatients"
	EditPatients       Grant = "editPatients"
	SeeContacts        Grant = "seeContacts"
	EditContacts       Grant = "editContacts"
	SeeBookings        Grant = "seeBookings"
	EditBookings       Grant = "editBookings"
	SeeAvailability    Grant = "seeAvailability"
	EditAvailability   Grant = "editAvailability"
	SeeInvoices        Grant = "seeInvoices"
	EditInvoices       Grant = "editInvoices"
	SeeProducts        Grant = "seeProducts"
	EditProducts       Grant = "editProducts"
	SeeTasks           Grant = "seeTasks"
	EditTasks          Grant = "editTasks"
	SeeRecords         Grant = "seeRecords"
	EditRecords        Grant = "editRecords"
	SeeLetters         Grant = "seeLetters"
	EditLetters        Grant = "editLetters"
	SeePrescriptions   Grant = "seePrescriptions"
	SeeLabs            Grant = "seeLabs"
	SeeQuestionnaires  Grant = "seeQuestionnaires"
	FillQuestionnaires Grant = "fillQuestionnaires"
	SeeDocuments       Grant = "seeDocuments"
	EditDocuments      Grant = "editDocuments"
	SeeCommunications  Grant = "seeCommunications"
	SendCommunications Grant = "sendCommunications"
	// ApproveRecordEntries lets a member of staff decide what is written into
	// patients' records.
	ApproveRecordEntries Grant = "approveRecordEntries"
	SeeWebhooks          Grant = "seeWebhooks"
	EditWebhooks         Grant = "editWebhooks"
	SeeLabels            Grant = "seeLabels"
	SettingsLabel        Grant = "settingsLabel" // to see and change them
	SettingsGeneral      Grant = "settingsGeneral"
	SettingsSeeUsers     Grant = "settingsSeeUsers"
	EditUsers            Grant = "editUsers"
	// SeeIdentity shows what identifies a person beyond their name and birth
	// date: a social security number and the place of birth.
	SeeIdentity Grant = "seeIdentity"
)

// Grants are all the grants there are.
var Grants = []Grant{
	SeePractice, SeePatients, EditPatients, SeeContacts, EditContacts, SeeBookings, EditBookings, SeeAvailability, EditAvailability,
	SeeInvoices, EditInvoices, SeeProducts, EditProducts, SeeTasks, EditTasks, SeeRecords, EditRecords, SeeLetters, EditLetters,
	SeePrescriptions, SeeLabs, SeeQuestionnaires, FillQuestionnaires, SeeDocuments, EditDocuments, SeeCommunications, SendCommunications,
	ApproveRecordEntries, SeeWebhooks, EditWebhooks, SeeLabels, SettingsLabel, SettingsGeneral, SettingsSeeUsers, EditUsers, SeeIdentity,
}

// Role is what those who have it may do.
type Role struct {
	Name   string  `json:"name"`
	Grants []Grant `json:"permissions"`
}

// presets are the roles every practice group has.
var presets = map[string][]Grant{
	"everything": Grants,
	"frontdesk": {
		SeePractice, SeePatients, EditPatients, SeeContacts, EditContacts, SeeBookings, EditBookings, SeeAvailability, EditAvailability,
		SeeInvoices, EditInvoices, SeeProducts, SeeTasks, EditTasks, SeeLetters, SeeQuestionnaires, FillQuestionnaires, SeeDocuments,
		EditDocuments, SeeCommunications, SendCommunications, ApproveRecordEntries, SettingsLabel, SettingsSeeUsers,
	},
	"booking": {SeePractice, SeePatients, EditPatients, SeeBookings, EditBookings, SeeAvailability, SeeProducts, SettingsSeeUsers},
	"billing": {
		SeePractice, SeePatients, SeeContacts, EditContacts, SeeBookings, SeeInvoices, EditInvoices, SeeProducts, EditProducts, SettingsSeeUsers,
	},
	"readonly": {
		SeePractice, SeePatients, SeeContacts, SeeBookings, SeeAvailability, SeeInvoices, SeeProducts, SeeTasks, SeeRecords, SeeLetters,
		SeePrescriptions, SeeLabs, SeeQuestionnaires, SeeDocuments, SeeCommunications, SeeWebhooks, SeeLabels, SettingsSeeUsers, SeeIdentity,
	},
}

// Presets names the roles every practice group has.
func Presets() []string { return slices.Sorted(maps.Keys(presets)) }

// grants gives what a role lets do: a preset, or what the store holds of it.
func grants(role string, held []Grant) []Grant {
	if g, ok := presets[role]; ok {
		return g
	}
	return held
}

// ErrGrant is returned when a role does not let the caller do something. Its
// message begins as programs look for it.
var ErrGrant = fault.New(fault.Forbidden, "missing_permission_of_role", "Missing permission")

// Granted reports whether the caller's role lets it do something.
func (c Caller) Granted(g Grant) bool {
	return c.trusted || !c.Foreign() && slices.Contains(c.Grants, g)
}

// SeesLabels reports whether the caller's role lets it see labels.
func (c Caller) SeesLabels() bool { return c.Granted(SettingsLabel) || c.Granted(SeeLabels) }

// RequireGrant gives the caller when its role lets it do something. Errors:
// ErrNoToken, ErrGrant.
func RequireGrant(ctx context.Context, g Grant) (Caller, error) {
	c, ok := From(ctx)
	if !ok {
		return Caller{}, ErrNoToken
	}
	if !c.Granted(g) {
		return Caller{}, ErrGrant.Saying(fmt.Sprintf("Missing permission %s", g))
	}
	return c, nil
}

// RequireEither gives the caller when its key has the scope or its token's role
// the grant: what both APIs do has one rule. Errors: ErrNoKey, ErrScope, ErrGrant.
func RequireEither(ctx context.Context, s Scope, g Grant) (Caller, error) {
	if c, ok := From(ctx); ok && (len(c.Grants) > 0 || c.Session != 0) {
		return RequireGrant(ctx, g)
	}
	return Require(ctx, g, s)
}

// RequirePermissionOr gives the caller when its key has the permission or its
// token's role the grant. Errors: ErrNoKey, ErrPermission, ErrGrant.
func RequirePermissionOr(ctx context.Context, p Permission, g Grant) (Caller, error) {
	if c, ok := From(ctx); ok && (len(c.Grants) > 0 || c.Session != 0) {
		return RequireGrant(ctx, g)
	}
	return RequirePermission(ctx, p)
}

// ErrNotStaff is returned to a program that asks for what a person must decide.
var ErrNotStaff = fault.New(fault.Forbidden, "needs_member_of_staff", "Only a member of staff who has signed in can do this. A program cannot.")

// RequireStaff gives the caller when it is a member of staff who has signed in,
// and whose role lets them do something. Errors: ErrNoToken, ErrNotStaff, ErrGrant.
func RequireStaff(ctx context.Context, g Grant) (Caller, error) {
	c, ok := From(ctx)
	switch {
	case !ok:
		return Caller{}, ErrNoToken
	case c.Session != 0 || len(c.Grants) > 0: // it has a role
		if _, err := RequireGrant(ctx, g); err != nil {
			return Caller{}, err
		}
	}
	if c.Staff == 0 || c.Session == 0 {
		return Caller{}, ErrNotStaff
	}
	return c, nil
}
