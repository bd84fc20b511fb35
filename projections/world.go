package projections

import (
	"context"
	"fmt"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/org"
	"xinfang/domain/petition"
)

// ReadWorld folds what cases are decided against, the directory, the calendar
// and the rules, as known at position upTo, or now if upTo is 0. The calendar
// and the rules start from those that come with the program.
func ReadWorld(ctx context.Context, log ledger.Log, upTo ledger.Position) (petition.World, error) {
	w := petition.World{Calendar: law.Embedded(), Rules: law.Default(), Directory: new(org.Directory)}
	for _, category := range []string{org.Category, law.CalendarDecider.Category, law.RuleDecider.Category} {
		for head, err := range log.Streams(ctx, category) {
			if err != nil {
				return w, fmt.Errorf("reading %s: %w", category, err)
			}
			for env, err := range log.ReadStream(ctx, head.Stream, 0) {
				if err != nil {
					return w, fmt.Errorf("reading %v: %w", head.Stream, err)
				}
				if upTo > 0 && env.Position > upTo {
					break
				}
				if err := evolve(&w, env); err != nil {
					return w, fmt.Errorf("position %d: %w", env.Position, err)
				}
			}
		}
	}
	return w, nil
}

// ShapesWorld reports whether env changes what [ReadWorld] returns.
func ShapesWorld(env ledger.Envelope) bool {
	switch env.Stream.Category {
	case org.Category, law.CalendarDecider.Category, law.RuleDecider.Category:
		return true
	}
	return false
}

func evolve(w *petition.World, env ledger.Envelope) error {
	m, err := env.DecodeMeta()
	if err != nil {
		return err
	}
	switch env.Stream.Category {
	case org.Category:
		e, err := org.Decider.Codec.Decode(env.Type, env.Data)
		if err != nil {
			return err
		}
		w.Directory = org.Decider.Evolve(w.Directory, e, m)
	case law.CalendarDecider.Category:
		e, err := law.CalendarDecider.Codec.Decode(env.Type, env.Data)
		if err != nil {
			return err
		}
		w.Calendar = w.Calendar.Evolve(e)
	case law.RuleDecider.Category:
		e, err := law.RuleDecider.Codec.Decode(env.Type, env.Data)
		if err != nil {
			return err
		}
		w.Rules = w.Rules.Evolve(e)
	}
	return nil
}
