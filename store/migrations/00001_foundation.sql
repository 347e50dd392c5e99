-- One schema for SQLite and PostgreSQL. Every table of a practice group's data
-- begins its primary key, its unique indexes and its foreign keys with
-- practice_group_id, so that it can be sharded by it.

-- +goose Up

-- A running program's place among the others: the number in the ids it makes.
CREATE TABLE node (
	number bigint NOT NULL PRIMARY KEY,
	holder text NOT NULL,
	leased_until timestamptz NOT NULL
);

-- What this database is for: one row, written with the first practice group.
CREATE TABLE instance (
	id bigint NOT NULL PRIMARY KEY,
	sandbox boolean NOT NULL,
	created_at timestamptz NOT NULL
);

CREATE TABLE practice_group (
	practice_group_id bigint NOT NULL PRIMARY KEY,
	name text NOT NULL,
	sector text NOT NULL,
	ods_code text NOT NULL,
	phone text NOT NULL,
	email text NOT NULL,
	website text NOT NULL,
	line_1 text NOT NULL,
	line_2 text NOT NULL,
	town text NOT NULL,
	county text NOT NULL,
	postcode text NOT NULL,
	time_zone text NOT NULL,
	holidays text NOT NULL,
	cancellation_hours bigint NOT NULL,
	window_days bigint NOT NULL,
	sandbox boolean NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL
);

CREATE TABLE network (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	network text NOT NULL,
	joined_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, network)
);

CREATE TABLE api_key (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	hash bytea NOT NULL,
	partner text NOT NULL,
	test boolean NOT NULL,
	scopes text NOT NULL,
	permissions text NOT NULL,
	rate_limit bigint,
	expires_at timestamptz,
	revoked_at timestamptz,
	last_used_at timestamptz,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);

CREATE TABLE rate_window (
	practice_group_id bigint NOT NULL,
	key_id bigint NOT NULL,
	started_at timestamptz NOT NULL,
	used bigint NOT NULL,
	PRIMARY KEY (practice_group_id, key_id),
	FOREIGN KEY (practice_group_id, key_id) REFERENCES api_key (practice_group_id, id)
);

CREATE TABLE idempotency (
	practice_group_id bigint NOT NULL,
	key_id bigint NOT NULL,
	name text NOT NULL,
	fingerprint bytea NOT NULL,
	made_at timestamptz NOT NULL,
	status bigint NOT NULL,
	media_type text NOT NULL,
	body bytea NOT NULL,
	PRIMARY KEY (practice_group_id, key_id, name),
	FOREIGN KEY (practice_group_id, key_id) REFERENCES api_key (practice_group_id, id)
);
CREATE INDEX idempotency_made ON idempotency (practice_group_id, made_at);

CREATE TABLE location (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	name text NOT NULL,
	phone text NOT NULL,
	line_1 text NOT NULL,
	line_2 text NOT NULL,
	town text NOT NULL,
	county text NOT NULL,
	postcode text NOT NULL,
	active boolean NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);

CREATE TABLE practitioner (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	title text NOT NULL,
	first_name text NOT NULL,
	last_name text NOT NULL,
	profession text NOT NULL,
	active boolean NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);

-- Whoever changes what is in a practitioner's diary holds its row first: version
-- counts changes of holds and bookings, hours those of sessions.
CREATE TABLE diary (
	practice_group_id bigint NOT NULL,
	practitioner_id bigint NOT NULL,
	version bigint NOT NULL,
	hours bigint NOT NULL,
	PRIMARY KEY (practice_group_id, practitioner_id),
	FOREIGN KEY (practice_group_id, practitioner_id) REFERENCES practitioner (practice_group_id, id)
);

CREATE TABLE bank_holiday (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	day text NOT NULL,
	name text NOT NULL,
	closed boolean NOT NULL,
	PRIMARY KEY (practice_group_id, day)
);

CREATE TABLE appointment_type (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	name text NOT NULL,
	partner_slot_name text NOT NULL,
	price bigint NOT NULL,
	sector text NOT NULL,
	minutes bigint NOT NULL,
	profession text NOT NULL,
	video boolean NOT NULL,
	in_person boolean NOT NULL,
	telephone boolean NOT NULL,
	use_partner_slots boolean NOT NULL,
	invoice_required boolean NOT NULL,
	active boolean NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);

-- When a practitioner works: local wall-clock time in time_zone. days has bit n
-- set for weekday n, Sunday being 0; each is 0 for a session of one date.
CREATE TABLE session (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	practitioner_id bigint NOT NULL,
	location_id bigint NOT NULL,
	start_date text NOT NULL,
	until_date text NOT NULL, -- the last date; 9999-12-31 when there is none
	from_minute bigint NOT NULL,
	to_minute bigint NOT NULL,
	step bigint NOT NULL,
	rule text NOT NULL,
	every_weeks bigint NOT NULL,
	days bigint NOT NULL,
	week_start bigint NOT NULL,
	time_zone text NOT NULL,
	works_holidays boolean NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, practitioner_id) REFERENCES practitioner (practice_group_id, id),
	FOREIGN KEY (practice_group_id, location_id) REFERENCES location (practice_group_id, id)
);
CREATE INDEX session_practitioner ON session (practice_group_id, practitioner_id, until_date);
CREATE INDEX session_until ON session (practice_group_id, until_date);

CREATE TABLE session_type (
	practice_group_id bigint NOT NULL,
	session_id bigint NOT NULL,
	appointment_type_id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, session_id, appointment_type_id),
	FOREIGN KEY (practice_group_id, session_id) REFERENCES session (practice_group_id, id),
	FOREIGN KEY (practice_group_id, appointment_type_id) REFERENCES appointment_type (practice_group_id, id)
);

CREATE TABLE session_exception (
	practice_group_id bigint NOT NULL,
	session_id bigint NOT NULL,
	ordinal bigint NOT NULL,
	start_date text NOT NULL,
	end_date text NOT NULL,
	reason text NOT NULL,
	PRIMARY KEY (practice_group_id, session_id, ordinal),
	FOREIGN KEY (practice_group_id, session_id) REFERENCES session (practice_group_id, id)
);

-- The name keys are names without case and accents, as bytes, so that both
-- databases order them and find prefixes in the same way.
CREATE TABLE patient (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	nhs_number text,
	emis_id text NOT NULL,
	ehr_partner_id text NOT NULL,
	birth_date text NOT NULL,
	deceased_at timestamptz,
	title text NOT NULL,
	first_name text NOT NULL,
	last_name text NOT NULL,
	first_key bytea NOT NULL,
	last_key bytea NOT NULL,
	full_key bytea NOT NULL,
	sex text NOT NULL,
	mobile text NOT NULL,
	landline text NOT NULL,
	email text NOT NULL,
	email_key text NOT NULL,
	line_1 text NOT NULL,
	line_2 text NOT NULL,
	line_3 text NOT NULL,
	town text NOT NULL,
	county text NOT NULL,
	country text NOT NULL,
	postcode text NOT NULL,
	notes text NOT NULL,
	source text NOT NULL,
	restricted boolean NOT NULL,
	status text NOT NULL,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
-- One NHS number is one person; nothing is said of patients without one.
CREATE UNIQUE INDEX patient_nhs_number ON patient (practice_group_id, nhs_number);
CREATE INDEX patient_last ON patient (practice_group_id, last_key, first_key, id);
CREATE INDEX patient_first ON patient (practice_group_id, first_key, last_key, id);
CREATE INDEX patient_full ON patient (practice_group_id, full_key, id);
CREATE INDEX patient_emis ON patient (practice_group_id, emis_id);
CREATE INDEX patient_ehr ON patient (practice_group_id, ehr_partner_id);
CREATE INDEX patient_mobile ON patient (practice_group_id, mobile);
CREATE INDEX patient_email ON patient (practice_group_id, email_key);
CREATE INDEX patient_birth ON patient (practice_group_id, birth_date);

CREATE TABLE appointment (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	state text NOT NULL,
	patient_id bigint,
	billpayer_id bigint,
	practitioner_id bigint NOT NULL,
	location_id bigint NOT NULL,
	appointment_type_id bigint NOT NULL,
	start_at timestamptz NOT NULL,
	end_at timestamptz NOT NULL,
	video boolean NOT NULL,
	in_person boolean NOT NULL,
	telephone boolean NOT NULL,
	reserved_until timestamptz NOT NULL,
	confirmed_at timestamptz,
	cancelled_at timestamptz,
	released_at timestamptz,
	reason text NOT NULL,
	suppress_mail boolean NOT NULL,
	override boolean NOT NULL,
	source text NOT NULL,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	CHECK (start_at < end_at),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, billpayer_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, practitioner_id) REFERENCES practitioner (practice_group_id, id),
	FOREIGN KEY (practice_group_id, location_id) REFERENCES location (practice_group_id, id),
	FOREIGN KEY (practice_group_id, appointment_type_id) REFERENCES appointment_type (practice_group_id, id)
);
CREATE INDEX appointment_diary ON appointment (practice_group_id, practitioner_id, start_at);
CREATE INDEX appointment_start ON appointment (practice_group_id, start_at, id);
CREATE INDEX appointment_patient ON appointment (practice_group_id, patient_id, start_at);
CREATE INDEX appointment_held ON appointment (practice_group_id, reserved_until) WHERE state = 'reserved';

-- The minutes of a practitioner's time that are held or booked. The primary key
-- is the rule that nobody is ever double-booked: a minute has one appointment.
-- minute counts from 1 January 1970 UTC.
CREATE TABLE busy_minute (
	practice_group_id bigint NOT NULL,
	practitioner_id bigint NOT NULL,
	minute bigint NOT NULL,
	appointment_id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, practitioner_id, minute),
	FOREIGN KEY (practice_group_id, appointment_id) REFERENCES appointment (practice_group_id, id)
);

CREATE TABLE event (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	type text NOT NULL,
	subject_id bigint NOT NULL,
	sequence bigint NOT NULL,
	at timestamptz NOT NULL,
	data text NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE UNIQUE INDEX event_sequence ON event (practice_group_id, subject_id, sequence);

CREATE TABLE audit (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	at timestamptz NOT NULL,
	actor text NOT NULL,
	key_id bigint NOT NULL,
	key_group_id bigint NOT NULL,
	request_id text NOT NULL,
	action text NOT NULL,
	entity text NOT NULL,
	entity_id bigint NOT NULL,
	before text NOT NULL,
	after text NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE INDEX audit_entity ON audit (practice_group_id, entity, entity_id, id);

-- Jobs that have a key and have not begun; the jobs themselves are River's.
CREATE TABLE job_waiting (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	kind text NOT NULL,
	key text NOT NULL,
	PRIMARY KEY (practice_group_id, kind, key)
);
