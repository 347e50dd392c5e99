package team

import (
	"context"

	"frontdesk/core/account"
	"frontdesk/core/assignee"
	"frontdesk/core/input"
	"frontdesk/core/practice"
	"frontdesk/core/team"

	"frontdesk/store"
	assigneestore "frontdesk/store/assignee"
	"frontdesk/store/value"
)

const teamColumns = `id, name, archived_at, version, created_at, updated_at`

func scanTeam(scan store.Scanner) (team.Team, error) {
	var t team.Team
	err := scan(&t.ID, &t.Name, value.When(&t.ArchivedAt), &t.Version, value.When(&t.CreatedAt),
		value.When(&t.UpdatedAt))
	return t, err
}

const selectTeams = `SELECT ` + teamColumns + ` FROM admin_team WHERE practice_group_id = $1 AND id IN `

// Teams finds teams by id, with their members.
func (t *Tx) Teams(ctx context.Context, group practice.ID, ids []team.ID) ([]team.Team, error) {
	found, err := store.ListAmong(ctx, t.Conn, store.Among(selectTeams+store.Few2, selectTeams+store.Many2),
		store.In{group}, ids, scanTeam)
	if err != nil {
		return nil, err
	}
	return found, t.members(ctx, group, found)
}

const selectMembers = `SELECT m.team_id, m.staff_id FROM admin_team_member m JOIN staff s
	ON s.practice_group_id = m.practice_group_id AND s.id = m.staff_id AND s.deleted_at IS NULL
	WHERE m.practice_group_id = $1 AND m.team_id IN `

// members adds the members of teams, without those who have left.
func (t *Tx) members(ctx context.Context, group practice.ID, teams []team.Team) error {
	ids := make([]team.ID, len(teams))
	for i, one := range teams {
		ids[i] = one.ID
	}
	of, err := store.ByOwner(store.ListAmong(ctx, t.Conn,
		store.Among(selectMembers+store.Few2+` ORDER BY m.team_id, m.staff_id`,
			selectMembers+store.Many2+` ORDER BY m.team_id, m.staff_id`), store.In{group}, ids,
		func(scan store.Scanner) (store.Owned[team.ID, account.StaffID], error) {
			var o store.Owned[team.ID, account.StaffID]
			err := scan(&o.Of, &o.Thing)
			return o, err
		}))
	for i := range teams {
		teams[i].Members = of[teams[i].ID]
	}
	return err
}

const (
	countTeams = `SELECT count(*) FROM (SELECT 1 FROM admin_team WHERE practice_group_id = $1
		AND archived_at IS NULL LIMIT $2) AS matches`
	listTeams = `SELECT ` + teamColumns + ` FROM admin_team WHERE practice_group_id = $1 AND archived_at IS NULL
		ORDER BY name_key LIMIT $2 OFFSET $3`
	countTeamsOf = `SELECT count(*) FROM (SELECT 1 FROM admin_team_member m JOIN admin_team a
		ON a.practice_group_id = m.practice_group_id AND a.id = m.team_id AND a.archived_at IS NULL
		WHERE m.practice_group_id = $1 AND m.staff_id = $3 LIMIT $2) AS matches`
	listTeamsOf = `SELECT a.id, a.name, a.archived_at, a.version, a.created_at, a.updated_at
		FROM admin_team_member m JOIN admin_team a
		ON a.practice_group_id = m.practice_group_id AND a.id = m.team_id AND a.archived_at IS NULL
		WHERE m.practice_group_id = $1 AND m.staff_id = $4 ORDER BY m.team_id LIMIT $2 OFFSET $3`
)

// TeamList lists teams by name; those of a member of staff in the order of their ids.
func (t *Tx) TeamList(ctx context.Context, group practice.ID, q team.Query) ([]team.Team, int, error) {
	counting, listing := countTeams, listTeams
	var of store.In
	if q.Staff != 0 {
		counting, listing, of = countTeamsOf, listTeamsOf, store.In{q.Staff}
	}
	count := 0
	if _, err := t.One(ctx, counting, append(store.In{group, input.CountTo(q.Offset, q.Limit)}, of...),
		&count); err != nil {
		return nil, 0, err
	}
	found, err := store.List(ctx, t.Conn, listing, append(store.In{group, q.Limit, q.Offset}, of...), scanTeam)
	if err != nil {
		return nil, 0, err
	}
	return found, count, t.members(ctx, group, found)
}

// LockTeam keeps others from changing a team or from giving it work, and finds it.
func (t *Tx) LockTeam(ctx context.Context, group practice.ID, id team.ID) (team.Team, error) {
	if _, err := t.Exec(ctx, `UPDATE admin_team SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return team.Team{}, err
	}
	found, err := t.Teams(ctx, group, []team.ID{id})
	if err == nil && len(found) == 0 {
		return team.Team{}, team.ErrNotFound
	}
	if err != nil {
		return team.Team{}, err
	}
	return found[0], nil
}

// SaveTeam keeps a team and its members. The practice group is locked while its name is compared with the others'.
func (t *Tx) SaveTeam(ctx context.Context, group practice.ID, v team.Team) error {
	var other int64
	if _, err := t.One(ctx, `SELECT practice_group_id FROM practice_group WHERE practice_group_id = $1`+
		store.Take(t.Conn), store.In{group}, &other); err != nil {
		return err
	}
	key := store.NameKey(v.Name)
	taken, err := t.One(ctx, `SELECT id FROM admin_team WHERE practice_group_id = $1 AND name_key = $2 AND id <> $3
		AND archived_at IS NULL`, store.In{group, key, v.ID}, &other)
	if err != nil {
		return err
	}
	if taken && !v.Archived() {
		return team.ErrNameTaken
	}
	if _, err = t.Exec(ctx, `INSERT INTO admin_team (practice_group_id, id, name, name_key, archived_at, version,
			created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $3, name_key = $4, archived_at = $5, version = $6,
		updated_at = $8`, group, v.ID, v.Name, key, value.At(v.ArchivedAt), v.Version, v.CreatedAt,
		v.UpdatedAt); err != nil {
		return err
	}
	if _, err = t.Exec(ctx, `DELETE FROM admin_team_member WHERE practice_group_id = $1 AND team_id = $2`, group,
		v.ID); err != nil {
		return err
	}
	rows := make([]store.In, len(v.Members))
	for i, id := range v.Members {
		rows[i] = store.In{group, v.ID, id}
	}
	return store.Insert(ctx, t.Conn, `INSERT INTO admin_team_member (practice_group_id, team_id, staff_id)
		VALUES ($1, $2, $3)`, rows)
}

// UsesOf counts the work that is given to a team.
func (t *Tx) UsesOf(ctx context.Context, group practice.ID, id team.ID) (of team.Uses, err error) {
	if of.Work, err = assigneestore.On(t.Conn).WorkOf(ctx, group, assignee.ToTeam(id)); err != nil {
		return of, err
	}
	_, err = t.One(ctx, `SELECT count(*) FROM appointment_type WHERE practice_group_id = $1 AND assignee_id = $2
		AND assignee_type = 'AdminTeam' AND active`, store.In{group, id}, &of.Types)
	return of, err
}
