// Package patient has the operations on patients, what is attached to them, identity checks and record entries.
//
//	patient.go   patients, merges and attachments
//	identity.go  identity checks
//	record.go    entries of records
package patient

import "frontdesk/core"

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }
