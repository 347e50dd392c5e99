-- Patients found by the second half of a double name, and by every number they
-- have. The words are filled in by the next migration, which is not SQL.

-- +goose Up

-- What a first or a last name ends with, from its second part on: king for
-- Byron-King.
CREATE TABLE patient_word (
	practice_group_id bigint NOT NULL,
	patient_id bigint NOT NULL,
	part text NOT NULL, -- first or last
	word_key bytea NOT NULL,
	PRIMARY KEY (practice_group_id, patient_id, part, word_key),
	FOREIGN KEY (practice_group_id, patient_id) REFERENCES patient (practice_group_id, id)
);
CREATE INDEX patient_word_key ON patient_word (practice_group_id, word_key, patient_id, part);

-- The number without spaces and dashes, in capitals.
ALTER TABLE patient_number ADD COLUMN value_key text NOT NULL DEFAULT '';
UPDATE patient_number SET value_key = upper(replace(replace(value, ' ', ''), '-', ''));
CREATE INDEX patient_number_value ON patient_number (practice_group_id, value_key);
