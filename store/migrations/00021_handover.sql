-- +goose Up

-- What a carrier knows a request by that it may have, and takes once however often
-- it comes: the messages of it go again together, and with no others.
ALTER TABLE message ADD COLUMN request text NOT NULL DEFAULT '';
-- The journal that notes what goes out of a lease; 0 is none.
ALTER TABLE message ADD COLUMN journal bigint NOT NULL DEFAULT 0;
-- When to ask the carrier what became of a message.
ALTER TABLE message ADD COLUMN ask_at timestamptz;

CREATE INDEX message_again ON message (practice_group_id, batch_id, leg_channel, due_at) WHERE request <> '';
CREATE INDEX message_request ON message (practice_group_id, request) WHERE request <> '';
CREATE INDEX message_ask ON message (practice_group_id, ask_at) WHERE ask_at IS NOT NULL;

-- Notes of what is being handed over, each for a moment. PostgreSQL keeps them
-- unlogged (migrations.go); for SQLite they are in a file of their own, which has
-- this one table (store/handover.go). The note of no group is the journal's name.
CREATE TABLE handover_note (
	practice_group_id bigint NOT NULL,
	lease bigint NOT NULL,
	id bigint NOT NULL,
	note text NOT NULL,
	PRIMARY KEY (practice_group_id, lease, id)
);
