package casefile

import (
	"slices"

	"xinfang/domain/law"
	"xinfang/domain/petition"
)

// WaitingFor returns the unit and, if one is named, the officer who must act
// next, and the names of the commands by which they can take the case on, of
// those in [petition.CommandNames]. The unit is "" if the case waits for nobody,
// or for the petitioner.
//
// It says what is expected, not what is lawful: that is for the decider.
func (f *File) WaitingFor() (unit, officer string, commands []string) {
	unit, officer, commands = f.next()
	for _, n := range slices.Backward(f.Notices) {
		if !n.owing() || n.Notice == petition.NoticeReply { // serve-reply tells it
			continue
		}
		if unit == "" && len(commands) == 0 {
			unit = n.Unit
		}
		if n.Unit == unit {
			commands = append(commands, "notify-petitioner")
			break
		}
	}
	for _, s := range f.Supervision {
		if !s.FedBack.IsZero() || !s.Closed.IsZero() {
			continue
		}
		if unit == "" && len(commands) == 0 {
			unit = s.Unit
		}
		if s.Unit == unit {
			commands = append(commands, "feed-back")
			break
		}
	}
	if len(commands) == 0 {
		return "", "", nil
	}
	return unit, officer, commands
}

// next returns who must act next, and how, by the stage alone.
func (f *File) next() (unit, officer string, commands []string) {
	switch f.Stage {
	case petition.Received:
		commands = []string{"register-petition"}
	case petition.Registered:
		commands = []string{"classify"}
	case petition.Classified:
		commands = f.dispositions()
	case petition.Dispatched:
		return f.addressee, "", []string{"receive-dispatch"}
	case petition.Pending:
		commands = []string{"accept", "not-accept", "raise-objection"}
	case petition.Objected:
		return f.sender, "", []string{"decide-objection"}
	case petition.Handling:
		commands = []string{"record-progress", "issue-reply"}
		if f.pendingExtension() {
			commands = append(commands, "approve-extension")
		}
	case petition.Replied:
		commands = []string{"serve-reply"}
	case petition.Served:
		commands = []string{"close"}
	case petition.Reviewed: // reviewed before it was closed
		if f.Closed.IsZero() && !f.reviewing() {
			commands = []string{"close"}
		}
	case petition.InReview:
		commands = []string{"decide-review"}
	case petition.InRecheck:
		commands = []string{"decide-recheck"}
	default:
		return "", "", nil
	}
	if len(commands) == 0 {
		return "", "", nil
	}
	return f.Unit, f.Officer, commands
}

// dispositions are the ways on for a classified case.
func (f *File) dispositions() []string {
	if f.last(law.C3) != nil { // lodged with the unit itself
		return []string{"accept", "not-accept", "dispatch"}
	}
	switch f.Class {
	case petition.Suggestion:
		return []string{"dispatch", "issue-reply"}
	case petition.Accusation:
		return []string{"transfer-to-discipline", "dispatch"}
	case petition.Claiming:
		if f.Path != petition.PathPetition {
			return []string{"divert", "dispatch"}
		}
	}
	return []string{"dispatch", "accept-no-longer"}
}

func (f *File) pendingExtension() bool {
	for _, p := range f.Approvals {
		if p.Pending {
			return true
		}
	}
	return false
}
