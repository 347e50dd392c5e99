package document

import (
	"strconv"
	"strings"

	"frontdesk/core/seal"
)

// boxed gives what addresses and tokens are signed with.
type boxed func() (*seal.Box, error)

// sign writes numbers with a signature after them.
func (b boxed) sign(about string, numbers ...int64) (string, error) {
	box, err := b()
	if err != nil {
		return "", err
	}
	words := make([]string, len(numbers), len(numbers)+1)
	for i, n := range numbers {
		words[i] = strconv.FormatInt(n, 36)
	}
	sign, err := box.Sign(strings.Join(words, "."), about)
	return strings.Join(append(words, sign), "."), err
}

// signed reads what sign wrote: so many numbers, or false for anything else.
func (b boxed) signed(text, about string, count int) ([]int64, bool, error) {
	box, err := b()
	if err != nil {
		return nil, false, err
	}
	end := strings.LastIndexByte(text, '.')
	if end < 0 || len(text) > 200 || !box.Signed(text[:end], text[end+1:], about) {
		return nil, false, nil
	}
	var out []int64
	for word := range strings.SplitSeq(text[:end], ".") {
		n, err := strconv.ParseInt(word, 36, 64)
		if err != nil {
			return nil, false, nil
		}
		out = append(out, n)
	}
	return out, len(out) == count, nil
}
