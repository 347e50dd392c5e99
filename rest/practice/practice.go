package practice

import (
	"context"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

func address(a practice.Address) oas.Address {
	return oas.Address{Line1: wire.String(a.Line1), Line2: wire.String(a.Line2), Town: wire.String(a.Town),
		County:   wire.String(a.County),
		Postcode: wire.String(a.Postcode)}
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
		ID: wire.Digits(g.ID), Name: g.Name, Sector: oas.Sector(g.Sector), OdsCode: wire.String(g.ODSCode),
		Phone:   wire.String(g.Phone),
		Email:   wire.String(g.Email),
		Website: wire.String(g.Website), Timezone: wire.String(g.TimeZone), Address: address(g.Address),
		Sandbox: oas.NewOptBool(g.Sandbox),
	}
}

// GetPracticeGroupById answers the caller's practice group.
func (o Operations) GetPracticeGroupById(ctx context.Context) (*oas.PracticeGroup, error) {
	g, err := o.Core.Practice.Group(ctx)
	if err != nil {
		return nil, err
	}
	return group(g), nil
}

// ListPracticeGroups lists the groups the caller's key can ask about.
func (o Operations) ListPracticeGroups(
	ctx context.Context, p oas.ListPracticeGroupsParams,
) (*oas.ListPracticeGroupsOK, error) {
	found, count, err := o.Core.Practice.Reachable(ctx, p.PageIndex.Value*p.PageSize.Value, p.PageSize.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.ListPracticeGroupsOK{Data: make([]oas.PracticeGroup, len(found)), Count: float64(count)}
	for i, g := range found {
		out.Data[i] = *group(g)
	}
	return out, nil
}

// ListElements lists the elements that can be embedded: there are none yet.
func (o Operations) ListElements(ctx context.Context) (*oas.ListElementsOK, error) {
	if _, err := o.Core.Practice.Group(ctx); err != nil {
		return nil, err
	}
	return &oas.ListElementsOK{Data: []oas.Element{}}, nil
}

// UpdatePracticeGroup changes the caller's practice group.
func (o Operations) UpdatePracticeGroup(
	ctx context.Context, in *oas.PracticeGroupInput, _ oas.UpdatePracticeGroupParams,
) (*oas.PracticeGroup, error) {
	var check input.Checks
	var vat *int
	if rate, ok := in.VatRate.Get(); ok {
		vat = wire.Ptr(check.Rate("vat_rate", rate), true)
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	g, err := o.Core.Practice.UpdateGroup(ctx, practice.GroupChange{
		Announces:    wire.Ptr(in.AppointmentMessages.Get()),
		OfferMinutes: wire.Ptr(in.WaitingListHoldMinutes.Get()), OfferNotice: wire.Ptr(in.WaitingListNoticeMinutes.Get()),
		VAT: vat, PatientOverlap: wire.As[practice.Overlap](in.PatientOverlap.Get()),
		Name: wire.Ptr(in.Name.Get()), ODSCode: wire.Ptr(in.OdsCode.Get()), Phone: wire.Ptr(in.Phone.Get()),
		Email:   wire.Ptr(in.Email.Get()),
		Website: wire.Ptr(in.Website.Get()), TimeZone: wire.Ptr(in.Timezone.Get()),
		Sector:  wire.As[practice.Sector](in.Sector.Get()),
		Address: toAddress(in.Address), Holidays: wire.As[practice.Country](in.BankHolidays.Get()),
		Leaving:           wire.As[practice.Leaving](in.ArchivedPatientAppointments.Get()),
		CancellationHours: wire.Ptr(in.CancellationPolicyHours.Get()), WindowDays: wire.Ptr(in.BookingWindowDays.Get()),
		UnreadMinutes: wire.Ptr(in.UnreadFallbackMinutes.Get()), SMSPrice: wire.Ptr(in.SMSPricePence.Get()),
		SendFrom: wire.Clock(in.SendFrom), SendUntil: wire.Clock(in.SendUntil),
		VideoURL: wire.Ptr(in.VideoURLTemplate.Get()),
	})
	if err != nil {
		return nil, err
	}
	return group(g), nil
}

// GetConfiguration answers how the group takes bookings.
func (o Operations) GetConfiguration(ctx context.Context) (*oas.Configuration, error) {
	g, err := o.Core.Practice.Group(ctx)
	if err != nil {
		return nil, err
	}
	return &oas.Configuration{
		Timezone: g.TimeZone, BankHolidays: oas.BankHolidayCountry(g.Holidays),
		CancellationPolicyHours:     float64(g.CancellationHours),
		BookingWindowDays:           float64(g.WindowDays),
		HoldMinutes:                 float64(o.Core.Booking.Hold) / float64(time.Minute),
		MaximumSearchDays:           oas.NewOptFloat64(practice.MaxWindowDays),
		UnreadFallbackMinutes:       oas.NewOptFloat64(float64(g.UnreadMinutes)),
		VatRate:                     oas.NewOptFloat64(float64(g.VAT) / 10),
		PatientOverlap:              oas.NewOptPatientOverlap(oas.PatientOverlap(g.PatientOverlap)),
		AppointmentMessages:         oas.NewOptBool(g.Announces),
		WaitingListHoldMinutes:      oas.NewOptInt(g.OfferMinutes),
		WaitingListNoticeMinutes:    oas.NewOptInt(g.OfferNotice),
		SMSPricePence:               oas.NewOptFloat64(float64(g.SMSPrice)),
		SendFrom:                    wire.String(practice.Clock(g.SendFrom)),
		SendUntil:                   wire.String(practice.Clock(g.SendUntil)),
		VideoURLTemplate:            oas.OptString{Value: g.VideoURL, Set: g.VideoURL != ""},
		ArchivedPatientAppointments: oas.NewOptArchivedPatientAppointments(oas.ArchivedPatientAppointments(g.Leaving)),
	}, nil
}

// GetCapabilities answers what the caller may do.
func (o Operations) GetCapabilities(ctx context.Context) (*oas.Capabilities, error) {
	c, err := access.CapabilitiesOf(ctx)
	if err != nil {
		return nil, err
	}
	out := &oas.Capabilities{
		Booking: c.Booking, Messaging: c.Messaging, BookingLinks: c.BookingLinks,
		Scopes:          make([]oas.Scope, 0, len(access.Scopes)),
		Permissions:     make([]oas.KeyPermission, 0, len(access.KeyPermissions)),
		PracticeGroupID: wire.Digits(c.Group), KeyPracticeGroupID: wire.Digits(c.Home),
		RateLimit: oas.NilFloat64{Value: float64(c.Limit), Null: c.Limit == 0},
	}
	for _, s := range c.Scopes {
		out.Scopes = append(out.Scopes, oas.Scope(s))
	}
	for _, p := range c.KeyPermissions {
		out.Permissions = append(out.Permissions, oas.KeyPermission(p))
	}
	return out, nil
}

func location(l practice.Location) *oas.Location {
	return &oas.Location{ID: wire.Digits(l.ID), Name: l.Name, Phone: wire.String(l.Phone), Address: address(l.Address),
		Active: l.Active}
}

func locationChange(in *oas.LocationInput) practice.LocationChange {
	return practice.LocationChange{Name: wire.Ptr(in.Name.Get()), Phone: wire.Ptr(in.Phone.Get()),
		Address: toAddress(in.Address),
		Active:  wire.Ptr(in.Active.Get())}
}

// ListLocations lists the group's places.
func (o Operations) ListLocations(ctx context.Context, p oas.ListLocationsParams) (*oas.ListLocationsOK, error) {
	all, err := o.Core.Practice.Locations(ctx, p.IncludeInactive.Value)
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
func (o Operations) CreateLocation(
	ctx context.Context, in *oas.LocationInput, _ oas.CreateLocationParams,
) (*oas.Location, error) {
	l, err := o.Core.Practice.CreateLocation(ctx, locationChange(in))
	if err != nil {
		return nil, err
	}
	return location(l), nil
}

// UpdateLocation changes a place.
func (o Operations) UpdateLocation(
	ctx context.Context, in *oas.LocationInput, p oas.UpdateLocationParams,
) (*oas.Location, error) {
	l, err := o.Core.Practice.UpdateLocation(ctx, wire.ID[practice.LocationID](p.ID), locationChange(in))
	if err != nil {
		return nil, err
	}
	return location(l), nil
}

func practitioner(p practice.Practitioner) *oas.Practitioner {
	return &oas.Practitioner{
		ID: wire.Digits(p.ID), Title: p.Title, FirstName: p.FirstName, LastName: p.LastName,
		PractitionerType: oas.PractitionerType(p.Profession), Active: p.Active,
	}
}

func practitionerChange(in *oas.PractitionerInput) practice.PractitionerChange {
	return practice.PractitionerChange{
		Title: wire.Ptr(in.Title.Get()), FirstName: wire.Ptr(in.FirstName.Get()), LastName: wire.Ptr(in.LastName.Get()),
		Profession: wire.As[practice.Profession](in.PractitionerType.Get()), Active: wire.Ptr(in.Active.Get()),
	}
}

// ListPractitioners lists the group's people.
func (o Operations) ListPractitioners(ctx context.Context,
	p oas.ListPractitionersParams) (*oas.ListPractitionersOK, error) {
	all, err := o.Core.Practice.Practitioners(ctx, p.IncludeInactive.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.ListPractitionersOK{Data: make([]oas.Practitioner, len(all)), Count: float64(len(all))}
	for i, p := range all {
		out.Data[i] = *practitioner(p)
	}
	return out, nil
}

// SearchHcaConsultants finds people who can be booked.
func (o Operations) SearchHcaConsultants(
	ctx context.Context, p oas.SearchHcaConsultantsParams,
) (*oas.SearchHcaConsultantsOK, error) {
	found, err := o.Core.Practice.Consultants(ctx, p.Search.Value, practice.Profession(p.PractitionerType.Value))
	if err != nil {
		return nil, err
	}
	out := &oas.SearchHcaConsultantsOK{Data: make([]oas.Practitioner, len(found)), Count: float64(len(found))}
	for i, p := range found {
		out.Data[i] = *practitioner(p)
	}
	return out, nil
}

// CreatePractitioner adds a person.
func (o Operations) CreatePractitioner(
	ctx context.Context, in *oas.PractitionerInput, _ oas.CreatePractitionerParams,
) (*oas.Practitioner, error) {
	p, err := o.Core.Practice.CreatePractitioner(ctx, practitionerChange(in))
	if err != nil {
		return nil, err
	}
	return practitioner(p), nil
}

// UpdatePractitioner changes a person.
func (o Operations) UpdatePractitioner(
	ctx context.Context, in *oas.PractitionerInput, p oas.UpdatePractitionerParams,
) (*oas.Practitioner, error) {
	changed, err := o.Core.Practice.UpdatePractitioner(ctx, wire.ID[practice.PractitionerID](p.ID),
		practitionerChange(in))
	if err != nil {
		return nil, err
	}
	return practitioner(changed), nil
}

func bankHoliday(h practice.Holiday) oas.BankHoliday {
	return oas.BankHoliday{Date: oas.Date(h.Day.String()), Name: h.Name, Closed: h.Closed, ByHand: h.ByHand}
}

// ListBankHolidays lists the group's bank holidays.
func (o Operations) ListBankHolidays(ctx context.Context,
	p oas.ListBankHolidaysParams) (*oas.ListBankHolidaysOK, error) {
	var in input.Checks
	from := input.DateOf(o.Core.Practice.Now())
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
	all, err := o.Core.Practice.Holidays(ctx, from, until)
	if err != nil {
		return nil, err
	}
	out := &oas.ListBankHolidaysOK{Data: make([]oas.BankHoliday, len(all)), Count: float64(len(all))}
	for i, h := range all {
		out.Data[i] = bankHoliday(h)
	}
	return out, nil
}

// SetBankHoliday sets whether the practice is closed on a date.
func (o Operations) SetBankHoliday(
	ctx context.Context, body *oas.BankHolidayInput, p oas.SetBankHolidayParams,
) (*oas.BankHoliday, error) {
	var in input.Checks
	day := in.Date("date", string(p.Date))
	if err := in.Err(); err != nil {
		return nil, err
	}
	h, err := o.Core.Practice.SetHoliday(ctx, practice.Holiday{Day: day, Name: body.Name, Closed: body.Closed})
	if err != nil {
		return nil, err
	}
	out := bankHoliday(h)
	return &out, nil
}

// ResetBankHoliday lets the rule decide again.
func (o Operations) ResetBankHoliday(ctx context.Context, p oas.ResetBankHolidayParams) (*oas.Done, error) {
	var in input.Checks
	day := in.Date("date", string(p.Date))
	if err := in.Err(); err != nil {
		return nil, err
	}
	if err := o.Core.Practice.ResetHoliday(ctx, day); err != nil {
		return nil, err
	}
	return &oas.Done{Success: true}, nil
}
