-- Kinds of products, and the permission to change members of staff, under the names that are published.

-- +goose Up

UPDATE product SET kind = CASE kind WHEN 'drug' THEN 'medication' ELSE 'other' END
WHERE kind IN ('drug', 'consumable', 'service');
UPDATE invoice_line SET kind = CASE kind WHEN 'drug' THEN 'medication' ELSE 'other' END
WHERE kind IN ('drug', 'consumable', 'service');

UPDATE role SET permissions = trim(replace(',' || permissions || ',', ',editUsers,', ',settingsEditUsers,'), ',')
WHERE ',' || permissions || ',' LIKE '%,editUsers,%';
