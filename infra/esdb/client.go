package esdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// A Client reaches an EventStoreDB. Its methods may be called concurrently.
type Client struct {
	options Options // with what is unset filled in, and User as it is
	config  *esdb.Configuration
	host    string
	log     *slog.Logger

	force chan struct{} // closed when Close waits no longer

	// mu guards what follows, and the links.
	mu     sync.Mutex
	closed bool
	link   *link // on which calls go; nil until the next one makes it

	links sync.WaitGroup // of links that are not closed; grows only under mu, while not closed
}

// Dial returns a client for what o describes. It does no I/O but to read
// certificates: the first call connects. It refuses what the official client would
// silently misunderstand.
func Dial(o Options) (*Client, error) {
	if o.Now == nil {
		return nil, errors.New("esdb.Options.Now is not set")
	}
	config, a, err := o.configuration()
	if err != nil {
		return nil, err
	}
	o.User, o.Password = a.user, a.password
	if o.Deadline == 0 && config.DefaultDeadline != nil {
		o.Deadline = *config.DefaultDeadline
	}
	if o.Deadline == 0 {
		o.Deadline = 10 * time.Second
	}
	if o.Retries == 0 {
		o.Retries = 4
	}
	if o.Grace == 0 {
		o.Grace = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		options: o, config: config, host: strings.Join(a.hosts, ","),
		force: make(chan struct{}),
	}
	c.log = o.Logger.With("source", c.host)
	config.Logger = func(level esdb.LogLevel, format string, args ...any) {
		c.log.Debug("EventStoreDB client", "level", level, "text", fmt.Sprintf(format, args...))
	}
	if config.SkipCertificateVerification && !config.DisableTLS {
		c.log.Warn("the certificate of the source is not checked (tlsVerifyCert=false): anybody on the way can pretend to be it")
	}
	return c, nil
}

// Host returns the hosts of the source, without credentials: host:port, with
// commas between.
func (c *Client) Host() string { return c.host }

// Close lets no more calls in, ends subscriptions, waits until the calls that are
// going on have ended, and closes the connection. When ctx is done, or
// Options.Grace is over, they are cut off: an append among them may have been
// recorded.
func (c *Client) Close(ctx context.Context) error {
	c.mu.Lock()
	first := !c.closed
	if first {
		c.closed = true
		if c.link != nil {
			c.retire(c.link)
		}
	}
	c.mu.Unlock()
	drained := make(chan struct{})
	go func() {
		c.links.Wait()
		close(drained)
	}()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
	}
	if first {
		close(c.force)
	}
	<-drained
	return fmt.Errorf("closing the connection to %s, with calls still going on: %w", c.host, ctx.Err())
}

// use calls f with an inner client that is connected, and returns what f returns.
// If the link turns out to be dead, the next call gets another. An error says
// which host it comes from.
//
// It returns soon after ctx is done, even if the client library hangs: then f goes
// on for a while, and what it writes must not be read.
func (c *Client) use(ctx context.Context, f func(ctx context.Context, es *esdb.Client) error) error {
	return c.over(ctx, func(ctx context.Context, l *link) error { return f(ctx, l.es) })
}

// over is use, for calls that never end by themselves: they must end when l.over
// is closed.
func (c *Client) over(ctx context.Context, f func(ctx context.Context, l *link) error) error {
	l, err := c.acquire(ctx)
	if err != nil {
		return fmt.Errorf("EventStoreDB at %s: %w", c.host, &unconnected{err})
	}
	result := make(chan error, 1)
	go func() {
		err := guard(func() error { return f(ctx, l) })
		c.release(l, err)
		result <- err
	}()
	select {
	case err = <-result:
	case <-ctx.Done():
		linger := time.NewTimer(time.Second)
		defer linger.Stop()
		select {
		case err = <-result:
		case <-linger.C:
			err = errors.New("the call hangs in the client library")
		}
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("EventStoreDB at %s: %w (%w)", c.host, ctx.Err(), err)
	}
	return fmt.Errorf("EventStoreDB at %s: %w", c.host, err)
}

// guard calls f and makes an error of its panic. The client library panics on
// messages that it does not expect, and on a send to a channel that was closed; it
// ends the program (log.Fatalf) on an event without a time, for which there is no
// guard.
func guard(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value}
		}
	}()
	return f()
}
