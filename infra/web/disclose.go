package web

import (
	"bytes"
	"context"
	"encoding/hex"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xinfang/domain/access"
	"xinfang/domain/org"
)

// disclosers may have the evidence bundle of a case, and see its personal data.
var disclosers = slices.DeleteFunc(slices.Clone(examiners), func(r org.Role) bool { return !slices.Contains(revealers, r) })

// A disclosure asks for an evidence bundle with the keys of its personal data (披露).
type disclosure struct {
	Reader string  `json:"reader" doc:"public key of whom the keys are for, X25519, hexadecimal"`
	Reason string  `json:"reason" doc:"why, for the record"`
	Older  []int64 `json:"older,omitzero" doc:"sizes of older checkpoints that the bundle proves to continue, ten at most"`
}

// discloseInput is the input of a disclosure.
type discloseInput struct {
	call
	Number string `path:"no" doc:"number of the case (信访件编号)"`
	Key    string `header:"Idempotency-Key" doc:"required: a UUID; the same request under the same key is recorded once"`
}

func (s *Server) discloseOperation() {
	operation(s, huma.Operation{OperationID: "discloseEvidence", Method: http.MethodPost, Path: "/api/v1/cases/{no}/evidence", Tags: []string{"cases"},
		Summary:     "证据包，并向一名读者披露密钥 · The evidence bundle of a case, with the keys of its personal data for one reader; the look is recorded first",
		RequestBody: jsonBody(s.schema(reflect.TypeFor[disclosure]())), Responses: bundleResponse()}, s.disclose)
}

// disclose returns the bundle of a case with its keys, once it is on record that the
// visitor is about to see all of its personal data: whoever has a key opens all.
func (s *Server) disclose(ctx context.Context, in *discloseInput) (*streamed, error) {
	id, err := keyOf(in.r)
	if err != nil {
		return nil, err
	}
	var d disclosure
	if err := readJSON(in.r.Body, &d); err != nil {
		return nil, err
	}
	if b, err := hex.DecodeString(d.Reader); err != nil || len(b) != 32 {
		return nil, badParameter("reader", "应为读者的公钥：64 个十六进制字符", "the public key of the reader is expected, 64 hexadecimal characters")
	}
	if len(d.Older) > maxOlder || slices.ContainsFunc(d.Older, func(size int64) bool { return size < 1 }) {
		return nil, errOlder
	}
	c, err := s.look(ctx, in.r.PathValue("no"), nil)
	if err == nil && s.Notary == nil {
		err = errNoNotary
	}
	if err != nil {
		return nil, err
	}
	why := viewing{key: id, purpose: access.Other, reason: strings.TrimSpace(d.Reason)}
	if why.reason != "" { // without one it is refused
		why.reason += "（密钥披露给读者 " + d.Reader + "）"
	}
	if err := s.recordLook(ctx, c.File, boxes(c.File), why); err != nil {
		return nil, err
	}
	var bundle bytes.Buffer // so that one that fails halfway sends nothing
	if err := s.Notary.WriteDisclosure(ctx, c.Number, d.Older, d.Reader, &bundle); err != nil {
		return nil, err
	}
	return s.sendBundle(ctx, c.Number, bundle.Bytes()), nil
}
