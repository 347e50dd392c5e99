-- What the GraphQL API keeps of bookings besides what REST does.

-- +goose Up

-- pending is a booking that waits to be confirmed and keeps its time all the same.
-- arrived_at to dna_at are how far the patient came on the day; tell are the
-- messages the patient was to be sent about it, with commas between.
ALTER TABLE appointment ADD COLUMN pending boolean NOT NULL DEFAULT false;
ALTER TABLE appointment ADD COLUMN comments text NOT NULL DEFAULT '';
ALTER TABLE appointment ADD COLUMN arrived_at timestamptz;
ALTER TABLE appointment ADD COLUMN consultation_at timestamptz;
ALTER TABLE appointment ADD COLUMN departed_at timestamptz;
ALTER TABLE appointment ADD COLUMN dna_at timestamptz;
ALTER TABLE appointment ADD COLUMN tell text NOT NULL DEFAULT '';
CREATE INDEX appointment_updated ON appointment (practice_group_id, updated_at, id);
