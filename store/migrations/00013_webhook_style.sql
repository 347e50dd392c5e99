-- Endpoints that are told of several types of events, in the form the GraphQL API
-- documents.

-- +goose Up

ALTER TABLE webhook ADD COLUMN style text NOT NULL DEFAULT 'standard';

-- What an endpoint wants to be told of. One of the style standard wants the type
-- its own row names, and no other.
CREATE TABLE webhook_type (
	practice_group_id bigint NOT NULL,
	webhook_id bigint NOT NULL,
	event_type text NOT NULL,
	PRIMARY KEY (practice_group_id, webhook_id, event_type),
	FOREIGN KEY (practice_group_id, webhook_id) REFERENCES webhook (practice_group_id, id)
);
CREATE INDEX webhook_type_wants ON webhook_type (practice_group_id, event_type, webhook_id);
INSERT INTO webhook_type (practice_group_id, webhook_id, event_type) SELECT practice_group_id, id, event_type FROM webhook;
DROP INDEX webhook_wants;
