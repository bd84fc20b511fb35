package xes

import (
	"encoding/xml"
	"time"

	"xinfang/domain/ledger"
)

// attributes are those of one trace or event while they are read.
type attributes struct {
	list []Attribute
	flaw ledger.Text // the first thing that is wrong with them
}

// take moves the values of the keys in fields there, and returns what is wrong.
func (a *attributes) take(fields map[string]*string) ledger.Text {
	seen := make(map[string]bool, len(fields))
	kept := a.list[:0]
	for _, attribute := range a.list {
		field := fields[attribute.Key]
		switch {
		case field == nil:
			kept = append(kept, attribute)
		case seen[attribute.Key]:
			a.flaw = ledger.Text{ZH: "属性 " + attribute.Key + " 出现了两次。", EN: "the attribute " + attribute.Key + " is given twice"}
		default:
			*field, seen[attribute.Key] = attribute.Value, true
		}
	}
	if a.list = kept; len(kept) == 0 {
		a.list = nil
	}
	return a.flaw
}

// readAttribute reads the attribute that begins with start, at depth, and those
// nested in it.
func (r *reader) readAttribute(start xml.StartElement, prefix string, depth int, into *attributes) error {
	if depth > MaxDepth {
		return errDepth
	}
	kind := start.Name.Local
	var key, value string
	hasKey := false
	for _, a := range start.Attr {
		switch a.Name.Local {
		case "key":
			key, hasKey = a.Value, true
		case "value":
			value = a.Value
		}
	}
	switch {
	case kind == "values" && depth > 1:
		key = prefix // the items of a list, which itself has the key
	case !valued[kind] && kind != "list" && kind != "container":
		return refuse("ERR_XES_FORMAT", "有 XES 不认识的元素。", "there is an element that XES does not know")
	case !hasKey:
		into.flaw = ledger.Text{ZH: "有一个属性没有 key。", EN: "an attribute has no key"}
	case prefix != "":
		key = prefix + "." + key
	}
	if len(key) > MaxValue || len(value) > MaxValue {
		return tooLarge("属性的名称或值超过 64 KiB", "the key or value of an attribute has more than 64 KiB")
	}
	if valued[kind] {
		if len(into.list) == MaxAttributes {
			return tooLarge("一个事件或轨迹超过 200 个属性", "an event or trace has more than 200 attributes")
		}
		into.list = append(into.list, Attribute{key, kind, value})
	}
	for {
		token, err := r.next()
		if err != nil {
			return err
		}
		nested, ok := token.(xml.StartElement)
		if !ok {
			return nil
		}
		if err := r.readAttribute(nested, key, depth+1, into); err != nil {
			return err
		}
	}
}

// parseTime reads a time in ISO 8601. One without a zone is in +08:00.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, text, beijing); err == nil {
			t = t.UTC()
			return t, 1900 <= t.Year() && t.Year() < 2100
		}
	}
	return time.Time{}, false
}

var beijing = time.FixedZone("Asia/Shanghai", 8*60*60)
