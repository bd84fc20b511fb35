package witness

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/proof"
)

// MaxRequest is the most bytes that a request may have.
const MaxRequest = 64 << 10

// maxProof is the most hashes that a consistency proof may have in a request.
const maxProof = 63

// A Request asks a witness to cosign a checkpoint.
type Request struct {
	Old   int64 // size of the checkpoint that the witness cosigned last, 0 if none
	Proof tlog.TreeProof
	Note  []byte // the checkpoint as the log signed it
}

// FormatRequest returns a request as the protocol sends it, and as a file carries it
// to a witness that has no network: the old size, the consistency proof from there,
// an empty line, the signed checkpoint.
func FormatRequest(old int64, p tlog.TreeProof, signed []byte) []byte {
	b := append(strconv.AppendInt([]byte("old "), old, 10), '\n')
	for _, h := range p {
		b = append(b, h.String()+"\n"...)
	}
	return append(append(b, '\n'), signed...)
}

// ParseRequest is the inverse of [FormatRequest]: it takes exactly what that makes,
// and nothing larger than a witness takes. It does not look into the note. The
// error is a [*Refused].
func ParseRequest(body []byte) (Request, error) {
	if len(body) > MaxRequest {
		return Request{}, tooLarge()
	}
	malformed := refused(http.StatusBadRequest, proof.Malformed, "请求格式不对", "the request is malformed")
	head, signed, ok := bytes.Cut(body, []byte("\n\n"))
	first, rest, _ := strings.Cut(string(head), "\n")
	size, hasSize := strings.CutPrefix(first, "old ")
	old, err := strconv.ParseInt(size, 10, 64)
	if !ok || !hasSize || err != nil || old < 0 || old > proof.MaxSize || len(signed) == 0 {
		return Request{}, malformed
	}
	r := Request{Old: old, Note: signed}
	for line := range strings.Lines(rest) {
		h, err := tlog.ParseHash(strings.TrimSuffix(line, "\n"))
		if err != nil || len(r.Proof) == maxProof {
			return Request{}, malformed
		}
		r.Proof = append(r.Proof, h)
	}
	if !bytes.Equal(FormatRequest(r.Old, r.Proof, r.Note), body) {
		return Request{}, malformed
	}
	return r, nil
}
