package sessiontest

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/session"
)

var loadExams = []exam{
	{"Unknown", "a session that was never heard of is ErrNotFound, by key and by handle, and a list of none is no error",
		func(t *testing.T, s session.Store) {
			wantUnknown(t, s, newRecord("ann"))
			wantList(t, s, "ann")
			put(t, s, newRecord("ann"))
			wantUnknown(t, s, newRecord("ann"))
			wantUnknown(t, s, session.Record{}) // the zero key and the empty handle name nobody
			wantList(t, s, "bob")
		}},

	{"EveryField", "what is committed is what is loaded: every field, to the nanosecond, in UTC",
		func(t *testing.T, s session.Store) {
			full := newRecord("ann")
			full.Remember, full.Kind, full.AMR = true, session.Token, []string{"pwd", "otp", ""}
			bare := session.Record{Key: newRecord("").Key, Handle: newRecord("").Handle, Created: start(), Seen: start(), Expires: start().Add(time.Hour)}
			local := newRecord("ann")
			zone := time.FixedZone("half past", 5*3600+1800)
			local.Created, local.Seen = local.Created.In(zone).Add(1), local.Seen.In(zone)
			local.Expires, local.AuthTime = local.Expires.In(zone), local.AuthTime.In(zone)
			odd := newRecord("ann")
			odd.Created = odd.Created.Add(2)
			odd.Idle, odd.Expires = 1, start().AddDate(100, 0, 0).Add(1)
			for _, r := range put(t, s, full, bare, local, odd) {
				wantLive(t, s, r)
			}
			wantList(t, s, "ann", stored(full), stored(local), stored(odd))
		}},

	{"AnyText", "subjects are compared byte for byte, and text of any script comes back as it was",
		func(t *testing.T, s session.Store) {
			subjects := []string{"ann", "Ann", "ann ", " ann", "an%", "_nn", "안나 😀", "é", "e\u0301", "'; drop table sessions; --", "\u202eann", "a\tb\nc", "0", "00", "1e3", "NULL"}
			var all []session.Record
			for _, subject := range subjects {
				r := newRecord(subject)
				r.Device = "Firefox on “" + subject + "”"
				r.AMR = []string{subject, "a,b", `"`}
				all = append(all, r)
			}
			for _, r := range put(t, s, all...) {
				wantLive(t, s, r)
				wantList(t, s, r.Subject, r)
			}
		}},

	{"AnyData", "data are bytes: none, every value of a byte, a megabyte",
		func(t *testing.T, s session.Store) {
			every := make([]byte, 256)
			for i := range every {
				every[i] = byte(i)
			}
			large := make([]byte, 1<<20)
			_, _ = rand.Read(large)
			for _, data := range [][]byte{nil, {}, {0}, every, []byte("not utf-8 \xff\xfe"), large} {
				r := newRecord("ann")
				r.Data = data
				wantLive(t, s, put(t, s, r)[0])
			}
		}},

	{"PastItsLimits", "SE-22, CV-53: a record past its limits is returned as it is, so that the manager can say why; the store judges nothing",
		func(t *testing.T, s session.Store) {
			r := newRecord("ann")
			r.Idle, r.Expires = time.Nanosecond, r.Seen.Add(time.Second)
			r.Created, r.Seen = r.Created.Add(-time.Minute), r.Seen.Add(-time.Minute)
			got := put(t, s, r)[0]
			wantLive(t, s, got)
			wantList(t, s, "ann", got)
			if _, expired := got.ExpiredAt(start()); !expired {
				t.Error("the exam is wrong: this record should be past its idle limit")
			}
		}},

	{"ListOldestFirst", "a subject's live sessions are listed by Created, oldest first, and nobody else's; those of nobody are not listed",
		func(t *testing.T, s session.Store) {
			var ann [3]session.Record
			for i := range ann {
				ann[i] = newRecord("ann")
				ann[i].Created = start().Add(time.Duration(i) * time.Nanosecond)
			}
			put(t, s, ann[1], newRecord("bob"))
			put(t, s, ann[2], newRecord(""))
			put(t, s, ann[0], newRecord(""))
			wantList(t, s, "ann", stored(ann[0]), stored(ann[1]), stored(ann[2]))
			wantList(t, s, "")
			commit(t, s, session.Change{End: []session.Ending{ann[1].Ending(session.SignedOut, start())}})
			wantList(t, s, "ann", stored(ann[0]), stored(ann[2]))
		}},

	{"TouchOnlyForward", "Touch moves Seen forward and never back, leaves the version alone, and passes over what is not live",
		func(t *testing.T, s session.Store) {
			r, ended := newRecord("ann"), newRecord("ann")
			live := put(t, s, r, ended)[0]
			ending := ended.Ending(session.SignedOut, start())
			commit(t, s, session.Change{End: []session.Ending{ending}})
			touch := func(ts ...session.Touch) {
				t.Helper()
				if err := s.Touch(t.Context(), ts); err != nil {
					t.Fatal(err)
				}
			}
			touch()
			later := r.Seen.Add(time.Nanosecond)
			touch(session.Touch{Key: r.Key, Seen: r.Seen.Add(-time.Hour)})
			wantLive(t, s, live)
			touch(session.Touch{Key: newRecord("").Key, Seen: later}, session.Touch{Key: ended.Key, Seen: later}, session.Touch{Key: r.Key, Seen: later})
			live.Seen = later
			wantLive(t, s, live)
			wantEnded(t, s, ending)
			// in one batch, out of order
			last := later.Add(time.Minute)
			touch(session.Touch{Key: r.Key, Seen: last}, session.Touch{Key: r.Key, Seen: later})
			live.Seen = last
			wantLive(t, s, live)
			live.Data = []byte("the version still holds")
			wantLive(t, s, put(t, s, live)[0])
		}},

	{"CanceledIsNotAbsent", "when a context is over a call may still succeed, or it fails with the context's error and changes nothing; it never says that a session is absent",
		func(t *testing.T, s session.Store) {
			r := put(t, s, newRecord("ann"))[0]
			ctx := canceled(t)
			allowed := func(what string, err error) {
				t.Helper()
				if err != nil && !errors.Is(err, ctx.Err()) {
					t.Errorf("%s: got %v, want no error or %v", what, err, ctx.Err())
				}
			}
			_, err := s.Load(ctx, r.Key)
			allowed("load", err)
			_, _, err = s.Find(ctx, r.Handle)
			allowed("find", err)
			rs, err := s.List(ctx, "ann")
			allowed("list", err)
			if err == nil && len(rs) != 1 {
				t.Errorf("list: got %d records without an error, want 1", len(rs))
			}
			fresh := newRecord("bob")
			err = s.Commit(ctx, session.Change{Put: []session.Record{fresh}, End: []session.Ending{r.Ending(session.SignedOut, start())}})
			allowed("commit", err)
			if err != nil {
				wantUnknown(t, s, fresh)
				wantLive(t, s, r)
			} else {
				wantLive(t, s, stored(fresh))
			}
		}},
}
