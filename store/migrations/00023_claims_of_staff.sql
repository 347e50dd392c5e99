-- A request that is to happen once may be one of a member of staff, who has no key.

-- +goose Up
CREATE TABLE idempotency_of_all (
	practice_group_id bigint NOT NULL,
	key_id bigint NOT NULL,
	name text NOT NULL,
	fingerprint bytea NOT NULL,
	made_at timestamptz NOT NULL,
	status bigint NOT NULL,
	media_type text NOT NULL,
	body bytea NOT NULL,
	PRIMARY KEY (practice_group_id, key_id, name),
	FOREIGN KEY (practice_group_id) REFERENCES practice_group (practice_group_id)
);
INSERT INTO idempotency_of_all (practice_group_id, key_id, name, fingerprint, made_at, status, media_type, body)
	SELECT practice_group_id, key_id, name, fingerprint, made_at, status, media_type, body FROM idempotency;
DROP TABLE idempotency;
ALTER TABLE idempotency_of_all RENAME TO idempotency;
CREATE INDEX idempotency_made ON idempotency (practice_group_id, made_at);
