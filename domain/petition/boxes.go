package petition

import (
	"github.com/google/uuid"

	"xinfang/domain/personal"
)

// A Box is one value of personal data as an event holds it: sealed.
type Box struct {
	Field personal.Field
	Box   []byte
}

// Boxes returns the boxes in e, in the order in which they are shown.
func Boxes(e Event) (list []Box) {
	add := func(field personal.Field, sealed Sealed) {
		if len(sealed.Box) > 0 {
			list = append(list, Box{field, sealed.Box})
		}
	}
	person := func(p Person) {
		add(personal.Name, p.Name)
		add(personal.IDNumber, p.IDNumber)
		add(personal.Phone, p.Phone)
		add(personal.Address, p.Address)
	}
	switch e := e.(type) {
	case PetitionRegistered:
		person(e.Petitioner)
		for _, c := range e.Claims {
			add(personal.Claim, c.Text)
		}
	case CaseImported:
		person(e.Petitioner)
		add(personal.Claim, e.Claim)
		add(personal.Reply, e.Reply)
	case ReplyIssued:
		add(personal.Reply, e.Text)
	default:
	}
	return list
}

// SubjectIn returns the petitioner whom e makes that of its case; uuid.Nil if it
// makes nobody.
func SubjectIn(e Event) uuid.UUID {
	switch e := e.(type) {
	case PetitionRegistered:
		return e.Petitioner.Subject
	case CaseImported:
		return e.Petitioner.Subject
	default:
		return uuid.Nil
	}
}
