package vault

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"xinfang/infra/durable"
)

// MasterSize is the length of a master key, in bytes.
const MasterSize = 32

// NewMaster returns a new master key (主密钥).
func NewMaster(random io.Reader) ([]byte, error) {
	key := make([]byte, MasterSize)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, fmt.Errorf("master key: no random bytes: %w", err)
	}
	return key, nil
}

// ParseMaster reads a master key in hexadecimal or base64, as it stands in an
// environment variable. Its errors do not say what it read.
func ParseMaster(s string) ([]byte, error) {
	s = strings.TrimSpace(s)
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString,
		base64.StdEncoding.DecodeString, base64.RawStdEncoding.DecodeString,
		base64.URLEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	} {
		if key, err := decode(s); err == nil && len(key) == MasterSize {
			return key, nil
		}
	}
	return nil, fmt.Errorf("master key: not %d bytes in hexadecimal or base64", MasterSize)
}

// LoadMaster reads the master key in the file at path, as [ParseMaster] does. It
// refuses a file that others than its owner may use (Unix).
func LoadMaster(path string) (key []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return nil, fmt.Errorf("master key %s: others may use it (mode %04o); run: chmod 600 %[1]s", path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if key, err = ParseMaster(string(text)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// CreateMaster makes a master key and writes it to a new file at path, for its
// owner alone. It never overwrites a file.
//
// The file appears under its name only when all of it is durable, and nothing is
// sealed under the key before CreateMaster has returned; so after a crash there
// is no file, or a whole one.
func CreateMaster(path string, random io.Reader) ([]byte, error) {
	key, err := NewMaster(random)
	if err != nil {
		return nil, err
	}
	if err := durable.Create(path, []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return key, nil
}
