-- Who asked for an entry, who decided about it, and what waits; what an unknown
-- person said.

-- +goose Up

ALTER TABLE record_entry ADD COLUMN proposed_by text NOT NULL DEFAULT '';
UPDATE record_entry SET proposed_by = (SELECT m.submitted_by FROM message m
	WHERE m.practice_group_id = record_entry.practice_group_id AND m.id = record_entry.message_id);

-- The member of staff who approved the entry or turned it down; approved_by is
-- their name, and approved_at when that was, whatever was decided.
ALTER TABLE record_entry ADD COLUMN decider_id bigint;
CREATE INDEX record_entry_status ON record_entry (practice_group_id, status, id);

-- What somebody said who could not be recognised, as JSON, and the reference they
-- quote: the end of the id in base 36, eight digits of it.
ALTER TABLE identity_check ADD COLUMN details text NOT NULL DEFAULT '';
CREATE INDEX identity_check_reference ON identity_check (practice_group_id, (id % 2821109907456));
