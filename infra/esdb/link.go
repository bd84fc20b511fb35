package esdb

import (
	"context"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
)

// maxRedirects is how often in a row a link may be redirected to a leader that
// then turns out to be none.
const maxRedirects = 4

// A link is an inner client and its one connection. Client.mu guards it, but for
// es.
//
// One way to a second connection is left: a call that begins after another has told
// the inner client that its connection is dead, and before it tells us. The inner
// client then connects again and forgets to close the first, which is lost.
type link struct {
	es        *esdb.Client
	settled   chan struct{} // closed once it is known whether es is connected; replaced when that must be asked again
	err       error         // why it is not
	calls     int           // that are going on, settling included
	redirects int           // since the last call that was none
	retired   bool          // nobody gets it any more
	over      chan struct{} // closed once it is retired
	idle      chan struct{} // closed once it is retired and no call is going on
}

// acquire returns a link that is connected. Whoever gets it releases it.
func (c *Client) acquire(ctx context.Context) (*link, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c.mu.Lock()
		if c.closed {
			c.mu.Unlock()
			return nil, ErrClosed
		}
		if c.link == nil {
			if err := c.open(); err != nil {
				c.mu.Unlock()
				return nil, err
			}
		}
		l := c.link
		l.calls++
		settled := l.settled
		c.mu.Unlock()

		var err error
		select {
		case <-settled:
			c.mu.Lock()
			err = l.err
			gone := l.retired && err == nil
			c.mu.Unlock()
			if err == nil && !gone {
				return l, nil
			}
		case <-ctx.Done():
			err = ctx.Err()
		}
		c.release(l, nil)
		if err != nil {
			return nil, err
		}
	}
}

// release ends a call over l that came to err, and draws the conclusions about l.
func (c *Client) release(l *link, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch classify(err) {
	case lost, timeout:
		// Where no answer comes in time, none may ever come: the other end may be
		// gone without a word. The client would notice in 20 s.
		if !l.retired {
			c.log.Info("connection given up", "err", err)
			c.retire(l)
		}
	case notLeader:
		l.redirects++
		switch {
		case l.retired:
		case l.redirects > maxRedirects:
			c.retire(l)
		default:
			c.settle(l)
		}
	case none:
		l.redirects = 0
	default:
	}
	c.drop(l)
}

// drop counts one call less over l. The caller holds mu.
func (c *Client) drop(l *link) {
	if l.calls--; l.retired && l.calls == 0 {
		close(l.idle)
	}
}

// open makes the next link. The caller holds mu.
func (c *Client) open() error {
	es, err := esdb.NewClient(c.config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	c.link = &link{es: es, over: make(chan struct{}), idle: make(chan struct{})}
	c.links.Add(1)
	c.settle(c.link)
	return nil
}

// settle lets one goroutine find out whether l is connected, while everyone else
// waits: an inner client that fails to connect answers one caller and hangs the
// others. The caller holds mu.
func (c *Client) settle(l *link) {
	if l.settled != nil {
		select {
		case <-l.settled:
		default:
			return // it is being found out
		}
	}
	settled := make(chan struct{})
	l.settled = settled
	l.calls++
	go func() {
		var version *esdb.ServerVersion
		err := guard(func() (err error) {
			version, err = l.es.GetServerVersion()
			return err
		})
		c.mu.Lock()
		defer c.mu.Unlock()
		if l.err = err; err != nil {
			c.log.Debug("no connection", "err", err)
			if !l.retired {
				c.retire(l)
			}
		} else {
			c.log.Debug("connected", "version", fmt.Sprintf("%d.%d.%d", version.Major, version.Minor, version.Patch))
		}
		close(settled)
		c.drop(l)
	}()
}

// retire takes l out of use, and closes it once no call is going on over it, or
// Grace is over, or Close waits no longer. Closing it under a call would make the
// client library panic now and then. The caller holds mu; l is not retired.
func (c *Client) retire(l *link) {
	l.retired = true
	close(l.over)
	if c.link == l {
		c.link = nil
	}
	if l.calls == 0 {
		close(l.idle)
	}
	settled := l.settled
	go func() {
		grace := time.NewTimer(c.options.Grace)
		defer grace.Stop()
		select {
		case <-l.idle:
		case <-grace.C:
		case <-c.force:
		}
		select {
		case <-settled:
			c.shut(l)
			c.links.Done()
		default:
			// It is still being found out whether there is a connection. The library
			// gives that up by itself, and nobody needs to wait for it.
			c.links.Done()
			<-settled
			c.shut(l)
		}
	}()
}

func (c *Client) shut(l *link) {
	if err := l.es.Close(); err != nil {
		c.log.Debug("closing a connection", "err", err)
	}
}
