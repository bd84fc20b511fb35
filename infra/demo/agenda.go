package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
)

// A step is one command, and when it is recorded.
type step struct {
	at   time.Time // recorded
	meta ledger.Meta

	org     org.Command // of the directory, or else
	number  string      // of the case
	command petition.Command
	person  *person  // whose data is to be sealed into the command; nil for nobody's
	plain   []string // the texts to be sealed: of the claims, or of the reply
	refusal string   // code with which it is to be refused; "" for no refusal
}

// does returns the command of either kind.
func (s *step) does() any {
	if s.org != nil {
		return s.org
	}
	return s.command
}

// seal puts the person's data into the command, sealed.
func (s *step) seal(ctx context.Context, vault Sealer) (err error) {
	if s.person == nil {
		return nil
	}
	sealed := func(field personal.Field, plain string) (v petition.Sealed) {
		if err == nil && plain != "" {
			v, err = vault.Seal(ctx, s.person.subject, string(field), plain)
		}
		return v
	}
	switch c := s.command.(type) {
	case petition.RegisterPetition:
		c.Petitioner = petition.Person{
			Subject: s.person.subject,
			Name:    sealed(personal.Name, s.person.name), IDNumber: sealed(personal.IDNumber, s.person.idNumber),
			Phone: sealed(personal.Phone, s.person.phone), Address: sealed(personal.Address, s.person.address),
		}
		c.Claims = slices.Clone(c.Claims)
		for i := range c.Claims {
			c.Claims[i].Text = sealed(personal.Claim, s.plain[i])
		}
		s.command = c
		if err == nil {
			err = vault.Index(ctx, s.person.subject, s.person.name, s.person.idNumber, s.person.phone)
		}
	case petition.IssueReply:
		c.Text = sealed(personal.Reply, s.plain[0])
		s.command = c
	default:
		return fmt.Errorf("%T takes no personal data", c)
	}
	if err == nil {
		s.meta.Key, err = vault.Commitment(ctx, s.person.subject)
	}
	return err
}

// judge returns what is wrong with err as the outcome of s: a refusal is, unless it
// is what s is for.
func (s *step) judge(err error) error {
	if s.refusal == "" {
		return err
	}
	if refusal, ok := errors.AsType[*ledger.Refusal](err); !ok || refusal.Code != s.refusal {
		return fmt.Errorf("not refused with %s: %w", s.refusal, err)
	}
	return nil
}

// A year is all that will be done, in the order of its recording.
type year struct {
	agenda   []*step
	showcase string // number; "" for none
	drafts   []*draft
}

// write writes the year of o.
func write(o Options) (*year, error) {
	roster, organising, err := establish(o)
	if err != nil {
		return nil, err
	}
	p := &plan{o: o, roster: roster, calendar: law.Embedded()}
	y := &year{agenda: organising}
	for _, d := range p.arrivals() {
		if d.showcase {
			d.showcaseScript()
			y.showcase = d.number
		} else {
			d.script()
		}
		d.order()
		p.past = append(p.past, d)
		y.agenda = append(y.agenda, d.steps...)
	}
	y.drafts = p.past
	slices.SortStableFunc(y.agenda, func(a, b *step) int { return a.at.Compare(b.at) })
	return y, nil
}

// order puts the steps in the order of their recording, and says of each which
// was before it.
func (d *draft) order() {
	byTime := func(a, b *step) int { return a.at.Compare(b.at) }
	slices.SortStableFunc(d.steps, byTime)
	before := uuid.Nil
	for _, s := range d.steps {
		s.meta.Causation = before
		if s.refusal == "" {
			before = s.meta.Command
		}
	}
}

// The showcase, and where its number stands in the register.
const (
	showcaseNumber = 4417
	showcaseDay    = "2026-09-01"
)

// arrivals returns an empty draft for every case, in the order of their receipt,
// numbered. The register is the city's, of which this is one district: so there
// are numbers that belong to others.
func (p *plan) arrivals() []*draft {
	r := p.chance(0)
	received := day(showcaseDay).Start().Add(10*time.Hour + 12*time.Minute)
	drafts := make([]*draft, p.o.Cases)
	for i := range drafts {
		drafts[i] = &draft{plan: p, index: i + 1, r: p.chance(i + 1), received: p.arrival(r)}
	}
	if received.After(p.o.From.Start()) && received.Before(p.o.today()) {
		drafts[0].received, drafts[0].showcase = received, true
	}
	slices.SortFunc(drafts, func(a, b *draft) int {
		return cmp.Or(a.received.Compare(b.received), cmp.Compare(a.index, b.index))
	})
	// As many numbers went by before a case as befits its place in the year,
	// counted so that the showcase has its own.
	rank, ranks := make(map[int]int), p.o.Cases // by year; that of the showcase
	for _, d := range drafts {
		rank[d.year()]++
		if d.showcase {
			ranks = rank[d.year()]
		}
	}
	clear(rank)
	for _, d := range drafts {
		rank[d.year()]++
		n := showcaseNumber * rank[d.year()] / ranks
		if d.year() < day(showcaseDay).Year() {
			n += showcaseNumber // it is late in that year
		}
		d.number = fmt.Sprintf("XF-%d-%06d", d.year(), n)
	}
	return drafts
}

// arrival returns when a petition comes in: at any hour of any day, but mostly at
// those of an office.
func (p *plan) arrival(r *rand.Rand) time.Time {
	for {
		d := p.o.From.AddDays(r.IntN(p.o.Today.Sub(p.o.From) + 1))
		working, _ := p.calendar.Working(d)
		at := d.Start().Add(8*time.Hour + 40*time.Minute + time.Duration(r.IntN(9*3600-40*60))*time.Second)
		if !working {
			at = d.Start().Add(time.Duration(r.IntN(86400)) * time.Second)
		}
		if (working || chance(r, 0.12)) && at.Before(p.o.today()) {
			return at
		}
	}
}

// space is the name space of everything here that has an identity.
var space = uuid.MustParse("6e1d94d5-0b5f-5b6e-9a0e-0f6f5b1c2a77")

// id returns the identity of something of the year, such as a command.
func (o Options) id(what string, numbers ...int) uuid.UUID {
	return uuid.NewSHA1(space, fmt.Appendf(nil, "%d/%s%v", o.Seed, what, numbers))
}

// chance returns the chance that decides about the n-th case.
func (p *plan) chance(n int) *rand.Rand { return rand.New(rand.NewPCG(p.o.Seed, uint64(n))) }

// chance is true with probability p.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

// pick returns one of a list.
func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }
