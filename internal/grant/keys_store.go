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
		SELECT kid, purpose, alg, state, wrapped, created, not_before, retired, verify_until
		FROM signing_keys ORDER BY purpose DESC, created, kid`)
	if err != nil {
		return nil, storeError(what, err)
	}
	defer rows.Close()
	var all []keyRow
	for rows.Next() {
		var r keyRow
		var purpose, alg, state string
		var created, notBefore, retired, verifyUntil int64
		if err := rows.Scan(&r.info.ID, &purpose, &alg, &state, &r.wrapped, &created, &notBefore, &retired, &verifyUntil); err != nil {
			return nil, storeError(what, err)
		}
		r.info.Purpose, r.info.Algorithm, r.info.State = Purpose(purpose), jwt.Algorithm(alg), KeyState(state)
		r.info.Created, r.info.NotBefore, r.info.Retired, r.info.VerifyUntil = stamp(created), stamp(notBefore), stamp(retired), stamp(verifyUntil)
		all = append(all, r)
	}
	return all, storeError(what, rows.Err())
}

func countVerifying(ctx context.Context, tx *db.Conn, p Purpose, now time.Time) (n int, err error) {
	err = tx.QueryRow(ctx, "SELECT count(*) FROM signing_keys WHERE purpose = $1 AND state <> 'dropped' AND (verify_until = 0 OR verify_until >= $2)",
		string(p), now.UnixNano()).Scan(&n)
	return n, storeError("count the signing keys", err)
}

func insertKey(ctx context.Context, tx *db.Conn, i KeyInfo, wrapped []byte) error {
	_, err := tx.Exec(ctx, "INSERT INTO signing_keys (kid, purpose, alg, state, wrapped, created, not_before) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		i.ID, string(i.Purpose), string(i.Algorithm), string(i.State), wrapped, i.Created.UnixNano(), i.NotBefore.UnixNano())
	return storeError("store a signing key", err)
}

func retireActive(ctx context.Context, tx *db.Conn, p Purpose, now time.Time) error {
	_, err := tx.Exec(ctx, "UPDATE signing_keys SET state = 'retired', retired = $2, verify_until = $3 WHERE purpose = $1 AND state = 'active'",
		string(p), now.UnixNano(), now.Add(MaxTokenLifetime).UnixNano())
	return storeError("retire the signing key", err)
}

func activateKey(ctx context.Context, tx *db.Conn, kid string, now time.Time) error {
	_, err := tx.Exec(ctx, "UPDATE signing_keys SET state = 'active', not_before = $2 WHERE kid = $1 AND state = 'next'", kid, now.UnixNano())
	return storeError("put the next signing key to work", err)
}

// dropKey also deletes the key itself: whoever steals the database and the secret file later cannot sign with it. The end of a key that
// has come to it by itself stays as it was.
func dropKey(ctx context.Context, tx *db.Conn, s *Step, now time.Time) error {
	_, err := tx.Exec(ctx, `
		UPDATE signing_keys SET state = 'dropped', wrapped = x'',
			retired = CASE state WHEN 'active' THEN $2 ELSE retired END,
			verify_until = CASE WHEN $3 OR verify_until = 0 THEN $2 ELSE verify_until END
		WHERE kid = $1`, s.Key, now.UnixNano(), s.Leaked)
	return storeError("drop a signing key", err)
}

func forgetKey(ctx context.Context, tx *db.Conn, kid string) error {
	_, err := tx.Exec(ctx, "DELETE FROM signing_keys WHERE kid = $1", kid)
	return storeError("forget a signing key", err)
}
