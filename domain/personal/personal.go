// Package personal says what personal data of a petitioner is (个人信息), and what
// everyone may see of it (脱敏). Values themselves are sealed by package vault
// before they become part of an event; an event carries the box and the mask.
package personal

import "xinfang/domain/ledger"

// A Field is one kind of personal data. It is part of what seals a value: a
// value is never renamed.
type Field string

// The fields.
const (
	Name     Field = "name"      // 姓名
	IDNumber Field = "id-number" // 证件号码
	Phone    Field = "phone"     // 联系电话
	Address  Field = "address"   // 住址
	Claim    Field = "claim"     // 诉求内容; prose, in which anything may stand
	Reply    Field = "reply"     // 答复内容; the same
)

// Fields is the closed set of fields, in the order in which they are shown.
var Fields = []Field{Name, IDNumber, Phone, Address, Claim, Reply}

var titles = map[Field]ledger.Text{
	Name:     {ZH: "姓名", EN: "Name"},
	IDNumber: {ZH: "证件号码", EN: "ID number"},
	Phone:    {ZH: "联系电话", EN: "Phone"},
	Address:  {ZH: "住址", EN: "Address"},
	Claim:    {ZH: "诉求内容", EN: "Claim"},
	Reply:    {ZH: "答复内容", EN: "Reply"},
}

// Title returns what people call the field; the empty text if there is no such
// field.
func (f Field) Title() ledger.Text { return titles[f] }
