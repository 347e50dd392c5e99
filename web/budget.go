package web

import (
	"net/http"
	"strconv"
	"time"

	"frontdesk/core/fault"
	"frontdesk/core/limit"
)

// WriteBudget writes the RateLimit fields of the IETF draft "RateLimit header
// fields for HTTP" (draft-ietf-httpapi-ratelimit-headers).
func WriteBudget(h http.Header, b limit.Budget) {
	window := strconv.Itoa(int(limit.Window / time.Second))
	reset := strconv.Itoa(int((b.Reset + time.Second - 1) / time.Second))
	h["Ratelimit-Policy"] = []string{`"key";q=` + strconv.Itoa(b.Limit) + `;w=` + window}
	h["Ratelimit"] = []string{`"key";r=` + strconv.Itoa(b.Remaining) + `;t=` + reset}
}

// Seconds is a fault's time to wait, as the header Retry-After has it.
func Seconds(f *fault.Error) string { return strconv.Itoa(RetrySeconds(f)) }
