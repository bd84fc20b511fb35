package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
	"xinfang/domain/petition"
)

// A Recorded is what a command led to.
type Recorded struct {
	Number  string          `json:"number"`
	Version int64           `json:"version" doc:"of the case after it"`
	Events  []RecordedEvent `json:"events" doc:"none if there was nothing to do"`
}

// A RecordedEvent is one event that a command led to.
type RecordedEvent struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Position int64  `json:"position"`
	Version  int64  `json:"version"`
	Recorded string `json:"recorded_at"`
	Leaf     string `json:"leaf"`
}

type recordedOutput struct {
	Status   int
	ETag     string `header:"ETag" doc:"version of the case after it"`
	Location string `header:"Location"`
	Body     Recorded
}

// recordedOf returns the answer to a command. It is made of the envelopes alone,
// so that asking again gets the same one.
func recordedOf(number string, at ledger.Version, envelopes []ledger.Envelope) *recordedOutput {
	out := &recordedOutput{Status: http.StatusOK, Body: Recorded{Number: number, Version: int64(at), Events: []RecordedEvent{}}}
	for _, env := range envelopes {
		out.Body.Version = int64(env.Version)
		out.Body.Events = append(out.Body.Events, RecordedEvent{env.ID.String(), env.Type, int64(env.Position), int64(env.Version),
			env.Recorded.Time().In(law.Shanghai).Format("2006-01-02T15:04:05.0000000Z07:00"), env.Leaf.String()})
	}
	out.ETag = etag(ledger.Version(out.Body.Version))
	return out
}

// commandInput is the input of a command. Its body is read by body.go.
type commandInput struct {
	call
	Number  string `path:"no" doc:"number of the case (信访件编号)"`
	Command string `path:"command" doc:"name of the command"`
	IfMatch string `header:"If-Match" doc:"required: ETag of the case as the caller knows it"`
	Key     string `header:"Idempotency-Key" doc:"required: a UUID; the same request under the same key gets the same answer and records nothing twice; another one is refused"`
}

// receiveInput is the input of a receipt.
type receiveInput struct {
	call
	Key string `header:"Idempotency-Key" doc:"required: a UUID; the same request under the same key gets the same answer and records nothing twice; another one is refused"`
}

// A receiveBody is a receipt and, if it has one, the registration that goes with
// it.
type receiveBody struct {
	Receive  petition.ReceivePetition `json:",embed"`
	Envelope envelope                 `json:",embed"`
	Register *registration            `json:"register,omitzero"` // in plain; it is sealed before it is recorded
}

func (s *Server) commandOperations() {
	receive := s.body("receive-petition", reflect.TypeFor[petition.ReceivePetition]())
	receive.Properties["register"] = s.schema(reflect.TypeFor[registration]())
	operation(s, huma.Operation{
		OperationID: "receiveCase", Method: http.MethodPost, Path: "/api/v1/cases", Summary: "收件（可同时登记）· Receive a petition, and register it", Tags: []string{"cases"},
		DefaultStatus: http.StatusCreated, RequestBody: jsonBody(receive),
	}, s.apiReceive)
	operation(s, huma.Operation{
		OperationID: "commandCase", Method: http.MethodPost, Path: "/api/v1/cases/{no}/commands/{command}", Summary: "办理一项操作 · Ask for a command", Tags: []string{"commands"},
		Description: "Commands: " + strings.Join(askable(), ", "), RequestBody: s.bodies(),
	}, s.apiCommand)
}

// askable returns the names of the commands that the API takes.
func askable() []string {
	return slices.DeleteFunc(petition.CommandNames(), func(name string) bool {
		_, ok := newRequest(name)
		return !ok
	})
}

// The faults of what comes around a command.
var (
	errKey = newFault(http.StatusBadRequest, "ERR_IDEMPOTENCY_KEY", "须有 Idempotency-Key 头，值为 UUID", "an Idempotency-Key header with a UUID is required",
		"每个新请求用一个新的 UUID；重试时用同一个", "take a new UUID for a new request, and the same one to repeat it")
	errIfMatch = newFault(http.StatusPreconditionRequired, "ERR_IF_MATCH", "须有 If-Match 头，值为所见信访件的 ETag", "an If-Match header with the ETag of the case as it was read is required",
		"先读取该件，取其 ETag", "read the case first, and take its ETag")
	errNoCommand = newFault(http.StatusNotFound, "ERR_NO_COMMAND", "没有这种操作", "there is no such command",
		"可用的操作见 /help/api", "/help/api lists those that there are")
)

func keyOf(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(r.Header.Get("Idempotency-Key"))
	if err != nil || id == uuid.Nil {
		return uuid.Nil, errKey
	}
	return id, nil
}

func (s *Server) apiReceive(ctx context.Context, in *receiveInput) (*recordedOutput, error) {
	id, err := keyOf(in.r)
	if err != nil {
		return nil, err
	}
	var body receiveBody
	if err := readJSON(in.r.Body, &body); err != nil {
		return nil, err
	}
	receive, register := registrationRequests()
	receive.Envelope, receive.Fields = body.Envelope, &body.Receive
	if body.Register == nil {
		register = nil
	} else {
		register.Fields = body.Register
	}
	number, envelopes, err := s.register(ctx, receive, register, id)
	if err != nil {
		return nil, err
	}
	out := recordedOf(number, 0, envelopes)
	out.Status, out.Location = http.StatusCreated, "/api/v1"+caseURL(number)
	return out, nil
}

func (s *Server) apiCommand(ctx context.Context, in *commandInput) (*recordedOutput, error) {
	q, ok := newRequest(in.r.PathValue("command"))
	if !ok {
		return nil, errNoCommand
	}
	id, err := keyOf(in.r)
	if err != nil {
		return nil, err
	}
	at, err := versionOf(in.r.Header.Get("If-Match"))
	if err != nil {
		return nil, err
	}
	c, err := s.look(ctx, in.r.PathValue("no"), nil)
	if err != nil {
		return nil, err
	}
	if err := q.readBody(in.r.Body); err != nil {
		return nil, err
	}
	envelopes, err := s.order(ctx, c.Number, q, id, c.Petitioner.Subject, &at)
	if errors.Is(err, ledger.ErrConflict) {
		return nil, s.stale(ctx, c.Number, at)
	}
	if err != nil {
		return nil, err
	}
	return recordedOf(c.Number, c.Version, envelopes), nil
}

// versionOf reads an If-Match header.
func versionOf(header string) (ledger.Version, error) {
	text := strings.TrimSpace(header)
	if text == "" {
		return 0, errIfMatch
	}
	text = strings.Trim(strings.TrimPrefix(text, "W/"), `"`)
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, errIfMatch
	}
	return ledger.Version(n), nil
}

// stale is the fault of a caller who knows an older version of the case: what it
// is at, and what has come since. If that has closed the case to him, there is no
// such case.
func (s *Server) stale(ctx context.Context, number string, at ledger.Version) error {
	c, err := s.look(ctx, number, nil)
	if err != nil {
		return err
	}
	f := newFault(http.StatusPreconditionFailed, "ERR_STALE",
		fmt.Sprintf("该件已到第 %d 版，不是第 %d 版，什么也没有记录", c.Version, at), fmt.Sprintf("the case is at version %d, not %d; nothing was recorded", c.Version, at),
		"请重新读取该件，再决定是否提交", "read the case again, and decide anew")
	f.Version = c.Version
	for _, e := range c.Timeline {
		if e.Version > at {
			f.Newer = append(f.Newer, e)
		}
	}
	return f
}
