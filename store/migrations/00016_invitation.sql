-- Invitations of members of staff to choose a password.

-- +goose Up

-- An invitation is over when it was used, or ended because of another or of a
-- password that was set; one at most of somebody's is not over. hash is of the
-- secret in its link, and NULL until the e-mail is made.
CREATE TABLE invitation (
	practice_group_id bigint NOT NULL,
	id bigint NOT NULL,
	staff_id bigint NOT NULL,
	hash bytea,
	state text NOT NULL, -- of the e-mail
	made_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	used_at timestamptz,
	ended_at timestamptz,
	PRIMARY KEY (practice_group_id, id),
	FOREIGN KEY (practice_group_id, staff_id) REFERENCES staff (practice_group_id, id)
);
CREATE UNIQUE INDEX invitation_one ON invitation (practice_group_id, staff_id) WHERE used_at IS NULL AND ended_at IS NULL;
CREATE INDEX invitation_expires ON invitation (practice_group_id, expires_at);
