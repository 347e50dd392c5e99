package staff

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/input"
	"frontdesk/core/team"
	"frontdesk/rest/oas"
	"frontdesk/rest/wire"
)

// ListAdminTeams lists teams.
func (o Operations) ListAdminTeams(ctx context.Context, p oas.ListAdminTeamsParams) (*oas.ListAdminTeamsOK, error) {
	var wrong input.Checks
	q := team.Query{Staff: wire.FilterID[account.StaffID](&wrong, "admin_id", p.AdminID),
		Offset: p.PageIndex.Value * p.PageSize.Value, Limit: p.PageSize.Value}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	found, count, err := o.Core.Team.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &oas.ListAdminTeamsOK{Data: make([]oas.AdminTeam, len(found)), Count: float64(count)}
	for i, t := range found {
		out.Data[i] = *teamOf(t)
	}
	return out, nil
}

// CreateAdminTeam makes a team.
func (o Operations) CreateAdminTeam(
	ctx context.Context, in *oas.AdminTeamRequest, _ oas.CreateAdminTeamParams,
) (*oas.AdminTeam, error) {
	c, err := teamChange(oas.NewOptString(in.Name), in.MemberIds)
	if err != nil {
		return nil, err
	}
	return answered(o.Core.Team.Create(ctx, c))
}

// GetAdminTeam finds a team.
func (o Operations) GetAdminTeam(ctx context.Context, p oas.GetAdminTeamParams) (*oas.AdminTeam, error) {
	return answered(o.Core.Team.Find(ctx, wire.ID[team.ID](p.ID)))
}

// UpdateAdminTeam changes a team.
func (o Operations) UpdateAdminTeam(
	ctx context.Context, in *oas.AdminTeamUpdate, p oas.UpdateAdminTeamParams,
) (*oas.AdminTeam, error) {
	c, err := teamChange(in.Name, in.MemberIds)
	if err != nil {
		return nil, err
	}
	return answered(o.Core.Team.Update(ctx, wire.ID[team.ID](p.ID), c))
}

// ArchiveAdminTeam archives a team.
func (o Operations) ArchiveAdminTeam(ctx context.Context, p oas.ArchiveAdminTeamParams) (*oas.AdminTeam, error) {
	return answered(o.Core.Team.Archive(ctx, wire.ID[team.ID](p.ID)))
}

func teamChange(name oas.OptString, members []oas.ID) (team.Change, error) {
	var wrong input.Checks
	c := team.Change{Name: wire.Ptr(name.Get())}
	if members != nil {
		ids := wire.IDs[account.StaffID](&wrong, "member_ids", members)
		c.Members = &ids
	}
	return c, wrong.Err()
}

func answered(t team.Team, err error) (*oas.AdminTeam, error) {
	if err != nil {
		return nil, err
	}
	return teamOf(t), nil
}

func teamOf(t team.Team) *oas.AdminTeam {
	out := &oas.AdminTeam{ID: wire.Digits(t.ID), Name: t.Name, MemberIds: make([]oas.ID, len(t.Members)),
		ArchivedAt: wire.Instant(t.ArchivedAt), CreatedAt: t.CreatedAt.UTC(), UpdatedAt: t.UpdatedAt.UTC()}
	for i, id := range t.Members {
		out.MemberIds[i] = wire.Digits(id)
	}
	return out
}
