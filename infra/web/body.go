package web

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

// readBody reads the JSON of a command: its fields and those of the envelope,
// side by side in one object. A member that is not known, twice there, or of
// another type is a fault that names the place and not the value. An empty body
// is an empty object.
func (q *request) readBody(body io.Reader) error {
	fields := reflect.ValueOf(q.Fields).Elem()
	both := reflect.New(reflect.StructOf([]reflect.StructField{
		{Name: "Envelope", Type: reflect.TypeFor[envelope](), Tag: `json:",embed"`},
		{Name: "Fields", Type: fields.Type(), Tag: `json:",embed"`},
	}))
	if err := readJSON(body, both.Interface()); err != nil {
		return err
	}
	q.Envelope = both.Elem().Field(0).Interface().(envelope)
	fields.Set(both.Elem().Field(1))
	return nil
}

// readJSON reads the one JSON value of body into v, which is a pointer to a
// struct.
func readJSON(body io.Reader, v any) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	err = json.Unmarshal(data, v, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	names := memberNames(reflect.TypeOf(v).Elem(), nil)
	f := newFault(http.StatusBadRequest, "ERR_JSON", "请求正文不是所要求的 JSON", "the body is not the JSON that is asked for",
		"各字段见 /help/api", "/help/api lists the fields")
	what := ledger.Text{ZH: "不是 JSON", EN: "not JSON"}
	var pointer jsontext.Pointer
	semantic, isSemantic := errors.AsType[*json.SemanticError](err)
	syntactic, isSyntactic := errors.AsType[*jsontext.SyntacticError](err)
	switch {
	case errors.Is(err, json.ErrUnknownName) && isSemantic:
		pointer = semantic.JSONPointer.Parent()
		there := membersOf(structAt(reflect.TypeOf(v).Elem(), pointer))
		what = ledger.Text{ZH: "有未知的字段；可用的是：" + strings.Join(there, "、"), EN: "a member is not known; those that are: " + strings.Join(there, ", ")}
	case errors.Is(err, jsontext.ErrDuplicateName) && isSyntactic:
		pointer = syntactic.JSONPointer.Parent()
		what = ledger.Text{ZH: "同一字段出现了两次", EN: "a member is there twice"}
	case isSemantic:
		pointer, what = semantic.JSONPointer, expectation(semantic.GoType)
	case isSyntactic:
		pointer = syntactic.JSONPointer
	}
	f.Fields = []fieldFault{{Field: known(pointer, names), Text: what}}
	return f
}

// expectation says what should have been there instead.
func expectation(t reflect.Type) ledger.Text {
	if t == nil {
		return ledger.Text{ZH: "类型不对", EN: "of the wrong type"}
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[law.Date]():
		return ledger.Text{ZH: "应为日期，如 2006-01-31", EN: "a date is expected, such as 2006-01-31"}
	case reflect.TypeFor[time.Time]():
		return ledger.Text{ZH: "应为 RFC 3339 时间，如 2006-01-31T09:30:00+08:00", EN: "a time in RFC 3339 is expected, such as 2006-01-31T09:30:00+08:00"}
	case reflect.TypeFor[uuid.UUID]():
		return ledger.Text{ZH: "应为 UUID", EN: "a UUID is expected"}
	}
	switch t.Kind() {
	case reflect.String:
		return ledger.Text{ZH: "应为字符串", EN: "a string is expected"}
	case reflect.Int:
		return ledger.Text{ZH: "应为整数", EN: "a whole number is expected"}
	case reflect.Bool:
		return ledger.Text{ZH: "应为 true 或 false", EN: "true or false is expected"}
	case reflect.Slice:
		return ledger.Text{ZH: "应为数组", EN: "an array is expected"}
	default:
		return ledger.Text{ZH: "应为对象", EN: "an object is expected"}
	}
}

// known returns pointer without any name that came from the caller.
func known(pointer jsontext.Pointer, names []string) string {
	var b strings.Builder
	for token := range pointer.Tokens() {
		b.WriteByte('/')
		if slices.Contains(names, token) || len(token) <= 3 && strings.Trim(token, "0123456789") == "" {
			b.WriteString(token)
		} else {
			b.WriteString("…")
		}
	}
	return b.String()
}

// memberNames returns the names of all members of t, at any depth, each once.
func memberNames(t reflect.Type, names []string) []string {
	t = element(t)
	if t.Kind() != reflect.Struct {
		return names
	}
	for i := range t.NumField() {
		if name := memberName(t.Field(i)); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
		names = memberNames(t.Field(i).Type, names)
	}
	return names
}

// membersOf returns the names of the members of struct t, in its order.
func membersOf(t reflect.Type) (names []string) {
	for i := range t.NumField() {
		if name := memberName(t.Field(i)); name != "" {
			names = append(names, name)
		} else if t.Field(i).IsExported() && element(t.Field(i).Type).Kind() == reflect.Struct {
			names = append(names, membersOf(element(t.Field(i).Type))...)
		}
	}
	return names
}

// structAt returns the struct to which pointer leads from t; t if it leads to
// none.
func structAt(t reflect.Type, pointer jsontext.Pointer) reflect.Type {
	at := t
	for token := range pointer.Tokens() {
		if next, ok := memberType(at, token); ok {
			at = element(next)
		}
	}
	if at.Kind() != reflect.Struct {
		return t
	}
	return at
}

func memberType(t reflect.Type, name string) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case memberName(f) == name:
			return f.Type, true
		case memberName(f) == "" && f.IsExported():
			if found, ok := memberType(element(f.Type), name); ok {
				return found, true
			}
		}
	}
	return nil, false
}

// element returns what t points to, or is a list of.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

// memberName returns the name of f in JSON; "" if it has none.
func memberName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}
