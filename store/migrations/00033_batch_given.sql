-- What was sent of recipients of a batch that cannot be used.

-- +goose Up
ALTER TABLE batch_recipient ADD COLUMN given_number text NOT NULL DEFAULT '';
ALTER TABLE batch_recipient ADD COLUMN given_date text NOT NULL DEFAULT '';
ALTER TABLE batch_recipient ADD COLUMN given_patient text NOT NULL DEFAULT '';
