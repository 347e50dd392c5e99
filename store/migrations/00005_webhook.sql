-- Webhooks: endpoints, what is delivered to them, and the log of events.

-- +goose Up

-- The place of an event in its group's log, given when somebody reads that far.
ALTER TABLE event ADD COLUMN position bigint;
CREATE UNIQUE INDEX event_position ON event (practice_group_id, position) WHERE position IS NOT NULL;
CREATE INDEX event_unplaced ON event (practice_group_id, id) WHERE position IS NULL;
CREATE INDEX event_type ON event (practice_group_id, type, at, id);

CREATE TABLE event_log (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	last bigint NOT NULL,
	PRIMARY KEY (practice_group_id)
);

CREATE TABLE webhook (
	practice_group_id bigint NOT NULL REFERENCES practice_group (practice_group_id),
	id bigint NOT NULL,
	owner text NOT NULL,
	description text NOT NULL,
	event_type text NOT NULL,
	url text NOT NULL,
	include_details boolean NOT NULL,
	ordered boolean NOT NULL,
	ed25519 boolean NOT NULL,
	secret bytea NOT NULL, -- its keys and headers, sealed
	previous_until timestamptz,
	disabled_at timestamptz,
	disabled_why text NOT NULL,
	failing_since timestamptz,
	held_until timestamptz,
	replay text NOT NULL,
	deleted_at timestamptz,
	version bigint NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, id)
);
CREATE INDEX webhook_wants ON webhook (practice_group_id, event_type, id) WHERE disabled_at IS NULL AND deleted_at IS NULL;

-- One event on its way to one endpoint. due_at is when the next attempt is due,
-- and is there as long as the delivery waits. While an attempt is under way it
-- is when its lease runs out, so that one whose program died falls due by itself.
-- Nothing holds it to its endpoint: every event would have to lock the rows of all
-- endpoints that want it. An endpoint's row is removed only once it has none.
CREATE TABLE webhook_delivery (
	practice_group_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	event_id bigint NOT NULL,
	subject_id bigint NOT NULL,
	sequence bigint NOT NULL,
	lane bigint, -- the subject, where its events are to be told in order
	at timestamptz NOT NULL,
	state text NOT NULL,
	attempts bigint NOT NULL,
	tries bigint NOT NULL,
	due_at timestamptz,
	lease bigint,
	since timestamptz NOT NULL,
	status bigint NOT NULL,
	failure text NOT NULL,
	ended_at timestamptz,
	body text, -- of a delivery that has no event
	created_at timestamptz NOT NULL,
	PRIMARY KEY (practice_group_id, webhook_id, event_id)
);
CREATE INDEX webhook_delivery_due ON webhook_delivery (practice_group_id, webhook_id, due_at, event_id) WHERE due_at IS NOT NULL;
CREATE INDEX webhook_delivery_lane ON webhook_delivery (practice_group_id, webhook_id, lane, sequence) WHERE lane IS NOT NULL AND due_at IS NOT NULL;
CREATE INDEX webhook_delivery_failed ON webhook_delivery (practice_group_id, webhook_id, event_id) WHERE state = 'failed';

CREATE TABLE webhook_attempt (
	practice_group_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	event_id bigint NOT NULL,
	number bigint NOT NULL,
	at timestamptz NOT NULL,
	took bigint NOT NULL, -- in microseconds
	status bigint NOT NULL,
	failure text NOT NULL,
	answer text NOT NULL,
	PRIMARY KEY (practice_group_id, webhook_id, event_id, number)
);
