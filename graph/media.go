package graph

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The media types of an answer. Under the second, which is GraphQL's own, the
// status says how it ended; under the first an answer has the statuses that programs
// written for this API expect.
const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
)

// mediaOf is the media type a request wants its answer in: GraphQL's own when it
// names it and prefers nothing to it. A client that accepts any type gets application/json.
func mediaOf(r *http.Request) string {
	own, other := 0.0, 0.0
	for _, line := range r.Header.Values("Accept") {
		for one := range strings.SplitSeq(line, ",") {
			kind, params, err := mime.ParseMediaType(one)
			if err != nil {
				continue
			}
			weight := 1.0
			if q, ok := params["q"]; ok {
				if weight, err = strconv.ParseFloat(q, 64); err != nil {
					continue
				}
			}
			switch kind {
			case responseType:
				own = max(own, weight)
			case jsonType:
				other = max(other, weight)
			}
		}
	}
	if own > 0 && own >= other {
		return responseType
	}
	return jsonType
}

// answers begins an answer in the media type that a request wants.
func answers(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", mediaOf(r)+"; charset=utf-8")
}

// byStatus reports whether the status of an answer says what happened.
func byStatus(w http.ResponseWriter) bool {
	return strings.HasPrefix(w.Header().Get("Content-Type"), responseType)
}
