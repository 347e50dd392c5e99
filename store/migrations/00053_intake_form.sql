-- The form that patients fill in before an appointment of a type.

-- +goose Up

ALTER TABLE appointment_type ADD COLUMN form_id bigint;
