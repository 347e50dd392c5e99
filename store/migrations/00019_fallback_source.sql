-- Who gave the detail a message goes to by its second way. Where a message goes to
-- is looked up again when it goes, unless its detail came with the request.

-- +goose Up
ALTER TABLE message ADD COLUMN fallback_source text NOT NULL DEFAULT '';
