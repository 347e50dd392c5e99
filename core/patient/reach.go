package patient

import "frontdesk/core/fault"

// The faults of patients who may not be written to.
var (
	ErrWhereabouts = ErrRestricted.Saying("This is a restricted record: no message is sent to it.")
	ErrDeceased    = fault.New(fault.Conflict, "patient_deceased", "This patient has died.")
	ErrWithdrawn   = fault.New(fault.Conflict, "patient_number_withdrawn",
		"This patient's NHS number has been withdrawn. Find out who they are before writing to them.")
)

// Dead reports whether the patient has died: the national service says so, or
// the practice, which archived them as DECEASED_PATIENT.
func (p Patient) Dead() bool { return !p.DeceasedAt.IsZero() }

// Reachable says why a patient may not be written to, by whatever channel and for whatever purpose; nil is that they
// may. It is asked again when a message is handed over, for the patient who a merged one has become. Errors:
// ErrNotFound, ErrWhereabouts, ErrDeceased, ErrWithdrawn.
func (p Patient) Reachable() error {
	switch {
	case p.Deleted(), !p.Live():
		return ErrNotFound
	case p.Restricted:
		return ErrWhereabouts
	case p.Dead():
		return ErrDeceased.Saying("This patient has died. No message is sent.")
	case p.NumberStatus == NumberWithdrawn:
		return ErrWithdrawn
	}
	return nil
}
