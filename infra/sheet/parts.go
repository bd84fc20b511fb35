package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"xinfang/domain/ledger"
)

// maxPart is the most bytes of a part that is read as a whole.
const maxPart = 16 << 20

func (b *workbook) part(name string) *zip.File { return b.parts[strings.ToLower(name)] }

// A relationship leads from one part of the workbook to another.
type relationship struct {
	ID     string `xml:"Id,attr"`
	Type   string `xml:"Type,attr"`
	Target string `xml:"Target,attr"`
}

// relationships returns the relationships of the part called from, with targets
// as names in the zip.
func (b *workbook) relationships(from string) ([]relationship, error) {
	var doc struct {
		Relationship []relationship `xml:"Relationship"`
	}
	dir, file := path.Split(from)
	if err := b.decode(dir+"_rels/"+file+".rels", &doc); err != nil {
		return nil, err
	}
	for i, r := range doc.Relationship {
		if target, ok := strings.CutPrefix(r.Target, "/"); ok {
			doc.Relationship[i].Target = target
		} else {
			doc.Relationship[i].Target = path.Join(dir, r.Target)
		}
	}
	return doc.Relationship, nil
}

// related returns the name of the part of the kind that the part called from
// leads to, "" if there is none.
func (b *workbook) related(from, kind string) (string, error) {
	relationships, err := b.relationships(from)
	for _, r := range relationships {
		if path.Base(r.Type) == kind {
			return r.Target, nil
		}
	}
	return "", err
}

// decode reads the whole part called name into v.
func (b *workbook) decode(name string, v any) error {
	f := b.part(name)
	if f == nil {
		return nil
	}
	if f.UncompressedSize64 > maxPart {
		return tooLarge("工作簿的 "+f.Name+" 超过 16 MiB", "the workbook's "+f.Name+" has more than 16 MiB")
	}
	part, err := openPart(f)
	if err != nil {
		return err
	}
	defer part.close()
	if err := part.Decode(v); err != nil {
		return part.problem(err)
	}
	return part.check()
}

// A part is an XML part of the workbook that is being read.
type part struct {
	*xml.Decoder
	meter *meter
	name  string
	file  io.Closer
	depth int
}

// maxDepth is how deep elements may be nested: a sheet needs a dozen levels, and
// the decoder keeps every level in memory.
const maxDepth = 64

// Token is that of the decoder, which checks that elements are nested rightly,
// with a limit to their depth.
func (p *part) Token() (xml.Token, error) {
	token, err := p.Decoder.Token()
	switch token.(type) {
	case xml.StartElement:
		if p.depth++; p.depth > maxDepth {
			return nil, errors.New("nested too deep")
		}
	case xml.EndElement:
		p.depth--
	}
	return token, err
}

func openPart(f *zip.File) (*part, error) {
	r, err := f.Open()
	if err != nil {
		return nil, partProblem(f.Name, 0, err)
	}
	m := newMeter(r)
	return &part{Decoder: xml.NewDecoder(m), meter: m, name: f.Name, file: r}, nil
}

func (p *part) close() { _ = p.file.Close() } // it was only read

// check reads the rest of the part, at the end of which its checksum is verified.
func (p *part) check() error {
	if _, err := io.Copy(io.Discard, p.meter.r); err != nil {
		return p.problem(err)
	}
	return nil
}

func (p *part) problem(err error) error {
	line, _ := p.InputPos()
	return partProblem(p.name, line, err)
}

// partProblem says what is wrong with a part of the workbook, in that line if it
// is not 0. What the XML
// decoder says is left out, for it quotes the text.
func partProblem(name string, line int, err error) error {
	if refusal, ok := errors.AsType[*ledger.Refusal](err); ok {
		return refusal
	}
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("reading the file to import: %w", path)
	}
	if errors.Is(err, errRecord) {
		return tooLarge("一行或一个文本超过 16 MiB", "a row or a text of more than 16 MiB")
	}
	if line == 0 { // not a line of it was read
		return refuse("ERR_FILE_DAMAGED",
			fmt.Sprintf("工作簿已损坏（%s 读不出）。请在 Excel/WPS 中打开、修复并另存为 .xlsx。", name),
			fmt.Sprintf("the workbook is damaged (%s cannot be read); open it in Excel or WPS, let it be repaired, and save it as .xlsx", name))
	}
	return refuse("ERR_FILE_DAMAGED",
		fmt.Sprintf("工作簿已损坏（%s 第 %d 行）。请在 Excel/WPS 中打开、修复并另存为 .xlsx。", name, line),
		fmt.Sprintf("the workbook is damaged (%s, line %d); open it in Excel or WPS, let it be repaired, and save it as .xlsx", name, line))
}
