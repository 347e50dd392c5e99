package web

import (
	"net/http"
	"net/url"
	"strings"

	"frontdesk/core/fault"
)

// codeQuery is the code of what cannot be read in a query.
const codeQuery = "invalid_query"

// WholeQuery refuses a request whose query cannot be read whole, through fail.
// Go's own reading drops a pair it cannot read without a word, and a list that was
// to be narrowed by that pair would list everybody.
func WholeQuery(next http.Handler, fail func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := wholeQuery(r.URL.RawQuery); err != nil {
			fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// wholeQuery names the parameters of a query that cannot be read.
func wholeQuery(raw string) error {
	if raw == "" {
		return nil
	}
	if _, err := url.ParseQuery(raw); err == nil {
		return nil
	}
	var wrong []fault.Field
	for pair := range strings.SplitSeq(raw, "&") {
		if _, err := url.ParseQuery(pair); err == nil {
			continue
		}
		name, _, _ := strings.Cut(pair, "=")
		name, _, _ = strings.Cut(name, ";")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		field := fault.Field{Path: []string{name}, Code: codeQuery, Expected: "a percent sign written as %25",
			Message: "This part of the query has a percent sign that begins no character."}
		if strings.Contains(pair, ";") {
			field.Expected, field.Message = "a semicolon written as %3B, and & between parameters",
				"This part of the query has a semicolon in it."
		}
		if len(wrong) < maxWrong {
			wrong = append(wrong, field)
		}
	}
	if len(wrong) == 0 {
		wrong = []fault.Field{{Path: []string{}, Code: codeQuery, Expected: "fewer parameters",
			Message: "This query has too many parameters to be read."}}
	}
	return fault.Input(wrong...)
}

// maxWrong is how many parameters are named.
const maxWrong = 20
