package rest

import (
	"context"
	"time"

	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/rest/oas"
)

func typeSetup(t diary.Type) *oas.AppointmentTypeSetup {
	return &oas.AppointmentTypeSetup{
		ID: digits(t.ID), Name: t.Name, PartnerSlotName: t.PartnerSlotName, Price: float64(t.Price),
		Sector:   oas.Sector(t.Sector),
		Duration: float64(t.Minutes), Video: t.Video, InPerson: t.InPerson, Telephone: t.Telephone,
		UsePartnerBookableSlots:     t.UsePartnerSlots,
		AdminBookingInvoiceRequired: t.InvoiceRequired, PractitionerType: oas.PractitionerType(t.Profession),
		Active:  t.Active,
		VatRate: percent(t.VAT),
	}
}

// percent is a rate to answer with; null is the practice's own.
func percent(permille *int) oas.OptNilFloat64 {
	if permille == nil {
		return oas.OptNilFloat64{Set: true, Null: true}
	}
	return oas.NewOptNilFloat64(float64(*permille) / 10)
}

func typeChange(in *oas.AppointmentTypeInput) (diary.TypeChange, error) {
	var check input.Checks
	c := diary.TypeChange{
		Name: ptr(in.Name.Get()), PartnerSlotName: ptr(in.PartnerSlotName.Get()), Price: ptr(in.Price.Get()),
		Minutes: ptr(in.Duration.Get()),
		Sector:  to[practice.Sector](in.Sector.Get()), Profession: to[practice.Profession](in.PractitionerType.Get()),
		Video: ptr(in.Video.Get()), InPerson: ptr(in.InPerson.Get()), Telephone: ptr(in.Telephone.Get()),
		UsePartnerSlots: ptr(in.UsePartnerBookableSlots.Get()), InvoiceRequired: ptr(in.AdminBookingInvoiceRequired.Get()),
		Active:      ptr(in.Active.Get()),
		PracticeVAT: in.VatRate.Null,
	}
	if rate, ok := in.VatRate.Get(); ok {
		c.VAT = ptr(check.Rate("vat_rate", rate), true)
	}
	return c, check.Err()
}

// ListAppointmentTypes lists appointment types with their free slots.
func (d *door) ListAppointmentTypes(
	ctx context.Context, p oas.ListAppointmentTypesParams,
) (*oas.ListAppointmentTypesOK, error) {
	var in input.Checks
	at := ids[practice.LocationID](&in, "location_ids", p.LocationIds)
	if err := in.Err(); err != nil {
		return nil, err
	}
	all, err := d.core.Diary.Types(ctx, at, ptr(p.HasAvailability.Get()), p.IncludeInactive.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.ListAppointmentTypesOK{Data: make([]oas.AppointmentType, len(all)), Count: float64(len(all))}
	for i, t := range all {
		out.Data[i] = oas.AppointmentType{
			ID: t.ID.String(), Name: t.Name, PartnerSlotName: t.PartnerSlotName, NextAvailableAt: instant(t.Next),
			SlotCount: float64(t.Slots),
			Price:     float64(t.Price), AssigneeID: oas.NilString{Null: true},
			AssigneeType: oas.NilAppointmentTypeAssigneeType{Null: true},
			Sector:       oas.NewOptSector(oas.Sector(t.Sector)), Duration: float64(t.Minutes), Video: oas.NewOptBool(t.Video),
			InPerson: oas.NewOptBool(t.InPerson), Telephone: oas.NewOptBool(t.Telephone),
			UsePartnerBookableSlots:     t.UsePartnerSlots,
			AdminBookingInvoiceRequired: oas.NewOptBool(t.InvoiceRequired), FormID: oas.NilString{Null: true},
			PractitionerType: oas.PractitionerType(t.Profession), Active: oas.NewOptBool(t.Active), VatRate: percent(t.VAT),
		}
	}
	return out, nil
}

// CreateAppointmentType adds an appointment type.
func (d *door) CreateAppointmentType(
	ctx context.Context, in *oas.AppointmentTypeInput, _ oas.CreateAppointmentTypeParams,
) (*oas.AppointmentTypeSetup, error) {
	c, err := typeChange(in)
	if err != nil {
		return nil, err
	}
	t, err := d.core.Diary.CreateType(ctx, c)
	if err != nil {
		return nil, err
	}
	return typeSetup(t), nil
}

// UpdateAppointmentType changes an appointment type.
func (d *door) UpdateAppointmentType(
	ctx context.Context, in *oas.AppointmentTypeInput, p oas.UpdateAppointmentTypeParams,
) (*oas.AppointmentTypeSetup, error) {
	c, err := typeChange(in)
	if err != nil {
		return nil, err
	}
	t, err := d.core.Diary.UpdateType(ctx, id[diary.TypeID](p.ID), c)
	if err != nil {
		return nil, err
	}
	return typeSetup(t), nil
}

func session(s diary.Session) *oas.Session {
	out := &oas.Session{
		ID: digits(s.ID), PractitionerID: digits(s.Practitioner), LocationID: digits(s.Location),
		AppointmentTypeIds: make([]oas.ID, len(s.Types)),
		StartDate:          oas.Date(s.Start.String()), StartTime: diary.Clock(s.From), EndTime: diary.Clock(s.To),
		SlotLength: float64(s.Step),
		Recurrence: oas.NilString{Value: s.Rule, Null: s.Rule == ""},
		EndDate:    oas.NilString{Value: s.Until.String(), Null: s.Until == input.NoDate},
		Timezone:   s.TimeZone, RunsOnBankHolidays: s.WorksHolidays,
		Exceptions: make([]oas.SessionException, len(s.Exceptions)),
	}
	for i, t := range s.Types {
		out.AppointmentTypeIds[i] = digits(t)
	}
	for i, e := range s.Exceptions {
		out.Exceptions[i] = oas.SessionException{StartDate: oas.Date(e.From.String()),
			EndDate: oas.NewOptDate(oas.Date(e.To.String())), Reason: str(e.Reason)}
	}
	return out
}

func sessionChange(in *oas.SessionInput) (diary.SessionChange, error) {
	var check input.Checks
	c := diary.SessionChange{
		StartDate: to[string](in.StartDate.Get()), From: ptr(in.StartTime.Get()), To: ptr(in.EndTime.Get()),
		Step:     ptr(in.SlotLength.Get()),
		TimeZone: ptr(in.Timezone.Get()), WorksHolidays: ptr(in.RunsOnBankHolidays.Get()),
	}
	if in.Recurrence.Set {
		c.Rule = &in.Recurrence.Value // null is no rule
	}
	if in.PractitionerID.Set {
		c.Practitioner = ptr(body[practice.PractitionerID](&check, "practitioner_id", string(in.PractitionerID.Value)), true)
	}
	if in.LocationID.Set {
		c.Location = ptr(body[practice.LocationID](&check, "location_id", string(in.LocationID.Value)), true)
	}
	if in.AppointmentTypeIds != nil {
		c.Types = ptr(ids[diary.TypeID](&check, "appointment_type_ids", in.AppointmentTypeIds), true)
	}
	if in.Exceptions != nil {
		list := make([]diary.ExceptionInput, len(in.Exceptions))
		for i, e := range in.Exceptions {
			list[i] = diary.ExceptionInput{From: string(e.StartDate), To: string(e.EndDate.Value), Reason: e.Reason.Value}
		}
		c.Exceptions = &list
	}
	return c, check.Err()
}

// ListSessions lists sessions that have not ended.
func (d *door) ListSessions(ctx context.Context, p oas.ListSessionsParams) (*oas.ListSessionsOK, error) {
	since := input.DateOf(d.core.Diary.Now().In(time.UTC))
	var in input.Checks
	if p.Since.Set {
		since = in.Date("since", string(p.Since.Value))
	}
	of := filter[practice.PractitionerID](&in, "practitioner_id", p.PractitionerID)
	if err := in.Err(); err != nil {
		return nil, err
	}
	all, err := d.core.Diary.Sessions(ctx, of, since)
	if err != nil {
		return nil, err
	}
	out := &oas.ListSessionsOK{Data: make([]oas.Session, len(all)), Count: float64(len(all))}
	for i, s := range all {
		out.Data[i] = *session(s)
	}
	return out, nil
}

// GetSession finds one session.
func (d *door) GetSession(ctx context.Context, p oas.GetSessionParams) (*oas.Session, error) {
	s, err := d.core.Diary.WorkedSession(ctx, id[diary.SessionID](p.ID))
	if err != nil {
		return nil, err
	}
	return session(s), nil
}

// CreateSession adds a session.
func (d *door) CreateSession(
	ctx context.Context, in *oas.SessionInput, _ oas.CreateSessionParams,
) (*oas.Session, error) {
	c, err := sessionChange(in)
	if err != nil {
		return nil, err
	}
	s, err := d.core.Diary.CreateSession(ctx, c)
	if err != nil {
		return nil, err
	}
	return session(s), nil
}

// UpdateSession changes a session.
func (d *door) UpdateSession(
	ctx context.Context, in *oas.SessionInput, p oas.UpdateSessionParams,
) (*oas.Session, error) {
	c, err := sessionChange(in)
	if err != nil {
		return nil, err
	}
	of, err := d.core.Diary.WorkedSession(ctx, id[diary.SessionID](p.ID))
	if err != nil {
		return nil, err
	}
	s, err := d.core.Diary.ChangeSession(ctx, of.ID, c)
	if err != nil {
		return nil, err
	}
	return session(s), nil
}

// DeleteSession ends a session.
func (d *door) DeleteSession(ctx context.Context, p oas.DeleteSessionParams) (*oas.Done, error) {
	of, err := d.core.Diary.WorkedSession(ctx, id[diary.SessionID](p.ID))
	if err != nil {
		return nil, err
	}
	if _, err := d.core.Diary.DeleteSession(ctx, of.ID); err != nil {
		return nil, err
	}
	return &oas.Done{Success: true}, nil
}

func slots(from []diary.Slot) []oas.Slot {
	out := make([]oas.Slot, len(from))
	for i, s := range from {
		out[i] = *slot(s)
	}
	return out
}

func slot(s diary.Slot) *oas.Slot {
	return &oas.Slot{
		ID: oas.ID(s.ID), PractitionerID: digits(s.Practitioner), AppointmentTypeID: digits(s.Type),
		LocationID: digits(s.Location),
		StartTime:  s.Start, FinishTime: s.End,
	}
}

// slotQuery is what free slots are wanted.
func slotQuery(places, people, types []oas.ID, from, to string) (diary.SlotQuery, error) {
	var in input.Checks
	q := diary.SlotQuery{
		Locations:     ids[practice.LocationID](&in, "location_id", places),
		Practitioners: ids[practice.PractitionerID](&in, "practitioner_id", people),
		Types:         ids[diary.TypeID](&in, "appointment_type_id", types), From: diary.ReadMoment(&in, "start_date", from),
		To: diary.ReadMoment(&in, "end_date", to),
	}
	return q, in.Err()
}

// ListSlots lists free slots.
func (d *door) ListSlots(ctx context.Context, p oas.ListSlotsParams) (*oas.ListSlotsOK, error) {
	q, err := slotQuery(p.LocationID, p.PractitionerID, p.AppointmentTypeID, p.StartDate.Value, p.EndDate.Value)
	if err != nil {
		return nil, err
	}
	page, err := d.core.Diary.Slots(ctx, q, p.PageIndex.Value, p.PageSize.Value, p.Explain.Value)
	if err != nil {
		return nil, err
	}
	out := &oas.ListSlotsOK{Data: slots(page.Slots), Count: float64(page.Count)}
	if w := page.Why; w != nil {
		out.Explanation = oas.NewOptSlotExplanation(oas.SlotExplanation{
			Sessions: float64(w.Sessions), SessionDays: float64(w.Days), ClosedDays: float64(w.Closed),
			ExceptionDays: float64(w.Exceptions),
			Past:          float64(w.Past), Blocked: float64(w.Blocked), Held: float64(w.Held), Booked: float64(w.Booked),
		})
	}
	return out, nil
}

// CountSlots counts free slots.
func (d *door) CountSlots(ctx context.Context, p oas.CountSlotsParams) (*oas.CountSlotsOK, error) {
	q, err := slotQuery(p.LocationID, p.PractitionerID, p.AppointmentTypeID, p.StartDate.Value, p.EndDate.Value)
	if err != nil {
		return nil, err
	}
	n, err := d.core.Diary.CountSlots(ctx, q)
	if err != nil {
		return nil, err
	}
	return &oas.CountSlotsOK{Count: float64(n)}, nil
}

// GetSlot finds one free slot.
func (d *door) GetSlot(ctx context.Context, p oas.GetSlotParams) (*oas.Slot, error) {
	s, err := d.core.Diary.Slot(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return slot(s), nil
}
