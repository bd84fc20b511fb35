package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
)

// errReused is the fault of a caller whose key stands for another request: the
// answer to that one would tell him that this one is done.
var errReused = newFault(http.StatusUnprocessableEntity, "ERR_IDEMPOTENCY_KEY",
	"这个请求标识（Idempotency-Key）已用于另一个请求，这次什么也没有记录", "this key was used for another request; nothing was recorded now",
	"确要另办一项的，请换新的 UUID；网页上核对后再次提交即可", "use a new one if this is another request; on a page, look at the case and submit again")

// commandID returns the identity of the command that is asked for in a case under
// key. It is derived from all that is asked, so that the ledger takes a request
// that is repeated for what it is, and no other for it. Meta has what the caller
// said and nothing that changes from one time of asking to the next.
//
// Only masked forms of personal data go into it, for it is on record for ever;
// see [Server.sameInside] for what they hide.
func commandID(key uuid.UUID, number string, command petition.Command, meta ledger.Meta) (uuid.UUID, error) {
	asked, err := json.Marshal(struct {
		Number, Name string
		Meta         ledger.Meta
		Command      petition.Command
	}{number, petition.CommandName(command), meta, unboxed(command)}, json.Deterministic(true))
	if err != nil {
		return uuid.Nil, fmt.Errorf("telling requests apart: %w", err)
	}
	return uuid.NewSHA1(key, asked), nil
}

// unboxed returns c without the boxes, which differ at each sealing.
func unboxed(c petition.Command) petition.Command {
	switch c := c.(type) {
	case petition.RegisterPetition:
		claims := make([]petition.Claim, len(c.Claims))
		for i, claim := range c.Claims {
			claims[i] = petition.Claim{Summary: claim.Summary, Text: petition.Sealed{Masked: claim.Text.Masked}}
		}
		c.Claims = claims
		for _, v := range []*petition.Sealed{&c.Petitioner.Name, &c.Petitioner.IDNumber, &c.Petitioner.Phone, &c.Petitioner.Address} {
			v.Box = nil
		}
		return c
	case petition.IssueReply:
		c.Text.Box = nil
		return c
	default:
		return c
	}
}

// earlier returns what was recorded in a case under the key of meta, none if
// nothing was. It is errReused if that was asked with anything else than c. Of two
// requests at once with one key and different contents both find nothing, and the
// version that they name lets one of them be recorded.
func (s *Server) earlier(ctx context.Context, number string, subject uuid.UUID, c petition.Command, meta ledger.Meta) (done []ledger.Envelope, err error) {
	for env, err := range s.Store.ReadStream(ctx, petition.StreamOf(number), 0) {
		if err != nil {
			return nil, err
		}
		m, err := env.DecodeMeta()
		if err != nil {
			return nil, fmt.Errorf("position %d: %w", env.Position, err)
		}
		if m.Correlation != meta.Correlation {
			continue
		}
		if m.Command != meta.Command {
			return nil, errReused
		}
		if err := s.sameInside(ctx, env, subject, c); err != nil {
			return nil, err
		}
		done = append(done, env)
	}
	return done, nil
}

// sameInside returns errReused if a box that env recorded opens to something else
// than its counterpart in c.
func (s *Server) sameInside(ctx context.Context, env ledger.Envelope, subject uuid.UUID, c petition.Command) error {
	e, err := petition.Codec.Decode(env.Type, env.Data)
	if err != nil {
		return fmt.Errorf("position %d: %w", env.Position, err)
	}
	recorded, asked := boxesOf(e), boxesOf(c)
	for i := range min(len(recorded), len(asked)) {
		was, is := recorded[i], asked[i]
		if bytes.Equal(was.sealed.Box, is.sealed.Box) {
			continue
		}
		before, err := s.Vault.Open(ctx, subject, was.field, was.sealed.Box)
		if err != nil {
			return fmt.Errorf("opening personal data: %w", err)
		}
		now, err := s.Vault.Open(ctx, subject, is.field, is.sealed.Box)
		if err != nil {
			return fmt.Errorf("opening personal data: %w", err)
		}
		if before != now {
			return errReused
		}
	}
	return nil
}

// boxesOf returns the boxes of a command, or of the event that it led to, each in
// the same place.
func boxesOf(v any) []box {
	person := func(p petition.Person, claims []petition.Claim) []box {
		list := []box{{field: personal.Name, sealed: p.Name}, {field: personal.IDNumber, sealed: p.IDNumber},
			{field: personal.Phone, sealed: p.Phone}, {field: personal.Address, sealed: p.Address}}
		for i, c := range claims {
			list = append(list, box{personal.Claim, i + 1, c.Text})
		}
		return list
	}
	switch v := v.(type) {
	case petition.RegisterPetition:
		return person(v.Petitioner, v.Claims)
	case petition.PetitionRegistered:
		return person(v.Petitioner, v.Claims)
	case petition.IssueReply:
		return []box{{field: personal.Reply, sealed: v.Text}}
	case petition.ReplyIssued:
		return []box{{field: personal.Reply, sealed: v.Text}}
	default:
		return nil
	}
}
