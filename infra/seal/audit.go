package seal

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// An Audited is what [Audit] has found.
type Audited struct {
	Events   int64            // that were looked at
	Wanted   int64            // of them that the policy wants sealed
	Unsealed int64            // of them that the policy wants sealed, and that are not
	First    []*proof.Finding // of these, in order; no more than [MostFindings]
}

// MostFindings is how many findings an audit keeps.
const MostFindings = 10

// Audit checks the seals of all of log by policy, on all cores: a signature takes
// some 50 µs. progress is told how far it has come. The error is of the log.
func Audit(ctx context.Context, log ledger.Log, policy *proof.Policy, progress func(done, total int64)) (Audited, error) {
	head, err := log.Head(ctx)
	if err != nil {
		return Audited{}, err
	}
	var a Audited
	var mu sync.Mutex // guards a.Unsealed and a.First
	events := make(chan ledger.Envelope)
	g, ctx := errgroup.WithContext(ctx)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			for env := range events {
				if f, ok := errors.AsType[*proof.Finding](policy.CheckSeal(&env, ledger.DigestOf(env.Data).Sum)); ok {
					mu.Lock()
					a.found(f)
					mu.Unlock()
				}
			}
			return nil
		})
	}
	g.Go(func() error {
		defer close(events)
		for env, err := range log.ReadAll(ctx, 0) {
			if err != nil {
				return err
			}
			if policy.WantsSeal(&env) {
				a.Wanted++
				events <- env
			}
			if a.Events++; a.Events%1024 == 0 {
				progress(a.Events, int64(head))
			}
		}
		return nil
	})
	err = g.Wait()
	return a, err
}

// found adds f, which comes in no order.
func (a *Audited) found(f *proof.Finding) {
	a.Unsealed++
	a.First = append(a.First, f)
	slices.SortFunc(a.First, func(x, y *proof.Finding) int { return int(x.Index - y.Index) })
	a.First = a.First[:min(len(a.First), MostFindings)]
}
