package demographics

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/patient"
)

// Visitor is a person who says of themselves who they are, on a page that is open to anyone: with both names, the date
// of birth, and the NHS number or the postcode.
type Visitor struct {
	FirstName, LastName string
	BirthDate           input.Date
	// NHSNumber and Postcode are one or both of them; with the number the postcode is not looked at.
	NHSNumber, Postcode string
	// Proven is a person whose identity another service has proved. A restricted record may be opened to them.
	Proven bool
	// New lets a person be registered who is no patient of the practice group by what the national service says.
	New bool
	// Network lets one be registered who is, by what it says, a patient of another practice of the group's networks.
	Network bool
	// home are the ODS codes of the practices whose patients may be registered.
	home []string
}

// check reads what a visitor said.
func (v Visitor) check(today input.Date) (sought, error) {
	var in input.Checks
	r := Registration{BirthDate: &v.BirthDate, Forename: &v.FirstName, Surname: &v.LastName}
	if !v.Proven { // who has proved who they are has said it in full
		in.Required("forename", strings.TrimSpace(v.FirstName), patient.MaxName)
	}
	in.Required("surname", strings.TrimSpace(v.LastName), patient.MaxName)
	patient.BirthDate(&in, "birth_date", v.BirthDate, today)
	number, postcode := strings.TrimSpace(v.NHSNumber), strings.TrimSpace(input.Visible(v.Postcode))
	if number != "" {
		r.NHSNumber = &number
	}
	if postcode != "" {
		r.Postcode = &postcode
	}
	if number == "" && postcode == "" {
		in.Wrong("nhs_number", input.CodeRequired, "an NHS number, or a postcode in postcode",
			"An NHS number or a postcode is needed.")
	}
	if err := in.Err(); err != nil {
		return sought{}, err
	}
	q, err := r.check(today)
	q.visitor = &v
	return q, err
}

// refusal is why a visitor is not taken for a patient although the details agree.
type refusal string

func (r refusal) Error() string { return string(r) }

// refuses is why a visitor is not taken for the person, or for the patient kept for them; empty is that they are. An
// added patient was not one of the group before.
func (q sought) refuses(p Person, kept patient.Patient, added bool) string {
	v := q.visitor
	switch {
	case v == nil:
		return ""
	case !p.DeceasedAt.IsZero() || kept.Dead():
		return "deceased"
	case (p.Restricted || kept.Restricted) && !v.Proven:
		return "restricted"
	case kept.Status == patient.Archived:
		return "elsewhere"
	case added && !v.New && !v.ofHome(p):
		return "elsewhere"
	}
	return ""
}

// ofHome reports whether the national service has a person as a patient of one of the practices.
func (v Visitor) ofHome(p Person) bool {
	return slices.ContainsFunc(v.home, func(code string) bool {
		return code != "" && strings.EqualFold(p.Practice, code)
	})
}

// Identify finds which patient of the group a visitor is, by the rules of Register: the national service is asked, the
// details must agree, and a patient it brings up to date or registers is kept in the same way. A person who is no
// patient yet is registered when the service has them as a patient of this practice, or when the visitor may be new.
// Where the group is not connected to the service, the visitor must be one of its patients, and no one is registered.
//
// Whatever the reason for which the visitor cannot be taken for a patient, the answer is the same: an identity check,
// whose page shows nothing, and with which staff can help. Errors: ErrDown, ErrRefused, field faults.
func (s *Service) Identify(ctx context.Context, v Visitor) (Registered, error) {
	who, err := access.Require(ctx, access.EditPatients)
	if err != nil {
		return Registered{}, err
	}
	now := s.Now().Truncate(time.Microsecond)
	q, err := v.check(input.DateOf(now.UTC()))
	if err == nil {
		err = patient.Issued(ctx, s.Store, who.Group, "nhs_number", q.number)
	}
	if err != nil {
		return Registered{}, err
	}
	g, err := s.Store.Group(ctx, who.Group)
	if err != nil {
		return Registered{}, err
	}
	q.visitor.home = []string{g.ODSCode}
	if v.Network {
		others, err := s.Networks.NetworkODSCodes(ctx, who.Group)
		if err != nil {
			return Registered{}, err
		}
		q.visitor.home = append(q.visitor.home, others...)
	}
	id, reason, differs, err := s.identify(ctx, who, q, now)
	if err != nil || reason == "" {
		return Registered{ID: id}, err
	}
	return s.unsure(ctx, who, now, q, reason, differs...)
}

// identify finds the patient, or the reason why it cannot be done.
func (s *Service) identify(
	ctx context.Context, who access.Caller, q sought, now time.Time,
) (id patient.ID, reason string, differs []string, err error) {
	p, err := s.seek(ctx, who, q)
	switch {
	case errors.Is(err, ErrNotSetUp):
		id, ok := s.known(ctx, who.Group, q, q.ours)
		if !ok {
			return 0, "no_match", nil, nil
		}
		return id, "", nil, nil
	case errors.Is(err, ErrDown):
		lately := fresh(now)
		id, ok := s.known(ctx, who.Group, q, func(p patient.Patient) bool { return lately(p) && q.ours(p) })
		if ok {
			return id, "", nil, nil
		}
		return 0, "", nil, err
	case errors.Is(err, ErrSeveralTraced):
		return 0, "several_match", nil, nil
	case err != nil && fault.Of(err).Kind == fault.NotFound:
		return 0, "no_match", nil, nil
	case err != nil:
		return 0, "", nil, err
	case !q.agrees(p):
		return 0, "details_differ", q.differs(p), nil
	}
	if reason := q.refuses(p, patient.Patient{}, false); reason != "" {
		return 0, reason, nil, nil
	}
	err = s.Store.Do(ctx, func(tx Tx) (err error) {
		id, err = s.keep(ctx, tx, who, p, q, now)
		return err
	})
	if why, ok := errors.AsType[refusal](err); ok {
		return 0, string(why), nil, nil
	}
	if errors.Is(err, patient.ErrNHSNumberTaken) || err == nil && id == 0 {
		return 0, "details_differ", nil, nil
	}
	return id, "", nil, err
}

// ours accepts patients of the group whom a visitor may be, where the national service is not asked.
func (q sought) ours(p patient.Patient) bool {
	return q.refuses(Person{}, p, false) == "" && p.NumberStatus != patient.NumberWithdrawn &&
		p.NumberStatus != patient.NumberDisputed && p.SupersededBy == ""
}
