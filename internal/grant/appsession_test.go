package grant

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
	"github.com/cloakroom/cloakroom/session"
)

const visitID = "a browser"

var atWiki = AppSession{Parent: "parent", Subject: "anna", Host: "wiki.example"}

func issue(t testing.TB, d *db.DB, s *AppSessions, a AppSession) (code string) {
	t.Helper()
	update(t, d, func(tx *db.Conn) (err error) {
		code, err = s.Issue(t.Context(), tx, a, "/page?x=1", VisitHash(visitID), epoch)
		return err
	})
	return code
}

// redeem commits whatever comes of it, as the caller has to.
func redeem(ctx context.Context, d *db.DB, s *AppSessions, code, host, visit string, now time.Time) (h Handover, err error) {
	failed := d.Update(ctx, func(tx *db.Conn) error {
		h, err = s.Redeem(ctx, tx, code, host, visit, now)
		return nil
	})
	return h, errors.Join(err, failed)
}

func TestACodeIsForOneBrowserAtOneHostInOneMinute_T8(t *testing.T) {
	d, s := dbtest.Open(t, Migrations), NewAppSessions()
	for _, c := range []struct {
		what, host, visit string
		after             time.Duration
		want              error
	}{
		{"at once", "wiki.example", visitID, 0, nil},
		{"in the last moment", "wiki.example", visitID, CodeLifetime, nil},
		{"a nanosecond late", "wiki.example", visitID, CodeLifetime + 1, ErrCodeExpired},
		{"by a clock that is a second behind", "wiki.example", visitID, -time.Second, nil},
		{"by a clock that is further behind", "wiki.example", visitID, -time.Second - 1, ErrCodeEarly},
		{"at another host", "mail.example", visitID, 0, ErrCodeForeign},
		{"in another browser", "wiki.example", "another", 0, ErrCodeForeign},
		{"without a visit cookie", "wiki.example", "", 0, ErrCodeForeign},
	} {
		code := issue(t, d, s, atWiki)
		if there, err := s.Issued(t.Context(), d.View(), code); err != nil || !there {
			t.Errorf("%s: it is not there to be redeemed, %v", c.what, err)
		}
		h, err := redeem(t.Context(), d, s, code, c.host, c.visit, epoch.Add(c.after))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.what, err, c.want)
		}
		if c.want == nil && (h.Path != "/page?x=1" || h.Parent != atWiki.Parent || h.Subject != atWiki.Subject || h.Host != atWiki.Host) {
			t.Errorf("%s: stands for %+v", c.what, h)
		}
		if _, err := redeem(t.Context(), d, s, code, "wiki.example", visitID, epoch); !errors.Is(err, ErrCodeUnknown) {
			t.Errorf("%s, and then once more: got %v", c.what, err)
		}
	}
	for _, code := range []string{"", "x", newToken().String(), newToken().String() + "="} {
		if _, err := redeem(t.Context(), d, s, code, "wiki.example", visitID, epoch); !errors.Is(err, ErrCodeUnknown) {
			t.Errorf("%q, which was never issued: got %v", code, err)
		}
		if there, err := s.Issued(t.Context(), d.View(), code); err != nil || there {
			t.Errorf("%q, which was never issued, is there: %v", code, err)
		}
	}
}

func TestOfManyThatRedeemACodeOneMay_T8(t *testing.T) {
	d, s := dbtest.Open(t, Migrations), NewAppSessions()
	for range 20 {
		code := issue(t, d, s, atWiki)
		var mu sync.Mutex
		var all sync.WaitGroup
		good := 0
		for range 16 {
			all.Go(func() {
				_, err := redeem(t.Context(), d, s, code, "wiki.example", visitID, epoch)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					good++
				} else if !errors.Is(err, ErrCodeUnknown) {
					t.Error(err)
				}
			})
		}
		if all.Wait(); good != 1 {
			t.Fatalf("%d of 16 were let in", good)
		}
	}
}

func openAt(t testing.TB, d *db.DB, s *AppSessions, a AppSession, until, now time.Time) (key session.Key) {
	t.Helper()
	update(t, d, func(tx *db.Conn) error {
		id, err := s.Open(t.Context(), tx, a, until, now)
		if err != nil {
			return err
		}
		var ok bool
		if key, ok = session.KeyOf(id); !ok {
			t.Errorf("%q is no id of a session", id)
		}
		return nil
	})
	return key
}

func TestASessionAtAnAppFollowsItsParent(t *testing.T) {
	d, s := dbtest.Open(t, Migrations), NewAppSessions()
	key := openAt(t, d, s, atWiki, epoch.Add(time.Hour), epoch)
	found := func(s *AppSessions) AppSession {
		a, err := s.Find(t.Context(), d.View(), key)
		if err != nil {
			t.Error(err)
		}
		return a
	}
	want := atWiki
	want.Created = epoch.UTC()
	if got := found(s); got != want {
		t.Errorf("found %+v", got)
	}
	update(t, d, func(tx *db.Conn) error {
		return s.Follow(t.Context(), tx, atWiki.Parent, "successor", epoch.Add(2*time.Hour))
	})
	if got := found(s); got.Parent != atWiki.Parent {
		t.Errorf("memory was not to be asked again: %+v", got)
	}
	s.Forget(key)
	if a, b := found(s), found(NewAppSessions()); a.Parent != "successor" || a != b {
		t.Errorf("after the renewal %+v and %+v", a, b)
	}
	if _, err := s.Find(t.Context(), d.View(), session.Key{1}); !errors.Is(err, ErrNoAppSession) {
		t.Errorf("of a cookie that was never issued: %v", err)
	}
}

func TestASessionHasFewCookiesAtAnApp(t *testing.T) {
	d, s := dbtest.Open(t, Migrations), NewAppSessions()
	mail := AppSession{Parent: atWiki.Parent, Subject: "anna", Host: "mail.example"}
	first := openAt(t, d, s, mail, epoch.Add(time.Hour), epoch)
	var keys []session.Key
	for i := range maxAppSessions + 1 {
		keys = append(keys, openAt(t, d, s, atWiki, epoch.Add(time.Hour), epoch.Add(time.Duration(i)*time.Second)))
	}
	for i, key := range append(keys, first) {
		_, err := s.Find(t.Context(), d.View(), key)
		if gone := errors.Is(err, ErrNoAppSession); gone != (i == 0) || err != nil && !gone {
			t.Errorf("cookie %d: %v", i, err)
		}
	}
	all, err := s.List(t.Context(), d.View(), "anna")
	if err != nil || len(all) != 2 || all[0].Host != "mail.example" || all[1].Host != "wiki.example" {
		t.Errorf("listed %+v, %v", all, err)
	}
	if none, err := s.List(t.Context(), d.View(), "ben"); err != nil || len(none) != 0 {
		t.Errorf("of somebody else %+v, %v", none, err)
	}
}

func TestAppsAreSwept(t *testing.T) {
	d, s := dbtest.Open(t, Migrations), NewAppSessions()
	over := epoch.Add(time.Hour)
	key := openAt(t, d, s, atWiki, over, epoch)
	code := issue(t, d, s, atWiki)
	sweep := func(now time.Time, want int) {
		t.Helper()
		update(t, d, func(tx *db.Conn) error {
			if n, err := s.Sweep(t.Context(), tx, now); err != nil || n != want {
				t.Errorf("swept %d, %v; want %d", n, err, want)
			}
			return nil
		})
	}
	sweep(epoch.Add(10*CodeLifetime), 0)
	sweep(epoch.Add(10*CodeLifetime+1), 1)
	if _, err := redeem(t.Context(), d, s, code, "wiki.example", visitID, epoch); !errors.Is(err, ErrCodeUnknown) {
		t.Errorf("a code that was swept: %v", err)
	}
	sweep(over.Add(session.KeepEndings), 0) // so long it is told why
	sweep(over.Add(session.KeepEndings+1), 1)
	if _, err := s.Find(t.Context(), d.View(), key); !errors.Is(err, ErrNoAppSession) {
		t.Errorf("a session that was swept: %v", err)
	}
}

func TestAppSessionsChangeInTransactionsOnly(t *testing.T) {
	d, s := dbtest.Open(t, Migrations), NewAppSessions()
	_, issued := s.Issue(t.Context(), d.View(), atWiki, "/", VisitHash(visitID), epoch)
	_, redeemed := s.Redeem(t.Context(), d.View(), newToken().String(), "h", "v", epoch)
	_, opened := s.Open(t.Context(), d.View(), atWiki, epoch, epoch)
	for _, err := range []error{issued, redeemed, opened} {
		if !errors.Is(err, ErrNoTransaction) {
			t.Errorf("got %v", err)
		}
	}
}
