package personal

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestMask(t *testing.T) {
	for _, tt := range []struct {
		field       Field
		plain, want string
	}{
		{Name, "傅建华", "傅某华"},
		{Name, "李梅", "李某"},
		{Name, "王", "某"},
		{Name, "欧阳华", "欧阳某"},
		{Name, "欧阳建华", "欧阳某华"},
		{Name, "司马", "司某"},
		{Name, "王小二三", "王某三"},
		{Name, "张𬭎", "张某"},
		{Name, "张建𬭎", "张某𬭎"},
		{Name, "𬭎建华", "𬭎某华"},
		{Name, "\ue000建华", "\ue000某华"},
		{Name, "王　强", "王某"},
		{Name, " 王 建 强 ", "王某强"},
		{Name, "王建强、李梅", "王某强、李某"},
		{Name, "王建强 李梅", "王某强 李某"},
		{Name, "王先生", "王先生"},
		{Name, "匿名", "匿名"},
		{Name, "张某某", "张某某"},
		{Name, "李某", "李某"},
		{Name, "买买提·吐尔逊", "买某·吐某"},
		{Name, "某市红星商贸有限公司", "某某"},
		{Name, "John Smith", "J**** S****"},
		{Name, "Ｊｏｈｎ", "J****"},
		{Name, "李梅2", "李某"},
		{Name, "13812345678", "1****"},
		{IDNumber, "440306199001011234", "4403************34"},
		{IDNumber, "44030619900101123X", "4403************3X"},
		{IDNumber, "４４０３０６１９９００１０１１２３４", "4403************34"},
		{IDNumber, "440306900101123", "4403*********23"},
		{IDNumber, "4403061990 0101 123x", "4403************3X"},
		{IDNumber, "E12345678", "*******78"},
		{IDNumber, "欧阳守礼440306196001011235", "****"},
		{IDNumber, "欧阳守礼44030619600101", "****"},
		{IDNumber, "4403061960010112X5", "****"},
		{IDNumber, "E123456789欧", "****"},
		{IDNumber, "12345", "****"},
		{Phone, "13812345678", "138****5678"},
		{Phone, "+86 138-1234-5678", "138****5678"},
		{Phone, "008613812345678", "138****5678"},
		{Phone, "0755-27654321", "0755****4321"},
		{Phone, "010-87654321", "010****4321"},
		{Phone, "27654321", "****4321"},
		{Phone, "138123", "****"},
		{Phone, "call me", "****"},
		{Phone, "13812345678 王", "****"},
		{Phone, "(0755)27654321", "****"},
		{Phone, "13812345678/0755-27654321", "138****5678、0755****4321"},
		{Address, "广东省深圳市宝安区新安街道海旺社区兴业路1号", "广东省深圳市宝安区新安街道海旺社区"},
		{Address, "深圳市宝安区新安街道翻身路12号海旺社区", "深圳市宝安区新安街道"},
		{Address, "新安街道宝城12区3栋", "新安街道"},
		{Address, "海旺社区5号", "海旺社区"},
		{Address, "东莞市长安镇霄边社区", "东莞市长安镇霄边社区"},
		{Address, "四川省成都市大邑县安仁镇红星路3号", "四川省成都市大邑县安仁镇"},
		{Address, "江苏省镇江市丹徒区谷阳镇12号", "江苏省镇江市丹徒区谷阳镇"},
		{Address, "宁波市镇海区招宝山街道1号", "宁波市镇海区招宝山街道"},
		{Address, "河南省新乡市红旗区洪门镇", "河南省新乡市红旗区洪门镇"},
		{Address, "湖南省湘西土家族苗族自治州龙山县里耶乡某村3组", "湖南省湘西土家族苗族自治州龙山县里耶乡"},
		{Address, "海旺小区3栋", "****"},
		{Address, "翻身路12号", "****"},
		{Address, "广东 深圳市 宝安区", "广东深圳市宝安区"},
		{Claim, "王建强欠我的钱", ""},
		{Reply, "王建强不欠他的钱", ""},
		{"colour", "red", ""},
		{Name, "", ""},
		{Phone, "  ", ""},
	} {
		if got := Mask(tt.field, tt.plain); got != tt.want {
			t.Errorf("Mask(%s, %q) = %q, want %q", tt.field, tt.plain, got, tt.want)
		}
	}
}

// TestMaskHides checks, whatever the value, how much of it is left.
func TestMaskHides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"深圳市", "宝安区", "区", "街道", "镇", "社区", "新安", "路", "号", "1", "12", "，", " ", "王", "某", "\xff", "𬭎", "x"})
		junk := rapid.OneOf(rapid.String(), rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(part, 0, 12).Draw(t, "parts"), "")
		})).Draw(t, "value")
		for _, f := range Fields {
			if m := Mask(f, junk); !utf8.ValidString(m) {
				t.Fatalf("Mask(%s, %q) = %q", f, junk, m)
			}
		}
		if m := Mask(Address, junk); strings.ContainsAny(m, "0123456789路号") {
			t.Fatalf("address %q shows as %q", junk, m)
		}
		digits := rapid.StringMatching(`[0-9]{1,20}`).Draw(t, "digits")
		if m := Mask(Phone, digits); len(strings.ReplaceAll(m, "*", "")) > 8 || len(digits) > 8 && len(strings.ReplaceAll(m, "*", "")) > len(digits)-4 {
			t.Fatalf("phone %q shows as %q", digits, m)
		}
		for _, f := range []Field{IDNumber, Phone} {
			if m := Mask(f, junk); strings.Trim(m, "0123456789X*、") != "" {
				t.Fatalf("%s %q shows as %q", f, junk, m)
			}
		}
		if m := Mask(IDNumber, digits); len(strings.ReplaceAll(m, "*", "")) > 6 {
			t.Fatalf("id number %q shows as %q", digits, m)
		}
		name := rapid.StringOfN(rapid.RuneFrom([]rune("王李建国强华梅欧阳𬭎")), 2, 6, -1).Draw(t, "name")
		shown := Mask(Name, name)
		hidden := utf8.RuneCountInString(name) - utf8.RuneCountInString(strings.ReplaceAll(shown, "某", ""))
		if hidden < 1 || utf8.RuneCountInString(shown) > 4 {
			t.Fatalf("name %q shows as %q", name, shown)
		}
	})
}

func TestTitles(t *testing.T) {
	for _, f := range Fields {
		if f.Title().ZH == "" || f.Title().EN == "" {
			t.Errorf("%s has no title", f)
		}
	}
}
