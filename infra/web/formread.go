package web

import (
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
)

// maxRows is the most elements that a list in a form may have.
const maxRows = 100

// A reading reads what was posted by a form that a [drawing] drew.
type reading struct {
	lang   string
	values url.Values
	faults map[string]string // by field name: what could not be read, in lang
}

// readForm reads the command, whose fields have names that begin with prefix, and
// its envelope. It returns what could not be read.
func (q *request) readForm(lang, prefix string, values url.Values) map[string]string {
	r := &reading{lang, values, make(map[string]string)}
	r.structure(reflect.ValueOf(&q.Envelope).Elem(), "")
	r.structure(reflect.ValueOf(q.Fields).Elem(), prefix)
	return r.faults
}

// structure reads the members of struct v, and reports whether any was there.
func (r *reading) structure(v reflect.Value, prefix string) (there bool) {
	for i := range v.NumField() {
		name := memberName(v.Type().Field(i))
		if name != "" && r.member(v.Field(i), prefix+name) {
			there = true
		}
	}
	return there
}

// member reads one member, and reports whether it was there.
func (r *reading) member(v reflect.Value, path string) bool {
	text := strings.TrimSpace(strings.ReplaceAll(r.values.Get(path), "\r\n", "\n"))
	switch v.Type() {
	case reflect.TypeFor[law.Date]():
		d, err := law.ParseDate(text)
		return r.take(v, path, text, d, err)
	case reflect.TypeFor[time.Time]():
		t, err := parseLocal(text)
		return r.take(v, path, text, t, err)
	case reflect.TypeFor[uuid.UUID]():
		id, err := uuid.Parse(text)
		return r.take(v, path, text, id, err)
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		there := r.member(p.Elem(), path)
		if there {
			v.Set(p)
		}
		return there
	case reflect.Struct:
		return r.structure(v, path+".")
	case reflect.Slice:
		return r.list(v, path)
	case reflect.Bool:
		v.SetBool(text != "")
		return text != ""
	case reflect.Int:
		n, err := strconv.Atoi(text)
		return r.take(v, path, text, n, err)
	default:
		v.SetString(text)
		return text != ""
	}
}

// take sets v to what was read, if anything was there and could be read.
func (r *reading) take(v reflect.Value, path, text string, read any, err error) bool {
	if text == "" {
		return false
	}
	if err != nil {
		r.faults[path] = expectation(v.Type()).In(r.lang)
		if v.Type() == reflect.TypeFor[time.Time]() {
			r.faults[path] = say(r.lang, "form.time")
		}
		return true
	}
	v.Set(reflect.ValueOf(read))
	return true
}

// list reads the elements of a list, leaving out those in which nothing was
// filled.
func (r *reading) list(v reflect.Value, path string) bool {
	for i := range maxRows {
		at := path + "." + strconv.Itoa(i)
		if !r.has(at + ".") {
			break
		}
		elem := reflect.New(v.Type().Elem()).Elem()
		if r.member(elem, at) {
			v.Set(reflect.Append(v, elem))
		}
	}
	return v.Len() > 0
}

// has reports whether the form had a field whose name begins with prefix, filled
// or not.
func (r *reading) has(prefix string) bool {
	for name := range r.values {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// parseLocal reads a datetime-local input, or a date, as a time in Shanghai.
func parseLocal(text string) (time.Time, error) {
	for _, layout := range []string{localTime, "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, law.Shanghai); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, law.ErrDate
}
