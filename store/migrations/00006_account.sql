-- Who may use the GraphQL API and what they may do there: roles, staff, their
-- sessions; and what was asked of it.

-- +goose Up

-- graphql_limit is requests a minute for each token; limit_status is the HTTP
-- status of one too many.
ALTER TABLE practice_group ADD COLUMN graphql_limit bigint NOT NULL DEFAULT 240;
ALTER TABLE practice_group ADD COLUMN limit_status bigint NOT NULL DEFAULT 200;
ALTER TABLE practice_group ADD COLUMN logo_url text NOT NULL DEFAULT '';
ALTER TABLE practice_group ADD COLUMN second_logo_url text NOT NULL DEFAULT '';
ALTER TABLE practice_group ADD COLUMN colour_1 text NOT NULL DEFAULT '';
ALTER TABLE practice_group ADD COLUMN colour_2 text NOT NULL DEFAULT '';
ALTER TABLE practice_group ADD COLUMN patient_sharing text NOT NULL DEFAULT 'fallback';
ALTER TABLE practice_group ADD COLUMN contact_sharing text NOT NULL DEFAULT 'link';

-- What those who have a role may do: names with commas between.
CREATE TABLE role (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	name text NOT NULL,
	permissions text NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, name)
);

-- A key with a role is a token of the GraphQL API; with a password besides, it
-- can sign in.
ALTER TABLE api_key ADD COLUMN role text NOT NULL DEFAULT '';
ALTER TABLE api_key ADD COLUMN password_hash text NOT NULL DEFAULT '';

-- A member of staff. Whoever patients are booked with has a practitioner with
-- the same id.
CREATE TABLE staff (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	title text NOT NULL,
	first_name text NOT NULL,
	last_name text NOT NULL,
	email text NOT NULL,
	email_key text NOT NULL,
	gender text NOT NULL,
	pronouns text NOT NULL,
	mobile text NOT NULL,
	qualifications text NOT NULL,
	registration text NOT NULL,
	specialties text NOT NULL, -- JSON
	position_title text NOT NULL,
	position text NOT NULL,
	minimum_age bigint,
	role text NOT NULL,
	password_hash text NOT NULL,
	verified_at timestamptz,
	locum_for bigint,
	locum_from timestamptz,
	locum_until timestamptz,
	signs_alone boolean NOT NULL,
	settings text NOT NULL, -- JSON
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE UNIQUE INDEX staff_email ON staff (practice_group_id, email_key) WHERE email_key <> '' AND deleted_at IS NULL;

INSERT INTO staff (practice_group_id, id, title, first_name, last_name, email, email_key, gender, pronouns, mobile, qualifications, registration,
	specialties, position_title, position, role, password_hash, signs_alone, settings, version, created_at, updated_at)
SELECT practice_group_id, id, title, first_name, last_name, '', '', '', '', '', '', '', '', '', '', '', '', false, '', 1, created_at, updated_at
FROM practitioner;

-- Somebody who has signed in, as a member of staff or with a key.
CREATE TABLE session_token (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	hash bytea NOT NULL,
	staff_id bigint,
	key_id bigint,
	made_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	revoked_at timestamptz,
	last_used_at timestamptz,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, staff_id) REFERENCES staff (practice_group_id, id),
	FOREIGN KEY (practice_group_id, key_id) REFERENCES api_key (practice_group_id, id)
);
CREATE INDEX session_token_expires ON session_token (practice_group_id, expires_at);

-- Which practice group an address signs in to. It belongs to no group: whoever
-- signs in by an address has not said which.
CREATE TABLE sign_in (
	email_key text NOT NULL PRIMARY KEY,
	practice_group_id bigint NOT NULL,
	staff_id bigint NOT NULL
);

-- Wrong passwords, by what was tried: an address, or a key.
CREATE TABLE sign_in_attempt (
	name text NOT NULL PRIMARY KEY,
	wrong bigint NOT NULL,
	since timestamptz NOT NULL
);

-- The budget of a minute is a key's or a session's.
DROP TABLE rate_window;
CREATE TABLE rate_window (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	key_id bigint NOT NULL,
	started_at timestamptz NOT NULL,
	used bigint NOT NULL,
	PRIMARY KEY (practice_group_id, key_id)
);

-- Groups of staff, and the patients they look after.
CREATE TABLE access_group (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	name text NOT NULL,
	label text NOT NULL,
	public boolean NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE TABLE access_group_staff (
	practice_group_id bigint NOT NULL,
	access_group_id bigint NOT NULL,
	staff_id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, access_group_id, staff_id),
	FOREIGN KEY (practice_group_id, access_group_id) REFERENCES access_group (practice_group_id, id),
	FOREIGN KEY (practice_group_id, staff_id) REFERENCES staff (practice_group_id, id)
);
CREATE INDEX access_group_staff_of ON access_group_staff (practice_group_id, staff_id, access_group_id);

-- What other programs keep with bookings, products, places and staff.
CREATE TABLE metadata (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	kind text NOT NULL,
	subject_id bigint NOT NULL,
	key text NOT NULL,
	value text NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, subject_id, key)
);
CREATE INDEX metadata_key ON metadata (practice_group_id, kind, key, subject_id);

-- A call of the GraphQL API is an entry too, of what it read as of what it
-- changed. subjects are the things it touched, as JSON; outcome is ok or the code
-- of what went wrong.
ALTER TABLE audit ADD COLUMN door text NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN operation text NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN outcome text NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN subjects text NOT NULL DEFAULT '';
CREATE INDEX audit_at ON audit (practice_group_id, at, id);
