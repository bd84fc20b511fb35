package demo

import (
	"sync/atomic"
	"time"
)

// A Clock is the time in the demo's world. It stands still; [Generate] moves it
// on from entry to entry, and leaves it at the frozen "today". The store must
// have been opened with it, so that entries are recorded when they would have
// been. It may be read concurrently.
type Clock struct {
	nanos atomic.Int64 // since the Unix epoch; only [Generate] moves it, and only forward
}

// NewClock returns a clock that stands before the first entry of o.
func NewClock(o Options) *Clock {
	c := new(Clock)
	c.forward(o.opening())
	return c
}

// Now returns what the clock says, in UTC.
func (c *Clock) Now() time.Time { return time.Unix(0, c.nanos.Load()).UTC() }

// forward moves the clock on to t, or leaves it if it is past that.
func (c *Clock) forward(t time.Time) { c.nanos.Store(max(c.nanos.Load(), t.UnixNano())) }
