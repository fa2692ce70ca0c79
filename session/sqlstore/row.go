package sqlstore

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

// The columns, in the order in which they are scanned and bound.
const (
	recordColumns = "key, handle, subject, version, created, auth_time, seen, idle, expires, remember, kind, amr, device, data"
	endingColumns = "seq, key, handle, subject, created, seen, at, reason"
)

// scanner is *sql.Row or *sql.Rows.
type scanner interface{ Scan(dst ...any) error }

func scanRecord(row scanner) (r session.Record, err error) {
	var version, idle int64
	err = row.Scan((*key)(&r.Key), &r.Handle, &r.Subject, &version, (*instant)(&r.Created), (*instant)(&r.AuthTime), (*instant)(&r.Seen),
		&idle, (*instant)(&r.Expires), &r.Remember, &r.Kind, (*list)(&r.AMR), &r.Device, &r.Data)
	if err != nil {
		return session.Record{}, err
	}
	r.Version, r.Idle = uint64(version), time.Duration(idle)
	return r, nil
}

// recordArgs binds what recordColumns names; the version is the new one.
func recordArgs(r *session.Record, version int64) []any {
	return []any{r.Key[:], r.Handle, r.Subject, version, instant(r.Created), instant(r.AuthTime), instant(r.Seen),
		int64(r.Idle), instant(r.Expires), r.Remember, int64(r.Kind), list(r.AMR), r.Device, r.Data}
}

func scanEnding(row scanner) (e session.Ending, err error) {
	err = row.Scan(&e.Seq, (*key)(&e.Key), &e.Handle, &e.Subject, (*instant)(&e.Created), (*instant)(&e.Seen), (*instant)(&e.At), (*string)(&e.Reason))
	if err != nil {
		return session.Ending{}, err
	}
	return e, nil
}

// key scans a blob without a copy in between.
type key session.Key

func (k *key) Scan(src any) error {
	b, ok := src.([]byte)
	if !ok || len(b) != len(k) {
		return fmt.Errorf("sqlstore: a key in the database has %d bytes, want %d", len(b), len(k))
	}
	copy(k[:], b)
	return nil
}

// instant is a time as unix nanoseconds, null for the zero time.
type instant time.Time

var (
	earliest = time.Unix(0, math.MinInt64)
	latest   = time.Unix(0, math.MaxInt64)
)

func (i instant) Value() (driver.Value, error) {
	t := time.Time(i)
	if t.IsZero() {
		return nil, nil
	}
	if t.Before(earliest) || t.After(latest) {
		return nil, fmt.Errorf("sqlstore: got the time %v, limit %v to %v", t.UTC(), earliest.UTC(), latest.UTC())
	}
	return t.UnixNano(), nil
}

func (i *instant) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*i = instant{}
	case int64:
		*i = instant(time.Unix(0, v).UTC())
	default:
		return fmt.Errorf("sqlstore: a time in the database is a %T, want an integer", src)
	}
	return nil
}

// list is a list of texts as a JSON array, "" if empty.
type list []string

func (l list) Value() (driver.Value, error) {
	if len(l) == 0 {
		return "", nil
	}
	b, err := json.Marshal([]string(l))
	return string(b), err
}

func (l *list) Scan(src any) error {
	s, ok := src.(string)
	switch {
	case !ok:
		return fmt.Errorf("sqlstore: a list in the database is a %T, want text", src)
	case s == "":
		*l = nil
		return nil
	case s == `["pwd"]`: // nearly all of them
		*l = list{"pwd"}
		return nil
	}
	return json.Unmarshal([]byte(s), (*[]string)(l))
}
