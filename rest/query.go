package rest

import (
	"net/http"
	"net/url"
	"strings"
)

// eitherName has a parameter that may be repeated read by either of the names that programs write: `status` and
// `status[]`. A filter that was passed over for its name would show more than was asked for. Parameters that no
// operation has are ignored, so each value goes by both names.
func eitherName(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery == "" {
			next.ServeHTTP(w, r)
			return
		}
		if both, ok := byBothNames(r.URL.RawQuery); ok {
			again := *r
			again.URL = new(*r.URL)
			again.URL.RawQuery = both
			r = &again
		}
		next.ServeHTTP(w, r)
	})
}

// byBothNames is a query with each parameter by its name and by its name with brackets, its values in the order in
// which they came; false for one that cannot be read whole, which the operation refuses.
func byBothNames(query string) (string, bool) {
	if _, err := url.ParseQuery(query); err != nil {
		return "", false
	}
	out := url.Values{}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, _ = url.QueryUnescape(name)
		value, _ = url.QueryUnescape(value)
		name = withoutBrackets(name)
		out.Add(name, value)
		out.Add(name+"[]", value)
	}
	return out.Encode(), true
}

// withoutBrackets is the name of a parameter without [] or an index, as in status[0], behind it.
func withoutBrackets(name string) string {
	bare, index, ok := strings.Cut(name, "[")
	if digits, closed := strings.CutSuffix(index, "]"); ok && closed && bare != "" &&
		strings.Trim(digits, "0123456789") == "" {
		return bare
	}
	return name
}
