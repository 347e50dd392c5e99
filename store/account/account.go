package account

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"frontdesk/core/account"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/listing"
	"frontdesk/store/value"
)

const selectStaff = `SELECT s.practice_group_id, s.id, s.title, s.first_name, s.last_name, s.email, s.gender,
	s.pronouns, s.mobile, s.qualifications, s.registration,
	s.specialties, s.position_title, s.position, s.minimum_age, s.role, s.password_hash, s.verified_at,
	s.locum_for, s.locum_from, s.locum_until,
	s.signs_alone, s.settings, s.deleted_at, s.version, s.created_at, s.updated_at, p.active
	FROM staff s LEFT JOIN practitioner p ON p.practice_group_id = s.practice_group_id AND p.id = s.id
	WHERE s.practice_group_id = $1`

type staffRow struct {
	group practice.ID
	account.Staff
}

func scanStaffRow(scan store.Scanner) (staffRow, error) {
	var r staffRow
	s := &r.Staff
	var specialties, settings string
	err := scan(&r.group, &s.ID, &s.Title, &s.FirstName, &s.LastName, &s.Email, &s.Gender, &s.Pronouns, &s.Mobile,
		&s.Qualifications, &s.Registration,
		&specialties, &s.PositionTitle, &s.Position, value.Maybe(&s.MinimumAge), &s.Role, &s.PasswordHash,
		value.When(&s.VerifiedAt),
		value.Num(&s.LocumFor),
		value.When(&s.LocumFrom), value.When(&s.LocumUntil), &s.SignsAlone, &settings, value.When(&s.DeletedAt),
		&s.Version,
		value.When(&s.CreatedAt), value.When(&s.UpdatedAt), value.Bool(&s.Clinician))
	if err != nil {
		return r, err
	}
	if settings != "" {
		s.Settings = json.RawMessage(settings)
	}
	if specialties != "" {
		err = json.Unmarshal([]byte(specialties), &s.Specialties)
	}
	return r, err
}

func scanStaff(scan store.Scanner) (account.Staff, error) {
	r, err := scanStaffRow(scan)
	return r.Staff, err
}

// Staff finds members of staff by id.
func (t *Tx) Staff(ctx context.Context, group practice.ID, ids []account.StaffID) ([]account.Staff, error) {
	return store.ListAmong(ctx, t.Conn, store.Among(selectStaff+` AND s.id IN `+store.Few2, selectStaff+` AND s.id IN `+
		store.Many2),
		store.In{group}, ids, scanStaff)
}

// StaffList lists members of staff.
func (t *Tx) StaffList(ctx context.Context, group practice.ID, q account.Query) ([]account.Staff, error) {
	sees, only := false, q.Clinician != nil
	if only {
		sees = *q.Clinician
	}
	return store.ReadPage(ctx, t.Conn, selectStaff+` AND ($2 OR s.deleted_at IS NULL) AND ($3 OR COALESCE(p.active,
		false) = $4) AND ($7 OR s.verified_at IS NOT NULL OR s.email_key = '')
		AND (CAST($8 AS bigint) = 0 OR s.created_at >= $9 AND s.created_at <= $10)
		AND (CAST($11 AS bigint) = 0 OR s.updated_at >= $12 AND s.updated_at <= $13)
		ORDER BY s.id LIMIT $5 OFFSET $6`,
		slices.Concat(store.In{group, q.Deleted, !only, sees, q.Limit, q.Offset, q.Invited},
			listing.Span(q.Created), listing.Span(q.Updated)), scanStaff,
		func(s account.Staff) store.Columns { return store.Columns{"s.id": s.ID} })
}

// StaffByEmail finds who signs in to a group by an address.
func (t *Tx) StaffByEmail(ctx context.Context, group practice.ID, key string) (account.Staff, error) {
	return store.Find(ctx, t.Conn, account.ErrNotFound, selectStaff+` AND s.id IN
		(SELECT staff_id FROM sign_in WHERE email_key = $2 AND practice_group_id = $1)`, store.In{group, key},
		scanStaff)
}

// GroupsByEmail lists groups that an address signs in to.
func (t *Tx) GroupsByEmail(ctx context.Context, key string, limit int) ([]practice.ID, error) {
	return store.List(ctx, t.Conn, `SELECT practice_group_id FROM sign_in WHERE email_key = $1
		ORDER BY practice_group_id LIMIT $2`,
		store.In{key, limit}, func(scan store.Scanner) (id practice.ID, err error) {
			err = scan(&id)
			return id, err
		})
}

// EndSessions ends all sessions of a member of staff.
func (t *Tx) EndSessions(ctx context.Context, group practice.ID, id account.StaffID, now time.Time) (int, error) {
	n, err := t.Exec(ctx, `UPDATE session_token SET revoked_at = $3
		WHERE practice_group_id = $1 AND staff_id = $2 AND revoked_at IS NULL AND expires_at > $3`, group, id, now)
	return int(n), err
}

// LockStaff keeps others from changing a member of staff.
func (t *Tx) LockStaff(ctx context.Context, group practice.ID, id account.StaffID) error {
	n, err := t.Exec(ctx, `UPDATE staff SET version = version WHERE practice_group_id = $1 AND id = $2`, group, id)
	if err == nil && n == 0 {
		return account.ErrNotFound
	}
	return err
}

// SaveStaff keeps a member of staff.
func (t *Tx) SaveStaff(ctx context.Context, group practice.ID, s account.Staff) error {
	key := account.EmailKey(s.Email)
	if _, err := t.Exec(ctx, `DELETE FROM sign_in WHERE practice_group_id = $1 AND staff_id = $2
		AND (email_key <> $3 OR $4)`, group, s.ID, key, !s.DeletedAt.IsZero()); err != nil {
		return err
	}
	if key != "" && s.DeletedAt.IsZero() {
		n, err := t.Exec(ctx, `INSERT INTO sign_in (email_key, practice_group_id, staff_id) VALUES ($1, $2, $3)
			ON CONFLICT (email_key, practice_group_id) DO UPDATE SET staff_id = $3 WHERE sign_in.staff_id = $3`, key,
			group, s.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return account.ErrEmailTaken
		}
	}
	specialties, err := json.Marshal(s.Specialties)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `INSERT INTO staff (practice_group_id, id, title, first_name, last_name, email, email_key,
		gender, pronouns, mobile, qualifications,
			registration, specialties, position_title, position, minimum_age, role, password_hash, verified_at,
			locum_for, locum_from, locum_until,
			signs_alone, settings, deleted_at, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
		$22, $23, $24, $25, $26, $27, $28)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET title = $3, first_name = $4, last_name = $5, email = $6,
		email_key = $7, gender = $8, pronouns = $9,
			mobile = $10, qualifications = $11, registration = $12, specialties = $13, position_title = $14,
			position = $15, minimum_age = $16, role = $17,
			password_hash = $18, verified_at = $19, locum_for = $20, locum_from = $21, locum_until = $22,
			signs_alone = $23, settings = $24,
			deleted_at = $25, version = $26, updated_at = $28`,
		group, s.ID, s.Title, s.FirstName, s.LastName, s.Email, key, s.Gender, s.Pronouns, s.Mobile, s.Qualifications,
		s.Registration, string(specialties),
		s.PositionTitle, s.Position, value.Given(s.MinimumAge), s.Role, s.PasswordHash, value.At(s.VerifiedAt),
		value.Opt(s.LocumFor), value.At(s.LocumFrom),
		value.At(s.LocumUntil), s.SignsAlone,
		string(s.Settings), value.At(s.DeletedAt), s.Version, s.CreatedAt, s.UpdatedAt)
	if err != nil {
		return err
	}
	return t.seesPatients(ctx, group, s)
}

// seesPatients makes, names or puts away the practitioner that a member of staff is.
func (t *Tx) seesPatients(ctx context.Context, group practice.ID, s account.Staff) error {
	n, err := t.Exec(ctx, `UPDATE practitioner SET title = $3, first_name = $4, last_name = $5, active = $6,
		updated_at = $7
		WHERE practice_group_id = $1 AND id = $2`, group, s.ID, s.Title, s.FirstName, s.LastName, s.Clinician &&
		s.DeletedAt.IsZero(), s.UpdatedAt)
	if err != nil || n > 0 || !s.Clinician {
		return err
	}
	return t.AddPractitioner(ctx, group, practice.Practitioner{
		ID: practice.PractitionerID(s.ID), Title: s.Title, FirstName: s.FirstName, LastName: s.LastName,
		Profession: practice.GP,
		Active:     true, CreatedAt: s.UpdatedAt, UpdatedAt: s.UpdatedAt,
	})
}

const invitationColumns = `id, staff_id, hash, state, made_at, expires_at, used_at, ended_at`

// Invitation finds an invitation.
func (t *Tx) Invitation(ctx context.Context, group practice.ID, id account.InvitationID) (account.Invitation, error) {
	return store.Find(ctx, t.Conn, account.ErrInvitation, `SELECT `+invitationColumns+` FROM invitation WHERE
		practice_group_id = $1 AND id = $2`, store.In{group, id},
		func(scan store.Scanner) (account.Invitation, error) {
			var i account.Invitation
			err := scan(&i.ID, &i.Staff, &i.Hash, &i.State, value.When(&i.MadeAt), value.When(&i.ExpiresAt),
				value.When(&i.UsedAt),
				value.When(&i.EndedAt))
			return i, err
		})
}

// SaveInvitation keeps an invitation.
func (t *Tx) SaveInvitation(ctx context.Context, group practice.ID, i account.Invitation) error {
	_, err := t.Exec(ctx, `INSERT INTO invitation (`+invitationColumns+
		`, practice_group_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET hash = $3, state = $4, used_at = $7, ended_at = $8`,
		i.ID, i.Staff, i.Hash, i.State, i.MadeAt, i.ExpiresAt, value.At(i.UsedAt), value.At(i.EndedAt), group)
	return err
}

// SetInvitationState notes the outcome of an invitation's e-mail.
func (t *Tx) SetInvitationState(ctx context.Context, group practice.ID, id account.InvitationID,
	state account.InvitationState) error {
	_, err := t.Exec(ctx, `UPDATE invitation SET state = $3 WHERE practice_group_id = $1 AND id = $2`, group, id, state)
	return err
}

// EndInvitations ends a user's invitation.
func (t *Tx) EndInvitations(ctx context.Context, group practice.ID, id account.StaffID, now time.Time) (bool, error) {
	n, err := t.Exec(ctx, `UPDATE invitation SET ended_at = $3 WHERE practice_group_id = $1 AND staff_id = $2 AND
		used_at IS NULL AND ended_at IS NULL`, group, id, now)
	return n > 0, err
}

// ForgetInvitations deletes some that expired before a time.
func (t *Tx) ForgetInvitations(ctx context.Context, group practice.ID, before time.Time, limit int) error {
	_, err := t.Exec(ctx, `DELETE FROM invitation WHERE practice_group_id = $1 AND id IN
			(SELECT id FROM invitation WHERE practice_group_id = $1 AND expires_at < $2 LIMIT $3)`, group, before,
		limit)
	return err
}

func scanAccessGroup(scan store.Scanner) (account.AccessGroup, error) {
	var g account.AccessGroup
	err := scan(&g.ID, &g.Name, &g.Label, &g.Public)
	return g, err
}

// AccessGroups lists a group's access groups.
func (t *Tx) AccessGroups(ctx context.Context, group practice.ID) ([]account.AccessGroup, error) {
	return store.List(ctx, t.Conn, `SELECT id, name, label, public FROM access_group WHERE practice_group_id = $1
		ORDER BY
		name, id`, store.In{group}, scanAccessGroup)
}

const selectStaffGroups = `SELECT s.staff_id, g.id, g.name, g.label, g.public FROM access_group_staff s
	JOIN access_group g ON g.practice_group_id = s.practice_group_id AND g.id = s.access_group_id
	WHERE s.practice_group_id = $1 AND s.staff_id IN `

// membership is an access group and who is in it.
type membership[ID any] struct {
	of    ID
	group account.AccessGroup
}

func scanMembership[ID any](scan store.Scanner) (membership[ID], error) {
	var m membership[ID]
	err := scan(&m.of, &m.group.ID, &m.group.Name, &m.group.Label, &m.group.Public)
	return m, err
}

func memberships[ID comparable](rows []membership[ID], err error) (map[ID][]account.AccessGroup, error) {
	out := map[ID][]account.AccessGroup{}
	for _, m := range rows {
		out[m.of] = append(out[m.of], m.group)
	}
	return out, err
}

// AccessGroupsOfStaff lists the access groups members of staff are in.
func (t *Tx) AccessGroupsOfStaff(ctx context.Context, group practice.ID,
	ids []account.StaffID) (map[account.StaffID][]account.AccessGroup, error) {
	return memberships(store.ListAmong(ctx, t.Conn, store.Among(selectStaffGroups+store.Few2+` ORDER BY g.name, g.id`,
		selectStaffGroups+store.Many2+` ORDER BY g.name, g.id`), store.In{group}, ids,
		scanMembership[account.StaffID]))
}

// SetStaffGroups puts a member of staff into some access groups and no others.
func (t *Tx) SetStaffGroups(ctx context.Context, group practice.ID, id account.StaffID,
	groups []account.GroupID) error {
	if _, err := t.Exec(ctx, `DELETE FROM access_group_staff WHERE practice_group_id = $1 AND staff_id = $2`, group,
		id); err != nil {
		return err
	}
	for _, g := range groups {
		if _, err := t.Exec(ctx, `INSERT INTO access_group_staff (practice_group_id, access_group_id, staff_id)
			VALUES ($1, $2, $3)
			ON CONFLICT (practice_group_id, access_group_id, staff_id) DO NOTHING`, group, g, id); err != nil {
			return err
		}
	}
	return nil
}

// SaveAccessGroup keeps an access group.
func (t *Tx) SaveAccessGroup(ctx context.Context, group practice.ID, g account.AccessGroup, now time.Time) error {
	_, err := t.Exec(ctx, `INSERT INTO access_group (practice_group_id, id, name, label, public, created_at) VALUES
		($1, $2, $3, $4, $5, $6)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $3, label = $4, public = $5`, group, g.ID, g.Name,
		g.Label, g.Public, now)
	return err
}
