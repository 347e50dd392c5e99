// Package staff has the operations on members of staff, their teams and their tasks.
//
//	team.go  teams
package staff

import "frontdesk/core"

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }
