package grant

import (
	"context"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/jwt"
)

type keyRow struct {
	info    KeyInfo
	wrapped []byte
}

func loadKeys(ctx context.Context, q *db.Conn) ([]keyRow, error) {
	const what = "load the signing keys"
	rows, err := q.Query(ctx, `
		SELECT kid, alg, state, wrapped, created, not_before, retired, verify_until
		FROM signing_keys ORDER BY created, kid`)
	if err != nil {
		return nil, storeError(what, err)
	}
	defer rows.Close()
	var all []keyRow
	for rows.Next() {
		var r keyRow
		var alg, state string
		var created, notBefore, retired, verifyUntil int64
		if err := rows.Scan(&r.info.ID, &alg, &state, &r.wrapped, &created, &notBefore, &retired, &verifyUntil); err != nil {
			return nil, storeError(what, err)
		}
		r.info.Algorithm, r.info.State = jwt.Algorithm(alg), KeyState(state)
		r.info.Created, r.info.NotBefore, r.info.Retired, r.info.VerifyUntil = stamp(created), stamp(notBefore), stamp(retired), stamp(verifyUntil)
		all = append(all, r)
	}
	return all, storeError(what, rows.Err())
}

func retireActive(ctx context.Context, tx *db.Conn, now time.Time) error {
	_, err := tx.Exec(ctx, "UPDATE signing_keys SET state = 'retired', retired = $1, verify_until = $2 WHERE state = 'active'",
		now.UnixNano(), now.Add(MaxTokenLifetime).UnixNano())
	return storeError("retire the signing key", err)
}

func insertKey(ctx context.Context, tx *db.Conn, i KeyInfo, wrapped []byte) error {
	_, err := tx.Exec(ctx, "INSERT INTO signing_keys (kid, alg, state, wrapped, created, not_before) VALUES ($1, $2, $3, $4, $5, $6)",
		i.ID, string(i.Algorithm), string(i.State), wrapped, i.Created.UnixNano(), i.NotBefore.UnixNano())
	return storeError("store a signing key", err)
}
