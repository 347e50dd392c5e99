package input_test

import (
	"math"
	"testing"

	"frontdesk/core/input"
)

func TestWholeNumbersAreReadInEverySpelling(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "30": 30, "30.0": 30, "30.000": 30, "3e1": 30, "3E+1": 30, "300e-1": 30, "-30.0": -30, "-0.0": 0,
		"0e5": 0, "0.3e2": 30,
		"9223372036854775807": math.MaxInt64, "9007199254740993.0": 9007199254740993,
	} {
		if got, ok := input.Whole(text); !ok || got != want {
			t.Errorf("%s is %d, %v, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", "-", ".", "30.5", "30.00000000000000000000001", "3e-1", "1e400", "1e19", "9223372036854775808", "1e", "e1",
		"x", "0x1", "1_0", "+1", "1.-1", "NaN", "--1", "1e99999999999999999999",
	} {
		if got, ok := input.Whole(text); ok {
			t.Errorf("%q is %d", text, got)
		}
	}
}
