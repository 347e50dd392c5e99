package graph

import (
	"time"

	"frontdesk/core"
)

// resolver is what every field that asks core is answered with.
type resolver struct {
	core *core.Core
	// wait is how long the first field waits for others that ask for the like.
	wait time.Duration
}
