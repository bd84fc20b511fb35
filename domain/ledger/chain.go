package ledger

import "fmt"

// A Chain checks that envelopes stand in the right place: positions without gap,
// versions without gap in each stream, each envelope linked to the leaf of its
// predecessor in the stream, and the store's clock never running backwards.
//
// The zero Chain is at the start of a ledger. A Chain holds about 80 bytes for
// each stream. It is not safe for concurrent use.
type Chain struct {
	At       Position // the last position that was checked
	recorded Ticks
	heads    map[Stream]link
}

type link struct {
	version Version
	leaf    Hash
}

// Next checks that env is intact and the next envelope of the chain. On an
// error the chain has not moved.
func (c *Chain) Next(env Envelope) error {
	if env.Position != c.At+1 {
		return fmt.Errorf("position %d: follows position %d; what was between is missing", env.Position, c.At)
	}
	head := c.heads[env.Stream]
	switch {
	case env.Version != head.version+1:
		return fmt.Errorf("position %d: %v goes from version %d to %d", env.Position, env.Stream, head.version, env.Version)
	case env.Prev != head.leaf:
		return fmt.Errorf("position %d: %v version %d is linked to leaf %v, but version %d has leaf %v",
			env.Position, env.Stream, env.Version, env.Prev, head.version, head.leaf)
	case env.Recorded < c.recorded:
		return fmt.Errorf("position %d: recorded %v, before position %d (%v)",
			env.Position, env.Recorded.Time(), c.At, c.recorded.Time())
	}
	if err := env.Verify(); err != nil {
		return err
	}
	if c.heads == nil {
		c.heads = make(map[Stream]link)
	}
	c.heads[env.Stream] = link{env.Version, env.Leaf}
	c.At, c.recorded = env.Position, env.Recorded
	return nil
}
