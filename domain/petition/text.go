package petition

import (
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

// How much one command may bring. Together they keep every record below
// [ledger.MaxRecordSize], whatever its bytes become in JSON.
const (
	maxLine  = 200       // runes of a text without a name in prose
	maxItems = 100       // elements of a list
	maxBox   = 256 << 10 // bytes of one sealed value
	maxSize  = 450 << 10 // bytes in all
)

// prose has the fields that may be longer than a line, or must be shorter, with
// the most runes they may have. Only those of more than maxLine may have line
// breaks.
var prose = map[string]int{
	"Number": 64, "No": 64, "Earlier": 64, "Into": 64, "Mediation": 64,
	"Officer": 64, "Unit": 200, "Category": 64, "Street": 64,
	"Summary": 500,
	"Note":    4000, "Reasons": 4000, "Reason": 4000, "Explanation": 4000, "Relation": 4000, "Demand": 4000,
	"Text": 4000, "Facts": 4000, "Basis": 4000, "Rescue": 4000, "Result": 4000, "Outcome": 4000, "Ground": 4000,
	"Impossible": 4000, "Proof": 4000, "Old": 4000, "New": 4000, "Value": 4000,
	"Masked": 40000,
}

// check refuses what could not be stored or shown: a text that is too long or
// has control characters, a time of an impossible year, a list without end. It
// looks into every field of v.
func check(v any) error {
	var k checker
	return k.value(reflect.ValueOf(v), "")
}

// A checker has seen size bytes so far.
type checker struct{ size int }

var (
	timeType = reflect.TypeFor[time.Time]()
	dateType = reflect.TypeFor[law.Date]()
	uuidType = reflect.TypeFor[uuid.UUID]()
)

// value checks v, the value of the field of that name.
func (k *checker) value(v reflect.Value, field string) error {
	if !v.IsValid() {
		return nil
	}
	switch v.Type() {
	case timeType:
		return year(v.Interface().(time.Time).UTC().Year(), v.IsZero())
	case dateType:
		return year(v.Interface().(law.Date).Year(), v.IsZero())
	case uuidType:
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		return k.text(v.String(), field)
	case reflect.Pointer, reflect.Interface:
		return k.value(v.Elem(), field)
	case reflect.Struct:
		for i := range v.NumField() {
			if err := k.value(v.Field(i), v.Type().Field(i).Name); err != nil {
				return err
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return k.grow(v.Len(), v.Len() > maxBox, field)
		}
		if v.Len() > maxItems {
			return refuseWith("ERR_TOO_MANY", named(field))
		}
		for i := range v.Len() {
			if err := k.value(v.Index(i), field); err != nil {
				return err
			}
		}
	default: // numbers and truths
	}
	return nil
}

func (k *checker) text(s, field string) error {
	limit, known := prose[field]
	if !known {
		limit = maxLine
	}
	if err := k.grow(len(s), utf8.RuneCountInString(s) > limit, field); err != nil {
		return err
	}
	bad := func(r rune) bool {
		return unicode.IsControl(r) && (limit <= maxLine || !strings.ContainsRune("\n\r\t", r))
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, bad) {
		return refuseWith("ERR_BAD_TEXT", named(field))
	}
	return nil
}

func (k *checker) grow(n int, over bool, field string) error {
	if k.size += n; over || k.size > maxSize {
		return refuseWith("ERR_TOO_LONG", named(field))
	}
	return nil
}

// named is the name of a field of this package, for the person who filled it in.
func named(field string) ledger.Text { return ledger.Text{ZH: field, EN: field} }

func year(y int, zero bool) error {
	if !zero && (y < 1949 || y > 9999) {
		return refuse("ERR_TIME_REQUIRED")
	}
	return nil
}

// blank reports whether s says nothing.
func blank(s string) bool { return strings.TrimSpace(s) == "" }

// need refuses with code unless ok.
func need(ok bool, code string) error {
	if ok {
		return nil
	}
	return refuse(code)
}

// check refuses with code a word that is not one of ts, and names those that are.
func (ts terms[T]) check(w T, code string) error {
	if ts.has(w) {
		return nil
	}
	var words ledger.Text
	for i, t := range ts {
		if i > 0 {
			words.ZH, words.EN = words.ZH+"、", words.EN+", "
		}
		words.ZH += string(t.Word) + " " + t.ZH
		words.EN += string(t.Word)
	}
	return refuseWith(code, words)
}

// first returns the first error of several.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
