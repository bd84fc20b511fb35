package esdbnode_test

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xinfang/infra/esdbnode"
)

// TestUserFile checks that the file counts as it is at the moment.
func TestUserFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "users.json")
	if _, err := esdbnode.LoadUsers(path); err == nil {
		t.Error("LoadUsers of no file has succeeded")
	}
	add := func(name string, roles ...string) string {
		t.Helper()
		secret, err := esdbnode.AddUser(path, name, roles, rand.Reader)
		if err != nil || len(secret) < 43 {
			t.Fatalf("AddUser = %q, %v", secret, err)
		}
		return secret
	}
	a := add("督查室", "read")
	users, err := esdbnode.LoadUsers(path)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	users.Logger = slog.New(slog.NewTextHandler(&log, nil))
	expect := func(name, secret string, want esdbnode.Rights, known bool) {
		t.Helper()
		if got, ok := users.Authenticate(name, secret); got != want || ok != known {
			t.Errorf("Authenticate(%s) = %+v, %t; want %+v, %t", name, got, ok, want, known)
		}
	}
	read, both := esdbnode.Rights{Read: true}, esdbnode.Rights{Read: true, Append: true}
	expect("督查室", a, read, true)
	expect("督查室", a+"x", esdbnode.Rights{}, false)
	expect("督查室", "", esdbnode.Rights{}, false)
	expect("", "", esdbnode.Rights{}, false)
	if users.Appending() {
		t.Error("somebody may append")
	}
	b := add("node", "read", "append")
	expect("node", b, both, true)
	if !users.Appending() {
		t.Error("nobody may append")
	}
	expect("督查室", b, esdbnode.Rights{}, false)
	if got, ok := users.Certificate("node"); got != both || !ok {
		t.Errorf("Certificate = %+v, %t", got, ok)
	}
	if got, ok := users.Certificate("eventstoredb-node"); got != (esdbnode.Rights{}) || ok {
		t.Errorf("Certificate of nobody = %+v, %t", got, ok)
	}

	data, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(data), a) || strings.Contains(string(data), b) {
		t.Errorf("the file has a secret in it: %s, %v", data, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}

	if err := esdbnode.RemoveUser(path, "督查室"); err != nil {
		t.Fatal(err)
	}
	expect("督查室", a, esdbnode.Rights{}, false)
	expect("node", b, both, true)
	if err := esdbnode.RemoveUser(path, "督查室"); err == nil {
		t.Error("a user was removed twice")
	}
	for name, roles := range map[string][]string{"node": nil, "a:b": nil, "": nil, "x\n": nil, strings.Repeat("x", 65): nil, "ops": {"admin"}} {
		if secret, err := esdbnode.AddUser(path, name, roles, rand.Reader); err == nil || secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("AddUser(%q, %v) = %v", name, roles, err)
		}
	}
	if _, err := esdbnode.AddUser(path, "late", nil, strings.NewReader("short")); err == nil {
		t.Error("AddUser has made a secret of nothing")
	}

	// What cannot be understood gives nobody any rights.
	for _, broken := range []string{"", "[{}]", `[{"name":"a","password":"b"}]`, `[{"name":"a","sha256":"00","roles":[]}]`, `[{"name":"a","roles":[]},{"name":"a","roles":[]}]`} {
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		expect("node", b, esdbnode.Rights{}, false)
	}
	if !strings.Contains(log.String(), "nobody can use") {
		t.Errorf("the log says %s", log.String())
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	expect("node", b, both, true)
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("beside the file are %v, %v", entries, err)
	}
}

// TestCertificates checks what TLS will check, and that nothing is made twice.
func TestCertificates(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for range 2 {
		if err := esdbnode.WriteCertificates(dir, []string{"esdb1.example", "localhost", "10.1.2.3"}, now, rand.Reader); err != nil {
			t.Fatal(err)
		}
		if err := esdbnode.ClientCertificate(dir, "督查室", now, rand.Reader); err != nil {
			t.Fatal(err)
		}
	}
	load := func(name string) *x509.Certificate {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, name+".crt"))
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(data)
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tls.LoadX509KeyPair(filepath.Join(dir, name+".crt"), filepath.Join(dir, name+".key")); err != nil {
			t.Error(err)
		}
		if info, err := os.Stat(filepath.Join(dir, name+".key")); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		return cert
	}
	ca := load("ca")
	pool := x509.NewCertPool()
	pool.AddCert(ca)
	for name, hosts := range map[string][]string{"esdb1.example": {"esdb1.example"}, "localhost": {"localhost", "127.0.0.1", "::1"}, "10.1.2.3": {"10.1.2.3"}} {
		cert := load(filepath.Join(name, "node"))
		for _, host := range hosts {
			if _, err := cert.Verify(x509.VerifyOptions{DNSName: host, Roots: pool, CurrentTime: now.AddDate(4, 11, 0)}); err != nil {
				t.Errorf("%s for %s: %v", name, host, err)
			}
		}
		if cert.Subject.CommonName != "eventstoredb-node" || !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
			t.Errorf("%s is %v, for %v", name, cert.Subject, cert.ExtKeyUsage)
		}
	}
	client := load(filepath.Join("user-督查室", "client"))
	if _, err := client.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	if _, err := client.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: now}); err == nil || client.Subject.CommonName != "督查室" {
		t.Errorf("the certificate of a user is one of a server: %v, %v", client.Subject, err)
	}

	first := load("ca").SerialNumber
	if again := load("ca").SerialNumber; again.Cmp(first) != 0 {
		t.Error("there are two authorities")
	}
	for _, bad := range []string{"", "..", "a/b"} {
		if err := esdbnode.WriteCertificates(dir, []string{bad}, now, rand.Reader); err == nil {
			t.Errorf("a certificate for %q", bad)
		}
		if err := esdbnode.ClientCertificate(dir, bad, now, rand.Reader); err == nil {
			t.Errorf("a certificate for user %q", bad)
		}
	}
	if err := os.Remove(filepath.Join(dir, "ca.key")); err != nil {
		t.Fatal(err)
	}
	if err := esdbnode.WriteCertificates(dir, nil, now, rand.Reader); err == nil || !strings.Contains(err.Error(), "restore the key") {
		t.Errorf("without the key of the authority: %v", err)
	}
	left := 0
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(d.Name(), ".tmp") {
			left++
		}
		return err
	})
	if left > 0 {
		t.Errorf("%d files are left over", left)
	}
}
