-- What signed in, in words for its owner: who is told of a theft wants to know of which device.

-- +goose Up
ALTER TABLE refresh_families ADD COLUMN device TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE refresh_families DROP COLUMN device;
