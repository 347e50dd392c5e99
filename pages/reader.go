package pages

import (
	"context"
	"net/http"
	"strings"

	"frontdesk/pages/words"
	"frontdesk/web"
)

// reader is what a page knows of who reads it.
type reader struct {
	// Other is the address of the same page in the other language, OtherLanguage; empty where there is only one.
	Other, OtherLanguage string
	// Of names the practice in the addresses of the pages about these pages.
	Of string
	// group is the practice as addresses have it.
	group string
}

type readerKey struct{}

func readerOf(ctx context.Context) reader {
	r, _ := ctx.Value(readerKey{}).(reader)
	return r
}

const (
	// languageCookie keeps the language a reader chose, and languageField is how a page is asked for in one.
	languageCookie, languageField = "language", "lang"
	// groupField names the practice on the pages about these pages.
	groupField = "of"
	// aYear is how long a choice of language is kept, in seconds.
	aYear = 365 * 24 * 60 * 60
)

// forStaff are the pages that patients do not come to. They are in English.
var forStaff = []string{"/record/", "/invite/"}

// reading finds out who reads a page: the language, and the practice.
func reading(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range forStaff {
			if strings.HasPrefix(r.URL.Path, path) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), readerKey{}, reader{group: groupOf(r)})))
				return
			}
		}
		query := r.URL.Query()
		chosen := query.Get(languageField)
		if chosen == words.English || chosen == words.Welsh {
			http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: chosen, Path: "/", MaxAge: aYear, HttpOnly: true,
				SameSite: http.SameSiteLaxMode})
		} else if c, err := r.Cookie(languageCookie); err == nil {
			chosen = c.Value
		}
		w.Header().Add("Vary", "Accept-Language, Cookie")
		ctx := words.With(r.Context(), words.Choose(chosen, r.Header.Get("Accept-Language")))
		to := reader{OtherLanguage: words.Welsh, group: groupOf(r)}
		if words.Language(ctx) == words.Welsh {
			to.OtherLanguage = words.English
		}
		if to.group != "" {
			to.Of = "?" + groupField + "=" + to.group
		}
		if strings.HasPrefix(r.URL.Path, loginPath) {
			// Nothing of a login is loaded again, for the sake of a language.
			next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, readerKey{}, reader{})))
			return
		}
		query.Set(languageField, to.OtherLanguage)
		at := *r.URL
		if at.RawQuery = query.Encode(); r.Method != http.MethodGet && r.Method != http.MethodHead {
			// What a form was sent to may not answer a GET: the link itself does.
			at.Path, at.RawQuery = home(r.URL.Path), languageField+"="+to.OtherLanguage
		}
		to.Other = at.RequestURI()
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, readerKey{}, to)))
	})
}

// home is the address of a link without what follows it.
func home(path string) string {
	if parts := strings.SplitN(path, "/", 4); len(parts) == 4 {
		return "/" + parts[1] + "/" + parts[2]
	}
	return path
}

// groupOf is the practice that an address names: every link that is sent begins with it.
func groupOf(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, "/pages/") {
		return safeGroup(r.URL.Query().Get(groupField))
	}
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/record"), "/", 4)
	if len(parts) < 3 {
		return ""
	}
	group, _, _ := strings.Cut(parts[2], "-")
	return safeGroup(group)
}

// safeGroup is a practice's id as addresses have it; what is none is empty.
func safeGroup(text string) string {
	if len(text) > 13 || strings.Trim(text, "0123456789abcdefghijklmnopqrstuvwxyz") != "" {
		return ""
	}
	return text
}

// privacy says what these pages keep.
func (d *door) privacy(w http.ResponseWriter, r *http.Request) {
	show(w, r, http.StatusOK, privacyPage(d.whose(r)))
}

// accessibility says how accessible they are.
func (d *door) accessibility(w http.ResponseWriter, r *http.Request) {
	show(w, r, http.StatusOK, accessibilityPage(d.whose(r)))
}

// noPage is for an address under which there is nothing.
func (d *door) noPage(w http.ResponseWriter, r *http.Request) {
	web.Note(r, web.ErrNoPath)
	ctx := r.Context()
	show(w, r, http.StatusNotFound,
		problem(words.Say(ctx, "page.no_page"), words.Say(ctx, "page.no_page_text"), d.whose(r)))
}
