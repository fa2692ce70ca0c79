package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"sync/atomic"

	"modernc.org/sqlite"
)

var (
	// The order is kept: busy_timeout first, for the others may have to wait.
	commonParams = []string{"_pragma=busy_timeout(5000)", "_pragma=foreign_keys(1)", "_pragma=trusted_schema(0)", "_defensive=1", "_dqs=0"}
	// SQLite would keep 2 MB of pages for each connection. The system keeps the same pages, and what is asked for often is in our own
	// caches: with this, a server that ten thousand people use takes 5 MiB less, and reads of sessions are not measurably slower. The
	// writer's 60 pages are more than one sign-in changes, which would else be written twice. A page takes 8 KB: of its 4 KB and what
	// SQLite notes beside it the allocator makes a power of two.
	writerCache, readerCache = "_pragma=cache_size(-256)", "_pragma=cache_size(-128)"
	// secure_delete=fast wipes what is deleted where that costs no extra write: ended sessions leave no data behind.
	writerParams = append(commonParams[:len(commonParams):len(commonParams)], "_pragma=journal_mode(wal)", "_pragma=synchronous(full)",
		"_pragma=secure_delete(fast)", "_pragma=journal_size_limit(67108864)", writerCache, "_txlock=immediate")
	readerParams  = append(commonParams[:len(commonParams):len(commonParams)], readerCache, "_query_only=1")
	inspectParams = append(commonParams[:len(commonParams):len(commonParams)], "mode=ro")
)

// dsn is a URI, because a plain name would end at the first question mark.
func dsn(path string, params []string) string {
	u := url.URL{Scheme: "file", Path: path, OmitHost: true}
	s := u.String()
	for i, p := range params {
		if i == 0 {
			s += "?"
		} else {
			s += "&"
		}
		s += p
	}
	return s
}

// connector counts the connections it makes, and puts faults in between if a test asks for them.
type connector struct {
	driver.Connector
	made   *atomic.Uint64
	faults *Faults
	writer bool
}

func openPool(dsn string, faults *Faults, writer bool, made *atomic.Uint64) (*sql.DB, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(&connector{Connector: c, made: made, faults: faults, writer: writer}), nil
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	if c.faults != nil {
		if err := c.faults.check(Op{Kind: "connect", Writer: c.writer}); err != nil {
			return nil, err
		}
	}
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if c.made != nil {
		c.made.Add(1)
	}
	if c.faults != nil {
		return newFaultyConn(conn, c.faults, c.writer), nil
	}
	return conn, nil
}
