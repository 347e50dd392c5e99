package gsm_test

import (
	"strings"
	"testing"

	"frontdesk/core/gsm"
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
			got := gsm.CountParts(c.text)
			if got.Encoding != c.encoding || got.Units != c.units || got.Parts != c.parts {
				t.Fatalf("got %+v", got)
			}
		})
	}
	if got := gsm.CountParts(gsm.Plainer("It’s “9 – 5”…")); got.Encoding != "GSM-7" || got.Units != 15 {
		t.Fatalf("got %+v", got)
	}
}
