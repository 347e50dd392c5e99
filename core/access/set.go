package access

import (
	"maps"
	"slices"
)

// Scope names a set of permissions that an API key is made with: a part of the
// REST API.
type Scope string

// The scopes.
const (
	Booking       Scope = "booking"
	Messaging     Scope = "messaging"
	BookingLinks  Scope = "booking_links"
	Tasks         Scope = "tasks"
	Forms         Scope = "forms"
	Prescriptions Scope = "prescriptions"
	Invoicing     Scope = "invoicing"
	Records       Scope = "records"
)

// Scopes are all the scopes there are.
var Scopes = []Scope{Booking, Messaging, BookingLinks, Tasks, Forms, Prescriptions, Invoicing, Records}

// KeyPermission names a set of permissions that an API key may have beyond its
// scopes.
type KeyPermission string

// The extra permissions of keys.
const (
	// AutoWriteToRecord lets a message be written to the record unapproved.
	AutoWriteToRecord KeyPermission = "auto_write_to_record"
	// Setup lets a key change the practice itself: its places, people,
	// appointment types and sessions.
	Setup KeyPermission = "setup"
	// Staff lets a key do what needs a member of staff to look: see who may be
	// the same person, merge records, and vouch for contact details.
	Staff KeyPermission = "staff"
)

// KeyPermissions are all the extra permissions of keys.
var KeyPermissions = []KeyPermission{AutoWriteToRecord, Setup, Staff}

// ofScope are the sets of the scopes. Every key may see the practice.
var ofScope = map[Scope][]Permission{
	Booking: {
		SeePractice, SeePatients, EditPatients, SeeBookings, EditBookings, SeeAvailability, EditDocuments,
	},
	Messaging: {
		SeePractice, SeePatients, EditPatients, SeeMessages, SendMessages, SeeRecords, SeeDocuments,
		EditDocuments,
	},
	BookingLinks: {SeePractice, EditBookingLinks, SeeQuestionnaires},
	Tasks:        {SeePractice, SeePatients, SeeTasks, EditTasks, SettingsSeeUsers},
	Forms:        {SeePractice, SeePatients, SeeQuestionnaires, FillQuestionnaires},
	Prescriptions: {SeePractice, SeePatients, EditPatients, SeePrescriptions, EditPrescriptions,
		SettingsSeeUsers},
	Invoicing: {SeePractice, SeePatients, SeeContacts, EditContacts, SeeInvoices, EditInvoices, SeeProducts,
		EditProducts},
	Records: {SeePractice, SeePatients, SeeRecords, SeeLetters, SeePrescriptions, SeeLabs, SeeDocuments},
}

var ofKeyPermission = map[KeyPermission][]Permission{
	AutoWriteToRecord: {WriteUnapproved},
	Setup: {
		EditAvailability, SettingsSeeUsers, EditUsers, SettingsGeneral, ImportRecords, InviteUsers, ManageKeys,
		ManageConnections, SeeAudit,
	},
	Staff: {MergePatients, VerifyContacts, SeeIdentityChecks, UnlockMessages, SeeAllWebhooks, IncludeDetails,
		HostVideo},
}

// ofKey are the sets of all keys there can be, worked out once: every request asks for one. A
// bit stands for each scope, and after them for each extra permission: 2,048 sets.
var ofKey = func() [][]Permission {
	sets := make([][]Permission, 1<<(len(Scopes)+len(KeyPermissions)))
	for bits := range sets {
		set := []Permission{SeePractice}
		for i, s := range Scopes {
			if bits&(1<<i) != 0 {
				set = append(set, ofScope[s]...)
			}
		}
		for i, p := range KeyPermissions {
			if bits&(1<<(len(Scopes)+i)) != 0 {
				set = append(set, ofKeyPermission[p]...)
			}
		}
		slices.Sort(set)
		sets[bits] = slices.Clip(slices.Compact(set))
	}
	return sets
}()

// OfKey is what a key with scopes and extra permissions may do. The answer is shared: do not
// change it.
func OfKey(scopes []Scope, more []KeyPermission) []Permission {
	bits := 0
	for _, s := range scopes {
		if i := slices.Index(Scopes, s); i >= 0 {
			bits |= 1 << i
		}
	}
	for _, p := range more {
		if i := slices.Index(KeyPermissions, p); i >= 0 {
			bits |= 1 << (len(Scopes) + i)
		}
	}
	return ofKey[bits]
}

// ScopesWith are the scopes that have a permission, and KeyPermissionsWith the
// extra permissions that do.
func ScopesWith(p Permission) []Scope {
	return slices.DeleteFunc(slices.Clone(Scopes), func(s Scope) bool { return !slices.Contains(ofScope[s], p) })
}

// KeyPermissionsWith are the extra permissions of keys that have a permission.
func KeyPermissionsWith(p Permission) []KeyPermission {
	return slices.DeleteFunc(slices.Clone(KeyPermissions),
		func(k KeyPermission) bool { return !slices.Contains(ofKeyPermission[k], p) })
}

// Role is a named set of permissions that members of staff and applications have.
type Role struct {
	Name        string       `json:"name"`
	Permissions []Permission `json:"permissions"`
}

// administrative are permissions that no preset has: keys of operators have them,
// and roles that a practice group makes for the purpose.
var administrative = []Permission{
	SeeAllWebhooks, IncludeDetails, WriteUnapproved, ImportRecords, InviteUsers, ManageKeys, ManageConnections,
	SeeAudit,
}

// presets are the roles every practice group has.
var presets = map[string][]Permission{
	"everything": slices.DeleteFunc(slices.Clone(Permissions), func(p Permission) bool {
		return slices.Contains(administrative, p)
	}),
	"frontdesk": {
		SeePractice, SeePatients, EditPatients, SeeContacts, EditContacts, SeeBookings, EditBookings, SeeAvailability,
		EditAvailability, SeeInvoices, EditInvoices, SeeProducts, SeeTasks, EditTasks, SeeLetters, SeeQuestionnaires,
		FillQuestionnaires, SeeDocuments, EditDocuments, SeeMessages, SendMessages, ApproveRecordEntries,
		SettingsLabel, SettingsSeeUsers, MergePatients, VerifyContacts, EditBookingLinks, HostVideo,
	},
	"booking": {
		SeePractice, SeePatients, EditPatients, SeeBookings, EditBookings, SeeAvailability, SeeProducts,
		SettingsSeeUsers,
	},
	"billing": {
		SeePractice, SeePatients, SeeContacts, EditContacts, SeeBookings, SeeInvoices, EditInvoices, SeeProducts,
		EditProducts, SettingsSeeUsers,
	},
	"readonly": {
		SeePractice, SeePatients, SeeContacts, SeeBookings, SeeAvailability, SeeInvoices, SeeProducts, SeeTasks,
		SeeRecords,
		SeeLetters, SeePrescriptions, SeeLabs, SeeQuestionnaires, SeeDocuments, SeeMessages, SeeWebhooks,
		SeeLabels,
		SettingsSeeUsers, SeeIdentity,
	},
}

// Preset is one of them.
func Preset(name string) (Role, bool) {
	p, ok := presets[name]
	return Role{Name: name, Permissions: p}, ok
}

// Presets names the roles every practice group has.
func Presets() []string { return slices.Sorted(maps.Keys(presets)) }

// implied are permissions that come with another one of a role: who changes
// patients' details may look up what a person entered who could not be
// identified, who writes to patients may unlock what was sent, and who changes
// labels sees them.
var implied = map[Permission]Permission{
	EditPatients: SeeIdentityChecks, SendMessages: UnlockMessages, SettingsLabel: SeeLabels,
}

// OfRole is what a role allows: a preset's permissions, or those the practice group
// gives it. Every role allows seeing the practice.
func OfRole(role string, own []Permission) []Permission {
	if p, ok := presets[role]; ok {
		own = p
	}
	out := slices.Clone(own)
	if !slices.Contains(out, SeePractice) {
		out = append(out, SeePractice)
	}
	for _, p := range own {
		if more, ok := implied[p]; ok && !slices.Contains(out, more) {
			out = append(out, more)
		}
	}
	return out
}
