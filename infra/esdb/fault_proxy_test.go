package esdb

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// A proxy stands between a client and its node, and does to their connections what
// networks do. It knows nothing of what they say.
type proxy struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu       sync.Mutex
	target   string // where it connects to; "" refuses
	delay    time.Duration
	pipes    map[*pipe]bool
	refused  int
	arrivals *sync.Cond // pipes or refused has changed
}

// A pipe is one connection through the proxy.
type pipe struct {
	client, node net.Conn
	dead         bool // bytes are taken and go nowhere; guarded by proxy.mu
}

// newProxy returns a proxy to target that ends with the test.
func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, target: target, pipes: make(map[*pipe]bool)}
	p.arrivals = sync.NewCond(&p.mu)
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		listener.Close()
		p.cut()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		target := p.target
		p.mu.Unlock()
		node, err := net.Dial("tcp", target)
		p.mu.Lock()
		if target == "" || target != p.target || err != nil {
			p.refused++
			conn.Close()
			if err == nil {
				node.Close()
			}
		} else {
			l := &pipe{client: conn, node: node}
			p.pipes[l] = true
			p.wg.Go(func() { p.pump(l, l.client, l.node) })
			p.wg.Go(func() { p.pump(l, l.node, l.client) })
		}
		p.arrivals.Broadcast()
		p.mu.Unlock()
	}
}

// pump carries bytes one way until either end is closed.
func (p *proxy) pump(l *pipe, from, to net.Conn) {
	defer p.drop(l)
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		dead, delay := l.dead, p.delay
		p.mu.Unlock()
		if n > 0 && !dead {
			time.Sleep(delay)
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			// A dead pipe does not even say that the other end has gone.
			if dead && errors.Is(err, io.EOF) {
				_, _ = io.Copy(io.Discard, to)
			}
			return
		}
	}
}

func (p *proxy) drop(l *pipe) {
	l.client.Close()
	l.node.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.pipes, l)
	p.arrivals.Broadcast()
}

// cut closes every connection that there is.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.pipes {
		l.client.Close()
		l.node.Close()
	}
}

// stall makes every connection that there is half-open: its bytes are taken and go
// nowhere, and nobody is told. New ones are well.
func (p *proxy) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.pipes {
		l.dead = true
	}
}

// lead sends new connections to target; "" refuses them.
func (p *proxy) lead(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// slow delays every chunk of bytes, either way.
func (p *proxy) slow(delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = delay
}

// awaitRefused returns once n connections have been refused, or after a minute.
func (p *proxy) awaitRefused(n int) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.arrivals.Broadcast()
	})()
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.refused < n && ctx.Err() == nil {
		p.arrivals.Wait()
	}
}
