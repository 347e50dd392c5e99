package practice

import (
	"context"
	"encoding/json"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"frontdesk/core/account"
	"frontdesk/core/practice"
	"frontdesk/graph/gql"
	"frontdesk/graph/scalar"
	"frontdesk/graph/wire"
)

func user(s account.Staff) *gql.User {
	out := &gql.User{
		ID: wire.Encode(wire.KindUser, s.ID), Title: wire.Text(s.Title), FirstName: s.FirstName, LastName: s.LastName,
		Gender:   wire.Text(s.Gender),
		Pronouns: wire.Text(s.Pronouns), Email: s.Email, FullName: s.Name(), IsDoctor: &s.Clinician,
		Qualifications: wire.Text(s.Qualifications),
		Registration:   wire.Text(s.Registration), Deleted: new(!s.DeletedAt.IsZero()),
		MinimumTreatmentAge: s.MinimumAge,
		CreatedAt:           scalar.Of(s.CreatedAt), UpdatedAt: scalar.Of(s.UpdatedAt),
		PositionTitle:      wire.Text(s.PositionTitle),
		MedicalSpecialties: []*string{},
	}
	for _, x := range s.Specialties {
		out.MedicalSpecialties = append(out.MedicalSpecialties, &x)
	}
	return out
}

// UserByID finds a member of staff along with others that are asked for.
func (d Resolver) UserByID(ctx context.Context, id account.StaffID) (*gql.User, error) {
	if id == 0 {
		return nil, nil
	}
	return wire.Loader(ctx, "users", func(ctx context.Context,
		ids []account.StaffID) (map[account.StaffID]*gql.User, error) {
		all, err := d.Core.Account.Staff(ctx, ids)
		out := make(map[account.StaffID]*gql.User, len(all))
		for _, s := range all {
			out[s.ID] = user(s)
		}
		return out, err
	}).Load(ctx, id)
}

// User finds one member of staff.
func (q Query) User(ctx context.Context, id string) (*gql.User, error) {
	n, err := wire.Known[account.StaffID](wire.KindUser, id)
	if err != nil {
		return nil, err
	}
	all, err := q.Core.Account.Staff(ctx, []account.StaffID{n})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return user(all[0]), nil
}

// Users lists the staff.
func (q Query) Users(
	ctx context.Context, pagination *gql.Pagination, options *gql.UsersQueryOptions, filters *gql.UsersQueryFilters,
) (*gql.UserData, error) {
	if options == nil {
		options = &gql.UsersQueryOptions{}
	}
	p, l, err := q.Narrowed(ctx, pagination, options.IncludeDeleted.Value(), options.CreatedAt.Value(),
		options.UpdatedAt.Value())
	if err != nil {
		return nil, err
	}
	ask := account.Query{Deleted: l.Deleted, Created: l.Created, Updated: l.Updated, Offset: p.Offset(),
		Limit: p.More(), Invited: wire.Deref(options.IncludeUnvalidated.Value())}
	if wire.Deref(options.CliniciansOnly.Value()) {
		ask.Clinician = new(true)
	}
	if filters != nil && filters.IsClinician.Value() != nil {
		ask.Clinician = filters.IsClinician.Value()
	}
	all, err := q.Core.Account.List(ctx, ask)
	if err != nil {
		return nil, err
	}
	all, more := wire.Cut(all, p.Size)
	out := &gql.UserData{Data: make([]*gql.User, len(all)), PageInfo: p.Info(more)}
	for i, s := range all {
		out.Data[i] = user(s)
	}
	return out, nil
}

// AccessGroups are those a user is in.
func (f UserFields) AccessGroups(ctx context.Context, obj *gql.User) ([]*gql.UserAccessGroup, error) {
	_, id, _ := wire.Decode(obj.ID)
	all, err := wire.Loader(ctx, "groups of users", f.Core.Account.AccessGroupsOf).Load(ctx, account.StaffID(id))
	out := make([]*gql.UserAccessGroup, len(all))
	for i, g := range all {
		out[i] = &gql.UserAccessGroup{ID: wire.Encode(wire.KindAccessGroup, g.ID), Name: g.Name, Label: g.Label}
	}
	return out, err
}

// Metadata is what other programs keep with a user.
func (f UserFields) Metadata(ctx context.Context, obj *gql.User) ([]*gql.MetadataEntry, error) {
	return f.MetadataOf(ctx, practice.OfStaff, obj.ID)
}

// wanted is what an input asks for a member of staff.
type wanted struct {
	gql.UpdateUserInput
}

// CreateUser adds a member of staff.
func (m Mutation) CreateUser(ctx context.Context, in gql.CreateUserInput) (*gql.UserResponsePayload, error) {
	c, err := wanted{gql.UpdateUserInput{
		FirstName: graphql.OmittableOf(&in.FirstName), LastName: graphql.OmittableOf(&in.LastName),
		Email: graphql.OmittableOf(&in.Email),
		Role:  graphql.OmittableOf(&in.Role), Title: in.Title, Pronouns: in.Pronouns, Gender: in.Gender,
		MobileNumber: in.MobileNumber,
		IsDoctor:     in.IsDoctor, Qualifications: in.Qualifications, Registration: in.Registration,
		MedicalSpecialties:  in.MedicalSpecialties,
		MinimumTreatmentAge: in.MinimumTreatmentAge, IsLocum: in.IsLocum, LocumFor: in.LocumFor,
		LocumStartDate: in.LocumStartDate,
		LocumEndDate:   in.LocumEndDate, PositionTitle: in.PositionTitle, Position: in.Position,
		AutomaticDocumentSigning: in.AutomaticDocumentSigning,
		Integrations:             in.Integrations, FrenchCompliance: in.FrenchCompliance,
		AccessGroupIds:             in.AccessGroupIds,
		EnableAllPublicAccessGroup: in.EnableAllPublicAccessGroup, Services: in.Services, Settings: in.Settings,
		Notifications: in.Notifications,
	}}.change(nil)
	if err != nil {
		return nil, err
	}
	s, err := m.Core.Account.Add(ctx, c)
	return &gql.UserResponsePayload{Data: user(s)}, err
}

// UpdateUser changes a member of staff.
func (m Mutation) UpdateUser(ctx context.Context, id string, in gql.UpdateUserInput) (*gql.UserResponsePayload, error) {
	n, err := wire.Known[account.StaffID](wire.KindUser, id)
	if err != nil {
		return nil, err
	}
	was, err := m.Core.Account.Staff(ctx, []account.StaffID{n})
	if err == nil && len(was) == 0 {
		err = account.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	c, err := wanted{in}.change(was[0].Settings)
	if err != nil {
		return nil, err
	}
	s, err := m.Core.Account.Change(ctx, n, c)
	return &gql.UserResponsePayload{Data: user(s)}, err
}

// DeleteUser takes a member of staff away.
func (m Mutation) DeleteUser(ctx context.Context, id string) (*gql.UserResponsePayload, error) {
	n, err := wire.Known[account.StaffID](wire.KindUser, id)
	if err != nil {
		return nil, err
	}
	s, err := m.Core.Account.Delete(ctx, n)
	return &gql.UserResponsePayload{Data: user(s)}, err
}

// change reads the input. was are the settings so far.
func (in wanted) change(was json.RawMessage) (account.Change, error) {
	c := account.Change{
		Title: wire.Change(in.Title), FirstName: wire.Change(in.FirstName), LastName: wire.Change(in.LastName),
		Email: wire.Change(in.Email), Role: wire.Change(in.Role),
		Qualifications: wire.Change(in.Qualifications), Registration: wire.Change(in.Registration),
		PositionTitle: wire.Change(in.PositionTitle),
		Position:      wire.Change(in.Position), Gender: wire.ChangeEnum(in.Gender),
		Pronouns:   wire.ChangeEnum(in.Pronouns),
		Clinician:  in.IsDoctor.Value(),
		SignsAlone: in.AutomaticDocumentSigning.Value(), LocumFrom: moment(in.LocumStartDate),
		LocumUntil: moment(in.LocumEndDate),
		AllPublic:  wire.Deref(in.EnableAllPublicAccessGroup.Value()),
	}
	if v, set := in.MobileNumber.ValueOK(); set {
		c.Mobile = new("")
		if v != nil {
			c.Mobile = new(wire.Word(v.CountryCode) + v.Number)
		}
	}
	if v, set := in.MedicalSpecialties.ValueOK(); set {
		c.Specialties = &v
	}
	if v, set := in.MinimumTreatmentAge.ValueOK(); set {
		c.MinimumAge = &v
	}
	if v, set := in.LocumFor.ValueOK(); set {
		c.LocumFor = new(account.StaffID(0))
		if v != nil {
			id, err := wire.Known[account.StaffID](wire.KindUser, *v)
			if err == nil && id == 0 {
				err = account.ErrNotFound
			}
			if err != nil {
				return c, err
			}
			c.LocumFor = &id
		}
	}
	if v := in.IsLocum.Value(); v != nil && !*v {
		c.LocumFor, c.LocumFrom, c.LocumUntil = new(account.StaffID(0)), new(time.Time{}), new(time.Time{})
	}
	if v, set := in.AccessGroupIds.ValueOK(); set {
		groups := make([]account.GroupID, len(v))
		for i, s := range v {
			id, err := wire.Known[account.GroupID](wire.KindAccessGroup, s)
			if err != nil {
				return c, err
			}
			groups[i] = id
		}
		c.Groups = &groups
	}
	return c, in.settings(was, &c)
}

// settings merges what is only kept for other programs into what was kept.
func (in wanted) settings(was json.RawMessage, c *account.Change) error {
	all := map[string]any{}
	if len(was) > 0 {
		if err := json.Unmarshal(was, &all); err != nil {
			return err
		}
	}
	changed := false
	for name, v := range map[string]interface {
		value() (any, bool)
	}{
		"integrations":     kept[gql.UserIntegrationsInput]{in.Integrations},
		"frenchCompliance": kept[gql.UserFrenchComplianceInput]{in.FrenchCompliance},
		"services":         kept[gql.UserServicesInput]{in.Services},
		"settings":         kept[gql.UserSettingsInput]{in.Settings},
		"notifications":    kept[gql.UserNotificationsInput]{in.Notifications},
	} {
		if value, set := v.value(); set {
			all[name], changed = value, true
		}
	}
	if !changed {
		return nil
	}
	b, err := json.Marshal(all)
	c.Settings = b
	return err
}

type kept[T any] struct{ graphql.Omittable[*T] }

func (k kept[T]) value() (any, bool) {
	v, set := k.ValueOK()
	return v, set
}

// moment is a true moment to set; null clears it.
func moment(o graphql.Omittable[*scalar.Moment]) *time.Time {
	v, set := o.ValueOK()
	switch {
	case !set:
		return nil
	case v == nil:
		return &time.Time{}
	}
	return new(v.T.UTC())
}
