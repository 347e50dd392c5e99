package template_test

import (
	"strings"
	"testing"

	"frontdesk/core/template"
)

func TestCountParts(t *testing.T) {
	for _, c := range []struct {
		name, text, encoding string
		units, parts         int
	}{
		{"nothing", "", "GSM-7", 0, 1},
		{"160 plain characters", strings.Repeat("a", 160), "GSM-7", 160, 1},
		{"161", strings.Repeat("a", 161), "GSM-7", 161, 2},
		{"306", strings.Repeat("a", 306), "GSM-7", 306, 2},
		{"307", strings.Repeat("a", 307), "GSM-7", 307, 3},
		{"918", strings.Repeat("a", 918), "GSM-7", 918, 6},
		{"the euro counts twice", strings.Repeat("€", 80), "GSM-7", 160, 1},
		{"and is never split", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 152), "GSM-7", 306, 3},
		{"letters of the default alphabet", "àéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¡Ñ¿§£¥¤", "GSM-7", 31, 1},
		{"one curly quote", strings.Repeat("a", 69) + "’", "UCS-2", 70, 1},
		{"and one more letter", strings.Repeat("a", 70) + "’", "UCS-2", 71, 2},
		{"an emoji takes two units", strings.Repeat("😀", 35), "UCS-2", 70, 1},
		{"and is never split either", strings.Repeat("a", 66) + "😀" + strings.Repeat("a", 66), "UCS-2", 134, 3},
		{"a letter that only looks plain", "ç", "UCS-2", 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := template.CountParts(c.text)
			if got.Encoding != c.encoding || got.Units != c.units || got.Parts != c.parts {
				t.Fatalf("got %+v", got)
			}
		})
	}
	if got := template.CountParts(template.Plainer("It’s “9 – 5”…")); got.Encoding != "GSM-7" || got.Units != 15 {
		t.Fatalf("got %+v", got)
	}
}

func TestATextIsComposedBeforeItsPartsAreCounted(t *testing.T) {
	apart := "Cafe\u0301, a\u0300 10\u00a0h" // é and à are in the alphabet of GSM; a space without a break is not
	if got := template.CountParts("Cafe\u0301 a\u0300"); got.Encoding != "GSM-7" || got.Units != 6 || got.Odd != "" {
		t.Fatalf("got %+v", got)
	}
	if got := template.Plainer(apart); got != "Café, à 10 h" {
		t.Fatalf("got %q", got)
	}
	if got := template.Composed(apart); got != "Café, à 10\u00a0h" {
		t.Fatalf("got %q", got)
	}
	// A letter that has no composed form stays as it is.
	if got := template.CountParts("x\u0301"); got.Encoding != "UCS-2" || got.Units != 2 {
		t.Fatalf("got %+v", got)
	}
}

func TestPlainCharactersStandForThoseThatOnlyLookDifferent(t *testing.T) {
	for text, want := range map[string]string{
		"a\u200bb\u200cc\u200dd\u200ee\u200ff\u2060g\ufeffh\u00adi\u202aj\u2069k": "abcdefghijk",
		"‘a’ ‚b‛ “c” „d‟ «e» ‹f› `g` h′ i″":                                       `'a' 'b' "c" "d" "e" <f> 'g' h' i"`,
		"1‐2‑3‒4–5—6―7−8":                                                         "1-2-3-4-5-6-7-8",
		"Hebrew ־ Armenian ֊ Mongolian ᠆ wave 〜 two ⸺ wide － small ﹣": "Hebrew - Armenian - Mongolian - " +
			"wave - two - wide - small -",
		"────  ━━ ══ ⎯ │ ｜":                         "----  -- -- - | |",
		"a\u00a0b\u2009c\u202fd\u3000e\tf":          "a b c d e f",
		"one\u2028two\u2029three\u0085four\r\nfive": "one\ntwo\nthree\nfour\nfive",
		"ＡＢＣ　１２３！":                                  "ABC 123!",
		"ﬁne… ﬂow‥":                                 "fine... flow..",
		"Ŵythnos 李 👋 £5 €6 naïve":                   "Ŵythnos 李 👋 £5 €6 naïve",
		"• one":                                     "- one",
		"broken\xff’":                               "broken\xff’",
	} {
		if got := template.Plainer(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	for _, r := range template.Plainer("‘’‚‛′‵´`ʹʻʼ“”„‟″«»–—―−•─│⁄∶\u00a0") {
		if p := template.CountParts(string(r)); p.Encoding != "GSM-7" {
			t.Errorf("%q is not in the alphabet of GSM", r)
		}
	}
}
