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

// registerID is the identity of the registration that goes with a receipt.
func registerID(receipt uuid.UUID) uuid.UUID {
	return uuid.NewSHA1(receipt, []byte("register-petition"))
}

// register records a receipt and, if register is not nil, the registration. Both
// rest on the envelope of the receipt. It returns the number of the case and what
// was recorded.
//
// Nothing is recorded if either would be refused. If we crash between the two,
// the case is received and not registered, as a case may be; asking again with
// the same id goes on from there.
func (s *Server) register(ctx context.Context, receive, register *request, id uuid.UUID) (string, []ledger.Envelope, error) {
	number := receive.Fields.(*petition.ReceivePetition).Number
	if register != nil {
		register.Envelope = receive.Envelope
		register.Envelope.Received = time.Time{}
		if err := s.rehearse(ctx, receive, register, id); err != nil {
			return number, nil, err
		}
	}
	recorded, err := s.order(ctx, number, receive, id, uuid.Nil, nil)
	if err != nil || register == nil {
		return number, recorded, err
	}
	more, err := s.order(ctx, number, register, registerID(id), uuid.Nil, nil)
	return number, append(recorded, more...), err
}

// rehearse decides both requests against a case that does not exist, and records
// nothing. Of a case that exists the store will say.
func (s *Server) rehearse(ctx context.Context, receive, register *request, id uuid.UUID) error {
	world, err := s.World(ctx, 0)
	if err != nil {
		return fmt.Errorf("reading the world: %w", err)
	}
	now := s.Now().UTC()
	var state *petition.State
	for _, step := range []struct {
		q  *request
		id uuid.UUID
	}{{receive, id}, {register, registerID(id)}} {
		meta := step.q.Envelope.meta(visitOf(ctx).Actor)
		meta.Command = step.id
		if meta.Occurred.IsZero() {
			meta.Occurred = now
		}
		command, err := s.command(ctx, step.q, uuid.Nil, &meta)
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
