package personal

import (
	"regexp"
	"strings"

	"xinfang/domain/ledger"
)

// Refusals of values. They never hold the value.
var (
	ErrIDNumber = &ledger.Refusal{Code: "ERR_BAD_ID_NUMBER", Kind: ledger.Invalid, Text: ledger.Text{
		ZH: "证件号码应为18位居民身份证号（末位可为X，须通过校验）、15位旧号，或1至2个字母加7至10位数字的护照、通行证号；没有号码请留空",
		EN: "an id number is a resident's of 18 places (the last may be X, and the check digit must fit), an old one of 15, or that of a passport or permit, 1 or 2 letters and 7 to 10 digits; leave it empty if there is none",
	}}
	ErrPhone = &ledger.Refusal{Code: "ERR_BAD_PHONE", Kind: ledger.Invalid, Text: ledger.Text{
		ZH: "联系电话应为5至20位，只含数字、+、- 和空格；几个号码用顿号隔开",
		EN: "a phone number has 5 to 20 places, digits, +, - and spaces only; set several apart with commas",
	}}
)

// Check refuses, with [ErrIDNumber] or [ErrPhone], what cannot be a value of
// field: what is not a number has got into the wrong place, and a mask would
// show of it what it must not. "" is no value, and of names, addresses and prose
// anything is one.
func Check(field Field, plain string) error {
	plain = strings.TrimSpace(strings.Map(narrow, plain))
	switch field {
	case IDNumber:
		s := compact(plain)
		resident := residentID.MatchString(s) && (len(s) == 15 || fits(s))
		if s != "" && !resident && !otherID.MatchString(s) {
			return ErrIDNumber
		}
	case Phone:
		for _, p := range split(plain) {
			if !phone.MatchString(strings.TrimSpace(p)) {
				return ErrPhone
			}
		}
	case Name, Address, Claim, Reply:
	}
	return nil
}

var (
	residentID = regexp.MustCompile(`^([0-9]{15}|[0-9]{17}[0-9X])$`)
	otherID    = regexp.MustCompile(`^[A-Z]{1,2}[0-9]{7,10}$`)
	phone      = regexp.MustCompile(`^[0-9+ -]{5,20}$`)
)

// compact returns an id number as it is compared.
func compact(s string) string { return strings.ToUpper(strings.ReplaceAll(s, " ", "")) }

// fits reports whether the last of 18 places is the check digit of the others
// (GB 11643): the sum of all, each times 2 to the power of its place from the
// right, counted from 0, leaves 1 when divided by 11.
func fits(s string) bool {
	sum := 0
	for i := range s {
		digit := int(s[i] - '0')
		if s[i] == 'X' {
			digit = 10
		}
		sum += digit * (1 << (len(s) - 1 - i) % 11)
	}
	return sum%11 == 1
}
