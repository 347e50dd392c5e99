package names_test

import (
	"slices"
	"testing"

	"frontdesk/core/names"
)

func TestNameKeyIgnoresApostrophesAndDashes(t *testing.T) {
	for _, apostrophe := range "'`´‘’‛′ʹʻʼʽˈ＇՚" {
		if got := names.Key("O" + string(apostrophe) + "Neill"); got != "oneill" {
			t.Errorf("%q (%U): got %q", apostrophe, apostrophe, got)
		}
	}
	for _, dash := range "-‐‑‒–—―−﹘﹣－⁃" {
		if got := names.Key("Byron" + string(dash) + "King"); got != "byron king" {
			t.Errorf("%q (%U): got %q", dash, dash, got)
		}
	}
	for in, want := range map[string]string{
		"\u0020Müller\u00a0\u2009Straße\u0020": "muller strasse", "By\u00adron": "byron", "\u200bByron\ufeff": "byron",
		"Siân": "sian", "Łuczak": "luczak", "J.": "j", "": "",
	} {
		if got := names.Key(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestEndingsBeginWithEachFurtherPart(t *testing.T) {
	for in, want := range map[string][]string{"Byron-King": {"king"}, "de la Cruz": {"la cruz", "cruz"}, "O’Neill": nil,
		"": nil} {
		if got := names.Endings(in); !slices.Equal(got, want) {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

func TestForenameMatchesShortForms(t *testing.T) {
	for _, c := range []struct {
		said, given string
		same        bool
	}{
		{"Ada", "Ada", true}, {"ADA", "ada", true}, {"Zoë", "Zoe", true},
		{"", "Ada", true}, {"Ada", "", true},
		{"Ada", "Ada Grace", true}, {"Grace", "Ada Grace", true}, {"Ada Grace", "Ada", true},
		{"A", "Ada", true}, {"A.", "Ada", true}, {"A G", "Ada Grace", true}, {"Ada G.", "Ada Grace", true},
		{"Ada", "A", true},
		{"Kate", "Katherine", true}, {"Bill", "William", true}, {"William", "Bill", true}, {"Will", "Bill", true},
		{"Peggy", "Margaret", true}, {"Liz", "Elizabeth Ann", true},
		{"Anne-Marie", "Annemarie", true}, {"Anne Marie", "Anne-Marie", true}, {"Anne", "Anne-Marie", true},
		{"Grace", "Ada", false}, {"G", "Ada", false}, {"Anna", "Hannah", false}, {"Joseph", "Josephine", false},
		{"Daniel", "Danielle", false},
		{"Paul", "Paula", false}, {"Ada Rose", "Ada Grace", false}, {"Kate", "Ada", false}, {"Tina", "Kit", false},
	} {
		if names.SameForename(c.said, c.given) != c.same || names.SameForename(c.given, c.said) != c.same {
			t.Errorf("%q and %q: want %v", c.said, c.given, c.same)
		}
	}
}
