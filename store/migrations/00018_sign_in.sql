-- One person may be staff of several practices with one e-mail address.

-- +goose Up

CREATE TABLE sign_in_address (
	email_key text NOT NULL,
	practice_group_id bigint NOT NULL,
	staff_id bigint NOT NULL,
	PRIMARY KEY (email_key, practice_group_id)
);
INSERT INTO sign_in_address (email_key, practice_group_id, staff_id) SELECT email_key, practice_group_id, staff_id FROM sign_in;
DROP TABLE sign_in;
ALTER TABLE sign_in_address RENAME TO sign_in;

-- A new password ends the sessions of the old one.
CREATE INDEX session_token_staff ON session_token (practice_group_id, staff_id) WHERE revoked_at IS NULL;
