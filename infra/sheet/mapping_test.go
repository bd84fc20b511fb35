package sheet

import (
	"bytes"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestParseMapping(t *testing.T) {
	const required = "number = 'A'\nreceived = 'B'\n"
	for _, tt := range []struct {
		name, text string
		want       string // what the error names; "" for none
	}{
		{"the least", required, ""},
		{"BOM and CR LF", "\ufeff" + strings.ReplaceAll(required, "\n", "\r\n"), ""},
		{"everything", required + "sheet = 'S'\nheader = 3\naccepted = { same_as = 'received' }\nunit = { value = 'U' }\n" +
			"class = { column = 'C', values = { '甲' = 'a', '乙' = 'b' } }\nclosed = { column = 'D' }\n", ""},
		{"a table below", required + "[channel]\ncolumn = 'C'\n[channel.values]\n'来信' = 'letter'\n", ""},
		{"not TOML", required + "unit = \n", "line 3"},
		{"Chinese key without quotes", required + "class = { column = 'C', values = { 甲 = 'a' } }\n", "line 3"},
		{"twice", required + "number = 'C'\n", "line 3"},
		{"nothing", "# of columns", "number"},
		{"no number", "received = 'B'\n", "number"},
		{"number constant", "number = { value = '1' }\nreceived = 'B'\n", "number"},
		{"received same as", "number = 'A'\nreceived = { same_as = 'closed' }\nclosed = 'C'\n", "received"},
		{"unknown key", required + "receiver = 'C'\n", "receiver"},
		{"unknown key inside", required + "unit = { colum = 'C' }\n", "unit"},
		{"two origins", required + "unit = { column = 'C', value = 'x' }\n", "unit"},
		{"no origin", required + "unit = {}\n", "unit"},
		{"empty column", required + "unit = ' '\n", "unit"},
		{"values alone", required + "unit = { values = { a = 'b' } }\n", "unit"},
		{"values of numbers", required + "unit = { column = 'C', values = { a = 1 } }\n", "unit"},
		{"a number for a column", required + "unit = 3\n", "unit"},
		{"header 0", required + "header = 0\n", "header"},
		{"header in words", required + "header = 'one'\n", "header"},
		{"sheet number", required + "sheet = 1\n", "sheet"},
		{"time constant", required + "closed = { value = '2026-01-01' }\n", "closed"},
		{"headcount constant", required + "headcount = { value = '5' }\n", "headcount"},
		{"same as a text", required + "closed = { same_as = 'unit' }\nunit = 'C'\n", "closed"},
		{"text same as a time", required + "unit = { same_as = 'received' }\n", "unit"},
		{"same as what is not there", required + "closed = { same_as = 'replied' }\n", "closed"},
		{"same as itself", required + "closed = { same_as = 'closed' }\n", "closed"},
		{"a chain", required + "accepted = { same_as = 'received' }\nclosed = { same_as = 'accepted' }\n", "closed"},
		{"too large", required + strings.Repeat("#", maxMapping), "32 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseMapping([]byte(tt.text))
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (code(t, err) != "ERR_MAPPING" || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want ERR_MAPPING naming %s", err, tt.want)
			}
		})
	}
}

func TestAllMappingErrorsAreTold(t *testing.T) {
	_, err := ParseMapping([]byte("a = 1\nheader = -1\nunit = 2\n"))
	for _, want := range []string{"a: ", "header: ", "unit: ", "number: ", "received: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

// TestTemplate expects the template to be a mapping of every field, and every
// line that it offers as a comment to be one, too.
func TestTemplate(t *testing.T) {
	m, err := ParseMapping(Template())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range times {
		if m.Fields[f.field].Column == "" {
			t.Errorf("%s is missing", f.field)
		}
	}
	for _, f := range texts {
		if m.Fields[f.field].Column == "" {
			t.Errorf("%s is missing", f.field)
		}
	}
	if m.Fields[FieldHeadcount].Column == "" || len(m.Fields) != len(times)+len(texts)+1 {
		t.Errorf("%d fields", len(m.Fields))
	}
	offer := regexp.MustCompile(`(?m)^# ((\w+) += .*)$`)
	offers := 0
	for _, o := range offer.FindAllSubmatch(Template(), -1) {
		offers++
		taken := regexp.MustCompile(`(?m)^`+string(o[2])+` .*\n`).ReplaceAll(Template(), nil)
		taken = bytes.Replace(taken, o[0], o[1], 1)
		m, err := ParseMapping(taken)
		if err != nil {
			t.Errorf("%s: %v", o[1], err)
		} else if o := m.Fields[Field(o[2])]; o.Column != "" && o.Values == nil {
			t.Errorf("%v was not taken up", o)
		}
	}
	if offers != 4 {
		t.Errorf("%d lines are offered", offers)
	}
}

func TestLoadMapping(t *testing.T) {
	m, err := LoadMapping("testdata/mayor-mailbox.toml")
	if err != nil {
		t.Fatal(err)
	}
	want := &Mapping{Header: 1, Fields: map[Field]Origin{
		FieldNumber: {Column: "留言编号"}, FieldReceived: {Column: "留言时间"}, FieldAccepted: {SameAs: FieldReceived},
		FieldReplied: {Column: "答复时间"}, FieldClosed: {Column: "答复时间"}, FieldSummary: {Column: "留言主题"},
		FieldClaim: {Column: "留言详情"}, FieldReply: {Column: "答复意见"}, FieldPetitioner: {Column: "留言用户"},
	}}
	if !reflect.DeepEqual(m, want) {
		t.Errorf("got %+v", m)
	}
	if _, err := LoadMapping("testdata/none.toml"); err == nil {
		t.Error("a mapping that is not there was loaded")
	}
	bad := t.TempDir() + "/bad.toml"
	if err := os.WriteFile(bad, []byte("x = 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, none := range []string{"", "\ufeff\n \t"} {
		if _, err := ParseMapping([]byte(none)); code(t, err) != "ERR_MAPPING_MISSING" {
			t.Errorf("a mapping of %q: %v", none, err)
		}
	}
	if _, err := LoadMapping(bad); code(t, err) != "ERR_MAPPING" || !strings.HasPrefix(err.Error(), "bad.toml: ") {
		t.Errorf("got %v", err)
	}
}

func FuzzMapping(f *testing.F) {
	f.Add(Template())
	f.Add([]byte("number = 'A'\nreceived = { column = 'B' }\nclosed = { same_as = 'received' }\n"))
	f.Add([]byte("\ufeff[channel]\ncolumn = 'C'\nvalues = { a = 'b' }\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMapping(data)
		if err != nil {
			if c := code(t, err); c != "ERR_MAPPING" && c != "ERR_MAPPING_MISSING" {
				t.Error(err)
			}
			return
		}
		if m.Header < 1 || m.Fields[FieldNumber].Column == "" || m.Fields[FieldReceived].Column == "" {
			t.Errorf("accepted %+v", m)
		}
		again, err := ParseMapping(data)
		if err != nil || !reflect.DeepEqual(m, again) {
			t.Errorf("read %+v, then %+v, %v", m, again, err)
		}
	})
}
