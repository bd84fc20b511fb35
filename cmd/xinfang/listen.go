package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"syscall"

	"golang.org/x/sync/errgroup"

	"xinfang/domain/ledger"
	"xinfang/infra/web"
)

// listeners is everything that a server listens on. They are opened first and
// served later, so that what cannot be opened is an error before anything runs.
type listeners struct {
	all    []listener
	served bool
}

// A listener is one place where a server listens, and what answers there.
type listener struct {
	name, url string
	net.Listener
	serve func() error                // returns once it was stopped
	stop  func(context.Context) error // drains, until its context is done
}

// http opens a listener for handler.
func (o *listeners) http(name, addr string, demo bool, handler http.Handler, log *slog.Logger) error {
	l, err := listen(addr, demo)
	if err != nil {
		return err
	}
	o.carry(name, l, handler, log)
	return nil
}

// socket opens a Unix socket for handler, which only this user and his group may
// open. One that a dead process has left is in the way of nobody.
func (o *listeners) socket(name, path string, handler http.Handler, log *slog.Logger) error {
	if conn, err := net.Dial("unix", path); err == nil {
		return errors.Join(ledger.Troubled("%s 正由另一个程序使用", "%s is in use by another program", path), conn.Close())
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	l, err := net.Listen("unix", path)
	if errors.Is(err, syscall.EINVAL) {
		return ledger.Troubled("套接字的路径 %s 太长：至多约 100 字节", "the path of the socket, %s, is too long: some 100 bytes at most", path)
	}
	if err == nil {
		err = os.Chmod(path, 0o660)
	}
	if err != nil {
		return err
	}
	o.carry(name, l, handler, log)
	return nil
}

// carry has handler answer on l.
func (o *listeners) carry(name string, l net.Listener, handler http.Handler, log *slog.Logger) {
	srv := &http.Server{
		Handler: handler, ReadHeaderTimeout: web.HeaderTimeout, ReadTimeout: web.ReadTimeout, IdleTimeout: web.IdleTimeout,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	o.all = append(o.all, listener{
		name: name, url: "http://" + l.Addr().String(), Listener: l, stop: func(drain context.Context) error {
			err := srv.Shutdown(drain)
			if errors.Is(err, context.DeadlineExceeded) { // who is slower than that is cut off
				return srv.Close()
			}
			return err
		},
		serve: func() error {
			if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		},
	})
}

// serve serves all of them until running is done, and then lets requests end.
func (o *listeners) serve(g *errgroup.Group, running context.Context, log *slog.Logger) {
	o.served = true
	for _, l := range o.all {
		log.Info("listening", "what", l.name, "addr", l.Addr().String())
		g.Go(l.serve)
		g.Go(func() error {
			<-running.Done()
			drain, cancel := context.WithTimeout(context.WithoutCancel(running), drainTime)
			defer cancel()
			return l.stop(drain)
		})
	}
}

// close closes what was opened and never served.
func (o *listeners) close() error {
	var err error
	for _, l := range o.all {
		if !o.served {
			err = errors.Join(err, l.Close())
		}
	}
	return err
}

// addresses says where they are.
func (o *listeners) addresses() (at addresses) {
	for _, l := range o.all {
		switch l.name {
		case "console":
			at.console = l.url
		case "metrics":
			at.metrics = l.url + "/metrics"
		case protocol:
			at.esdb = l.url
		}
	}
	return at
}

// listen listens on addr. In a demo any free port will do if it is taken.
func listen(addr string, demo bool) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil && demo {
		if host, _, err := net.SplitHostPort(addr); err == nil {
			return net.Listen("tcp", net.JoinHostPort(host, "0"))
		}
	}
	if err != nil && !errors.Is(err, syscall.EADDRINUSE) {
		return nil, locate(err, "无法监听 %s；请在配置中换一个地址", "cannot listen on %s; choose another address in the configuration", addr)
	}
	return l, err
}
