package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/access"
	"xinfang/domain/ledger"
	"xinfang/domain/personal"
	"xinfang/domain/petition"
	"xinfang/projections/casefile"
)

// A box is one sealed value of a case.
type box struct {
	field  personal.Field
	index  int // of a claim, from 1; else 0
	sealed petition.Sealed
}

// boxes returns every sealed value of a case that has something in it.
func boxes(f *casefile.File) (list []box) {
	add := func(field personal.Field, index int, sealed petition.Sealed) {
		if len(sealed.Box) > 0 {
			list = append(list, box{field, index, sealed})
		}
	}
	add(personal.Name, 0, f.Petitioner.Name)
	add(personal.IDNumber, 0, f.Petitioner.IDNumber)
	add(personal.Phone, 0, f.Petitioner.Phone)
	add(personal.Address, 0, f.Petitioner.Address)
	for i, c := range f.Claims {
		add(personal.Claim, i+1, c.Text)
	}
	if f.Reply != nil {
		add(personal.Reply, 0, f.Reply.Text)
	}
	if f.Import != nil {
		add(personal.Claim, 0, f.Import.Claim)
		add(personal.Reply, 0, f.Import.Reply)
	}
	return list
}

// revealData is what reveal.html shows.
type revealData struct {
	Number  string
	Purpose string
	Values  []revealed
	Erased  time.Time
}

// A revealed is one value of personal data in clear.
type revealed struct {
	Field personal.Field
	Index int
	Value string
}

// reveal shows personal data in clear, once the look at it is recorded.
func (s *Server) reveal(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	c, err := s.look(ctx, r.PathValue("no"), nil)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	fields := r.PostForm["fields"]
	wanted := slices.DeleteFunc(boxes(c.File), func(b box) bool { return !slices.Contains(fields, string(b.field)) })
	data := &revealData{Number: c.Number}
	key, err := uuid.Parse(r.PostFormValue("command"))
	if err != nil {
		s.fail(w, r, errForm)
		return
	}
	why := viewing{key: key, purpose: access.Purpose(r.PostFormValue("purpose")), reason: strings.TrimSpace(r.PostFormValue("reason"))}
	if err = s.recordLook(ctx, c.File, wanted, why); err == nil {
		err = s.open(r, c, wanted, data)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	data.Purpose = why.purpose.Title().In(visitOf(ctx).Lang)
	p, err := s.newPage(r, c.Number, c.moment, c.world, data)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	p.URL = &url.URL{Path: "/cases/" + c.Number} // where its links lead: this page cannot be asked for again
	s.show(w, r, http.StatusOK, "reveal", p)
}

// A viewing is why somebody is to see personal data, and the key of his request.
type viewing struct {
	key     uuid.UUID
	purpose access.Purpose
	reason  string
}

// recordLook records that the visitor is about to see the values. Whatever fails
// after it, nothing is shown that is not on record: a page reloaded is the same
// look, and other fields or another purpose under its key are another.
func (s *Server) recordLook(ctx context.Context, f *casefile.File, wanted []box, why viewing) error {
	var fields []string
	for _, b := range wanted {
		if !slices.Contains(fields, string(b.field)) {
			fields = append(fields, string(b.field))
		}
	}
	v, now := visitOf(ctx), s.Now().UTC()
	command := uuid.NewSHA1(why.key, fmt.Appendf(nil, "%q", append([]string{f.Number, string(why.purpose), why.reason}, fields...)))
	_, err := access.Decider.Handle(ctx, s.Store, ledger.Ask[access.View]{
		ID:      access.StreamOf(v.Actor.Officer, now),
		Command: access.View{Number: f.Number, Fields: fields, Purpose: why.purpose},
		Meta:    ledger.Meta{Command: command, Correlation: why.key, Actor: v.Actor, Occurred: now, Reason: why.reason},
	})
	if err == nil && s.Revealed != nil {
		s.Revealed(v.Actor.Role, fields)
	}
	return err
}

func (s *Server) open(r *http.Request, c seen, wanted []box, data *revealData) error {
	subject := c.Petitioner.Subject
	at, _, erased, err := s.Vault.Erased(r.Context(), subject)
	if err != nil {
		return fmt.Errorf("looking for the key of personal data: %w", err)
	}
	if erased {
		data.Erased = at
		return nil
	}
	for _, b := range wanted {
		value, err := s.Vault.Open(r.Context(), subject, b.field, b.sealed.Box)
		if err != nil {
			return fmt.Errorf("opening personal data: %w", err)
		}
		data.Values = append(data.Values, revealed{b.field, b.index, value})
	}
	return nil
}
