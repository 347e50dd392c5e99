-- Rates of VAT that the APIs set, and what the practice does about a patient who
-- would be in two places at once.

-- +goose Up

-- vat_permille is the practice's own rate, of products that have none, which was
-- kept beside the last number of an invoice. patient_overlap is 'warn' or 'refuse'.
ALTER TABLE practice_group ADD COLUMN vat_permille bigint NOT NULL DEFAULT 0;
ALTER TABLE practice_group ADD COLUMN patient_overlap text NOT NULL DEFAULT 'warn';
UPDATE practice_group SET vat_permille = (SELECT billing.vat_permille FROM billing WHERE billing.practice_group_id = practice_group.practice_group_id)
	WHERE EXISTS (SELECT 1 FROM billing WHERE billing.practice_group_id = practice_group.practice_group_id);
ALTER TABLE billing DROP COLUMN vat_permille;

-- As in product: NULL is the practice's own.
ALTER TABLE appointment_type ADD COLUMN vat_permille bigint;
UPDATE appointment_type SET vat_permille = (SELECT product.vat_permille FROM product
	WHERE product.practice_group_id = appointment_type.practice_group_id AND product.id = appointment_type.id);
