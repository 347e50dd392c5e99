// Package record has the operations that read patients' records.
//
//	consultation.go  consultations with their entries
package record

import "frontdesk/core"

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }
