-- What happened while endpoints could not take anything.

-- +goose Up

-- An event on its way to endpoints that have as many attempts under way as they
-- may and end none of them. It goes to webhook_delivery soon, and when one of them
-- answers again at the latest. There it is a row for each endpoint, and each lies somewhere else: while somebody
-- waits for the event it is one row here.
CREATE TABLE webhook_backlog (
	practice_group_id bigint NOT NULL,
	event_id bigint NOT NULL,
	webhooks text NOT NULL, -- ids with commas between them
	PRIMARY KEY (practice_group_id, event_id)
);
