package words

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

// texts are those of a catalogue by their names. The forms of a number are one text.
func texts(t *testing.T, name string) map[string]string {
	t.Helper()
	var areas map[string]map[string]any
	if _, err := toml.DecodeFile(name, &areas); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for area, entries := range areas {
		for id, text := range entries {
			switch text := text.(type) {
			case string:
				out[area+"."+id] = text
			case map[string]any:
				out[area+"."+id] = text["other"].(string)
			}
		}
	}
	return out
}

var placeholder = regexp.MustCompile(`\{\{\.\w+\}\}`)

func placeholders(text string) []string {
	return slices.Compact(slices.Sorted(slices.Values(placeholder.FindAllString(text, -1))))
}

func TestCataloguesHaveTheSameTexts(t *testing.T) {
	english, welsh := texts(t, "en.toml"), texts(t, "cy.toml")
	for _, id := range slices.Sorted(maps.Keys(english)) {
		if welsh[id] == "" {
			t.Errorf("%s is not in cy.toml", id)
		} else if a, b := placeholders(english[id]), placeholders(welsh[id]); !slices.Equal(a, b) {
			t.Errorf("%s has %v in English and %v in Welsh", id, a, b)
		}
	}
	for id := range welsh {
		if english[id] == "" && !strings.HasPrefix(id, "fault.") {
			t.Errorf("%s is not in en.toml", id)
		}
	}
}

var (
	named = regexp.MustCompile(`"([a-z_]+\.[a-z_]*[a-z])"`)
	typed = regexp.MustCompile(`>[^<{]*[A-Za-z]{2,}[^<{]*<|(?:aria-label|title|alt)="[A-Z]`)
)

// composed are the areas whose names are put together where they are used.
var composed = []string{
	"weekday.", "month.", "mode.", "birth.", "link.", "login.", "script.", "fault.", "video.", "privacy.",
	"accessibility.", "fill.missing_",
}

func TestPagesSayWhatTheCataloguesHave(t *testing.T) {
	english := texts(t, "en.toml")
	areas := map[string]bool{}
	for id := range english {
		area, _, _ := strings.Cut(id, ".")
		areas[area] = true
	}
	used := map[string]bool{}
	files, err := filepath.Glob("../*")
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	more, err := filepath.Glob("../fill/*")
	if err != nil || len(more) == 0 {
		t.Fatal(err, len(more))
	}
	files = append(append(files, "words.go"), more...)
	for _, name := range files {
		if ext := filepath.Ext(name); ext != ".templ" && (ext != ".go" || strings.HasSuffix(name, "_templ.go") ||
			strings.HasSuffix(name, "_test.go")) {
			continue
		}
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range named.FindAllStringSubmatch(string(content), -1) {
			if area, _, _ := strings.Cut(found[1], "."); areas[area] {
				if used[found[1]] = true; english[found[1]] == "" {
					t.Errorf("%s says %s, which en.toml does not have", name, found[1])
				}
			}
		}
	}
	for id := range english {
		if !used[id] && !slices.ContainsFunc(composed, func(area string) bool { return strings.HasPrefix(id, area) }) {
			t.Errorf("no page says %s", id)
		}
	}
}

// forStaff are the pages that only staff and developers see: they are in English.
var forStaff = []string{"record.templ", "staff.templ", "invite.templ", "inbox.templ"}

func TestPagesForPatientsHaveNoTextOfTheirOwn(t *testing.T) {
	files, err := filepath.Glob("../*.templ")
	more, _ := filepath.Glob("../fill/*.templ")
	files = append(files, more...)
	if err != nil || len(files) == 0 {
		t.Fatal(err, len(files))
	}
	for _, name := range files {
		if slices.Contains(forStaff, filepath.Base(name)) {
			continue
		}
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(content), "\n") {
			if found := typed.FindString(line); found != "" {
				t.Errorf("%s:%d has a text of its own, %q: say it from the catalogues", name, i+1, found)
			}
		}
	}
}

func TestLanguageIsTheOneChosenOrAskedFor(t *testing.T) {
	for _, c := range []struct{ chosen, accepted, want string }{
		{"", "", English}, {"cy", "", Welsh}, {"en-GB", "cy", English}, {"", "cy", Welsh}, {"", "cy-GB,en;q=0.5", Welsh},
		{"", "en-GB,en;q=0.9,cy;q=0.8", English}, {"", "fr", English}, {"xx", "cy;q=0.9", Welsh}, {"", "%%;;q=x", English},
		{"", "*", English}, {"", "fr, cy;q=0.5", Welsh},
	} {
		if got := Choose(c.chosen, c.accepted); got != c.want {
			t.Errorf("%q, %q: %s", c.chosen, c.accepted, got)
		}
	}
}

func TestDatesAreWrittenAsTheLanguageDoes(t *testing.T) {
	at := time.Date(2026, 4, 6, 9, 5, 0, 0, time.UTC)
	if got := Moment(t.Context(), at); got != "Monday 6 April 2026 at 09:05" {
		t.Error(got)
	}
	if got := Moment(With(t.Context(), Welsh), at); got != "Dydd Llun 6 Ebrill 2026 am 09:05" {
		t.Error(got)
	}
}

// numbered are the texts with a number.
func numbered(t *testing.T) map[string]bool {
	out := map[string]bool{}
	for id, text := range texts(t, "en.toml") {
		if strings.Contains(text, "{{.Count}}") {
			out[id] = true
		}
	}
	return out
}

func TestNumbersHaveTheirForms(t *testing.T) {
	for n, want := range map[int]string{1: "1 minute", 2: "2 minutes"} {
		if got := Say(t.Context(), "book.minutes", "Count", n); got != want {
			t.Error(got)
		}
	}
	if got := Say(With(t.Context(), Welsh), "book.minutes", "Count", 2); got != "2 funud" {
		t.Error(got)
	}
	for _, lang := range []string{English, Welsh} {
		for id := range numbered(t) {
			for n := range 100 {
				if got := Say(With(t.Context(), lang), id, "Count", n); !strings.HasPrefix(got, strconv.Itoa(n)+" ") {
					t.Errorf("%s: %s with %d is %q", lang, id, n, got)
				}
			}
		}
	}
}

func TestAPartOfAPageStandsInASentenceAndTextIsEscaped(t *testing.T) {
	var b strings.Builder
	part := Tell("page.practice", "Name", "a", "Telephone", "b")
	if err := Tell("page.help", "Practice", part).Render(t.Context(), &b); err != nil || b.String() !=
		"Contact a on b if you need help." {
		t.Error(b.String(), err)
	}
	b.Reset()
	if err := Tell("page.practice", "Name", "<b>", "Telephone", "&").Render(t.Context(), &b); err != nil || b.String() !=
		"&lt;b&gt; on &amp;" {
		t.Error(b.String(), err)
	}
}
