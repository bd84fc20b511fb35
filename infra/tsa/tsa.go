// Package tsa asks a time-stamp authority (时间戳服务机构) for tokens, as RFC 3161 §3.4
// says: over HTTP. What it gets it hands on: whether to believe a token is said by a
// policy ([xinfang/domain/proof.Policy.OpenStamp]).
package tsa

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"

	"github.com/digitorus/timestamp"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
)

// A Client asks one authority. It may be used concurrently.
type Client struct {
	URL    string
	HTTP   *http.Client
	Random io.Reader // of nonces, which tie an answer to its question
}

// Stamp returns a token over text, DER. The authority sees its SHA-256 and nothing
// else. The error is a [*ledger.Trouble] if the authority refused or answered
// something else.
func (c *Client) Stamp(ctx context.Context, text string) (_ []byte, err error) {
	nonce := make([]byte, 8)
	if _, err := io.ReadFull(c.Random, nonce); err != nil {
		return nil, err
	}
	nonce[0] &= 0x7f // a positive number, whatever the authority makes of it
	sum := sha256.Sum256([]byte(text))
	ask := timestamp.Request{
		HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], Certificates: true, Nonce: new(big.Int).SetUint64(binary.BigEndian.Uint64(nonce)),
	}
	body, err := ask.Marshal()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/timestamp-query")
	answer, err := c.HTTP.Do(r)
	if in, ok := errors.AsType[*url.Error](err); ok {
		err = in.Err // it names the address, which may have a password
	}
	if err != nil {
		return nil, &ledger.Trouble{Text: ledger.Text{
			ZH: fmt.Sprintf("时间戳服务 %s 没有应答：%v", r.URL.Host, err), EN: fmt.Sprintf("the time-stamp authority %s does not answer: %v", r.URL.Host, err),
		}, Cause: err}
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	got, err := io.ReadAll(io.LimitReader(answer.Body, proof.MaxToken+1))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, ledger.Troubled("时间戳服务答以状态 %d", "the time-stamp authority answered with status %d", answer.StatusCode)
	}
	stamp, err := timestamp.ParseResponse(got)
	if err != nil || len(got) > proof.MaxToken {
		return nil, ledger.Troubled("时间戳服务拒绝，或所答不是时间戳：%v", "the time-stamp authority refused, or its answer is no time-stamp: %v", err)
	}
	if !bytes.Equal(stamp.HashedMessage, sum[:]) || stamp.Nonce == nil || stamp.Nonce.Cmp(ask.Nonce) != 0 {
		return nil, ledger.Troubled("时间戳服务所答的不是这次所问", "the time-stamp authority answered another question")
	}
	return stamp.RawToken, nil
}
