package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"xinfang/domain/ledger"
	"xinfang/domain/proof"
	"xinfang/projections/casefile"
)

// A fault is an error as the person who asked gets it. It holds nothing that the
// request said.
type fault struct {
	Status  int
	Code    string
	Article string
	Text    ledger.Text
	Hint    ledger.Text      // what to do
	Version ledger.Version   // of the stream, if the caller's was another; else 0
	Newer   []casefile.Entry // with Version: what the caller does not know
	Fields  []fieldFault
}

// A fieldFault is what is wrong with one field of a request.
type fieldFault struct {
	Field string // JSON pointer of a body, or name of a parameter
	Text  ledger.Text
}

// Error returns the code and the English text.
func (f *fault) Error() string { return f.Code + ": " + f.Text.EN }

func newFault(status int, code, zh, en, hintZH, hintEN string) *fault {
	return &fault{Status: status, Code: code, Text: ledger.Text{ZH: zh, EN: en}, Hint: ledger.Text{ZH: hintZH, EN: hintEN}}
}

// CodeUnverified is the code of the problem that something does not verify: the ledger is
// not what was recorded, or a proof does not hold.
const CodeUnverified = "ERR_UNVERIFIED"

// The faults of this package. The domain has its own, as refusals.
var (
	errNotFound = newFault(http.StatusNotFound, "ERR_NOT_FOUND", "没有这个页面或信访件", "there is no such page or case",
		"请核对编号或网址；也可能是当前岗位无权查看", "check the number or the address; your post may also not be entitled to it")
	errMethod = newFault(http.StatusMethodNotAllowed, "ERR_METHOD", "该地址不接受这种请求方法", "this address does not take that method",
		"可用的方法见响应头 Allow", "the Allow header lists those that it takes")
	errSignIn = newFault(http.StatusUnauthorized, "ERR_SIGN_IN", "请先登录", "please sign in",
		"接口调用请在 Authorization 头中带上令牌", "calls of the API bring a token in the Authorization header")
	errToken = newFault(http.StatusUnauthorized, "ERR_TOKEN", "令牌无效、已过期，或持有人已不在该岗位", "the token is not valid, has expired, or its holder has left the post",
		"请向系统管理员申请新令牌", "ask the administrator for another")
	errTokenNeeded = newFault(http.StatusForbidden, "ERR_TOKEN_NEEDED", "通过接口写入须使用令牌", "writing through the API takes a token",
		"请在 Authorization 头中带上令牌", "bring one in the Authorization header")
	errReadOnly = newFault(http.StatusForbidden, "ERR_READ_ONLY", "这里是只读副本，不能办理", "this is a replica to be read; nothing can be recorded here",
		"请到台账所在的节点办理", "act where the ledger is kept")
	errForm = newFault(http.StatusForbidden, "ERR_FORM", "表单已过期或不完整，什么也没有记录", "the form has expired or is incomplete; nothing was recorded",
		"请返回、刷新页面后重试", "go back, reload the page, and try again")
	errTooLarge = newFault(http.StatusRequestEntityTooLarge, "ERR_TOO_LARGE", "提交的内容过大", "what was sent is too large",
		"一般请求不超过 1 MiB，导入文件不超过 64 MiB", "a request may have 1 MiB, an import 64 MiB")
	errInternal = newFault(http.StatusInternalServerError, "ERR_INTERNAL", "系统内部错误，已记入日志", "an internal error; it is in the log",
		"请把追踪号告诉系统管理员", "tell the administrator the trace number")
	errAltered = newFault(http.StatusInternalServerError, CodeUnverified, "台账中的条目被改动或已损坏；位置见日志与校验（xinfang verify）", "an entry of the ledger was altered or is damaged; the log and xinfang verify say where",
		"请原样保全数据，立即告知检查组", "keep the data as it is, and tell the inspection team at once")
	errInterrupted = newFault(http.StatusServiceUnavailable, "ERR_INTERRUPTED", "请求已中断，结果未知", "the request was interrupted; its outcome is unknown",
		"用同一幂等键重试，不会重复记录", "repeat it with the same key; nothing is recorded twice")
	errNoSubject = newFault(http.StatusConflict, "ERR_NO_SUBJECT", "本件没有信访人密钥，不能加密保存答复全文", "the case has no key of a petitioner, so the text of the reply cannot be sealed",
		"请将全文作为文书附件登记，只填编号", "attach the text as a document, and give its number alone")
)

var statusOf = map[ledger.Kind]int{
	ledger.Invalid:  http.StatusUnprocessableEntity,
	ledger.Conflict: http.StatusConflict,
	ledger.Denied:   http.StatusForbidden,
	ledger.NotFound: http.StatusNotFound,
}

// faultOf is the only place where an error becomes a status and a text. known is
// false for what only the operator can do something about.
func faultOf(err error) (f *fault, known bool) {
	if f, ok := errors.AsType[*fault](err); ok {
		return f, f.Status < http.StatusInternalServerError
	}
	if r, ok := errors.AsType[*ledger.Refusal](err); ok {
		return &fault{Status: statusOf[r.Kind], Code: r.Code, Article: r.Article, Text: r.Text}, true
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge, true
	}
	switch {
	case errors.Is(err, ledger.ErrConflict):
		return newFault(http.StatusConflict, "ERR_CONFLICT", "他人刚刚办理了本件", "others have just acted on this case",
			"请刷新查看后再提交", "reload it, look, and ask again"), true
	case errors.Is(err, ledger.ErrRejected):
		if both, ok := errors.AsType[interface {
			error
			Say() ledger.Text
		}](err); ok {
			return &fault{Status: http.StatusServiceUnavailable, Code: "ERR_LEDGER_REJECTED", Text: both.Say(), Hint: ledger.Text{
				ZH: "什么也没有记录；请告知系统管理员，稍后再试", EN: "nothing was recorded; tell the administrator, and try again later",
			}}, false
		}
		return newFault(http.StatusServiceUnavailable, "ERR_LEDGER_REJECTED", "台账现在不能写入，什么也没有记录", "the ledger cannot be written now; nothing was recorded",
			"请告知系统管理员：磁盘可能已满，或台账已停止写入", "tell the administrator: the disk may be full, or the ledger has stopped writing"), false
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return errInterrupted, true
	case errors.Is(err, ledger.ErrAltered):
		return errAltered, false
	}
	if found, ok := errors.AsType[*proof.Finding](err); ok {
		return &fault{Status: http.StatusInternalServerError, Code: CodeUnverified, Text: found.Say(), Hint: errAltered.Hint}, false
	}
	return errInternal, false
}

// A Problem is an error as RFC 9457 writes it.
type Problem struct {
	Type    string         `json:"type" doc:"about:blank: the code says it all" example:"about:blank"`
	Title   string         `json:"title" doc:"the status in words"`
	Status  int            `json:"status"`
	Detail  string         `json:"detail" doc:"what is wrong, in the language of the request"`
	Code    string         `json:"code" doc:"never renamed" example:"ERR_EXT_GT_30"`
	Article string         `json:"article,omitempty" doc:"the law that it rests on" example:"信访工作条例第34条"`
	Hint    string         `json:"hint,omitempty" doc:"what to do"`
	TraceID string         `json:"trace_id,omitempty" doc:"identity of the request in the log"`
	Version int64          `json:"version,omitzero" doc:"with 412: the version that the case is at by now"`
	Newer   []NewerEvent   `json:"newer_events,omitempty" doc:"with 412: what was recorded after the version of the caller"`
	Errors  []ProblemField `json:"errors,omitempty" doc:"what is wrong with single fields"`
}

// A ProblemField is what is wrong with one field. It never has the value.
type ProblemField struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

// A NewerEvent is an event that the caller did not know when he asked.
type NewerEvent struct {
	Version  int64        `json:"version"`
	Type     string       `json:"type"`
	Occurred string       `json:"occurred_at"`
	Actor    ledger.Actor `json:"actor"`
}

func (f *fault) problem(v visit) *Problem {
	p := &Problem{
		Type: "about:blank", Title: http.StatusText(f.Status), Status: f.Status, Detail: f.Text.In(v.Lang),
		Code: f.Code, Article: f.Article, Hint: f.Hint.In(v.Lang), TraceID: v.Trace, Version: int64(f.Version),
	}
	for _, e := range f.Fields {
		p.Errors = append(p.Errors, ProblemField{e.Field, e.Text.In(v.Lang)})
	}
	for _, e := range f.Newer {
		p.Newer = append(p.Newer, NewerEvent{int64(e.Version), e.Type, stampOf(e.Occurred), e.Actor})
	}
	return p
}

// Error implements error, for huma.
func (p *Problem) Error() string { return p.Code }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// huma makes errors of its own in a few places. It gets no chance to repeat the
// values that it found in a request: only the status is taken over.
func init() {
	huma.NewErrorWithContext = func(ctx huma.Context, status int, _ string, _ ...error) huma.StatusError {
		return ofStatus(status).problem(visitOf(ctx.Context()))
	}
	huma.NewError = func(status int, _ string, _ ...error) huma.StatusError {
		return ofStatus(status).problem(visit{Lang: chinese})
	}
}

func ofStatus(status int) *fault {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return errTooLarge
	case status >= http.StatusInternalServerError:
		return errInternal
	}
	return newFault(status, "ERR_REQUEST", "请求不符合接口文档", "the request is not as the document says",
		"见 /help/api", "see /help/api")
}

// fail answers r with err: as problem+json to a program, as a page to a person.
// What the person who asked can do nothing about is logged for the operator.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	f := s.report(r.Context(), err)
	v := visitOf(r.Context())
	if v.Trace == "" {
		v.Trace = traceOf(r.Context())
	}
	if f.Version > 0 {
		w.Header().Set("ETag", etag(f.Version))
	}
	if isAPI(r.URL.Path) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(f.Status)
		if err := json.MarshalWrite(w, f.problem(v), json.Deterministic(true)); err != nil {
			s.Log.DebugContext(r.Context(), "the client went away", slog.String("trace_id", v.Trace))
		}
		return
	}
	if f == errSignIn && r.Method == http.MethodGet {
		http.Redirect(w, r, "/sign-in?to="+escape(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	s.failPage(w, r, v, f)
}

// report returns the fault of err, having logged it if it is not the caller's.
func (s *Server) report(ctx context.Context, err error) *fault {
	f, known := faultOf(err)
	if !known {
		s.Log.ErrorContext(ctx, "request failed", slog.String("trace_id", traceOf(ctx)), slog.Any("err", err))
	}
	return f
}

func etag(v ledger.Version) string { return `"` + strconv.FormatInt(int64(v), 10) + `"` }

// panicSite returns where this program panicked, as file:line.
func panicSite() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "xinfang/") && !strings.Contains(f.Function, ".trace.") {
			return f.File[strings.LastIndexByte(f.File, '/')+1:] + ":" + strconv.Itoa(f.Line)
		}
		if !more {
			return "?"
		}
	}
}
