package notary

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/tlog"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// A Signer signs for the notary: a [Guard] of this process, or one of another
// ([DialGuard]), which may belong to another user of the machine: then whoever has
// the ledger has not the key. Its methods may be called concurrently.
type Signer interface {
	// Last returns what was signed last, or was about to; size 0 if nothing.
	Last(ctx context.Context) (proof.Checkpoint, error)

	// Sign returns c as a signed note if growth proves that it continues the last
	// one. The error is a [*proof.Finding] if it does not.
	Sign(ctx context.Context, c proof.Checkpoint, growth tlog.TreeProof) ([]byte, error)

	// LastSM3 and SignSM3 are Last and Sign for the SM3 tree, which the SM2 keys sign.
	LastSM3(ctx context.Context) (proof.Checkpoint, error)
	SignSM3(ctx context.Context, c proof.Checkpoint, growth tlog.TreeProof) ([]byte, error)

	// SignHeads returns a note of heads, signed.
	SignHeads(ctx context.Context, n proof.HeadsNote) ([]byte, error)

	// SignKeyChange returns a change of keys, signed by both. The error is a
	// [*proof.Finding] if the guard's policy knows of none such.
	SignKeyChange(ctx context.Context, c proof.KeyChange) ([]byte, error)

	Close() error
}

// maxRequest is the most bytes that a guard reads, or that are read of its answer.
const maxRequest = 64 << 10

// Handler serves the guard to the notary of another process, over a socket that
// only that may open:
//
//	GET /last       the three lines of the last checkpoint, or nothing
//	GET /last-sm3   likewise, of the SM3 tree
//	POST /sign      hashes of a consistency proof, an empty line, a checkpoint
//	POST /sign-sm3  likewise, of the SM3 tree
//	POST /heads     the lines of a note of heads
//	POST /key       the lines of a note of a change of keys
//
// Answers are signed notes; a refusal has status 422 and a finding in JSON. What else
// goes wrong is told to log.
func (g *Guard) Handler(log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /last", recalled(g.Last))
	mux.HandleFunc("GET /last-sm3", recalled(g.LastSM3))
	mux.HandleFunc("POST /sign", g.answer(log, submitted(g.Sign)))
	mux.HandleFunc("POST /sign-sm3", g.answer(log, submitted(g.SignSM3)))
	mux.HandleFunc("POST /heads", g.answer(log, func(ctx context.Context, body string) ([]byte, error) {
		n, err := proof.ParseHeads(body, g.origin)
		if err != nil {
			return nil, err
		}
		return g.SignHeads(ctx, n)
	}))
	mux.HandleFunc("POST /key", g.answer(log, func(ctx context.Context, body string) ([]byte, error) {
		c, err := proof.ParseKeyChange(body, g.origin)
		if err != nil {
			return nil, err
		}
		return g.SignKeyChange(ctx, c)
	}))
	return mux
}

// recalled answers with what last says.
func recalled(last func(context.Context) (proof.Checkpoint, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if last, err := last(r.Context()); err == nil && last.Size > 0 {
			_, _ = io.WriteString(w, last.Text()) // who has gone needs no answer
		}
	}
}

// submitted has a checkpoint signed that a body asks for.
func submitted(sign func(context.Context, proof.Checkpoint, tlog.TreeProof) ([]byte, error)) func(context.Context, string) ([]byte, error) {
	return func(ctx context.Context, body string) ([]byte, error) {
		lines, text, _ := strings.Cut("\n"+body, "\n\n")
		c, err := proof.ParseCheckpoint(text)
		if err != nil {
			return nil, err
		}
		var growth tlog.TreeProof
		for line := range strings.FieldsSeq(lines) {
			h, err := tlog.ParseHash(line)
			if err != nil {
				return nil, proof.Found(proof.Malformed, "一致性证明格式不对", "the consistency proof is malformed")
			}
			growth = append(growth, h)
		}
		return sign(ctx, c, growth)
	}
}

// answer answers with what sign makes of the body.
func (g *Guard) answer(log *slog.Logger, sign func(context.Context, string) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			http.Error(w, "the request cannot be read", http.StatusBadRequest)
			return
		}
		signed, err := sign(r.Context(), string(body))
		if f, ok := errors.AsType[*proof.Finding](err); ok {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.MarshalWrite(w, f)
			return
		}
		if err != nil {
			log.ErrorContext(r.Context(), "the guard could not sign", "err", err)
			http.Error(w, "the guard could not sign; its log says why", http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(signed)
	}
}

// A remoteGuard is a guard of another process.
type remoteGuard struct {
	origin, path string
	client       *http.Client
}

// DialGuard returns the guard that listens on the Unix socket at path, for the ledger
// called origin.
func DialGuard(ctx context.Context, path, origin string) (Signer, error) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	g := &remoteGuard{origin, path, &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: dial}}}
	_, err := g.Last(ctx)
	return g, err
}

// Last implements [Signer].
func (g *remoteGuard) Last(ctx context.Context) (proof.Checkpoint, error) {
	return g.recall(ctx, "last", g.origin)
}

// LastSM3 implements [Signer].
func (g *remoteGuard) LastSM3(ctx context.Context) (proof.Checkpoint, error) {
	return g.recall(ctx, "last-sm3", proof.SM3Origin(g.origin))
}

func (g *remoteGuard) recall(ctx context.Context, what, origin string) (proof.Checkpoint, error) {
	last := proof.Checkpoint{Origin: origin}
	text, err := g.ask(ctx, http.MethodGet, what, nil)
	if err != nil || len(text) == 0 {
		return last, err
	}
	if last, err = proof.ParseCheckpoint(string(text)); err == nil && last.Origin != origin {
		err = ledger.Troubled("%s 处的签名守护属于台账 %s，不是 %s", "the guard at %s is of the ledger %s, not %s", g.path, last.Origin, origin)
	}
	return last, err
}

// Sign implements [Signer]. If only the answer is lost, the guard has signed: Last
// says so, and the same checkpoint is signed again.
func (g *remoteGuard) Sign(ctx context.Context, c proof.Checkpoint, growth tlog.TreeProof) ([]byte, error) {
	return g.submit(ctx, "sign", c, growth)
}

// SignSM3 implements [Signer].
func (g *remoteGuard) SignSM3(ctx context.Context, c proof.Checkpoint, growth tlog.TreeProof) ([]byte, error) {
	return g.submit(ctx, "sign-sm3", c, growth)
}

func (g *remoteGuard) submit(ctx context.Context, what string, c proof.Checkpoint, growth tlog.TreeProof) ([]byte, error) {
	var body bytes.Buffer
	for _, h := range growth {
		body.WriteString(base64.StdEncoding.EncodeToString(h[:]) + "\n")
	}
	body.WriteString("\n" + c.Text())
	return g.ask(ctx, http.MethodPost, what, &body)
}

// SignHeads implements [Signer].
func (g *remoteGuard) SignHeads(ctx context.Context, n proof.HeadsNote) ([]byte, error) {
	return g.ask(ctx, http.MethodPost, "heads", strings.NewReader(n.Text(g.origin)))
}

// SignKeyChange implements [Signer].
func (g *remoteGuard) SignKeyChange(ctx context.Context, c proof.KeyChange) ([]byte, error) {
	return g.ask(ctx, http.MethodPost, "key", strings.NewReader(c.Text(g.origin)))
}

// Close implements [Signer].
func (g *remoteGuard) Close() error {
	g.client.CloseIdleConnections()
	return nil
}

// unheard returns the trouble that the guard did not answer.
func unheard(err error) error {
	if in, ok := errors.AsType[*url.Error](err); ok {
		err = in.Err // its address is one of ours, and tells nobody anything
	}
	return &ledger.Trouble{Text: ledger.Text{
		ZH: fmt.Sprintf("签名守护（notary.guard）没有应答：%v", err), EN: fmt.Sprintf("the guard (notary.guard) does not answer: %v", err),
	}, Cause: err}
}

func (g *remoteGuard) ask(ctx context.Context, method, what string, body io.Reader) (_ []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://guard/"+what, body)
	if err != nil {
		return nil, err
	}
	answer, err := g.client.Do(r)
	if err != nil {
		return nil, unheard(err)
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	got, err := io.ReadAll(io.LimitReader(answer.Body, maxRequest))
	if err != nil {
		return nil, unheard(err)
	}
	switch answer.StatusCode {
	case http.StatusOK:
		return got, nil
	case http.StatusUnprocessableEntity:
		f := new(proof.Finding)
		if err := json.Unmarshal(got, f); err != nil {
			return nil, fmt.Errorf("the guard refused, and does not say why: %w", err)
		}
		return nil, f
	}
	return nil, ledger.Troubled("签名守护未能签署（状态 %d）：原因见它的日志", "the guard could not sign (status %d): its log says why", answer.StatusCode)
}
