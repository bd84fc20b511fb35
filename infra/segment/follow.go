package segment

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"xinfang/domain/ledger"
)

// A follower moves a read-only store on, beside a process that writes.
type follower struct {
	mu      sync.Mutex // held while it moves the store on
	walk    *walk      // stands at the head of the store
	damaged *Damage    // what Open met, for every read to report
}

// openReadOnly recovers the ledger, changing nothing. A batch that a writer is
// about to write can look like damage for an instant, but not twice.
func (s *Store) openReadOnly() error {
	var damage *Damage
	r, err := s.recover()
	if errors.As(err, &damage) {
		r, err = s.recover()
	}
	if err != nil && (r.walk == nil || !errors.As(err, &damage)) {
		return err
	}
	s.follower = &follower{walk: r.walk}
	if err != nil {
		s.follower.damaged = damage
		return nil
	}
	return s.flushLast()
}

// flushLast makes durable what the writer may have written and not yet synced,
// so that no reader sees what a power failure could take back.
func (s *Store) flushLast() error {
	if len(s.files) == 0 {
		return nil
	}
	if err := s.options.disk.sync(s.files[len(s.files)-1].File); err != nil && !isReadOnly(err) {
		return err
	}
	return nil
}

// refresh moves a read-only store on to all that is durable. It returns what is
// wrong with what follows the head, if anything is.
func (s *Store) refresh() error {
	if s.follower == nil {
		return nil
	}
	s.follower.mu.Lock()
	defer s.follower.mu.Unlock()
	if s.follower.damaged != nil {
		return s.follower.damaged
	}
	var verdict error
	for {
		moved, err := s.advance()
		if err != nil {
			return err
		}
		if moved {
			verdict = nil
			continue
		}
		if verdict != nil {
			return verdict // twice the same, see openReadOnly
		}
		if verdict = s.follower.walk.odd(); verdict == nil {
			return nil
		}
	}
}

// advance enters what follows, up to some thousand positions. It reports whether
// there was anything.
func (s *Store) advance() (bool, error) {
	w := s.follower.walk
	if blank, err := w.blank(); blank || err != nil {
		if err != nil {
			return false, err
		}
		return s.openNext()
	}
	before := w.cursor
	got, err := w.gather(gatherAtOnce)
	if len(got) == 0 {
		if errors.Is(err, io.EOF) {
			return s.openNext()
		}
		return false, err
	}
	// What ends got before there was enough will be met again.
	if err := s.flushLast(); err != nil {
		w.cursor = before
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range got {
		if !s.index.add(e) {
			s.follower.damaged = s.strange(e)
			return false, s.follower.damaged
		}
	}
	s.publish(w.head, w.leaf, w.recorded, w.offset())
	return true, nil
}

// openNext opens the segment that the writer has begun meanwhile, if it has.
func (s *Store) openNext() (bool, error) {
	w, files := s.follower.walk, slices.Clone(s.files)
	path := filepath.Join(s.dir, segmentName(w.head+1))
	var empty *file
	if n := len(files); n > 0 && files[n-1].first == w.head+1 {
		// The writer may have put a larger one in the place of an empty one.
		empty, files = files[n-1], files[:n-1]
		if same, err := isFile(path, empty); same || err != nil {
			return false, err
		}
	}
	next, err := openFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil {
		err = follows(files, next)
	}
	if err != nil {
		if next != nil {
			closeFiles([]*file{next})
		}
		return false, err
	}
	files = append(files, next)
	w.files = files
	if empty != nil {
		closeFiles([]*file{empty})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = files
	return true, nil
}

// isFile reports whether f is the file at path.
func isFile(path string, f *file) (bool, error) {
	there, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	open, err := f.Stat()
	return os.SameFile(there, open), err
}

// blank reports whether nothing has been written where w stands.
func (w *walk) blank() (bool, error) {
	if err := w.cross(); err != nil {
		return false, err
	}
	if len(w.files) == 0 || w.at == w.files[w.i].size {
		return true, nil
	}
	var next [align]byte
	_, err := w.files[w.i].ReadAt(next[:], w.at)
	return zero(next[:]), err
}

// odd returns the damage, if there is any, where w met no further frame.
func (w *walk) odd() error {
	if blank, err := w.blank(); blank || err != nil {
		return err
	}
	_, err := w.judge()
	return err
}

// poll waits for what another process writes.
func (s *Store) poll(ctx context.Context, after ledger.Position) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if head, err := s.Head(ctx); err != nil || head > after {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// pollEvery is how often a read-only store that is waited for looks for more.
const pollEvery = 50 * time.Millisecond
