package web

import (
	"net/http"
	"strings"
	"time"

	"golang.org/x/text/language"

	"xinfang/domain/ledger"
)

// The languages. Chinese is what is spoken if nothing else was asked for.
const (
	chinese = "zh-CN"
	english = "en"
)

const langCookie = "lang"

var languages = language.NewMatcher([]language.Tag{language.SimplifiedChinese, language.English})

// languageOf returns the language in which r wants its answer: that of ?lang=,
// of the cookie that an earlier ?lang= left, or, for programs, of
// Accept-Language. A browser's Accept-Language does not count: the engines of
// offices send English whoever sits before them.
func languageOf(r *http.Request) string {
	if l := r.URL.Query().Get("lang"); l != "" {
		return spoken(l)
	}
	if c, err := r.Cookie(langCookie); err == nil {
		return spoken(c.Value)
	}
	if isAPI(r.URL.Path) {
		return spoken(r.Header.Get("Accept-Language"))
	}
	return chinese
}

func spoken(wanted string) string {
	tags, _, err := language.ParseAcceptLanguage(wanted)
	if err != nil || len(tags) == 0 {
		return chinese
	}
	if _, i, _ := languages.Match(tags...); i == 1 {
		return english
	}
	return chinese
}

// keepLanguage remembers the language if r asked for one.
func (s *Server) keepLanguage(w http.ResponseWriter, r *http.Request) {
	if !r.URL.Query().Has("lang") {
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: langCookie, Value: languageOf(r), Path: "/", MaxAge: int(365 * 24 * time.Hour / time.Second),
		HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// say returns the text of key in lang. A key without a text is a bug that a test
// finds; people see the key.
func say(lang, key string) string {
	if t, ok := catalogue[key]; ok {
		return t.In(lang)
	}
	return key
}

// fill puts args in the places {0}, {1}, … of text.
func fill(text string, args ...string) string {
	pairs := make([]string, 0, 2*len(args))
	for i, a := range args {
		pairs = append(pairs, "{"+string(rune('0'+i))+"}", a)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// catalogue is everything that the console says in its own words, in both
// languages. What the law says comes from the domain.
var catalogue = merge(wordsLayout, wordsCase, wordsForm, wordsFields)

func merge(parts ...map[string]ledger.Text) map[string]ledger.Text {
	all := make(map[string]ledger.Text)
	for _, part := range parts {
		for key, text := range part {
			if _, twice := all[key]; twice {
				panic("web: two texts for " + key)
			}
			all[key] = text
		}
	}
	return all
}
