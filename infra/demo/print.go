package demo

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math/rand/v2"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// A printer prints cases from templates.
type printer struct {
	o         Options
	templates []template
	settled   []int // indexes of the templates that are
	cases     int
	r         *rand.Rand
}

func newPrinter(o Options, templates []template, cases int) *printer {
	p := &printer{o: o, templates: templates, cases: cases, r: rand.New(rand.NewPCG(o.Seed, 1<<32))}
	for i, t := range templates {
		if t.settled {
			p.settled = append(p.settled, i)
		}
	}
	return p
}

// width is how many cases grow side by side.
const width = 4096

// batches yields every case, in pieces of a few commands.
func (p *printer) batches() iter.Seq[Batch] {
	return func(yield func(Batch) bool) {
		var growing []*printed
		next := 0
		for ; next < min(width, p.cases); next++ {
			growing = append(growing, p.print(next))
		}
		zipf := rand.NewZipf(p.r, 1.1, 8, width-1)
		for len(growing) > 0 {
			i := int(zipf.Uint64()) % len(growing)
			c := growing[i]
			if !yield(c.piece(1 + p.r.IntN(4))) {
				return
			}
			switch last := len(growing) - 1; {
			case len(c.left) > 0:
			case next < p.cases:
				growing[i] = p.print(next)
				next++
			default:
				growing[i] = growing[last]
				growing = growing[:last]
			}
		}
	}
}

// template returns which template the n-th case is printed from, and how many
// days later it is. The first round is as the templates are; of later rounds three
// in four are of earlier years, when all that is by now was settled.
func (p *printer) template(n int) (t template, days int) {
	i, years := n%len(p.templates), n/len(p.templates)%4
	if years > 0 && len(p.settled) > 0 {
		i = p.settled[n%len(p.settled)]
	}
	return p.templates[i], -364 * years
}

// number returns the number of the n-th case.
func (p *printer) number(n int) string {
	t, days := p.template(n)
	return fmt.Sprintf("XF-%d-%06d", law.DateOf(t.entries[0].meta.Received).AddDays(days).Year(), n+1)
}

// print starts the n-th case.
func (p *printer) print(n int) *printed {
	t, days := p.template(n)
	number := p.number(n)
	return &printed{
		p: p, n: n, left: t.entries, days: days, number: number, stream: petition.StreamOf(number),
		seed: p.o.id("bulk", n), subject: p.o.id("bulk-subject", n),
	}
}

// A printed is a case that is being printed.
type printed struct {
	p       *printer
	n       int
	left    []entry
	done    ledger.Version
	seed    uuid.UUID // of the identities of its commands
	number  string
	stream  ledger.Stream
	subject uuid.UUID
	days    int // by which it is later; whole weeks
}

// piece returns what the next few commands led to.
func (c *printed) piece(commands int) Batch {
	end := 0
	for first := c.left[0].command; end < len(c.left) && c.left[end].command < first+commands; end++ {
	}
	b := Batch{Stream: c.stream, Expected: c.done, Records: make([]ledger.Record, end)}
	for i, en := range c.left[:end] {
		b.Records[i] = petition.Codec.Record(c.event(en), c.meta(en), en.index)
	}
	c.left, c.done = c.left[end:], c.done+ledger.Version(end)
	return b
}

// command returns the identity of the n-th command of the case.
func (c *printed) command(n int) (id uuid.UUID) {
	if n < 0 {
		return uuid.Nil
	}
	id = c.seed
	binary.BigEndian.PutUint16(id[14:], uint16(n))
	return id
}
