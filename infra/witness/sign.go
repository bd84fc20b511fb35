package witness

import (
	"crypto/ed25519"
	"encoding/binary"
	"fmt"
	"time"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"

	"xinfang/domain/ledger"
)

// A cosigner makes cosignatures (见证签名) of c2sp.org/tlog-cosignature, version 1 with
// Ed25519. It is torchwood's with a clock that is given.
type cosigner struct {
	*torchwood.CosignatureVerifier // gives it its name and the hash of its key
	private                        ed25519.PrivateKey
	now                            func() time.Time
}

func newCosigner(name string, private ed25519.PrivateKey, now func() time.Time) (*cosigner, error) {
	s, err := torchwood.NewCosignatureSigner(name, private)
	if err != nil {
		return nil, ledger.Troubled("见证的名称 %.100q 不能用：不得为空，不得含空白或加号", "the name of a witness, %.100q, must not be empty or have spaces or a plus sign", name)
	}
	return &cosigner{s.Verifier(), private, now}, nil
}

func (s *cosigner) vkey() string { return s.String() }

// Sign returns the time, in seconds, of 8 bytes, and the signature of it and of msg,
// which must be the text of a checkpoint. It is of a [note.Signer].
func (s *cosigner) Sign(msg []byte) ([]byte, error) {
	now := s.now().Unix()
	if now <= 0 {
		return nil, ledger.Troubled("见证的时钟没有设好", "the clock of the witness is not set")
	}
	b := binary.BigEndian.AppendUint64(nil, uint64(now))
	return append(b, ed25519.Sign(s.private, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", now, msg))...), nil
}

// lines returns the signature line of a checkpoint's text, once torchwood has found
// that it holds, and the time in it.
func (s *cosigner) lines(text string) ([]byte, time.Time, error) {
	signed, err := note.Sign(&note.Note{Text: text}, s)
	if err != nil {
		return nil, time.Time{}, err
	}
	n, err := note.Open(signed, note.VerifierList(s.CosignatureVerifier))
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("the cosignature that was just made does not hold: %w", err)
	}
	seconds, err := torchwood.CosignatureTimestamp(n.Sigs[0])
	return signed[len(text)+1:], time.Unix(seconds, 0).UTC(), err
}
