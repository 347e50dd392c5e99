package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/ogen-go/ogen/ogenerrors"

	"frontdesk/core/input"
)

// readNumbers has the whole numbers of a request's body read however they are
// written: some languages write 30.0 for 30.
func readNumbers(r *http.Request) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/json" || r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return unreadable(err)
	}
	body = wholes(body)
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}

// wholes is JSON whose whole numbers have digits alone. Text that is not JSON stays as
// it is, but for what looks like such a number in it.
func wholes(body []byte) []byte {
	var out []byte
	done := 0
	for i := 0; i < len(body); {
		switch c := body[i]; {
		case c == '"':
			i = afterText(body, i)
		case c == '-' || c >= '0' && c <= '9':
			end := i + 1
			for end < len(body) && strings.IndexByte("0123456789+-.eE", body[end]) >= 0 {
				end++
			}
			if number := string(body[i:end]); strings.ContainsAny(number, ".eE") {
				if n, ok := input.Whole(number); ok {
					out = strconv.AppendInt(append(out, body[done:i]...), n, 10)
					done = end
				}
			}
			i = end
		default:
			i++
		}
	}
	if done == 0 {
		return body
	}
	return append(out, body[done:]...)
}

// afterText is where a text of JSON that begins at i has ended.
func afterText(body []byte, i int) int {
	for i++; i < len(body) && body[i] != '"'; i++ {
		if body[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// mostSent is how much of a value that was sent a fault quotes.
const mostSent = 64

// sentAt is the number, truth or text that was sent at a path of a body, or as a
// parameter, as JSON; nothing when there is none or it is something else.
func sentAt(err error, path []string) string {
	var number *strconv.NumError
	if errors.As(err, &number) {
		return brief(strconv.Quote(number.Num))
	}
	var body *ogenerrors.DecodeBodyError
	if !errors.As(err, &body) {
		return ""
	}
	decode := json.NewDecoder(bytes.NewReader(body.Body))
	decode.UseNumber()
	var v any
	if decode.Decode(&v) != nil {
		return ""
	}
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	switch v := v.(type) {
	case json.Number:
		return brief(v.String())
	case string:
		return brief(strconv.Quote(v))
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func brief(s string) string {
	if r := []rune(s); len(r) > mostSent {
		return string(r[:mostSent]) + "…"
	}
	return s
}
