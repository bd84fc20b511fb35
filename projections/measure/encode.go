package measure

import (
	"encoding/binary"
	"errors"
	"time"
)

// layout opens the bytes of [Facts]: strings with their length before them,
// numbers as varints, times as seconds from the receipt. Views are disposable, so
// the layout may change; its number changes with it, and they are rebuilt.
const layout = 1

// ErrFacts reports bytes that are not those of [Facts.Append].
var ErrFacts = errors.New("the facts stored of a case are damaged or of another version; run rebuild (统计数据损坏或版本不符，请重建视图)")

// Append appends the bytes of f to b, a few hundred of them.
func (f Facts) Append(b []byte) []byte {
	c := coder{out: append(b, layout)}
	c.facts(&f)
	return c.out
}

// Decode returns the facts that were appended as raw. The error is [ErrFacts].
func Decode(raw []byte) (Facts, error) {
	if len(raw) == 0 || raw[0] != layout {
		return Facts{}, ErrFacts
	}
	c := coder{reading: true, in: string(raw[1:])} // all strings of the facts are parts of this one
	var f Facts
	c.facts(&f)
	if c.bad || c.in != "" {
		return Facts{}, ErrFacts
	}
	return f, nil
}

// A coder reads or writes facts, so that the layout is written down once.
type coder struct {
	reading bool
	out     []byte
	in      string // what has not been read
	bad     bool
	base    int64 // seconds from which times are counted
}

func (c *coder) facts(f *Facts) {
	for _, s := range []*string{&f.Number, &f.Earlier, &f.Unit, &f.Bureau, &f.Street, &f.Category, &f.Excluded} {
		text(c, s)
	}
	text(c, &f.Channel)
	text(c, &f.Class)
	c.flags(&f.First, &f.Judicial, &f.Merged, &f.Restricted)
	people := int64(f.Headcount)
	c.number(&people)
	f.Headcount = int(people)

	c.base = f.Received.Unix()
	c.number(&c.base)
	for _, t := range []*time.Time{&f.Received, &f.Registered, &f.Accepted, &f.Closed, &f.Resolved, &f.Setback} {
		c.time(t)
	}
	each(c, &f.Clocks, func(k *Clock) {
		text(c, &k.ID)
		text(c, &k.Law)
		c.unit(&k.Unit, f)
		for _, t := range []*time.Time{&k.Met, &k.Ended, &k.Due[0], &k.Due[1], &k.Strict[0], &k.Strict[1]} {
			c.time(t)
		}
	})
	each(c, &f.Evaluations, func(e *Evaluation) {
		text(c, &e.Judged)
		text(c, &e.Grade)
		c.time(&e.Submitted)
		c.time(&e.Due)
	})
}

// unit codes the unit of a clock, which is mostly one of the case's two.
func (c *coder) unit(u *string, f *Facts) {
	same, bureau := *u == f.Unit, *u == f.Bureau
	c.flags(&same, &bureau)
	switch {
	case same:
		*u = f.Unit
	case bureau:
		*u = f.Bureau
	default:
		text(c, u)
	}
}

func (c *coder) time(t *time.Time) {
	var delta int64 // 0 for the zero time, so that what is not before the base counts from 1
	if !t.IsZero() {
		if delta = t.Unix() - c.base; delta >= 0 {
			delta++
		}
	}
	c.number(&delta)
	if !c.reading {
		return
	}
	switch {
	case delta == 0:
		*t = time.Time{}
	case delta > 0:
		*t = time.Unix(c.base+delta-1, 0).UTC()
	default:
		*t = time.Unix(c.base+delta, 0).UTC()
	}
}

func (c *coder) flags(set ...*bool) {
	var bits int64
	for i, s := range set {
		if *s {
			bits |= 1 << i
		}
	}
	c.number(&bits)
	for i, s := range set {
		*s = bits>>i&1 == 1
	}
}

func (c *coder) number(n *int64) {
	if !c.reading {
		c.out = binary.AppendVarint(c.out, *n)
		return
	}
	var u uint64
	for i := range min(len(c.in), binary.MaxVarintLen64) {
		u |= uint64(c.in[i]&0x7f) << (7 * i)
		if c.in[i] < 0x80 {
			*n, c.in = int64(u>>1)^-int64(u&1), c.in[i+1:]
			return
		}
	}
	*n, c.bad, c.in = 0, true, ""
}

func text[T ~string](c *coder, s *T) {
	n := int64(len(*s))
	c.number(&n)
	if !c.reading {
		c.out = append(c.out, *s...)
		return
	}
	if n < 0 || n > int64(len(c.in)) {
		*s, c.bad, c.in = "", true, ""
		return
	}
	*s, c.in = T(c.in[:n]), c.in[n:]
}

// each codes the elements of a list, none as nil.
func each[T any](c *coder, list *[]T, element func(*T)) {
	n := int64(len(*list))
	c.number(&n)
	if c.reading {
		if n < 0 || n > int64(len(c.in)) { // an element takes a byte at least
			c.bad, c.in = true, ""
			return
		}
		if *list = nil; n > 0 {
			*list = make([]T, n)
		}
	}
	for i := range *list {
		element(&(*list)[i])
	}
}
