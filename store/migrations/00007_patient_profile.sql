-- What the GraphQL API keeps of patients besides what REST does: more of who they
-- are, more ways to reach them, and labels, numbers, relationships around them.

-- +goose Up

-- A deleted patient is kept, without the NHS number, and found by those alone who
-- ask for deleted ones.
ALTER TABLE patient ADD COLUMN deleted_at timestamptz;
DROP INDEX patient_last;
DROP INDEX patient_first;
DROP INDEX patient_full;
DROP INDEX patient_emis;
DROP INDEX patient_ehr;
DROP INDEX patient_mobile;
DROP INDEX patient_email;
DROP INDEX patient_birth;
CREATE INDEX patient_last ON patient (practice_group_id, last_key, first_key, id) WHERE merged_into IS NULL AND deleted_at IS NULL;
CREATE INDEX patient_first ON patient (practice_group_id, first_key, last_key, id) WHERE merged_into IS NULL AND deleted_at IS NULL;
CREATE INDEX patient_full ON patient (practice_group_id, full_key, id, last_key) WHERE merged_into IS NULL AND deleted_at IS NULL;
CREATE INDEX patient_emis ON patient (practice_group_id, emis_id, last_key, first_key, id) WHERE merged_into IS NULL AND deleted_at IS NULL;
CREATE INDEX patient_ehr ON patient (practice_group_id, ehr_partner_id, last_key, first_key, id) WHERE merged_into IS NULL AND deleted_at IS NULL;
CREATE INDEX patient_mobile ON patient (practice_group_id, mobile, last_key, first_key, id) WHERE merged_into IS NULL AND deleted_at IS NULL;
CREATE INDEX patient_email ON patient (practice_group_id, email_key, last_key, first_key, id) WHERE merged_into IS NULL AND deleted_at IS NULL;
CREATE INDEX patient_birth ON patient (practice_group_id, birth_date, last_key, first_key, id) WHERE merged_into IS NULL AND deleted_at IS NULL;
CREATE INDEX patient_landline ON patient (practice_group_id, landline) WHERE merged_into IS NULL AND deleted_at IS NULL;
CREATE INDEX patient_updated ON patient (practice_group_id, updated_at, id);

-- One row at most for each patient, made when there is something to keep.
CREATE TABLE patient_profile (
	practice_group_id bigint NOT NULL,
	patient_id bigint NOT NULL,
	gender text NOT NULL,
	occupation text NOT NULL,
	payment_reference text NOT NULL,
	birth_surname text NOT NULL,
	birth_name text NOT NULL,
	birth_names text NOT NULL,
	birth_place text NOT NULL,
	birth_place_code text NOT NULL,
	social_security_number text NOT NULL,
	ins text NOT NULL, -- JSON
	receive_email boolean,
	receive_sms boolean,
	marketing boolean,
	payment_reminders boolean,
	privacy_policy text NOT NULL,
	on_hold boolean NOT NULL,
	archived_at timestamptz,
	archived_by bigint,
	archived_reason text NOT NULL,
	archived_comments text NOT NULL,
	unarchived_at timestamptz,
	unarchived_by bigint,
	unarchived_reason text NOT NULL,
	membership_id bigint, -- a product
	membership_since text NOT NULL,
	membership_comments text NOT NULL,
	PRIMARY KEY (practice_group_id, patient_id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);

-- Telephone numbers besides the mobile and the landline that messages go to.
CREATE TABLE patient_phone (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	kind text NOT NULL,
	number text NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX patient_phone_of ON patient_phone (practice_group_id, patient_id, id);

-- The numbers a practice knows its patients by, besides its own and the NHS's.
CREATE TABLE number_definition (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	name text NOT NULL,
	id_type text NOT NULL,
	is_primary boolean NOT NULL,
	deleted_at timestamptz,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE TABLE patient_number (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	definition_id bigint NOT NULL,
	patient_id bigint NOT NULL,
	value text NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, definition_id) REFERENCES number_definition (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX patient_number_of ON patient_number (practice_group_id, patient_id, id);

CREATE TABLE patient_attribute (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	title text NOT NULL,
	text text NOT NULL,
	response text NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX patient_attribute_of ON patient_attribute (practice_group_id, patient_id, id);

-- A label, and what it is on: a patient or a product.
CREATE TABLE label (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	title text NOT NULL,
	title_key bytea NOT NULL,
	colour text NOT NULL,
	deleted_at timestamptz,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE TABLE label_use (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	label_id bigint NOT NULL,
	patient_id bigint,
	product_id bigint,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, label_id) REFERENCES label (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX label_use_patient ON label_use (practice_group_id, patient_id, id) WHERE patient_id IS NOT NULL;
CREATE INDEX label_use_product ON label_use (practice_group_id, product_id, id) WHERE product_id IS NOT NULL;
CREATE INDEX label_use_label ON label_use (practice_group_id, label_id);

-- Somebody around a patient: another patient, a contact of the practice, or
-- somebody of whom only the details are kept.
CREATE TABLE relationship (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	patient_id bigint NOT NULL,
	kind text NOT NULL,
	label text NOT NULL,
	other_patient_id bigint,
	contact_id bigint,
	details text NOT NULL, -- JSON
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id),
	FOREIGN KEY (practice_group_id, other_patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX relationship_of ON relationship (practice_group_id, patient_id, id);
CREATE INDEX relationship_other ON relationship (practice_group_id, other_patient_id) WHERE other_patient_id IS NOT NULL;

CREATE TABLE access_group_patient (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	access_group_id bigint NOT NULL,
	patient_id bigint NOT NULL,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, access_group_id) REFERENCES access_group (practice_group_id, id),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX access_group_patient_of ON access_group_patient (practice_group_id, patient_id, access_group_id);
