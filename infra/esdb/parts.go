package esdb

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/ledger"
)

// A source sends the events of one append one by one, and does not say where it
// ends. Who asks again what was asked before must not find half of it in the
// replica and take that for the answer. So the copier keeps back the beginning of
// an append whose end must follow at once: one of this program's own, of which it
// knows the ids.
type parts struct {
	mu  sync.Mutex
	own map[uuid.UUID]part
}

// A part is one event of an append of several.
type part struct{ index, of int }

// maxParts bounds what is remembered of appends of which it is not known whether
// they were recorded. Forgetting them costs no more than that half of one may be
// seen.
const maxParts = 1 << 14

// keepingBack is how long a beginning is kept back. It ends only if what was
// recorded under these ids is not what was sent here, but by another node.
const keepingBack = 100 * time.Millisecond

// sent notes that records are being sent.
func (p *parts) sent(records []ledger.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.own == nil || len(p.own) > maxParts {
		p.own = make(map[uuid.UUID]part)
	}
	for i, r := range records {
		p.own[r.ID] = part{i, len(records)}
	}
}

// settled notes that records are in the replica, or will never be.
func (p *parts) settled(records []ledger.Record) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range records {
		delete(p.own, r.ID)
	}
}

// open returns how many of the last of batch are the beginning of an append whose
// end is not there.
func (p *parts) open(batch []ledger.Envelope) int {
	if len(batch) == 0 {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	last, known := p.own[batch[len(batch)-1].ID]
	if !known || last.index == last.of-1 {
		return 0
	}
	return min(last.index+1, len(batch))
}
