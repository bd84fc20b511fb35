package sheet

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"xinfang/domain/ledger"
)

// A Field is a fact that a row may state, by its name in a mapping file.
type Field string

// The fields. The first two a mapping must have.
const (
	FieldNumber     Field = "number"     // number of the case (编号)
	FieldReceived   Field = "received"   // time of receipt (收到时间)
	FieldRegistered Field = "registered" // time of registration (登记时间)
	FieldDispatched Field = "dispatched" // time of transfer or assignment (转交时间)
	FieldAccepted   Field = "accepted"   // time of acceptance (受理时间)
	FieldReplied    Field = "replied"    // time of the reply (答复时间)
	FieldServed     Field = "served"     // time of service of the reply (送达时间)
	FieldClosed     Field = "closed"     // time of closing (办结时间)
	FieldUnit       Field = "unit"       // responsible unit (责任单位)
	FieldChannel    Field = "channel"    // form of the petition (信访形式)
	FieldClass      Field = "class"      // class of the petition (信访事项类别)
	FieldSummary    Field = "summary"    // subject (主题)
	FieldClaim      Field = "claim"      // text of the claim (诉求内容)
	FieldReply      Field = "reply"      // text of the reply (答复意见)
	FieldPetitioner Field = "petitioner" // name (信访人)
	FieldIDNumber   Field = "id_number"  // identity number (证件号码)
	FieldPhone      Field = "phone"      // telephone (联系电话)
	FieldAddress    Field = "address"    // address (住址)
	FieldHeadcount  Field = "headcount"  // number of people (人数)
	FieldCategory   Field = "category"   // category of the content (内容分类)
	FieldOutcome    Field = "outcome"    // outcome (办理结果)
)

// A Mapping says where the facts of a case stand in a sheet (映射). It is read
// from a small TOML file; [Template] is one that explains itself.
//
// A Mapping is not changed after loading and may be used concurrently.
type Mapping struct {
	Sheet  string // name of the worksheet; "" for the first visible one
	Header int    // row of the headings, from 1
	Fields map[Field]Origin
}

// An Origin says where a field comes from: exactly one of Column, Value and
// SameAs is set.
type Origin struct {
	Column string            // heading of the column
	Values map[string]string // if set, what each text of the column stands for; any other text is an error
	Value  string            // the same for every row
	SameAs Field             // the time of another field is taken for this one
}

// maxMapping is the most bytes of a mapping file: enough for a table of five
// hundred values, and little enough that the TOML library, whose time grows with
// the square of the depth of a key, is done in a few seconds with the worst.
const maxMapping = 32 << 10

// LoadMapping reads the mapping file at path.
func LoadMapping(path string) (*Mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the mapping file: %w", err)
	}
	defer func() { _ = f.Close() }() // it is only read
	data, err := io.ReadAll(io.LimitReader(f, maxMapping+1))
	if err != nil {
		return nil, fmt.Errorf("reading the mapping file: %w", err)
	}
	m, err := ParseMapping(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return m, nil
}

// ParseMapping reads a mapping in TOML, in UTF-8 with or without a byte order
// mark. A key that it does not know is an error, and all errors are told at
// once, in a [*ledger.Refusal] with the code ERR_MAPPING.
func ParseMapping(data []byte) (*Mapping, error) {
	if len(data) > maxMapping {
		return nil, badMapping(ledger.Text{ZH: "文件超过 32 KiB", EN: "more than 32 KiB"})
	}
	if len(bytes.TrimSpace(bytes.TrimPrefix(data, bom))) == 0 {
		return nil, refuse("ERR_MAPPING_MISSING", "没有列对应关系（映射文件），或它是空的；导入表格须有它。可用 xinfang import template 生成样例。",
			"there is no mapping of columns, or it is empty; a table is imported by one; xinfang import template writes an example")
	}
	var file map[string]any
	if err := toml.Unmarshal(data, &file); err != nil {
		line := 1
		if syntax, ok := errors.AsType[toml.ParseError](err); ok {
			line = syntax.Position.Line
		}
		return nil, badMapping(ledger.Text{
			ZH: fmt.Sprintf("第 %d 行不符合 TOML 语法（列名等中文须加双引号，同一项只写一次）", line),
			EN: fmt.Sprintf("line %d is not TOML (column names must be quoted, and no key be given twice)", line),
		})
	}
	m := &Mapping{Header: 1, Fields: make(map[Field]Origin)}
	var problems []ledger.Text
	for _, key := range slices.Sorted(maps.Keys(file)) {
		if problem := m.set(key, file[key]); problem != (ledger.Text{}) {
			problems = append(problems, ledger.Text{ZH: key + "：" + problem.ZH, EN: key + ": " + problem.EN})
		}
	}
	if problems = append(problems, m.check()...); len(problems) > 0 {
		return nil, badMapping(problems...)
	}
	return m, nil
}

func badMapping(problems ...ledger.Text) error {
	var zh, en []string
	for _, p := range problems {
		zh, en = append(zh, p.ZH), append(en, p.EN)
	}
	return refuse("ERR_MAPPING", "映射文件有误："+strings.Join(zh, "；")+"。可用 xinfang import template 生成样例。",
		"the mapping file is not right: "+strings.Join(en, "; ")+"; xinfang import template writes an example")
}

// set takes over one key of the file and returns what is wrong with it, if so.
func (m *Mapping) set(key string, value any) ledger.Text {
	switch key {
	case "sheet":
		name, ok := value.(string)
		if !ok {
			return ledger.Text{ZH: "应为工作表名称（字符串）", EN: "the name of a worksheet, a string, is expected"}
		}
		m.Sheet = name
		return ledger.Text{}
	case "header":
		n, ok := value.(int64)
		if !ok || n < 1 || n > MaxRows {
			return ledger.Text{ZH: "应为表头行号（从 1 起的整数）", EN: "the number of the row of headings, from 1, is expected"}
		}
		m.Header = int(n)
		return ledger.Text{}
	}
	field := Field(key)
	if !known(field) {
		return ledger.Text{ZH: "没有这个项", EN: "there is no such key"}
	}
	origin, ok := parseOrigin(value)
	if !ok {
		return ledger.Text{
			ZH: `应为列名 "…" 或 { column = "…" }、{ column = "…", values = { … } }、{ value = "…" }、{ same_as = "…" } 之一`,
			EN: `a column name "…" is expected, or one of { column = "…" }, { column = "…", values = { … } }, { value = "…" }, { same_as = "…" }`,
		}
	}
	m.Fields[field] = origin
	return ledger.Text{}
}

// parseOrigin reads one entry of the file: a string, or a table with exactly one
// of the keys column, value and same_as; column may have values beside it.
func parseOrigin(value any) (Origin, bool) {
	if column, ok := value.(string); ok {
		return Origin{Column: column}, heading(column) != ""
	}
	table, ok := value.(map[string]any)
	if !ok {
		return Origin{}, false
	}
	var o Origin
	for key, v := range table {
		if key == "values" {
			values, ok := v.(map[string]any)
			if !ok || len(values) == 0 {
				return Origin{}, false
			}
			o.Values = make(map[string]string, len(values))
			for from, to := range values {
				text, ok := to.(string)
				if !ok {
					return Origin{}, false
				}
				o.Values[from] = text
			}
			continue
		}
		text, ok := v.(string)
		if !ok || heading(text) == "" {
			return Origin{}, false
		}
		switch key {
		case "column":
			o.Column = text
		case "value":
			o.Value = text
		case "same_as":
			o.SameAs = Field(text)
		default:
			return Origin{}, false
		}
	}
	if o.Values != nil {
		return o, len(table) == 2 && o.Column != ""
	}
	return o, len(table) == 1
}

// check returns what is wrong with the mapping as a whole.
func (m *Mapping) check() (problems []ledger.Text) {
	report := func(f Field, zh, en string) {
		problems = append(problems, ledger.Text{ZH: string(f) + "：" + zh, EN: string(f) + ": " + en})
	}
	for _, f := range []Field{FieldNumber, FieldReceived} {
		if o, ok := m.Fields[f]; !ok || o.Column == "" {
			report(f, "必填，且须来自一列", "is required and must come from a column")
		}
	}
	for _, f := range slices.Sorted(maps.Keys(m.Fields)) {
		o := m.Fields[f]
		switch {
		case o.SameAs != "" && (!isTime(f) || !isTime(o.SameAs) || m.Fields[o.SameAs].Column == ""):
			report(f, "same_as 只能用于时间项，且须指向一个来自列的时间项", "same_as is for times only, and must name a time that comes from a column")
		case (isTime(f) || f == FieldHeadcount) && (o.Value != "" || o.Values != nil):
			report(f, "时间和人数须逐行取自列，不能是固定值或对照表", "times and headcounts must come from a column as they are, not from a value or values")
		}
	}
	return problems
}

func isTime(f Field) bool {
	return slices.ContainsFunc(times, func(t timeField) bool { return t.field == f })
}

func known(f Field) bool {
	return isTime(f) || f == FieldHeadcount || slices.ContainsFunc(texts, func(t textField) bool { return t.field == f })
}

// columns returns the columns that the mapping names, sorted.
func (m *Mapping) columns() []string {
	var columns []string
	for _, o := range m.Fields {
		if o.Column != "" {
			columns = append(columns, o.Column)
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}

//go:embed template.toml
var template []byte

// Template returns a mapping file that explains itself in Chinese and English,
// and is a valid mapping for a sheet with the headings that it names.
func Template() []byte { return slices.Clone(template) }
