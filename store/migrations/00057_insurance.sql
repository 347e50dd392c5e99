-- What an invoice says of its patient and of their insurance, as both were when it was made or last changed, and what
-- it is with Healthcode, the clearing house for bills to insurers.

-- +goose Up

ALTER TABLE invoice ADD COLUMN patient_title text NOT NULL DEFAULT '';
ALTER TABLE invoice ADD COLUMN patient_born text NOT NULL DEFAULT '';
ALTER TABLE invoice ADD COLUMN insurer text NOT NULL DEFAULT '';
ALTER TABLE invoice ADD COLUMN policy_number text NOT NULL DEFAULT '';
ALTER TABLE invoice ADD COLUMN authorisation text NOT NULL DEFAULT '';
ALTER TABLE invoice ADD COLUMN healthcode_status text NOT NULL DEFAULT '';
ALTER TABLE invoice ADD COLUMN healthcode_reference text NOT NULL DEFAULT '';
ALTER TABLE invoice ADD COLUMN healthcode_at timestamptz;
CREATE INDEX invoice_healthcode ON invoice (practice_group_id, id) WHERE healthcode_status <> '';
CREATE INDEX invoice_submitted ON invoice (practice_group_id, dated, id) WHERE healthcode_status <> '';
