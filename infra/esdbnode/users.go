package esdbnode

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"xinfang/infra/durable"
)

// The roles of users.
const (
	roleRead   = "read"
	roleAppend = "append"
)

// Roles is the closed set.
var Roles = []string{roleRead, roleAppend}

const maxUser = 64 // bytes of a name

// UserFile is [Users] in a JSON file. It reads the file again when that has
// changed, so whoever is removed from it is refused at once. While the file cannot
// be read or understood, nobody has any rights.
type UserFile struct {
	// Logger, if set before the file is used, is told once when it cannot be read.
	Logger *slog.Logger

	path string

	// mu guards what was read last.
	mu     sync.Mutex
	seen   fs.FileInfo // of the file that was read; nil if it could not be
	users  map[string]user
	failed bool // and the log knows
}

// A user is a member of the file's list. His secret has 256 random bits that we
// have made ourselves: nobody can try them all, so one round of SHA-256 hides it
// as well as a slow hash would, at a price that every call can pay.
type user struct {
	Name   string   `json:"name"`
	Secret string   `json:"sha256,omitempty"` // hex; "" if he has only a certificate
	Roles  []string `json:"roles"`
}

// LoadUsers returns the users in the file at path.
func LoadUsers(path string) (*UserFile, error) {
	u := &UserFile{path: path}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u, u.refresh()
}

// Authenticate implements [Users].
func (u *UserFile) Authenticate(name, password string) (Rights, bool) {
	who := u.find(name)
	got := sha256.Sum256([]byte(password))
	want, err := hex.DecodeString(who.Secret)
	if err != nil || len(want) != len(got) {
		want = make([]byte, len(got)) // the hash of nothing that is known
		who = user{}
	}
	if subtle.ConstantTimeCompare(got[:], want) != 1 || who.Name == "" {
		return Rights{}, false
	}
	return who.rights(), true
}

// Certificate implements [Users].
func (u *UserFile) Certificate(commonName string) (Rights, bool) {
	who := u.find(commonName)
	return who.rights(), who.Name != ""
}

func (u *UserFile) find(name string) user {
	u.mu.Lock()
	defer u.mu.Unlock()
	err := u.refresh()
	if err != nil && !u.failed && u.Logger != nil {
		u.Logger.Error("nobody can use the EventStoreDB protocol", "err", err)
	}
	u.failed = err != nil
	return u.users[name]
}

// Appending reports whether there is a user who may append.
func (u *UserFile) Appending() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, w := range u.users {
		if w.rights().Append {
			return true
		}
	}
	return false
}

func (w user) rights() Rights {
	return Rights{Read: slices.Contains(w.Roles, roleRead), Append: slices.Contains(w.Roles, roleAppend)}
}

// refresh reads the file if it is not the one that was read last. The caller
// holds mu.
func (u *UserFile) refresh() error {
	info, err := os.Stat(u.path)
	if err == nil && u.seen != nil && os.SameFile(info, u.seen) && info.ModTime().Equal(u.seen.ModTime()) && info.Size() == u.seen.Size() {
		return nil
	}
	u.seen, u.users = nil, nil
	if err != nil {
		return fmt.Errorf("the users of the EventStoreDB protocol: %w", err)
	}
	list, err := readUsers(u.path)
	if err != nil {
		return err
	}
	u.seen, u.users = info, make(map[string]user, len(list))
	for _, w := range list {
		u.users[w.Name] = w
	}
	return nil
}

// AddUser adds a user to the file at path, which it makes if there is none, and
// returns his secret: the file has only its hash. rand is a source of random bytes
// that nobody can guess, such as crypto/rand.Reader.
func AddUser(path, name string, roles []string, rand io.Reader) (secret string, err error) {
	bits := make([]byte, 32)
	if _, err := io.ReadFull(rand, bits); err != nil {
		return "", fmt.Errorf("a secret for user %q: %w", name, err)
	}
	secret = base64.RawURLEncoding.EncodeToString(bits)
	hash := sha256.Sum256([]byte(secret))
	list, err := readUsers(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if slices.ContainsFunc(list, func(w user) bool { return w.Name == name }) {
		return "", fmt.Errorf("user %q is in %s already; remove him first to give him another secret", name, path)
	}
	return secret, writeUsers(path, append(list, user{Name: name, Secret: hex.EncodeToString(hash[:]), Roles: roles}))
}

// RemoveUser removes a user from the file at path. He is refused from then on.
func RemoveUser(path, name string) error {
	list, err := readUsers(path)
	if err != nil {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(list), func(w user) bool { return w.Name == name })
	if len(kept) == len(list) {
		return fmt.Errorf("there is no user %q in %s", name, path)
	}
	return writeUsers(path, kept)
}

func readUsers(path string) ([]user, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the users of the EventStoreDB protocol: %w", err)
	}
	var list []user
	if err := json.Unmarshal(data, &list, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("the users in %s: %w", path, err)
	}
	if err := checkUsers(list); err != nil {
		return nil, fmt.Errorf("the users in %s: %w", path, err)
	}
	return list, nil
}

func checkUsers(list []user) error {
	names := make(map[string]bool)
	for _, w := range list {
		if w.Name == "" || len(w.Name) > maxUser || strings.ContainsFunc(w.Name, func(r rune) bool { return r == ':' || !unicode.IsGraphic(r) }) {
			return fmt.Errorf("user %.80q: a name has 1 to %d bytes, all printable, and no colon", w.Name, maxUser)
		}
		if names[w.Name] {
			return fmt.Errorf("user %q is there twice", w.Name)
		}
		names[w.Name] = true
		if hash, err := hex.DecodeString(w.Secret); err != nil || len(hash) != sha256.Size && len(hash) != 0 {
			return fmt.Errorf("user %q: sha256 is not 64 hexadecimal digits", w.Name)
		}
		for _, role := range w.Roles {
			if !slices.Contains(Roles, role) {
				return fmt.Errorf("user %q: there is no role %q; the roles are %s", w.Name, role, strings.Join(Roles, ", "))
			}
		}
	}
	return nil
}

// writeUsers replaces the file at path: whoever reads it sees the old list or the
// new one.
func writeUsers(path string, list []user) error {
	if err := checkUsers(list); err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b user) int { return strings.Compare(a.Name, b.Name) })
	var out bytes.Buffer
	if err := json.MarshalWrite(&out, list, jsontext.WithIndent("  ")); err != nil {
		return fmt.Errorf("the users for %s: %w", path, err)
	}
	out.WriteByte('\n')
	return durable.Replace(path, out.Bytes(), 0o600)
}
