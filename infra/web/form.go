package web

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"xinfang/domain/law"
	"xinfang/domain/ledger"
)

// A field is one field of a form, as the template form.html draws it.
type field struct {
	Name    string // in the posted form: members joined by dots, elements counted from 0
	Label   string
	Kind    fieldKind
	Value   string
	Checked bool
	Options []option
	Fields  []field // of a group
	Fault   string  // what is wrong with what was posted
}

// A fieldKind says how a field is drawn.
type fieldKind string

// The kinds of field.
const (
	kindText    fieldKind = "text"
	kindArea    fieldKind = "area"
	kindNumber  fieldKind = "number"
	kindCheck   fieldKind = "check"
	kindDate    fieldKind = "date"
	kindTime    fieldKind = "time"    // datetime-local, in Shanghai
	kindSelect  fieldKind = "select"  // from Options
	kindOfficer fieldKind = "officer" // text, with the officers of the directory to choose from
	kindGroup   fieldKind = "group"
	kindHidden  fieldKind = "hidden"
)

// An option is one choice of a select.
type option struct {
	Value, Title string
	Selected     bool
}

// localTime is how a datetime-local input writes a time.
const localTime = "2006-01-02T15:04"

// spareRows is how many elements of a list a form has room for, if nothing else
// says how many there are.
const spareRows = 3

// A drawing makes the fields of a form out of a type. The names, the order and
// the kinds come from the struct; labels from the catalogue; closed sets and what
// is to be looked up in the directory from inputs.go.
type drawing struct {
	lang   string
	owner  string              // what the fields are of: a command, "" for the envelope, or a member
	values map[string][]string // what was posted; nil for a fresh form
	faults map[string]string   // by field name
	rows   map[string]int      // by member: how many elements a list has, if not spareRows
	units  []option
}

// structure draws the fields of struct type t. prefix is "" or ends with a dot.
func (d *drawing) structure(t reflect.Type, prefix string) []field {
	var fields []field
	for i := range t.NumField() {
		name := memberName(t.Field(i))
		if name == "" {
			continue
		}
		fields = append(fields, d.member(t.Field(i).Type, name, prefix+name)...)
	}
	return fields
}

// inside draws the fields of a struct that is the member with name.
func (d *drawing) inside(t reflect.Type, name, prefix string) []field {
	owner := d.owner
	d.owner = name
	defer func() { d.owner = owner }()
	return d.structure(t, prefix)
}

// member draws one member: one field, or a group for each element of a list.
func (d *drawing) member(t reflect.Type, name, path string) []field {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	f := field{Name: path, Label: d.label(name), Value: d.value(path), Fault: d.faults[path]}
	switch {
	case t == reflect.TypeFor[law.Date]():
		f.Kind = kindDate
	case t == reflect.TypeFor[time.Time]():
		f.Kind = kindTime
	case t == reflect.TypeFor[uuid.UUID]():
		f.Kind = kindText
	case t.Kind() == reflect.Bool:
		f.Kind, f.Checked = kindCheck, f.Value != ""
	case t.Kind() == reflect.Int:
		f.Kind = kindNumber
	case t.Kind() == reflect.Struct:
		f.Kind, f.Fields = kindGroup, d.inside(t, name, path+".")
	case t.Kind() == reflect.Slice:
		return d.list(t.Elem(), name, path)
	default:
		f.Kind, f.Options = d.choice(t, name, f.Value)
	}
	return []field{f}
}

// list draws the elements of a list as numbered groups.
func (d *drawing) list(elem reflect.Type, name, path string) []field {
	n, fixed := d.rows[name]
	if !fixed {
		n = spareRows
		for d.posted(path + "." + strconv.Itoa(n) + ".") {
			n++
		}
	}
	var groups []field
	for i := range n {
		at := path + "." + strconv.Itoa(i)
		g := field{Name: at, Label: d.label(name) + " " + strconv.Itoa(i+1), Kind: kindGroup, Fields: d.inside(elem, name, at+".")}
		for j := range g.Fields {
			if name == "answers" && g.Fields[j].Name == at+".claim" { // one answer for each claim, in order
				g.Fields[j].Kind, g.Fields[j].Value = kindHidden, strconv.Itoa(i+1)
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// choice says how a string is asked for.
func (d *drawing) choice(t reflect.Type, name, value string) (fieldKind, []option) {
	var options []option
	in := inputOf(d.owner, name)
	switch {
	case closedSets[t] != nil:
		options = closedSets[t](d.lang)
	case in.choices != nil:
		options = in.choices(d.lang)
	case in.kind == inputUnit:
		options = d.units
	case in.kind == inputOfficer:
		return kindOfficer, nil
	case in.kind == inputArea:
		return kindArea, nil
	default:
		return kindText, nil
	}
	chosen := make([]option, 0, len(options)+1)
	chosen = append(chosen, option{"", "—", value == ""})
	for _, o := range options {
		o.Selected = o.Value == value
		chosen = append(chosen, o)
	}
	return kindSelect, chosen
}

func (d *drawing) value(path string) string {
	if v := d.values[path]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// posted reports whether anything was posted whose name begins with prefix.
func (d *drawing) posted(prefix string) bool {
	for name, v := range d.values {
		if strings.HasPrefix(name, prefix) && len(v) > 0 && v[0] != "" {
			return true
		}
	}
	return false
}

// label returns what people call member name of the drawing's owner.
func (d *drawing) label(name string) string { return labelOf(d.lang, d.owner, name) }

func labelOf(lang, owner, name string) string {
	if t, ok := catalogue["f."+owner+"."+name]; ok {
		return t.In(lang)
	}
	return say(lang, "f."+name)
}

func titled[T interface {
	~string
	Title() ledger.Text
}](words []T) func(lang string) []option {
	return func(lang string) []option {
		options := make([]option, len(words))
		for i, w := range words {
			options[i] = option{Value: string(w), Title: w.Title().In(lang)}
		}
		return options
	}
}
