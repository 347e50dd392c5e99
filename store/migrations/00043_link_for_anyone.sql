-- Links tied to no patient, whose visitors say who they are.

-- +goose Up

-- new_patients lets such a link register a person who is no patient yet.
ALTER TABLE link ADD COLUMN new_patients boolean NOT NULL DEFAULT false;

-- How often visitors of a link were not identified within an hour. network is a
-- signature of where they came from, from which the address cannot be read; empty is all
-- of them together. paused_at is when they became too many.
CREATE TABLE link_try (
	practice_group_id bigint NOT NULL,
	link_id bigint NOT NULL,
	network text NOT NULL,
	began_at timestamptz NOT NULL,
	tries bigint NOT NULL,
	paused_at timestamptz,
	PRIMARY KEY (practice_group_id, link_id, network),
	FOREIGN KEY (practice_group_id, link_id) REFERENCES link (practice_group_id, id)
);
CREATE INDEX link_try_began ON link_try (practice_group_id, began_at);
