package hook

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"code.dny.dev/ssrf"

	"frontdesk/core/courier"
	"frontdesk/core/webhook"
)

// maxWait is the longest Retry-After believed.
const maxWait = 24 * time.Hour

// retryAfter reads Retry-After: seconds, or a date (RFC 9110, section 10.2.3).
// A date is measured from the answer's own Date, where there is one, so that
// the endpoint's clock need not be right.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0
	}
	if !strings.ContainsFunc(value, func(r rune) bool { return r < '0' || r > '9' }) {
		n, _ := strconv.ParseUint(value, 10, 32) // a larger number is read as the largest
		return min(time.Duration(n)*time.Second, maxWait)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	return min(max(at.Sub(now), 0), maxWait)
}

type buffer [4096]byte

var buffers = sync.Pool{New: func() any { return new(buffer) }}

// read reads a body to its end, so that the connection can be used again, and
// keeps its beginning. It stops at maxBody: then closing the body closes the
// connection.
func read(body io.Reader) (string, error) {
	buf, _ := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	kept, all := 0, 0
	for all < maxBody {
		n, err := body.Read(buf[kept:min(len(buf), kept+maxBody-all)])
		all += n
		kept = min(kept+n, courier.AnswerSize)
		if errors.Is(err, io.EOF) {
			return text(buf[:kept], all > kept), nil
		}
		if err != nil {
			return text(buf[:kept], true), err
		}
	}
	return text(buf[:kept], true), nil
}

// text is an answer as it can be kept and shown: valid UTF-8, without control
// characters other than line ends and tabs, and without those that turn the
// direction of the text around them. It may have been cut within a character.
func text(b []byte, cut bool) string {
	if cut {
		b = b[:len(b)-halfRune(b)]
	}
	s := strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r':
			return -1
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return ' '
		}
		return r // U+FFFD for what is not UTF-8
	}, string(b))
	for len(s) > courier.AnswerSize { // U+FFFD is longer than what it stands for
		s = s[:courier.AnswerSize]
		s = s[:len(s)-halfRune([]byte(s))]
	}
	return s
}

// halfRune is how many bytes at the end are the beginning of a character.
func halfRune(b []byte) int {
	for n := 1; n <= min(utf8.UTFMax-1, len(b)); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return n
			}
			break
		}
	}
	return 0
}

// failure is what an error is to a practice. The error itself, which may hold
// what was sent or received, goes no further.
func failure(err error) webhook.Failure {
	slow, isNet := errors.AsType[net.Error](err)
	_, noName := errors.AsType[*net.DNSError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	switch {
	// A name that leads inside is like one that is not there: an attempt must not
	// tell which names there are inside.
	case noName, errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork), errors.Is(err,
		ssrf.ErrInvalidHostPort):
		return webhook.DNS
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), isNet && slow.Timeout():
		return webhook.TimedOut
	case isTLS(err):
		return webhook.TLS
	case isOp && op.Op == "dial":
		return webhook.Refused
	case isReset(err):
		return webhook.Reset
	}
	return webhook.BadAnswer
}

// isTLS finds what went wrong in proving who is who. Most of that has no type in
// crypto/tls, but all of it says where it comes from: what we found, by its
// first word, and what the other side did, by the operation.
func isTLS(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && (op.Op == "remote error" || op.Op == "local error") || strings.HasPrefix(err.Error(), "tls: ")
}

// isReset finds connections that broke, by their cause or, where the HTTP
// package has no name for it, by what it says.
func isReset(err error) bool {
	for _, cause := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.ECONNABORTED,
		syscall.EPIPE} {
		if errors.Is(err, cause) {
			return true
		}
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "read" || op.Op == "write") {
		return true
	}
	said := err.Error()
	for _, part := range []string{"server closed idle connection", "stream error", "GOAWAY", "http2: client conn"} {
		if strings.Contains(said, part) {
			return true
		}
	}
	return false
}
