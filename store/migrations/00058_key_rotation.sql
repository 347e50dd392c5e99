-- Keys made in place of others.

-- +goose Up

-- replaces is the key that this one was made in place of.
ALTER TABLE api_key ADD COLUMN replaces bigint;
