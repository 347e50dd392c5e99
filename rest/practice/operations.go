// Package practice has the operations on practices, their locations, practitioners and bank holidays.
//
//	practice.go  all of it
package practice

import "frontdesk/core"

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }
