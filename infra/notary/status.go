package notary

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"xinfang/domain/ledger"
)

// A Status says how a notary fares.
type Status struct {
	Published Published // the last checkpoint
	Witnessed Published // the last that a quorum has cosigned
	Witnesses []WitnessStatus
	Audited   Pass      // the last audit of all of the ledger
	Followed  Pass      // the last audit, of all of it or of what was new
	Anchored  time.Time // what the time-stamp of the last anchor says; zero if none is known
	Forged    int       // how many entries pretend to be the notary's, as far as was audited since the start
	Stopped   error     // why nothing is signed any more; nil if that is not so
}

// A Pass is an audit since the start that has found the ledger to be what was signed; zero
// if there was none.
type Pass struct {
	At   time.Time     // when it was over
	Took time.Duration // by the notary's clock
	Size int64         // leaves that the checkpoint has
}

// A WitnessStatus says what is known of one witness.
type WitnessStatus struct {
	Name string
	Size int64     // of the tree that it has seen last, as far as is known
	Last time.Time // when it cosigned last; zero if not since the start
	Err  error     // why it did not the last time; nil if it did
}

// Status returns how the notary fares.
func (n *Notary) Status() Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := Status{Published: n.published, Witnessed: n.witnessed, Audited: n.audited, Followed: n.followed, Anchored: n.anchored, Forged: n.forged, Stopped: n.stopped}
	for i, w := range n.o.Witnesses {
		s.Witnesses = append(s.Witnesses, WitnessStatus{w.Name(), n.seen[i].size, n.seen[i].at, n.seen[i].err})
	}
	return s
}

// Published returns the last checkpoint.
func (n *Notary) Published() Published {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.published
}

// Covering returns a published checkpoint that covers the leaf at index: the
// witnessed one if that does. The error is a [*ledger.Trouble] if none does.
func (n *Notary) Covering(index int64) (Published, error) {
	if err := n.reload(); err != nil {
		return Published{}, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case index < n.witnessed.Size:
		return n.witnessed, nil
	case index < n.published.Size:
		return n.published, nil
	}
	return Published{}, ledger.Troubled("尚无检查点涵盖第 %d 条", "no checkpoint covers entry %d yet", index+1)
}

// reload takes what [Merge] has written. A file that the policy does not believe is
// passed over: policies change, and what it says is cosigned again.
func (n *Notary) reload() error {
	b, err := os.ReadFile(n.path("witnessed"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	s, err := n.o.Policy.Open(b)
	if err != nil {
		n.log.Warn("the last witnessed checkpoint is not believed any more", "err", err)
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if s.Witnessed && s.Size > n.witnessed.Size {
		n.witnessed = Published{s, b}
	}
	return nil
}
