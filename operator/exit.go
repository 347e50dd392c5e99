package operator

import (
	"frontdesk/core/fault"
	"frontdesk/store"
)

// Exit codes of the program.
const (
	ExitOK          = 0
	ExitFailed      = 1 // it went wrong
	ExitUsage       = 2 // usage error
	ExitNotFound    = 3 // there is no such thing
	ExitUnavailable = 4 // the database does not answer, or is of another version
)

// ExitCode is the exit code for how a command ended.
func ExitCode(err error) int {
	if err == nil {
		return ExitOK
	}
	f := fault.Of(err)
	switch {
	case f.Code == store.ErrBadAddress.Code || f.Kind == fault.Invalid:
		return ExitUsage
	case f.Kind == fault.NotFound:
		return ExitNotFound
	case f.Kind == fault.Unavailable || f.Code == store.ErrNewer.Code || f.Code == store.ErrOlder.Code:
		return ExitUnavailable
	}
	return ExitFailed
}

// Explain is an error for a person at the terminal.
func Explain(err error) string {
	f := fault.Of(err)
	if f.Kind == fault.Internal {
		return err.Error()
	}
	text := f.Message
	for _, field := range f.Fields {
		text = field.Message + " Expected " + field.Expected + "."
	}
	if f.Err != nil {
		text += " (" + f.Err.Error() + ")"
	}
	return text
}
