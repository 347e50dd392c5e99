-- Teams of staff, and what is given to them.

-- +goose Up

-- A team's name is its own among those that were not archived.
CREATE TABLE admin_team (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	name text NOT NULL,
	name_key bytea NOT NULL,
	archived_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE UNIQUE INDEX admin_team_name ON admin_team (practice_group_id, name_key) WHERE archived_at IS NULL;

CREATE TABLE admin_team_member (
	practice_group_id bigint NOT NULL,
	team_id bigint NOT NULL,
	staff_id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, team_id, staff_id),
	FOREIGN KEY (practice_group_id, team_id) REFERENCES admin_team (practice_group_id, id),
	FOREIGN KEY (practice_group_id, staff_id) REFERENCES staff (practice_group_id, id)
);
CREATE INDEX admin_team_member_of ON admin_team_member (practice_group_id, staff_id, team_id);

-- What kind of assignee has the id beside it: Admin or AdminTeam. An id without one, from before there were teams, is a
-- member of staff's.
ALTER TABLE task ADD COLUMN assignee_type text;
ALTER TABLE message ADD COLUMN assignee_type text;
ALTER TABLE form_link ADD COLUMN assignee_type text;

-- To whom the work around appointments of a type is given.
ALTER TABLE appointment_type ADD COLUMN assignee_id bigint;
ALTER TABLE appointment_type ADD COLUMN assignee_type text;
CREATE INDEX appointment_type_assignee ON appointment_type (practice_group_id, assignee_id)
	WHERE assignee_id IS NOT NULL;
