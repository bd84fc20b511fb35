package xes

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"xinfang/domain/ledger"
)

// all returns the traces that Read yields and the error that ends them.
func all(r io.Reader) (traces []Trace, err error) {
	for t, err := range Read(r) {
		if err != nil {
			return traces, err
		}
		traces = append(traces, t)
	}
	return traces, nil
}

func zipped(data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data) // to a Buffer, which takes everything
	z.Close()
	return b.Bytes()
}

func TestSample(t *testing.T) {
	data, err := os.ReadFile("testdata/sample.xes")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute, ms int) time.Time {
		return time.Date(2026, 1, day, hour, minute, 0, ms*1e6, beijing).UTC()
	}
	want := []Trace{
		{Name: "XF-1", Attributes: []Attribute{{"channel", "string", "来信"}}, Events: []Event{
			{Activity: "登记", At: at(5, 9, 0, 0), Resource: "1001", Lifecycle: "complete", Attributes: []Attribute{{"headcount", "int", "3"}}},
			{Activity: "转送 & 交办", At: at(6, 9, 30, 250), Attributes: []Attribute{
				{"units.unit", "string", "区住建局"}, {"units.unit", "string", "青石街道"}, {"units.unit.lead", "boolean", "false"}}},
		}},
		{Name: "XF-2", Events: []Event{{Activity: "登记", At: at(7, 9, 0, 0)}}},
		{Attributes: []Attribute{{"channel", "string", "来访"}}},
		{},
	}
	problems := []string{
		"2 XF-2 2 line 37: the event has no time",
		"2 XF-2 3 line 40: the event has no activity",
		"2 XF-2 4 line 43: the time of the event",
		"2 XF-2 5 line 47: the attribute concept:name is given twice",
		"3  0 line 54: the trace (case) has no name",
		"0  1 line 57: an event outside every trace",
	}
	for name, r := range map[string]io.Reader{
		"plain":        bytes.NewReader(data),
		"gzip":         bytes.NewReader(zipped(data)),
		"byte by byte": iotest.OneByteReader(bytes.NewReader(zipped(data))),
		"two members":  io.MultiReader(bytes.NewReader(zipped(data[:700])), bytes.NewReader(zipped(data[700:]))),
	} {
		got, err := all(r)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		left := problems
		for i := range got {
			for _, p := range got[i].Problems {
				said := fmt.Sprintf("%d %s %d line %d: %s", p.Trace, p.Name, p.Event, p.Line, p.Message.EN)
				if len(left) == 0 || !strings.HasPrefix(said, left[0]) || p.Message.ZH == "" {
					t.Fatalf("%s: problem %q, want %q", name, said, left)
				}
				left = left[1:]
			}
			got[i].Problems = nil
		}
		if len(left) > 0 || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%+v\nwant\n%+v\nand %q", name, got, want, left)
		}
	}
}

// event is a good event, trace a good trace of XML.
const (
	event = `<event><string key="concept:name" value="a"/><date key="time:timestamp" value="2026-01-05T09:00:00Z"/></event>`
	trace = `<trace><string key="concept:name" value="1"/>` + event + `</trace>`
)

func TestRefusedFiles(t *testing.T) {
	good := "<log>" + trace + "\n" + trace + "</log>"
	packed := zipped([]byte(good))
	broken := bytes.Clone(packed)
	broken[len(broken)-6] ^= 1 // in the checksum
	attribute := `<int key="k" value="1"/>`
	long := strings.Repeat("x", MaxValue+1)
	nested := func(n int) string {
		return strings.Repeat(`<list key="k">`, n) + strings.Repeat(`</list>`, n)
	}
	in := func(s string) string { return "<log><trace>" + s + "</trace></log>" }
	for _, tt := range []struct {
		name, data, want string
		traces           int // yielded before
	}{
		{"good", good, "", 2},
		{"good gzip", string(packed), "", 2},
		{"no traces", "<log/>", "", 0},
		{"empty", "", "ERR_XES_FORMAT", 0},
		{"not XML", "编号,收到时间", "ERR_XES_FORMAT", 0},
		{"another root", "<pnml/>", "ERR_XES_FORMAT", 0},
		{"only a comment", "<!-- -->", "ERR_XES_DAMAGED", 0},
		{"something after", good + "<log/>", "ERR_XES_FORMAT", 2},
		{"text between", "<log>" + trace + "text</log>", "ERR_XES_FORMAT", 1},
		{"unknown element", in("<text key='a' value='b'/>"), "ERR_XES_FORMAT", 0},
		{"values outside a list", in("<values/>"), "ERR_XES_FORMAT", 0},
		{"event in an event", in("<event><event/></event>"), "ERR_XES_FORMAT", 0},
		{"cut off", good[:len(good)-20], "ERR_XES_DAMAGED", 1},
		{"cut off in a tag", good[:30], "ERR_XES_DAMAGED", 0},
		{"gzip cut off", string(packed[:len(packed)-1]), "ERR_XES_DAMAGED", 2},
		{"gzip cut off early", string(packed[:20]), "ERR_XES_DAMAGED", 0},
		{"gzip header cut off", string(packed[:5]), "ERR_XES_DAMAGED", 0},
		{"gzip checksum", string(broken), "ERR_XES_DAMAGED", 2},
		{"mismatched tags", "<log><trace></log></trace>", "ERR_XES_DAMAGED", 0},
		{"another encoding", `<?xml version="1.0" encoding="GBK"?>` + good, "ERR_XES_ENCODING", 0},
		{"entity", in(`<string key="a" value="&lol;"/>`), "ERR_XES_DAMAGED", 0},
		{"entity declared", `<!DOCTYPE log [<!ENTITY lol "lol"><!ENTITY l2 "&lol;&lol;">]>` + in(`<string key="a" value="&l2;"/>`), "ERR_XES_DTD", 0},
		{"deep enough", in(nested(MaxDepth)), "", 1},
		{"too deep", in(nested(MaxDepth + 1)), "ERR_XES_TOO_LARGE", 0},
		{"too deep in the log", "<log>" + nested(MaxDepth+1) + "</log>", "ERR_XES_TOO_LARGE", 0},
		{"enough events", in(strings.Repeat(event, MaxEvents)), "", 1},
		{"too many events", in(strings.Repeat(event, MaxEvents+1)), "ERR_XES_TOO_LARGE", 0},
		{"enough attributes", in(strings.Repeat(attribute, MaxAttributes)), "", 1},
		{"too many attributes", in(strings.Repeat(attribute, MaxAttributes+1)), "ERR_XES_TOO_LARGE", 0},
		{"long value", in(`<int key="k" value="` + long + `"/>`), "ERR_XES_TOO_LARGE", 0},
		{"long key", in(`<list key="k"><int key="` + long[2:] + `" value=""/></list>`), "ERR_XES_TOO_LARGE", 0},
		{"long tag", in(`<int x="` + strings.Repeat("x", maxToken) + `"/>`), "ERR_XES_TOO_LARGE", 0},
		{"long trace", in(strings.Repeat("<!--"+strings.Repeat("x", maxToken-8)+"-->", MaxTrace/maxToken+2) + event), "ERR_XES_TOO_LARGE", 0},
		{"bomb", string(zipped([]byte("<log>" + strings.Repeat("<!--"+strings.Repeat("x", maxToken-8)+"-->", ratioFloor/maxToken+3)))), "ERR_XES_BOMB", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			traces, err := all(strings.NewReader(tt.data))
			var code string
			if refusal, ok := errors.AsType[*ledger.Refusal](err); ok {
				code = refusal.Code
			} else if err != nil {
				t.Errorf("not a refusal: %v", err)
			}
			if code != tt.want || len(traces) != tt.traces {
				t.Errorf("%d traces, then %v; want %d, then %q", len(traces), err, tt.traces, tt.want)
			}
		})
	}
}

func TestErrorsNameThePlace(t *testing.T) {
	_, err := all(strings.NewReader("<log>\n<trace>\n" + event + "\n<secret value='"))
	if want := "ERR_XES_DAMAGED: line 4 (byte "; err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, want %s…", err, want)
	}
	_, err = all(strings.NewReader("<log>\n<trace><string key='&secret;'/>"))
	if want := "ERR_XES_DAMAGED: line 2 (byte "; err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, want %s…", err, want)
	}
}

func TestSizeLimit(t *testing.T) {
	m, err := newMeter(strings.NewReader("<log/>"))
	if err != nil {
		t.Fatal(err)
	}
	m.read, m.left = MaxSize-2, 9
	if _, err := m.ReadByte(); err != nil {
		t.Errorf("the last byte within the limit: %v", err)
	}
	if _, err := m.ReadByte(); err == nil {
		t.Error("a byte beyond the limit was read")
	}
}

// TestBrokenDisk expects an error of the reader to come through as it is.
func TestBrokenDisk(t *testing.T) {
	broken := errors.New("broken disk")
	for _, n := range []int{0, 1, 10, 200} {
		_, err := all(io.MultiReader(strings.NewReader(("<log>" + trace + trace)[:n]), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestStopsWhenAsked(t *testing.T) {
	n := 0
	for _, err := range Read(strings.NewReader("<log>" + trace + trace + "<")) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d traces", n)
	}
}

// write returns traces as a log.
func write(traces []Trace) ([]byte, error) {
	var b bytes.Buffer
	err := Write(&b, func(yield func(Trace, error) bool) {
		for _, t := range traces {
			if !yield(t, nil) {
				return
			}
		}
	})
	return b.Bytes(), err
}

// TestWhatIsWrittenIsRead writes arbitrary traces and expects them back.
func TestWhatIsWrittenIsRead(t *testing.T) {
	text := rapid.StringMatching(`[a-z<>&"'\t\n\r 广𬭎=.:-]{0,12}`)
	attributes := rapid.Map(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Attribute {
		return Attribute{"x:" + text.Draw(t, "key"), rapid.SampledFrom([]string{"string", "date", "int", "float", "boolean", "id"}).Draw(t, "type"), text.Draw(t, "value")}
	}), 0, 4), func(a []Attribute) []Attribute {
		if len(a) == 0 {
			return nil
		}
		return a
	})
	rapid.Check(t, func(t *rapid.T) {
		var want []Trace
		for range rapid.IntRange(0, 4).Draw(t, "traces") {
			trace := Trace{Name: "n" + text.Draw(t, "name"), Attributes: attributes.Draw(t, "attributes")}
			for range rapid.IntRange(0, 4).Draw(t, "events") {
				seconds := rapid.Int64Range(-2e9, 4e9).Draw(t, "at")
				nanos := rapid.Int64Range(0, 999_999_999).Draw(t, "ns")
				trace.Events = append(trace.Events, Event{
					Activity: "a" + text.Draw(t, "activity"), At: time.Unix(seconds, nanos).UTC(), Resource: text.Draw(t, "resource"),
					Lifecycle: text.Draw(t, "lifecycle"), Attributes: attributes.Draw(t, "attributes"),
				})
			}
			want = append(want, trace)
		}
		data, err := write(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := all(bytes.NewReader(data))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v, want %+v, of\n%s", got, err, want, data)
		}
	})
}

func TestWriteFails(t *testing.T) {
	broken := errors.New("broken")
	err := Write(io.Discard, func(yield func(Trace, error) bool) { yield(Trace{}, broken) })
	if !errors.Is(err, broken) {
		t.Errorf("an error of the traces: %v", err)
	}
	if _, err := write([]Trace{{Attributes: []Attribute{{"a", "script", "b"}}}}); err == nil {
		t.Error("an attribute of an unknown type was written")
	}
	r, w := io.Pipe()
	r.CloseWithError(broken)
	if err := Write(w, func(func(Trace, error) bool) {}); !errors.Is(err, broken) {
		t.Errorf("an error of the writer: %v", err)
	}
	data, err := write([]Trace{{Name: "a\x00b"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := all(bytes.NewReader(data)); err != nil || got[0].Name != "a\ufffdb" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// FuzzRead checks that whatever the file, it is read without a panic, within
// the limits, twice alike, and that what was read can be written and read again.
func FuzzRead(f *testing.F) {
	sample, err := os.ReadFile("testdata/sample.xes")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	f.Add([]byte("<log>" + trace + "</log>"))
	f.Add(zipped([]byte("<log>" + trace + "</log>")))
	f.Add([]byte(`<log><trace><list key="a"><values><int key="b" value="1"/></values></list></trace><x/></log>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := all(bytes.NewReader(data))
		second, again := all(bytes.NewReader(data))
		if !reflect.DeepEqual(first, second) || fmt.Sprint(err) != fmt.Sprint(again) {
			t.Fatalf("read %+v %v, then %+v %v", first, err, second, again)
		}
		var good []Trace
		for _, trace := range first {
			trace.Problems = nil
			if trace.Name != "" {
				good = append(good, trace)
			}
		}
		written, err := write(good)
		if err != nil {
			t.Fatal(err)
		}
		back, err := all(bytes.NewReader(written))
		if err != nil || !reflect.DeepEqual(back, good) {
			t.Errorf("%+v, written and read, is %+v, %v", good, back, err)
		}
	})
}
