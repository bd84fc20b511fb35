package personal

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"xinfang/domain/ledger"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		field Field
		plain string
		want  *ledger.Refusal // nil is taken
	}{
		{IDNumber, "", nil},
		{IDNumber, "440306196001011232", nil},
		{IDNumber, "４４０３０６１９６００１０１１２３２", nil},
		{IDNumber, " 440306 19600101 1232 ", nil},
		{IDNumber, "11010519491231002X", nil}, // the example of GB 11643
		{IDNumber, "11010519491231002x", nil},
		{IDNumber, "440306600101123", nil},
		{IDNumber, "E12345678", nil},
		{IDNumber, "h1234567801", nil},
		{IDNumber, "440306196001011235", ErrIDNumber}, // the check digit
		{IDNumber, "44030619600101123X", ErrIDNumber},
		{IDNumber, "1101051949123100X2", ErrIDNumber},
		{IDNumber, "44030660010112X", ErrIDNumber},
		{IDNumber, "44030619600101123", ErrIDNumber},
		{IDNumber, "4403061960010112322", ErrIDNumber},
		{IDNumber, "欧阳守礼440306196001011235", ErrIDNumber},
		{IDNumber, "欧阳守礼44030619600101", ErrIDNumber},
		{IDNumber, "E123456", ErrIDNumber},
		{IDNumber, "EAB1234567", ErrIDNumber},
		{IDNumber, "=1+1", ErrIDNumber},
		{IDNumber, "4403061960010112\x0032", ErrIDNumber},
		{Phone, "", nil},
		{Phone, "13800138000", nil},
		{Phone, "+86 138-0013-8000", nil},
		{Phone, "0755-27654321", nil},
		{Phone, "12345", nil},
		{Phone, "13800138000、0755-27654321", nil},
		{Phone, "1234", ErrPhone},
		{Phone, "abc", ErrPhone},
		{Phone, "123456789012345678901", ErrPhone},
		{Phone, "13800138000转801", ErrPhone},
		{Phone, "13800138000、张三", ErrPhone},
		{Phone, "=1234567", ErrPhone},
		{Name, "=abc", nil},
		{Address, "12", nil},
		{Claim, "abc", nil},
		{Reply, "abc", nil},
	} {
		err := Check(tt.field, tt.plain)
		if refusal, _ := errors.AsType[*ledger.Refusal](err); refusal != tt.want {
			t.Errorf("Check(%s, %q) = %v, want %v", tt.field, tt.plain, err, tt.want)
		}
	}
}

// Whatever one digit of a good number is changed to, the check digit tells.
func TestCheckDigit(t *testing.T) {
	const good = "11010519491231002X"
	for i := range good {
		for _, c := range "0123456789X" {
			s := good[:i] + string(c) + good[i+1:]
			if err := Check(IDNumber, s); (err == nil) != (s == good) {
				t.Errorf("Check(%q) = %v", s, err)
			}
		}
	}
}

// A refusal says what to do in both languages, and nothing of the value.
func TestRefusals(t *testing.T) {
	for _, r := range []*ledger.Refusal{ErrIDNumber, ErrPhone} {
		if r.Kind != ledger.Invalid || r.Text.ZH == "" || r.Text.EN == "" {
			t.Errorf("%+v is not complete", r)
		}
	}
	if err := Check(IDNumber, "secret42"); err == nil || strings.Contains(fmt.Sprint(err), "secret42") {
		t.Errorf("Check = %v", err)
	}
}
