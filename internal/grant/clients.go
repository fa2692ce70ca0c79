package grant

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/cloakroom/cloakroom/internal/db"
)

const (
	// MaxClientID and MaxClientLabel bound what a client is called, in bytes.
	MaxClientID, MaxClientLabel = 64, 100
	// ClientSecretLength is how many characters a secret has.
	ClientSecretLength = tokenLength
)

// What can be wrong with a client.
var (
	// ErrClientSecret: nobody is registered under the id, or the secret is another. Which of the two is not said.
	ErrClientSecret = errors.New("grant: the client is not known, or the secret is not its own")
	ErrNoClient     = errors.New("grant: there is no such client")
	ErrClientTaken  = errors.New("grant: there is a client of that name already")
	ErrClientID     = errors.New("grant: a client's name is 1 to 64 letters, digits, '-', '_' or '.', and not " + BuiltinClient)
	ErrClientLabel  = errors.New("grant: a client's label is 1 to 100 bytes of printable UTF-8")
)

// Client is a program that proves with a secret who it is (RFC 6749 section 2.1: confidential).
type Client struct {
	ID      string // what it names itself by, in tokens too
	Label   string // for people
	Created time.Time
}

// Clients keeps the programs that have a secret. It holds nothing itself, so who was removed is refused from that commit on, in every process.
type Clients struct{}

// NewClients returns the keeper of clients.
func NewClients() *Clients { return &Clients{} }

// Add registers a client and returns its secret: 256 random bits in 43 characters, which are nowhere else. An empty id is made up; an empty
// label is the id.
func (c *Clients) Add(ctx context.Context, tx *db.Conn, id, label string) (Client, string, error) {
	return c.add(ctx, tx, id, label, time.Now())
}

func (c *Clients) add(ctx context.Context, tx *db.Conn, id, label string, now time.Time) (Client, string, error) {
	if tx.SQLTx() == nil {
		return Client{}, "", ErrNoTransaction
	}
	if id == "" {
		id = "client-" + strings.ToLower(rand.Text()[:10])
	}
	if label == "" {
		label = id
	}
	switch {
	case !ValidClientID(id):
		return Client{}, "", fmt.Errorf("%w: got %.80q", ErrClientID, id)
	case !validClientLabel(label):
		return Client{}, "", fmt.Errorf("%w: got %.120q", ErrClientLabel, label)
	}
	secret := newToken()
	client := Client{ID: id, Label: label, Created: now.UTC()}
	if err := insertClient(ctx, tx, client, secret.hash()); err != nil {
		return Client{}, "", err
	}
	return client, secret.String(), nil
}

// List returns all clients, oldest first.
func (c *Clients) List(ctx context.Context, q *db.Conn) ([]Client, error) { return listClients(ctx, q) }

// Find returns the client of an id, or [ErrNoClient].
func (c *Clients) Find(ctx context.Context, q *db.Conn, id string) (Client, error) {
	client, _, err := findClient(ctx, q, id)
	return client, err
}

// Remove forgets a client, or returns [ErrNoClient]. What was issued to it is the caller's to end, in the same transaction: see
// [Families.SessionsOfClient].
func (c *Clients) Remove(ctx context.Context, tx *db.Conn, id string) error {
	if tx.SQLTx() == nil {
		return ErrNoTransaction
	}
	return deleteClient(ctx, tx, id)
}

// Authenticate returns the client that a secret belongs to, or [ErrClientSecret]; any other error is one of the store. It does the same work for an
// id that nobody has.
func (c *Clients) Authenticate(ctx context.Context, q *db.Conn, id, secret string) (Client, error) {
	t, ok := parseToken(secret)
	if !ok || !ValidClientID(id) {
		return Client{}, ErrClientSecret
	}
	client, hash, err := findClient(ctx, q, id)
	known := !errors.Is(err, ErrNoClient)
	if !known {
		hash, err = make([]byte, sha256.Size), nil // of which nobody knows a secret
	}
	if err != nil {
		return Client{}, err
	}
	if subtle.ConstantTimeCompare(hash, t.hash()) != 1 || !known {
		return Client{}, ErrClientSecret
	}
	return client, nil
}

// ValidClientID reports whether a registered client may be called that. Ids are told apart letter by letter.
func ValidClientID(id string) bool {
	if id == "" || len(id) > MaxClientID || id == BuiltinClient {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

func validClientLabel(label string) bool {
	return label != "" && len(label) <= MaxClientLabel && utf8.ValidString(label) && strings.TrimSpace(label) == label &&
		!strings.ContainsFunc(label, func(r rune) bool { return !strconv.IsPrint(r) })
}
