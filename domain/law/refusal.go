package law

import (
	"fmt"

	"xinfang/domain/ledger"
)

// refuse returns a refusal for a rule of this product. Both texts take the same
// args.
func refuse(kind ledger.Kind, code, zh, en string, args ...any) error {
	return &ledger.Refusal{Kind: kind, Code: code, Text: ledger.Text{ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}}
}

// needsDocument refuses what has no paper to rest on.
func needsDocument(d ledger.Document) error {
	if d.No == "" {
		return refuse(ledger.Invalid, "ERR_DOC_REQUIRED", "请填写依据文件的文号", "give the number of the document it rests on")
	}
	return nil
}
