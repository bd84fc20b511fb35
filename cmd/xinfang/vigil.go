package main

import (
	"context"
	"log/slog"
	"time"

	"xinfang/infra/metrics"
	"xinfang/infra/witness"
)

// A vigil (守候) tells when a ledger has not been cosigned for too long. Its notary asks
// for that every minute though nothing is new: whoever silences it, so as to alter what
// is not signed for yet, is heard of here, where those who run the ledger have no hand.
type vigil struct {
	witness *witness.Witness
	began   time.Time
	silence time.Duration // that is too long
	now     func() time.Time
	log     *slog.Logger
}

// logs returns what there is to see of each ledger.
func (v *vigil) logs() []metrics.Log {
	var all []metrics.Log
	for _, l := range v.witness.Logs() {
		last := l.Cosigned
		if last.Before(v.began) {
			last = v.began
		}
		all = append(all, metrics.Log{Origin: l.Last.Origin, Last: last})
	}
	return all
}

// keep looks again and again, until ctx is done.
func (v *vigil) keep(ctx context.Context) error {
	silent := make(map[string]bool)
	look := time.NewTicker(min(v.silence/4, time.Minute))
	defer look.Stop()
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
		for _, l := range v.logs() {
			switch since := v.now().Sub(l.Last); {
			case since > v.silence && !silent[l.Origin]:
				silent[l.Origin] = true
				v.log.Error("a ledger has not asked for a signature for too long: what is recorded there meanwhile could be altered unseen", "origin", l.Origin, "since", l.Last)
			case since <= v.silence && silent[l.Origin]:
				silent[l.Origin] = false
				v.log.Info("the ledger has asked for a signature again", "origin", l.Origin)
			}
		}
	}
}
