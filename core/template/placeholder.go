// Package template is the text of messages before they go: what stands for each
// placeholder, and how many text messages a text is.
//
//	placeholder.go  placeholders in a text for many patients
//	alphabet.go     the alphabet of text messages (GSM 03.38), and counting parts
//	clean.go        what patients send, without what cannot be shown
//	plain.go        plain characters in place of those that only look different
package template

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"frontdesk/core/input"
	"frontdesk/core/patient"
	"frontdesk/core/practice"
)

// placeholder is a word in double braces.
var placeholder = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// placeholders are the words a text for many may have, and what stands for them.
var placeholders = map[string]func(patient.Patient, practice.Group) string{
	"title":      func(p patient.Patient, _ practice.Group) string { return p.Title },
	"first_name": func(p patient.Patient, _ practice.Group) string { return p.FirstName },
	"last_name":  func(p patient.Patient, _ practice.Group) string { return p.LastName },
	"full_name": func(p patient.Patient, _ practice.Group) string {
		return strings.TrimSpace(p.FirstName + " " + p.LastName)
	},
	"practice_name":    func(_ patient.Patient, g practice.Group) string { return g.Name },
	"practice_phone":   func(_ patient.Patient, g practice.Group) string { return input.ShowTelephone(g.Phone) },
	"practice_website": func(_ patient.Patient, g practice.Group) string { return g.Website },
}

// codeUnknown is the code of a placeholder that cannot be filled in.
const codeUnknown = "unknown_placeholder"

// Check refuses placeholders that nothing stands for, in a text that may have more than those of every text.
func Check(in *input.Checks, field, text string, more ...string) {
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		if _, ok := placeholders[m[1]]; !ok && !slices.Contains(more, m[1]) {
			known := slices.Concat(slices.Sorted(maps.Keys(placeholders)), more)
			in.Wrong(field, codeUnknown, "one of {{"+strings.Join(known, "}}, {{")+"}}",
				fmt.Sprintf("There is nothing to put for {{%.40s}}.", m[1]))
		}
	}
	if rest := placeholder.ReplaceAllString(text, ""); strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
		in.Wrong(field, codeUnknown, "placeholders such as {{first_name}}", "A placeholder is not closed.")
	}
}

// Fill is the text for one patient.
func Fill(text string, p patient.Patient, g practice.Group) string { return FillMore(text, p, g, nil) }

// FillMore is the text for one patient, with what stands for placeholders that not every text has.
func FillMore(text string, p patient.Patient, g practice.Group, more map[string]string) string {
	if !strings.Contains(text, "{{") {
		return text
	}
	return placeholder.ReplaceAllStringFunc(text, func(word string) string {
		name := placeholder.FindStringSubmatch(word)[1]
		if value, ok := placeholders[name]; ok {
			return value(p, g)
		}
		if value, ok := more[name]; ok {
			return value
		}
		return word
	})
}

// Used are those of some placeholders that a text has, each once, in the order of names.
func Used(text string, names ...string) []string {
	has := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		has[m[1]] = true
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !has[name] })
}

// Put is a text with value in place of one placeholder. All others stay as they are.
func Put(text, name, value string) string {
	return placeholder.ReplaceAllStringFunc(text, func(word string) string {
		if placeholder.FindStringSubmatch(word)[1] == name {
			return value
		}
		return word
	})
}
