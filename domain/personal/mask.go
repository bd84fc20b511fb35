package personal

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// stars stands for what is not shown, however long it was.
const stars = "****"

// Mask returns what everyone may see of plain. It shows less rather than more
// of what it does not understand, and nothing of a claim or a reply, of an
// unknown field, or of "".
//
//	name       傅某华, 李某, 欧阳某华; John Smith → J**** S****
//	id number  4403************34: the first four and the last two; of a passport
//	           or a permit *******78; of what is neither, nothing
//	phone      138****5678, 0755****4321; of what is none, nothing
//	address    up to the street or community (街道、社区、镇、乡)
func Mask(field Field, plain string) string {
	plain = strings.TrimSpace(strings.Map(narrow, plain))
	if plain == "" {
		return ""
	}
	switch field {
	case Name:
		return maskName(plain)
	case IDNumber:
		return maskID(plain)
	case Phone:
		return each(plain, maskPhone)
	case Address:
		return maskAddress(plain)
	case Claim, Reply:
	}
	return ""
}

// narrow turns the full-width form of a character into the usual one.
func narrow(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case unicode.IsSpace(r):
		return ' '
	}
	return r
}

// each masks the parts of a list of values one by one.
func each(list string, mask func(string) string) string {
	parts := split(list)
	for i, p := range parts {
		parts[i] = mask(strings.TrimSpace(p))
	}
	return strings.Join(parts, "、")
}

// split returns the values of a list.
func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune("、,;/\\|；", r) })
}

// compound has the surnames of two characters (复姓) that are still common.
var compound = map[string]bool{
	"欧阳": true, "太史": true, "端木": true, "上官": true, "司马": true, "东方": true, "独孤": true, "南宫": true,
	"万俟": true, "闻人": true, "夏侯": true, "诸葛": true, "尉迟": true, "公羊": true, "赫连": true, "澹台": true,
	"皇甫": true, "宗政": true, "濮阳": true, "公冶": true, "太叔": true, "申屠": true, "公孙": true, "慕容": true,
	"仲孙": true, "钟离": true, "长孙": true, "宇文": true, "司徒": true, "鲜于": true, "司空": true, "闾丘": true,
	"子车": true, "亓官": true, "司寇": true, "巫马": true, "公西": true, "颛孙": true, "壤驷": true, "公良": true,
	"漆雕": true, "乐正": true, "宰父": true, "谷梁": true, "拓跋": true, "夹谷": true, "轩辕": true, "令狐": true,
	"段干": true, "百里": true, "呼延": true, "东郭": true, "南门": true, "羊舌": true, "微生": true, "西门": true,
	"第五": true, "左丘": true,
}

// nameless are the words that stand where a given name would, or a name. They
// say nothing that a mask must hide.
var nameless = []string{"先生", "女士", "小姐", "同志", "匿名", "无名氏", "网友"}

func maskName(s string) string {
	words := strings.Fields(s)
	if len(words) > 1 && !slices.ContainsFunc(words, func(w string) bool { return len([]rune(w)) > 1 }) {
		return maskName(strings.Join(words, "")) // 王 强, set apart for looks
	}
	for i, w := range words {
		words[i] = each(w, maskWord)
	}
	return strings.Join(words, " ")
}

func maskWord(s string) string {
	r := []rune(s)
	if len(r) == 0 || slices.Contains(nameless, s) {
		return s
	}
	if !han(r[0]) {
		return string(r[:1]) + stars
	}
	if parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("·•‧・.", r) }); len(parts) > 1 {
		for i, p := range parts { // 买买提·吐尔逊
			parts[i] = string([]rune(p)[:1]) + "某"
		}
		return strings.Join(parts, "·")
	}
	surname := 1
	if len(r) > 2 && compound[string(r[:2])] {
		surname = 2
	}
	given := r[surname:]
	switch {
	case len(r) == 1:
		return "某"
	case slices.Contains(nameless, string(given)):
		return s
	case (len(given) == 2 || len(given) == 3) && han(given[len(given)-1]):
		return string(r[:surname]) + "某" + string(given[len(given)-1:])
	}
	return string(r[:surname]) + "某" // one character; or no name of a person
}

// han reports whether r is a Chinese character, or of the private area where
// older systems kept those that had no code yet.
func han(r rune) bool { return unicode.Is(unicode.Han, r) || unicode.Is(unicode.Co, r) }

// maskID keeps the first four and the last two of an id number of 15 or 18
// places, whether its check digit fits or not, and the last two of another
// document's.
func maskID(s string) string {
	head := 0
	switch s = compact(s); {
	case residentID.MatchString(s):
		head = 4
	case !otherID.MatchString(s):
		return stars
	}
	return s[:head] + strings.Repeat("*", len(s)-head-2) + s[len(s)-2:]
}

func maskPhone(s string) string {
	if !phone.MatchString(s) {
		return stars
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	if n := len(digits); n == 13 && strings.HasPrefix(digits, "86") || n == 15 && strings.HasPrefix(digits, "0086") {
		digits = digits[n-11:]
	}
	n := len(digits)
	switch {
	case n < 7:
		return stars
	case n == 11 && digits[0] == '1':
		return digits[:3] + stars + digits[n-4:]
	case (n == 11 || n == 12) && digits[0] == '0': // area code and number
		return digits[:n-8] + stars + digits[n-4:]
	}
	return stars + digits[n-4:]
}

// place matches the front of an address down to the street and the community.
// A name in it is short, and has no digit, road, gate or building in it: better
// to stop early than to show where someone lives.
var place = func() *regexp.Regexp {
	const (
		n = `[^\s0-9号栋幢座单元室层楼路街巷弄道镇乡村屯组园,。;、()]`               // in a name
		m = `[^\s0-9号栋幢座单元室层楼路街巷弄道镇乡村屯组园,。;、()社小校厂一二三四五六七八九十]` // before 区, which also ends 小区 and 十二区
	)
	return regexp.MustCompile(`^` +
		`(?:` + n + `{1,8}?(?:省|自治区))?` +
		`(?:(?:景德镇|新乡|萍乡|镇江|` + n + `{1,8}?)(?:市|自治州|盟|地区))?` +
		`(?:镇?` + n + `{0,7}?` + m + `(?:区|县|旗|市))?` +
		`(?:` + n + `{1,8}?(?:街道|镇|乡))?` +
		`(?:` + n + `{1,8}?社区)?`)
}()

func maskAddress(s string) string {
	if shown := place.FindString(strings.ReplaceAll(s, " ", "")); shown != "" {
		return shown
	}
	return stars
}
