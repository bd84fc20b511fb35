package web

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// registrationRequests returns the two requests that together enter a petition:
// its receipt (收件) and its registration (登记).
func registrationRequests() (receive, register *request) {
	receive, _ = newRequest("receive-petition")
	register, _ = newRequest("register-petition")
	return receive, register
}

// registerID is the key of the registration that goes with a receipt.
func registerID(receipt uuid.UUID) uuid.UUID {
	return uuid.NewSHA1(receipt, []byte("register-petition"))
}

// register records, under key, a receipt and, if register is not nil, the registration. Both
// rest on the envelope of the receipt. It returns the number of the case and what
// was recorded.
//
// Nothing is recorded if either would be refused. If we crash between the two,
// the case is received and not registered, as a case may be; asking again with
// the same key goes on from there.
func (s *Server) register(ctx context.Context, receive, register *request, key uuid.UUID) (string, []ledger.Envelope, error) {
	number := receive.Fields.(*petition.ReceivePetition).Number
	if register != nil {
		register.Envelope = receive.Envelope
		register.Envelope.Received = time.Time{}
		if err := s.rehearse(ctx, number, receive, register, key); err != nil {
			return number, nil, err
		}
	}
	recorded, err := s.order(ctx, number, receive, key, uuid.Nil, nil)
	if err != nil || register == nil {
		return number, recorded, err
	}
	more, err := s.order(ctx, number, register, registerID(key), uuid.Nil, nil)
	return number, append(recorded, more...), err
}

// rehearse decides both requests against a case that does not exist, and records
// nothing. Of a case that exists the store will say.
func (s *Server) rehearse(ctx context.Context, number string, receive, register *request, key uuid.UUID) error {
	world, err := s.World(ctx, 0)
	if err != nil {
		return fmt.Errorf("reading the world: %w", err)
	}
	now := s.Now().UTC()
	var state *petition.State
	for _, q := range []*request{receive, register} {
		meta := q.Envelope.meta(visitOf(ctx).Actor)
		if meta.Occurred.IsZero() {
			meta.Occurred = now
		}
		command, err := s.command(ctx, q, SubjectOf(registerID(key), number), &meta)
		if err != nil {
			return err
		}
		events, err := petition.Decide(state, petition.Act{Command: command, Now: now, World: world}, meta)
		if err != nil {
			return err
		}
		for _, e := range events {
			state = petition.Evolve(state, e, meta)
		}
	}
	return nil
}

// proposeNumber returns a number for a new case: XF, the year, and the place in
// the ledger that it would have, which no other case has had.
func proposeNumber(now time.Time, head ledger.Position) string {
	return fmt.Sprintf("XF-%d-%06d", law.DateOf(now).Year(), head+1)
}
