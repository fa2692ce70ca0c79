package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cloakroom/cloakroom/internal/db"
	"github.com/cloakroom/cloakroom/internal/db/dbtest"
)

// chains is a journal in memory: records in order, and the heads.
type chains struct {
	records []Record
	heads   map[string]Head
}

func newChains(nodes, each int) chains {
	c := chains{heads: map[string]Head{}}
	for n := range nodes {
		var last Hash
		for i := range each {
			r := Record{Node: fmt.Sprintf("node-%d", n), Seq: int64(i + 1), Entry: entry(i)}
			r.Hash = r.hash(last)
			last = r.Hash
			c.records = append(c.records, r)
			c.heads[r.Node] = Head{Node: r.Node, Seq: r.Seq, Hash: r.Hash, At: r.At}
		}
	}
	return c
}

func (c chains) verify(known ...Head) error {
	return verify(func(yield func(Record, Head) bool) {
		for _, r := range c.records {
			if !yield(r, c.heads[r.Node]) {
				return
			}
		}
	}, known)
}

// TestEveryTamperingIsFound_T15: change, removal, insertion or reordering of any byte or record, 10,000 times.
func TestEveryTamperingIsFound_T15(t *testing.T) {
	good := newChains(3, 12)
	if err := good.verify(); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	flip := func(b []byte) { b[random.IntN(len(b))] ^= byte(1 + random.IntN(255)) }
	flipText := func(s *string) { b := []byte(*s); flip(b); *s = string(b) }
	kinds := []struct {
		name string
		do   func(c *chains, r *Record, i int)
	}{
		{"a byte of the actor", func(_ *chains, r *Record, _ int) { flipText(&r.Actor) }},
		{"a byte of the action", func(_ *chains, r *Record, _ int) { flipText(&r.Action) }},
		{"a byte of the subject", func(_ *chains, r *Record, _ int) { flipText(&r.Subject) }},
		{"a byte of the detail", func(_ *chains, r *Record, _ int) { flipText(&r.Detail) }},
		{"a byte of the request id", func(_ *chains, r *Record, _ int) { flipText(&r.RequestID) }},
		{"a byte of the node", func(_ *chains, r *Record, _ int) { flipText(&r.Node) }},
		{"a byte of the hash", func(_ *chains, r *Record, _ int) { flip(r.Hash[:]) }},
		{"a bit of the time", func(_ *chains, r *Record, _ int) { r.At = time.Unix(0, r.At.UnixNano()^1<<random.IntN(63)) }},
		{"a bit of the number", func(_ *chains, r *Record, _ int) { r.Seq ^= 1 << random.IntN(64) }},
		{"text moved to the next field", func(_ *chains, r *Record, _ int) {
			r.Actor, r.Action = r.Actor+r.Action[:1], r.Action[1:]
		}},
		{"an emptied field", func(_ *chains, r *Record, _ int) { r.Detail = "" }},
		{"a record removed", func(c *chains, _ *Record, i int) { c.records = slices.Delete(c.records, i, i+1) }},
		{"a record twice", func(c *chains, r *Record, i int) { c.records = slices.Insert(c.records, i, *r) }},
		{"a record put in, with a fitting hash", func(c *chains, r *Record, i int) {
			x := *r
			x.Subject = "nobody"
			if i > 0 {
				x.Hash = x.hash(c.records[i-1].Hash)
			}
			c.records = slices.Insert(c.records, i, x)
		}},
		{"two records swapped", func(c *chains, _ *Record, i int) {
			k := (i + 1 + random.IntN(len(c.records)-1)) % len(c.records)
			c.records[i], c.records[k] = c.records[k], c.records[i]
		}},
		{"two contents swapped, numbers kept", func(c *chains, r *Record, i int) {
			k := (i + 1 + random.IntN(len(c.records)-1)) % len(c.records)
			if o := &c.records[k]; o.Entry != r.Entry {
				r.Entry, o.Entry = o.Entry, r.Entry
			} else {
				r.RequestID = "r2"
			}
		}},
		{"a record made anew, with a hash of its own", func(c *chains, r *Record, i int) {
			r.Subject = "nobody"
			var previous Hash
			if r.Seq > 1 {
				previous = c.records[i-1].Hash
			}
			r.Hash = r.hash(previous)
		}},
		{"a byte of a head", func(c *chains, r *Record, _ int) {
			h := c.heads[r.Node]
			flip(h.Hash[:])
			c.heads[r.Node] = h
		}},
		{"another number in a head", func(c *chains, r *Record, _ int) {
			h := c.heads[r.Node]
			h.Seq ^= 1 << random.IntN(63)
			c.heads[r.Node] = h
		}},
		{"another time in a head", func(c *chains, r *Record, _ int) {
			h := c.heads[r.Node]
			h.At = h.At.Add(1)
			c.heads[r.Node] = h
		}},
		{"a head removed", func(c *chains, r *Record, _ int) { delete(c.heads, r.Node) }},
	}
	const tries = 10_000
	found := 0
	for n := range tries {
		c := chains{records: slices.Clone(good.records), heads: map[string]Head{}}
		for k, v := range good.heads {
			c.heads[k] = v
		}
		kind := kinds[n%len(kinds)]
		i := random.IntN(len(c.records))
		kind.do(&c, &c.records[i], i)
		if err := c.verify(); errors.Is(err, ErrBroken) {
			found++
		} else {
			t.Errorf("%s, record %d: got %v, want %v", kind.name, i, err, ErrBroken)
		}
	}
	if found != tries {
		t.Errorf("found %d of %d", found, tries)
	}
}

// TestARewrittenChainIsFoundByAKnownHead_T15: who can write the database can make a new chain that is sound in itself. A head that was signed and
// logged before shows it.
func TestARewrittenChainIsFoundByAKnownHead_T15(t *testing.T) {
	good := newChains(2, 12)
	var known []Head
	for _, r := range good.records {
		if r.Seq == 5 || r.Seq == 12 {
			known = append(known, Head{Node: r.Node, Seq: r.Seq, Hash: r.Hash, At: r.At})
		}
	}
	known = append(known, Head{Node: "quiet"}) // a head of an empty journal binds nothing
	if err := good.verify(known...); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		story string
		forge func(c *chains)
		want  string
	}{
		{"record 3 changed and the rest worked out anew", func(c *chains) {
			c.records[2].Subject = "nobody"
			rechain(c)
		}, `node "node-0": record 5: `},
		{"the end cut off and the head set back", func(c *chains) {
			c.records = slices.Delete(c.records, 10, 12)
			rechain(c)
		}, `node "node-0": record 12: `},
		{"a whole chain removed with its head", func(c *chains) { c.records = c.records[:12] }, `node "node-1": `},
		{"everything removed", func(c *chains) { c.records = nil }, "it is missing"},
	} {
		c := newChains(2, 12)
		tc.forge(&c)
		if err := c.verify(); err != nil {
			t.Errorf("%s: without a known head it is sound in itself, but got %v", tc.story, err)
		}
		if err := c.verify(known...); !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.story, err, tc.want)
		}
	}
	if err := good.verify(known[0], Head{Node: known[0].Node, Seq: known[0].Seq}); !errors.Is(err, ErrBroken) {
		t.Errorf("two different heads for one record: got %v", err)
	}
}

func rechain(c *chains) {
	c.heads = map[string]Head{}
	last := map[string]Record{}
	for i := range c.records {
		r := &c.records[i]
		r.Seq = last[r.Node].Seq + 1
		r.Hash = r.hash(last[r.Node].Hash)
		last[r.Node] = *r
		c.heads[r.Node] = Head{Node: r.Node, Seq: r.Seq, Hash: r.Hash, At: r.At}
	}
}

// TestVerifyNamesTheBrokenRecord_T15: in a real database, by somebody who has sqlite3.
func TestVerifyNamesTheBrokenRecord_T15(t *testing.T) {
	for _, tc := range []struct{ story, sql, want string }{
		{"a text changed", "update journal set subject = 'nobody' where node = 'a' and seq = 4", `node "a": record 4: `},
		{"a time changed", "update journal set at = at + 1 where node = 'a' and seq = 4", `node "a": record 4: `},
		{"a text made a blob", "update journal set detail = x'00' where node = 'a' and seq = 4", `node "a": record 4: `},
		{"a hash changed", "update journal set hash = zeroblob(32) where node = 'b' and seq = 2", `node "b": record 2: `},
		{"a hash cut short", "update journal set hash = x'00' where node = 'b' and seq = 2", `node "b": record 2: `},
		{"the first removed", "delete from journal where node = 'a' and seq = 1", `node "a": record 1: `},
		{"one in the middle removed", "delete from journal where node = 'a' and seq = 4", `node "a": record 4: `},
		{"the last removed", "delete from journal where node = 'a' and seq = 6", `node "a": record 6: `},
		{"a chain removed", "delete from journal where node = 'b'", `node "b": record 1: `},
		{"a head removed", "delete from journal_heads where node = 'b'", `node "b": record 6: the journal was changed after the fact: its chain has no head`},
		{"a head changed", "update journal_heads set hash = zeroblob(32) where node = 'a'", `node "a": record 6: `},
		{"two reordered", "update journal set seq = case seq when 2 then 1003 else 1002 end where node = 'a' and seq in (2, 3); update journal set seq = seq - 1000 where seq > 1000", `node "a": record 2: `},
		{"moved to the other chain", "update journal set node = 'b', seq = 7 where node = 'a' and seq = 6", `node "a": record 6: `},
	} {
		t.Run(tc.story, func(t *testing.T) {
			d := dbtest.Open(t, Migrations)
			for i := range 6 {
				appendAll(t, d, New("a"), entry(i))
				appendAll(t, d, New("b"), entry(i))
			}
			if err := New("a").Verify(t.Context(), d.View()); err != nil {
				t.Fatal(err)
			}
			err := d.Update(t.Context(), func(tx *db.Conn) error { _, err := tx.Exec(t.Context(), tc.sql); return err })
			if err != nil {
				t.Fatal(err)
			}
			err = New("a").Verify(t.Context(), d.View())
			if !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

// FuzzCanonicalIsInjective: the canonical form can be read back, so no two records share one.
func FuzzCanonicalIsInjective(f *testing.F) {
	f.Add("a", int64(1), int64(2), "actor", "action", "subject", "{}", "r1")
	f.Add("", int64(0), int64(-1), "", "", "", "", "")
	f.Add("a\x00", int64(1)<<62, int64(7), "\x00\x00\x00\x00\x00\x00\x00\x01b", "ab", "a", "b", "\xff")
	f.Fuzz(func(t *testing.T, node string, seq, at int64, actor, action, subject, detail, request string) {
		r := Record{Node: node, Seq: seq, Entry: Entry{At: time.Unix(0, at).UTC(), Actor: actor, Action: action, Subject: subject, Detail: detail, RequestID: request}}
		b := r.canonical()
		text := func() string {
			n := binary.BigEndian.Uint64(b)
			s := string(b[8 : 8+n])
			b = b[8+n:]
			return s
		}
		integer := func() int64 {
			n := int64(binary.BigEndian.Uint64(b))
			b = b[8:]
			return n
		}
		if label := text(); label != recordLabel {
			t.Fatalf("got label %q", label)
		}
		var back Record
		back.Node, back.Seq, back.At = text(), integer(), time.Unix(0, integer()).UTC()
		back.Actor, back.Action, back.Subject, back.Detail, back.RequestID = text(), text(), text(), text(), text()
		if len(b) != 0 || back != r {
			t.Fatalf("got %v and %d bytes left, want %v", back, len(b), r)
		}
		head := Head{Node: node, Seq: seq, At: r.At}
		if strings.HasPrefix(string(head.Bytes()), string(field(nil, recordLabel))) {
			t.Fatal("a head can be taken for a record")
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	d := dbtest.Open(b, Migrations)
	err := d.Update(b.Context(), func(tx *db.Conn) error {
		for i := range 1000 {
			if err := New("a").Append(b.Context(), tx, entry(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := New("a").Verify(b.Context(), d.View()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/record")
}
