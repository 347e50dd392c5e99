package rest

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/rest/oas"
)

func address(a practice.Address) oas.Address {
	return oas.Address{Line1: str(a.Line1), Line2: str(a.Line2), Town: str(a.Town), County: str(a.County),
		Postcode: str(a.Postcode)}
}

func toAddress(a oas.OptAddress) *practice.Address {
	if !a.Set {
		return nil
	}
	v := a.Value
	return &practice.Address{Line1: v.Line1.Value, Line2: v.Line2.Value, Town: v.Town.Value, County: v.County.Value,
		Postcode: v.Postcode.Value}
}

func group(g practice.Group) *oas.PracticeGroup {
	return &oas.PracticeGroup{
		ID: digits(g.ID), Name: g.Name, Sector: oas.Sector(g.Sector), OdsCode: str(g.ODSCode), Phone: str(g.Phone),
		Email:   str(g.Email),
		Website: str(g.Website), Timezone: str(g.TimeZone), Address: address(g.Address),
		Sandbox: oas.NewOptBool(g.Sandbox),
	}
}

// GetPracticeGroupById tells of the caller's practice group.
func (d *door) GetPracticeGroupById(ctx context.Context) (*oas.PracticeGroup, error) {
	g, err := d.core.Practice.Group(ctx)
	if err != nil {
		return nil, err
	}
	return group(g), nil
}

// UpdatePracticeGroup changes the caller's practice group.
func (d *door) UpdatePracticeGroup(
	ctx context.Context, in *oas.PracticeGroupInput, _ oas.UpdatePracticeGroupParams,
) (*oas.PracticeGroup, error) {
	var check input.Checks
	var vat *int
	if rate, ok := in.VatRate.Get(); ok {
		vat = ptr(check.Rate("vat_rate", rate), true)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	g, err := d.core.Practice.UpdateGroup(ctx, practice.GroupChange{
		VAT: vat, PatientOverlap: to[practice.Overlap](in.PatientOverlap.Get()),
		Name: ptr(in.Name.Get()), ODSCode: ptr(in.OdsCode.Get()), Phone: ptr(in.Phone.Get()),
		Email:   ptr(in.Email.Get()),
		Website: ptr(in.Website.Get()), TimeZone: ptr(in.Timezone.Get()), Sector: to[practice.Sector](in.Sector.Get()),
		Address: toAddress(in.Address), Holidays: to[practice.Country](in.BankHolidays.Get()),
		Leaving:           to[practice.Leaving](in.ArchivedPatientAppointments.Get()),
		CancellationHours: ptr(in.CancellationPolicyHours.Get()), WindowDays: ptr(in.BookingWindowDays.Get()),
		UnreadMinutes: ptr(in.UnreadFallbackMinutes.Get()), SMSPrice: ptr(in.SMSPricePence.Get()),
		SendFrom: ptr(in.SendFrom.Get()), SendUntil: ptr(in.SendUntil.Get()),
	})
	if err != nil {
		return nil, err
	}
	return group(g), nil
}

// GetConfiguration tells how the group takes bookings.
func (d *door) GetConfiguration(ctx context.Context) (*oas.Configuration, error) {
	g, err := d.core.Practice.Group(ctx)
	if err != nil {
		return nil, err
	}
	return &oas.Configuration{
		Timezone: g.TimeZone, BankHolidays: oas.BankHolidayCountry(g.Holidays),
		CancellationPolicyHours: float64(g.CancellationHours),
		BookingWindowDays:       float64(g.WindowDays),
		HoldMinutes:             float64(d.core.Booking.Hold) / float64(time.Minute),
		MaximumSearchDays:       oas.NewOptFloat64(practice.MaxWindowDays),
		UnreadFallbackMinutes:   oas.NewOptFloat64(float64(g.UnreadMinutes)),
		VatRate:                 oas.NewOptFloat64(float64(g.VAT) / 10),
		PatientOverlap:          oas.NewOptPatientOverlap(oas.PatientOverlap(g.PatientOverlap)),
		SMSPricePence:           oas.NewOptFloat64(float64(g.SMSPrice)), SendFrom: str(practice.Clock(g.SendFrom)),
		SendUntil:                   str(practice.Clock(g.SendUntil)),
		ArchivedPatientAppointments: oas.NewOptArchivedPatientAppointments(oas.ArchivedPatientAppointments(g.Leaving)),
	}, nil
}

// GetCapabilities tells what the caller can do.
func (d *door) GetCapabilities(ctx context.Context) (*oas.Capabilities, error) {
	c, err := access.CapabilitiesOf(ctx)
	if err != nil {
		return nil, err
	}
	out := &oas.Capabilities{
		Booking: c.Booking, Messaging: c.Messaging, BookingLinks: c.BookingLinks,
		Permissions:     make([]oas.CapabilitiesPermissionsItem, 0, len(access.KeyPermissions)),
		PracticeGroupID: digits(c.Group), KeyPracticeGroupID: digits(c.Home),
		RateLimit: oas.NilFloat64{Value: float64(c.Limit), Null: c.Limit == 0},
	}
	for _, p := range c.KeyPermissions {
		out.Permissions = append(out.Permissions, oas.CapabilitiesPermissionsItem(p))
	}
	return out, nil
}

func location(l practice.Location) *oas.Location {
	return &oas.Location{ID: digits(l.ID), Name: l.Name, Phone: str(l.Phone), Address: address(l.Address),
		Active: l.Active}
}

func locationChange(in *oas.LocationInput) practice.LocationChange {
	return practice.LocationChange{Name: ptr(in.Name.Get()), Phone: ptr(in.Phone.Get()), Address: toAddress(in.Address),
		Active: ptr(in.Active.Get())}
}

// ListLocations lists the group's places.
func (d *door) ListLocations(ctx context.Context, p oas.ListLocationsParams) (*oas.ListLocationsOK, error) {
	all, err := d.core.Practice.Locations(ctx, p.IncludeInactive.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.ListLocationsOK{Data: make([]oas.Location, len(all)), Count: float64(len(all))}
	for i, l := range all {
		out.Data[i] = *location(l)
	}
	return out, nil
}

// CreateLocation adds a place.
func (d *door) CreateLocation(
	ctx context.Context, in *oas.LocationInput, _ oas.CreateLocationParams,
) (*oas.Location, error) {
	l, err := d.core.Practice.CreateLocation(ctx, locationChange(in))
	if err != nil {
		return nil, err
	}
	return location(l), nil
}

// UpdateLocation changes a place.
func (d *door) UpdateLocation(
	ctx context.Context, in *oas.LocationInput, p oas.UpdateLocationParams,
) (*oas.Location, error) {
	l, err := d.core.Practice.UpdateLocation(ctx, id[practice.LocationID](p.ID), locationChange(in))
	if err != nil {
		return nil, err
	}
	return location(l), nil
}

func practitioner(p practice.Practitioner) *oas.Practitioner {
	return &oas.Practitioner{
		ID: digits(p.ID), Title: p.Title, FirstName: p.FirstName, LastName: p.LastName,
		PractitionerType: oas.PractitionerType(p.Profession), Active: p.Active,
	}
}

func practitionerChange(in *oas.PractitionerInput) practice.PractitionerChange {
	return practice.PractitionerChange{
		Title: ptr(in.Title.Get()), FirstName: ptr(in.FirstName.Get()), LastName: ptr(in.LastName.Get()),
		Profession: to[practice.Profession](in.PractitionerType.Get()), Active: ptr(in.Active.Get()),
	}
}

// ListPractitioners lists the group's people.
func (d *door) ListPractitioners(ctx context.Context, p oas.ListPractitionersParams) (*oas.ListPractitionersOK, error) {
	all, err := d.core.Practice.Practitioners(ctx, p.IncludeInactive.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.ListPractitionersOK{Data: make([]oas.Practitioner, len(all)), Count: float64(len(all))}
	for i, p := range all {
		out.Data[i] = *practitioner(p)
	}
	return out, nil
}

// CreatePractitioner adds a person.
func (d *door) CreatePractitioner(
	ctx context.Context, in *oas.PractitionerInput, _ oas.CreatePractitionerParams,
) (*oas.Practitioner, error) {
	p, err := d.core.Practice.CreatePractitioner(ctx, practitionerChange(in))
	if err != nil {
		return nil, err
	}
	return practitioner(p), nil
}

// UpdatePractitioner changes a person.
func (d *door) UpdatePractitioner(
	ctx context.Context, in *oas.PractitionerInput, p oas.UpdatePractitionerParams,
) (*oas.Practitioner, error) {
	changed, err := d.core.Practice.UpdatePractitioner(ctx, id[practice.PractitionerID](p.ID), practitionerChange(in))
	if err != nil {
		return nil, err
	}
	return practitioner(changed), nil
}

func bankHoliday(h practice.Holiday) oas.BankHoliday {
	return oas.BankHoliday{Date: oas.Date(h.Day.String()), Name: h.Name, Closed: h.Closed, ByHand: h.ByHand}
}

// ListBankHolidays lists the group's bank holidays.
func (d *door) ListBankHolidays(ctx context.Context, p oas.ListBankHolidaysParams) (*oas.ListBankHolidaysOK, error) {
	var in input.Checks
	from := input.DateOf(d.core.Practice.Now())
	if p.StartDate.Set {
		from = in.Date("start_date", string(p.StartDate.Value))
	}
	until := from + 365
	if p.EndDate.Set {
		until = in.Date("end_date", string(p.EndDate.Value))
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	all, err := d.core.Practice.Holidays(ctx, from, until)
	if err != nil {
		return nil, err
	}
	out := &oas.ListBankHolidaysOK{Data: make([]oas.BankHoliday, len(all)), Count: float64(len(all))}
	for i, h := range all {
		out.Data[i] = bankHoliday(h)
	}
	return out, nil
}

// SetBankHoliday says by hand whether the practice is closed on a date.
func (d *door) SetBankHoliday(
	ctx context.Context, body *oas.BankHolidayInput, p oas.SetBankHolidayParams,
) (*oas.BankHoliday, error) {
	var in input.Checks
	day := in.Date("date", string(p.Date))
	if err := in.Err(); err != nil {
		return nil, err
	}
	h, err := d.core.Practice.SetHoliday(ctx, practice.Holiday{Day: day, Name: body.Name, Closed: body.Closed})
	if err != nil {
		return nil, err
	}
	out := bankHoliday(h)
	return &out, nil
}

// ResetBankHoliday lets the rule decide again.
func (d *door) ResetBankHoliday(ctx context.Context, p oas.ResetBankHolidayParams) (*oas.Done, error) {
	var in input.Checks
	day := in.Date("date", string(p.Date))
	if err := in.Err(); err != nil {
		return nil, err
	}
	if err := d.core.Practice.ResetHoliday(ctx, day); err != nil {
		return nil, err
	}
	return &oas.Done{Success: true}, nil
}
