package booking

import (
	"context"
	"strconv"
	"time"

	"frontdesk/core/assignee"
	"frontdesk/core/diary"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

func typeSetup(t diary.Type) *oas.AppointmentTypeSetup {
	return &oas.AppointmentTypeSetup{
		ID: wire.Digits(t.ID), Name: t.Name, PartnerSlotName: t.PartnerSlotName, Price: float64(t.Price),
		Sector:   oas.Sector(t.Sector),
		Duration: float64(t.Minutes), Video: t.Video, InPerson: t.InPerson, Telephone: t.Telephone,
		UsePartnerBookableSlots:     t.UsePartnerSlots,
		AdminBookingInvoiceRequired: t.InvoiceRequired, PractitionerType: oas.PractitionerType(t.Profession),
		Active:     t.Active,
		VatRate:    percent(t.VAT),
		AssigneeID: wire.AssigneeID(t.Assignee), FormID: oas.OptNilString{Value: formID(t.Form).Value, Set: true,
			Null: t.Form == 0},
		AssigneeType: oas.OptNilAppointmentTypeSetupAssigneeType{Set: true, Null: t.Assignee.IsZero(),
			Value: oas.AppointmentTypeSetupAssigneeType(t.Assignee.Kind)},
	}
}

// formID is the form that goes with a type of appointment; null for none.
func formID(id int64) oas.NilString {
	return oas.NilString{Value: strconv.FormatInt(id, 10), Null: id == 0}
}

// assigneeID is the id of an assignee to answer with; null for none.
func assigneeID(r assignee.Ref) oas.NilString {
	id := wire.AssigneeID(r)
	return oas.NilString{Value: id.Value, Null: id.Null}
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
		Name: wire.Ptr(in.Name.Get()), PartnerSlotName: wire.Ptr(in.PartnerSlotName.Get()),
		Price:      wire.Ptr(in.Price.Get()),
		Minutes:    wire.Ptr(in.Duration.Get()),
		Sector:     wire.As[practice.Sector](in.Sector.Get()),
		Profession: wire.As[practice.Profession](in.PractitionerType.Get()),
		Video:      wire.Ptr(in.Video.Get()), InPerson: wire.Ptr(in.InPerson.Get()),
		Telephone:       wire.Ptr(in.Telephone.Get()),
		UsePartnerSlots: wire.Ptr(in.UsePartnerBookableSlots.Get()),
		InvoiceRequired: wire.Ptr(in.AdminBookingInvoiceRequired.Get()),
		Active:          wire.Ptr(in.Active.Get()),
		PracticeVAT:     in.VatRate.Null,
	}
	if rate, ok := in.VatRate.Get(); ok {
		c.VAT = wire.Ptr(check.Rate("vat_rate", rate), true)
	}
	if in.FormID.Set {
		id := int64(0)
		if !in.FormID.Null {
			id = wire.FieldID[int64](&check, "form_id", in.FormID.Value)
		}
		c.Form = &id
	}
	if in.AssigneeID.Set || in.AssigneeType.Set {
		to := wire.Assignee(&check, in.AssigneeType.Value, in.AssigneeID.Value)
		c.Assignee = &to
	}
	return c, check.Err()
}

// ListAppointmentTypes lists appointment types with their free slots.
func (o Operations) ListAppointmentTypes(
	ctx context.Context, p oas.ListAppointmentTypesParams,
) (*oas.ListAppointmentTypesOK, error) {
	var in input.Checks
	at := wire.IDs[practice.LocationID](&in, "location_ids", p.LocationIds)
	if err := in.Err(); err != nil {
		return nil, err
	}
	all, err := o.Core.Diary.Types(ctx, diary.TypeQuery{Inactive: p.IncludeInactive.Value, Slots: true, Locations: at,
		Available: wire.Ptr(p.HasAvailability.Get())})
	if err != nil {
		return nil, err
	}
	out := &oas.ListAppointmentTypesOK{Data: make([]oas.AppointmentType, len(all)), Count: float64(len(all))}
	for i, t := range all {
		out.Data[i] = oas.AppointmentType{
			ID: t.ID.String(), Name: t.Name, PartnerSlotName: t.PartnerSlotName, NextAvailableAt: wire.Instant(t.Next),
			SlotCount: float64(t.Slots),
			Price:     float64(t.Price), AssigneeID: assigneeID(t.Assignee),
			AssigneeType: oas.NilAppointmentTypeAssigneeType{Value: oas.AppointmentTypeAssigneeType(t.Assignee.Kind),
				Null: t.Assignee.IsZero()},
			Sector: oas.NewOptSector(oas.Sector(t.Sector)), Duration: float64(t.Minutes),
			Video:    oas.NewOptBool(t.Video),
			InPerson: oas.NewOptBool(t.InPerson), Telephone: oas.NewOptBool(t.Telephone),
			UsePartnerBookableSlots:     t.UsePartnerSlots,
			AdminBookingInvoiceRequired: oas.NewOptBool(t.InvoiceRequired), FormID: formID(t.Form),
			PractitionerType: oas.PractitionerType(t.Profession), Active: oas.NewOptBool(t.Active),
			VatRate: percent(t.VAT),
		}
	}
	return out, nil
}

// CreateAppointmentType adds an appointment type.
func (o Operations) CreateAppointmentType(
	ctx context.Context, in *oas.AppointmentTypeInput, _ oas.CreateAppointmentTypeParams,
) (*oas.AppointmentTypeSetup, error) {
	c, err := typeChange(in)
	if err != nil {
		return nil, err
	}
	t, err := o.Core.Diary.CreateType(ctx, c)
	if err != nil {
		return nil, err
	}
	return typeSetup(t), nil
}

// UpdateAppointmentType changes an appointment type.
func (o Operations) UpdateAppointmentType(
	ctx context.Context, in *oas.AppointmentTypeInput, p oas.UpdateAppointmentTypeParams,
) (*oas.AppointmentTypeSetup, error) {
	c, err := typeChange(in)
	if err != nil {
		return nil, err
	}
	t, err := o.Core.Diary.UpdateType(ctx, wire.ID[diary.TypeID](p.ID), c)
	if err != nil {
		return nil, err
	}
	return typeSetup(t), nil
}

func session(s diary.Session) *oas.Session {
	out := &oas.Session{
		ID: wire.Digits(s.ID), PractitionerID: wire.Digits(s.Practitioner), LocationID: wire.Digits(s.Location),
		AppointmentTypeIds: make([]oas.ID, len(s.Types)),
		StartDate:          oas.Date(s.Start.String()), StartTime: diary.Clock(s.From), EndTime: diary.Clock(s.To),
		SlotLength: float64(s.Step),
		Recurrence: oas.NilString{Value: s.Rule, Null: s.Rule == ""},
		EndDate:    oas.NilString{Value: s.Until.String(), Null: s.Until == input.NoDate},
		Timezone:   s.TimeZone, RunsOnBankHolidays: s.WorksHolidays,
		Exceptions: make([]oas.SessionException, len(s.Exceptions)),
	}
	for i, t := range s.Types {
		out.AppointmentTypeIds[i] = wire.Digits(t)
	}
	for i, e := range s.Exceptions {
		out.Exceptions[i] = oas.SessionException{StartDate: oas.Date(e.From.String()),
			EndDate: oas.NewOptDate(oas.Date(e.To.String())), Reason: wire.String(e.Reason)}
	}
	return out
}

func sessionChange(in *oas.SessionInput) (diary.SessionChange, error) {
	var check input.Checks
	c := diary.SessionChange{
		StartDate: diary.ReadDate(&check, "start_date", wire.As[string](in.StartDate.Get())),
		From:      diary.ReadTime(&check, "start_time", wire.Ptr(in.StartTime.Get()), false),
		To:        diary.ReadTime(&check, "end_time", wire.Ptr(in.EndTime.Get()), true),
		Step:      wire.Ptr(in.SlotLength.Get()),
		TimeZone:  wire.Ptr(in.Timezone.Get()), WorksHolidays: wire.Ptr(in.RunsOnBankHolidays.Get()),
	}
	if in.Recurrence.Set {
		c.Rule = &in.Recurrence.Value // null is no rule
	}
	if in.PractitionerID.Set {
		c.Practitioner = wire.Ptr(wire.FieldID[practice.PractitionerID](&check, "practitioner_id",
			string(in.PractitionerID.Value)), true)
	}
	if in.LocationID.Set {
		c.Location = wire.Ptr(wire.FieldID[practice.LocationID](&check, "location_id", string(in.LocationID.Value)),
			true)
	}
	if in.AppointmentTypeIds != nil {
		c.Types = wire.Ptr(wire.IDs[diary.TypeID](&check, "appointment_type_ids", in.AppointmentTypeIds), true)
	}
	if in.Exceptions != nil {
		list := make([]diary.Exception, len(in.Exceptions))
		for i, e := range in.Exceptions {
			at := "exceptions." + strconv.Itoa(i)
			from := check.Date(at+".start_date", string(e.StartDate))
			list[i] = diary.Exception{From: from, To: from, Reason: e.Reason.Value}
			if e.EndDate.Set {
				list[i].To = check.Date(at+".end_date", string(e.EndDate.Value))
			}
		}
		c.Exceptions = &list
	}
	return c, check.Err()
}

// ListSessions lists sessions that have not ended.
func (o Operations) ListSessions(ctx context.Context, p oas.ListSessionsParams) (*oas.ListSessionsOK, error) {
	since := input.DateOf(o.Core.Diary.Now().In(time.UTC))
	var in input.Checks
	if p.Since.Set {
		since = in.Date("since", string(p.Since.Value))
	}
	q := diary.SessionQuery{Since: &since}
	if of := wire.FilterID[practice.PractitionerID](&in, "practitioner_id", p.PractitionerID); of != 0 {
		q.Practitioners = []practice.PractitionerID{of}
	}
	if err := in.Err(); err != nil {
		return nil, err
	}
	all, _, err := o.Core.Diary.Sessions(ctx, q)
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
func (o Operations) GetSession(ctx context.Context, p oas.GetSessionParams) (*oas.Session, error) {
	s, err := o.Core.Diary.Session(ctx, wire.ID[diary.SessionID](p.ID), false)
	if err != nil {
		return nil, err
	}
	return session(s), nil
}

// CreateSession adds a session.
func (o Operations) CreateSession(
	ctx context.Context, in *oas.SessionInput, _ oas.CreateSessionParams,
) (*oas.Session, error) {
	c, err := sessionChange(in)
	if err != nil {
		return nil, err
	}
	s, err := o.Core.Diary.CreateSession(ctx, c)
	if err != nil {
		return nil, err
	}
	return session(s), nil
}

// UpdateSession changes a session.
func (o Operations) UpdateSession(
	ctx context.Context, in *oas.SessionInput, p oas.UpdateSessionParams,
) (*oas.Session, error) {
	c, err := sessionChange(in)
	if err != nil {
		return nil, err
	}
	of, err := o.Core.Diary.Session(ctx, wire.ID[diary.SessionID](p.ID), false)
	if err != nil {
		return nil, err
	}
	s, err := o.Core.Diary.ChangeSession(ctx, of.ID, c)
	if err != nil {
		return nil, err
	}
	return session(s), nil
}

// DeleteSession ends a session.
func (o Operations) DeleteSession(ctx context.Context, p oas.DeleteSessionParams) (*oas.Done, error) {
	of, err := o.Core.Diary.Session(ctx, wire.ID[diary.SessionID](p.ID), false)
	if err != nil {
		return nil, err
	}
	if _, err := o.Core.Diary.DeleteSession(ctx, of.ID); err != nil {
		return nil, err
	}
	return &oas.Done{Success: true}, nil
}

// Slots are slots to answer with.
func Slots(from []diary.Slot) []oas.Slot {
	out := make([]oas.Slot, len(from))
	for i, s := range from {
		out[i] = *slot(s)
	}
	return out
}

func slot(s diary.Slot) *oas.Slot {
	return &oas.Slot{
		ID: oas.ID(s.ID), PractitionerID: wire.Digits(s.Practitioner), AppointmentTypeID: wire.Digits(s.Type),
		LocationID: wire.Digits(s.Location),
		StartTime:  s.Start, FinishTime: s.End,
	}
}

// slotQuery is what free slots are wanted.
func slotQuery(places, people, types []oas.ID, from, to string) (diary.SlotQuery, error) {
	var in input.Checks
	q := diary.SlotQuery{
		Locations:     wire.IDs[practice.LocationID](&in, "location_id", places),
		Practitioners: wire.IDs[practice.PractitionerID](&in, "practitioner_id", people),
		Types:         wire.IDs[diary.TypeID](&in, "appointment_type_id", types), From: diary.ReadMoment(&in,
			"start_date", from),
		To: diary.ReadMoment(&in, "end_date", to),
	}
	return q, in.Err()
}

// ListSlots lists free slots.
func (o Operations) ListSlots(ctx context.Context, p oas.ListSlotsParams) (*oas.ListSlotsOK, error) {
	q, err := slotQuery(p.LocationID, p.PractitionerID, p.AppointmentTypeID, p.StartDate.Value, p.EndDate.Value)
	if err != nil {
		return nil, err
	}
	q.Index, q.Size, q.Explain = p.PageIndex.Value, p.PageSize.Value, p.Explain.Value
	page, err := o.Core.Diary.Slots(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &oas.ListSlotsOK{Data: Slots(page.Slots), Count: float64(page.Count)}
	if w := page.Why; w != nil {
		out.Explanation = oas.NewOptSlotExplanation(oas.SlotExplanation{
			Sessions: float64(w.Sessions), SessionDays: float64(w.Days), ClosedDays: float64(w.Closed),
			ExceptionDays: float64(w.Exceptions),
			Past:          float64(w.Past), Blocked: float64(w.Blocked), Held: float64(w.Held),
			Booked: float64(w.Booked),
		})
	}
	return out, nil
}

// CountSlots counts free slots.
func (o Operations) CountSlots(ctx context.Context, p oas.CountSlotsParams) (*oas.CountSlotsOK, error) {
	q, err := slotQuery(p.LocationID, p.PractitionerID, p.AppointmentTypeID, p.StartDate.Value, p.EndDate.Value)
	if err != nil {
		return nil, err
	}
	page, err := o.Core.Diary.Slots(ctx, q)
	if err != nil {
		return nil, err
	}
	return &oas.CountSlotsOK{Count: float64(page.Count)}, nil
}

// GetSlot finds one free slot.
func (o Operations) GetSlot(ctx context.Context, p oas.GetSlotParams) (*oas.Slot, error) {
	s, err := o.Core.Diary.Slot(ctx, p.ID)
	if err != nil {
		return nil, err
	}
	return slot(s), nil
}
