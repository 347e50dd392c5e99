-- Who a patient's details come from, merging two records of one person, and
-- what is needed to ask the national services.

-- +goose Up

-- A patient who has been merged into another points at it and has no NHS
-- number: it is no longer a person of its own. number_status is what is known
-- of the NHS number; superseded_by is the number the national service says this
-- person has now, when another patient here holds it already. events counts the
-- events told of the patient.
ALTER TABLE patient ADD COLUMN merged_into bigint;
ALTER TABLE patient ADD COLUMN number_status text NOT NULL DEFAULT '';
ALTER TABLE patient ADD COLUMN superseded_by text NOT NULL DEFAULT '';
ALTER TABLE patient ADD COLUMN ehr_partner text NOT NULL DEFAULT '';
ALTER TABLE patient ADD COLUMN pds_version text NOT NULL DEFAULT '';
ALTER TABLE patient ADD COLUMN synced_at timestamptz;
ALTER TABLE patient ADD COLUMN events bigint NOT NULL DEFAULT 0;

-- Searches find patients who have not been merged; an index of those alone
-- answers without reading the table. patient_full ends with the surname because
-- a search for a name leaves out those whom it has found by surname.
DROP INDEX patient_last;
DROP INDEX patient_first;
DROP INDEX patient_full;
DROP INDEX patient_emis;
DROP INDEX patient_ehr;
DROP INDEX patient_mobile;
DROP INDEX patient_email;
DROP INDEX patient_birth;
CREATE INDEX patient_last ON patient (practice_group_id, last_key, first_key, id) WHERE merged_into IS NULL;
CREATE INDEX patient_first ON patient (practice_group_id, first_key, last_key, id) WHERE merged_into IS NULL;
CREATE INDEX patient_full ON patient (practice_group_id, full_key, id, last_key) WHERE merged_into IS NULL;
CREATE INDEX patient_emis ON patient (practice_group_id, emis_id, last_key, first_key, id) WHERE merged_into IS NULL;
CREATE INDEX patient_ehr ON patient (practice_group_id, ehr_partner_id, last_key, first_key, id) WHERE merged_into IS NULL;
CREATE INDEX patient_mobile ON patient (practice_group_id, mobile, last_key, first_key, id) WHERE merged_into IS NULL;
CREATE INDEX patient_email ON patient (practice_group_id, email_key, last_key, first_key, id) WHERE merged_into IS NULL;
CREATE INDEX patient_birth ON patient (practice_group_id, birth_date, last_key, first_key, id) WHERE merged_into IS NULL;
CREATE INDEX patient_merged ON patient (practice_group_id, merged_into) WHERE merged_into IS NOT NULL;

-- What each source says of a patient's telephone numbers, e-mail address and
-- postal address. The patient's own columns hold the one that is used.
CREATE TABLE patient_contact (
	practice_group_id bigint NOT NULL,
	patient_id bigint NOT NULL,
	kind text NOT NULL,
	source text NOT NULL,
	value text NOT NULL,
	recorded_at timestamptz NOT NULL,
	verified_at timestamptz,
	PRIMARY KEY (practice_group_id, patient_id, kind, source),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);

-- The right to merge two records, shown once and good once: both must still be
-- as they were when it was given.
CREATE TABLE merge_preview (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	hash bytea NOT NULL,
	keep_id bigint NOT NULL,
	from_id bigint NOT NULL,
	keep_version bigint NOT NULL,
	from_version bigint NOT NULL,
	expires_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, hash)
);
CREATE INDEX merge_preview_expires ON merge_preview (practice_group_id, expires_at);

-- A merge, with both records as they were, so that it can be undone.
CREATE TABLE patient_merge (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	keep_id bigint NOT NULL,
	from_id bigint NOT NULL,
	merged_at timestamptz NOT NULL,
	undone_at timestamptz,
	keep_before text NOT NULL,
	keep_after text NOT NULL,
	from_before text NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, keep_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, from_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX patient_merge_keep ON patient_merge (practice_group_id, keep_id, id);
CREATE INDEX patient_merge_from ON patient_merge (practice_group_id, from_id, id);

-- What a merge moved: belonging is a table and its column.
CREATE TABLE patient_moved (
	practice_group_id bigint NOT NULL,
	merge_id bigint NOT NULL,
	belonging text NOT NULL,
	id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, merge_id, belonging, id),
	FOREIGN KEY (practice_group_id, merge_id) REFERENCES patient_merge (practice_group_id, id)
);
CREATE INDEX appointment_billpayer ON appointment (practice_group_id, billpayer_id) WHERE billpayer_id IS NOT NULL;

CREATE TABLE patient_attachment (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	file_name text NOT NULL,
	media_type text NOT NULL,
	size bigint NOT NULL,
	content bytea NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX patient_attachment_patient ON patient_attachment (practice_group_id, patient_id, id);

-- Somebody who could not be identified from what was given, and was sent to a
-- page that says what to do.
CREATE TABLE identity_check (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	hash bytea NOT NULL,
	id bigint NOT NULL,
	reason text NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, hash)
);
CREATE INDEX identity_check_expires ON identity_check (practice_group_id, expires_at);

-- The outside systems a practice group uses. secret is sealed.
CREATE TABLE connector (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	name text NOT NULL,
	settings text NOT NULL,
	secret bytea NOT NULL,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, name)
);

-- When an outside system may be asked again, in microseconds from 1 January
-- 1970: one row for each, shared by every running program.
CREATE TABLE throttle (
	name text NOT NULL PRIMARY KEY,
	free_at bigint NOT NULL
);
