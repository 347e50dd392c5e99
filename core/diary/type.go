package diary

import (
	"context"
	"slices"
	"strconv"
	"time"

	"frontdesk/core/access"
	"frontdesk/core/assignee"
	"frontdesk/core/fault"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/write"
)

// TypeID names an appointment type.
type TypeID int64

// String gives the id as digits.
func (id TypeID) String() string { return strconv.FormatInt(int64(id), 10) }

// Type is a kind of appointment patients can have.
type Type struct {
	ID   TypeID `json:"id"`
	Name string `json:"name"`
	// PartnerSlotName is what the practice's record system calls such a slot.
	PartnerSlotName string              `json:"partner_slot_name"`
	Price           int                 `json:"price"` // in pence
	Sector          practice.Sector     `json:"sector"`
	Minutes         int                 `json:"duration"`
	Profession      practice.Profession `json:"practitioner_type"`
	Modes
	UsePartnerSlots bool `json:"use_partner_bookable_slots"`
	InvoiceRequired bool `json:"admin_booking_invoice_required"`
	// Assignee is to whom the work around such appointments is given.
	Assignee assignee.Ref `json:"assignee,omitzero"`
	// Form is the form that patients fill in before such an appointment; 0 is none.
	Form int64 `json:"form_id,omitempty"`
	// VAT is the rate, 200 for 20 per cent; nil is the practice's own.
	VAT       *int      `json:"vat_permille"`
	Active    bool      `json:"active"` // an inactive type offers no slots
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Length is how long such an appointment lasts.
func (t Type) Length() time.Duration { return time.Duration(t.Minutes) * time.Minute }

// Modes are the ways an appointment can take place.
type Modes struct {
	Video     bool `json:"video"`
	InPerson  bool `json:"in_person"`
	Telephone bool `json:"telephone"`
}

// maxMinutes is MaxLength in minutes.
const maxMinutes = int(MaxLength / time.Minute)

// TypeChange is what to set of an appointment type; nil leaves a thing as it is.
type TypeChange struct {
	Name, PartnerSlotName                                                *string
	Price, Minutes                                                       *int
	Sector                                                               *practice.Sector
	Profession                                                           *practice.Profession
	Video, InPerson, Telephone, UsePartnerSlots, InvoiceRequired, Active *bool
	VAT                                                                  *int
	PracticeVAT                                                          bool // back to the practice's own rate
	Assignee                                                             *assignee.Ref
	Form                                                                 *int64 // 0 is none
}

// Apply sets what is asked for, or says what is wrong with it.
func (c TypeChange) Apply(t *Type) error {
	input.Set(&t.Name, c.Name)
	input.Set(&t.PartnerSlotName, c.PartnerSlotName)
	input.Set(&t.Price, c.Price)
	input.Set(&t.Minutes, c.Minutes)
	input.Set(&t.Sector, c.Sector)
	input.Set(&t.Profession, c.Profession)
	input.Set(&t.Video, c.Video)
	input.Set(&t.InPerson, c.InPerson)
	input.Set(&t.Telephone, c.Telephone)
	input.Set(&t.UsePartnerSlots, c.UsePartnerSlots)
	input.Set(&t.InvoiceRequired, c.InvoiceRequired)
	input.Set(&t.Active, c.Active)
	input.Set(&t.Assignee, c.Assignee)
	input.Set(&t.Form, c.Form)
	if c.VAT != nil || c.PracticeVAT {
		t.VAT = c.VAT
	}
	var in input.Checks
	if t.VAT != nil {
		in.Between("vat_rate", *t.VAT, 0, input.MaxRate)
	}
	t.Name = in.Required("name", t.Name, 200)
	t.PartnerSlotName = in.Text("partner_slot_name", t.PartnerSlotName, 200)
	t.Price = in.Amount("price", t.Price, 0, 10_000_000)
	t.Minutes = in.Between("duration", t.Minutes, 1, maxMinutes)
	t.Sector = input.Choice(&in, "sector", t.Sector, practice.Sectors)
	t.Profession = input.Choice(&in, "practitioner_type", t.Profession, practice.Professions)
	return in.Err()
}

// set sets what is asked for, in a transaction. Errors: field faults, assignee.ErrNotFound.
func (c TypeChange) set(ctx context.Context, e write.Edit[Tx], t *Type) error {
	offered := t.Active
	if err := c.Apply(t); err != nil {
		return err
	}
	if c.Form != nil && *c.Form != 0 {
		there, err := e.Tx.FormPublished(ctx, e.Group(), t.Form)
		if err == nil && !there {
			err = fault.Wrong("form", input.CodeChoice, "a form of this practice group that was published",
				"This practice group has published no such form.")
		}
		if err != nil {
			return err
		}
	}
	if c.Assignee == nil && t.Active && !offered {
		to, err := assignee.IfThere(ctx, e.Tx, e.Group(), t.Assignee) // who may have left while it was not offered
		t.Assignee = to
		return err
	}
	if c.Assignee == nil || c.Assignee.IsZero() {
		return nil
	}
	return assignee.Check(ctx, e.Tx, e.Group(), t.Assignee)
}

// Availability is an appointment type with its free slots, from now to the end of the group's booking window.
type Availability struct {
	Type
	Slots int
	// Next is the first free slot; zero when there is none.
	Next time.Time
}

// TypeQuery says which appointment types to list.
type TypeQuery struct {
	Inactive bool // inactive ones too
	// Slots counts the free slots of each: at Locations, or at every place when none is named.
	Slots     bool
	Locations []practice.LocationID
	// Available leaves only those that have free slots, or those that have none.
	Available *bool
}

// Types lists the group's appointment types by name.
func (s *Service) Types(ctx context.Context, q TypeQuery) ([]Availability, error) {
	who, err := access.Require(ctx, access.SeePractice)
	if err != nil {
		return nil, err
	}
	types, err := s.Store.AppointmentTypes(ctx, who.Group, q.Inactive)
	if err != nil {
		return nil, err
	}
	all := make([]Availability, len(types))
	index := make(map[TypeID]*Availability, len(types))
	for i, t := range types {
		all[i].Type = t
		index[t.ID] = &all[i]
	}
	if !q.Slots {
		return all, nil
	}
	found, err := s.search(ctx, who.Group, SlotQuery{Locations: q.Locations})
	if err != nil {
		return nil, err
	}
	found.diary.each(found.from, found.to, func(sl slot) {
		a := index[sl.kind.ID]
		a.Slots++
		if at := sl.start.time(); a.Next.IsZero() || at.Before(a.Next) {
			a.Next = at
		}
	})
	if q.Available != nil {
		all = slices.DeleteFunc(all, func(a Availability) bool { return (a.Slots > 0) != *q.Available })
	}
	return all, nil
}

var types = write.Kind[Tx, TypeID, Type]{Needs: access.EditAvailability, Save: Tx.SaveAppointmentType,
	Lock: Tx.HoldAppointmentType}

// CreateType adds an appointment type.
func (s *Service) CreateType(ctx context.Context, c TypeChange) (Type, error) {
	id := TypeID(s.NewID())
	return types.Add(ctx, s.Now, s.Store.Do, "appointment_type.create", id, func(e write.Edit[Tx], t *Type) error {
		*t = Type{ID: id, Sector: practice.NHS, Profession: practice.GP, Active: true, CreatedAt: e.Now,
			UpdatedAt: e.Now}
		return c.set(ctx, e, t)
	})
}

// UpdateType changes an appointment type. Appointments already made keep the length and the modes they were made with.
func (s *Service) UpdateType(ctx context.Context, id TypeID, c TypeChange) (Type, error) {
	return types.Change(ctx, s.Now, s.Store.Do, "appointment_type.update", id, func(e write.Edit[Tx], t *Type) error {
		t.UpdatedAt = e.Now
		return c.set(ctx, e, t)
	})
}
