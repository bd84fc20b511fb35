package esdb

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"xinfang/infra/esdbnode"
)

// identity returns a certificate for 127.0.0.1, and the file that makes it trusted.
// All tests share one.
var identity = sync.OnceValues(func() (*tls.Config, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:        true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	certificate := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return &tls.Config{Certificates: []tls.Certificate{certificate}}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
})

// trust returns a file with the authority that all nodes of the tests have.
func trust(t testing.TB) string {
	t.Helper()
	_, authority := identity()
	name := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(name, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// A running node, over TLS.
type running struct {
	node *esdbnode.Node
	at   string
	done chan error
	stop sync.Once
}

// startNode serves o until the test ends, or the node is stopped.
func startNode(t testing.TB, o esdbnode.Options) *running {
	t.Helper()
	o.TLS, _ = identity()
	node, err := esdbnode.New(o)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &running{node: node, at: listener.Addr().String(), done: make(chan error, 1)}
	go func() { r.done <- node.Serve(listener) }()
	t.Cleanup(func() { r.kill(t) })
	return r
}

func (r *running) address() string { return "esdb://" + r.at }

// kill stops the node as a crash would: whatever goes on is broken off.
func (r *running) kill(t testing.TB) {
	t.Helper()
	r.stop.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		r.node.Stop(ctx)
		// It may have been stopped before it came to serve.
		if err := <-r.done; err != nil {
			t.Errorf("Serve = %v", err)
		}
	})
}

// dial returns a client for o that is closed with the test.
func dial(t testing.TB, o Options) *Client {
	t.Helper()
	o.Now, o.CAFile = time.Now, ""
	if !strings.Contains(o.Address, "tls=false") {
		o.CAFile = trust(t)
	}
	if o.Deadline == 0 {
		o.Deadline = 5 * time.Second
	}
	if o.Grace == 0 {
		o.Grace = 500 * time.Millisecond
	}
	c, err := Dial(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeClient(t, c) })
	return c
}

// closeClient closes c, which may take no longer than its Grace and a little.
func closeClient(t testing.TB, c *Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.Close(ctx); err != nil {
		t.Errorf("Close = %v", err)
	}
}
