package evidence

import (
	"time"

	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// clocked has the last event of five recorded, the heads, and all of it cosigned, at
// these times after the event before.
func clocked(last, heads, cosigned time.Duration) func(s *specimen) ([]byte, Options) {
	return func(s *specimen) ([]byte, Options) {
		w := newWorld(s.t)
		w.append(ours, 4)
		before := w.store.Now()
		w.store.Now = func() time.Time { return before.Add(last) }
		w.append(ours, 1)
		w.store.Now = func() time.Time { return before.Add(heads) }
		s2 := w.specimen(5, 0)
		signed, err := s2.source.Policy.Open(s2.source.Checkpoint)
		ok(s.t, err)
		w.witness[0].at = before.Add(cosigned)
		s2.source.Checkpoint, err = note.Sign(&note.Note{Text: signed.Text()}, w.note, w.witness[0])
		ok(s.t, err)
		s2.write()
		return s2.bundle, Options{}
	}
}

var timeAttacks = []attack{
	{"recorded within the skew after it was cosigned", proof.OK, clocked(time.Hour, time.Hour, 55*time.Minute)},
	{"recorded after it was cosigned", proof.TimeViolation, clocked(time.Hour, time.Hour, 55*time.Minute-time.Second)},
	{"heads recorded after they were cosigned", proof.TimeViolation, clocked(0, time.Hour, 55*time.Minute-time.Second)},
	{"recorded after it was cosigned, and the reader minds less", proof.OK, func(s *specimen) ([]byte, Options) {
		bundle, o := clocked(time.Hour, time.Hour, 0)(s)
		o.Skew = time.Hour
		return bundle, o
	}},
	{"recorded before its predecessor", proof.TimeViolation, func(s *specimen) ([]byte, Options) {
		w := newWorld(s.t)
		w.append(ours, 1)
		var last ledger.Envelope
		for e := range w.store.ReadAll(s.t.Context(), 0) {
			last = e
		}
		back := ledger.Envelope{Position: 2, Stream: ours, Version: 2, Origin: ledger.Origin{Commit: 2, Prepare: 2}, Recorded: last.Recorded - 1,
			Record: ledger.Record{Type: "Said", Data: []byte("{}"), Meta: []byte("{}")}, Prev: last.Leaf}
		ok(s.t, w.store.Adopt(s.t.Context(), back)) // a replica keeps the time that its source says
		w.take([]ledger.Envelope{back})
		return w.specimen(2, 1).bundle, Options{}
	}},
}
