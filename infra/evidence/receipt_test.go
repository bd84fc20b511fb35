package evidence

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xinfang/domain/proof"
)

// TestReceipt checks receipts of the last entry, in trees of several sizes, and those
// that were tampered with; and that a bundle which continues one says so.
func TestReceipt(t *testing.T) {
	python := findPython(t)
	late := filepath.Join(t.TempDir(), "late.zip")
	bundle, _ := clocked(time.Hour, time.Hour, 0)(newSpecimen(t, 5, 1))
	ok(t, os.WriteFile(late, bundle, 0o600))
	lateReceipt, err := ReceiptOf(late)
	ok(t, err)
	for _, events := range []int{1, 2, 5, 300} {
		s := newSpecimen(t, events, 1)
		receipt := s.receipt(events)
		o := Options{Policy: s.source.Policy}
		if r := VerifyAny(bytes.NewReader(receipt), int64(len(receipt)), o); r.Verdict != proof.OK || r.Stream != ours || r.Checkpoint.Size != s.size() || r.NotLater.IsZero() {
			t.Errorf("%d events: %+v", events, r)
		}
		image, err := QR(receipt)
		ok(t, err)
		if _, err := png.Decode(bytes.NewReader(image)); err != nil {
			t.Errorf("%d events: the image: %v", events, err)
		}
		other, changed := newSpecimen(t, 2, 0), bytes.Clone(s.files[last(events)+".leaf"])
		changed[len(changed)-1] ^= 1 // of the leaf before it
		for name, tt := range map[string]struct {
			receipt string
			want    proof.Verdict
		}{
			"recorded after it was seen":   {string(lateReceipt), proof.TimeViolation},
			"nobody has witnessed it":      {string(other.receipt(2)), proof.OKUnwitnessed},
			"no receipt":                   {"petition-receipt/v2\n", proof.Malformed},
			"nothing":                      {"", proof.Malformed},
			"only the first line":          {ReceiptFormat + "\n", proof.Malformed},
			"a line end of another system": {strings.Replace(string(receipt), "\n", "\r\n", 1), proof.Malformed},
			"the leaf of another entry":    {string(Receipt(s.files["events/000000.leaf"], s.files["heads/leaf.tlog-proof"])), proof.Malformed},
			"the leaf is changed":          {string(Receipt(changed, s.files[last(events)+".tlog-proof"])), proof.BadProof},
			"the checkpoint is changed":    {strings.Replace(string(receipt), "\n— ", "\nmore\n— ", 1), proof.Malformed},
		} {
			if r := VerifyReceipt([]byte(tt.receipt), o); r.Verdict != tt.want {
				t.Errorf("%d events: %s: %+v, want %s", events, name, r, tt.want)
			}
			if got, code := runPython(t, python, []byte(tt.receipt), s.defaults(o)); got.Verdict != tt.want || code != Exit(tt.want) {
				t.Errorf("%d events: %s: Python says %s and exits with %d, want %s", events, name, got.Verdict, code, tt.want)
			}
		}
		if r := s.verify(s.bundle, func(o *Options) { o.Older = [][]byte{receipt} }); r.Verdict != proof.OK {
			t.Errorf("%d events: the bundle beside its receipt: %+v", events, r)
		}
	}
	if _, err := QR(make([]byte, MaxReceipt+1)); err == nil {
		t.Error("a code is made that holds too much")
	}
}

// TestIsHeld tells what somebody may hold from what was taken for it.
func TestIsHeld(t *testing.T) {
	s := newSpecimen(t, 2, 1)
	for name, tt := range map[string]struct {
		held string
		want bool
	}{
		"a receipt":                        {string(s.receipt(2)), true},
		"a checkpoint":                     {string(s.source.Checkpoint), true},
		"a receipt without its checkpoint": {ReceiptFormat + "\nAAAA\n", false},
		"a policy":                         {s.source.Policy.String(), false},
		"a bundle":                         {string(s.bundle), false},
		"nothing":                          {"", false},
	} {
		if got := IsHeld([]byte(tt.held)); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestReceiptShown checks what is told of a receipt: which entry, when, and that it shows
// nothing of what follows.
func TestReceiptShown(t *testing.T) {
	s := newSpecimen(t, 3, 1)
	first := VerifyReceipt(Receipt(s.files["events/000000.leaf"], s.files["events/000000.tlog-proof"]), Options{Policy: s.source.Policy})
	for _, want := range []string{"event 1 of it, recorded " + moment(epoch.Add(time.Minute)), "nothing shows that none follows"} {
		if text := shown(t, &first, "en"); !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestUnopened gives the key of a reader to whom nothing is disclosed: that says nothing
// against the bundle, and is told.
func TestUnopened(t *testing.T) {
	s := newSpecimen(t, 3, 1)
	r := s.verify(s.bundle, func(o *Options) { o.ReaderKey = readers[0] })
	if text := shown(t, &r, "en"); r.Verdict != proof.OK || !strings.Contains(text, "not opened:  the bundle discloses no key") {
		t.Errorf("%s\n%s", r.Verdict, text)
	}
}

func last(events int) string { return fmt.Sprintf("events/%06d", events-1) }

// receipt returns the receipt of the last of so many events.
func (s *specimen) receipt(events int) []byte {
	return Receipt(s.files[last(events)+".leaf"], s.files[last(events)+".tlog-proof"])
}
