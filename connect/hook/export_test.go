package hook

// What parses what comes from outside, for the fuzz tests.
var (
	RetryAfter = retryAfter
	Text       = text
)
