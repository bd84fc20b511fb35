package xes

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"time"
)

const prolog = xml.Header + `<log xes.version="1.0" xes.features="">
	<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
	<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
	<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
	<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
	<classifier name="Activity" keys="concept:name"/>
`

// Write writes traces as a log in XES 1.0, which [Read] reads back, problems
// apart. It stops at the first error of traces or w, which leaves the log
// incomplete, and so unreadable. A character that XML cannot hold becomes U+FFFD.
// An attribute of a type that XES does not have is an error.
func Write(w io.Writer, traces iter.Seq2[Trace, error]) error {
	out := writer{Writer: bufio.NewWriter(w)}
	out.raw(prolog)
	for t, err := range traces {
		if err != nil {
			return fmt.Errorf("writing the event log: %w", err)
		}
		out.raw("\t<trace>\n")
		out.attribute("\t\t", Attribute{keyName, "string", t.Name})
		for _, a := range t.Attributes {
			out.attribute("\t\t", a)
		}
		for _, e := range t.Events {
			out.event(e)
		}
		out.raw("\t</trace>\n")
		if out.err != nil {
			break
		}
	}
	out.raw("</log>\n")
	if out.err == nil {
		out.err = out.Flush()
	}
	if out.err != nil {
		return fmt.Errorf("writing the event log: %w", out.err)
	}
	return nil
}

// A writer keeps the first error and writes nothing after it.
type writer struct {
	*bufio.Writer
	err error
}

func (w *writer) event(e Event) {
	w.raw("\t\t<event>\n")
	w.attribute("\t\t\t", Attribute{keyName, "string", e.Activity})
	w.attribute("\t\t\t", Attribute{keyTime, "date", e.At.UTC().Format(time.RFC3339Nano)})
	if e.Resource != "" {
		w.attribute("\t\t\t", Attribute{keyResource, "string", e.Resource})
	}
	if e.Lifecycle != "" {
		w.attribute("\t\t\t", Attribute{keyLifecycle, "string", e.Lifecycle})
	}
	for _, a := range e.Attributes {
		w.attribute("\t\t\t", a)
	}
	w.raw("\t\t</event>\n")
}

func (w *writer) attribute(indent string, a Attribute) {
	if w.err == nil && !valued[a.Type] {
		w.err = fmt.Errorf("an attribute of type %q, which XES does not have", a.Type)
	}
	w.raw(indent + "<" + a.Type + ` key="`)
	w.text(a.Key)
	w.raw(`" value="`)
	w.text(a.Value)
	w.raw("\"/>\n")
}

func (w *writer) raw(s string) {
	if w.err == nil {
		_, w.err = w.WriteString(s)
	}
}

func (w *writer) text(s string) {
	if w.err == nil {
		w.err = xml.EscapeText(w.Writer, []byte(s))
	}
}
