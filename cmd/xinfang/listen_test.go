package main

import (
	"context"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestSocket opens a socket where a dead process has left one, lets nobody but user and
// group in, and cuts off who does not let go when the time to drain is over.
func TestSocket(t *testing.T) {
	dir, err := os.MkdirTemp("", "s") // the name of a socket is short
	ok(t, err)
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	ok(t, err)
	dead.SetUnlinkOnClose(false)
	ok(t, dead.Close())

	asked := make(chan bool)
	slow := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- true
		<-r.Context().Done() // for ever, as far as it is up to him
	})
	open := new(listeners)
	ok(t, open.socket("slow", path, slow, slog.New(slog.DiscardHandler)))
	if err := new(listeners).socket("another", path, slow, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("two listen at one socket")
	}
	info, err := os.Lstat(path)
	ok(t, err)
	if info.Mode().Type() != fs.ModeSocket || info.Mode().Perm() != 0o660 {
		t.Errorf("the socket is %v", info.Mode())
	}
	served := make(chan error)
	go func() { served <- open.all[0].serve() }()
	conn, err := net.Dial("unix", path)
	ok(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	ok(t, err)
	<-asked
	drain, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	ok(t, open.all[0].stop(drain))
	ok(t, <-served)
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("he is answered")
	}
}
