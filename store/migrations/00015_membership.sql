-- What products are to patients: labels on them that are told of, memberships.

-- +goose Up

-- How many events were told of a product.
ALTER TABLE product ADD COLUMN events bigint NOT NULL DEFAULT 0;
