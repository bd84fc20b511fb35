package witness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// maxAnswer is the most bytes of an answer that a client reads.
const maxAnswer = 64 << 10

// A Client submits checkpoints to a witness, this one or any other that speaks
// c2sp.org/tlog-witness. It may be used concurrently.
type Client struct {
	URL  string       // the submission prefix, such as https://witness.example.gov.cn/w1
	HTTP *http.Client // nil is [http.DefaultClient]; how long it may take, contexts say

	// Verifier is the key of the witness, if it is known: then only lines of that key
	// that hold are returned. If it is nil, lines are returned as they came, and one
	// that does not hold spoils the note that it is added to.
	Verifier note.Verifier
}

// Name returns the address without credentials, which may be told to anybody.
func (c *Client) Name() string {
	scheme, rest, _ := strings.Cut(c.URL, "://")
	host, path, slash := strings.Cut(rest, "/")
	name := scheme + "://" + host[strings.LastIndex(host, "@")+1:]
	if slash {
		name += "/" + path
	}
	return name
}

// AddCheckpoint asks the witness to cosign the signed note of a checkpoint, which p
// shows to continue the one of size old, and returns the signature lines to be added
// to it. The error is a [*SizeConflict] if old is not what the witness has, a
// [*Refused] if it does not cosign, ctx.Err() or what is wrong with the connection.
// After the latter, the witness may have cosigned: ask again.
func (c *Client) AddCheckpoint(ctx context.Context, old int64, p tlog.TreeProof, signed []byte) (lines []byte, err error) {
	address := strings.TrimSuffix(c.URL, "/") + "/add-checkpoint"
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(FormatRequest(old, p, signed)))
	if err != nil {
		return nil, c.unreachable(err)
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	client := c.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(r)
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	if err != nil {
		return nil, c.unreachable(err)
	}
	switch {
	case len(body) > maxAnswer:
		return nil, c.odd("答复过大", "its answer is too large")
	case answer.StatusCode == http.StatusConflict && answer.Header.Get("Content-Type") == sizeType:
		size, err := strconv.ParseInt(strings.TrimSuffix(string(body), "\n"), 10, 64)
		if err != nil || size < 0 || size > proof.MaxSize || fmt.Sprintf("%d\n", size) != string(body) {
			return nil, c.odd("所答的大小不对", "the size in its answer is malformed")
		}
		return nil, &SizeConflict{size}
	case answer.StatusCode != http.StatusOK:
		return nil, refused(answer.StatusCode, verdicts[answer.StatusCode], "见证 %s 未签署（HTTP %d）：%.300q", "the witness %s did not cosign (HTTP %d): %.300q", c.Name(), answer.StatusCode, body)
	}
	return c.lines(body, signed)
}

// verdicts is what a status of the protocol says of the log. At 409 without a size,
// as drafts before v1.0.0 had it, the root differs at the same size.
var verdicts = map[int]proof.Verdict{
	http.StatusBadRequest:          proof.Malformed,
	http.StatusForbidden:           proof.UnknownKey,
	http.StatusNotFound:            proof.WrongOrigin,
	http.StatusConflict:            proof.Fork,
	http.StatusUnprocessableEntity: proof.Fork,
}

// lines returns those of body that are to be added to signed.
func (c *Client) lines(body, signed []byte) ([]byte, error) {
	text, _, _ := strings.Cut(string(signed), "\n\n")
	text += "\n"
	var known note.Verifiers
	if c.Verifier != nil {
		known = note.VerifierList(c.Verifier)
	}
	n, err := note.Open([]byte(text+"\n"+string(body)), known)
	if unverified, ok := errors.AsType[*note.UnverifiedNoteError](err); ok && c.Verifier == nil {
		n, err = unverified.Note, nil
	}
	if err != nil || n.Text != text { // an empty line in body would end another text
		return nil, c.odd("答复中没有其有效的签名", "its answer has no signature of it that holds")
	}
	var lines []byte
	for _, s := range append(n.Sigs, n.UnverifiedSigs...) {
		if c.Verifier == nil || s.Name == c.Verifier.Name() && s.Hash == c.Verifier.KeyHash() {
			lines = fmt.Appendf(lines, "— %s %s\n", s.Name, s.Base64)
		}
	}
	return lines, nil
}

// odd returns the trouble that the witness answered what no witness does.
func (c *Client) odd(zh, en string) error {
	return &ledger.Trouble{Text: ledger.Text{
		ZH: "见证 " + c.Name() + " 的答复不合协议：" + zh,
		EN: "the witness " + c.Name() + " does not follow the protocol: " + en,
	}}
}

// unreachable returns the trouble that the witness was not heard. The error of HTTP
// names the address again, credentials and all.
func (c *Client) unreachable(err error) error {
	if in, ok := errors.AsType[*url.Error](err); ok {
		err = in.Err
	}
	return &ledger.Trouble{Text: said("无法联系见证 %s：%v", "asking the witness %s: %v", c.Name(), err), Cause: err}
}
