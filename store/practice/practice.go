package practice

import (
	"context"
	"time"

	"frontdesk/core/input"
	"frontdesk/core/practice"

	"frontdesk/store"
	"frontdesk/store/value"
)

const groupColumns = `practice_group_id, name, sector, ods_code, phone, email, website, line_1, line_2, town, county,
	postcode,
	time_zone, holidays, cancellation_hours, window_days, sandbox, created_at, updated_at, unread_minutes, sms_price,
	send_from, send_until,
	vat_permille, patient_overlap, leaving, video_url_template,
	announces, offer_minutes, offer_notice, waited`

func scanGroup(scan store.Scanner) (practice.Group, error) {
	var g practice.Group
	a := &g.Address
	err := scan(&g.ID, &g.Name, &g.Sector, &g.ODSCode, &g.Phone, &g.Email, &g.Website, &a.Line1, &a.Line2, &a.Town,
		&a.County, &a.Postcode,
		&g.TimeZone, &g.Holidays, &g.CancellationHours, &g.WindowDays, &g.Sandbox, value.When(&g.CreatedAt),
		value.When(&g.UpdatedAt),
		&g.UnreadMinutes, &g.SMSPrice, &g.SendFrom, &g.SendUntil, &g.VAT, &g.PatientOverlap, &g.Leaving,
		&g.VideoURL, &g.Announces, &g.OfferMinutes, &g.OfferNotice, &g.Waited)
	return g, err
}

// Group finds a group.
func (t *Tx) Group(ctx context.Context, id practice.ID) (practice.Group, error) {
	return store.Find(ctx, t.Conn, practice.ErrGroupNotFound, `SELECT `+groupColumns+` FROM practice_group WHERE
		practice_group_id = $1`, store.In{id}, scanGroup)
}

// Groups lists every group.
func (t *Tx) Groups(ctx context.Context) ([]practice.Group, error) {
	return store.List(ctx, t.Conn, `SELECT `+groupColumns+` FROM practice_group ORDER BY practice_group_id`, nil,
		scanGroup)
}

// SaveGroup keeps a group, which has ways to pay from the beginning.
func (t *Tx) SaveGroup(ctx context.Context, g practice.Group) error {
	a := g.Address
	_, err := t.Exec(ctx, `INSERT INTO practice_group (`+groupColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
		$23, $24, $25, $26, $27, $28, $29, $30, $31)
		ON CONFLICT (practice_group_id) DO UPDATE SET name = $2, sector = $3, ods_code = $4, phone = $5, email = $6,
		website = $7,
			line_1 = $8, line_2 = $9, town = $10, county = $11, postcode = $12, time_zone = $13, holidays = $14,
			cancellation_hours = $15, window_days = $16, updated_at = $19, unread_minutes = $20, sms_price = $21,
			send_from = $22, send_until = $23,
			vat_permille = $24, patient_overlap = $25, leaving = $26, video_url_template = $27, announces = $28,
			offer_minutes = $29, offer_notice = $30`,
		g.ID, g.Name, g.Sector, g.ODSCode, g.Phone, g.Email, g.Website, a.Line1, a.Line2, a.Town, a.County, a.Postcode,
		g.TimeZone, g.Holidays, g.CancellationHours, g.WindowDays, g.Sandbox, g.CreatedAt, g.UpdatedAt, g.UnreadMinutes,
		g.SMSPrice, g.SendFrom, g.SendUntil,
		g.VAT, g.PatientOverlap, g.Leaving, g.VideoURL, g.Announces, g.OfferMinutes, g.OfferNotice, g.Waited)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, firstPaymentTypes, g.ID, true, g.CreatedAt)
	return err
}

// Networks lists the networks a group is a member of.
func (t *Tx) Networks(ctx context.Context, group practice.ID) ([]string, error) {
	return store.List(ctx, t.Conn, `SELECT network FROM network WHERE practice_group_id = $1 ORDER BY network`,
		store.In{group},
		func(scan store.Scanner) (string, error) {
			var name string
			err := scan(&name)
			return name, err
		})
}

const (
	reachable = ` FROM practice_group g WHERE practice_group_id = $1 OR practice_group_id IN
		(SELECT practice_group_id FROM network WHERE network IN
		(SELECT network FROM network WHERE practice_group_id = $1))`
	listReachable = `SELECT ` + groupColumns + reachable + `
		ORDER BY CASE WHEN practice_group_id = $1 THEN 0 ELSE 1 END, name, practice_group_id LIMIT $2 OFFSET $3`
	countReachable = `SELECT count(*) FROM (SELECT 1` + reachable + ` LIMIT $2) AS matches`
)

// Reachable lists a group and those of its networks.
func (t *Tx) Reachable(ctx context.Context, group practice.ID, offset, limit int) ([]practice.Group, int, error) {
	count := 0
	if _, err := t.One(ctx, countReachable, store.In{group, input.CountTo(offset, limit)}, &count); err != nil {
		return nil, 0, err
	}
	found, err := store.List(ctx, t.Conn, listReachable, store.In{group, limit, offset}, scanGroup)
	return found, count, err
}

// NetworkODSCodes lists the ODS codes of the members of a group's networks.
func (t *Tx) NetworkODSCodes(ctx context.Context, group practice.ID) ([]string, error) {
	return store.List(ctx, t.Conn, `SELECT ods_code FROM practice_group g
		WHERE ods_code <> '' AND practice_group_id IN (SELECT practice_group_id FROM network
		WHERE network IN (SELECT network FROM network WHERE practice_group_id = $1))`, store.In{group},
		func(scan store.Scanner) (code string, err error) {
			err = scan(&code)
			return code, err
		})
}

// JoinNetwork makes the group a member.
func (t *Tx) JoinNetwork(ctx context.Context, group practice.ID, network string, now time.Time) error {
	_, err := t.Exec(ctx, `INSERT INTO network (practice_group_id, network, joined_at) VALUES ($1, $2, $3)
		ON CONFLICT (practice_group_id, network) DO NOTHING`, group, network, now)
	return err
}

// LeaveNetwork ends a membership.
func (t *Tx) LeaveNetwork(ctx context.Context, group practice.ID, network string) error {
	_, err := t.Exec(ctx, `DELETE FROM network WHERE practice_group_id = $1 AND network = $2`, group, network)
	return err
}

const locationColumns = `id, name, phone, line_1, line_2, town, county, postcode, active, created_at, updated_at`

func scanLocation(scan store.Scanner) (practice.Location, error) {
	var l practice.Location
	a := &l.Address
	err := scan(&l.ID, &l.Name, &l.Phone, &a.Line1, &a.Line2, &a.Town, &a.County, &a.Postcode, &l.Active,
		value.When(&l.CreatedAt), value.When(&l.UpdatedAt))
	return l, err
}

// Location finds a place.
func (t *Tx) Location(ctx context.Context, group practice.ID, id practice.LocationID) (practice.Location, error) {
	return store.Find(ctx, t.Conn, practice.ErrLocationNotFound, `SELECT `+locationColumns+` FROM location
		WHERE practice_group_id = $1 AND id = $2`, store.In{group, id}, scanLocation)
}

// Locations lists places by name.
func (t *Tx) Locations(ctx context.Context, group practice.ID, inactive bool) ([]practice.Location, error) {
	return store.List(ctx, t.Conn, `SELECT `+locationColumns+` FROM location
		WHERE practice_group_id = $1 AND (active OR $2) ORDER BY name, id`, store.In{group, inactive}, scanLocation)
}

// SaveLocation keeps a place.
func (t *Tx) SaveLocation(ctx context.Context, group practice.ID, l practice.Location) error {
	a := l.Address
	_, err := t.Exec(ctx, `INSERT INTO location (`+locationColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET name = $2, phone = $3, line_1 = $4, line_2 = $5, town = $6,
		county = $7,
			postcode = $8, active = $9, updated_at = $11`,
		l.ID, l.Name, l.Phone, a.Line1, a.Line2, a.Town, a.County, a.Postcode, l.Active, l.CreatedAt, l.UpdatedAt,
		group)
	return err
}

const practitionerColumns = `id, title, first_name, last_name, profession, active, created_at, updated_at`

func scanPractitioner(scan store.Scanner) (practice.Practitioner, error) {
	var p practice.Practitioner
	err := scan(&p.ID, &p.Title, &p.FirstName, &p.LastName, &p.Profession, &p.Active, value.When(&p.CreatedAt),
		value.When(&p.UpdatedAt))
	return p, err
}

// Practitioner finds a person.
func (t *Tx) Practitioner(
	ctx context.Context, group practice.ID, id practice.PractitionerID,
) (practice.Practitioner, error) {
	return store.Find(ctx, t.Conn, practice.ErrPractitionerNotFound, `SELECT `+practitionerColumns+` FROM practitioner
		WHERE practice_group_id = $1 AND id = $2`, store.In{group, id}, scanPractitioner)
}

// LockPractitioner keeps a person from being changed, and from leaving, until the end of the transaction.
func (t *Tx) LockPractitioner(
	ctx context.Context, group practice.ID, id practice.PractitionerID,
) (practice.Practitioner, error) {
	if _, err := t.Exec(ctx, `UPDATE staff SET version = version WHERE practice_group_id = $1 AND id = $2`, group,
		id); err != nil {
		return practice.Practitioner{}, err
	}
	return store.Find(ctx, t.Conn, practice.ErrPractitionerNotFound, `SELECT `+practitionerColumns+` FROM practitioner
		WHERE practice_group_id = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM staff
			WHERE practice_group_id = $1 AND id = $2 AND deleted_at IS NOT NULL)`, store.In{group, id}, scanPractitioner)
}

// Practitioners lists people by surname.
func (t *Tx) Practitioners(ctx context.Context, group practice.ID, inactive bool) ([]practice.Practitioner, error) {
	return store.List(ctx, t.Conn, `SELECT `+practitionerColumns+` FROM practitioner
		WHERE practice_group_id = $1 AND (active OR $2) ORDER BY last_name, first_name, id`, store.In{group, inactive},
		scanPractitioner)
}

const selectPractitioners = `SELECT ` + practitionerColumns + ` FROM practitioner
	WHERE practice_group_id = $1 AND active AND id IN `

var practitionersAmong = store.Among(selectPractitioners+store.Few2, selectPractitioners+store.Many2)

// PractitionersAmong lists those of some people who are active, in no order.
func (t *Tx) PractitionersAmong(
	ctx context.Context, group practice.ID, ids []practice.PractitionerID,
) ([]practice.Practitioner, error) {
	return store.ListAmong(ctx, t.Conn, practitionersAmong, store.In{group}, ids, scanPractitioner)
}

// SavePractitioner keeps a person, their diary when they are new, and their name
// as a member of staff.
func (t *Tx) SavePractitioner(ctx context.Context, group practice.ID, p practice.Practitioner) error {
	if err := t.AddPractitioner(ctx, group, p); err != nil {
		return err
	}
	_, err := t.Exec(ctx, `INSERT INTO staff (practice_group_id, id, title, first_name, last_name, email,
		email_key, gender, pronouns, mobile, qualifications,
			registration, specialties, position_title, position, role, password_hash, signs_alone, settings,
			version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, '', '', '', '', '', '', '', '', '', '', '', '', false, '', 1, $6, $7)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET title = $3, first_name = $4, last_name = $5,
		updated_at = $7, version = staff.version + 1`,
		group, p.ID, p.Title, p.FirstName, p.LastName, p.CreatedAt, p.UpdatedAt)
	return err
}

// AddPractitioner keeps a practitioner, and their diary when they are new.
func (t *Tx) AddPractitioner(ctx context.Context, group practice.ID, p practice.Practitioner) error {
	_, err := t.Exec(ctx, `INSERT INTO practitioner (`+practitionerColumns+`, practice_group_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (practice_group_id, id) DO UPDATE SET title = $2, first_name = $3, last_name = $4,
		profession = $5, active = $6, updated_at = $8`,
		p.ID, p.Title, p.FirstName, p.LastName, p.Profession, p.Active, p.CreatedAt, p.UpdatedAt, group)
	if err != nil {
		return err
	}
	_, err = t.Exec(ctx, `INSERT INTO diary (practice_group_id, practitioner_id, version, hours) VALUES ($1, $2, 1, 1)
		ON CONFLICT (practice_group_id, practitioner_id) DO NOTHING`, group, p.ID)
	return err
}

// HolidayChanges lists what was set by hand between two dates.
func (t *Tx) HolidayChanges(ctx context.Context, group practice.ID, from, to input.Date) ([]practice.Holiday, error) {
	return store.List(ctx, t.Conn, `SELECT day, name, closed FROM bank_holiday
		WHERE practice_group_id = $1 AND day >= $2 AND day <= $3 ORDER BY day`, store.In{group, from.String(),
		to.String()},
		func(scan store.Scanner) (practice.Holiday, error) {
			h := practice.Holiday{ByHand: true}
			err := scan(value.Day(&h.Day), &h.Name, &h.Closed)
			return h, err
		})
}

// SaveHoliday keeps what was set by hand for a date.
func (t *Tx) SaveHoliday(ctx context.Context, group practice.ID, h practice.Holiday) error {
	_, err := t.Exec(ctx, `INSERT INTO bank_holiday (practice_group_id, day, name, closed) VALUES ($1, $2, $3, $4)
		ON CONFLICT (practice_group_id, day) DO UPDATE SET name = $3, closed = $4`, group, h.Day.String(), h.Name,
		h.Closed)
	return err
}

// DropHoliday forgets what was set by hand for a date.
func (t *Tx) DropHoliday(ctx context.Context, group practice.ID, d input.Date) error {
	_, err := t.Exec(ctx, `DELETE FROM bank_holiday WHERE practice_group_id = $1 AND day = $2`, group, d.String())
	return err
}

// firstPaymentTypes are the ways to pay a new group begins with.
const firstPaymentTypes = `INSERT INTO payment_type (practice_group_id, id, name, active, created_at, updated_at)
	VALUES ($1, 1, 'Card', $2, $3, $3), ($1, 2, 'Cash', $2, $3, $3), ($1, 3, 'Bank transfer', $2, $3, $3), ($1, 4,
	'Insurance', $2, $3, $3), ($1, 5, 'Other', $2, $3, $3)
	ON CONFLICT (practice_group_id, id) DO NOTHING`
