// Package xes reads and writes event logs of process mining (过程挖掘事件日志) in
// XES: version 1.0 as OpenXES writes it, and 2.0, which is IEEE 1849.
//
// A log is a sequence of traces (轨迹, one case each), a trace a sequence of
// events (事件). [Read] streams them, plain or gzip, holding one trace at a time.
// What is wrong with an event is a [Problem] of its trace, and the rest goes on;
// what is wrong with the file ends the reading with an error that names the line
// and the byte.
//
// # What is kept
//
// The four standard attributes of an event that this product has a place for
// become fields; every other attribute is kept as text with its type, nested
// ones under dotted keys. Attributes of the log itself, extensions, classifiers
// and globals (which are mere placeholders) are passed over.
//
// # What an attacker gets
//
// encoding/xml knows no entities but the five of XML and reads no external file;
// a document type declaration is refused outright. Depth, counts and lengths are
// bounded below, and so is what a small gzip may unpack to.
package xes

import (
	"time"

	"xinfang/domain/ledger"
)

// What a log may hold at most. A log beyond any of these is refused from there.
const (
	MaxDepth      = 16       // levels of nested attributes
	MaxEvents     = 10_000   // events in a trace
	MaxTrace      = 8 << 20  // bytes of a trace, in XML
	MaxAttributes = 200      // attributes of one trace or event, nested ones included
	MaxValue      = 64 << 10 // bytes of a key, flattened, or of a value
	MaxSize       = 4 << 30  // bytes of the log, once unzipped
)

// A Trace is the history of one case.
type Trace struct {
	Name       string // concept:name, the number of the case
	Attributes []Attribute
	Events     []Event   // in the order of the file, without those that have a problem
	Problems   []Problem // why events, or the trace, cannot be taken
}

// An Event is one action on a case.
type Event struct {
	Activity   string    // concept:name; never empty
	At         time.Time // time:timestamp, UTC; never zero
	Resource   string    // org:resource, who acted
	Lifecycle  string    // lifecycle:transition, such as complete
	Attributes []Attribute
}

// An Attribute is any other thing that is said of a trace or an event.
type Attribute struct {
	Key   string // nested keys joined with dots
	Type  string // string, date, int, float, boolean or id
	Value string // as it was written
}

// A Problem says what is wrong with one event or trace, without quoting it.
type Problem struct {
	Trace   int    // number of the trace in the log, from 1; 0 for an event outside every trace
	Name    string // name of the trace, if it has one
	Event   int    // number of the event in the trace, from 1; 0 for the trace itself
	Line    int    // where it begins, from 1
	Message ledger.Text
}

// The keys of the standard extensions that have a field.
const (
	keyName      = "concept:name"
	keyTime      = "time:timestamp"
	keyResource  = "org:resource"
	keyLifecycle = "lifecycle:transition"
)

// valued are the types of attribute that have a value.
var valued = map[string]bool{"string": true, "date": true, "int": true, "float": true, "boolean": true, "id": true}
