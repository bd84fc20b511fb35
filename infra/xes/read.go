package xes

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"slices"

	"xinfang/domain/ledger"
)

// Read yields the traces of the log in r, which may be gzip, in their order. It
// stops at the first error, which is about the file: a [*ledger.Refusal] if the
// file is to blame, possibly wrapped. Traces before it have been read rightly,
// but a gzip is known to be whole only when the last has been yielded.
func Read(r io.Reader) iter.Seq2[Trace, error] {
	return func(yield func(Trace, error) bool) {
		m, err := newMeter(r)
		if err != nil {
			yield(Trace{}, err)
			return
		}
		reader := reader{Decoder: xml.NewDecoder(m), meter: m}
		reader.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errCharset }
		if err := reader.log(func(t Trace) bool { return yield(t, nil) }); err != nil && !errors.Is(err, errStopped) {
			yield(Trace{}, reader.explain(err))
		}
	}
}

// A reader reads one log. It recurses at most MaxDepth levels.
type reader struct {
	*xml.Decoder
	meter *meter
	trace int // number of the last trace
}

// next returns the next start or end of an element.
func (r *reader) next() (xml.Token, error) {
	for {
		r.meter.left = maxToken
		token, err := r.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement, xml.EndElement:
			return token, nil
		case xml.Directive:
			return nil, refuse("ERR_XES_DTD", "含有文档类型声明（<!…>），XES 不需要它，已拒绝。", "there is a document type declaration (<!…>), which XES has no use for")
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, refuse("ERR_XES_FORMAT", "元素之间有文字，不是 XES。", "there is text between elements, which is not XES")
			}
		}
	}
}

func (r *reader) log(yield func(Trace) bool) error {
	token, err := r.next()
	if err != nil {
		return err
	}
	if root, ok := token.(xml.StartElement); !ok || root.Name.Local != "log" {
		return refuse("ERR_XES_FORMAT", "不是 XES 事件日志：最外层元素不是 log。", "this is no XES event log: its outermost element is not log")
	}
	for {
		token, err := r.next()
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			break
		}
		var t Trace
		switch start.Name.Local {
		case "trace":
			t, err = r.readTrace()
		case "event":
			t.Problems = []Problem{{Event: 1, Line: r.line(), Message: ledger.Text{ZH: "事件不在任何轨迹（案件）之内。", EN: "an event outside every trace (case)"}}}
			err = r.skip()
		default:
			if err = r.skip(); err == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
		if !yield(t) {
			return errStopped
		}
	}
	if _, err := r.next(); !errors.Is(err, io.EOF) { // which comes after the checksum of a gzip
		if err == nil {
			err = refuse("ERR_XES_FORMAT", "log 元素之后还有内容。", "something follows the end of log")
		}
		return err
	}
	return nil
}

// skip passes over the rest of an element.
func (r *reader) skip() error {
	for open := 1; open > 0; {
		token, err := r.next()
		if err != nil {
			return err
		}
		if _, ok := token.(xml.StartElement); !ok {
			open--
		} else if open++; open > MaxDepth {
			return errDepth
		}
	}
	return nil
}

func (r *reader) readTrace() (Trace, error) {
	r.trace++
	var t Trace
	var own attributes
	line, begin, events := r.line(), r.InputOffset(), 0
	for {
		token, err := r.next()
		if err != nil {
			return t, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			break
		}
		if start.Name.Local != "event" {
			if err := r.readAttribute(start, "", 1, &own); err != nil {
				return t, err
			}
			continue
		}
		if events++; events > MaxEvents || r.InputOffset()-begin > MaxTrace {
			return t, tooLarge("一条轨迹超过 1 万个事件或 8 MiB", "a trace of more than 10,000 events or 8 MiB")
		}
		line := r.line()
		e, flaw, err := r.readEvent()
		if err != nil {
			return t, err
		}
		if flaw == (ledger.Text{}) {
			t.Events = append(t.Events, e)
		} else {
			t.Problems = append(t.Problems, Problem{Trace: r.trace, Event: events, Line: line, Message: flaw})
		}
	}
	flaw := own.take(map[string]*string{keyName: &t.Name})
	t.Attributes = own.list
	if flaw == (ledger.Text{}) && t.Name == "" {
		flaw = ledger.Text{ZH: "轨迹（案件）没有名称（concept:name）。", EN: "the trace (case) has no name (concept:name)"}
	}
	if flaw != (ledger.Text{}) {
		t.Problems = slices.Insert(t.Problems, 0, Problem{Trace: r.trace, Line: line, Message: flaw})
	}
	for i := range t.Problems {
		t.Problems[i].Name = t.Name
	}
	return t, nil
}

// readEvent returns an event, or what is wrong with it.
func (r *reader) readEvent() (e Event, flaw ledger.Text, err error) {
	var own attributes
	for {
		token, err := r.next()
		if err != nil {
			return e, flaw, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			break
		}
		if err := r.readAttribute(start, "", 1, &own); err != nil {
			return e, flaw, err
		}
	}
	var at string
	if flaw = own.take(map[string]*string{keyName: &e.Activity, keyTime: &at, keyResource: &e.Resource, keyLifecycle: &e.Lifecycle}); flaw != (ledger.Text{}) {
		return e, flaw, nil
	}
	e.Attributes = own.list
	ok := false
	switch e.At, ok = parseTime(at); {
	case e.Activity == "":
		flaw = ledger.Text{ZH: "事件没有活动名称（concept:name）。", EN: "the event has no activity (concept:name)"}
	case at == "":
		flaw = ledger.Text{ZH: "事件没有时间（time:timestamp）。", EN: "the event has no time (time:timestamp)"}
	case !ok:
		flaw = ledger.Text{
			ZH: "事件时间（time:timestamp）应为 1900—2099 年的 ISO 8601 时间，如 2026-01-31T09:05:00+08:00。",
			EN: "the time of the event (time:timestamp) must be in ISO 8601, such as 2026-01-31T09:05:00+08:00, of the years 1900 to 2099",
		}
	}
	return e, flaw, nil
}

// line returns the number of the line that has been read up to.
func (r *reader) line() int {
	line, _ := r.InputPos()
	return line
}
