package web

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
)

// A registration is petition.RegisterPetition in plain, as it is typed.
type registration struct {
	Petitioner person             `json:"petitioner,omitzero"`
	Summary    string             `json:"summary,omitzero"`
	Claims     []claim            `json:"claims,omitzero"`
	Category   string             `json:"category,omitzero"`
	Street     string             `json:"street,omitzero"`
	First      petition.FirstTime `json:"first,omitzero"`
	Joint      bool               `json:"joint,omitzero"`
	Rated      bool               `json:"rated,omitzero"`
	Judicial   bool               `json:"judicial,omitzero"`
}

type person struct {
	Anonymous bool   `json:"anonymous,omitzero"`
	Name      string `json:"name,omitzero"`
	IDNumber  string `json:"id_number,omitzero"`
	Phone     string `json:"phone,omitzero"`
	Address   string `json:"address,omitzero"`
}

type claim struct {
	Summary string `json:"summary,omitzero"` // reviewed, without personal data
	Text    string `json:"text,omitzero"`
}

// A reply is petition.IssueReply in plain.
type reply struct {
	No       string            `json:"no,omitzero"`
	Answers  []petition.Answer `json:"answers,omitzero"`
	Rescue   string            `json:"rescue,omitzero"`
	Reviewer string            `json:"reviewer,omitzero"`
	Text     string            `json:"text,omitzero"`
}

// subjectSpace is the name space of the subjects of the vault.
var subjectSpace = uuid.MustParse("5b8e2d4f-73a1-5f6c-b1d9-0c2e9a7f4d83")

// SubjectOf returns the subject under whose key the personal data of a
// registration is sealed: a UUIDv5 of the request's key and the case's number, so
// that asking again seals under the same key, and no two cases share one.
func SubjectOf(key uuid.UUID, number string) uuid.UUID {
	return uuid.NewSHA1(subjectSpace, append(key[:], number...))
}

// command returns the command that q asks for, with its personal data sealed under
// the key of subject, and sets the commitment to that key in m.
//
// If we crash after a key was made and before the event is recorded, a key is
// left that opens nothing; asking again uses it.
func (s *Server) command(ctx context.Context, q *request, subject uuid.UUID, m *ledger.Meta) (petition.Command, error) {
	var command petition.Command
	var err error
	switch plain := q.Fields.(type) {
	case *registration:
		command, err = s.sealRegistration(ctx, subject, plain)
	case *reply:
		if plain.Text != "" && subject == uuid.Nil {
			return nil, errNoSubject
		}
		var text petition.Sealed
		text, err = s.seal(ctx, subject, personal.Reply, plain.Text)
		command = petition.IssueReply{No: plain.No, Answers: plain.Answers, Rescue: plain.Rescue, Reviewer: plain.Reviewer, Text: text}
	case petition.Command:
		return plain, nil
	default:
		return nil, fmt.Errorf("%T is no command", plain)
	}
	if err != nil {
		return nil, fmt.Errorf("sealing personal data: %w", err)
	}
	if !boxed(command) {
		return command, nil
	}
	if m.Key, err = s.Vault.Commitment(ctx, subject); err != nil {
		return nil, fmt.Errorf("committing to the key of personal data: %w", err)
	}
	return command, nil
}

// boxed reports whether anything in c was sealed.
func boxed(c petition.Command) bool {
	switch c := c.(type) {
	case petition.IssueReply:
		return len(c.Text.Box) > 0
	case petition.RegisterPetition:
		for _, claim := range c.Claims {
			if len(claim.Text.Box) > 0 {
				return true
			}
		}
		p := c.Petitioner
		return len(p.Name.Box)+len(p.IDNumber.Box)+len(p.Phone.Box)+len(p.Address.Box) > 0
	default:
		return false
	}
}

func (s *Server) sealRegistration(ctx context.Context, subject uuid.UUID, r *registration) (petition.Command, error) {
	c := petition.RegisterPetition{
		Petitioner: petition.Person{Subject: subject, Anonymous: r.Petitioner.Anonymous},
		Summary:    r.Summary, Category: r.Category, Street: r.Street, First: r.First, Joint: r.Joint, Rated: r.Rated, Judicial: r.Judicial,
	}
	var err error
	for _, v := range []struct {
		to    *petition.Sealed
		field personal.Field
		plain string
	}{
		{&c.Petitioner.Name, personal.Name, r.Petitioner.Name},
		{&c.Petitioner.IDNumber, personal.IDNumber, r.Petitioner.IDNumber},
		{&c.Petitioner.Phone, personal.Phone, r.Petitioner.Phone},
		{&c.Petitioner.Address, personal.Address, r.Petitioner.Address},
	} {
		if *v.to, err = s.seal(ctx, subject, v.field, v.plain); err != nil {
			return nil, err
		}
	}
	for _, plain := range r.Claims {
		sealed := petition.Claim{Summary: plain.Summary}
		if sealed.Text, err = s.seal(ctx, subject, personal.Claim, plain.Text); err != nil {
			return nil, err
		}
		c.Claims = append(c.Claims, sealed)
	}
	return c, nil
}

// seal returns plain masked, and in a box; nothing of nothing.
func (s *Server) seal(ctx context.Context, subject uuid.UUID, field personal.Field, plain string) (petition.Sealed, error) {
	if plain == "" {
		return petition.Sealed{}, nil
	}
	box, err := s.Vault.Seal(ctx, subject, field, plain)
	return petition.Sealed{Masked: personal.Mask(field, plain), Box: box}, err
}

// order carries out q, which was asked for under key, for the case with number.
// subject is the petitioner's, nil if there is none yet. What the key has led to
// already is returned, if it was this very request, and refused if not.
//
// A petitioner is made findable before the event is recorded: if we crash in
// between, a name leads to a subject whom no case mentions, and nobody is ever
// on record who cannot be found.
func (s *Server) order(ctx context.Context, number string, q *request, key, subject uuid.UUID, at *ledger.Version) ([]ledger.Envelope, error) {
	entry, registers := q.Fields.(*registration)
	if registers {
		subject = SubjectOf(key, number)
	}
	meta := q.Envelope.meta(visitOf(ctx).Actor)
	said := meta
	meta.Correlation = key
	command, err := s.command(ctx, q, subject, &meta)
	if err != nil {
		return nil, err
	}
	if meta.Command, err = commandID(key, number, command, said); err != nil {
		return nil, err
	}
	if done, err := s.earlier(ctx, number, subject, command, meta); err != nil || len(done) > 0 {
		return done, err
	}
	if registers && meta.Key != "" {
		p := entry.Petitioner
		if err := s.Vault.Index(ctx, subject, p.Name, p.IDNumber, p.Phone); err != nil {
			return nil, fmt.Errorf("making the petitioner findable: %w", err)
		}
	}
	return s.Do(ctx, Order{Number: number, Command: command, Meta: meta, If: at})
}
