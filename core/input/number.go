package input

import (
	"strconv"
	"strings"
)

// maxExponent is as far as an exponent may move the point of a whole number.
const maxExponent = 20

// Whole reads a JSON number that is whole, however it is written: 30, 30.0 and 3e1
// are one number, and some languages write only the second. It reports false for
// any other number, and for one that an int64 cannot hold.
func Whole(text string) (int64, bool) {
	mantissa, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		var err error
		if exponent, err = strconv.Atoi(text[i+1:]); err != nil || exponent < -maxExponent || exponent > maxExponent {
			return 0, false
		}
		mantissa = text[:i]
	}
	sign := ""
	if rest, ok := strings.CutPrefix(mantissa, "-"); ok {
		sign, mantissa = "-", rest
	}
	whole, part, _ := strings.Cut(mantissa, ".")
	if whole == "" || !allDigits(whole) || part != "" && !allDigits(part) {
		return 0, false
	}
	digits, point := strings.Repeat("0", maxExponent)+whole+part+strings.Repeat("0", maxExponent),
		maxExponent+len(whole)+exponent
	if strings.Trim(digits[point:], "0") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(sign+digits[:point], 10, 64)
	return n, err == nil
}
