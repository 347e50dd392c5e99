// Package staff has the operations on members of staff, their teams and their tasks.
//
//	admin.go  members of staff, and by what they prescribe and sign
//	team.go   teams
//	task.go   tasks
package staff

import "frontdesk/core"

// Operations are those of the contract for this area.
type Operations struct{ Core *core.Core }
