package vault

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

func TestMaster(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := LoadMaster(path); err == nil {
		t.Error("loaded what is not there")
	}
	made, err := CreateMaster(path, rand.Reader)
	if err != nil || len(made) != MasterSize {
		t.Fatalf("CreateMaster = %d bytes, %v", len(made), err)
	}
	got, err := LoadMaster(path)
	if err != nil || !bytes.Equal(got, made) {
		t.Errorf("LoadMaster = %d bytes, %v", len(got), err)
	}
	if _, err := CreateMaster(path, rand.Reader); err == nil {
		t.Error("a master key was overwritten")
	}
	if again, _ := LoadMaster(path); !bytes.Equal(again, made) {
		t.Error("a refused CreateMaster changed the key")
	}
	if files, _ := filepath.Glob(path + "*"); len(files) != 1 {
		t.Errorf("files: %v", files)
	}
	if _, err := NewMaster(iotest.ErrReader(errLost)); err == nil {
		t.Error("a key of no random bytes")
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660, 0o601} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadMaster(path); err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
			t.Errorf("mode %o: LoadMaster = %v", mode, err)
		}
	}
}

func TestParseMaster(t *testing.T) {
	key := bytes.Repeat([]byte{0xfb, 0xff}, MasterSize/2)
	for _, s := range []string{
		hex.EncodeToString(key), strings.ToUpper(hex.EncodeToString(key)), " " + hex.EncodeToString(key) + "\r\n",
		base64.StdEncoding.EncodeToString(key), base64.RawStdEncoding.EncodeToString(key),
		base64.URLEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key),
	} {
		if got, err := ParseMaster(s); err != nil || !bytes.Equal(got, key) {
			t.Errorf("ParseMaster(%q) = %x, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "secret", hex.EncodeToString(key[:31]), hex.EncodeToString(append(key, 1)), string(key)} {
		if _, err := ParseMaster(s); err == nil || s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("ParseMaster(%q) = %v", s, err)
		}
	}
}
