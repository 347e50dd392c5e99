// Package booking has the operations on appointments and the diary.
//
//	booking.go    appointments
//	diary.go      appointment types, sessions and slots
//	video.go      links of video consultations
//	automated.go  messages around appointments
package booking

import "frontdesk/core"

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }
