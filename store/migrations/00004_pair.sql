-- A message whose both ways a carrier sees to by itself.

-- +goose Up

-- It is written down before the message is handed over, so that what is told of
-- it later is understood even when nobody heard the answer.
ALTER TABLE message ADD COLUMN paired boolean NOT NULL DEFAULT false;
